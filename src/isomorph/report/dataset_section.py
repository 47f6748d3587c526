"""What the page says of one dataset: its regions, its tests, and where its files came from."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import pandas as pd

from isomorph.archives.manifest import Manifest, read_manifest
from isomorph.figures import main_rows
from isomorph.figures.titles import (
    CORRECTIONS,
    correction,
    distance_title,
    measure_title,
)
from isomorph.inference.families import by_p_alone
from isomorph.inference.independence import BY_MOMENTS
from isomorph.layout import Layout
from isomorph.report import contests
from isomorph.report.analysis_facts import FAMILIES
from isomorph.report.best import (
    answer,
    every_layer,
    footnote,
    lacking,
    layer_selection,
    models_table,
    some_interval_holds_0,
    told_rows,
)
from isomorph.report.best import small_p_wide_interval as wide
from isomorph.report.evidence import Illustrated, files, read_origins
from isomorph.report.explained import explained
from isomorph.report.laws import laws
from isomorph.report.planted import recovered
from isomorph.report.predicted import predicted
from isomorph.report.published import scores, sources
from isomorph.report.published import table as published_table
from isomorph.report.robustness import robustness
from isomorph.report.shapes import shapes
from isomorph.report.summary import Row, row_of, rows_of
from isomorph.report.unsure import without_interval
from isomorph.responses.times import EDGES


def p_notes(results: Illustrated) -> list[str]:
    """Return what is to be said of the p values of all tables.

    Not of predictions: there a note says of a chosen layer that it has no p. Nor that a p is from
    moments, which the glossary says.
    """
    tables = (table for kind, table in results.tables.items() if kind != "predictions")
    notes = {str(note) for one in tables for note in one.get("p_note", pd.Series()).dropna()}
    return sorted(notes - {"", BY_MOMENTS})


def of_dataset(layout: Layout, results: Illustrated) -> dict[str, Any]:
    """Return all the page says of the results of a dataset."""
    comparisons, shown = results.table("comparisons"), {one.region for one in results.shown}
    without = [region for region in main_rows.regions(comparisons) if region not in shown]
    known, unsure = scores(layout, results.dataset), without_interval(results)
    return {
        "drawn": results.picture,
        "pictures": results.pictures,
        "names": list(dict.fromkeys(comparisons["region"])),
        "n_bins": n_bins(comparisons),
        "n_stimuli": 0 if comparisons.empty else int(comparisons["n_stimuli"].max()),
        "timecourses": [one for one in results.pictures if one.kind in ("timecourse", "time_map")],
        "explained": explained(results),
        "predicted": predicted(results),
        "topology": shapes(results),
        "dynamics": laws(results),
        "alike": contests.models_against_models(results),
        "regions": _regions(results),
        "without": [
            (
                region,
                unsure.get(region)
                or "no layer has a number: "
                + "; ".join(dict.fromkeys(main_rows.rows_of(comparisons, region)["reason"])),
            )
            for region in without
        ],
        "models_compared": contests.models_compared(results),
        "contrasts": contests.contrasts(results),
        "comparisons_of_regions": contests.regions(results),
        "regions_wide": wide(results.table("regions")),
        "published": published_table(known),
        "published_sources": sources(known),
        "recovered": recovered([results]),
        "recovery": contests.recovery(results, contests.main_recovery(results)),
        "recovery_in_full": contests.recovery(results, results.table("recovery")),
        "robustness": robustness(results),
        "reliability": contests.reliability(results),
        "files": files(layout, results.dataset),
        "asked": {k: contests.family_size(results, k) for k in ("differences", "contrasts")},
        "correction": correction(comparisons),
        "p_notes": p_notes(results),
        "correction_by_p": CORRECTIONS[by_p_alone(layout.study.spec.inference.correction)],
        "simulated_some": bool(len(results.table("power"))),
        "coverage": results.coverage,
    }


def n_bins(comparisons: pd.DataFrame) -> int:
    """Return how many time bins a dataset has; 0 for one that is not divided."""
    return len(comparisons[list(EDGES)].dropna().drop_duplicates())


def _regions(results: Illustrated) -> list[dict[str, Any]]:
    """Return each region in the time bin in which a model is most like it, with its other bins."""
    told = {}
    for row in rows_of(results):
        others = [
            _region(row_of(results, shown), results)
            for shown in results.shown
            if row.n_bins > 1 and shown.region != row.shown.region
            and str(shown.rows["region"].iloc[0]) == row.region
        ]  # fmt: skip
        told[row.region] = _region(row, results) | {"others": others}
    return list(told.values())


def _region(row: Row, results: Illustrated) -> dict[str, Any]:
    shown, first = row.shown, row.shown.rows.iloc[0]
    own, rest = told_rows(results, shown)
    return {
        "name": shown.region,
        "region": row.region,
        "n_bins": row.n_bins,
        "measure": measure_title(shown.measure),
        "distance": distance_title(shown.distance),
        "profile": results.picture("profile", shown.region),
        "rdms": results.picture("rdms", shown.region),
        "stimuli": results.picture("stimuli", shown.region),
        "answer": answer(row),
        "models": models_table(row),
        "footnote": footnote(row),
        "lacking": lacking(row),
        "selected": layer_selection(row),
        "full": every_layer(results, own),
        "rest": rest,
        "scheme": first["scheme"],
        "wide": some_interval_holds_0(row),
        "wide_somewhere": wide(own),
        "correction": correction(shown.rows),
        "family_size": int(first["family_size"]),
        "family": FAMILIES[first["family"]],
        "n_stimuli": int(first["n_stimuli"]),
        "n_subjects": int(first["n_subjects"]),
    }


def origins(layout: Layout, dataset: str) -> dict[str, dict[str, Any]]:
    """Return where each file came from, settings and what was noted as text."""
    return {
        name: {
            **asdict(origin),
            "settings": json.dumps(origin.settings, indent=1),
            "noted": json.dumps(origin.noted, indent=1) if origin.noted else "",
        }
        for name, origin in read_origins(layout, dataset).items()
    }


def manifest_of(layout: Layout, dataset: str) -> Manifest | None:
    """Return a dataset's manifest: which files, how large, which hashes."""
    return read_manifest(layout, dataset) if layout.manifest(dataset).is_file() else None

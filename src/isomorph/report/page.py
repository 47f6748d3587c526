"""The page: gathered, rendered, and written as one file that needs nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from isomorph.archives.manifest import Manifest, read_manifest
from isomorph.artefacts import replacing, sha256, write_beside
from isomorph.catalogue import CATALOGUE
from isomorph.errors import IsomorphError
from isomorph.figures import main_rows
from isomorph.figures.style import slug
from isomorph.figures.titles import (
    CORRECTIONS,
    correction,
    distance_title,
    family_title,
    measure_title,
)
from isomorph.inference.families import by_p_alone
from isomorph.inference.independence import BY_MOMENTS
from isomorph.jobs import jobs
from isomorph.layout import Layout
from isomorph.making import begin, command_of, job_of, other_versions, stamp, stamps
from isomorph.measures import MEASURES
from isomorph.models import SOURCES
from isomorph.models.packing import described
from isomorph.numerals import number
from isomorph.report import across_words, contests, viewed
from isomorph.report.across import commands
from isomorph.report.analysis_facts import FAMILIES, analysis
from isomorph.report.answers import sentences
from isomorph.report.areas import areas_of
from isomorph.report.bars import bar
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
from isomorph.report.columns import tied
from isomorph.report.common_stimuli import shared
from isomorph.report.drawings import picture
from isomorph.report.evidence import Illustrated, files, read_origins, read_results
from isomorph.report.explained import explained
from isomorph.report.explored import bundles, choices
from isomorph.report.kept import with_files
from isomorph.report.links import linked
from isomorph.report.made import made
from isomorph.report.methods import methods
from isomorph.report.missing import Judged, judge
from isomorph.report.planted import recovered
from isomorph.report.predicted import predicted
from isomorph.report.robustness import robustness
from isomorph.report.scripts import scripts
from isomorph.report.summary import Matrix, Row, matrix, row_of, rows_of
from isomorph.report.summary_words import MARKS, caption, key, mark, note, spoken
from isomorph.report.unsaid import unsaid
from isomorph.responses.times import EDGES
from isomorph.saying import say
from isomorph.stages.figures import free_name
from isomorph.study import ModelSpec

SECTIONS = (
    "recovery", "differences", "explained", "predicted", "trust", "among", "methods",
)  # fmt: skip
"""What sections of a dataset are identified by, behind its name."""


def run(layout: Layout) -> Path:
    """Write the report of a study from whatever is there of it.

    With a dataset missing it stands beside the report's own place, as `report.partial.html`, so
    that it is never taken for the finished one.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    IsomorphError
        When a table or a listed figure cannot be read, or none of the results there are is what
        the study now says.
    """
    judged = judge(layout)
    begin(judged.fitting, job_of(layout.study, "report"))
    if judged.unfit and not judged.fit:
        raise IsomorphError("\n".join(dict.fromkeys(judged.unfit.values())))
    text, page = render(judged), judged.place
    with replacing(page) as temporary:
        temporary.write_text(text, encoding="utf-8")
        write_beside(page, stamp(layout, "report"), {page.name: sha256(temporary)})
    if page == layout.report:  # what was partial is whole now
        for old in (partial := page.with_suffix(".partial.html"), partial.with_suffix(".json")):
            old.unlink(missing_ok=True)
    absent = f"; {judged.told}" if judged.missing else ""
    said = f"report: {page}, {len(text) / 1e6:.1f} MB{absent}"
    say(said)
    return page


def render(judged: Judged) -> str:
    """Return the page as HTML; everything that was written by anybody is escaped."""
    said = context(judged)
    page: str = templates().get_template("page.html.j2").render(said)
    return with_files(page, _kept(judged.layout, said))


def _kept(layout: Layout, said: Mapping[str, Any]) -> dict[str, Path]:
    """Return the files the page links to, apart from the pictures it shows, by address."""
    results = [one["results"] for one in said["datasets"] if one["results"]]
    addresses = [address for one in results for _, address, _ in one["files"]]
    addresses += [address for _, address in said["across"]["files"]]
    addresses += [
        address
        for one in results
        for picture in one["pictures"]
        for _, address in picture.files[1:]
    ]
    return {address: layout.report.parent / address for address in addresses}


def templates() -> Environment:
    """Return the templates of the page and the filters they use."""
    environment = Environment(
        loader=ChoiceLoader(
            [PackageLoader("isomorph.report", one) for one in ("templates", "assets")]
        ),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"picture": picture, "linked": linked, "slug": slug, "tied": tied,
                            "number": number, "family": family_title, "named": named}  # fmt: skip
    environment.globals |= {"meaning": meaning, "scripts": scripts, "bar": bar, "mark": mark,
                            "MARKS": MARKS, "note": note, "spoken": spoken}  # fmt: skip
    return environment


def meaning(table: str, column: str) -> Markup:
    """Return what a column of a table means, as the catalogue says, its values as words."""
    (said,) = (one.meaning for one in CATALOGUE[table].columns if one.name == column)
    return named(said)


def named(text: str) -> Markup:
    """Return a text in which the names between backticks stand as words."""
    words = re.sub("`([^`]*)`", lambda one: f"<em>{one[1].replace('_', '-')}</em>", escape(text))
    return Markup(words)


def context(judged: Judged) -> dict[str, Any]:
    """Return all the page says, apart from its layout."""
    layout, fit = judged.layout, judged.fit
    study = layout.study
    results = {name: read_results(layout, name) if name in fit else None for name in study.datasets}
    found = [each for each in results.values() if each]
    whole = matrix(found)
    rdms = viewed.viewed(layout, results)
    compared = {instance for name in results for instance, _, _ in study.instances_for(name)}
    return {
        **analysis(study.spec, found),
        "path": _relative(study.path, layout.root),
        "missing": judged.told,
        "made": made(layout),
        "matrix": whole,
        "matrix_caption": caption(whole) if whole else "",
        "matrix_key": key(whole) if whole else [],
        "answers": sentences(found),
        "across": over_datasets(layout, found, whole),
        "unsaid": unsaid(study, found),
        "datasets": [
            {
                "spec": spec,
                "results": None if (each := results[name]) is None else _dataset(layout, each),
                "images": study.dataset(study.stimulus_set(name)).stimuli.kind != "conditions",
                "level": study.level(name),
                "methods": methods(layout, name, written=name in fit),
            }
            for name, spec in study.datasets.items()
        ],
        "models": [
            {"spec": model, "family": family, "rounded": _rounded(model)}
            for model, family in zip(study.models.values(), main_rows.families(study), strict=True)
            if compared & set(family.instances)
        ],
        "measures": [(measure_title(one), MEASURES.get(one)) for one in study.spec.measures],
        "origins": [
            {"name": name, "files": _origins(layout, name), "manifest": _manifest(layout, name)}
            if name in fit
            else {"name": name, "files": {}, "manifest": None}
            for name in study.datasets
        ],
        "other_versions": other_versions(
            stamps(judged.fitting, (job for job in jobs(study) if job.stage != "report"))
        ),
        "anchors": anchors(found),
        "explored": choices(found),
        "bundles": {**bundles(found), **({viewed.BUNDLE: rdms} if rdms else {})},
        "rdms": viewed.BUNDLE,
    }


def over_datasets(
    layout: Layout, found: Sequence[Illustrated], whole: Matrix | None
) -> dict[str, Any]:
    """Return what is said of all datasets together, and how any number is made again."""
    measured = [one for one in found if not one.simulated]
    areas = areas_of(layout.study, measured, shared(layout)) if measured else pd.DataFrame()
    files = {name: layout.path(name) for name in ("summary", "areas")}
    inference = layout.study.spec.inference
    said = across_words.sentences(areas, whole, measured[0]) if whole else []
    return {
        "title": "Over datasets" if said else "Every number again",
        "said": said,
        "tables": across_words.tables(areas, measured[0]) if measured else [],
        "correction": CORRECTIONS[by_p_alone(inference.correction)],
        "commands": commands(layout),
        "command": command_of(layout, job_of(layout.study, "summarise")),
        "files": [(file.name, file.name) for file in files.values() if file.is_file()],
    }


def anchors(found: Sequence[Illustrated]) -> dict[tuple[str, str], str]:
    """Return the identifier of the section of each region, by dataset and region, no two alike."""
    taken = {f"{slug(one.dataset)}-{section}" for one in found for section in SECTIONS}
    return {
        (one.dataset, shown.region): free_name(f"{slug(one.dataset)}-{slug(shown.region)}", taken)
        for one in found
        for shown in one.shown
    }


def p_notes(results: Illustrated) -> list[str]:
    """Return what is to be said of the p values of all tables.

    Not of predictions: there a note says of a chosen layer that it has no p. Nor that a p is from
    moments, which the glossary says.
    """
    tables = (table for kind, table in results.tables.items() if kind != "predictions")
    notes = {str(note) for one in tables for note in one.get("p_note", pd.Series()).dropna()}
    return sorted(notes - {"", BY_MOMENTS})


def _dataset(layout: Layout, results: Illustrated) -> dict[str, Any]:
    comparisons, shown = results.table("comparisons"), {one.region for one in results.shown}
    without = [region for region in main_rows.regions(comparisons) if region not in shown]
    return {
        "drawn": results.picture,
        "pictures": results.pictures,
        "names": list(dict.fromkeys(comparisons["region"])),
        "n_bins": n_bins(comparisons),
        "n_stimuli": 0 if comparisons.empty else int(comparisons["n_stimuli"].max()),
        "timecourses": [one for one in results.pictures if one.kind == "timecourse"],
        "explained": explained(results),
        "predicted": predicted(results),
        "alike": contests.models_against_models(results),
        "regions": _regions(results),
        "without": [
            (region, "; ".join(dict.fromkeys(main_rows.rows_of(comparisons, region)["reason"])))
            for region in without
        ],
        "models_compared": contests.models_compared(results),
        "contrasts": contests.contrasts(results),
        "comparisons_of_regions": contests.regions(results),
        "regions_wide": wide(results.table("regions")),
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


def _origins(layout: Layout, dataset: str) -> dict[str, dict[str, Any]]:
    """Return where each file came from, settings and what was noted as text."""
    return {
        name: {
            **asdict(origin),
            "settings": json.dumps(origin.settings, indent=1),
            "noted": json.dumps(origin.noted, indent=1) if origin.noted else "",
        }
        for name, origin in read_origins(layout, dataset).items()
    }


def _manifest(layout: Layout, dataset: str) -> Manifest | None:
    """Return a dataset's manifest: which files, how large, which hashes."""
    return read_manifest(layout, dataset) if layout.manifest(dataset).is_file() else None


def _relative(path: Path, root: Path) -> str:
    """Return a path as a user of the study's folder would type it."""
    try:
        return str(path.resolve().relative_to(root.resolve()))
    except ValueError:
        return str(path)


def _rounded(model: ModelSpec) -> str:
    """Return how features of many images were kept where that is not exact; else nothing."""
    exact = model.spool == "float32" or SOURCES[model.source].network is None
    return "" if exact else described(model.spool, model.sketch_width)

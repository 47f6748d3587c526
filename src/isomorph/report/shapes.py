"""The topology of regions and layers, on the page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from isomorph.figures.dataset_results import DatasetResults
from isomorph.figures.shape_words import SHAPES, decoding, rows_of_shape, sentence, whose
from isomorph.report.columns import P, PageColumn, table_of
from isomorph.report.evidence import Illustrated
from isomorph.saying import count

KINDS = ("barcodes", "coordinates", "torus")
"""Figures of the section."""

COLUMNS = (
    PageColumn("of_what", "region or layer"), PageColumn("n_units", "units", "ready"),
    PageColumn("signature", reason=True), P,
    PageColumn("n_loops", "loops", "whole"), PageColumn("n_voids", "voids", "whole"),
    PageColumn("loop_bound", "longest loop of shuffles", "number_3"),
    PageColumn("void_bound", "longest void of shuffles", "number_3"),
    PageColumn("n_samples", "moments or stimuli", "whole"),
    PageColumn("n_points", "points", "whole"),
    PageColumn("variance", "variance in components", "percent"),
)  # fmt: skip

DECODED = (
    PageColumn("of_what", "region or layer"), PageColumn("circle", kind="ready"),
    PageColumn("variable"), PageColumn("correlation", "circular correlation", "number"),
    PageColumn("median_error", "median error, degrees", "whole"),
    PageColumn("chance_error", "by chance", "whole"), PageColumn("p", kind="p"),
    PageColumn("n_samples", "points", "whole"),
)  # fmt: skip


def shapes(results: Illustrated) -> dict[str, Any] | None:
    """Return sentences, tables and figures of the stage `topology`; None where it did not run.

    Returns
    -------
    dict or None
        `sentences`, one for each region that could be looked at; `left_out`, the others with their
        number by reason; `table` and `decoded`; `figures`; `method`, how it was computed.
    """
    table = results.table("topology")
    if table.empty:
        return None
    seen = table[table["status"].isin(["ok", "untested"])]
    told = table.assign(of_what=[whose(row, table) for row in table.to_dict("records")])
    decoded = results.table("decoded")
    named = decoded.assign(of_what=[whose(row, table) for row in decoded.to_dict("records")])
    return {
        "sentences": [*_sentences(results, seen)],
        "left_out": _left_out(table.drop(seen.index)),
        "table": table_of(told, COLUMNS),
        "decoded": table_of(named, DECODED, [False] * len(named)) if len(named) else None,
        "figures": [one for one in results.pictures if one.kind in KINDS],
        "method": method(results, seen),
    }


def _sentences(results: DatasetResults, seen: pd.DataFrame) -> Iterator[str]:
    for row in seen.to_dict("records"):
        follows = decoding(rows_of_shape(results.table("decoded"), row))
        yield f"{sentence(row, seen, results.table('bars'))}{'; ' if follows else ''}{follows}."


def _left_out(rows: pd.DataFrame) -> list[str]:
    """Return what could not be looked at, counted by reason."""
    counts = rows["reason"].value_counts(sort=False)
    return [f"{count(int(n), 'population')} ({why})" for why, n in counts.items()]


def method(results: DatasetResults, seen: pd.DataFrame) -> str:
    """Say how the topology of a dataset was computed, as a methods section does."""
    asked = results.study.spec.topology
    if asked is None or seen.empty:
        return ""
    points = {
        "time": "Spikes were smoothed with a Gaussian of "
        f"{asked.smoothing:g} s and binned at {asked.bin:g} s; the square root of each rate was "
        "standardised over time.",
        "stimuli": "Each point is the mean response of all units to one stimulus.",
    }[asked.of]
    moved = {
        "time": "every unit was shifted in time against the others by a random lag, within "
        "contiguous stretches and around their ends",
        "stimuli": "the values of every unit were permuted over the stimuli independently of the "
        "other units, or shifted around each film, of frames",
    }[asked.of]
    chosen = {
        "farthest": "each as far as possible from those before",
        "density": "where points are dense",
    }[asked.sampling]
    return (
        f"{points} Populations of fewer than {asked.minimum_units} units were left out. Activity "
        f"was reduced to {asked.components} principal components and {asked.points} points were "
        f"chosen, {chosen}; persistent cohomology of their {asked.metric} distances was computed "
        f"up to dimension {asked.dimensions} with coefficients in the field of {asked.coefficient} "
        f"elements (Ripser; Bauer 2021). For the null {moved}, {asked.shuffles} times, and all was "
        "computed anew; a loop or void counts where both its length and its death over birth are "
        "beyond those of shuffles, p < .05 over all dimensions (after Gardner et al. 2022). "
        "Circular coordinates are those of de Silva, Morozov and Vejdemo-Johansson (2011)."
    )


def headlines(results: DatasetResults) -> list[str]:
    """Return a sentence for each region with a significant signature."""
    table = results.table("topology")
    if table.empty:
        return []
    found = table[
        table["signature"].isin(list(SHAPES)) & (table["p_corrected"] < 0.05)
        & (table["region"] != "")
    ]  # fmt: skip
    return [f"{sentence(row, table, results.table('bars'))}." for row in found.to_dict("records")]

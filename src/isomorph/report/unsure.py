"""What is said of a region whose numbers have no interval, so that no answer is made of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from isomorph.figures import main_rows
from isomorph.figures.dataset_results import DatasetResults
from isomorph.figures.titles import measure_label, within_sentence
from isomorph.numerals import number, p_said

UNSURE = "unsure"
"""Status of rows that hold a number and no interval."""


def without_interval(results: DatasetResults) -> dict[str, str]:
    """Return a sentence for every region, or time bin of one, that has numbers and no interval.

    The sentence tells the highest layer, its p where it was tested, and why nothing is said of
    other stimuli. Regions of which something has an interval are left out.

    Parameters
    ----------
    results : DatasetResults

    Returns
    -------
    dict of str to str
        By the region as it is shown, time bins apart.
    """
    return {place: _said(results, best) for place, best in _highest(results).items()}


def in_short(results: DatasetResults, *, several: bool) -> list[str]:
    """Return one such sentence for every region, of its highest time bin where it has several.

    Parameters
    ----------
    results : DatasetResults
    several : bool
        Whether other datasets are told of too, so that this one is named.
    """
    found: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    for place, best in _highest(results).items():
        found.setdefault(str(best["region"]), []).append((place, best))
    told = []
    for bins in found.values():
        place, best = max(bins, key=lambda one: float(one[1]["estimate"]))
        of_bins = f", the highest of {len(bins)} time bins" if len(bins) > 1 else ""
        dataset = f" ({results.dataset})" if several else ""
        told.append(f"{place}{of_bins}{dataset}: {_said(results, best)}.")
    return told


def _highest(results: DatasetResults) -> dict[str, dict[str, Any]]:
    """Return the row of the highest layer of every region without an interval, by the region."""
    table, spec = results.tables["comparisons"], results.study.spec
    if table.empty:
        return {}
    known = np.isfinite(table["estimate"].astype(float))
    rows = table[(table["status"] == UNSURE) & known]
    sure = {one.region for one in results.shown}
    found = {}
    for place, every in rows.groupby(main_rows.places(rows), sort=False):
        if str(place) in sure:
            continue
        own = every
        for column, listed in (("measure", spec.measures), ("distance", spec.distances)):
            first = next(one for one in [*listed, *own[column]] if (own[column] == one).any())
            own = own[own[column] == first]
        found[str(place)] = main_rows.highest(own)
    return found


def _said(results: DatasetResults, best: dict[str, Any]) -> str:
    p = float(best["p_corrected"])
    note = str(best.get("p_note") or "")
    tested = f", {p_said(p)} ({note})" if np.isfinite(p) and note else f", {p_said(p)}"
    return (
        f"{best['layer']} of {results.title(best['model'])} is highest, "
        f"{within_sentence(measure_label(best['measure']))} {number(best['estimate'])}"
        + (tested if np.isfinite(p) else f", {note}" if note else "")
        + f"; there is no interval, as {best['reason']}"
    )

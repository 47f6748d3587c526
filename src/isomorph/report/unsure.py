"""Regions whose numbers have no interval: what they are, and why nobody can say how sure."""

from __future__ import annotations

from isomorph.figures import main_rows
from isomorph.figures.dataset_results import DatasetResults
from isomorph.figures.main_rows import Bounds, MainRows
from isomorph.figures.titles import measure_label, within_sentence
from isomorph.numerals import listed, number


def highest_said(results: DatasetResults, shown: MainRows) -> str:
    """Say which layer of each model is most like a region, the highest first, and why no more.

    Parameters
    ----------
    results : DatasetResults
    shown : MainRows
        Rows with a number and no interval, see `isomorph.figures.main_rows.unsure`.
    """
    best = main_rows.best_layers(shown.rows).sort_values("estimate", ascending=False, kind="stable")
    found = [
        f"{results.title(str(row['model']))} {number(float(row['estimate']))} at {row['layer']}"
        for row in best.to_dict("records")
    ]
    ceiling = main_rows.ceiling(shown.rows)
    under = f" (noise ceiling {ceiling.words})" if isinstance(ceiling, Bounds) else ""
    why = "; ".join(dict.fromkeys(one for one in shown.rows["reason"].astype(str) if one))
    return (
        f"in {within_sentence(measure_label(shown.measure))}, at layers chosen on the same "
        f"stimuli, {listed(found)}{under}; how surely is not known: {why}."
    )


def highest_bins(results: DatasetResults) -> list[MainRows]:
    """Return for each region without an interval the time bin in which a layer is most like it."""
    highest: dict[str, MainRows] = {}
    for shown in results.unsure:
        region = str(shown.rows["region"].iloc[0])
        before = highest.get(region)
        if before is None or before.rows["estimate"].max() < shown.rows["estimate"].max():
            highest[region] = shown
    told = {str(one.rows["region"].iloc[0]) for one in results.shown}
    return [shown for region, shown in highest.items() if region not in told]

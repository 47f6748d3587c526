"""What stands above and below the matrix: what it shows, what its marks mean, what is corrected."""

from __future__ import annotations

import math

import pandas as pd

from isomorph.figures.main_rows import Bounds
from isomorph.figures.titles import correction, distance_title, measure_title, within_sentence
from isomorph.numerals import listed
from isomorph.report.cells import Cell
from isomorph.report.summary import Matrix, Row, named

MARKS = {
    "above": "\N{BLACK UP-POINTING TRIANGLE}",
    "below": "\N{BLACK DOWN-POINTING TRIANGLE}",
    "not different": "\N{WHITE UP-POINTING TRIANGLE}",
    "chance": "\N{DEGREE SIGN}",
    "chosen": "\N{DAGGER}",
}
"""Signs beside a score."""

CONTROLS = ("above", "below", "not different")
SAID = {
    "above": "significantly above",
    "below": "significantly below",
    "not different": "not significantly different from",
    "chance": "no layer is significantly above chance",
    "chosen": "not held out: the highest of all layers, on the stimuli that chose it",
}
"""What they mean; of controls, what comes before "its untrained controls"."""

SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def mark(cell: Cell) -> list[str]:
    """Return what is marked of a cell, as keys of `MARKS`."""
    marked = [cell.above_control] if cell.above_control else []
    marked += ["chance"] if cell.above_chance is False else []
    return marked + ([] if cell.held_out or math.isnan(cell.score) else ["chosen"])


def caption(whole: Matrix) -> str:
    """Return what a matrix shows: the measure, the distance, what is held out."""
    measures = _which(whole, "measure")
    distances = _which(whole, "distance")
    coverage = whole.rows[0].results.coverage
    held_out = any(cell.held_out for cell in whole.cells)
    score = (
        "Score of each model on stimuli that had no part in choosing its layer" if held_out
        else "The highest of each model's layers"
    )  # fmt: skip
    seeds = (
        " (of several seeds their mean, the lowest and the highest)"
        if any(len(model.instances) > 1 for model in whole.models) else ""
    )  # fmt: skip
    sets = (
        " Below each score: which layers may be the best of the model, with 95 % confidence."
        if any(cell.layers for cell in whole.cells) else ""
    )  # fmt: skip
    return (
        f"{score}, with its {coverage} interval{seeds}. Measure: {measures}. Distance between "
        f"stimuli: {distances}.{sets}"
    )


def _which(whole: Matrix, what: str) -> str:
    """Return the measure or distance of all rows, with the regions where there are several."""
    title = {"measure": measure_title, "distance": distance_title}[what]
    regions: dict[str, list[str]] = {}
    for name, row in zip(named(whole.rows), whole.rows, strict=True):
        regions.setdefault(getattr(row.shown, what), []).append(name)
    if len(regions) == 1:
        return within_sentence(title(next(iter(regions))))
    return "; ".join(f"{within_sentence(title(n))} ({listed(who)})" for n, who in regions.items())


def spoken(row: Row, cell: Cell) -> str:
    """Return what a cell shows by its drawing and its marks, for those who hear the page."""
    said = [
        SAID[one] + (" its untrained controls" if one in CONTROLS else "") for one in mark(cell)
    ]
    if isinstance(row.ceiling, Bounds) and math.isfinite(cell.score):
        place = "below" if cell.score < row.ceiling.low else "within"
        place = "above" if cell.score > row.ceiling.high else place
        said.append(f"{place} the noise ceiling")
    return ", ".join(said)


def note(whole: Matrix, cell: Cell) -> str:
    """Return the number of the note that says why a cell lacks a score or an interval, raised."""
    return raised(whole.reasons.index(cell.reason) + 1) if cell.reason else ""


def raised(n: int) -> str:
    """Return a number as superscript."""
    return str(n).translate(SUPERSCRIPTS)


def key(whole: Matrix) -> list[str]:
    """Return what the marks of a matrix mean, what is corrected, and what to keep in mind."""
    used = {one for cell in whole.cells for one in mark(cell)}
    said = []
    if controls := [f"{MARKS[one]} {SAID[one]}" for one in CONTROLS if one in used]:
        tested = _corrected(whole, "contrasts")
        said.append(f"{listed(controls)} its untrained controls (two-sided, at p < .05 {tested}).")
    if "chance" in used:
        tested = _corrected(whole, "comparisons")
        said.append(f"{MARKS['chance']} {SAID['chance']} (at p < .05 {tested}).")
    if "chosen" in used:
        said.append(f"{MARKS['chosen']} {SAID['chosen']}.")
    if binned := [row for row in whole.rows if row.n_bins > 1]:
        said.append(
            f"Of the {_numbers(binned)} time bins of a region, the one in which a trained network, "
            "or where there is none any model, scores highest is shown; that choice is on the "
            "same stimuli, and the interval does not account for it."
        )
    if sum(model.kind == "trained" for model in whole.models) > 1:
        said.append(
            "Layers are chosen on other stimuli, models are not: the highest of several models "
            "is somewhat favoured."
        )
    lacking = dict.fromkeys(row.ceiling for row in whole.rows if isinstance(row.ceiling, str))
    said += [_without(whole, str(why)) for why in lacking]
    notes = enumerate(whole.reasons, 1)
    return [*said, *(f"{raised(n)} {why[:1].upper()}{why[1:]}." for n, why in notes)]


def _numbers(rows: list[Row]) -> str:
    numbers = sorted({row.n_bins for row in rows})
    return " to ".join(map(str, dict.fromkeys([numbers[0], numbers[-1]])))


def _without(whole: Matrix, why: str) -> str:
    rows = zip(named(whole.rows), whole.rows, strict=True)
    names = [name for name, row in rows if row.ceiling == why]
    return f"No noise ceiling in {listed(names)}: {why}."


def _corrected(whole: Matrix, table: str) -> str:
    """Return how the p behind a mark was corrected, and over how many tests."""
    rows = [own for row in whole.rows if len(own := row.tables[table])]
    sizes = sorted({int(n) for one in rows for n in one["family_size"].dropna()})
    over = f" over {' or '.join(map(str, sizes))} tests" if sizes else ""
    return f"after {correction(pd.concat(rows, ignore_index=True))}{over}"

"""What the page says of a region: every model on held-out stimuli, and every layer."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from isomorph.figures import main_rows
from isomorph.figures.dataset_results import DatasetResults
from isomorph.figures.main_rows import Bounds, Family, MainRows
from isomorph.figures.titles import distance_title, measure_label
from isomorph.numerals import (
    NONE,
    estimate,
    interval,
    number,
    percent,
)
from isomorph.report.answers import sentence
from isomorph.report.cells import Cell, held_out, of_models
from isomorph.report.columns import P, PageColumn, Table, Titled, table_of
from isomorph.report.summary import Row
from isomorph.saying import count

HELD_OUT = (
    PageColumn("model"),
    PageColumn("layer", "layer chosen on other stimuli (how often)"),
    PageColumn("layers", "may be the best"),
    PageColumn("score", "score on held-out stimuli", "ready"),
    PageColumn("spread", "interval", "ready"),
    PageColumn("p", "p of its best layer", "ready"),
    PageColumn("maximum", "highest of all layers", "number"),
)
SELECTED = (
    PageColumn("model"),
    PageColumn("layer", "layer chosen on other stimuli (how often)", reason=True),
    PageColumn("value", "score on held-out stimuli", "ready"),
    PageColumn("spread", "interval", "ready"),
    PageColumn("maximum", "highest of all layers", "number"),
    PageColumn("maximum_chance", "by chance up to", "number"),
    PageColumn("optimism", "", "number"),
)


MOST_TOLD = 5_000
"""Comparisons of a dataset that the page tells one by one, in tables of each region."""


def answer(row: Row) -> list[str]:
    """Return what is said of a region: its sentence, then the ceiling and what reaches it."""
    said = [f"{one[0].upper()}{one[1:]}" for one in [sentence(row)] if one]
    if isinstance(row.ceiling, str):
        return [*said, f"The noise ceiling is undefined: {row.ceiling}."]
    return [*said, f"The noise ceiling is {row.ceiling.words}; {_reached(row)}."]


def _reached(row: Row) -> str:
    """Say how many models reach the ceiling, and whether all with layers chosen elsewhere."""
    assert isinstance(row.ceiling, Bounds)
    cells = [one for one in row.cells.values() if not math.isnan(one.score)]
    low = row.ceiling.low if row.ceiling.estimate is None else row.ceiling.estimate
    reached = [one for one in cells if one.score >= low]
    if not reached:
        return "no model reaches it"
    verb = "reaches" if len(reached) == 1 else "reach"
    chosen = (
        "" if all(one.held_out for one in reached) else ", at layers chosen on the same stimuli"
    )
    return f"{len(reached)} of {count(len(cells), 'model')} {verb} it{chosen}"


def footnote(row: Row) -> str:
    """Return the highest layer on the same stimuli, and how high chance alone would take it.

    Empty where the model that is told of has a single layer.
    """
    lead = row.leader
    rows = pd.DataFrame() if lead is None else held_out(row.tables["selection"], lead.family)
    rows = rows if rows.empty else main_rows.usable(rows, "score")
    if lead is None or len(rows) != 1 or int(rows["n_layers"].iloc[0]) < 2:
        return ""
    own = rows.iloc[0]
    best = main_rows.best_layers(of_models(row.shown.rows, lead.family)).iloc[0]
    return (
        f"On the stimuli that choose it, the highest layer of {lead.family.title} is "
        f"{best['layer']}, {estimate(best)}; by chance, the highest of its "
        f"{int(own['n_layers'])} layers reaches {number(own['maximum_chance'])} in one of 20 "
        "studies."
    )


def models_table(row: Row) -> Table:
    """Return a region's models by their scores on held-out stimuli; bold: above chance.

    Where nothing was held out, each model's best layer.
    """
    if row.tables["selection"].empty:
        return best_layers(row)
    cells = row.cells.values()
    rows = [_standing(row, cell) for cell in cells]
    return table_of(rows, HELD_OUT, [bool(cell.above_chance) for cell in cells])


def _standing(row: Row, cell: Cell) -> dict[Any, Any]:
    chosen = held_out(row.tables["selection"], cell.family)
    layers = list(dict.fromkeys(chosen["chosen_layer"].dropna().astype(str)))
    layer = f"{len(layers)} layers, by seed" if len(layers) > 1 else cell.layer
    if len(chosen) == 1 and math.isfinite(share := float(chosen["chosen_share"].iloc[0])):
        layer += f" ({percent(share)})"
    return {
        "model": cell.family.title + _seeds(cell.family, len(cell.family.instances)),
        "layer": layer or NONE,
        "layers": cell.layers or ("its only layer" if _single(row, cell.family) else NONE),
        "score": number(cell.score),
        "spread": cell.ends or NONE,
        "p": P.cell({"p_corrected": cell.p}),
        "maximum": chosen["maximum"].astype(float).mean(),
    }


def _single(row: Row, family: Family) -> bool:
    return of_models(row.tables["comparisons"], family)["layer"].nunique() == 1


def _seeds(family: Family, n: int) -> str:
    return f" ({count(n, 'seed')})" if len(family.instances) > 1 else ""


def lacking(row: Row) -> list[str]:
    """Return why some models of a region have no score or no interval, each reason once."""
    return list(dict.fromkeys(cell.reason for cell in row.cells.values() if cell.reason))


def best_layers(row: Row) -> Table:
    """Return each model's best layer on the stimuli that choose it."""
    rows = []
    for family in row.results.families:
        best = main_rows.best_layers(of_models(row.shown.rows, family))
        if len(best):
            p = best["p_corrected"].astype(float).max(skipna=False)
            rows.append(_one_row(family, best, "estimate", "layer") | {"p_corrected": p})
    columns = [
        PageColumn("model"), PageColumn("layer", "best layer"),
        PageColumn("value", measure_label(row.shown.measure), "ready"),
        PageColumn("spread", f"{row.results.coverage} interval", "ready"), P,
    ]  # fmt: skip
    return table_of(rows, columns)


def layer_selection(row: Row) -> Table | None:
    """Return a region's nested scores beside the plain maxima, None before they were computed."""
    if row.tables["selection"].empty:
        return None
    rows = []
    for family in row.results.families:
        own = held_out(row.tables["selection"], family)
        known = own[own["status"] == "ok"]
        if known.empty:
            rows += own.head(1).assign(model=family.title).to_dict("records")
            continue
        one = _one_row(family, known, "score", "chosen_layer")
        if len(family.instances) == 1:
            one["layer"] += f" ({percent(known['chosen_share'].iloc[0])})"
        for name in ("maximum", "maximum_chance", "optimism"):
            one[name] = known[name].astype(float).mean()
        rows.append(one)
    return table_of(rows, SELECTED)


def _one_row(family: Family, rows: pd.DataFrame, value: str, layer: str) -> dict[Any, Any]:
    """Return the rows of a model as one: of several seeds their mean, lowest and highest."""
    layers = list(dict.fromkeys(rows[layer].astype(str)))
    mean, spread = _mean_and_spread(rows, value)
    return {
        "model": family.title + _seeds(family, len(rows)),
        "layer": layers[0] if len(layers) == 1 else f"{len(layers)} layers, by seed",
        "value": mean,
        "spread": spread,
    }


def _mean_and_spread(rows: pd.DataFrame, value: str) -> tuple[str, str]:
    if len(rows) == 1:
        row = rows.iloc[0]
        return number(row[value]), interval(row["interval_low"], row["interval_high"])
    values = rows[value].astype(float)
    return number(values.mean()), f"{number(values.min())} to {number(values.max())}"


def told_rows(results: DatasetResults, shown: MainRows) -> tuple[pd.DataFrame, str]:
    """Return which comparisons of a region its table tells, and what is said of the rest.

    All of them in a small study; of a larger one those under the main distance and measure, of a
    very large one none.
    """
    table = results.table("comparisons")
    if len(table) <= MOST_TOLD:
        return main_rows.rows_of(table, shown.region), ""
    n_main = len(main_rows.matching(table, shown))
    kept = n_main <= MOST_TOLD
    main = f"{distance_title(shown.distance)}, {measure_label(shown.measure)}"
    few = f"Only {main}: of" if kept else "Of"
    rest = f"{few} all {len(table)} comparisons of this dataset, the explorer draws each"
    rows = results.of("comparisons", shown)
    return (rows if kept else rows.head(0)), rest


def every_layer(results: DatasetResults, rows: pd.DataFrame) -> Titled:
    """Return a region's comparisons per distance: a row per layer, a column per measure."""
    tables = []
    for distance, inside in rows.groupby("distance", sort=False):
        cells: dict[tuple[str, str], dict[Any, Any]] = {}
        for row in inside.to_dict("records"):
            here = cells.setdefault((row["model"], row["layer"]), {})
            here[row["measure"]] = _cell(row)
        measures = list(dict.fromkeys(inside["measure"]))
        body = [
            {"model": results.title(model), "layer": layer, **dict.fromkeys(measures, NONE), **here}
            for (model, layer), here in cells.items()
        ]
        of_measures = [PageColumn(name, measure_label(name), "ready") for name in measures]
        columns = [PageColumn("model"), PageColumn("layer"), *of_measures]
        tables.append((distance_title(str(distance)), table_of(body, columns)))
    return tables


def _cell(row: Mapping[Any, Any]) -> str:
    """Return one comparison in a cell, or why it has no number or no interval."""
    if row["status"] not in main_rows.SURE:
        value, why = number(row["estimate"]), str(row["reason"])
        return why if value == NONE else f"{value}, no interval: {why}"
    star = "*" if row["p_corrected"] < main_rows.SIGNIFICANT else ""
    return estimate(row).replace(" ", f"{star} ", 1)


def some_interval_holds_0(row: Row) -> bool:
    """Tell whether the interval of some score holds 0 although its model is above chance."""
    if row.tables["selection"].empty:
        return small_p_wide_interval(main_rows.best_layers(row.shown.rows))
    return any(
        cell.low < 0 < cell.high and cell.above_chance and len(cell.family.instances) == 1
        for cell in row.cells.values()
    )


def small_p_wide_interval(rows: pd.DataFrame) -> bool:
    """Tell whether some interval holds 0 although its p is small, which asks for a word."""
    if rows.empty:
        return False
    wide = (rows["interval_low"] < 0) & (rows["interval_high"] > 0)
    return bool((wide & main_rows.significant(rows)).any())

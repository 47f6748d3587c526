"""What the page says of a region: its best layer, each model's best layer, and every layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from isomorph.figures import main_rows
from isomorph.figures.dataset_results import DatasetResults
from isomorph.figures.main_rows import Family, MainRows
from isomorph.figures.numbers import (
    NONE,
    ceiling_said,
    count,
    estimate,
    interval,
    number,
    p_said,
    percent,
)
from isomorph.figures.titles import distance_title, measure_label
from isomorph.report.columns import P, PageColumn, Record, Table, Titled, table_of

SELECTED = (
    PageColumn("model"),
    PageColumn("layer", "layer chosen on other stimuli (how often)", reason=True),
    PageColumn("value", "score on held-out stimuli", "ready"),
    PageColumn("spread", "interval", "ready"),
    PageColumn("maximum", "highest of all layers", "number"),
    PageColumn("maximum_chance", "by chance up to", "number"),
    PageColumn("optimism", "", "number"),
)


def answer(results: DatasetResults, shown: MainRows) -> list[str]:
    """Return what is said of a region: the best layer, its score without that choice, the ceiling.

    The best layer of a trained network comes first, then that of all models where it is another.
    """
    said = []
    for row in main_rows.leaders(shown, results.families):
        n_own = int((shown.rows["model"] == row["model"]).sum())
        of_all = row["estimate"] == shown.rows["estimate"].max()
        own, every = count(n_own, "layer"), count(len(shown.rows), "layer")
        among = f"{every} of all models" if of_all else f"its {own}"
        said.append(_highest(results, shown, row, among, n_own))
    bounds = main_rows.ceiling(shown.rows)
    if isinstance(bounds, str):
        return [*said, f"The noise ceiling is undefined: {bounds}."]
    n, reached = len(shown.rows), int((shown.rows["estimate"] >= bounds.low).sum())
    reach = f"{reached} of {n} layers {'reaches' if reached == 1 else 'reach'} it"
    return [
        *said,
        f"The noise ceiling is {ceiling_said(bounds)}; "
        f"{reach if reached else 'no layer reaches it'}.",
    ]


def _highest(
    results: DatasetResults, shown: MainRows, row: pd.Series, among: str, n_layers: int
) -> str:
    text = (
        f"{results.title(row['model'])}: {row['layer']} has the highest value of {among}, "
        f"{measure_label(shown.measure)} {estimate(row)}, "
        f"{p_said(row['p_corrected'])}"
    )
    inside = confidence_set(results, shown, str(row["model"]))
    if inside is not None and n_layers > 1:
        text += (
            f"; with {percent(float(inside['confidence']))} confidence, its best layer is "
            f"{span(inside)}"
        )
    held_out = chosen_elsewhere(results, shown)
    own = held_out[held_out["model"] == row["model"]] if len(held_out) else held_out
    if own.empty or n_layers < 2:
        return f"{text}."
    score = own.iloc[0]
    return (
        f"{text}; with the layer chosen on other stimuli, the model scores "
        f"{estimate(score, 'score')}. By chance, the highest of its {n_layers} layers "
        f"reaches {number(score['maximum_chance'])} in one of 20 studies."
    )


def confidence_set(results: DatasetResults, shown: MainRows, model: str) -> Record | None:
    """Return the row of a model's confidence set of layers in a region, None without one."""
    rows = results.of("layers_in_set", shown)
    if rows.empty:
        return None
    rows = rows[(rows["model"] == model) & (rows["status"] == "ok")]
    return None if rows.empty else rows.to_dict("records")[0]


def span(row: Record) -> str:
    """Return how many layers are in a confidence set, and from where to where they lie."""
    n, n_layers = int(row["n_in_set"]), int(row["n_layers"])
    if n == 1:
        return f"{row['first_layer']} alone"
    if n == n_layers:
        return f"any of its {n_layers} layers"
    return f"one of {n} of its {n_layers} layers ({row['first_layer']} to {row['last_layer']})"


def chosen_elsewhere(results: DatasetResults, shown: MainRows) -> pd.DataFrame:
    """Return a region's scores at layers chosen on other stimuli, empty where there are none."""
    rows = results.of("selection", shown)
    return rows if rows.empty else main_rows.usable(_on_other_stimuli(rows), "score")


def _on_other_stimuli(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["chosen_on"] == "other stimuli"]


def best_layers(results: DatasetResults, shown: MainRows) -> Table:
    """Return each model's best layer beside its score at layers chosen on other stimuli."""
    held_out = chosen_elsewhere(results, shown)
    rows = []
    for family in results.families:
        best = main_rows.best_layers(shown.rows[shown.rows["model"].isin(family.instances)])
        if best.empty:
            continue
        p = best["p_corrected"].astype(float)
        row = _one_row(family, best, "estimate", "layer") | {"p_corrected": p.max(skipna=False)}
        if len(held_out):
            own = held_out[held_out["model"].isin(family.instances)]
            value, spread = _mean_and_spread(own, "score")
            row |= {"held_out": value, "held_out_spread": spread}
        rows.append(row)
    columns = [
        PageColumn("model"), PageColumn("layer", "best layer"),
        PageColumn("value", measure_label(shown.measure), "ready"),
        PageColumn("spread", f"{results.coverage} interval", "ready"), P,
    ]  # fmt: skip
    if len(held_out):
        columns += [
            PageColumn("held_out", "on held-out stimuli", "ready"),
            PageColumn("held_out_spread", "interval", "ready"),
        ]
    return table_of(rows, columns)


def layer_selection(results: DatasetResults, shown: MainRows) -> Table | None:
    """Return a region's nested scores beside the plain maxima, None before they were computed."""
    inside = results.of("selection", shown)
    if inside.empty:
        return None
    chosen, rows = _on_other_stimuli(inside), []
    for family in results.families:
        own = chosen[chosen["model"].isin(family.instances)]
        known = own[own["status"] == "ok"]
        if known.empty:
            rows += own.head(1).assign(model=family.title).to_dict("records")
            continue
        row = _one_row(family, known, "score", "chosen_layer")
        if len(family.instances) == 1:
            row["layer"] += f" ({percent(known['chosen_share'].iloc[0])})"
        for name in ("maximum", "maximum_chance", "optimism"):
            row[name] = known[name].astype(float).mean()
        rows.append(row)
    return table_of(rows, SELECTED)


def _one_row(family: Family, rows: pd.DataFrame, value: str, layer: str) -> dict[Any, Any]:
    """Return the rows of a model as one: of several seeds their mean, lowest and highest."""
    layers = list(dict.fromkeys(rows[layer].astype(str)))
    mean, spread = _mean_and_spread(rows, value)
    several = f" ({count(len(rows), 'seed')})" if len(family.instances) > 1 else ""
    return {
        "model": family.title + several,
        "layer": layers[0] if len(layers) == 1 else f"{len(layers)} layers, by seed",
        "value": mean,
        "spread": spread,
    }


def _mean_and_spread(rows: pd.DataFrame, value: str) -> tuple[str, str]:
    if rows.empty:
        return NONE, NONE
    if len(rows) == 1:
        row = rows.iloc[0]
        return number(row[value]), interval(row["interval_low"], row["interval_high"])
    values = rows[value].astype(float)
    return number(values.mean()), f"{number(values.min())} to {number(values.max())}"


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


def small_p_wide_interval(rows: pd.DataFrame) -> bool:
    """Tell whether some interval holds 0 although its p is small, which asks for a word."""
    if rows.empty:
        return False
    wide = (rows["interval_low"] < 0) & (rows["interval_high"] > 0)
    return bool((wide & main_rows.significant(rows)).any())

"""Tables of models at the layer chosen for them: their scores, and models against each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from isomorph.figures import selection
from isomorph.figures.words import distance_title, measure_label
from isomorph.layout import Layout
from isomorph.report import sets
from isomorph.report.numbers import (
    NONE,
    ceiling_said,
    count,
    interval,
    number,
    p_said,
    p_value,
    percent,
)
from isomorph.report.sections import Row, Table, chosen_elsewhere
from isomorph.report.tables import Results

ON_STIMULI = "other stimuli"


def answer(layout: Layout, results: Results, shown: selection.Shown) -> list[str]:
    """Return what is said of a region: the best layer, its score without that choice, the ceiling.

    The best layer of a trained network comes first, then that of all models where it is another.
    """
    best = shown.rows.iloc[int(shown.rows["estimate"].to_numpy().argmax())]
    network = selection.best_row(shown, selection.families(layout.study))
    said = []
    if network is not None and network["layer"] != "" and network.name != best.name:
        said.append(_highest(layout, results, shown, network, "its"))
    said.append(_highest(layout, results, shown, best, "all"))
    bounds = selection.ceiling(shown.rows)
    if isinstance(bounds, str):
        said.append(f"The noise ceiling is undefined: {bounds}.")
        return said
    n, reached = len(shown.rows), int((shown.rows["estimate"] >= bounds.low).sum())
    reach = f"{reached} of {n} layers {'reaches' if reached == 1 else 'reach'} it"
    said.append(
        f"The noise ceiling is {ceiling_said(bounds)}; "
        f"{reach if reached else 'no layer reaches it'}."
    )
    return said


def _highest(
    layout: Layout, results: Results, shown: selection.Shown, row: pd.Series, of: str
) -> str:
    title = selection.titles(layout.study)[row["model"]]
    n_layers = int((shown.rows["model"] == row["model"]).sum())
    whose = (
        f"{count(len(shown.rows), 'layer')} of all models"
        if of == "all"
        else f"its {count(n_layers, 'layer')}"
    )
    text = (
        f"{title}: {row['layer']} is highest of {whose}, {measure_label(shown.measure)} "
        f"{number(row['estimate'])} {interval(row['interval_low'], row['interval_high'])}, "
        f"{p_said(row['p_corrected'])}"
    )
    inside = sets.layers_in_set(results, shown, str(row["model"]))
    if inside is not None and n_layers > 1:
        text += (
            f"; with {percent(float(inside['confidence']))} confidence its best layer is "
            f"{sets.span(inside)}"
        )
    held_out = chosen_elsewhere(results, shown)
    own = None if held_out is None else held_out[held_out["model"] == row["model"]]
    if own is None or own.empty or n_layers < 2:
        return f"{text}."
    score = own.iloc[0]
    return (
        f"{text}; with the layer chosen on other stimuli, the model scores "
        f"{number(score['score'])} {interval(score['interval_low'], score['interval_high'])}. "
        f"By chance, the highest of its {n_layers} layers reaches "
        f"{number(score['maximum_chance'])} in one of 20 studies."
    )


def layer_selection(layout: Layout, results: Results, shown: selection.Shown) -> Table | None:
    """Return a region's nested scores beside the plain maxima, None before they were computed.

    Under the main distance and measure; families of seeds are one row, the mean of their seeds.
    """
    head = ("model", "layer chosen on other stimuli (how often)", "score on held-out stimuli",
            "interval", "highest of all layers", "by chance up to", "optimism")  # fmt: skip
    inside = next((rows for one, rows in _shown(results, "selection") if one is shown), None)
    if inside is None:
        return None
    chosen = inside[inside["chosen_on"] == ON_STIMULI]
    rows = [
        _selected(family, own)
        for family in selection.families(layout.study)
        if len(own := chosen[chosen["model"].isin(family.instances)])
    ]
    return Table(head, rows, [False] * len(rows), 2)


def _selected(family: selection.Family, rows: pd.DataFrame) -> Row:
    known = rows[rows["status"] == "ok"]
    if known.empty:
        return (family.title, str(rows["status"].iloc[0]), *[NONE] * 5)
    means = known[["score", "maximum", "maximum_chance", "optimism"]].astype(float).mean()
    numbers = tuple(number(means[name]) for name in ("maximum", "maximum_chance", "optimism"))
    if len(rows) == 1:
        row = known.iloc[0]
        layer = f"{row['chosen_layer']} ({percent(row['chosen_share'])})"
        spread = interval(row["interval_low"], row["interval_high"])
        return (family.title, layer, number(row["score"]), spread, *numbers)
    layers = count(known["chosen_layer"].nunique(), "layer") + ", by seed"
    spread = f"{number(known['score'].min())} to {number(known['score'].max())}"
    title = f"{family.title} ({count(len(known), 'seed')})"
    return title, layers, number(means["score"]), spread, *numbers


def models_compared(layout: Layout, results: Results) -> list[tuple[str, Table]]:
    """Return every two models against each other, a table per region.

    Under the main distance and measure, each model at the layer chosen on other stimuli.
    """
    titles = {model.name: model.title for model in layout.study.models.values()}
    head = ("model", "against", "resampled", "scores", "the other", "difference", "interval",
            "p, corrected")  # fmt: skip
    tables = []
    for shown, inside in _shown(results, "differences"):
        records: Sequence[dict[Any, Any]] = inside.to_dict("records")
        rows = [_difference(row, titles) for row in records]
        sure = [
            row["status"] == "ok" and row["p_corrected"] < selection.SIGNIFICANT for row in records
        ]
        tables.append((_title(shown), Table(head, rows, sure, 3)))
    return tables


def _difference(row: dict[Any, Any], titles: dict[str, str]) -> Row:
    names = tuple(titles.get(row[key], row[key]) for key in ("model_a", "model_b"))
    if row["status"] != "ok":
        return (*names, str(row["status"]), *[NONE] * 5)
    return (
        *names, str(row["scheme"]).replace(" and ", ", "), number(row["score_a"]),
        number(row["score_b"]), number(row["difference"]),
        interval(row["interval_low"], row["interval_high"]), p_value(row["p_corrected"]),
    )  # fmt: skip


def _shown(results: Results, kind: str) -> list[tuple[selection.Shown, pd.DataFrame]]:
    """Return the rows of a table for every region's main distance and measure, if any."""
    table = results.tables.get(kind)
    if table is None:
        return []
    found = [
        (shown, selection.matching(selection.rows_of(table, shown.region), shown))
        for shown in results.shown
    ]
    return [(shown, rows) for shown, rows in found if len(rows)]


def _title(shown: selection.Shown) -> str:
    return f"{shown.region}; {measure_label(shown.measure)}, {distance_title(shown.distance)}"

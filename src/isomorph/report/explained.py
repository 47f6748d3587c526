"""The tables of what else explains a likeness, and of models against models."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import pandas as pd

from isomorph.artefacts.schemas import PLACE
from isomorph.figures import selection
from isomorph.figures.weighted import KINDS
from isomorph.figures.words import measure_label, measure_title
from isomorph.inference.explain.material import STAND_INS
from isomorph.layout import Layout
from isomorph.report.numbers import NONE, interval, number, p_value
from isomorph.report.sections import Row, Table
from isomorph.report.tables import Results

Record = Mapping[Hashable, Any]

EXPLAINING = ("partial", "partition", "weighted")
"""Kinds of figures that stand with these tables, in their order."""


def explained(layout: Layout, results: Results) -> dict[str, Any] | None:
    """Return tables and figures of the stage `explain`; None before it ran.

    Returns
    -------
    dict or None
        `figures`; `undefined`, why nothing has a number; `replaced`, which measure stands for
        another; `partial`, `partition` and `weighted`, each a list of (title, Table).
    """
    told = {
        "partial": _by_measure(results, "partial", lambda rows: _partial(layout, rows)),
        "partition": _by_measure(results, "partition", lambda rows: _partition(layout, rows)),
        "weighted": _by_measure(results, "weighted", lambda rows: _weighted(layout, rows)),
    }
    if not any(told.values()):
        return None
    figures = [one for kind in EXPLAINING for one in results.figures if one.kind == kind]
    return {"figures": figures, "undefined": _undefined(results),
            "replaced": replaced(layout.study.spec.measures), **told}  # fmt: skip


def replaced(measures: Sequence[str]) -> str:
    """Say which measures have no residuals, and what is computed instead; nothing if none."""
    return " ".join(
        f"A residual has no {measure_label(name)}, so partial correlations and shares use "
        f"{measure_title(STAND_INS[name])} in its place."
        for name in measures
        if name in STAND_INS
    )


def _undefined(results: Results) -> str:
    """Return why no row of any table has a number; nothing where one has."""
    tables = [table for kind in EXPLAINING if (table := results.tables.get(kind)) is not None]
    said = list(dict.fromkeys(status for table in tables for status in table["status"]))
    return "" if "ok" in said else "; ".join(map(str, said))


def models_against_models(layout: Layout, results: Results) -> Table | None:
    """Return every two models and how alike their layers are; None before it was computed."""
    table = results.tables.get("models")
    if table is None or table.empty:
        return None
    titles = selection.titles(layout.study)
    rows: list[Row] = []
    for row in table.to_dict("records"):
        pair = tuple(titles.get(row[key], row[key]) for key in ("model_a", "model_b"))
        if row["status"] != "ok":
            rows.append((*pair, str(row["status"]), *[NONE] * 3))
            continue
        rows.append(
            (
                *pair, f"{int(row['n_layers_a'])} and {int(row['n_layers_b'])}",
                number(row["a_to_b"]), number(row["b_to_a"]),
                f"{number(row['similarity'])} "
                f"{interval(row['interval_low'], row['interval_high'])}",
            )
        )  # fmt: skip
    head = ("model", "other model", "layers", "layers of the first, best matches",
            "of the other", "mean, interval")  # fmt: skip
    return Table(head, rows, [False] * len(rows), 3)


def _by_measure(results: Results, kind: str, build: Any) -> list[tuple[str, Table]]:
    table = results.tables.get(kind)
    if table is None or table.empty:
        return []
    return [
        (measure_label(str(measure)), build(rows.sort_values([*PLACE], kind="stable")))
        for measure, rows in table.groupby("measure", sort=False)
    ]


def _partial(layout: Layout, rows: pd.DataFrame) -> Table:
    """Return a row per region, model and layer: plain, partial, semi-partial."""
    titles, cells, strong = selection.titles(layout.study), [], []
    groups = rows.groupby([selection.places(rows), "model", "layer"], sort=False)
    for (region, model, layer), own in groups:
        by = {row["statistic"]: row for row in own.to_dict("records")}
        partial = by["partial"]
        cells.append(
            (
                str(region), titles.get(str(model), str(model)), str(layer) or NONE,
                _value(by["plain"]), _value(partial), p_value(float(partial["p_corrected"])),
                _value(by["semi_partial"]),
            )
        )  # fmt: skip
        strong.append(bool(partial["p_corrected"] < selection.SIGNIFICANT))
    head = ("region", "model", "layer", "plain", "partial", "p, corrected", "semi-partial")
    return Table(head, cells, strong, 3)


def _value(row: Record) -> str:
    if row["status"] != "ok":
        return str(row["status"])
    return f"{number(row['estimate'])} {interval(row['interval_low'], row['interval_high'])}"


def _partition(layout: Layout, rows: pd.DataFrame) -> Table:
    titles, cells, strong = selection.titles(layout.study), [], []
    for row in rows.to_dict("records"):
        part = " ∩ ".join(titles.get(name, name) for name in str(row["part"]).split(" & "))
        part = "all together" if row["kind"] == "total" else part
        start = (selection.place_of(row), part, str(row["kind"]))
        if row["status"] != "ok":
            cells.append((*start, str(row["status"]), NONE, NONE))
            strong.append(False)
            continue
        cells.append(
            (
                *start, number(row["variance"], 3),
                f"[{number(row['interval_low'], 3)}, {number(row['interval_high'], 3)}]",
                p_value(float(row["p_corrected"])),
            )
        )  # fmt: skip
        strong.append(bool(row["p_corrected"] < selection.SIGNIFICANT))
    head = ("region", "explained by", "part", "share of variance", "interval", "p, corrected")
    return Table(head, cells, strong, 3)


def _weighted(layout: Layout, rows: pd.DataFrame) -> Table:
    titles, cells, strong = selection.titles(layout.study), [], []
    for row in rows.to_dict("records"):
        model = titles.get(row["model"], row["model"])
        start = (selection.place_of(row), model, KINDS[str(row["kind"])])
        if row["status"] != "ok":
            cells.append((*start, str(row["status"]), *[NONE] * 5))
            strong.append(False)
            continue
        cells.append(
            (
                *start, _weights(str(row["weights"]), titles), _owned(str(row["layer"]), titles),
                number(row["single"]),
                number(row["score"]),
                f"{number(row['gain'])} {interval(row['interval_low'], row['interval_high'])}",
                p_value(float(row["p_corrected"])),
            )
        )  # fmt: skip
        strong.append(bool(row["p_corrected"] < selection.SIGNIFICANT))
    head = ("region", "model", "what is weighted", "largest weights, their share",
            "best single layer", "its score", "combined", "gain, interval",
            "p, corrected")  # fmt: skip
    return Table(head, cells, strong, 5)


def _weights(text: str, titles: Mapping[str, str]) -> str:
    """Return weights, "model layer 0.47; ...", as the page writes names and numbers."""
    told = []
    for part in text.split("; ") if text else ():
        name, _, share = part.rpartition(" ")
        told.append(f"{_owned(name, titles)} {number(float(share))}")
    return "; ".join(told) or NONE


def _owned(layer: str, titles: Mapping[str, str]) -> str:
    """Return a layer, with the title of the model whose name stands before it, if any."""
    model, _, name = layer.partition(" ")
    return f"{titles[model]}: {name}" if name and model in titles else layer

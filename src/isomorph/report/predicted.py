"""What layers predict of single units, on the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from isomorph.figures.dataset_results import DatasetResults
from isomorph.figures.titles import measure_title, part_title
from isomorph.inference.estimated import PLACE
from isomorph.report.columns import REGION, P, PageColumn, Titled, table_of
from isomorph.report.evidence import Illustrated

BEST = (
    REGION, PageColumn("model"), PageColumn("layer", "layer, chosen in training", "chosen"),
    PageColumn("estimate", "held-out r, interval", "estimate", reason=True),
    PageColumn("r_lower", "lower quartile of units", "number"),
    PageColumn("r_upper", "upper quartile", "number"),
    PageColumn("r2_median", "variance explained", "number"),
    PageColumn("normalised_median", "noise-normalised r", "number"),
)  # fmt: skip

LAYERS = (
    REGION, PageColumn("model"), PageColumn("layer"),
    PageColumn("estimate", "held-out r, interval", "estimate", reason=True), P,
    PageColumn("asymmetry", "region from layer less layer from region", "number"),
    PageColumn("asymmetry", "its interval", "interval"),
)  # fmt: skip

DIFFERENCES = (
    REGION, PageColumn("model_a", "model"), PageColumn("score_a", "held-out r", "number"),
    PageColumn("model_b", "against"), PageColumn("score_b", "held-out r", "number"),
    PageColumn("difference", kind="number", reason=True), PageColumn("interval", "", "interval"), P,
)  # fmt: skip

PARTS = (
    REGION, PageColumn("part", "explained by"), PageColumn("kind", "part"),
    PageColumn("variance", "share of held-out variance", "number_3", reason=True),
    PageColumn("interval", kind="interval_3"),
)  # fmt: skip

TABLES = {
    "Models at the layers chosen in training": ("predictions", "chosen", BEST),
    "Every layer": ("predictions", "layer", LAYERS),
    "Models against each other": ("prediction_differences", "", DIFFERENCES),
    "Models together": ("prediction_partition", "", PARTS),
}
"""Tables of the page by title: of which table, which kind of rows, and which columns."""


def predicted(results: Illustrated) -> dict[str, Any] | None:
    """Return tables and figures of the stage `predict`; None where it did not run.

    Returns
    -------
    dict or None
        `figures`; `undefined`, why nothing has a number; `tables`, a list of (title, list of
        (method, Table)).
    """
    rows, shared = results.table("predictions"), results.table("prediction_partition")
    if rows.empty and shared.empty:
        return None
    some = len(shared) or rows["estimate"].notna().any()
    return {
        "figures": [one for one in results.pictures if one.kind == "prediction"],
        "undefined": "" if some else "; ".join(dict.fromkeys(rows["reason"].astype(str))),
        "tables": [(title, _by_method(results, *what)) for title, what in TABLES.items()],
    }


def _by_method(
    results: DatasetResults, name: str, kind: str, columns: Sequence[PageColumn]
) -> Titled:
    table = results.table(name)
    if kind:
        table = table[table["kind"] == kind]
    told = []
    for measure, own in table.groupby("measure", sort=False) if len(table) else ():
        ordered = own.sort_values([*PLACE], kind="stable")
        for model in ("model", "model_a", "model_b"):
            if model in ordered:
                ordered[model] = ordered[model].map(results.title)
        if "part" in ordered:
            ordered["part"] = [part_title(str(part), results.title) for part in ordered["part"]]
        told.append((measure_title(str(measure)), table_of(_known(ordered), columns)))
    return told


def _known(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows in which what has a number counts as known, tested or not."""
    value = next(name for name in ("estimate", "difference", "variance") if name in rows)
    return rows.assign(status=rows["status"].where(rows[value].isna(), "ok"))

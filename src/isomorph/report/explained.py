"""Tables of what else explains a similarity: controls, shared variance, combinations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd

from isomorph.figures import main_rows
from isomorph.figures.dataset_results import DatasetResults
from isomorph.figures.titles import measure_label, measure_title, part_title
from isomorph.figures.weighted import KINDS
from isomorph.inference.estimated import PLACE
from isomorph.inference.explain.similarities import STAND_INS
from isomorph.numerals import NONE, number
from isomorph.report.columns import REGION, P, PageColumn, Table, Titled, table_of
from isomorph.report.evidence import Illustrated

PARTIAL = (
    REGION, PageColumn("model"), PageColumn("layer"), PageColumn("plain", kind="ready"),
    PageColumn("partial", kind="ready"), P, PageColumn("semi_partial", "semi-partial", "ready"),
)  # fmt: skip
PARTITION = (
    REGION, PageColumn("part", "explained by"), PageColumn("kind", "part"),
    PageColumn("variance", "share of variance", "number_3", reason=True),
    PageColumn("interval", kind="interval_3"), P,
)  # fmt: skip
WEIGHTED = (
    REGION, PageColumn("model"), PageColumn("kind", "what is weighted"),
    PageColumn("weights", "largest weights, their share", reason=True),
    PageColumn("layer", "best single layer"), PageColumn("single", "its score", "number"),
    PageColumn("score", "combined", "number"), PageColumn("gain", "gain, interval", "estimate"), P,
)  # fmt: skip


def explained(results: Illustrated) -> dict[str, Any] | None:
    """Return tables and figures of the stage `explain`; None before it ran.

    Returns
    -------
    dict or None
        `figures`; `undefined`, why nothing has a number; `replaced`, which measure stands for
        another; `partial`, `partition` and `weighted`, each a list of (title, Table).
    """
    told = {kind: _by_measure(results, kind, table) for kind, table in TOLD.items()}
    if not any(told.values()):
        return None
    rows = [row for kind in TOLD for row in results.table(kind).to_dict("records")]
    some = any(row["status"] == "ok" for row in rows)
    return {
        "figures": [one for kind in TOLD for one in results.pictures if one.kind == kind],
        "undefined": "" if some else "; ".join(dict.fromkeys(str(row["reason"]) for row in rows)),
        "replaced": replaced(results.study.spec.measures),
        **told,
    }


def replaced(measures: Sequence[str]) -> str:
    """Say which measures have no residuals, and what is computed instead; nothing if none."""
    return " ".join(
        f"{measure_label(name).capitalize()} is not defined for residuals, so partial correlations "
        f"and shares of the variance use {measure_title(STAND_INS[name])} instead."
        for name in measures
        if name in STAND_INS
    )


def _by_measure(
    results: DatasetResults, kind: str, build: Callable[[DatasetResults, pd.DataFrame], Table]
) -> Titled:
    table = results.table(kind)
    groups = table.groupby("measure", sort=False) if len(table) else ()
    return [
        (measure_label(str(measure)), build(results, rows.sort_values([*PLACE], kind="stable")))
        for measure, rows in groups
    ]


def _partial(results: DatasetResults, rows: pd.DataFrame) -> Table:
    """Return a row per region, model and layer: plain, partial, semi-partial."""
    estimate = PageColumn("estimate", kind="estimate", reason=True)
    keys = [main_rows.places(rows), "model", "layer"]
    told = []
    for (region, model, layer), own in rows.groupby(keys, sort=False):
        cells = table_of(own, [estimate]).rows
        told.append(
            {
                "region": region, "model": results.title(str(model)), "layer": layer or NONE,
                **{name: cell for name, (cell,) in zip(own["statistic"], cells, strict=True)},
                "p_corrected": own.loc[own["statistic"] == "partial", "p_corrected"].iloc[0],
            }
        )  # fmt: skip
    return table_of(told, PARTIAL)


def _partition(results: DatasetResults, rows: pd.DataFrame) -> Table:
    parts = [
        "all together" if kind == "total" else part_title(str(part), results.title)
        for part, kind in zip(rows["part"], rows["kind"], strict=True)
    ]
    return table_of(rows.assign(part=parts), PARTITION)


def _weighted(results: DatasetResults, rows: pd.DataFrame) -> Table:
    told = rows.assign(
        model=rows["model"].map(results.title),
        kind=rows["kind"].map(KINDS.get),
        weights=[_weights(results, str(text)) for text in rows["weights"]],
        layer=[_owned(results, str(layer)) for layer in rows["layer"]],
    )
    return table_of(told, WEIGHTED)


def _weights(results: DatasetResults, text: str) -> str:
    """Return weights, "model layer 0.47; ...", as the page writes names and numbers."""
    parts = [part.rpartition(" ") for part in text.split("; ") if " " in part]
    return "; ".join(f"{_owned(results, name)} {number(float(w))}" for name, _, w in parts) or NONE


def _owned(results: DatasetResults, layer: str) -> str:
    """Return a layer, with the title of the model whose name stands before it, if any."""
    model, _, name = layer.partition(" ")
    return f"{results.titles[model]}: {name}" if name and model in results.titles else layer


TOLD = {"partial": _partial, "partition": _partition, "weighted": _weighted}
"""The tables by kind, in the order of the page."""

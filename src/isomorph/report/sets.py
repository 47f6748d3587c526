"""Confidence sets of layers, in words."""

from __future__ import annotations

from typing import Any

from isomorph.figures import selection
from isomorph.report.numbers import count, listed, percent
from isomorph.report.tables import Results


def layers_in_set(results: Results, shown: selection.Shown, model: str) -> dict[str, Any] | None:
    """Return the row of a model's confidence set of layers in a region, None where there is none.

    Parameters
    ----------
    results : Results
    shown : Shown
        Region, distance and measure.
    model : str
        A model instance.
    """
    table = results.tables.get("layers_in_set")
    if table is None:
        return None
    rows = selection.matching(selection.rows_of(table, shown.region), shown)
    rows = rows[(rows["model"] == model) & (rows["status"] == "ok")]
    return None if rows.empty else {str(key): value for key, value in rows.iloc[0].items()}


def span(row: dict[str, Any]) -> str:
    """Return how many layers are in a set, and from where to where they lie."""
    n, n_layers = int(row["n_in_set"]), int(row["n_layers"])
    if n == 1:
        return f"{row['first_layer']} alone"
    if n == n_layers:
        return f"any of its {count(n_layers, 'layer')}"
    return f"one of {n} of its {n_layers} layers, {row['first_layer']} to {row['last_layer']}"


def sentence(results: Results, model: str, title: str) -> str:
    """Say of every region of a dataset which layers of a model may be its best."""
    found = [
        (shown, row)
        for shown in results.shown
        if (row := layers_in_set(results, shown, model)) is not None and row["n_layers"] > 1
    ]
    if not found:
        return f"Which layers of {title} cannot be told from its best has not been computed."
    told = [f"{span(row)} in {shown.region}" for shown, row in found]
    return (
        f"With {percent(float(found[0][1]['confidence']))} confidence the best layer of {title} is "
        f"{listed(told)}."
    )

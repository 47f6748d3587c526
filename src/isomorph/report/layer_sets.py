"""Sets of layers in words: which of a model's layers may be its best."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pandas as pd

from isomorph.figures.main_rows import MainRows
from isomorph.report.columns import Record

MOST_RUNS = 3
"""Runs of neighbouring layers that are named; of more only the first and the last layer are."""

NUMBERED = re.compile(r"(.*?)(\d+)")


def confidence_set(rows: pd.DataFrame, model: str) -> Record | None:
    """Return the row of a model's confidence set, None without one.

    Parameters
    ----------
    rows : DataFrame
        Those of a region in the table `layers_in_set`.
    model : str
        Its name in the tables.
    """
    if rows.empty:
        return None
    rows = rows[(rows["model"] == model) & (rows["status"] == "ok")]
    return None if rows.empty else rows.to_dict("records")[0]


def layers_of(shown: MainRows, model: str) -> list[str]:
    """Return the layers of a model in the order in which they are executed."""
    rows = shown.rows[shown.rows["model"] == model]
    return rows.sort_values("depth", kind="stable")["layer"].astype(str).tolist()


def best_said(row: Record, order: Sequence[str]) -> str:
    """Return which layers may be the best of a model, as the end of a sentence."""
    n, n_layers = int(row["n_in_set"]), int(row["n_layers"])
    if n == n_layers:
        return f"any of its {n_layers} layers may be its best"
    named = members(row, order)
    return f"its best layer is {named if n == 1 else f'one of {n} of its {n_layers} ({named})'}"


def members(row: Record, order: Sequence[str]) -> str:
    """Return the layers of a confidence set as runs of neighbours: `stem, blocks.3 to 7`.

    Parameters
    ----------
    row : mapping
        Of the table `layers_in_set`.
    order : sequence of str
        All layers of the model in the order in which they are executed.
    """
    inside = set(str(row["layers"]).split("; "))
    if not inside <= set(order):  # some layer has no number here, so its neighbours are not known
        return joined(str(row["first_layer"]), str(row["last_layer"]))
    runs: list[list[str]] = []
    for before, layer in zip(["", *order], order, strict=False):
        if layer in inside:
            if not runs or runs[-1][-1] != before:
                runs.append([])
            runs[-1].append(layer)
    if len(runs) > MOST_RUNS:
        return f"between {runs[0][0]} and {runs[-1][-1]}"
    return ", ".join(joined(run[0], run[-1]) for run in runs)


def joined(first: str, last: str) -> str:
    """Return a run of layers by its ends; what both names begin with stands once.

    Examples
    --------
    >>> joined("blocks.9", "blocks.13"), joined("blocks.9", "head"), joined("head", "head")
    ('blocks.9 to 13', 'blocks.9 to head', 'head')
    """
    if first == last:
        return first
    one, other = NUMBERED.fullmatch(first), NUMBERED.fullmatch(last)
    alike = one is not None and other is not None and one[1] == other[1]
    return f"{first} to {other[2] if alike and other else last}"


def spread_of_sets(rows: Sequence[Record]) -> str:
    """Return how many layers the sets of several seeds hold: `any of 20 layers`."""
    inside, n_layers = [int(row["n_in_set"]) for row in rows], int(rows[0]["n_layers"])
    low, high = min(inside), max(inside)
    if low == n_layers:
        return f"any of {n_layers} layers"
    return f"{low if low == high else f'{low} to {high}'} of {n_layers}, by seed"

"""A result in a notebook: what it says, a table, and its intervals drawn beside the numbers.

Plain HTML and small drawings in the colour of the text around them, so that a dark page is as good
as a light one, and that a notebook stays small.
"""

from __future__ import annotations

import html
from collections.abc import Mapping
from functools import partial

import numpy as np
import pandas as pd

from isomorph.inference.drawings import CEILING, intervals, profiles
from isomorph.numerals import number, p_said, p_value, percent

VALUES: Mapping[str, tuple[str, str, str]] = {
    "comparisons": ("estimate", "interval_low", "interval_high"),
    "selection": ("score", "interval_low", "interval_high"),
    "partial": ("estimate", "interval_low", "interval_high"),
    "partition": ("variance", "interval_low", "interval_high"),
    "weighted": ("gain", "interval_low", "interval_high"),
    "predictions": ("estimate", "interval_low", "interval_high"),
}
"""What is drawn of a table: a value and its interval."""

NOWRAP = 'style="white-space:nowrap"'
SIGNIFICANT = 0.05
"""Smaller p are significant."""

MOST_REGIONS = 4
"""Regions about which there is a sentence each."""


def page(
    kind: str,
    shown: pd.DataFrame,
    table: pd.DataFrame,
    tables: Mapping[str, pd.DataFrame],
    coverage: float,
    summary: str,
) -> str:
    """Return a result as HTML.

    Parameters
    ----------
    kind : str
        Name of the main table.
    shown : DataFrame
        What is shown of it, with the index of the rows of `table`.
    table : DataFrame
        The main table.
    tables : mapping of str to DataFrame
        All tables of the result.
    coverage : float
        Of the intervals.
    summary : str
        What there is, in one sentence.
    """
    told = "".join(f"<p><strong>{html.escape(one)}</strong></p>"
                   for one in sentences(kind, table, tables, coverage))  # fmt: skip
    columns = _columns(kind, shown, table)
    head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in columns)
    body = "".join(
        f"<tr>{''.join(f'<td {NOWRAP}>{cell}</td>' for cell in row)}</tr>"
        for row in zip(*columns.values(), strict=True)
    )
    return (
        f'{told}<div style="overflow-x:auto"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div><p><small>{html.escape(summary)}</small></p>"
    )


def _columns(kind: str, shown: pd.DataFrame, table: pd.DataFrame) -> dict[str, list[str]]:
    """Return the cells of every column, two numbers that belong together in one."""
    rows = table.loc[shown.index]
    columns = {name: _cells(shown[name]) for name in map(str, shown)}
    drawn = kind in VALUES and set(VALUES[kind]) <= set(table)
    found: dict[str, list[str]] = {}
    for name, cells in columns.items():
        if name == CEILING[0]:
            found["noise ceiling"] = _ranges(rows, *CEILING)
        elif drawn and name == VALUES[kind][1]:
            continue
        elif drawn and name == VALUES[kind][2]:
            pictures = intervals(rows, *VALUES[kind])
            texts = _ranges(rows, *VALUES[kind][1:])
            found["interval"] = [f"{one} {text}" for one, text in zip(pictures, texts, strict=True)]
        elif name != CEILING[1]:
            found[name] = cells
    if kind == "comparisons" and any(layers := list(profiles(rows, table))):
        found["its layers"] = layers
    return found


def _ranges(rows: pd.DataFrame, low: str, high: str) -> list[str]:
    return [
        "" if np.isnan(last) else number(last) if np.isnan(first)
        else f"{number(first)} to {number(last)}"
        for first, last in rows[[low, high]].astype(float).itertuples(index=False, name=None)
    ]  # fmt: skip


def sentences(
    kind: str, table: pd.DataFrame, tables: Mapping[str, pd.DataFrame], coverage: float
) -> list[str]:
    """Return what comparisons say of each region, a sentence each; nothing of other results.

    Parameters
    ----------
    kind : str
    table : DataFrame
    tables : mapping of str to DataFrame
    coverage : float
    """
    if kind != "comparisons" or table.empty:
        return []
    first = table.iloc[0]
    rows = table[(table["distance"] == first["distance"]) & (table["measure"] == first["measure"])]
    rows = rows[np.isfinite(rows["estimate"].astype(float))]
    if _filled(rows, "time_start") and rows["time_start"].nunique() > 1:
        return []
    best = rows.sort_values("estimate", ascending=False, kind="stable").drop_duplicates("region")
    best = best.sort_index()
    said = [_of_region(row, tables, coverage) for _, row in best.head(MOST_REGIONS).iterrows()]
    if len(best) > MOST_REGIONS:
        said.append(f"{len(best) - MOST_REGIONS} more regions are in the table.")
    return said


def _of_region(row: pd.Series, tables: Mapping[str, pd.DataFrame], coverage: float) -> str:
    text = f"{row['region']}: most similar is {row['model']}"
    if row["layer"] not in ("", row["model"]):
        text += f" at {row['layer']}, chosen on the same stimuli"
    text += f", {row['measure']} {number(row['estimate'])}"
    inside = []
    if np.isfinite([row["interval_low"], row["interval_high"]]).all():
        inside.append(
            f"{percent(coverage)} interval {number(row['interval_low'])} to "
            f"{number(row['interval_high'])}"
        )
    inside.append(_ceiling(row))
    text += f" ({', '.join(inside)})"
    if row["p_corrected"] >= SIGNIFICANT:
        text += f"; not significantly above chance ({p_said(row['p_corrected'])})"
    sets = tables.get("layers_in_set", pd.DataFrame())
    if len(sets):
        own = sets[
            np.logical_and.reduce(
                [sets[key] == row[key] for key in ("region", "model", "distance", "measure")]
            )
        ]
        if len(own) and own["n_in_set"].iloc[0] > 1:
            count = f"{own['n_in_set'].iloc[0]:.0f} of its {own['n_layers'].iloc[0]:.0f}"
            text += f"; {count} layers may be the best"
    return f"{text}."


def _ceiling(row: pd.Series) -> str:
    low, high = (float(row[name]) for name in CEILING)
    if np.isfinite([low, high]).all():
        return f"noise ceiling {number(low)} to {number(high)}"
    return f"noise ceiling {number(high)}" if np.isfinite(high) else "noise ceiling undefined"


def _cells(column: pd.Series) -> list[str]:
    """Return cells as they are shown: numbers to three digits, words escaped."""
    if column.dtype.kind != "f":
        return [html.escape(str(value)) for value in column.tolist()]
    said = p_value if str(column.name).startswith("p_") else partial(number, digits=3)
    return ["" if np.isnan(value) else html.escape(said(value)) for value in column.tolist()]


def _filled(table: pd.DataFrame, column: str) -> bool:
    return column in table and bool(table[column].notna().any())

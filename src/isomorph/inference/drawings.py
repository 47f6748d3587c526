"""Small drawings of numbers, in the colour of the text around them."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from isomorph.measures import Floats
from isomorph.numerals import number

CEILING = ("ceiling_lower", "ceiling_upper")
"""Columns of the bounds of a noise ceiling."""

KEYS = ("model", "region", "time_start", "time_stop", "distance", "measure")
"""What the layers of one model have in common."""

WIDTH, HEIGHT, MARGIN = 150, 16, 4
"""Of a drawing, in pixels."""


def intervals(rows: pd.DataFrame, value: str, low: str, high: str) -> Iterator[str]:
    """Yield a drawing for every row: value, interval and noise ceiling on a scale they share.

    Rows of one distance and measure share a scale, which has 0 on it.

    Parameters
    ----------
    rows : DataFrame
    value, low, high : str
        Columns.
    """
    bounds = [name for name in CEILING if name in rows]
    numbers = rows[list(dict.fromkeys([value, low, high, *bounds]))].astype(float)
    about = rows[[name for name in ("distance", "measure") if name in rows]]
    keys = [str(key) for key in about.itertuples(index=False, name=None)]
    for key, (_, row) in zip(keys, numbers.iterrows(), strict=True):
        alike = numbers.to_numpy()[np.array(keys) == key]
        scale = float(np.nanmin(alike, initial=0.0)), float(np.nanmax(alike, initial=0.0))
        yield _interval(row, scale, value, low, high)


def _interval(row: pd.Series, scale: tuple[float, float], value: str, low: str, high: str) -> str:
    if not np.isfinite(row[value]):
        return ""
    least, most = scale
    width = (most - least) or 1.0

    def at(number: float) -> str:
        return f"{MARGIN + (number - least) / width * (WIDTH - 2 * MARGIN):.1f}"

    said, parts, middle = number(row[value]), [], HEIGHT / 2
    if {*CEILING} <= set(row.index) and np.isfinite(row["ceiling_upper"]):
        upper = row["ceiling_upper"]
        lower = row["ceiling_lower"] if np.isfinite(row["ceiling_lower"]) else upper
        parts.append(
            f'<rect x="{at(lower)}" y="0" height="{HEIGHT}" fill="currentColor" '
            f'fill-opacity=".15" width="{max(1.0, float(at(upper)) - float(at(lower))):.1f}"/>'
        )
        said += f", noise ceiling {number(lower)} to {number(upper)}"
    parts.append(_line(at(0.0), "1", at(0.0), f"{HEIGHT - 1}", ".4"))
    if np.isfinite([row[low], row[high]]).all():
        parts.append(_line(at(row[low]), f"{middle}", at(row[high]), f"{middle}", "1"))
        said += f", interval {number(row[low])} to {number(row[high])}"
    parts.append(f'<circle cx="{at(row[value])}" cy="{middle}" r="3" fill="currentColor"/>')
    return _drawing(parts, said)


def profiles(rows: pd.DataFrame, table: pd.DataFrame) -> Iterator[str]:
    """Yield how the layers of each row's model compare, drawn along depth; empty for one layer."""
    keys = [name for name in KEYS if name in table]
    names = [str(key) for key in table[keys].itertuples(index=False, name=None)]
    groups = dict(list(table.groupby(np.array(names), sort=False)))
    name_of = dict(zip(table.index, names, strict=True))
    for place, row in rows.iterrows():
        own = groups[name_of[place]].sort_values("depth", kind="stable")
        values = own["estimate"].astype(float).to_numpy()
        known = np.flatnonzero(np.isfinite(values))
        yield _profile(values, known, str(row["layer"])) if len(known) > 1 else ""


def _profile(values: Floats, known: NDArray[np.intp], best: str) -> str:
    least, most = min(0.0, values[known].min()), max(0.0, values[known].max())
    width = (most - least) or 1.0
    across = MARGIN + np.arange(len(values)) / (len(values) - 1) * (WIDTH - 2 * MARGIN)
    down = HEIGHT - 3 - (values - least) / width * (HEIGHT - 6)
    points = " ".join(f"{across[one]:.1f},{down[one]:.1f}" for one in known)
    top = known[int(np.argmax(values[known]))]
    parts = [
        f'<polyline points="{points}" fill="none" stroke="currentColor"/>',
        f'<circle cx="{across[top]:.1f}" cy="{down[top]:.1f}" r="3" fill="currentColor"/>',
    ]
    return _drawing(parts, f"{len(values)} layers, the highest is {best}")


def _line(x: str, y: str, to_x: str, to_y: str, opacity: str) -> str:
    return (
        f'<line x1="{x}" y1="{y}" x2="{to_x}" y2="{to_y}" stroke="currentColor" '
        f'stroke-opacity="{opacity}"/>'
    )


def _drawing(parts: Sequence[str], said: str) -> str:
    text = html.escape(said, quote=True)
    return (
        f'<svg role="img" aria-label="{text}" width="{WIDTH}" height="{HEIGHT}">'
        f"<title>{text}</title>{''.join(parts)}</svg>"
    )

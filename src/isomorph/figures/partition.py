"""Shares of the explained variance: what each model explains alone, and what they share."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from isomorph.figures import main_rows
from isomorph.figures.style import CEILING, FAINT, INK, painted, region_panels, styled
from isomorph.figures.titles import part_title

MOST_SHARED = 5
"""Shared parts drawn one by one, the largest somewhere; the others are one bar together."""

ALL = "all together"
OTHERS = "other shared parts"


def draw_partition(rows: pd.DataFrame, families: Sequence[main_rows.Family]) -> Figure:
    """Draw the parts of one set of models as bars with intervals, a panel per region.

    Parameters
    ----------
    rows : DataFrame
        A partition table under one measure and of one set of models, a row per region and part.
    families : sequence of Family
    """
    paint, titles = painted(families)
    known = rows[rows["status"] == "ok"]
    regions = main_rows.regions(known)
    parts = _parts(known)
    title = {**titles, "all": ALL}
    lines = [part_title(part, lambda name: title.get(name, name)) for part, _ in parts]
    with styled():
        label = "share of the RDM's variance"
        figure, axes = region_panels(regions, lines, [label] * len(regions))
        for ax, region in zip(axes, regions, strict=True):
            own = main_rows.rows_of(known, region).set_index("part")
            for y, (part, kind) in enumerate(parts):
                colour = {"unique": paint.get(part, INK), "total": INK}.get(kind, FAINT)
                if part == OTHERS:
                    told = {name for name, _ in parts}
                    rest = own[(own["kind"] == "shared") & ~own.index.isin(told)]
                    ax.barh(y, rest["variance"].sum(), height=0.56, color=CEILING,
                            edgecolor=FAINT, linewidth=0.6, zorder=2)  # fmt: skip
                    continue
                row = own.loc[part]
                ax.barh(y, row["variance"], height=0.56, color=colour, zorder=2,
                        alpha=0.9 if kind != "shared" else 0.6, linewidth=0)  # fmt: skip
                ax.plot([row["interval_low"], row["interval_high"]], [y, y], color=INK,
                        linewidth=1, zorder=3)  # fmt: skip
    return figure


def _parts(rows: pd.DataFrame) -> list[tuple[str, str]]:
    """Return the parts drawn and their kinds: unique, the largest shared, the others, all."""
    unique = list(dict.fromkeys(rows[rows["kind"] == "unique"]["part"]))
    shared = rows[rows["kind"] == "shared"]
    largest = shared["variance"].abs().groupby(shared["part"], sort=False).max()
    order = np.argsort(-largest.to_numpy(), kind="stable")[:MOST_SHARED]
    kept = [str(largest.index[place]) for place in order]
    parts = [*((part, "unique") for part in unique), *((part, "shared") for part in kept)]
    if len(largest) > len(kept):
        parts.append((OTHERS, "shared"))
    return [*parts, ("all", "total")]

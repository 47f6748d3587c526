"""Power: how often a layer is found again, with fewer stimuli or subjects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from isomorph.figures.selection import Family
from isomorph.figures.style import FAINT, colours, styled

EFFECTS = {
    "recovery_exact": "planted layer found",
    "power_runner_up": "above all other models",
}
"""What the rows of panels show, top to bottom."""
ERRORS = {"recovery_exact": "error_recovery", "power_runner_up": "error_power_runner_up"}
"""Columns of their errors."""
MARKS = ("o", "s", "^", "D", "v", "P")


def draw_power(rows: pd.DataFrame, families: Sequence[Family]) -> Figure:
    """Draw rates against the numbers of stimuli and of subjects, a line per planted layer.

    Parameters
    ----------
    rows : DataFrame
        Power of one region under one distance and measure.
    families : sequence of Family
    """
    most = rows[["n_stimuli", "n_subjects"]].astype(int).max()
    axes_told = [("n_stimuli", "n_subjects", "stimuli")]
    if most["n_subjects"] > 1:
        axes_told.append(("n_subjects", "n_stimuli", "subjects"))
    effects = [effect for effect in EFFECTS if rows[effect].notna().any()]
    paint = colours(families)
    lines = _lines(rows, families, paint)
    with styled():
        figure = Figure(
            figsize=(1.2 + 2.9 * len(axes_told), 0.9 + 1.9 * len(effects) + 0.19 * len(lines)),
            layout="constrained",
        )
        panels = figure.subplots(len(effects), len(axes_told), sharey=True, squeeze=False)
        for column, (varied, fixed, noun) in enumerate(axes_told):
            for row, effect in enumerate(effects):
                ax = panels[row, column]
                for (_, part), (_, colour, mark) in zip(_planted(rows), lines, strict=True):
                    shown = part[part[fixed] == most[fixed]].sort_values(varied)
                    _line(ax, shown[varied], shown[effect], shown[ERRORS[effect]],
                          colour, mark)  # fmt: skip
                ax.set_ylim(-0.05, 1.05)
                ax.set_xticks(sorted(set(rows.loc[rows[fixed] == most[fixed], varied])))
                if column == 0:
                    ax.set_ylabel(f"share of simulations:\n{EFFECTS[effect]}", fontsize=8)
            panels[-1, column].set_xlabel(noun)
        handles = [
            panels[0, 0].plot([], [], color=colour, marker=mark, markersize=5, linewidth=1.4,
                              label=label)[0]
            for label, colour, mark in lines
        ]  # fmt: skip
        figure.legend(handles=handles, loc="outside upper left", frameon=False, fontsize=8)
    return figure


def _planted(rows: pd.DataFrame) -> list[tuple[tuple[str, str], pd.DataFrame]]:
    groups = rows.groupby(["planted_model", "planted_layer"], sort=False)
    return [((str(name[0]), str(name[1])), part) for name, part in groups]


def _lines(
    rows: pd.DataFrame, families: Sequence[Family], paint: dict[str, str]
) -> list[tuple[str, str, str]]:
    """Return label, colour and mark of each planted layer; marks separate layers of one colour."""
    used: dict[str, int] = {}
    found = []
    for (model, layer), _ in _planted(rows):
        family = next((one for one in families if model in one.instances), None)
        colour = paint[family.name] if family else FAINT
        number = used.get(colour, 0)
        used[colour] = number + 1
        title = family.title if family else model
        found.append((f"{title}: {layer}", colour, MARKS[number % len(MARKS)]))
    return found


def _line(ax: Any, x: pd.Series, y: pd.Series, error: pd.Series, colour: str, mark: str) -> None:
    known = np.isfinite(y.to_numpy(dtype=float))
    if not known.any():
        return
    x, y = x[known], y[known].astype(float)
    # The error is that of a rate of one half; of the rate itself it is smaller.
    spread = 2 * error[known].astype(float) * np.sqrt(y * (1 - y))
    ax.errorbar(
        x, y, yerr=np.stack([np.minimum(spread, y), np.minimum(spread, 1 - y)]), color=colour,
        marker=mark, markersize=5, linewidth=1.4, elinewidth=0.8, alpha=0.9, clip_on=False,
    )  # fmt: skip

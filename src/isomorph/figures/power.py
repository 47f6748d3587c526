"""Power: how often a layer is found again, with fewer stimuli or subjects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from isomorph.figures.main_rows import Family
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
    varied = ["n_stimuli", *(["n_subjects"] if most["n_subjects"] > 1 else [])]
    effects = [effect for effect in EFFECTS if rows[effect].notna().any()]
    layers = rows.groupby(["planted_model", "planted_layer"], sort=False)
    looks = _looks([part.iloc[0] for _, part in layers], families)
    with styled():
        size = (1.2 + 2.9 * len(varied), 0.9 + 1.9 * len(effects) + 0.19 * len(looks))
        figure = Figure(figsize=size, layout="constrained")
        panels = figure.subplots(len(effects), len(varied), sharey=True, squeeze=False)
        for (row, column), ax in np.ndenumerate(panels):
            effect, along = effects[row], varied[column]
            fixed = "n_subjects" if along == "n_stimuli" else "n_stimuli"
            for (_, part), (_, colour, mark) in zip(layers, looks, strict=True):
                shown = part[part[fixed] == most[fixed]].sort_values(along)
                _line(ax, shown[along], shown[effect], shown[ERRORS[effect]], colour, mark)
            ax.set_ylim(-0.05, 1.05)
            ax.set_xticks(sorted(set(rows.loc[rows[fixed] == most[fixed], along])))
            if column == 0:
                ax.set_ylabel(f"share of simulations:\n{EFFECTS[effect]}", fontsize=8)
            if row == len(effects) - 1:
                ax.set_xlabel(along.removeprefix("n_"))
        handles = [
            Line2D([], [], color=colour, marker=mark, markersize=5, linewidth=1.4, label=label)
            for label, colour, mark in looks
        ]
        figure.legend(handles=handles, loc="outside upper left", frameon=False, fontsize=8)
    return figure


def _looks(rows: Sequence[pd.Series], families: Sequence[Family]) -> list[tuple[str, str, str]]:
    """Return label, colour and mark of each planted layer; marks separate layers of one colour."""
    paint, used = colours(families), Counter[str]()
    found = []
    for model, layer in ((row["planted_model"], row["planted_layer"]) for row in rows):
        family = next((one for one in families if model in one.instances), None)
        title, colour = (family.title, paint[family.name]) if family else (model, FAINT)
        found.append((f"{title}: {layer}", colour, MARKS[used[colour] % len(MARKS)]))
        used[colour] += 1
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

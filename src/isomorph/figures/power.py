"""Power: how often a layer is found again, with fewer stimuli or subjects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from isomorph.figures.main_rows import Family
from isomorph.figures.style import FAINT, FORMS, Look, axis_label, looks, styled

EFFECTS = {
    "recovery_exact": "share of simulations: planted layer found",
    "power_runner_up": "share of simulations: told apart from the best other model",
}
"""What the rows of panels show, top to bottom."""
ERRORS = {"recovery_exact": "error_recovery", "power_runner_up": "error_power_runner_up"}
"""Columns of their errors."""


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
    shown = _planted([part.iloc[0] for _, part in layers], families)
    with styled():
        size = (1.2 + 2.9 * len(varied), 0.9 + 1.9 * len(effects) + 0.19 * len(shown))
        figure = Figure(figsize=size, layout="constrained")
        panels = figure.subplots(len(effects), len(varied), sharey=True, squeeze=False)
        for (row, column), ax in np.ndenumerate(panels):
            effect, along = effects[row], varied[column]
            fixed = "n_subjects" if along == "n_stimuli" else "n_stimuli"
            for (_, part), (_, look) in zip(layers, shown, strict=True):
                own = part[part[fixed] == most[fixed]].sort_values(along)
                _line(ax, own[along], own[effect], own[ERRORS[effect]], look)
            ax.set_ylim(-0.05, 1.05)
            ax.set_xticks(sorted(set(rows.loc[rows[fixed] == most[fixed], along])))
            if column == 0:
                ax.set_ylabel(axis_label(EFFECTS[effect], 24), fontsize=8)
            if row == len(effects) - 1:
                ax.set_xlabel(f"number of {along.removeprefix('n_')}")
        handles = [
            Line2D(
                [],
                [],
                color=look.colour,
                marker=look.form,
                markersize=5,
                linewidth=1.4,
                linestyle=look.line,
                markerfacecolor=look.face,
                label=label,
            )
            for label, look in shown
        ]
        figure.legend(handles=handles, loc="outside upper left", frameon=False, fontsize=8)
    return figure


def _planted(rows: Sequence[pd.Series], families: Sequence[Family]) -> list[tuple[str, Look]]:
    """Return label and look of each planted layer; two layers of one model differ in their form."""
    known = looks(families)
    found: list[tuple[str, Look]] = []
    for at, (model, layer) in enumerate((r["planted_model"], r["planted_layer"]) for r in rows):
        family = next((one for one in families if model in one.instances), None)
        forms = FORMS["trained"]
        look = known[family.name] if family else Look(FAINT, forms[at % len(forms)])
        if look in [other for _, other in found]:
            look = replace(look, form=forms[at % len(forms)])
        title = family.title if family else model
        found.append((title if title.lower() == layer.lower() else f"{title}: {layer}", look))
    return found


def _line(ax: Any, x: pd.Series, y: pd.Series, error: pd.Series, look: Look) -> None:
    known = np.isfinite(y.to_numpy(dtype=float))
    if not known.any():
        return
    x, y = x[known], y[known].astype(float)
    # The error is that of a rate of one half; of the rate itself it is smaller.
    spread = 2 * error[known].astype(float) * np.sqrt(y * (1 - y))
    ax.errorbar(
        x, y, yerr=np.stack([np.minimum(spread, y), np.minimum(spread, 1 - y)]), color=look.colour,
        marker=look.form, markerfacecolor=look.face, markersize=5, linewidth=1.4,
        linestyle=look.line, elinewidth=0.8, alpha=0.9, clip_on=False,
    )  # fmt: skip

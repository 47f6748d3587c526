"""Artefacts as pictures: plain ones, to look at what a stage wrote; figures are another room."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from isomorph.artefacts import read_array, read_responses
from isomorph.cli.show.descriptions import every_rdm, known_table
from isomorph.errors import IsomorphError
from isomorph.figures import main_rows
from isomorph.figures.geometry import square
from isomorph.figures.matrices import MOST, draw_matrices
from isomorph.figures.saving import save
from isomorph.figures.style import COLOUR_MAP, INK, styled
from isomorph.rdms import indexed

__all__ = ["DRAWINGS", "save"]

MOST_PANELS, ACROSS = 12, 3
"""Panels of comparisons in one picture, and in one row of it."""


def _rdms(file: Path) -> Figure:
    found = every_rdm(indexed(read_array(file, "rdms")))
    titles = [f"{name}\n{distance}" for name, distance, *_ in found]
    return draw_matrices(
        square(np.stack([rdm for *_, rdm in found[:MOST]])), titles, "dissimilarity"
    )


def _activations(file: Path) -> Figure:
    data = read_array(file, "activations")
    gram = data["gram"].values[:MOST]
    # the Gram matrix of a layer as correlations, so that layers can be seen side by side
    scale = np.sqrt(np.clip(np.diagonal(gram, axis1=1, axis2=2), np.finfo(float).tiny, None))
    return draw_matrices(
        gram / (scale[:, :, None] * scale[:, None, :]),
        [str(layer) for layer in data["layer"].values],
        "cosine of centred features",
    )


def _responses(file: Path) -> Figure:
    sessions = read_responses(file)
    with styled():
        figure = Figure(figsize=(8, 1 + 3 * len(sessions)), layout="constrained")
        axes = figure.subplots(len(sessions), squeeze=False)[:, 0]
        for ax, (name, data) in zip(axes, sessions.items(), strict=True):
            every = data["response"].groupby("stimulus").mean()
            over_time = every.mean("time") if "time" in every.dims else every
            means = over_time.transpose("unit", "stimulus").values
            order = np.argsort(data["region"].values.astype(str), kind="stable")
            # each unit over its own mean and spread, or the liveliest would hide the others
            spread = np.where(np.ptp(means, axis=1) > 0, means.std(axis=1), 1.0)
            shown = (means - means.mean(axis=1, keepdims=True)) / spread[:, None]
            image = ax.imshow(
                shown[order], aspect="auto", interpolation="nearest", cmap=COLOUR_MAP,
                vmin=-3, vmax=3,
            )  # fmt: skip
            regions, starts = np.unique(data["region"].values.astype(str)[order], return_index=True)
            ax.set_yticks(starts, regions)
            ax.set_xlabel("stimulus")
            ax.set_title(f"session {name}")
            figure.colorbar(image, ax=ax, label="mean response, z-scored per unit")
    return figure


def _reliability(file: Path) -> Figure:
    table = known_table(file)
    units = table[(table["unit"] != "") & table["spearman_brown"].notna()]
    if units.empty:
        raise IsomorphError(f"{file}: no unit has a reliability: {table['status'].iloc[0]}")
    with styled():
        figure = Figure(figsize=(6, 3.5), layout="constrained")
        ax = figure.subplots()
        for region, rows in units.groupby(main_rows.places(units), sort=False):
            ordered = np.sort(rows["spearman_brown"].to_numpy())
            share = np.arange(1, len(ordered) + 1) / len(ordered)
            ax.step(ordered, share, where="post", label=f"{region} ({len(ordered)})")
        ax.set_xlabel("reliability (split-half, Spearman-Brown)")
        ax.set_ylabel("share of units at most as reliable")
        ax.legend(frameon=False)
    return figure


def _comparisons(file: Path) -> Figure:
    table = known_table(file).dropna(subset=["estimate"])
    if table.empty:
        raise IsomorphError(f"{file}: no comparison has an estimate, so there is nothing to draw")
    # every region under the first distance and measure, then under the next
    groups = {
        (distance, measure, region): panel
        for (distance, measure), rows in table.groupby(["distance", "measure"], sort=False)
        for region, panel in rows.groupby(main_rows.places(rows), sort=False)
    }
    panels = list(groups.items())[:MOST_PANELS]
    columns = min(ACROSS, len(panels))
    rows = -(-len(panels) // columns)
    colours = {name: f"C{i % 10}" for i, name in enumerate(dict.fromkeys(table["model"]))}
    with styled():
        figure = Figure(figsize=(4.8 * columns, 3.6 * rows + 0.6), layout="constrained")
        axes = figure.subplots(rows, columns, squeeze=False).ravel()
        for ax, ((distance, measure, region), panel) in zip(axes, panels, strict=False):
            _profiles(ax, panel, colours)
            ax.set_title(f"{region} · {distance} · {measure}".replace("_", " "), fontsize=9)
        for ax in axes[len(panels) :]:
            ax.set_axis_off()
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False)
        left = f" ({len(panels)} of {len(groups)})" if len(groups) > len(panels) else ""
        figure.suptitle(f"estimate and interval{left}", fontsize=9)
    return figure


def _profiles(ax: Any, panel: pd.DataFrame, colours: Mapping[str, str]) -> None:
    """Draw the layers of each model along depth; models of one layer stand apart, at the right."""
    counts = panel["model"].value_counts()
    alone = panel["model"].map(counts) == 1
    for model, layers in panel[~alone].groupby("model", sort=False):
        ordered = layers.sort_values("depth")
        x, colour = ordered["depth"], colours[str(model)]
        ax.fill_between(
            x, ordered["interval_low"], ordered["interval_high"], color=colour, alpha=0.15,
            linewidth=0,
        )  # fmt: skip
        # a band alone would hide the interval of a layer whose neighbours have none
        ax.vlines(
            x, ordered["interval_low"], ordered["interval_high"], color=colour, alpha=0.3,
            linewidth=1,
        )  # fmt: skip
        ax.plot(x, ordered["estimate"], color=colour, label=model, marker="o", markersize=3)
    deepest = int(panel.loc[~alone, "depth"].max()) if (~alone).any() else -2
    places = list(range(deepest + 2, deepest + 2 + int(alone.sum())))
    for place, row in zip(places, panel[alone].to_dict("records"), strict=True):
        colour = colours[row["model"]]
        ax.plot([place, place], [row["interval_low"], row["interval_high"]], color=colour)
        ax.plot([place], row["estimate"], color=colour, marker="o", ls="", label=row["model"])
    step = max(1, -(-(deepest + 1) // 10))
    depths = list(range(0, deepest + 1, step))
    ax.set_xticks([*depths, *places], [*map(str, depths), *panel.loc[alone, "model"]])
    for tick in ax.get_xticklabels()[len(depths) :]:
        tick.set(rotation=30, ha="right", rotation_mode="anchor", fontsize=7)
    ax.axhline(0, color=INK, linewidth=0.5)
    if depths:
        ax.set_xlabel("depth (layer)")


def _representations(file: Path) -> Figure:
    data = read_array(file, "representations")
    return draw_matrices(
        data["similarity"].values[:MOST_PANELS],
        data["measure"].values.astype(str).tolist(),
        "similarity of every region and layer with every other",
    )


DRAWINGS: dict[str, Callable[[Path], Figure]] = {
    "rdms": _rdms,
    "activations": _activations,
    "representations": _representations,
    "responses": _responses,
    "reliability": _reliability,
    "comparisons": _comparisons,
}
"""What draws an artefact, by its kind."""

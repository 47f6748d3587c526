"""Artefacts as pictures: plain ones, to look at what a stage wrote; figures are another room."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from isomorph.artefacts import read_array, read_responses, read_table
from isomorph.errors import IsomorphError
from isomorph.figures.geometry import square
from isomorph.figures.style import COLOUR_MAP, INK, save, styled

__all__ = ["DRAWINGS", "save"]

MOST = 24
"""Matrices in one picture."""


def _rdms(file: Path) -> Figure:
    data = read_array(file, "rdms")
    titles = [
        f"{name}\n{distance}"
        for name, distance in zip(
            data["representation"].values, data["distance"].values, strict=True
        )
    ]
    return _matrices(square(data["rdm"].values[:MOST]), titles, "dissimilarity")


def _activations(file: Path) -> Figure:
    data = read_array(file, "activations")
    gram = data["gram"].values[:MOST]
    # the Gram matrix of a layer as correlations, so that layers can be seen side by side
    scale = np.sqrt(np.clip(np.diagonal(gram, axis1=1, axis2=2), np.finfo(float).tiny, None))
    return _matrices(
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
            means = data["response"].groupby("stimulus").mean().transpose("unit", "stimulus").values
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
    table = read_table(file, "reliability")
    units = table[(table["unit"] != "") & table["spearman_brown"].notna()]
    if units.empty:
        raise IsomorphError(f"{file}: no unit has a reliability: {table['status'].iloc[0]}")
    with styled():
        figure = Figure(figsize=(6, 3.5), layout="constrained")
        ax = figure.subplots()
        for region, rows in units.groupby("region"):
            ordered = np.sort(rows["spearman_brown"].to_numpy())
            share = np.arange(1, len(ordered) + 1) / len(ordered)
            ax.step(ordered, share, where="post", label=f"{region} ({len(ordered)})")
        ax.set_xlabel("reliability (split-half, Spearman-Brown)")
        ax.set_ylabel("share of units at most as reliable")
        ax.legend(frameon=False)
    return figure


def _comparisons(file: Path) -> Figure:
    table = read_table(file, "comparisons").dropna(subset=["estimate"])
    if table.empty:
        raise IsomorphError(f"{file}: no comparison has an estimate, so there is nothing to draw")
    panels = list(table.groupby(["region", "distance", "measure"], sort=False))[:MOST]
    rows, columns = _grid(len(panels))
    with styled():
        figure = Figure(figsize=(3.6 * columns, 2.6 * rows), layout="constrained")
        axes = figure.subplots(rows, columns, squeeze=False).ravel()
        for ax, (key, panel) in zip(axes, panels, strict=False):
            for model, layers in panel.groupby("model", sort=False):
                ordered = layers.sort_values("depth")
                marker = "o" if len(ordered) == 1 else None
                ax.plot(ordered["depth"], ordered["estimate"], label=model, marker=marker)
            ax.axhline(0, color=INK, linewidth=0.5)
            ax.set_title(" · ".join(str(part) for part in key).replace("_", " "), fontsize=8)
            ax.set_xlabel("depth (layer)")
        for ax in axes[len(panels) :]:
            ax.set_axis_off()
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False)
    return figure


DRAWINGS: dict[str, Callable[[Path], Figure]] = {
    "rdms": _rdms,
    "activations": _activations,
    "responses": _responses,
    "reliability": _reliability,
    "comparisons": _comparisons,
}
"""What draws an artefact, by its kind."""


def _matrices(stack: np.ndarray, titles: Sequence[str], label: str) -> Figure:
    """Draw matrices `(matrix, stimulus, stimulus)` in a grid, each over its pairs' own range."""
    rows, columns = _grid(len(stack))
    with styled():
        figure = Figure(figsize=(2.4 * columns, 2.7 * rows), layout="constrained")
        axes = figure.subplots(rows, columns, squeeze=False).ravel()
        for ax, matrix, title in zip(axes, stack, titles, strict=False):
            low, high = np.percentile(matrix[np.triu_indices(len(matrix), 1)], [1, 99])
            image = ax.imshow(matrix, interpolation="nearest", cmap=COLOUR_MAP, vmin=low, vmax=high)
            ax.set_title(title, fontsize=7)
            ax.set_xticks([])
            ax.set_yticks([])
            figure.colorbar(image, ax=ax, shrink=0.6).ax.tick_params(labelsize=6)
        for ax in axes[len(stack) :]:
            ax.set_axis_off()
        left = f" ({len(stack)} of {len(titles)})" if len(titles) > len(stack) else ""
        figure.suptitle(label + left, fontsize=9)
    return figure


def _grid(count: int) -> tuple[int, int]:
    columns = max(1, int(np.ceil(np.sqrt(count))))
    return max(1, -(-count // columns)), columns

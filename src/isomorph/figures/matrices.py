"""Many square matrices in one picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from isomorph.figures.style import COLOUR_MAP, SMALL, styled

MOST = 24
"""Matrices in one picture."""


def draw_matrices(stack: np.ndarray, titles: Sequence[str], label: str) -> Figure:
    """Draw matrices in a grid, each over its pairs' own range.

    Parameters
    ----------
    stack : array of shape (matrix, stimulus, stimulus)
    titles : sequence of str
        Of more matrices than are drawn, if need be.
    label : str
        What the colours measure.
    """
    rows, columns = _grid(len(stack))
    with styled():
        figure = Figure(figsize=(2.4 * columns, 2.7 * rows), layout="constrained")
        axes = figure.subplots(rows, columns, squeeze=False).ravel()
        for ax, matrix, title in zip(axes, stack, titles, strict=False):
            low, high = np.percentile(matrix[np.triu_indices(len(matrix), 1)], [1, 99])
            image = ax.imshow(matrix, interpolation="nearest", cmap=COLOUR_MAP, vmin=low, vmax=high)
            ax.set_title(title, fontsize=SMALL)
            ax.set_xticks([])
            ax.set_yticks([])
            figure.colorbar(image, ax=ax, shrink=0.6).ax.tick_params(labelsize=SMALL)
        for ax in axes[len(stack) :]:
            ax.set_axis_off()
        left = f" ({len(stack)} of {len(titles)})" if len(titles) > len(stack) else ""
        figure.suptitle(label + left, fontsize=9)
    return figure


def _grid(count: int) -> tuple[int, int]:
    columns = max(1, int(np.ceil(np.sqrt(count))))
    return max(1, -(-count // columns)), columns

"""Splits: which presentations of each stimulus make which half, and the means of the halves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray


@dataclass(frozen=True)
class Splits:
    """Two halves of the presentations of stimuli that were shown equally often.

    Attributes
    ----------
    rows : array of shape (stimulus, presentation)
        Presentations of each stimulus.
    signs : array of shape (stimulus, split, presentation)
        1 in the one half, -1 in the other, 0 for what is left out of an odd number.
    """

    rows: Array
    signs: Array


def draw_splits(stimulus: Array, splits: int, rng: np.random.Generator) -> list[Splits]:
    """Divide the presentations of every stimulus shown twice or more into random halves.

    Parameters
    ----------
    stimulus : array of str of shape (presentation,)
        Stimulus of each presentation.
    splits : int
        How many divisions.
    rng : Generator
        Draws them.

    Returns
    -------
    list of Splits
        By number of presentations.
    """
    code = np.unique(stimulus, return_inverse=True)[1]
    return [
        Splits(rows, rng.permuted(_halved(rows.shape[1], len(rows), splits), axis=2))
        for rows in _presentations(code)
    ]


def draw_run_splits(
    stimulus: Array, run: Array, splits: int, rng: np.random.Generator
) -> list[Splits]:
    """Divide whole runs into random halves, of an odd number without one.

    Parameters
    ----------
    stimulus, run : arrays of str of shape (presentation,)
        Stimulus and run of each presentation. Only stimuli of two runs or more count.
    splits : int
        How many divisions.
    rng : Generator
        Draws them.

    Returns
    -------
    list of Splits
        By number of presentations. A stimulus may be missing from a half of a split.
    """
    _, code = np.unique(stimulus, return_inverse=True)
    runs, place = np.unique(run, return_inverse=True)
    groups = [rows[np.ptp(place[rows], axis=1) > 0] for rows in _presentations(code)]
    if not any(len(rows) for rows in groups):
        return []
    signs = rng.permuted(_halved(len(runs), 1, splits), axis=2)[0]  # (split, run)
    return [Splits(rows, np.moveaxis(signs[:, place[rows]], 0, 1)) for rows in groups if len(rows)]


def _halved(count: int, n: int, splits: int) -> Array:
    """Return the signs of as many presentations, not yet drawn: (n, split, presentation)."""
    half = count // 2
    pattern = np.zeros(count)
    pattern[:half], pattern[half : 2 * half] = 1, -1
    return np.broadcast_to(pattern, (n, splits, count))


def _presentations(code: Array) -> list[Array]:
    """Return rows (stimulus, presentation) of stimuli shown twice or more, equally often."""
    shown = np.bincount(code)
    order = np.argsort(code, kind="stable")
    starts = np.cumsum(shown) - shown
    return [
        order[starts[shown == count][:, None] + np.arange(count)]
        for count in np.unique(shown[shown >= 2]).tolist()
    ]


def half_means(response: Array, groups: Sequence[Splits]) -> tuple[Array, Array]:
    """Return the mean responses of the two halves, (split, stimulus, unit) each, NaN for none.

    With signs as a matrix, the difference of the halves' sums is one product per stimulus and
    their total another, over all splits and units at once.

    Parameters
    ----------
    response : array of shape (presentation, unit)
        Responses.
    groups : sequence of Splits
        The halves.
    """
    first: list[Array] = []
    second: list[Array] = []
    for group in groups:
        shown = response[group.rows].astype(np.float64)  # (stimulus, presentation, unit)
        whole = bool(group.signs.all())
        total = shown.sum(axis=1)[:, None] if whole else np.abs(group.signs) @ shown
        difference = group.signs @ shown
        for side, sign in ((first, 1), (second, -1)):
            twice = 2 * np.sum(group.signs == sign, axis=2)[..., None]
            mean = np.full(difference.shape, np.nan)
            side.append(np.divide(total + sign * difference, twice, out=mean, where=twice > 0))
    return (
        np.swapaxes(np.concatenate(first), 0, 1),
        np.swapaxes(np.concatenate(second), 0, 1),
    )

"""Stimuli too near to one that is held out to be fitted on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array

Floats = NDArray[np.floating]
ROUNDING = 1e-6
"""Share of a gap by which two stimuli may miss it."""


@dataclass(frozen=True)
class Near:
    """Which stimuli are near each other.

    Attributes
    ----------
    links : sparse array of shape (stimulus, stimulus) or None
        1 where two are; None where none are.
    same : array of shape (stimulus,) or None
        Stimuli with the same number are the same; None where all differ.
    """

    links: csr_array | None = None
    same: NDArray[np.intp] | None = None

    def beside(self, held: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return which stimuli are near one that is held out, those among them: `(stimulus,)`.

        Parameters
        ----------
        held : array of shape (stimulus,)
        """
        found = held.copy()
        if self.links is not None:
            found |= self.links @ held.astype(np.int32) > 0
        if self.same is not None:
            found |= np.isin(self.same, self.same[held])
        return found


def margins(course: NDArray[np.intp], values: Floats, gaps: Floats, periods: Floats) -> Floats:
    """Return where stimuli stand in gaps: `(stimulus, 1 + 2 x axis)`.

    The course, then for every axis the place and the period, 0 where there is none.

    Parameters
    ----------
    course : array of shape (stimulus,)
        Stimuli of two courses are never near.
    values : array of shape (stimulus, axis)
    gaps, periods : arrays of shape (axis,)
        In the units of the values; a gap of 0 is far below any other.
    """
    scale = np.where(gaps > 0, gaps, 1e-9)
    placed = np.stack([values / scale, np.broadcast_to(periods / scale, values.shape)], axis=2)
    return np.column_stack([course, placed.reshape(len(values), -1)])


def links_of(placed: Floats) -> csr_array:
    """Return which stimuli are within a gap of each other, on every axis.

    Parameters
    ----------
    placed : array of shape (stimulus, 1 + 2 x axis)
        See `margins`.
    """
    from scipy.spatial import cKDTree

    values, periods = placed[:, 1::2], placed[0, 2::2]
    # Where a gap reaches around, everything is near on that axis.
    values = np.where((periods > 0) & (periods <= 2 * (1 + ROUNDING)), 0.0, values)
    box = np.where(periods > 2 * (1 + ROUNDING), periods, 0.0)
    values = np.where(box > 0, np.mod(values, np.where(box > 0, box, 1.0)), values)
    values = np.where((box > 0) & (values >= box), 0.0, values)
    # Courses are numbered, and two gaps apart from one another.
    everywhere = np.column_stack([4 * placed[:, 0], values])
    tree = cKDTree(everywhere, boxsize=np.concatenate([[0.0], box]))
    pairs = tree.query_pairs(1 + ROUNDING, p=np.inf, output_type="ndarray")
    n = len(placed)
    row = np.concatenate([pairs[:, 0], pairs[:, 1], np.arange(n)])
    column = np.concatenate([pairs[:, 1], pairs[:, 0], np.arange(n)])
    return csr_array(coo_array((np.ones(len(row), dtype=np.int32), (row, column)), shape=(n, n)))

"""How alike the ranks of the nearest neighbours are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma

from isomorph.measures.nearest import (
    NEXT,
    NONE_GONE,
    OfNeighbours,
    influences,
    nearest,
    ranks,
    rows_of,
)
from isomorph.measures.pairs import Floats
from isomorph.measures.stack import Stack


class RankSimilarityForm(OfNeighbours):
    """How alike the ranks of the neighbours in common are, the nearest counting most."""

    def compare(self, first: Stack, second: Stack) -> Floats:
        """Compare representations: `(a, b)`, NaN where there is no value."""
        total = np.zeros((len(first), len(second)))
        x, y = nearest(first, self.k), nearest(second, self.k)
        for rows in rows_of(first.n_stimuli, len(second)):
            own, others = x.weights(rows), (y.weights(rows), ranks(second)[:, rows])
            for at in range(len(first)):
                w, r = own[at], ranks(first)[at, rows]
                seen, (v, s) = _where(w != 0, others)
                w, r = (np.take_along_axis(one, seen, axis=1) for one in (w, r))
                total[at] += _of_ranks(w * v, r, s).sum(axis=1)
        return total / first.n_stimuli

    def influence(self, first: Stack, second: Stack) -> Floats:
        """Return what each stimulus adds: `(a, b, stimulus)`, all deletions in one pass.

        A stimulus that is farther than the k-th neighbour in both changes nothing but its row.
        """
        n = first.n_stimuli
        without = np.zeros((len(first), len(second), n))
        x, y = nearest(first, self.k), nearest(second, self.k)
        wide = [int((side.level <= NEXT).sum(axis=2).max(initial=1)) for side in (x, y)]
        for rows in rows_of(n, len(second) * max(1, wide[0] * min(n, sum(wide)) // n)):
            local, every = np.arange(rows.stop - rows.start), np.arange(rows.start, rows.stop)
            places = [side.gone(rows) for side in (x, y)]
            others = y.level[:, rows], ranks(second)[:, rows]
            for at in range(len(first)):
                level, rank = x.level[at, rows], ranks(first)[at, rows]
                seen, (other_level, other_rank) = _where(level <= NEXT, others)
                own_level = np.take_along_axis(level, seen, axis=1)
                own_rank = np.take_along_axis(rank, seen, axis=1)
                w = _shares(x.share[at, rows, NONE_GONE], own_level)
                v = _shares(y.share[:, rows, NONE_GONE], other_level)
                plain = _of_ranks(w * v, own_rank, other_rank)
                without[at] += plain.sum(axis=1)[:, None]
                without[at][:, every] -= plain
                near = np.minimum(places[0][at], places[1]) < NONE_GONE
                near[:, local, every] = False
                b, i, m = np.nonzero(near)
                w = _shares(x.share[at, rows][i, places[0][at, i, m]], own_level[i])
                v = _shares(y.share[:, rows][b, i, places[1][b, i, m]], other_level[b, i])
                w = w * v * (seen[i] != m[:, None])
                r = _closed_up(own_rank[i], rank[i, m])
                s = _closed_up(other_rank[b, i], others[1][b, i, m])
                change = _of_ranks(w, r, s) - plain[b, i]
                moved = np.bincount(b * n + m, change, len(second) * n)
                without[at] += moved.reshape(len(second), n)
        return influences(without / (n - 1))


def _where(
    kept: NDArray[np.bool_], others: Sequence[NDArray[Any]]
) -> tuple[NDArray[np.intp], list[NDArray[Any]]]:
    """Return columns that hold all that is kept of each row, and the others' values there.

    Parameters
    ----------
    kept : array of shape (row, other)
    others : arrays of shape (b, row, other)
    """
    most = int(kept.sum(axis=1).max(initial=1))
    columns = np.argsort(~kept, axis=1, kind="stable")[:, :most]
    return columns, [np.take_along_axis(one, columns[None], axis=2) for one in others]


def _shares(share: Floats, level: NDArray[Any]) -> Floats:
    """Return the weight of each, given that of each level."""
    found: Floats = np.take_along_axis(share, level.astype(np.intp), axis=-1)
    return found


def _closed_up(rank: Floats, gone: Floats) -> Floats:
    """Return ranks `(case, other)` once one of rank `gone` `(case,)` is no more."""
    above = gone[:, None]
    return rank - (rank > above) - 0.5 * (rank == above)


def _of_ranks(shared: Floats, first: Floats, second: Floats) -> Floats:
    """Return the rank similarity of stimuli, whose neighbours are along the last axis."""
    alike = 2.0 / np.asarray((1 + np.abs(first - second)) * (first + second), dtype=float)
    many = shared.sum(axis=-1)
    score = (shared * alike).sum(axis=-1)
    harmonic = digamma(many + 1) + np.euler_gamma
    # With nothing in common both are 0.
    value: Floats = np.where(many == 0, 0.0, score / np.where(many == 0, 1.0, harmonic))
    return value

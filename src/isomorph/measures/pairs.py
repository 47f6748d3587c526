"""Pairs of stimuli: the upper triangle of an RDM, row by row."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from math import isqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isomorph.errors import IsomorphError

Floats = NDArray[np.floating]
Counts = NDArray[np.integer]

KEPT = 2048
"""Stimuli up to which the places of pairs are kept: 64 MiB at most."""


def stimulus_count(n_pairs: int) -> int:
    """Return how many stimuli have this many pairs.

    Raises
    ------
    IsomorphError
        When no number of stimuli has.
    """
    n_stimuli = (1 + isqrt(1 + 8 * n_pairs)) // 2
    if n_stimuli * (n_stimuli - 1) // 2 != n_pairs:
        raise IsomorphError(f"{n_pairs} pairs are not those of any number of stimuli")
    return n_stimuli


def pair_indices(n_stimuli: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the first and second stimulus of every pair, each `(pair,)`; not to be written to."""
    return (_indices if n_stimuli <= KEPT else _indices.__wrapped__)(n_stimuli)


@lru_cache(maxsize=2)
def _indices(n_stimuli: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    first, second = np.triu_indices(n_stimuli, 1)
    first.flags.writeable = second.flags.writeable = False
    return first, second


def pair_positions(n_stimuli: int) -> NDArray[np.intp]:
    """Return where the pair of two stimuli stands in an RDM: `(stimulus, stimulus)`.

    The diagonal is 0 and means nothing. Not to be written to.
    """
    return (_positions if n_stimuli <= KEPT else _positions.__wrapped__)(n_stimuli)


@lru_cache(maxsize=2)
def _positions(n_stimuli: int) -> NDArray[np.intp]:
    first, second = pair_indices(n_stimuli)
    position = np.zeros((n_stimuli, n_stimuli), dtype=np.intp)
    position[first, second] = position[second, first] = np.arange(len(first))
    position.flags.writeable = False
    return position


def squareform(rdms: Floats, n_stimuli: int) -> Floats:
    """Return RDMs `(rdm, pair)` as symmetric matrices `(rdm, stimulus, stimulus)`."""
    if not rdms.size:
        return np.zeros((len(rdms), n_stimuli, n_stimuli), dtype=rdms.dtype)
    square: Floats = rdms.take(pair_positions(n_stimuli), axis=1)
    diagonal = np.arange(n_stimuli)
    square[:, diagonal, diagonal] = 0
    return square


def pair_sums(rdms: Floats) -> Floats:
    """Return, per stimulus, the sum over the pairs it belongs to: `(rdm, stimulus)`."""
    n_stimuli = stimulus_count(rdms.shape[1])
    sums = np.zeros((len(rdms), n_stimuli))
    ends = np.cumsum(np.arange(n_stimuli - 1, 0, -1))
    starts = ends - np.arange(n_stimuli - 1, 0, -1)
    sums[:, :-1] = np.add.reduceat(rdms, starts, axis=1)
    for first, (start, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
        sums[:, first + 1 :] += rdms[:, start:end]
    return sums


def pair_weights(counts: NDArray[Any], pairs: slice = slice(None)) -> NDArray[Any]:
    """Return how often each pair of different stimuli occurs in each resample.

    A stimulus drawn `m` times makes `m_i * m_j` copies of the pair `(i, j)`; pairs of two copies
    of one stimulus have distance zero by construction and are left out.

    Parameters
    ----------
    counts : array of shape (resample, stimulus)
        How often each stimulus was drawn.
    pairs : slice
        Which pairs.

    Returns
    -------
    array of shape (resample, pair)
    """
    first, second = pair_indices(counts.shape[1])
    weights: NDArray[Any] = counts[:, first[pairs]] * counts[:, second[pairs]]
    return weights


def blocks(total: int, size: int) -> Iterator[slice]:
    """Yield slices of at most `size` that cover `range(total)`."""
    size = max(1, size)
    for start in range(0, total, size):
        yield slice(start, min(start + size, total))

"""How far two ways to value candidates agree on their order, and on the first of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from isomorph.measures import Floats
from isomorph.measures.pairs import blocks
from isomorph.measures.tied import rankdata

TIE = 1e-12
"""Values nearer than this are equal."""

BLOCK = 2**23
"""Signs of differences held at once (32 MiB)."""

Indices = NDArray[np.intp]


@dataclass(frozen=True)
class Orders:
    """How far the orders of candidates agree under every two settings.

    Attributes
    ----------
    n_candidates : array of shape (setting, setting)
        Candidates that have a value under both.
    tau_b, spearman : array of shape (setting, setting)
        NaN with fewer than two of them, or where all tie under one of the two.
    same_winner : array of shape (setting, setting)
        Whether some candidate is the highest under both, ties with the highest included.
    """

    n_candidates: Indices
    tau_b: Floats
    spearman: Floats
    same_winner: NDArray[np.bool_]


def orders(values: Floats) -> Orders:
    """Return how far every two settings agree on the order of the candidates.

    Settings that have values of the same candidates are compared with those of the same other
    candidates all at once.

    Parameters
    ----------
    values : array of shape (candidate, setting)
        NaN where a candidate has no value.
    """
    known = np.isfinite(values)
    n = values.shape[1]
    found = Orders(
        np.asarray(known.T.astype(int) @ known.astype(int)),
        np.full((n, n), np.nan), np.full((n, n), np.nan), np.zeros((n, n), dtype=bool),
    )  # fmt: skip
    masks, of = np.unique(known, axis=1, return_inverse=True)
    for first, second in ((a, b) for a in range(masks.shape[1]) for b in range(masks.shape[1])):
        common = masks[:, first] & masks[:, second]
        one, other = np.flatnonzero(of == first), np.flatnonzero(of == second)
        if common.sum() < 2:
            continue
        at = np.ix_(one, other)
        sides = [values[common][:, columns] for columns in (one, other)]
        found.tau_b[at] = tau_b(*sides)
        found.spearman[at] = _cosine(*(_centred(rankdata(side, axis=0)) for side in sides))
        tops = [(side >= side.max(axis=0) - TIE).astype(int) for side in sides]
        found.same_winner[at] = tops[0].T @ tops[1] > 0
    return found


def tau_b(first: Floats, second: Floats) -> Floats:
    """Return Kendall's tau-b: the cosine between the signs of all differences.

    Parameters
    ----------
    first, second : arrays of shape (candidate, a) and (candidate, b)

    Returns
    -------
    array of shape (a, b)
        NaN where all candidates tie.
    """
    n, width = len(first), first.shape[1]
    product = np.zeros((width, second.shape[1]))
    both = np.concatenate([first, second], axis=1)
    length = np.zeros(both.shape[1])
    for some in blocks(n, BLOCK // (n * both.shape[1])):
        signs = np.sign(both[some, None] - both[None]).reshape(-1, both.shape[1])
        signs = signs.astype(np.float32)  # whose sums of so few signs are exact
        product += signs[:, :width].T @ signs[:, width:]
        length += (signs**2).sum(axis=0)
    return _over(product, np.sqrt(np.outer(length[:width], length[width:])))


def _centred(ranks: Floats) -> Floats:
    centred: Floats = ranks - ranks.mean(axis=0)
    return centred


def _cosine(first: Floats, second: Floats) -> Floats:
    lengths = np.outer((first**2).sum(axis=0), (second**2).sum(axis=0))
    return _over(first.T @ second, np.sqrt(lengths))


def _over(product: Floats, length: Floats) -> Floats:
    ratio = np.full_like(product, np.nan)
    np.divide(product, length, out=ratio, where=length > 0)
    return np.clip(ratio, -1, 1)

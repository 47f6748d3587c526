"""Distances between linear vector fields, blind to the coordinates they are written in."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import schur

from isomorph.errors import IsomorphError
from isomorph.registry import Registry

Floats = NDArray[np.float64]

STARTS = 10
"""Random rotations, and their inverses, at which the search begins beside those that fit a part of
the matrices."""

STEPS = 300
"""Most steps of each search."""

FIRST_STEPS, KEPT = 15, 6
"""Steps after which the best few searches go on alone."""

ENOUGH = 1e-10
"""Gain in the cosine below which a search has arrived."""


def angular(first: Floats, second: Floats) -> float:
    r"""Return the angle between two vector fields after the best change of coordinates.

    Procrustes analysis over vector fields (Ostrow et al. 2023):
    :math:`\min_{C \in O(n)} \arccos \frac{\langle A, C B C^\top \rangle}{\|A\| \|B\|}`. It is
    invariant to rotations and reflections of either system, and to the scale of a field.

    Parameters
    ----------
    first, second : array of shape (rank, rank)

    Returns
    -------
    float
        Radians, from 0 to pi.

    Raises
    ------
    IsomorphError
        At a rank of 1, where there is nothing to turn.

    Notes
    -----
    The cosine is quadratic in C. From each of several starts C goes to the orthogonal matrix
    nearest to its gradient plus as much of itself as makes the function convex, which never lowers
    it. Starts fit the symmetric parts (with the signs that fit best), the real Schur forms in the
    order of their eigenvalues, and so systems that are the same exactly; others are random, of a
    seed of their own, so that the same fields have the same distance in either order. No start
    proves that there is no better one.
    """
    if len(first) < 2:
        raise IsomorphError(
            "dsa: a rank of 1 has no angle but 0 or pi; use a rank of 2 or more, for which there "
            "must be more units or delays, or distance: wasserstein"
        )
    a, b = first / np.linalg.norm(first), second / np.linalg.norm(second)
    best = _climbed(a, b, np.stack([*_starts(a, b)]))
    if np.isclose(best, 1.0, atol=1e-9, rtol=0):  # the arccosine would make rounding large
        return 0.0
    return float(np.arccos(np.clip(best, -1.0, 1.0)))


def wasserstein(first: Floats, second: Floats) -> float:
    r"""Return the distance between the eigenvalues of two vector fields, as sets.

    The 2-Wasserstein distance in the complex plane between eigenvalues of equal weight:
    :math:`\min_\pi \sqrt{\frac{1}{n} \sum_i |\lambda_i - \mu_{\pi(i)}|^2}`. It is invariant to any
    invertible linear change of coordinates of either system; decay and frequency of the modes
    count, and not the angles between them. For normal matrices it is what the Procrustes distance
    without norms is, and it costs next to nothing.

    Parameters
    ----------
    first, second : array of shape (rank, rank)
    """
    from scipy.optimize import linear_sum_assignment  # here, as it is large and seldom asked for

    apart = np.abs(np.linalg.eigvals(first)[:, None] - np.linalg.eigvals(second)[None]) ** 2
    rows, columns = linear_sum_assignment(apart)
    return float(np.sqrt(apart[rows, columns].mean()))


FIELD_DISTANCES: Registry[Callable[[Floats, Floats], float]] = Registry(
    "distance between vector fields", {"angular": angular, "wasserstein": wasserstein}
)


def _climbed(a: Floats, b: Floats, starts: Floats) -> float:
    """Return the largest cosine found from starts `(start, rank, rank)`, the best ones longest."""
    convex = 2 * np.linalg.norm(a, 2) * np.linalg.norm(b, 2)
    c, value = starts, np.full(len(starts), -np.inf)
    for step in range(STEPS):
        now = np.sum((a @ c) * (c @ b), axis=(1, 2))
        if (now - value).max() < ENOUGH:
            break
        if step == FIRST_STEPS:
            last = np.sort(np.argsort(-now, kind="stable")[:KEPT])
            c, now = c[last], now[last]
        value = now
        c = _nearest(a @ c @ b.T + a.T @ c @ b + convex * c)
    return float(value.max())


def _nearest(matrix: Floats) -> Floats:
    """Return the orthogonal matrix nearest to each matrix `(…, rank, rank)`."""
    left, _, right = np.linalg.svd(matrix)
    product: Floats = left @ right
    return product


def _starts(a: Floats, b: Floats) -> Iterator[Floats]:
    yield np.eye(len(a))
    for part in (lambda m: m + m.T, lambda m: m @ m.T, lambda m: m.T @ m):
        left, right = (np.linalg.eigh(part(one))[1] for one in (a, b))
        yield left @ _signs(left.T @ a @ left, right.T @ b @ right) @ right.T
    left, right = (_ordered_schur(one) for one in (a, b))
    yield left @ right.T
    rng = np.random.default_rng(len(a))
    for _ in range(STARTS):
        start = _nearest(rng.standard_normal(a.shape))
        yield start
        yield start.T  # either order of the fields begins at the same


def _signs(a: Floats, b: Floats) -> Floats:
    """Return the signs of axes, as a diagonal, by which one matrix is most like another."""
    product = a * b
    leading = np.linalg.eigh(product + product.T)[1][:, -1]
    return np.diag(np.where(leading < 0, -1.0, 1.0))


def _ordered_schur(matrix: Floats) -> Floats:
    """Return the axes of a real Schur form, planes of slow modes first, each turning one way."""
    form, axes = schur(matrix, output="real")
    blocks: list[tuple[float, float, list[int]]] = []
    at = 0
    while at < len(form):
        pair = at + 1 < len(form) and abs(form[at + 1, at]) > 1e-12
        own = [at, at + 1] if pair else [at]
        if pair and form[at, at + 1] < form[at + 1, at]:
            own.reverse()
        turn = float(np.sqrt(abs(form[at, at + 1] * form[at + 1, at]))) if pair else 0.0
        blocks.append((-round(float(form[at, at]), 9), turn, own))
        at += len(own)
    order = [axis for *_, own in sorted(blocks) for axis in own]
    found: Floats = axes[:, order]
    return found

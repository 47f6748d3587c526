r"""Sums over pairs, and over pairs that share stimuli: what moments over all orders need to know.

For values :math:`x_{ij}` less their mean, these are sums of powers, of powers of the sums by
stimulus, and the trace of :math:`X^3`. The latter alone would cost a product of matrices. It is
found from the subspace in which most of X is, exactly, and from random directions in the rest
(Meyer, Musco, Musco & Woodruff 2021, https://doi.org/10.1137/1.9781611976496.16), always the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields

import numpy as np

from isomorph.measures.pairs import Floats, blocks

HELD = 2**28
"""Numbers of a matrix that are held, and not computed again each time (1 GiB)."""

INSIDE, OUTSIDE = 160, 96
"""Directions of the subspace, and random ones in the rest."""

DEGREES = {
    "mean": 1, "squares": 2, "inner": 2, "cubes": 3, "double": 3, "triangle": 3, "star": 3,
    "path": 3,
}  # fmt: skip
"""By what power of a factor each sum grows."""


@dataclass(frozen=True)
class GraphSums:
    """Sums over the values of one representation, less their mean, with s the sums by stimulus.

    Attributes
    ----------
    n_stimuli : int
    mean : float
        Of the values, before it is taken off.
    squares, cubes : float
        Over all pairs in either order.
    inner, star : float
        Of squares and cubes of s.
    double : float
        Of squares times s of either stimulus.
    path : float
        Of values times s of both stimuli.
    triangle : float
        Of products of three values, around three stimuli.
    """

    n_stimuli: int
    mean: float
    squares: float
    inner: float
    cubes: float
    double: float
    star: float
    path: float
    triangle: float

    def times(self, factor: float) -> GraphSums:
        """Return the sums of values that are so many times as large."""
        own = {one.name: getattr(self, one.name) for one in fields(self)}
        grown = {name: own[name] * factor**degree for name, degree in DEGREES.items()}
        return GraphSums(**{**own, **grown})


Rows = Callable[[slice], Floats]


def graph_sums(rows: Rows, n_stimuli: int, size: int) -> GraphSums:
    """Return the sums over a symmetric matrix that is given some rows at a time.

    Parameters
    ----------
    rows : callable
        Returns some rows `(some, stimulus)`, of which the diagonal is 0.
    n_stimuli : int
    size : int
        Rows at a time.
    """
    n = n_stimuli
    held: list[tuple[slice, Floats]] = []
    sums = np.empty(n)
    for some in blocks(n, size):
        own = rows(some)
        sums[some] = own.sum(axis=1, dtype=float)
        if n**2 <= HELD:
            held.append((some, own))
    mean = sums.sum() / (n * (n - 1))
    sums -= mean * (n - 1)
    for some, own in held:
        _less(own, mean, some)

    def centred() -> Iterator[tuple[slice, Floats]]:
        if held:
            yield from held
            return
        for some in blocks(n, size):
            own = rows(some)
            _less(own, mean, some)
            yield some, own

    rng = np.random.default_rng(n)
    squares, cubes, seen = np.empty(n), np.empty(n), np.empty((n, min(n, INSIDE)))
    towards = rng.choice([-1.0, 1.0], seen.shape).astype(np.float32)
    for some, own in centred():
        power = own**2
        squares[some] = power.sum(axis=1, dtype=float)
        cubes[some] = np.einsum("ij,ij->i", power, own)
        seen[some] = own @ towards
    inside = np.linalg.qr(seen)[0]
    outside = rng.choice([-1.0, 1.0], (n, OUTSIDE))
    outside -= inside @ (inside.T @ outside)
    spread = np.sqrt((sums**2).mean()) or 1.0
    once = _product(centred, np.column_stack([inside, outside, sums / spread]))
    reached, once = once[:, -1] * spread, once[:, :-1]
    traces = np.einsum("ik,ik->k", once, _product(centred, once))
    k = inside.shape[1]
    return GraphSums(
        n_stimuli=n,
        mean=float(mean),
        squares=float(squares.sum()),
        inner=float(sums @ sums),
        cubes=float(cubes.sum()),
        double=float(squares @ sums),
        star=float((sums**3).sum()),
        path=float(sums @ reached),
        triangle=float(traces[:k].sum() + traces[k:].mean()),
    )


def _less(own: Floats, mean: float, some: slice) -> None:
    """Take the mean off rows, but for the diagonal."""
    own -= own.dtype.type(mean)
    place = np.arange(len(own))
    own[place, some.start + place] = 0


def _product(blocks_of: Callable[[], Iterator[tuple[slice, Floats]]], columns: Floats) -> Floats:
    """Return the matrix times some columns `(stimulus, column)`."""
    single = columns.astype(np.float32)
    found = np.empty(columns.shape)
    for some, own in blocks_of():
        found[some] = own @ single
    return found

r"""Exact moments of comparisons over all orders of the stimuli, and p-values that follow.

Compared are sums of products of the values that two representations have for each pair of stimuli,

.. math:: T(\pi) = \sum_k \sum_{i<j} X_k(\pi_i, \pi_j)\, Y_k(i, j),

with :math:`\pi` any of the :math:`n!` orders; there are several :math:`k` where a comparison is a
mean over halvings. A power of :math:`T` is a sum over as many pairs of stimuli, and what
is expected of a term depends only on which stimuli the pairs have in common, hence on a small
multigraph: two edges make 3 of these, three edges make 8. Of each graph the sum over all choices of
different stimuli is taken for :math:`X` and for :math:`Y` apart, so mean, variance and third
central moment of every two representations are one small matrix product of such sums: the cost is
per representation, not per comparison, and no order is drawn. The variance is Mantel's (1967), the
third moment that of Kazi-Aoual et al. (1995, https://doi.org/10.1016/0167-9473(94)00064-2) for
matrices whose rows need not sum to zero.

With these moments chance is taken to follow a Pearson type III distribution, a gamma distribution
that is shifted and, where its skewness is negative, reflected (Mielke 1984,
https://doi.org/10.1016/S0169-7161(84)04036-0; Josse, Pagès & Husson 2008,
https://doi.org/10.1016/j.csda.2008.06.012). So a p may be as small as it likes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement, permutations
from typing import Any

import numpy as np
from scipy.special import gammaln

from isomorph.inference.pearson import pearson_tail
from isomorph.measures import Floats
from isomorph.measures.pairs import blocks, squareform, stimulus_count
from isomorph.measures.tiled import GraphSums

BLOCK = 2**21
"""Numbers held at once by the matrices whose sums are taken (16 MiB), or those of one row."""

SINGLE_FROM = 128
"""Stimuli from which products of matrices are taken in single precision: they are part of the third
moment alone, of which a millionth changes no p."""

CONSTANT = 1e-20
"""Share of a sum of squares below which what differs between pairs is rounding error."""

UNMOVED = 1e-12
"""Share of the variance of unrelated values below which a variance is rounding error."""

TWO_EDGES = ((2, 2), (3, 1), (4, 4))
THREE_EDGES = ((2, 2), (3, 1 / 3), (3, 1), (4, 4 / 3), (4, 1 / 3), (4, 1), (5, 2 / 3), (6, 8))
"""Of every multigraph, in the order of a signature: its vertices, and how many choices of stimuli
stand for the same pairs over how many of its edges can take the part of the one set apart."""


@dataclass(frozen=True)
class Signatures:
    """All that moments over orders of the stimuli need to know of representations.

    Attributes
    ----------
    n_stimuli : int
    mean : array of shape (representation, part)
        Over pairs.
    squares : array of shape (representation, part)
        Sum of squares over pairs, the mean taken off.
    two : array of shape (representation, 3, part, part)
        Sums over different stimuli for both edges double, sharing a stimulus, and apart.
    three : array of shape (representation, 8, part, part, part)
        Of three edges: all the same; two the same and one that shares a stimulus; a triangle; two
        the same and one apart; a path, the second part in its middle; a star; two that share a
        stimulus and one apart; all apart. The one set apart is of the third part.
    """

    n_stimuli: int
    mean: Floats
    squares: Floats
    two: Floats
    three: Floats

    def parts(self, order: list[int]) -> Signatures:
        """Return the signatures of the same with their parts in another order."""
        at = np.array(order)
        return Signatures(
            self.n_stimuli,
            self.mean[:, at],
            self.squares[:, at],
            self.two[:, :, at[:, None], at],
            self.three[:, :, at[:, None, None], at[:, None], at],
        )

    @staticmethod
    def joined(several: list[Signatures]) -> Signatures:
        """Return the signatures of several sets of representations of the same stimuli as one."""
        return Signatures(
            several[0].n_stimuli,
            *(
                np.concatenate([getattr(one, name) for one in several])
                for name in ("mean", "squares", "two", "three")
            ),
        )


@dataclass(frozen=True)
class Moments:
    """Moments of comparisons over all orders of the stimuli.

    Attributes
    ----------
    mean, variance, third : arrays of one shape
        The third moment is central. The variance is 0 where no order changes anything.
    n_stimuli : int
    """

    mean: Floats
    variance: Floats
    third: Floats
    n_stimuli: int

    @property
    def skewness(self) -> Floats:
        """Third moment in standard deviations, 0 where nothing varies."""
        moves = self.variance > 0
        found: Floats = np.where(
            moves, self.third / np.where(moves, self.variance, 1.0) ** 1.5, 0.0
        )
        return found

    def some(self, places: Any) -> Moments:
        """Return the moments of some of the comparisons, by an index of the arrays."""
        return Moments(self.mean[places], self.variance[places], self.third[places], self.n_stimuli)

    def over(self, count: Floats) -> Moments:
        """Return the moments of the comparisons divided by numbers of the same shape."""
        return Moments(
            self.mean / count, self.variance / count**2, self.third / count**3, self.n_stimuli
        )

    def upper_p(self, observed: Floats) -> Floats:
        """Return the chance of values as large as those observed, of the same shape.

        NaN where there is no value, or where no order of the stimuli changes it. What was observed
        is one of the orders itself, so nothing is below one in all of them.
        """
        known = np.isfinite(observed) & (self.variance > 0)
        spread = np.sqrt(np.where(known, self.variance, 1.0))
        z = np.where(known, observed - self.mean, 0.0) / spread
        least = max(float(np.exp(-gammaln(self.n_stimuli + 1.0))), float(np.finfo(float).tiny))
        return np.where(known, np.maximum(pearson_tail(z, self.skewness), least), np.nan)

    def turned(self, sign: Floats) -> Moments:
        """Return the moments of the comparisons times 1 or -1, of the same shape."""
        return self.over(sign)


def signatures(vectors: Floats) -> Signatures:
    """Return the signatures of representations.

    Parameters
    ----------
    vectors : array of shape (representation, part, pair)
    """
    n_stimuli = stimulus_count(vectors.shape[2])
    rows = max(1, BLOCK // (vectors.shape[1] * n_stimuli**2))
    return Signatures.joined(
        [_signatures(vectors[part], n_stimuli) for part in blocks(len(vectors), rows)]
    )


def signatures_of_sums(several: Sequence[GraphSums]) -> Signatures:
    """Return the signatures of representations, of one part each, from their sums over pairs."""

    def each(name: str) -> Floats:
        return np.array([getattr(one, name) for one in several]).reshape(-1, 1, 1, 1)

    same, inner = each("squares")[..., 0], each("inner")[..., 0]
    return Signatures(
        several[0].n_stimuli,
        each("mean")[..., 0, 0],
        same[..., 0] / 2,
        np.stack([same, inner - same, 2 * same - 4 * inner], axis=1),
        _without_repeats(*map(each, ("cubes", "double", "triangle", "star", "path"))),
    )


def _signatures(vectors: Floats, n_stimuli: int) -> Signatures:
    n_rows, n_parts, n_pairs = vectors.shape
    flat = np.asarray(vectors, dtype=float).reshape(-1, n_pairs)
    mean = flat.mean(axis=1)
    power = np.einsum("rp,rp->r", flat, flat)
    flat = flat - mean[:, None]
    squares = np.einsum("rp,rp->r", flat, flat)
    constant = squares <= CONSTANT * power
    flat[constant] = squares[constant] = 0.0
    square = squareform(flat, n_stimuli).reshape(n_rows, n_parts, n_stimuli, n_stimuli)
    sums = square.sum(axis=3)
    inner = sums @ sums.transpose(0, 2, 1)
    rows = square.reshape(n_rows, n_parts, -1)
    same = rows @ rows.transpose(0, 2, 1)
    shape = (n_rows, n_parts)
    return Signatures(
        n_stimuli,
        mean.reshape(shape),
        squares.reshape(shape),
        np.stack([same, inner - same, 2 * same - 4 * inner], axis=1),
        _three(square, sums),
    )


def _three(square: Floats, sums: Floats) -> Floats:
    """Return the sums over different stimuli of graphs with three edges.

    Each follows from sums over all stimuli by leaving out those in which two are the same, which
    is short as the values of all pairs sum to zero.

    Parameters
    ----------
    square : array of shape (representation, part, stimulus, stimulus)
    sums : array of shape (representation, part, stimulus)

    Returns
    -------
    array of shape (representation, 8, part, part, part)
    """
    n_rows, n_parts = sums.shape[:2]
    flat = square.reshape(n_rows, n_parts, -1)
    same = np.empty((n_rows, n_parts, n_parts, n_parts))
    double = np.empty_like(same)  # double edges of two parts at a stimulus, by sums of the third
    for part in range(n_parts):
        product = square[:, part : part + 1] * square[:, part:]
        double[:, part, part:] = product.sum(axis=3) @ sums.transpose(0, 2, 1)
        same[:, part, part:] = product.reshape(n_rows, n_parts - part, -1) @ flat.transpose(0, 2, 1)
        double[:, part:, part] = double[:, part, part:]
        same[:, part:, part] = same[:, part, part:]
    triangle = _triangles(square)
    star = np.einsum("rai,rbi,rci->rabc", sums, sums, sums, optimize=True)
    reached = square @ sums.transpose(0, 2, 1)[:, None]  # (representation, part, stimulus, part)
    path = np.einsum("rai,rbic->rabc", sums, reached, optimize=True)
    return _without_repeats(same, double, triangle, star, path)


def _without_repeats(
    same: Floats, double: Floats, triangle: Floats, star: Floats, path: Floats
) -> Floats:
    """Return sums over different stimuli from those over all `(representation, part, part, part)`.

    Parameters
    ----------
    same, triangle : arrays
        Of products of three values: of one pair, and around three stimuli.
    double : array
        Of two values of one pair and the sum by stimulus of the third part.
    star, path : arrays
        Of the sums by stimulus of three parts; of values of the second part and the sums by either
        of their stimuli of the others.

    Returns
    -------
    array of shape (representation, 8, part, part, part)
    """
    by_ab, by_ac, by_bc = double, double.transpose(0, 1, 3, 2), double.transpose(0, 3, 1, 2)
    apart = 2 * same - 4 * double
    middle = path - by_bc - by_ab + same - triangle
    return np.stack(
        [
            same,
            double - same,
            triangle,
            apart,
            middle,
            star - by_ab - by_ac - by_bc + 2 * same,
            2 * (3 * by_ab + by_ac + by_bc + triangle - star - 2 * same)
            - 2 * (path.transpose(0, 2, 1, 3) + path),
            16 * (star - by_ab)
            + 8 * (path.transpose(0, 2, 3, 1) + path.transpose(0, 3, 2, 1))
            + 2 * (apart.transpose(0, 1, 3, 2) + apart.transpose(0, 3, 1, 2))
            + 8 * middle.transpose(0, 1, 3, 2),
        ],
        axis=1,
    )


def _triangles(square: Floats) -> Floats:
    """Return traces of products of three matrices: `(representation, part, part, part)`.

    Of any three parts two are in the same half of them, so products of these are enough.
    """
    n_rows, n_parts, n_stimuli = square.shape[:3]
    flat = square.reshape(n_rows, n_parts, -1)
    factors = square.astype(np.float32) if n_stimuli >= SINGLE_FROM else square
    found = np.empty((n_rows, n_parts, n_parts, n_parts))
    half = (n_parts + 1) // 2
    for first, second in combinations_with_replacement(range(n_parts), 2):
        if (first < half) != (second < half):
            continue
        for row in range(n_rows):
            # Of a matrix and itself transposed only half is computed.
            product = factors[row, first] @ factors[row, second].T
            trace = flat[row] @ product.ravel().astype(float)
            for third, value in enumerate(trace):
                for at in set(permutations((first, second, third))):
                    found[(row, *at)] = value
    return found


def moments(first: Signatures, second: Signatures) -> Moments:
    """Return the moments of the comparison of all representations: `(a, b)`.

    Parameters
    ----------
    first, second : Signatures
        Of the same stimuli and as many parts.
    """
    n = first.n_stimuli
    n_pairs = n * (n - 1) / 2
    variance = _over_graphs(first.two, second.two, TWO_EDGES, n)
    usual = first.squares @ second.squares.T / n_pairs
    third = _over_graphs(first.three, second.three, THREE_EDGES, n)
    moves = variance > UNMOVED * usual
    return Moments(
        n_pairs * (first.mean @ second.mean.T),
        np.where(moves, variance, 0.0),
        np.where(moves, third, 0.0),
        n,
    )


def _over_graphs(
    first: Floats, second: Floats, graphs: tuple[tuple[int, float], ...], n_stimuli: int
) -> Floats:
    """Return the sum over graphs of products of two signatures, by choices of stimuli."""
    weights = np.array([_weight(vertices, alike, n_stimuli) for vertices, alike in graphs])
    weighted = first * weights.reshape(-1, *[1] * (first.ndim - 2))
    found: Floats = weighted.reshape(len(first), -1) @ second.reshape(len(second), -1).T
    return found


def _weight(vertices: int, alike: float, n_stimuli: int) -> float:
    """Return one over all choices of that many stimuli, and over those that are the same pairs."""
    if vertices > n_stimuli:
        return 0.0
    return 1.0 / (alike * float(np.prod(n_stimuli - np.arange(vertices, dtype=float))))

r"""Sums over all pairs, and over the pairs of each stimulus: all that cosines need.

With centred features :math:`x_i`, :math:`a_i = |x_i|^2`, and :math:`y_i`, :math:`b_i` likewise,
squared Euclidean distances multiply to

.. math:: \sum_j d_{ij} e_{ij} = N a_i b_i + a_i B + b_i A + \sum_j a_j b_j
          - 2 y_i \cdot \sum_j a_j y_j - 2 x_i \cdot \sum_j b_j x_j + 4 x_i^\top X^\top Y y_i,

with A and B the sums of a and b: no pair is looked at, the cost is that of :math:`X^\top Y`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isomorph.errors import IsomorphError
from isomorph.measures.large.tiles import TILE, Representation, same_stimuli, tiles
from isomorph.measures.pairs import Floats, blocks


@dataclass(frozen=True)
class PairSums:
    """Sums over the pairs each stimulus is in, of two RDMs d and e; `(stimulus,)` each.

    Attributes
    ----------
    first, second : arrays of shape (stimulus,)
        Of d and of e.
    first_squares, second_squares, products : arrays of shape (stimulus,)
        Of d², of e² and of d e.
    """

    first: Floats
    second: Floats
    first_squares: Floats
    second_squares: Floats
    products: Floats

    @property
    def n_stimuli(self) -> int:
        """Number of stimuli."""
        return len(self.first)

    def cosine(self) -> float:
        """Return the cosine of the RDMs."""
        return float(_cosine(self._totals())[0])

    def pearson(self) -> float:
        """Return Pearson's correlation of the RDMs."""
        return float(_pearson(self._totals(), self._pairs(0))[0])

    def debiased_cka(self) -> float:
        """Return debiased CKA, where the distances are squared ones."""
        n = self.n_stimuli

        def inner(total: float, x: Floats, y: Floats) -> float:
            # Pair sums projected out, as in the linear form with its ridge at 0.
            taken = x @ y - x.sum() * y.sum() / (2 * n - 2)
            return total - float(taken) / (n - 2)

        _, _, xx, yy, xy = (float(total[0]) for total in self._totals())
        cross = inner(xy, self.first, self.second)
        own = inner(xx, self.first, self.first) * inner(yy, self.second, self.second)
        return cross / float(np.sqrt(own))

    def jackknife(self, measure: str = "pearson") -> tuple[float, float]:
        """Return the estimate and its standard error over stimuli, each left out once, exactly.

        Parameters
        ----------
        measure : str
            `pearson` or `cosine`.
        """
        if measure not in {"pearson", "cosine"}:
            raise IsomorphError(
                f'no jackknife without the pairs for "{measure}": there is for pearson and cosine'
            )
        n = self.n_stimuli
        left = tuple(
            total - sums
            for total, sums in zip(
                self._totals(),
                (self.first, self.second, self.first_squares, self.second_squares, self.products),
                strict=True,
            )
        )
        without = _pearson(left, self._pairs(1)) if measure == "pearson" else _cosine(left)
        estimate = self.pearson() if measure == "pearson" else self.cosine()
        error = np.sqrt((n - 1) / n * ((without - without.mean()) ** 2).sum())
        return estimate, float(error)

    def _pairs(self, left_out: int) -> int:
        n = self.n_stimuli - left_out
        return n * (n - 1) // 2

    def _totals(self) -> tuple[Floats, ...]:
        """Sums over all pairs, each of which is in the sums of two stimuli."""
        parts = self.first, self.second, self.first_squares, self.second_squares, self.products
        return tuple(np.atleast_1d(part.sum() / 2) for part in parts)


def moments_of_features(first: Representation, second: Representation) -> PairSums:
    """Return the moments of squared Euclidean or correlation RDMs, exactly, without any pair.

    Parameters
    ----------
    first, second : Representation

    Raises
    ------
    IsomorphError
        For a distance that is the root of a sum over features.
    """
    n = same_stimuli(first, second)
    for one in (first, second):
        if one.root:
            raise IsomorphError(
                f"{one.distance} distances have no sums without their pairs: use tiles, or "
                "squared_euclidean"
            )

    def products(x: Representation, y: Representation) -> Floats:
        a, b = x.own, y.own
        cross = np.zeros((x.features.shape[1], y.features.shape[1]))
        for rows in blocks(n, TILE):
            cross += x.features[rows].T.astype(float) @ y.features[rows]
        sums: Floats = n * a * b + a * b.sum() + b * a.sum() + a @ b
        sums -= 2 * (y.features @ (a @ y.features) + x.features @ (b @ x.features))
        for rows in blocks(n, TILE):
            sums[rows] += 4 * ((x.features[rows] @ cross) * y.features[rows]).sum(axis=1)
        return sums

    return PairSums(
        n * first.own + first.own.sum(),
        n * second.own + second.own.sum(),
        products(first, first),
        products(second, second),
        products(first, second),
    )


def moments_of_tiles(first: Representation, second: Representation, size: int = TILE) -> PairSums:
    """Return the moments of RDMs of any distance, from every pair once.

    Parameters
    ----------
    first, second : Representation
    size : int
        Stimuli on a side of a tile.
    """
    n = same_stimuli(first, second)
    sums = np.zeros((5, n))
    for rows, columns, d, e in tiles(first, second, size):
        for place, values in enumerate((d, e, d * d, e * e, d * e)):
            sums[place, rows] += values.sum(axis=1, dtype=float)
            sums[place, columns] += values.sum(axis=0, dtype=float)
    return PairSums(*sums)


def _cosine(sums: tuple[Floats, ...]) -> Floats:
    _, _, xx, yy, xy = sums
    cosine: Floats = xy / np.sqrt(xx * yy)
    return cosine


def _pearson(sums: tuple[Floats, ...], n_pairs: int) -> Floats:
    x, y, xx, yy, xy = sums
    return _cosine((x, y, xx - x * x / n_pairs, yy - y * y / n_pairs, xy - x * y / n_pairs))

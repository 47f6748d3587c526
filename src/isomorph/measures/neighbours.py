r"""The neighbours family: which stimuli are nearest to each, and how much of that is shared.

With :math:`w_{ij}` how much of one of its k nearest neighbours stimulus j is to i (1 or 0 but for
ties, see `nearest`) and :math:`s_i = \sum_j w_{ij} w'_{ij}` how many neighbours i has in common,

=================== ==========================================================================
mutual k-NN         :math:`s_i / k`
Jaccard             :math:`s_i / (2k - s_i)`
rank similarity     :math:`\sum_j w_{ij} w'_{ij}\, 2 / [(1 + |r - r'|)(r + r')] \,/\, H(s_i)`
second-order cosine cosine of the distances to whoever is a neighbour in either
=================== ==========================================================================

averaged over stimuli. :math:`r` is the rank of j among the others of i, and :math:`H` the harmonic
number, :math:`\psi(s + 1) + \gamma` between whole numbers. The first three are those of any
monotone transform of the distances. Definitions are those of the ReSi benchmark (Klabunde et al.
2025, https://arxiv.org/abs/2408.00531), for whatever distance the RDM has in place of the cosine.

All but the third are functions of inner products over j, so the values without each stimulus in
turn follow from those of three kinds of weights: without one nearer than the k-th, without the
k-th, and with all; the row of the stimulus that is gone is left out, and its own term taken off.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from isomorph.measures._measure import Measure
from isomorph.measures.nearest import (
    BLOCK,
    NONE_GONE,
    TOO_MANY,
    Nearest,
    OfNeighbours,
    distances_of,
    influences,
    rows_of,
)
from isomorph.measures.neighbour_ranks import RankSimilarityForm
from isomorph.measures.pairs import Floats
from isomorph.measures.rsa import pool_standardised
from isomorph.measures.stack import Stack

ROUNDING = 1e-12
"""Share of a sum below which what is left of it is rounding error."""

Factors = Sequence[Floats]
"""One side of inner products, `(representation, row, term, other)` for each."""


class OfProducts(OfNeighbours):
    """A mean over stimuli of a function of inner products over the others."""

    @abstractmethod
    def factors(self, weights: Floats, distances: Floats, side: int) -> Factors:
        """Return what a representation brings to each product.

        Parameters
        ----------
        weights, distances : arrays of shape (representation, row, other)
        side : int
            0 as the first of two, 1 as the second.
        """

    @abstractmethod
    def of_products(self, *products: Floats) -> Floats:
        """Return the value of a stimulus given the products, any shape."""

    def compare(self, first: Stack, second: Stack) -> Floats:
        """Compare representations: `(a, b)`, NaN where there is no value."""
        total = np.zeros((len(first), len(second)))
        for rows in rows_of(first.n_stimuli, len(first) + len(second)):
            left, right = self._factors(first, rows, 0), self._factors(second, rows, 1)
            products = [_product(u, v) for u, v in zip(left, right, strict=True)]
            total += self.of_products(*products).sum(axis=0)
        return total / first.n_stimuli

    def _factors(self, stack: Stack, rows: slice, side: int) -> Factors:
        """Return the factors of a stack, kept with it where they are few."""

        def made() -> Factors:
            weights = self.nearest(stack).weights(rows)
            return self.factors(weights, distances_of(stack.rdms, rows), side)

        if len(stack) * stack.n_stimuli**2 > BLOCK:
            return made()
        return stack.derived(("factors", self, rows.start, rows.stop, side), made)

    def influence(self, first: Stack, second: Stack) -> Floats:
        """Return what each stimulus adds: `(a, b, stimulus)`, all deletions in one pass."""
        n = first.n_stimuli
        without = np.zeros((len(first), len(second), n))
        x, y = self.nearest(first), self.nearest(second)
        for rows in rows_of(n, len(first) + len(second)):
            left, own_left = self._each(x, first, rows, 0)
            right, own_right = self._each(y, second, rows, 1)
            # (row, gone from the first, a, gone from the second, b)
            products = [_product(u, v) for u, v in zip(left, right, strict=True)]
            gone = [side.gone(rows) for side in (x, y)]
            for at in range(len(first)):
                places = gone[0][at] * (NONE_GONE + 1) + gone[1]
                rest = []
                for product, u, v in zip(products, own_left, own_right, strict=True):
                    whole = _taken(product, at, len(first), places)
                    left_over = whole - np.einsum("itj,bitj->bij", u[at], v)
                    lost = np.abs(left_over) <= ROUNDING * np.abs(whole)
                    rest.append(np.where(lost, 0.0, left_over))
                values = self.of_products(*rest)
                values[:, np.arange(rows.stop - rows.start), np.arange(rows.start, rows.stop)] = 0
                without[at] += values.sum(axis=1)
        return influences(without / (n - 1))

    def _each(
        self, side: Nearest, stack: Stack, rows: slice, which: int
    ) -> tuple[list[Floats], Factors]:
        """Return factors `(gone x representation, row, term, other)`, and each one's own."""
        distances = distances_of(stack.rdms, rows)
        every = [
            self.factors(side.weights(rows, gone), distances, which)
            for gone in range(NONE_GONE + 1)
        ]
        share = np.take_along_axis(side.share[:, rows], side.gone(rows)[..., None], axis=2)
        level = side.level[:, rows, :, None].astype(np.intp)
        own = np.take_along_axis(share, level, axis=3)[..., 0]
        together = [np.concatenate(kinds) for kinds in zip(*every, strict=True)]
        return together, self.factors(own, distances, which)


class SharedNeighbours(OfProducts):
    """A function of how many neighbours are shared."""

    by_set: ClassVar[bool] = True

    def factors(self, weights: Floats, distances: Floats, side: int) -> Factors:
        """Return the weights for either side; the distances are not looked at."""
        return [weights[:, :, None]]


class MutualForm(SharedNeighbours):
    """The share of neighbours in common."""

    def of_products(self, *products: Floats) -> Floats:
        """Return the share of k."""
        return products[0] / self.k

    def matrices(self, stack: Stack) -> Floats:
        """Return matrices `(representation, n, n)` whose inner products are the measure."""
        return self.nearest(stack).weights() / np.sqrt(self.k * stack.n_stimuli)


class JaccardForm(SharedNeighbours):
    """The neighbours in common among those of either."""

    def of_products(self, *products: Floats) -> Floats:
        """Return the share of the union."""
        shared: Floats = products[0]
        return shared / (2 * self.k - shared)


class SecondOrderForm(OfProducts):
    """The cosine of the distances to all that are neighbours in either."""

    def factors(self, weights: Floats, distances: Floats, side: int) -> Factors:
        r"""Return factors of :math:`\sum_j u_j d_j d'_j` and of both sums of squares.

        j is in the union with :math:`u_j = w_j + (1 - w_j) w'_j`: the chance of that, were ties
        broken at random in each.
        """
        squares = distances**2
        if side == 0:
            return [
                np.stack([weights * one, (1 - weights) * one], axis=2)
                for one in (distances, squares, np.ones_like(weights))
            ]
        ones = np.ones_like(weights)
        pairs = (distances, weights * distances), (ones, weights), (squares, weights * squares)
        return [np.stack(one, axis=2) for one in pairs]

    def of_products(self, *products: Floats) -> Floats:
        """Return the cosine, NaN where all distances are 0."""
        cross, own, other = products
        with np.errstate(divide="ignore", invalid="ignore"):
            cosine: Floats = cross / np.sqrt(own * other)
        return np.clip(cosine, -1, 1)


def _product(left: Floats, right: Floats) -> Floats:
    """Return inner products over terms and others: `(row, a, b)`."""
    u, v = (one.swapaxes(0, 1).reshape(one.shape[1], len(one), -1) for one in (left, right))
    product: Floats = u @ v.swapaxes(1, 2)
    return product


def _taken(product: Floats, at: int, n_first: int, places: NDArray[np.intp]) -> Floats:
    """Return the products that belong to each loss: `(b, row, other)`.

    Parameters
    ----------
    product : array of shape (row, gone x a, gone x b)
    at : int
        Which of the `n_first` representations of the first side.
    places : array of shape (b, row, other)
        Which of the combinations of what is gone.
    """
    kinds = NONE_GONE + 1
    some = product.reshape(len(product), kinds, n_first, kinds, -1)[:, :, at]
    some = some.transpose(3, 0, 1, 2).reshape(*places.shape[:2], kinds**2)
    found: Floats = np.take_along_axis(some, places, axis=2)
    return found


RESI = "as in Klabunde et al. 2025, https://arxiv.org/abs/2408.00531"

MUTUAL_KNN = Measure(
    name="mutual_knn",
    title="Mutual k-nearest neighbours",
    family="neighbours",
    invariances=("monotone",),
    range=(0.0, 1.0),
    independence="positive: k / (n - 1) with n stimuli",
    citation="Huh et al. 2024, https://arxiv.org/abs/2405.07987",
    form=MutualForm(),
    no_value=TOO_MANY,
    definition=(
        r"$$\frac{1}{n} \sum_i \frac{\lvert N_i \cap N'_i \rvert}{k}$$ $N_i$ are the $k$ "
        "stimuli nearest to $i$; stimuli as far as the $k$th share what is left."
    ),
    avoid=(
        "With few stimuli: k must be small beside their number, or neighbours are shared by "
        "chance. To say anything of far distances, such as those between categories."
    ),
)
KNN_JACCARD = Measure(
    name="knn_jaccard",
    title="Jaccard similarity of k-nearest neighbours",
    family="neighbours",
    invariances=("monotone",),
    range=(0.0, 1.0),
    independence="positive: neighbours are shared by chance",
    citation=f"Schumacher et al. 2021, https://arxiv.org/abs/2005.10039; {RESI}",
    form=JaccardForm(),
    no_value=TOO_MANY,
    definition=(
        r"$$\frac{1}{n} \sum_i \frac{s_i}{2 k - s_i}, \qquad s_i = \lvert N_i \cap N'_i "
        r"\rvert$$ $N_i$ are the $k$ stimuli nearest to $i$."
    ),
    avoid=(
        "With few stimuli, where k is not small beside their number. Beside `mutual_knn` it says "
        "nothing new: it rises with the same count."
    ),
)
RANK_SIMILARITY = Measure(
    name="rank_similarity",
    title="Similarity of the ranks of k-nearest neighbours",
    family="neighbours",
    invariances=("monotone",),
    range=(0.0, 1.0),
    independence="positive: neighbours are shared by chance",
    citation=f"Wang et al. 2022, https://openreview.net/forum?id=Xas3rL5UJT; {RESI}",
    form=RankSimilarityForm(),
    no_value=TOO_MANY,
    definition=(
        r"$$\frac{1}{n} \sum_i \frac{1}{H(s_i)} \sum_{j \in N_i \cap N'_i} \frac{2}{(1 + "
        r"\lvert r_{ij} - r'_{ij} \rvert)(r_{ij} + r'_{ij})}$$ $N_i$ are the $k$ stimuli "
        "nearest to $i$, $r_{ij}$ is the rank of $j$ among them, $s_i$ how many are "
        "shared, and $H$ the harmonic number."
    ),
    avoid=(
        "With noisy responses: the nearest of all count most, and their order is what "
        "noise changes first. Which neighbours are shared counts for little; take "
        "`mutual_knn` for that."
    ),
)
SECOND_ORDER_COSINE = Measure(
    name="second_order_cosine",
    title="Second-order cosine of distances to k-nearest neighbours",
    family="neighbours",
    invariances=("scale",),
    range=(-1.0, 1.0),
    independence="positive: near 1, as distances to neighbours are alike",
    citation=f"Hamilton et al. 2016, https://arxiv.org/abs/1606.02821; {RESI}",
    form=SecondOrderForm(),
    no_value=TOO_MANY,
    pool=pool_standardised(centre=False),
    definition=(
        r"$$\frac{1}{n} \sum_i \frac{\sum_{j \in U_i} d_{ij} d'_{ij}}{\sqrt{\sum_{j \in "
        r"U_i} d_{ij}^2 \sum_{j \in U_i} d'^2_{ij}}}, \qquad U_i = N_i \cup N'_i$$ $N_i$ "
        "are the $k$ stimuli nearest to $i$."
    ),
    avoid=(
        "Uncalibrated: distances to neighbours are alike, so that unrelated "
        "representations are near 1 and all differences are small. Take `mutual_knn`, "
        "unless the size of distances to neighbours is what is asked."
    ),
)

"""Sums of products of what is seen, tile by tile, and the values that follow."""

from __future__ import annotations

import numpy as np

from isomorph.measures.first_order import FirstOrder
from isomorph.measures.pairs import Floats


class Products:
    """Sums of products over the pairs of each stimulus, plain and with signs.

    Parameters
    ----------
    n_stimuli : int
    first, second : slice
        Of what is seen.
    """

    def __init__(self, n_stimuli: int, first: slice, second: slice) -> None:
        self.first, self.second = first, second
        shape = (n_stimuli, first.stop - first.start, second.stop - second.start)
        self.plain, self.signed = np.empty((2, *shape), dtype=np.float32)

    def add(self, vectors: Floats, signs: Floats, some: slice) -> None:
        """Add those of some stimuli.

        Parameters
        ----------
        vectors : array of shape (some, seen, stimulus)
        signs : array of shape (some, stimulus)
        some : slice
        """
        first = vectors[:, self.first]
        second = vectors[:, self.second].transpose(0, 2, 1)
        np.matmul(first, second, out=self.plain[some])
        np.matmul(first * signs[:, None], second, out=self.signed[some])

    def first_order(
        self, scale: Floats, stimuli: Floats, own: Floats, signed: Floats, reach: Floats
    ) -> FirstOrder:
        """Return the values of vectors of length 1, see `isomorph.measures.first_order`.

        Parameters
        ----------
        scale, reach : arrays of shape (seen,)
            One over lengths, 0 of what is not seen; what values are multiplied by.
        stimuli, own, signed : arrays of shape (stimulus, seen)
        """
        n = len(stimuli)
        single = [array.astype(np.float32) for array in (stimuli, own, signed)]
        (beside_a, own_a, signed_a), (beside_b, own_b, signed_b) = (
            [array[:, side] for array in single] for side in (self.first, self.second)
        )
        both = np.multiply.outer(scale[self.first], scale[self.second])
        value = self.plain.sum(axis=0, dtype=float) / 2 * both
        value += stimuli[:, self.first].T @ stimuli[:, self.second]
        half = (value / 2).astype(np.float32)
        seen = np.where(both > 0, 1.0, np.nan)
        reached = np.multiply.outer(reach[self.first], reach[self.second])
        factor = (n * reached * seen).astype(np.float32)
        influence, of_pairs = (
            array * both.astype(np.float32) for array in (self.plain, self.signed)
        )
        influence += beside_a[:, :, None] * beside_b[:, None]
        influence -= half * (own_a[:, :, None] + own_b[:, None])
        influence -= influence.mean(axis=0, dtype=float).astype(np.float32)
        of_pairs -= half * (signed_a[:, :, None] + signed_b[:, None])
        influence *= factor
        of_pairs *= factor
        return FirstOrder(value * reached, influence, of_pairs)


def beside(first: FirstOrder, second: FirstOrder) -> FirstOrder:
    """Return the same against others, and others, side by side."""
    return FirstOrder(
        np.concatenate([first.value, second.value], axis=1),
        np.concatenate([first.influence, second.influence], axis=2),
        np.concatenate([first.of_pairs, second.of_pairs], axis=2),
    )

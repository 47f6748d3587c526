"""Principal axes of representations, the coordinates in which whitening is a factor per axis."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from isomorph.measures.pairs import Counts, Floats, blocks
from isomorph.measures.stack import Stack

ROUNDING = 1e-5
"""Share of the largest singular value below which one is rounding error: the root of that of the
eigenvalues of Gram matrices."""

ASKEW = 1e-13
"""Inner product of two columns, of features of norm 1, above which they are not orthogonal."""

ALIKE = 1e-9
"""Share of the largest coordinate by which stimuli that are the same may differ."""

BLOCK = 2**22
"""Numbers held at once of the cross-covariances of one representation with many (32 MiB)."""


@dataclass(frozen=True)
class Principal:
    r"""Centred features of Frobenius norm 1, along their principal axes.

    Attributes
    ----------
    places : array of shape (known,)
        Which representations these are; others have no root or do not vary.
    features : array of shape (known, n, axis)
        Their columns are orthogonal; zero beyond the rank of each.
    spreads : array of shape (known, axis)
        Norms of the columns, the singular values, descending; exactly zero beyond the rank.
    """

    places: NDArray[np.intp]
    features: Floats
    spreads: Floats

    def moved(self, order: Counts) -> Principal:
        """Return them with the stimuli in another order."""
        return Principal(self.places, self.features[:, order], self.spreads)

    @property
    def ranks(self) -> Floats:
        """Dimensions of each: `(known,)`."""
        return np.asarray((self.spreads > 0).sum(axis=1), dtype=float)

    @property
    def axes(self) -> Floats:
        """Features with columns of norm 1, zero beyond the rank: `(known, n, axis)`."""
        return self.features * inverse(self.spreads)[:, None]


def principal(stack: Stack) -> Principal:
    """Return the representations of a stack along their principal axes, found once."""
    return stack.reordered("principal", lambda one: _principal(one.roots), Principal.moved)


def different(features: Floats) -> NDArray[np.intp]:
    """Return how many different stimuli there are, copies of one being one: `(...,)`.

    Along a direction drawn at random, what differs is apart.

    Parameters
    ----------
    features : array of shape (..., n, axis)
    """
    direction = np.random.default_rng(0).standard_normal(features.shape[-1])
    along = np.sort(features @ direction, axis=-1)
    largest = np.abs(along).max(axis=-1, initial=0.0, keepdims=True)
    apart = np.diff(along, axis=-1) > ALIKE * largest
    return np.asarray(1 + apart.sum(axis=-1))


def inverse(values: Floats) -> Floats:
    """Return one over each value, 0 for 0."""
    some = values > 0
    found: Floats = np.where(some, 1 / np.where(some, values, 1.0), 0.0)
    return found


def few_of(first: Floats, second: Floats) -> list[slice]:
    """Return slices of the second `(b, n, q)` few enough for products with `(a, n, p)` of each."""
    return list(blocks(len(second), BLOCK // max(1, first.shape[2] * second.shape[2])))


def _principal(roots: Floats) -> Principal:
    power = np.square(roots).sum(axis=(1, 2))
    with np.errstate(invalid="ignore"):
        places = np.flatnonzero(np.isfinite(power) & (power > 0))
    found = roots[places] / np.sqrt(power[places])[:, None, None]
    # Roots of all stimuli have orthogonal columns, those of some stimuli have not.
    products = found.swapaxes(1, 2) @ found
    spreads = np.sqrt(np.diagonal(products, axis1=1, axis2=2))
    products[:, np.arange(products.shape[1]), np.arange(products.shape[1])] = 0
    askew = np.abs(products).max(axis=(1, 2), initial=0.0) > ASKEW
    if askew.any():
        left, spread, _ = np.linalg.svd(found[askew], full_matrices=False)
        found[askew, :, : spread.shape[1]] = left * spread[:, None]
        found[askew, :, spread.shape[1] :] = 0
        spreads[askew] = np.pad(spread, ((0, 0), (0, spreads.shape[1] - spread.shape[1])))
    largest = spreads.max(axis=1, initial=0.0, keepdims=True)
    kept = spreads > ROUNDING * largest
    n_axes = int(kept.sum(axis=1).max(initial=0))
    spreads = np.where(kept, spreads, 0.0)[:, :n_axes]
    return Principal(places, np.where(kept[:, None], found, 0.0)[:, :, :n_axes], spreads)

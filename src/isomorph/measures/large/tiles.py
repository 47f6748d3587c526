"""Distances of two representations, a tile of stimuli by stimuli at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from isomorph.errors import IsomorphError
from isomorph.measures.linear import ROUNDING
from isomorph.measures.pairs import Floats, blocks
from isomorph.registry import Registry

TILE = 1024
"""Stimuli on a side: two tiles of distances are 8 MiB in float32."""

Prepare = Callable[[Floats], Floats]


def _centred(features: Floats) -> Floats:
    return features - features.mean(axis=0, dtype=float)


def _patterns(features: Floats) -> Floats:
    """Z-score every pattern over its features, scaled so that distances are `1 - r`.

    Raises
    ------
    IsomorphError
        When a stimulus has the same value in every feature.
    """
    mean = features.mean(axis=1, keepdims=True, dtype=float)
    centred = features - mean
    spread = np.sqrt((centred**2).mean(axis=1, keepdims=True))
    flat = spread <= ROUNDING * np.abs(mean)
    if flat.any():
        raise IsomorphError(
            f"correlation distance is undefined: {int(flat.sum())} of {len(features)} "
            "stimuli have the same value in every feature"
        )
    patterns: Floats = centred / spread / np.sqrt(2)
    return patterns - patterns.mean(axis=0)


@dataclass(frozen=True)
class TiledDistance:
    """A distance that comes from inner products of prepared features.

    Attributes
    ----------
    prepare : callable
        From features to those whose mean squared difference is the distance, or its square.
    root : bool
        Whether the distance is the root of that.
    """

    prepare: Prepare
    root: bool = False


TILED: Registry[TiledDistance] = Registry(
    "distance between many stimuli",
    {
        "correlation": TiledDistance(_patterns),
        "squared_euclidean": TiledDistance(_centred),
        "euclidean": TiledDistance(_centred, root=True),
    },
)


@dataclass(frozen=True)
class Representation:
    """Features of many stimuli, and the distance between them.

    Attributes
    ----------
    given : array of shape (stimulus, feature)
    distance : str
        `correlation`, `squared_euclidean` or `euclidean`.
    features : array of shape (stimulus, feature)
        Centred over stimuli, scaled so that the squared length of a difference is the distance
        or its square.
    """

    given: Floats
    distance: str = "squared_euclidean"
    features: Floats = field(init=False)

    def __post_init__(self) -> None:
        """Prepare the features; in the precision they came in."""
        prepared = TILED[self.distance].prepare(self.given) / np.sqrt(self.given.shape[1])
        object.__setattr__(self, "features", prepared.astype(self.given.dtype, copy=False))
        object.__setattr__(self, "_own", (self.features.astype(float) ** 2).sum(axis=1))

    @property
    def n_stimuli(self) -> int:
        """Number of stimuli."""
        return len(self.features)

    @property
    def root(self) -> bool:
        """Whether the distance is the root of the squared length of a difference."""
        return TILED[self.distance].root

    @property
    def own(self) -> Floats:
        """Squared lengths of the prepared features: `(stimulus,)`."""
        own: Floats = self._own  # type: ignore[attr-defined]
        return own

    def between(self, rows: slice, columns: slice) -> Floats:
        """Return distances between some stimuli and others: `(row, column)`."""
        tile = self.features[rows] @ self.features[columns].T
        tile *= -2
        tile += self.own[rows, None].astype(tile.dtype)
        tile += self.own[columns].astype(tile.dtype)
        np.maximum(tile, 0, out=tile)
        return np.sqrt(tile, out=tile) if self.root else tile


def same_stimuli(first: Representation, second: Representation) -> int:
    """Return the number of stimuli of both.

    Raises
    ------
    IsomorphError
        When they differ.
    """
    if first.n_stimuli != second.n_stimuli:
        raise IsomorphError(
            f"{first.n_stimuli} stimuli cannot be compared with {second.n_stimuli}, "
            "they must be the same"
        )
    return first.n_stimuli


def tiles(
    first: Representation, second: Representation, size: int = TILE
) -> Iterator[tuple[slice, slice, Floats, Floats]]:
    """Yield rows, columns and both distances `(row, column)` of every tile that holds pairs.

    Together they hold every pair once. In a tile on the diagonal, the pairs are those above its
    own; what is below is 0 in both.

    Parameters
    ----------
    first, second : Representation
    size : int
        Stimuli on a side.
    """
    n_stimuli = same_stimuli(first, second)
    for rows in blocks(n_stimuli, size):
        for columns in blocks(n_stimuli, size):
            if columns.start < rows.start:
                continue
            both = first.between(rows, columns), second.between(rows, columns)
            if columns.start == rows.start:
                both = np.triu(both[0], 1), np.triu(both[1], 1)
            yield rows, columns, *both

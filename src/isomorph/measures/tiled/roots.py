"""Representations whose distances are computed some rows at a time, and never held."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from isomorph.errors import IsomorphError
from isomorph.measures.linear import ROUNDING
from isomorph.measures.pairs import Floats
from isomorph.registry import Registry

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


def _directions(features: Floats) -> Floats:
    """Scale every pattern so that distances are 1 less the cosine.

    Raises
    ------
    IsomorphError
        When a stimulus is 0 in every feature.
    """
    power = np.sqrt((features.astype(float) ** 2).mean(axis=1, keepdims=True))
    if none := int((power == 0).sum()):
        raise IsomorphError(
            f"cosine distance is undefined: {none} of {len(features)} stimuli are 0 in every "
            "feature"
        )
    return _centred(features / power / np.sqrt(2))


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
        "cosine": TiledDistance(_directions),
        "squared_euclidean": TiledDistance(_centred),
        "euclidean": TiledDistance(_centred, root=True),
    },
)


@dataclass(frozen=True, eq=False)
class Representation:
    """Features of many stimuli, or roots of their Gram matrix, and the distance between them.

    Attributes
    ----------
    given : array of shape (stimulus, feature)
    distance : str
        A name in `TILED`.
    features : array of shape (stimulus, feature)
        Centred over stimuli, so that the squared length of a difference is the distance or its
        square, up to a factor that makes their mean squared length 1; in the precision they came
        in, which is that of the distances.
    """

    given: Floats = field(repr=False)
    distance: str = "squared_euclidean"
    features: Floats = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Prepare the features, and let go of those that were given."""
        prepared = TILED[self.distance].prepare(self.given)
        power = np.sqrt((prepared.astype(float) ** 2).sum(axis=1).mean())
        prepared = prepared / (power if power > 0 else 1.0)
        object.__setattr__(self, "features", prepared.astype(self.given.dtype, copy=False))
        object.__setattr__(self, "_own", (self.features.astype(float) ** 2).sum(axis=1))
        object.__setattr__(self, "given", self.features[:0])

    def __len__(self) -> int:
        return len(self.features)

    def rows(self, some: slice) -> Floats:
        """Return the distances of some stimuli from all: `(some, stimulus)`, exactly 0 from itself.

        Parameters
        ----------
        some : slice
        """
        own = self._own.astype(self.features.dtype)  # type: ignore[attr-defined]
        tile = (-2 * self.features[some]) @ self.features.T
        tile += own[some, None]
        tile += own
        np.maximum(tile, 0, out=tile)
        if TILED[self.distance].root:
            np.sqrt(tile, out=tile)
        clear_diagonal(tile, some)
        return tile


def clear_diagonal(tile: Floats, some: slice, value: float = 0.0) -> None:
    """Write a value where rows `(some, stimulus)` meet their own columns."""
    place = np.arange(len(tile))
    tile[place, some.start + place] = value

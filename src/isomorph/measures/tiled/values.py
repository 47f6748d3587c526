"""What measures compare, some rows at a time: distances, their roots, means over subjects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from isomorph.measures.pairs import Floats, blocks
from isomorph.measures.tiled.roots import Representation, clear_diagonal

ROOM = 2**25
"""Numbers held at once by the rows of all representations (128 MiB of float32)."""


class Tile:
    """The distances of some stimuli from all, of every representation, each computed once.

    Parameters
    ----------
    representations : sequence of Representation
    some : slice
        The stimuli.
    """

    def __init__(self, representations: Sequence[Representation], some: slice) -> None:
        self.some = some
        self._representations = representations
        self._known: dict[int, Floats] = {}

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.some.stop - self.some.start, len(self._representations[0])

    def distances(self, at: int) -> Floats:
        """Return those of one representation: `(some, stimulus)`, not to be written to."""
        if at not in self._known:
            self._known[at] = self._representations[at].rows(self.some)
        return self._known[at]


def tiles(representations: Sequence[Representation], size: int) -> Iterator[Tile]:
    """Yield tiles of at most so many rows that cover all stimuli."""
    for some in blocks(len(representations[0]), size):
        yield Tile(representations, some)


def rows_for(n_stimuli: int, n_held: int) -> int:
    """Return how many rows of so many things there is room for."""
    return max(1, min(n_stimuli, ROOM // (n_held * n_stimuli)))


class Values(Protocol):
    """A value for every pair of stimuli."""

    def rows(self, tile: Tile) -> Floats:
        """Return those of a tile: `(some, stimulus)`, 0 on the diagonal, not to be written to."""


@dataclass(frozen=True)
class Own:
    """The distances of one representation, or their roots.

    Attributes
    ----------
    at : int
        Which.
    root : bool
    """

    at: int
    root: bool = False

    def rows(self, tile: Tile) -> Floats:
        """Return the values of a tile."""
        found = tile.distances(self.at)
        return np.sqrt(found) if self.root else found


@dataclass(frozen=True)
class Constant:
    """The same value for every pair."""

    def rows(self, tile: Tile) -> Floats:
        """Return the values of a tile."""
        found = np.ones(tile.shape, dtype=np.float32)
        clear_diagonal(found, tile.some)
        return found


@dataclass(frozen=True)
class Mean:
    """A weighted mean of several.

    Attributes
    ----------
    parts : sequence of Values
    weights : sequence of float
    """

    parts: tuple[Values, ...]
    weights: tuple[float, ...]

    def rows(self, tile: Tile) -> Floats:
        """Return the values of a tile."""
        total = np.zeros(tile.shape, dtype=np.float32)
        for part, weight in zip(self.parts, self.weights, strict=True):
            total += np.float32(weight / len(self.parts)) * part.rows(tile)
        return total

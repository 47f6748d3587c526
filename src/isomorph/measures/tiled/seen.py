"""What a measure sees of the values of a representation: vectors that it is an inner product of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from isomorph.measures.linear import LinearForm
from isomorph.measures.pairs import Floats
from isomorph.measures.tiled.roots import clear_diagonal
from isomorph.measures.tiled.sums import Order, Sums
from isomorph.measures.tiled.values import Tile, Values


class Seen(Protocol):
    """What a measure sees of the values of one representation."""

    @property
    def stimuli(self) -> Floats | None:
        """What is compared beside pairs `(stimulus,)`, see `isomorph.measures.first_order.Sides`.

        On the scale of `sides`.
        """

    @property
    def least(self) -> float:
        """The length of `sides` below which rounding is all there is."""

    def sides(self, tile: Tile, out: Floats) -> None:
        """Write vectors as stimuli enter them, of any length: `(some, stimulus)`."""

    def embedded(self, tile: Tile, out: Floats) -> None:
        """Write vectors on which orders of the stimuli act as on RDMs, of the length of `sides`."""


@dataclass(frozen=True, eq=False)
class SeenLinear:
    """What is left of values less a number per stimulus.

    Attributes
    ----------
    values : Values
    form : LinearForm
    sums : Sums
    """

    values: Values
    form: LinearForm
    sums: Sums

    @property
    def least(self) -> float:
        """The length below which rounding is all there is."""
        return float(self.sums.same * np.sqrt(self.sums.n_pairs))

    @property
    def stimuli(self) -> Floats | None:
        """What is compared beside pairs."""
        return np.sqrt(self.form.ridge) * self._fitted if self._shrinks else None

    def sides(self, tile: Tile, out: Floats) -> None:
        """Write what a penalised fit leaves of the values."""
        level = self.sums.mean / 2 if self.form.centre else 0.0
        self._less(tile, out, level + self._fitted)

    def embedded(self, tile: Tile, out: Floats) -> None:
        """Write the values with their parts scaled."""
        n, mean = len(self.sums.by_stimulus), self.sums.mean
        of_additive, of_mean = self.form.kept(n)
        additive = (self.sums.by_stimulus - mean * (n - 1)) / (n - 2)
        self._less(tile, out, mean * (1 - of_mean) / 2 + (1 - of_additive) * additive)

    @property
    def squares(self) -> float:
        """Squared length of `sides`."""
        whole = 0 if self.form.centre else self.sums.n_pairs * self.sums.mean**2
        return float(self.sums.squares + whole - self._sums @ self._fitted)

    @property
    def _shrinks(self) -> bool:
        return 0 < self.form.ridge < np.inf

    @property
    def _sums(self) -> Floats:
        """Of the values by stimulus, less the mean where that is removed."""
        n = len(self.sums.by_stimulus)
        return self.sums.by_stimulus - (self.sums.mean * (n - 1) if self.form.centre else 0.0)

    @property
    def _fitted(self) -> Floats:
        """The numbers of the penalised fit: `(stimulus,)`."""
        return self.form.fitted(self._sums)

    def _less(self, tile: Tile, out: Floats, numbers: Floats) -> None:
        """Write the values less a number for either stimulus."""
        numbers = numbers.astype(out.dtype)
        np.subtract(self.values.rows(tile), numbers[tile.some, None], out=out)
        out -= numbers
        clear_diagonal(out, tile.some)


@dataclass(frozen=True, eq=False)
class SeenRanks:
    """Midranks, of length 1.

    Attributes
    ----------
    values : Values
    order : Order
    """

    values: Values
    order: Order

    stimuli = None
    least = 0.5

    def rows(self, tile: Tile) -> Floats:
        """Return the ranks of a tile: `(some, stimulus)`, which are values too."""
        return self.order.ranks(self.values.rows(tile), tile.some)

    def sides(self, tile: Tile, out: Floats) -> None:
        """Write the ranks."""
        out[...] = self.rows(tile)

    def embedded(self, tile: Tile, out: Floats) -> None:
        """Write the ranks."""
        self.sides(tile, out)

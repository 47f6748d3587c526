r"""How measures that are inner products over pairs vary with the stimuli, to first order.

Let a measure be :math:`\theta = \langle x, y \rangle`, with unit vectors over pairs, or over pairs
and stimuli, that each representation gives by itself. Were stimulus i to count :math:`w_i` times,
pair (i, j) would count :math:`w_i w_j` times, so the derivative of a cosine by :math:`w_i` is the
sum over the pairs of i of

.. math:: h_{ij} = x_{ij} y_{ij} - \tfrac{\theta}{2} (x_{ij}^2 + y_{ij}^2).

What is subtracted from an RDM before (its mean, what is additive in two stimuli) is a least squares
fit, and at a minimum the fit's own change adds nothing to first order. Ranks are taken for the
values themselves. So :math:`I_i = n \sum_j h_{ij}`, and a draw in which stimulus i comes
:math:`m_i` times has the value :math:`\theta + \sum_i m_i I_i / \sum_i m_i` (Efron 1982,
https://doi.org/10.1137/1.9781611970319). All stimuli of all comparisons are one GEMM per stimulus.

The variance of such draws, the infinitesimal jackknife, counts twice what is of a pair alone and of
neither stimulus in it (Efron & Stein 1981, https://doi.org/10.1214/aos/1176345462). How much that
is shows when the pairs of a stimulus are halved: the two sums share what is of the stimulus, so the
variance of :math:`A_i = n \sum_j s_{ij} h_{ij}`, with signs of which each stimulus has as many of
either kind, is that of pairs alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from isomorph.measures.pairs import Counts, Floats, blocks, pair_indices, squareform, stimulus_count

ROOM = 2**26
"""Numbers held at once by square matrices (256 MiB of float32)."""

FINE = 400
"""Stimuli up to which matrices are in float64; of more in float32, which is off by 1e-6."""

FEWEST = 3
"""Different stimuli that a draw needs to have a value."""

ROUNDING = 1e-12
"""Share of the length of an RDM below which what a measure sees of it is rounding error."""


@dataclass(frozen=True)
class Sides:
    """What representations give to measures that are inner products.

    Attributes
    ----------
    pairs : array of shape (representation, pair)
    stimuli : array of shape (representation, stimulus) or None
        Vectors that are compared as well, where what is additive in stimuli is shrunk, not removed.
    own : array of shape (representation, pair) or None
        What changing a stimulus does to the scale of the vectors: squares of either vector, unless
        given.
    reach : array of shape (representation,) or None
        What inner products are multiplied by, 1 unless given.
    """

    pairs: Floats
    stimuli: Floats | None = None
    own: Floats | None = None
    reach: Floats | None = None

    def __len__(self) -> int:
        return len(self.pairs)

    @staticmethod
    def filled(n_rows: int, parts: Iterable[Sides]) -> Sides:
        """Return so many rows that come in parts, held once."""
        whole: dict[str, Floats] = {}
        at = 0
        for part in parts:
            for name in ("pairs", "stimuli", "own", "reach"):
                values = getattr(part, name)
                if values is not None:
                    if name not in whole:
                        whole[name] = np.empty((n_rows, *values.shape[1:]), dtype=values.dtype)
                    whole[name][at : at + len(part)] = values
            at += len(part)
        if "pairs" not in whole:
            return Sides(np.empty((0, 0)))
        return Sides(**whole)

    def rounded(self) -> Sides:
        """Return the same with pairs in float32 where stimuli are more than `FINE`."""
        if stimulus_count(self.pairs.shape[1]) <= FINE:
            return self
        own = None if self.own is None else self.own.astype(np.float32)
        return replace(self, pairs=self.pairs.astype(np.float32), own=own)

    def products(self, other: Sides) -> Floats:
        """Return the inner products with other vectors: `(a, b)`."""
        own = self.pairs.astype(other.pairs.dtype, copy=False)
        found: Floats = (own @ other.pairs.T).astype(float)
        if self.stimuli is not None and other.stimuli is not None:
            found = found + self.stimuli @ other.stimuli.T
        return found

    @property
    def squares(self) -> Floats:
        """Squared lengths of the vectors: `(representation,)`."""
        found: Floats = np.einsum("ap,ap->a", self.pairs, self.pairs)
        if self.stimuli is not None:
            found = found + np.einsum("an,an->a", self.stimuli, self.stimuli)
        return found


@dataclass(frozen=True, eq=False)
class FirstOrder:
    """Values, and what each stimulus adds to them.

    Attributes
    ----------
    value : array of shape (a, b)
    influence : array of shape (stimulus, a, b)
        Of mean 0.
    of_pairs : array of shape (stimulus, a, b)
        Of the same variance as what is of pairs alone in the influence.
    """

    value: Floats
    influence: Floats
    of_pairs: Floats

    def resampled(self, counts: Counts) -> Floats:
        """Return the values in resamples: `(..., a, b)`, NaN on fewer than three stimuli.

        Parameters
        ----------
        counts : array of shape (..., stimulus)
            How often each stimulus was drawn.
        """
        flat = counts.reshape(-1, counts.shape[-1])
        share = flat / np.maximum(flat.sum(axis=1, keepdims=True), 1)
        drawn = share.astype(self.influence.dtype) @ self.influence.reshape(len(self.influence), -1)
        found: Floats = self.value + drawn.reshape(len(flat), *self.value.shape)
        found[np.count_nonzero(flat, axis=1) < FEWEST] = np.nan
        return found.reshape(*counts.shape[:-1], *self.value.shape)

    def over(self, chance: FirstOrder, best: float) -> FirstOrder:
        """Return `(value - chance) / (best - chance)`, NaN where chance is as good as the best."""
        left = np.where(np.abs(best - chance.value) > 1e-9, best - chance.value, np.nan)

        def changed(value: Floats, by_chance: Floats) -> Floats:
            found: Floats = (value * left - by_chance * (best - self.value)) / left**2
            return found

        return FirstOrder(
            (self.value - chance.value) / left,
            changed(self.influence, chance.influence),
            changed(self.of_pairs, chance.of_pairs),
        )

    def times(self, other: FirstOrder) -> FirstOrder:
        """Return the product with other values `(a, 1)` or `(1, b)`."""
        return FirstOrder(
            self.value * other.value,
            self.influence * other.value + other.influence * self.value,
            self.of_pairs * other.value + other.of_pairs * self.value,
        )

    @staticmethod
    def mean(several: Sequence[FirstOrder]) -> FirstOrder:
        """Return the mean of values that vary with the same stimuli."""
        if len(several) == 1:
            return several[0]
        values, influences, of_pairs = zip(
            *((one.value, one.influence, one.of_pairs) for one in several), strict=True
        )
        return FirstOrder(*(np.mean(each, axis=0) for each in (values, influences, of_pairs)))

    def part(self, first: slice, second: slice) -> FirstOrder:
        """Return some of the representations against some."""
        return FirstOrder(
            self.value[first, second],
            self.influence[:, first, second],
            self.of_pairs[:, first, second],
        )


def unit(sides: Sides, original: Floats) -> Sides:
    """Return vectors of length 1; zero where they vanish against RDMs `(representation, pair)`."""
    length = np.sqrt(sides.squares)
    seen = length > ROUNDING * np.linalg.norm(original, axis=1)
    scale = np.divide(1.0, length, out=np.zeros_like(length), where=seen)[:, None]
    stimuli = None if sides.stimuli is None else sides.stimuli * scale
    return Sides(sides.pairs * scale, stimuli)


def first_order(first: Sides, second: Sides, signs: Floats) -> FirstOrder:
    """Return values of `a` representations against `b`, and what each stimulus adds.

    Parameters
    ----------
    first, second : Sides
    signs : array of shape (stimulus, stimulus)
        See `signs_of`.

    Returns
    -------
    FirstOrder
        NaN for the influences on a representation that the measure does not see.
    """
    n = len(signs)
    kind = np.float64 if n <= FINE else np.float32
    value = first.products(second)
    influence, of_pairs = np.empty((2, n, *value.shape), dtype=kind)
    signs = signs.astype(kind)
    rows = max(1, ROOM // n**2)
    for some in blocks(len(first), rows):
        one = _Squares(first, some, signs, kind)
        signed = one.square * signs
        for others in blocks(len(second), rows):
            other = _Squares(second, others, signs, kind)
            across = other.square.transpose(1, 2, 0)
            half = (value[some, others] / 2).astype(kind)
            added = np.matmul(one.square.transpose(1, 0, 2), across)
            if one.stimuli is not None and other.stimuli is not None:
                added += one.stimuli.T[:, :, None] * other.stimuli.T[:, None, :]
            added -= half * (one.own.T[:, :, None] + other.own.T[:, None, :])
            influence[:, some, others] = added
            added = np.matmul(signed.transpose(1, 0, 2), across)
            added -= half * (one.signed.T[:, :, None] + other.signed.T[:, None, :])
            of_pairs[:, some, others] = added
    influence -= influence.mean(axis=0)
    seen = [np.any(side.pairs, axis=1) for side in (first, second)]
    reach = np.multiply.outer(*(_reach(side) for side in (first, second)))
    scale = np.where(np.logical_and.outer(*seen), n * reach, np.nan).astype(kind)
    influence *= scale
    of_pairs *= scale
    return FirstOrder(value * reach, influence, of_pairs)


class _Squares:
    """Some representations as square matrices, and what follows from each alone.

    Parameters
    ----------
    sides : Sides
    rows : slice
    signs : array of shape (stimulus, stimulus)
    kind : type
        Of the numbers.
    """

    def __init__(self, sides: Sides, rows: slice, signs: Floats, kind: type) -> None:
        self.square = squareform(sides.pairs[rows].astype(kind, copy=False), len(signs))
        self.stimuli: Floats | None
        self.stimuli = None if sides.stimuli is None else sides.stimuli[rows].astype(kind)
        if sides.own is None:
            self.own = np.einsum("aij,aij->ai", self.square, self.square)
            self.signed = np.einsum("aij,aij,ij->ai", self.square, self.square, signs)
            if self.stimuli is not None:
                self.own += self.stimuli**2
        else:
            own = squareform(sides.own[rows].astype(kind, copy=False), len(signs))
            self.own = own.sum(axis=2)
            self.signed = np.einsum("aij,ij->ai", own, signs)


def _reach(sides: Sides) -> Floats:
    return np.ones(len(sides)) if sides.reach is None else sides.reach


class Signs:
    """Signs of pairs of stimuli, of which each group of stimuli has as many of either kind.

    Always the same ones: groups stand on a circle, in an order drawn once, and the sign of two is
    that of the distance between them. 0 for those that are over, and within a group.

    Parameters
    ----------
    groups : array of shape (stimulus,)
        Which stimuli are drawn as one, counted from 0.
    """

    def __init__(self, groups: NDArray[np.integer]) -> None:
        n = int(groups.max()) + 1
        rng = np.random.default_rng(n)
        self._n = n
        self._place = rng.permutation(n).astype(np.int32)[groups]
        self._signs = np.zeros(n // 2 + 1)
        # At every distance but half of the circle, each has two neighbours.
        distances = rng.permutation(np.arange(1, (n - 1) // 2 + 1))
        half = len(distances) // 2
        self._signs[distances[:half]], self._signs[distances[half : 2 * half]] = 1.0, -1.0

    def __len__(self) -> int:
        return len(self._place)

    def rows(self, some: slice) -> Floats:
        """Return the signs of some stimuli with all: `(some, stimulus)`."""
        apart = np.abs(self._place[some, None] - self._place)
        found: Floats = self._signs[np.minimum(apart, self._n - apart)]
        return found


def signs_of(groups: NDArray[np.integer]) -> Floats:
    """Return all signs of pairs of stimuli `(stimulus, stimulus)`, see `Signs`."""
    return Signs(groups).rows(slice(None))


def less_additive(rdms: Floats, numbers: Floats) -> Floats:
    """Return RDMs `(representation, pair)` less numbers `(representation, stimulus)` of both."""
    one, other = pair_indices(numbers.shape[1])
    left: Floats = rdms - numbers[:, one]
    left -= numbers[:, other]
    return left

"""Hypotheses against independence: what the measure says when stimuli are shuffled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from isomorph.inference.groups import exchanged
from isomorph.inference.moments import Moments, Signatures, moments, signatures
from isomorph.inference.shifts import by_lag, less_lag
from isomorph.inference.shuffles import compared_in_orders
from isomorph.inference.tabled import Tabled
from isomorph.measures import Counts, Floats, Measure, stimulus_count
from isomorph.measures.pairs import blocks, pair_indices, squareform
from isomorph.measures.stack import Stack, Stackable, stacked

BLOCK = 2**24
"""Numbers held at once by shuffled RDMs (128 MiB)."""

LEVEL = 0.05
"""Share of the draws that chance may exceed to count as chance, see `calibrated`."""

ROUNDING = 1e-12
"""By how much a shuffled value may fall short of the observed one and still count as large."""


@dataclass(frozen=True)
class Null:
    """What the measure says of a region and every candidate, and what it says by chance.

    Attributes
    ----------
    observed : array of shape (candidate,)
    shuffled : array of shape (shuffle, candidate)
    moments : Moments or None
        Of each candidate over all orders of the stimuli: `(candidate,)`, where they are known.
    """

    observed: Floats
    shuffled: Floats
    moments: Moments | None = None

    @property
    def p(self) -> Floats:
        """One-sided p-values `(1 + as large) / (1 + shuffles)`, never 0; NaN without shuffles."""
        return one_sided(self.observed, self.shuffled)

    @property
    def chance(self) -> Floats:
        """What each candidate is given on average when stimuli are shuffled: `(candidate,)`."""
        if self.moments is not None:
            return self.moments.mean
        if not len(self.shuffled):
            return np.full_like(self.observed, np.nan)
        mean: Floats = self.shuffled.mean(axis=0)
        return mean

    def standardised(self) -> tuple[Floats, Floats]:
        """Return observed and shuffled values in standard deviations of chance from its mean.

        So candidates and regions can be set against each other, whatever the number of subjects.
        What was observed is one more draw under the null, and has its part in mean and deviation:
        left out, it would stand farther out than any draw can, the more so the fewer there are.
        A candidate that chance does not move, such as a constant RDM, stands at 0.
        """
        if not len(self.shuffled):
            return np.full_like(self.observed, np.nan), self.shuffled
        every = np.concatenate([self.observed[None], self.shuffled])
        mean, spread = every.mean(axis=0), every.std(axis=0)
        moves = spread > ROUNDING
        scale = np.where(moves, spread, np.inf)
        return (self.observed - mean) / scale, (self.shuffled - mean) / scale


def one_sided(observed: Floats, null: Floats) -> Floats:
    """Return p-values `(candidate,)` of observed values against draws `(draw, candidate)`.

    NaN without a draw or an observed value; a draw without a value counts as large.
    """
    if not len(null):
        return np.full(np.shape(observed), np.nan)
    as_large = ~(null < observed - ROUNDING)
    p: Floats = np.where(np.isnan(observed), np.nan, (1 + as_large.sum(axis=0)) / (1 + len(null)))
    return p


def calibrated(observed: Floats, null: Floats, measure: Measure) -> Floats:
    r"""Return how far observed values reach from chance toward the best there is.

    :math:`\max((s - \tau) / (s_{max} - \tau), 0)` with :math:`\tau` the value that chance exceeds
    in one of 20 draws, what was observed being one of them, so unrelated representations get more
    than 0 in one of 20 data sets whatever the measure, the stimuli and the features (Gröger et al.
    2026, https://arxiv.org/abs/2602.14486).

    Parameters
    ----------
    observed : array of shape (candidate,)
    null : array of shape (draw, candidate)
        The same of shuffled stimuli; of the best of several, the best in each draw.
    measure : Measure

    Returns
    -------
    array of shape (candidate,)
        NaN without draws, or where the measure has no best value.
    """
    best = measure.with_itself
    if not len(null) or best is None:
        return np.full(np.shape(observed), np.nan)
    every = np.sort(np.concatenate([null, observed[None]]), axis=0)
    exceeded = every[-1 - int(LEVEL * len(every))]
    with np.errstate(invalid="ignore", divide="ignore"):
        over = (observed - exceeded) / (best - exceeded)
    # A value no larger than chance by more than rounding is not above it.
    above: Floats = np.where(observed > exceeded + ROUNDING, np.maximum(over, 0.0), 0.0)
    return np.where(np.isfinite(observed), above, np.nan)


def make_orders(n_stimuli: int, n: int, rng: np.random.Generator) -> Counts:
    """Return `n` random orders of the stimuli: `(order, stimulus)`."""
    return exchanged(np.arange(n_stimuli), n, rng)


class Shuffling:
    """Shuffles the stimuli of regions against those of candidates (Mantel 1967).

    The stimuli of all subjects are shuffled together. It needs no assumption on where the measure
    stands under independence, so it is right for those that are positive there too. All regions
    are given the same orders, so their nulls belong together and the largest of all can be taken.

    Parameters
    ----------
    candidates : Stack, or RDMs (candidate, pair)
        Prepared once for all regions.
    measure : Measure
    orders : array of shape (shuffle, stimulus)
        With none, no p is counted.
    exact : bool
        Whether the moments over all orders are wanted too, of measures that have an embedding.
    lag : array of shape (pair,), optional
        See `isomorph.inference.shuffles.compared_in_orders`.
    """

    def __init__(
        self,
        candidates: Stackable,
        measure: Measure,
        orders: Counts,
        *,
        exact: bool = False,
        lag: NDArray[np.intp] | None = None,
    ) -> None:
        self.candidates, self.measure, self.orders = stacked(candidates), measure, orders
        self.exact, self.lag = exact, lag

    def nulls(self, regions: Sequence[Stackable]) -> list[Null]:
        """Return what is found of each region.

        Parameters
        ----------
        regions : sequence of Stack, or of RDMs (subject, pair)
        """
        stacks = [stacked(region) for region in regions]
        if not stacks:
            return []
        if isinstance(self.measure, Tabled):
            return [self._looked_up(stack, self.measure) for stack in stacks]
        if self.measure.embed is not None:
            return self._embedded(stacks)
        if self.measure.matrices is not None:
            return self._matrices(stacks)
        return [self._anew(stack) for stack in stacks]

    def _embedded(self, regions: Sequence[Stack]) -> list[Null]:
        """Return nulls of inner products of vectors.

        Shuffling acts on the embedded vectors as on RDMs, so their mean is shuffled once for all
        subjects.
        """
        means = np.stack([self._embed(region).mean(axis=0) for region in regions])
        vectors = self._vectors
        observed = means @ vectors.T
        found = compared_in_orders(
            means[:, None], vectors[:, None], self.orders, observed, self.lag,
            centred="gram" in self.measure.needs,
        )  # fmt: skip
        known: Sequence[Moments | None] = [None] * len(regions)
        if self.exact:
            every = moments(signatures(means[:, None]), self._signatures)
            known = [every.some(at) for at in range(len(regions))]
        return [Null(observed[at], found[:, at], own) for at, own in enumerate(known)]

    def _looked_up(self, region: Stack, measure: Tabled) -> Null:
        """Return the null of a measure that has no vectors to shuffle, only their moments."""
        observed = self._observed(region)
        known = measure.moments(region) if self.exact else None
        return Null(observed, np.empty((0, len(observed))), known)

    def _embed(self, stack: Stack) -> Floats:
        assert self.measure.embed is not None
        return self.measure.embed(stack.rdms)

    @cached_property
    def _vectors(self) -> Floats:
        """Candidates embedded: `(candidate, pair)`."""
        rows = blocks(len(self.candidates), BLOCK // self.candidates.rdms.shape[1])
        return np.concatenate([self._embed(self.candidates.rows(part)) for part in rows])

    @cached_property
    def _signatures(self) -> Signatures:
        return signatures(self._vectors[:, None])

    def _matrices(self, regions: Sequence[Stack]) -> list[Null]:
        """Return nulls of inner products of matrices."""
        matrices = self.measure.matrices
        assert matrices is not None
        means = np.stack([matrices(region).mean(axis=0) for region in regions])
        others = matrices(self.candidates)
        observed = np.stack([self._observed(region) for region in regions])
        found = compared_in_orders(means[:, None], others[:, None], self.orders, observed, self.lag)
        return [Null(own, found[:, at]) for at, own in enumerate(observed)]

    def _anew(self, region: Stack) -> Null:
        """Return the null of a measure that is computed again for every order."""
        measure, orders, candidates = self.measure, self.orders, self.candidates
        null = np.empty((len(orders), len(candidates)))
        if measure.costly or region.facts:
            for at, order in enumerate(orders):
                moved: Stackable = region.chosen(order)
                if self.lag is not None and set(measure.needs) == {"rdm"}:
                    moved = shuffled(region.rdms, order[None], self.lag)[0]
                null[at] = measure.compare(moved, candidates).mean(axis=0)
        else:
            for part in blocks(len(orders), BLOCK // region.rdms.size):
                together = shuffled(region.rdms, orders[part], self.lag)
                found = measure.compare(together.reshape(-1, together.shape[-1]), candidates)
                null[part] = found.reshape(*together.shape[:2], -1).mean(axis=1)
        return Null(self._observed(region), null)

    def _observed(self, region: Stack) -> Floats:
        mean: Floats = self.measure.compare(region, self.candidates).mean(axis=0)
        return mean


def permutation_null(
    region: Stackable,
    candidates: Stackable,
    measure: Measure,
    orders: Counts,
    *,
    exact: bool = False,
    lag: NDArray[np.intp] | None = None,
) -> Null:
    """Return what one region has in common with candidates and what it has by chance.

    Parameters
    ----------
    region : Stack, or RDMs (subject, pair)
    candidates : Stack, or RDMs (candidate, pair)
    measure : Measure
    orders : array of shape (shuffle, stimulus)
    exact : bool
    lag : array of shape (pair,), optional
        See `Shuffling`.
    """
    return Shuffling(candidates, measure, orders, exact=exact, lag=lag).nulls([region])[0]


def permutation_p(
    rdms: Floats, candidates: Floats, measure: Measure, n: int, rng: np.random.Generator
) -> Floats:
    """Return one-sided p-values against independence, for each candidate.

    Parameters
    ----------
    rdms : array of shape (subject, pair)
    candidates : array of shape (candidate, pair)
    measure : Measure
    n : int
        Shuffles; with 0 every p is NaN.
    rng : Generator

    Returns
    -------
    array of shape (candidate,)
    """
    orders = make_orders(stimulus_count(rdms.shape[1]), n, rng)
    return permutation_null(rdms, candidates, measure, orders).p


def shuffled(rdms: Floats, orders: np.ndarray, lag: NDArray[np.intp] | None = None) -> Floats:
    """Return RDMs with their stimuli in other orders.

    Parameters
    ----------
    rdms : array of shape (rdm, pair)
    orders : array of shape (order, stimulus)
    lag : array of shape (pair,), optional
        Which pairs are as far apart: means over these stay as they are, and what is left moves.

    Returns
    -------
    array of shape (order, rdm, pair)
    """
    if lag is not None:
        return by_lag(rdms, lag) + less_lag(shuffled(less_lag(rdms, lag), orders), lag)
    n_stimuli = orders.shape[1]
    first, second = pair_indices(n_stimuli)
    place = orders[:, first] * n_stimuli
    place += orders[:, second]
    flat = squareform(rdms, n_stimuli).reshape(len(rdms), -1)
    result = np.empty((len(orders), len(rdms), len(first)), dtype=flat.dtype)
    for row, square in enumerate(flat):
        result[:, row] = square[place]
    return result

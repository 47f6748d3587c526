"""Hypotheses against independence: what the measure says when stimuli are shuffled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isomorph.inference.groups import exchanged
from isomorph.measures import Counts, Floats, Measure, stimulus_count
from isomorph.measures.pairs import blocks, pair_indices, squareform
from isomorph.measures.stack import Stackable, stacked

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
    """

    observed: Floats
    shuffled: Floats

    @property
    def p(self) -> Floats:
        """One-sided p-values `(1 + as large) / (1 + shuffles)`, never 0; NaN without shuffles."""
        return one_sided(self.observed, self.shuffled)

    @property
    def chance(self) -> Floats:
        """What each candidate is given on average when stimuli are shuffled: `(candidate,)`."""
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


def permutation_null(
    region: Stackable, candidates: Stackable, measure: Measure, orders: Counts
) -> Null:
    """Shuffle the stimuli of all subjects together against the candidates' (Mantel 1967).

    It needs no assumption on where the measure stands under independence, so it is right for
    those that are positive there too. With the same orders for several regions their nulls belong
    together, so that the largest of all can be taken.

    Parameters
    ----------
    region : Stack, or RDMs (subject, pair)
    candidates : Stack, or RDMs (candidate, pair)
    measure : Measure
    orders : array of shape (shuffle, stimulus)
        With none, every p is NaN.
    """
    first, second = stacked(region), stacked(candidates)
    observed = measure.compare(first, second).mean(axis=0)
    null = np.empty((len(orders), len(second)))
    if measure.embed is not None:
        # Shuffling acts on the embedded vectors as on RDMs, so their mean is shuffled once for
        # all subjects.
        embedded = measure.embed(second.rdms)
        mean = measure.embed(first.rdms).mean(axis=0)[None]
        for part in blocks(len(orders), BLOCK // first.rdms.shape[1]):
            null[part] = shuffled(mean, orders[part])[:, 0] @ embedded.T
    elif measure.matrices is not None:
        region_mean = measure.matrices(first).mean(axis=0)
        others = measure.matrices(second).reshape(len(second), -1)
        for part in blocks(len(orders), BLOCK // region_mean.size):
            moved = region_mean[orders[part, :, None], orders[part, None, :]]
            null[part] = moved.reshape(len(moved), -1) @ others.T
    elif measure.costly or first.facts:
        for at, order in enumerate(orders):
            null[at] = measure.compare(first.chosen(order), second).mean(axis=0)
    else:
        for part in blocks(len(orders), BLOCK // first.rdms.size):
            together = shuffled(first.rdms, orders[part])
            found = measure.compare(together.reshape(-1, together.shape[-1]), second)
            null[part] = found.reshape(*together.shape[:2], -1).mean(axis=1)
    return Null(observed, null)


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


def shuffled(rdms: Floats, orders: np.ndarray) -> Floats:
    """Return RDMs with their stimuli in other orders.

    Parameters
    ----------
    rdms : array of shape (rdm, pair)
    orders : array of shape (order, stimulus)

    Returns
    -------
    array of shape (order, rdm, pair)
    """
    n_stimuli = orders.shape[1]
    first, second = pair_indices(n_stimuli)
    place = orders[:, first] * n_stimuli
    place += orders[:, second]
    flat = squareform(rdms, n_stimuli).reshape(len(rdms), -1)
    result = np.empty((len(orders), len(rdms), len(first)), dtype=flat.dtype)
    for row, square in enumerate(flat):
        result[:, row] = square[place]
    return result

"""Resamples: estimates under other draws of stimuli, of subjects, and of both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from isomorph.inference.spread import (
    BOTH,
    STIMULI,
    UNLIMITED,
    Spread,
    one_factor,
    spread_over_both,
    spread_over_stimuli,
    two_factors,
    variance_of,
)
from isomorph.measures import Counts, Floats

SAME = 1e-6
"""Share of their spread by which two things must differ between resamples to differ at all, so that
a layer and its copy times a constant differ by no more than rounding."""


def draw(n: int, n_resamples: int, rng: np.random.Generator) -> Counts:
    """Return how often each of `n` things is drawn in each resample: `(resample, n)`."""
    return rng.multinomial(n, np.full(n, 1 / n), size=n_resamples)


def mean_over_drawn(resampled: Floats, subject_draws: Counts) -> Floats:
    """Average `(resample, subject, candidate)` over the subjects each resample drew."""
    weights = subject_draws / subject_draws.sum(axis=1, keepdims=True)
    return np.einsum("bs,bsc->bc", weights, resampled)


Variances = tuple[Floats, Floats | None, Floats | None]
"""Under draws of stimuli, of subjects, of both; the last two None where subjects are too few."""


@dataclass(frozen=True)
class OfPairs:
    """What pairs of stimuli add to means over subjects beside what either stimulus adds.

    Rows add up to its variance over draws when squared; half of it is too much in draws that are
    linear in the stimuli, see `isomorph.measures.first_order`.

    Attributes
    ----------
    mean : array of shape (row, thing)
        Of the mean over subjects.
    own : array of shape (row, thing) or None
        The part of it that is every subject's own; None where subjects are not resampled.
    """

    mean: Floats
    own: Floats | None = None

    @classmethod
    def over_subjects(cls, added: Floats, *, drawn: bool) -> OfPairs:
        """Return what pairs add to the mean over subjects.

        Parameters
        ----------
        added : array of shape (group, subject, thing)
            By groups of stimuli that are drawn as one.
        drawn : bool
            Whether subjects are resampled.
        """
        mean = added.mean(axis=1)
        if not drawn:
            return cls(mean)
        n_subjects = added.shape[1]
        apart = (added - mean[:, None]) / np.sqrt(n_subjects * (n_subjects - 1))
        return cls(mean, apart.reshape(-1, added.shape[2]))

    def excess(self, rivals: NDArray[np.intp] | None = None) -> tuple[Floats, Floats]:
        """Return by how much the variance of draws of stimuli is too large: `(thing,)` each.

        Parameters
        ----------
        rivals : array of shape (rival,), optional
            Of every thing less these: `(thing, rival)`.

        Returns
        -------
        excess, shared : arrays
            In all, and of what subjects share.
        """
        total = _squares(self.mean, rivals) / 2
        own = 0.0 if self.own is None else _squares(self.own, rivals) / 2
        return total, np.maximum(total - own, 0.0)

    def mapped(self, function: Callable[[Floats], Floats]) -> OfPairs:
        """Return the same of something linear in the things."""
        return OfPairs(function(self.mean), None if self.own is None else function(self.own))


def by_groups(added: Floats, groups: NDArray[np.integer]) -> Floats:
    """Return sums over the stimuli of each group, as shares of all: `(group, ...)`.

    Parameters
    ----------
    added : array of shape (stimulus, ...)
    groups : array of shape (stimulus,)
        Which stimuli are drawn as one, counted from 0.
    """
    if np.array_equal(groups, np.arange(len(added))):
        return added / len(added)
    sums = np.zeros((int(groups.max()) + 1, *added.shape[1:]))
    np.add.at(sums, groups, added)
    return sums / len(added)


def _squares(rows: Floats, rivals: NDArray[np.intp] | None) -> Floats:
    """Return sums of squares of columns `(thing,)`, or of columns less some: `(thing, rival)`."""
    own = np.einsum("rt,rt->t", rows, rows)
    if rivals is None:
        return own
    found: Floats = own[:, None] + own[rivals] - 2 * (rows.T @ rows[:, rivals])
    return found


@dataclass(frozen=True)
class Resampled:
    """Means over subjects under every kind of draw, of things scored in one region.

    They are sums over what is scored, so differences and weighted means of things can be taken
    before the spread is.

    Attributes
    ----------
    over_stimuli : array of shape (resample, thing)
    over_subjects, over_both : arrays of shape (resample, thing) or None
        None where subjects are too few to resample.
    n_stimuli, n_subjects : int
        How many were drawn independently; of stimuli, the groups.
    apart_stimuli, apart_both : arrays of shape (resample, thing), optional
        Half the difference between two values that a resample has by chance, as two
        cross-validations give; `over_stimuli` and `over_both` are then their mean.
    n_repeats : int
        How many such values the estimate itself is the mean of.
    both : str
        What is resampled, in words, where it is not stimuli alone; units may stand for subjects.
    of_pairs : OfPairs or None
        Where draws are linear in the stimuli, what is too much in their variance.
    """

    over_stimuli: Floats
    over_subjects: Floats | None
    over_both: Floats | None
    n_stimuli: int
    n_subjects: int
    apart_stimuli: Floats | None = None
    apart_both: Floats | None = None
    n_repeats: int = 1
    both: str = BOTH
    of_pairs: OfPairs | None = None

    def spread(self, limits: tuple[float, float] = UNLIMITED) -> Spread:
        """Return the spread over stimuli, and over subjects where they are resampled.

        What two values of one resample differ by is not spread over stimuli: it is taken off, as
        Schütt et al. (2023, https://doi.org/10.7554/eLife.82566) do with their cross-validations,
        and added as far as the estimate itself has it.

        Parameters
        ----------
        limits : tuple of float
            What a thing can be; between finite ones the spread on Fisher's scale is found too,
            unless a resample has several values.
        """
        if self.apart_stimuli is not None:
            return self._spread_of_several(self.apart_stimuli)
        if self.of_pairs is not None:
            return self._combined(self._each(variance_of))
        if self.over_both is None or self.over_subjects is None:
            return spread_over_stimuli(self.over_stimuli, self.n_stimuli, limits)
        spread = spread_over_both(
            self.over_both,
            self.over_subjects,
            self.over_stimuli,
            self.n_subjects,
            self.n_stimuli,
            limits,
        )
        return replace(spread, scheme=self.both)

    def _each(self, variance: Callable[[Floats], Floats]) -> Variances:
        """Return a variance under draws of stimuli, of subjects, and of both."""
        if self.over_both is None or self.over_subjects is None:
            return variance(self.over_stimuli), None, None
        return variance(self.over_stimuli), variance(self.over_subjects), variance(self.over_both)

    def _combined(self, variances: Variances, rivals: NDArray[np.intp] | None = None) -> Spread:
        """Return the spread from the variances of each kind of draws."""
        stimuli, subjects, both = variances
        excess = (0.0, 0.0) if self.of_pairs is None else self.of_pairs.excess(rivals)
        # No more is of pairs alone than half of what linear draws vary.
        in_all, shared = (np.minimum(each, stimuli / 2) for each in excess)
        if subjects is None or both is None:
            return one_factor(stimuli - in_all, self.n_stimuli)
        n_each = (self.n_subjects, self.n_stimuli)
        spread = two_factors(both, subjects, stimuli, *n_each, (in_all, shared))
        return replace(spread, scheme=self.both)

    def _spread_of_several(self, apart_stimuli: Floats) -> Spread:
        wavering = _mean_square(apart_stimuli)
        stimuli, subjects, both = self._each(variance_of)
        if both is not None and self.apart_both is not None:
            both = np.maximum(both - _mean_square(self.apart_both), 0)
        spread = self._combined((np.maximum(stimuli - wavering, 0), subjects, both))
        error = np.sqrt(spread.standard_error**2 + 2 * wavering / self.n_repeats)
        # The few resamples that can be split are those with the most stimuli, which vary less.
        usable = 2 * np.isfinite(self.widest).sum(axis=0) > len(self.widest)
        return replace(spread, standard_error=np.where(usable, error, np.nan))

    def spread_of_differences(self, rivals: NDArray[np.intp]) -> Spread:
        """Return the spread of every thing less some others: errors `(thing, rival)`.

        Resamples in which any thing is undefined are left out.

        Parameters
        ----------
        rivals : array of shape (rival,)
            Which things those others are.
        """
        each = self._each(lambda draws: variance_of_differences(draws, rivals))
        return self._combined(each, rivals)

    def mapped(self, function: Callable[[Floats], Floats]) -> Resampled:
        """Return the same draws of something linear in the things."""
        return joined([self], lambda values: function(values[0]))

    @property
    def scheme(self) -> str:
        """What is resampled."""
        return STIMULI if self.over_both is None else self.both

    @property
    def widest(self) -> Floats:
        """The draws in which all that is resampled varies."""
        return self.over_stimuli if self.over_both is None else self.over_both


def joined(
    several: Sequence[Resampled],
    how: Callable[[Sequence[Floats]], Floats] = lambda values: np.concatenate(values, axis=1),
) -> Resampled:
    """Return one of several resampled under the same draws: their things side by side.

    Parameters
    ----------
    several : sequence of Resampled
    how : callable
        Joins arrays `(resample, thing)`.
    """

    def of(name: str) -> Floats | None:
        values = [getattr(one, name) for one in several]
        return None if values[0] is None else how(values)

    pairs = [one.of_pairs for one in several if one.of_pairs is not None]
    of_pairs = None
    if len(pairs) == len(several):
        own = [one.own for one in pairs if one.own is not None]
        of_pairs = OfPairs(
            how([one.mean for one in pairs]), how(own) if len(own) == len(pairs) else None
        )
    return replace(
        several[0],
        of_pairs=of_pairs,
        over_stimuli=how([one.over_stimuli for one in several]),
        over_subjects=of("over_subjects"),
        over_both=of("over_both"),
        apart_stimuli=of("apart_stimuli"),
        apart_both=of("apart_both"),
    )


def resampled_means(
    drawn: Floats,
    plain: Floats,
    subject_draws: Counts | None,
    n_stimuli: int,
    of_pairs: OfPairs | None = None,
) -> Resampled:
    """Average over subjects under draws of stimuli, of subjects, and of both.

    Parameters
    ----------
    drawn : array of shape (resample, subject, thing)
        Under draws of stimuli.
    plain : array of shape (subject, thing)
        On all stimuli.
    subject_draws : array of shape (resample, subject) or None
    n_stimuli : int
    of_pairs : OfPairs, optional
        Where draws are linear in the stimuli.
    """
    over_stimuli = drawn.mean(axis=1)
    if subject_draws is None:
        return Resampled(over_stimuli, None, None, n_stimuli, len(plain), of_pairs=of_pairs)
    weights = subject_draws / subject_draws.sum(axis=1, keepdims=True)
    over_both = mean_over_drawn(drawn, subject_draws)
    return Resampled(
        over_stimuli, weights @ plain, over_both, n_stimuli, len(plain), of_pairs=of_pairs
    )


def variance_of_differences(values: Floats, rivals: NDArray[np.intp]) -> Floats:
    """Return the variance over resamples of columns less some columns: `(thing, rival)`.

    0 where only rounding is left of it.

    Parameters
    ----------
    values : array of shape (resample, thing)
        Resamples in which any is NaN are left out.
    rivals : array of shape (rival,)
        Which columns.
    """
    known = values[np.isfinite(values).all(axis=1)]
    centred = known - known.mean(axis=0)
    own = np.einsum("rt,rt->t", centred, centred)[:, None]
    together = own + own[rivals, 0]
    squares = together - 2 * (centred.T @ centred[:, rivals])
    variance: Floats = np.where(squares > SAME**2 * together, squares, 0.0) / (len(known) - 1)
    return variance


def _mean_square(values: Floats) -> Floats:
    """Return the mean over resamples of squares, degenerate ones left out."""
    known = np.isfinite(values)
    squares = np.where(known, values, 0.0) ** 2
    mean: Floats = squares.sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return mean

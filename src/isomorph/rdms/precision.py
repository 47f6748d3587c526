r"""Distances weighed by the noise of the units: Mahalanobis and crossnobis.

The noise of a session is the residual of repetitions about the mean of their stimulus, with as many
degrees of freedom as presentations less stimuli; of runs also over what each adds to all its
responses, which is in no distance, with a degree less for all runs but one. Responses are whitened
by an inverse root of its shrunk covariance, after which every distance is a Euclidean one, and
sessions, whose noise is independent, stand side by side: their Gram matrices add up.

A precision estimated from the same residuals that are multiplied makes cross-validated distances
of pure noise positive: with :math:`p` units and :math:`\nu` degrees of freedom, unshrunk and of
:math:`R` repetitions, by :math:`\frac{2}{R}\left(\frac{\nu}{\nu - p - 1} - 1\right)` on average.
Estimated from the other repetitions it does not: its sign does not change with that of the noise
of the one left out, so products with it are 0 on average. Of two repetitions one is left, which
has no residuals; there stimuli are left out instead. The residuals of other stimuli know nothing
of the noise of the two that are compared, so their distance is 0 on average where there is none,
also where some stimuli are noisier than others. Pairs of stimuli then have slightly different
precisions, all of the same freedom, hence of the same scale on average.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import combinations, permutations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from isomorph.geometry import (
    Contribution,
    Floats,
    UndefinedDistanceError,
    difference_of_squares,
    per_couple,
    side_by_side,
    squared_distances,
)
from isomorph.geometry.covariance import SHRINKAGE
from isomorph.rdms.baselines import (
    Couple,
    as_products,
    baselines_of,
    leverages,
    told_apart,
    within_folds,
)
from isomorph.rdms.folds import Folds, crossed_gram
from isomorph.registry import Registry
from isomorph.responses.variance import ROUNDING, rounding
from isomorph.study.dataset import NoiseSpec

GROUPS = 10
"""Most groups of folds, or of stimuli, left out in turn: with more, several at a time."""

SPARE = 3
"""Degrees of freedom there must be beyond those of what is inverted for its inverse to have a
variance: more than 4 for a single variance, more than units + 3 for an unshrunk covariance."""


class SessionNoise:
    """The noise of the units of a session.

    Parameters
    ----------
    folds : Folds
    shrinkage : str
        Name in `SHRINKAGE`.

    Attributes
    ----------
    noisy : array of bool of shape (unit,)
        Units that vary between repetitions; the others have no noise to be weighed by and count
        for nothing.
    covariance : Covariance
        Of the noisy units.

    Raises
    ------
    UndefinedDistanceError
        When there is nothing to estimate noise from, or its covariance has no inverse.
    """

    def __init__(self, folds: Folds, shrinkage: str) -> None:
        rows, freedom = residuals(folds)
        if freedom < 1:
            raise UndefinedDistanceError(
                "noise is the residual of repetitions about their mean, and no stimulus was "
                "shown twice"
            )
        centred = folds.centred.values
        variance = np.einsum("fsu,fsu->u", centred, centred) / folds.seen.sum()
        spread = np.einsum("ru,ru->u", rows, rows) / len(rows)
        self.noisy: NDArray[np.bool_] = spread > rounding(variance, folds.level)
        if not self.noisy.any():
            raise UndefinedDistanceError(
                "every unit does the same in every repetition, so there is no noise to weigh it by"
            )
        kept = rows if self.noisy.all() else rows[:, self.noisy]
        self.covariance = SHRINKAGE[shrinkage](kept, freedom)
        if self.covariance.is_singular(freedom, ROUNDING):
            raise UndefinedDistanceError(_NO_INVERSE)

    def whiten(self, responses: Floats) -> Floats:
        """Return responses `(..., unit)` in which the noise is white, 0 for units without any.

        Any root of the precision will do, as only inner products are taken.
        """
        flat = responses.reshape(-1, responses.shape[-1])
        if self.noisy.all():
            return self._whiten(flat).reshape(responses.shape)
        white = np.zeros_like(flat)
        white[:, self.noisy] = self._whiten(flat[:, self.noisy])
        return white.reshape(responses.shape)

    def _whiten(self, flat: Floats) -> Floats:
        try:
            return self.covariance.whiten_anyhow(flat)
        except LinAlgError:
            raise UndefinedDistanceError(_NO_INVERSE) from None


def residuals(folds: Folds) -> tuple[Floats, int]:
    """Return the residuals of repetitions about the mean of their stimulus, and their freedom.

    Where folds are single runs, what one adds to all its responses is taken off too: it is in no
    distance between stimuli of one run, and so no noise of it.

    Returns
    -------
    residuals : array of shape (presentation, unit)
    freedom : int
        Presentations less the rank of what is taken off, see `freedom_of`.
    """
    rows = residuals_by_repetition(folds)
    # A mask copies even where it keeps everything.
    flat = rows.reshape(-1, rows.shape[2]) if folds.seen.all() else rows[folds.seen]
    return flat, freedom_of(folds)


def residuals_by_repetition(folds: Folds) -> Floats:
    """Return residuals by repetition, see `residuals`: `(repetition, stimulus, unit)`."""
    means = folds.values.sum(axis=0) / np.maximum(folds.seen.sum(axis=0), 1)[:, None]
    rows = folds.values - means
    if folds.together:
        baselines = baselines_of(folds.sums, folds.counts)
        share = folds.counts / np.maximum(folds.counts.sum(axis=0), 1)
        rows -= folds.repetitions(baselines)[:, None]
        rows += share.T @ baselines
    return rows


def freedom_of(folds: Folds) -> int:
    """Return presentations less stimuli shown, and less the baselines of single runs."""
    counts = folds.seen.sum(axis=0)
    taken = told_apart(folds.counts)[2] if folds.together else 0
    return int(counts.sum() - np.count_nonzero(counts)) - taken


def mahalanobis(folds: Folds, settings: NoiseSpec) -> Contribution:
    """Return the Gram matrix of stimulus means in units of the session's noise."""
    noise = SessionNoise(folds, settings.shrinkage)
    white = noise.whiten(folds.centred.means)
    white -= white.mean(axis=0)
    return Contribution(white @ white.T, int(noise.noisy.sum()))


def crossnobis(folds: Folds, settings: NoiseSpec) -> Contribution:
    """Return cross-validated inner products in units of the noise.

    Walther et al. 2016, https://doi.org/10.1016/j.neuroimage.2015.12.012.

    Raises
    ------
    UndefinedDistanceError
        When two stimuli share no couple of different folds.
    """
    part = PER[settings.per](folds, settings.shrinkage)
    if np.isnan(part.values).any():
        raise UndefinedDistanceError("it needs at least two repetitions of every stimulus")
    return part


def with_noise_of_session(folds: Folds, shrinkage: str) -> Contribution:
    """Return products weighed by the noise of all folds, and that this lifts distances."""
    noise = SessionNoise(folds, shrinkage)
    by_fold = folds.centred.by_fold
    white = replace(by_fold, values=noise.whiten(by_fold.values))
    n_units = int(noise.noisy.sum())
    lift = "it lifts every distance, of pure noise too"
    spare = freedom_of(folds) - n_units - 1
    if shrinkage == "none" and folds.fold is None and spare > 0:
        lift += f", by {2 / len(folds) * (n_units + 1) / spare:.2g} on average"
    return Contribution(crossed_gram(white), n_units, f"{_OWN_NOISE}; {lift}")


def with_noise_of_others(folds: Folds, shrinkage: str) -> Contribution:
    """Return products weighed by the noise of folds other than one of the two.

    A fold is multiplied with every other under the precision of all folds but its own group. Of
    two folds one is left; where it does not repeat stimuli, see `with_noise_of_other_stimuli`.
    """
    least = SPARE + (folds.values.shape[2] if shrinkage == "none" else 1)
    if len(folds) < 3 and any(freedom_of(folds.of(~one)) <= least for one in groups(len(folds))):
        return with_noise_of_other_stimuli(folds, shrinkage)
    by_fold = folds.centred.by_fold
    if by_fold.lacking:
        return _within_folds_with_noise_of_others(folds, shrinkage, by_fold)
    return _products_with_noise_of_others(folds, shrinkage, by_fold)


def _products_with_noise_of_others(folds: Folds, shrinkage: str, by_fold: Folds) -> Contribution:
    """Return the mean products of all different folds."""
    values = by_fold.values
    total = values.sum(axis=0)
    noisy = np.zeros(total.shape[1], dtype=bool)
    own, every, totals = [], [], []
    for group in groups(len(folds)):
        noise = SessionNoise(folds.of(~group), shrinkage)
        noisy |= noise.noisy
        white = noise.whiten(np.concatenate([values[group], total[None]]))
        every.append(side_by_side(white[:-1]))
        own.append(white[:-1].sum(axis=0))
        totals.append(white[-1])
    # The symmetric part of A Bᵀ is the Gram matrix of (A + B) / 2 less that of (A - B) / 2.
    first, second = np.concatenate(own, axis=1), np.concatenate(totals, axis=1)
    if len(own) == len(folds):  # what is taken off, A Aᵀ, joins in: the part of A (B - A)ᵀ
        products = difference_of_squares(second / 2, first - second / 2)
    else:
        products = difference_of_squares(
            (first + second) / 2, np.concatenate([(first - second) / 2, *every], axis=1)
        )
    return Contribution(per_couple(products, by_fold.seen), int(noisy.sum()))


def _within_folds_with_noise_of_others(
    folds: Folds, shrinkage: str, by_fold: Folds
) -> Contribution:
    """Return what `with_noise_of_others` does, of folds whose baselines must not meet."""
    noisy = np.zeros(folds.values.shape[2], dtype=bool)

    def couples() -> Iterator[Couple]:
        for group in groups(len(folds)):
            noise = SessionNoise(folds.of(~group), shrinkage)
            noisy[:] |= noise.noisy
            white = noise.whiten(by_fold.values)
            for one, other in permutations(range(len(folds)), 2):
                if group[one]:
                    yield (one, other), white[one], white[other]

    within = within_folds(couples(), by_fold.seen)

    def products() -> Floats:
        return _products_with_noise_of_others(folds, shrinkage, by_fold).values

    return Contribution(as_products(within, products), int(noisy.sum()))


def with_noise_of_other_stimuli(folds: Folds, shrinkage: str) -> Contribution:
    """Return products of two folds, of each pair of stimuli weighed by the noise of the others.

    Stimuli stand in groups; a pair is weighed by the noise of all groups but its own two, a pair
    of one group by the mean over all second groups. From every precision as many stimuli are left
    out, so that none is of another scale. Where too few stimuli would be left, the noise of all is
    taken, as `with_noise_of_session` does and says.
    """
    n_stimuli, n_units = folds.values.shape[1:]
    apart = groups(n_stimuli)
    left_out = 2 * max(int(group.sum()) for group in apart)
    inverted = n_units if shrinkage == "none" else 1
    by_fold = folds.centred.by_fold
    least = inverted + SPARE + int(folds.together)  # as what runs add is taken off
    if n_stimuli - left_out <= least or not by_fold.seen.all() or len(folds) < 2:
        pooled = with_noise_of_session(folds, shrinkage)
        few = f"{n_stimuli} stimuli are too few to tell noise from others in two repetitions"
        return replace(pooled, note=f"{few}; {pooled.note}")
    values = by_fold.values
    noisy = np.zeros(n_units, dtype=bool)
    squares = np.zeros((n_stimuli, n_stimuli))
    for one, other in combinations(apart, 2):
        own = np.flatnonzero(one | other)
        others = np.flatnonzero(~(one | other))[left_out - len(own) :]
        noise = SessionNoise(folds.of_stimuli(others), shrinkage)
        noisy |= noise.noisy
        first, second = noise.whiten(values[:, own])
        gram = difference_of_squares((first + second) / 2, (first - second) / 2)
        squares[np.ix_(own, own)] += squared_distances(gram)
    for group in apart:
        squares[np.ix_(group, group)] /= len(apart) - 1
    # Inner products, up to what is in no distance, of which these are the squared distances.
    return Contribution(squares / -2, int(noisy.sum()))


def with_noise_of_runs(folds: Folds, shrinkage: str) -> Contribution:
    """Return products of two runs, repetitions in one averaged, weighed by their mean covariance.

    The residuals of one fold have the freedom of its presentations, each less its leverage: its
    share of its stimulus's mean and of its fold's. They add up to that of all.

    Raises
    ------
    UndefinedDistanceError
        When folds are not runs, or noise cannot be estimated from one of them.
    """
    if not folds.together:
        raise UndefinedDistanceError(
            "noise.per: run needs runs that repeat each other's stimuli, and the responses tell of "
            "none; use others or session"
        )
    folds = folds.by_fold
    whole = SessionNoise(folds, shrinkage)  # refuses where nothing can be estimated
    counts = folds.seen.sum(axis=0)
    covariances = []
    taken = leverages(folds.counts)
    for rest, seen, share in zip(residuals_by_repetition(folds), folds.seen, taken, strict=True):
        freedom = float(np.sum(1 - share[seen]))
        rows = rest[seen][:, whole.noisy]
        if freedom < 1 or not (np.einsum("ru,ru->u", rows, rows) > 0).all():
            raise UndefinedDistanceError(
                "noise.per: run needs every unit to vary in every run; use others or session"
            )
        covariances.append(SHRINKAGE[shrinkage](rows, freedom))
    patterns = folds.centred.values[..., whole.noisy]

    def couples() -> Iterator[Couple]:
        for one, other in combinations(range(len(folds)), 2):
            mean = (covariances[one].matrix() + covariances[other].matrix()) / 2
            try:
                factor = cho_factor(mean, lower=True, overwrite_a=True, check_finite=False)
            except LinAlgError:
                raise UndefinedDistanceError(_NO_INVERSE) from None
            yield (one, other), patterns[one], cho_solve(factor, patterns[other].T).T

    def products() -> Floats:
        total = np.zeros((len(counts), len(counts)))
        for _, one, other in couples():
            crossed = one @ other.T
            total += crossed + crossed.T
        return per_couple(total, folds.seen)

    found = (
        as_products(within_folds(couples(), folds.seen), products) if folds.lacking else products()
    )
    lift = f"{_OWN_NOISE}; it lifts every distance, of pure noise too"
    return Contribution(found, int(whole.noisy.sum()), lift)


PER: Registry[Callable[[Folds, str], Contribution]] = Registry(
    "noise",
    {
        "others": with_noise_of_others,
        "session": with_noise_of_session,
        "run": with_noise_of_runs,
    },
)


def groups(count: int) -> list[NDArray[np.bool_]]:
    """Return which folds, or stimuli, are left out together: masks of at most `GROUPS` groups."""
    number = np.arange(count) * min(count, GROUPS) // count
    return [number == one for one in range(min(count, GROUPS))]


_OWN_NOISE = "the noise that weighs repetitions is estimated from these same repetitions"
_NO_INVERSE = (
    "the covariance of the noise has no inverse without shrinkage, as units are too many or repeat "
    "each other; use noise.shrinkage: diagonal"
)

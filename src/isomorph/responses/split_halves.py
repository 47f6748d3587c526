"""Split halves: how well two halves of the repetitions agree over stimuli."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from isomorph.responses.division import come_again_apart
from isomorph.responses.splits import Splits, draw_run_splits, draw_splits, half_means

Array = npt.NDArray

SPLITS = 100
"""Random divisions of the repetitions into halves."""
MINIMUM_STIMULI = 3
"""Two stimuli always correlate perfectly."""


LARGEST = 2**23
"""Half means held at a time, so that memory does not grow with the units."""


@dataclass(frozen=True)
class SplitHalf:
    """Split-half correlation of units over stimuli.

    Attributes
    ----------
    correlation : array of shape (unit,)
        Mean over splits, NaN where undefined.
    spread : array of shape (unit,)
        Standard deviation over splits, NaN where undefined.
    status : list of str
        Per unit `ok`, or why there is no number.
    n_stimuli, n_repetitions : int
        Stimuli shown at least twice, of whole runs in two runs at least, and the fewest
        presentations among them.
    n_splits : int
        Random divisions into halves; 0 where nothing could be divided.
    presentations : float
        Presentations in a half: half of `n_repetitions`, of whole runs the harmonic mean.
    """

    correlation: Array
    spread: Array
    status: list[str]
    n_stimuli: int
    n_repetitions: int
    n_splits: int
    presentations: float = 0


def split_half(
    response: Array,
    stimulus: Array,
    rng: np.random.Generator,
    splits: int = SPLITS,
    run: Array | None = None,
) -> SplitHalf:
    """Correlate, over stimuli, the mean responses of two halves of the repetitions.

    What all presentations of a run share, its baseline or the mean that was taken off it, would
    stand in both halves if each stimulus' presentations were divided on their own, and make noise
    correlate. So halves are of whole runs wherever most stimuli come in several, as those of RDMs
    are; a stimulus missing from a half is left out of that split.

    Parameters
    ----------
    response : array of shape (presentation, unit) or (presentation, unit, time)
        Responses. With time bins the correlation is over stimuli and bins, each bin about its own
        mean over stimuli, so that a unit has one number.
    stimulus : array of str of shape (presentation,)
        Stimulus of each presentation. One shown once is left out; of an odd number of presentations
        one, chosen at random in each split, is left out.
    rng : Generator
        Draws the halves.
    splits : int
        How many random divisions.
    run : array of str of shape (presentation,), optional
        Run of each presentation, or session.

    Returns
    -------
    SplitHalf
    """
    if run is not None and come_again_apart(stimulus, run):
        return _over_runs(response, stimulus, run, rng, splits)
    names, shown = np.unique(stimulus, return_counts=True)
    repeated = shown >= 2
    n_stimuli = int(repeated.sum())
    n_units = response.shape[1]
    fewest = int(shown[repeated].min()) if n_stimuli else int(shown.max(initial=0))
    if n_stimuli < MINIMUM_STIMULI:
        why = f"undefined: {n_stimuli} of {len(names)} stimuli were shown more than once"
        return _undefined(why, n_units, n_stimuli, fewest)
    groups = draw_splits(stimulus, splits, rng)
    mean, spread, status = _summarised(_correlations(response, groups))
    return SplitHalf(mean, spread, status, n_stimuli, fewest, splits, fewest // 2)


def _over_runs(
    response: Array, stimulus: Array, run: Array, rng: np.random.Generator, splits: int
) -> SplitHalf:
    """Return what halves of whole runs say, of the stimuli that come in several."""
    groups = draw_run_splits(stimulus, run, splits, rng)
    first, second = (
        np.concatenate([np.sum(group.signs == sign, axis=2) for group in groups]).T
        for sign in (1, -1)
    )  # (split, stimulus)
    both = (first > 0) & (second > 0)
    enough = both.sum(axis=1) >= MINIMUM_STIMULI
    fewest = min(group.rows.shape[1] for group in groups)
    if not enough.any():
        why = (
            f"undefined: no halves of {len(np.unique(run))} runs have {MINIMUM_STIMULI} stimuli in "
            "common"
        )
        return _undefined(why, response.shape[1], len(first[0]), fewest)
    both = both[enough]
    mean, spread, status = _summarised(
        _correlations(response, [Splits(g.rows, g.signs[:, enough]) for g in groups])
    )
    return SplitHalf(
        mean,
        spread,
        status,
        n_stimuli=int(both.any(axis=0).sum()),
        n_repetitions=fewest,
        n_splits=int(enough.sum()),
        presentations=float(2 / np.mean(1 / first[enough][both] + 1 / second[enough][both])),
    )


def _undefined(why: str, n_units: int, n_stimuli: int, fewest: int) -> SplitHalf:
    nothing = np.full(n_units, np.nan)
    return SplitHalf(nothing, nothing, [why] * n_units, n_stimuli, fewest, 0)


def _correlations(response: Array, groups: list[Splits]) -> Array:
    """Return correlations over stimuli (split, unit), a block of units at a time."""
    n_stimuli = sum(len(group.rows) for group in groups)
    bins = [response] if response.ndim == 2 else list(np.moveaxis(response, 2, 0))
    step = max(1, LARGEST // (groups[0].signs.shape[1] * n_stimuli * len(bins)))
    return np.concatenate(
        [
            _correlate(*_pooled([half_means(one[:, start : start + step], groups) for one in bins]))
            for start in range(0, response.shape[1], step)
        ],
        axis=1,
    )


def _pooled(bins: list[tuple[Array, Array]]) -> tuple[Array, Array]:
    """Return half means of all bins one below the other, each bin about its mean over stimuli.

    Of one bin they are returned as they are.
    """
    if len(bins) == 1:
        return bins[0]
    sides: tuple[list[Array], list[Array]] = ([], [])
    for halves in bins:
        missing = np.isnan(halves[0]) | np.isnan(halves[1])
        for side, found in zip(halves, sides, strict=True):
            mean = np.nanmean(np.where(missing, np.nan, side), axis=1, keepdims=True)
            filled = np.where(missing, mean, side)
            varies = ~is_constant(filled, axis=1)[:, None]
            found.append(np.where(missing, np.nan, varies * (filled - mean)))
    return np.concatenate(sides[0], axis=1), np.concatenate(sides[1], axis=1)


def _summarised(correlation: Array) -> tuple[Array, Array, list[str]]:
    """Return mean and standard deviation over splits (unit,), and what to say of each unit."""
    undefined = ~np.isfinite(correlation)
    with np.errstate(invalid="ignore"):
        mean, spread = correlation.mean(axis=0), correlation.std(axis=0)
    status = [
        "ok" if not count else
        f"undefined: the same response to every stimulus in a half of {count} of "
        f"{len(correlation)} splits"
        for count in undefined.sum(axis=0)
    ]  # fmt: skip
    return mean, spread, status


def _correlate(first: Array, second: Array) -> Array:
    """Return Pearson correlations over axis 1: (split, unit), NaN where a side is constant.

    A stimulus that is NaN on a side counts on neither.
    """
    missing = np.isnan(first[..., :1]) | np.isnan(second[..., :1])
    if missing.any():
        first, second = (_without(side, missing) for side in (first, second))
    constant = is_constant(first, axis=1) | is_constant(second, axis=1)
    first = first - first.mean(axis=1, keepdims=True)
    second = second - second.mean(axis=1, keepdims=True)
    norms = np.sqrt(np.square(first).sum(axis=1) * np.square(second).sum(axis=1))
    products = np.einsum("ijk,ijk->ik", first, second)
    return np.divide(products, norms, out=np.full_like(norms, np.nan), where=~constant)


def _without(side: Array, missing: Array) -> Array:
    """Return half means with the mean of those there in place of those missing: they add 0."""
    there = np.where(missing, 0.0, side)
    mean = there.sum(axis=1, keepdims=True) / np.sum(~missing, axis=1, keepdims=True)
    return np.where(missing, mean, side)


def is_constant(values: Array, axis: int) -> Array:
    """Tell which vectors along an axis vary by no more than the rounding of a mean."""
    return np.ptp(values, axis=axis) <= 1e-12 * np.abs(values).max(axis=axis)


def spearman_brown(correlation: npt.ArrayLike, parts: float = 2) -> Array:
    """Return the reliability of the whole from that of one of its parts.

    Parameters
    ----------
    correlation : float or ndarray
        Reliability of one part.
    parts : float
        How many parts the whole has; below 1 the whole is smaller than the part.

    Returns
    -------
    ndarray
        ``k r / (1 + (k - 1) r)``; NaN where the denominator is not above 0.

    References
    ----------
    Spearman C (1910) Br J Psychol 3, 271-295; Brown W (1910) Br J Psychol 3, 296-322.
    """
    correlation = np.asarray(correlation, dtype=np.float64)
    below = 1 + (parts - 1) * correlation
    whole = np.full_like(correlation, np.nan)
    return np.divide(parts * correlation, below, out=whole, where=below > 0)


def parts_needed(correlation: npt.ArrayLike, target: float) -> Array:
    """Return how many parts a whole of a given reliability must have.

    Parameters
    ----------
    correlation : float or ndarray
        Reliability of one part.
    target : float
        Reliability of the whole, between 0 and 1.

    Returns
    -------
    ndarray
        ``R (1 - r) / (r (1 - R))``, what `spearman_brown` gives solved for the parts; NaN where
        one part is not reliable at all.
    """
    correlation = np.asarray(correlation, dtype=np.float64)
    needed = np.full_like(correlation, np.nan)
    return np.divide(
        target * (1 - correlation), correlation * (1 - target), out=needed, where=correlation > 0
    )

"""Split halves: how well two halves of the repetitions agree over stimuli."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

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
    correlation : ndarray (unit,)
        Mean over splits, NaN where undefined.
    spread : ndarray (unit,)
        Standard deviation over splits, NaN where undefined.
    status : list of str
        Per unit `ok`, or why there is no number.
    n_stimuli, n_repetitions : int
        Stimuli shown at least twice, and the fewest showings among them.
    n_splits : int
        Random divisions into halves; 0 where nothing could be divided.
    """

    correlation: Array
    spread: Array
    status: list[str]
    n_stimuli: int
    n_repetitions: int
    n_splits: int


def split_half(
    response: Array, stimulus: Array, rng: np.random.Generator, splits: int = SPLITS
) -> SplitHalf:
    """Correlate, over stimuli, the mean responses of two halves of the repetitions.

    Parameters
    ----------
    response : ndarray (presentation, unit)
        Responses.
    stimulus : ndarray (presentation,) of str
        Stimulus of each presentation. One shown once is left out; of an odd number of showings
        one, chosen at random in each split, is left out.
    rng : Generator
        Draws the halves.
    splits : int
        How many random divisions.

    Returns
    -------
    SplitHalf
    """
    names, shown = np.unique(stimulus, return_counts=True)
    repeated = shown >= 2
    n_stimuli = int(repeated.sum())
    n_units = response.shape[1]
    fewest = int(shown[repeated].min()) if n_stimuli else int(shown.max(initial=0))
    if n_stimuli < MINIMUM_STIMULI:
        why = f"undefined: {n_stimuli} of {len(names)} stimuli were shown more than once"
        nothing = np.full(n_units, np.nan)
        return SplitHalf(nothing, nothing, [why] * n_units, n_stimuli, fewest, 0)
    groups = draw_splits(stimulus, splits, rng)
    step = max(1, LARGEST // (splits * n_stimuli))
    correlation = np.concatenate(
        [
            _correlate(*half_means(response[:, start : start + step], groups))
            for start in range(0, n_units, step)
        ],
        axis=1,
    )
    undefined = ~np.isfinite(correlation)
    with np.errstate(invalid="ignore"):
        mean, spread = correlation.mean(axis=0), correlation.std(axis=0)
    status = [
        "ok" if not count else
        f"undefined: the same response to every stimulus in a half of {count} of {splits} splits"
        for count in undefined.sum(axis=0)
    ]  # fmt: skip
    return SplitHalf(mean, spread, status, n_stimuli, fewest, splits)


@dataclass(frozen=True)
class Splits:
    """Random halves of the showings of stimuli that were shown equally often.

    Attributes
    ----------
    rows : ndarray (stimulus, showing)
        Presentations of each stimulus.
    signs : ndarray (stimulus, split, showing)
        1 in the one half, -1 in the other, 0 for the one left out of an odd number.
    """

    rows: Array
    signs: Array


def draw_splits(stimulus: Array, splits: int, rng: np.random.Generator) -> list[Splits]:
    """Divide the showings of every stimulus shown twice or more into random halves.

    Parameters
    ----------
    stimulus : ndarray (presentation,) of str
        Stimulus of each presentation.
    splits : int
        How many divisions.
    rng : Generator
        Draws them.

    Returns
    -------
    list of Splits
        By number of showings.
    """
    _, code, shown = np.unique(stimulus, return_inverse=True, return_counts=True)
    order = np.argsort(code, kind="stable")
    starts = np.cumsum(shown) - shown
    found = []
    for count in np.unique(shown[shown >= 2]).tolist():
        rows = order[starts[shown == count][:, None] + np.arange(count)]
        half = count // 2
        pattern = np.zeros(count)
        pattern[:half], pattern[half : 2 * half] = 1, -1
        signs = np.broadcast_to(pattern, (len(rows), splits, count))
        found.append(Splits(rows, rng.permuted(signs, axis=2)))
    return found


def half_means(response: Array, groups: Sequence[Splits]) -> tuple[Array, Array]:
    """Return the mean responses of the two halves, (split, stimulus, unit) each.

    With signs as a matrix, the difference of the halves' sums is one product per stimulus and
    their total another, over all splits and units at once.

    Parameters
    ----------
    response : ndarray (presentation, unit)
        Responses.
    groups : sequence of Splits
        The halves.
    """
    first, second = [], []
    for group in groups:
        shown = response[group.rows].astype(np.float64)  # (stimulus, showing, unit)
        count = group.rows.shape[1]
        total = np.abs(group.signs) @ shown if count % 2 else shown.sum(axis=1)[:, None]
        difference = group.signs @ shown
        each = 2 * (count // 2)
        first.append((total + difference) / each)
        second.append((total - difference) / each)
    return (
        np.swapaxes(np.concatenate(first), 0, 1),
        np.swapaxes(np.concatenate(second), 0, 1),
    )


def _correlate(first: Array, second: Array) -> Array:
    """Return Pearson correlations over axis 1: (split, unit), NaN where a side is constant."""
    constant = is_constant(first, axis=1) | is_constant(second, axis=1)
    first = first - first.mean(axis=1, keepdims=True)
    second = second - second.mean(axis=1, keepdims=True)
    norms = np.sqrt(np.square(first).sum(axis=1) * np.square(second).sum(axis=1))
    products = np.einsum("ijk,ijk->ik", first, second)
    return np.divide(products, norms, out=np.full_like(norms, np.nan), where=~constant)


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

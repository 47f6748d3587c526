"""Split halves: how well two halves of the repetitions agree over stimuli."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray

SPLITS = 100
"""Random divisions of the repetitions into halves."""
MINIMUM_STIMULI = 3
"""Two stimuli always correlate perfectly."""


@dataclass(frozen=True)
class SplitHalf:
    """Split-half correlation of units over stimuli.

    Attributes
    ----------
    correlation : ndarray (unit,)
        Mean over splits, NaN where undefined.
    status : list of str
        Per unit `ok`, or why there is no number.
    n_stimuli, n_repetitions : int
        Stimuli shown at least twice, and the fewest showings among them.
    """

    correlation: Array
    status: list[str]
    n_stimuli: int
    n_repetitions: int


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
    names, code, shown = np.unique(stimulus, return_inverse=True, return_counts=True)
    repeated = shown >= 2
    n_stimuli = int(repeated.sum())
    n_units = response.shape[1]
    fewest = int(shown[repeated].min()) if n_stimuli else int(shown.max(initial=0))
    if n_stimuli < MINIMUM_STIMULI:
        why = f"undefined: {n_stimuli} of {len(names)} stimuli were shown more than once"
        return SplitHalf(np.full(n_units, np.nan), [why] * n_units, n_stimuli, fewest)
    rows = repeated[code]
    code = (np.cumsum(repeated) - 1)[code[rows]]
    first, second = _half_means(response[rows].astype(np.float64), code, splits, rng)
    correlation = _correlate(first, second)
    undefined = ~np.isfinite(correlation)
    with np.errstate(invalid="ignore"):
        mean = correlation.mean(axis=0)
    status = [
        "ok" if not count else
        f"undefined: the same response to every stimulus in a half of {count} of {splits} splits"
        for count in undefined.sum(axis=0)
    ]  # fmt: skip
    return SplitHalf(mean, status, n_stimuli, fewest)


def _half_means(
    response: Array, code: Array, splits: int, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Return the mean responses `(split, stimulus, unit)` of two random halves.

    Each half of every split is a sparse row per stimulus that averages its presentations, so all
    splits are one sparse product.
    """
    from scipy.sparse import csr_array

    n, n_stimuli = len(code), int(code.max()) + 1
    # A random order of all presentations, sorted by stimulus, shuffles each stimulus' own.
    shuffled = rng.permuted(np.tile(np.arange(n), (splits, 1)), axis=1)
    by_stimulus = np.argsort(code[shuffled], axis=1, kind="stable")
    order = np.take_along_axis(shuffled, by_stimulus, axis=1)
    counts = np.bincount(code)
    place = np.arange(n) - np.repeat(np.cumsum(counts) - counts, counts)
    half = np.repeat(counts // 2, counts)
    grouped = np.repeat(np.arange(n_stimuli), counts)
    means = []
    for chosen in (place < half, (place >= half) & (place < 2 * half)):
        columns = order[:, chosen]
        rows = np.arange(splits)[:, None] * n_stimuli + grouped[chosen]
        weights = np.broadcast_to(1.0 / half[chosen], columns.shape)
        averaging = csr_array(
            (weights.ravel(), (rows.ravel(), columns.ravel())), shape=(splits * n_stimuli, n)
        )
        means.append((averaging @ response).reshape(splits, n_stimuli, -1))
    return means[0], means[1]


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


def spearman_brown(correlation: npt.ArrayLike, parts: int = 2) -> Array:
    """Return the reliability of the whole from that of one of its parts.

    Parameters
    ----------
    correlation : float or ndarray
        Reliability of one part.
    parts : int
        How many parts the whole has.

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

"""Signal and noise variance of units, from repetitions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from isomorph.responses.division import come_again_apart

Array = npt.NDArray

ROUNDING = 1e-12
"""Share of a variance below which a part of it is rounding error."""
EXACT = 1e-14
"""Share of its mean by which rounding moves a response."""


def rounding(variance: Array, level: Array) -> Array:
    """Return the variance that rounding alone may give units: (unit,).

    It is judged by how much a unit varies, and only beyond that by where its responses lie: about
    a mean that dwarfs them, differences are as real as about 0.

    Parameters
    ----------
    variance, level : arrays of shape (unit,)
        Variance of all responses about their mean, and that mean.
    """
    return ROUNDING * variance + np.square(EXACT * level)


@dataclass(frozen=True)
class Variance:
    """Variance of single presentations, divided.

    Attributes
    ----------
    signal : array of shape (unit,)
        Variance of the expected response between stimuli. The estimate has no bias, so it can
        fall below 0 where there is no signal.
    noise : array of shape (unit,)
        Variance of presentations of one stimulus about its expected response.
    """

    signal: Array
    noise: Array

    @property
    def ratio(self) -> Array:
        """Standard deviation of the signal over that of the noise, 0 for no signal (unit,).

        Allen EJ et al. (2022) Nat Neurosci 25, 116-126 call it the noise ceiling SNR.
        """
        signal = np.sqrt(np.maximum(self.signal, 0))
        noise = np.sqrt(self.noise)
        unknown = np.full_like(noise, np.nan)
        return np.divide(signal, noise, out=unknown, where=noise > 0)

    def ceiling(self, repetitions: int) -> Array:
        """Return the share of variance a perfect model explains of means of so many presentations.

        Parameters
        ----------
        repetitions : int
            Presentations each mean is taken over.

        Returns
        -------
        array of shape (unit,)
            ``signal / (signal + noise / repetitions)``, NaN for a unit that never varies.
        """
        signal = np.maximum(self.signal, 0)
        whole = signal + self.noise / max(repetitions, 1)
        return np.divide(signal, whole, out=np.full_like(whole, np.nan), where=whole > 0)


def divide_variance(response: Array, stimulus: Array, run: Array | None = None) -> Variance:
    """Divide the variance of each unit between stimuli and presentations of one stimulus.

    The estimates are those of an analysis of variance with random stimuli and, where there are
    runs, a fixed mean of each: neither the baseline of a run nor that its mean was taken off
    counts as signal or noise. Stimuli may be shown unequally often. Where they come in several
    runs, their means in a run are what varies, since presentations in one run may share noise;
    noise is given as that of one presentation.

    Parameters
    ----------
    response : array of shape (presentation, unit)
        Responses.
    stimulus : array of str of shape (presentation,)
        Stimulus of each presentation; one shown once is left out.
    run : array of str of shape (presentation,), optional
        Run of each presentation.

    Returns
    -------
    Variance
        NaN where fewer than two stimuli were shown twice, or runs cannot be separated from stimuli.

    References
    ----------
    Searle SR, Casella G, McCulloch CE (1992) Variance Components, sections 3.6 and 5.3
    (Henderson's method III).
    """
    nothing = np.full(response.shape[1], np.nan)
    presentations = 1.0
    if run is not None and come_again_apart(stimulus, run):
        response, stimulus, run, presentations = _means_in_runs(response, stimulus, run)
    _, code, shown = np.unique(stimulus, return_inverse=True, return_counts=True)
    rows = np.flatnonzero(shown[code] >= 2)
    if (shown >= 2).sum() < 2:
        return Variance(nothing, nothing)
    values = response[rows].astype(np.float64)
    level = values.mean(axis=0)
    values -= level
    stimuli = _members(code[rows])
    runs = _members(np.zeros(len(rows), dtype=int) if run is None else run[rows])
    per_stimulus, per_run = (np.asarray(m.sum(axis=1)).ravel() for m in (stimuli, runs))
    means = (stimuli @ values) / per_stimulus[:, None]
    totals = runs @ values
    # Runs, as far as stimuli do not tell of them: the equations of the smaller side.
    together = (stimuli @ runs.T).toarray()
    left = np.diag(per_run) - together.T @ (together / per_stimulus[:, None])
    roots, vectors = np.linalg.eigh(left)
    told = roots > 1e-9 * per_run.max()
    beyond = vectors[:, told].T @ (totals - together.T @ means) / np.sqrt(roots[told])[:, None]
    within = np.square(values - stimuli.T @ means).sum(axis=0) - np.square(beyond).sum(axis=0)
    freedom = len(rows) - len(per_stimulus) - int(told.sum())
    of_runs = np.square(values - runs.T @ (totals / per_run[:, None])).sum(axis=0)
    between = len(rows) - len(per_run) - freedom
    trace = len(rows) - float(np.sum(np.square(together) / per_run))
    if freedom < 1 or between < 1:
        return Variance(nothing, nothing)
    noise = within / freedom
    signal = (of_runs - within - between * noise) / trace
    whole = np.square(values).mean(axis=0)
    least = rounding(whole, level)
    noise = np.where(noise > least, noise, 0.0) * presentations
    return Variance(np.where(whole > least, signal, 0.0), noise)


def _means_in_runs(
    response: Array, stimulus: Array, run: Array
) -> tuple[Array, Array, Array, float]:
    """Return the means of stimuli in runs, of which stimuli and runs, and presentations in each.

    Presentations are the harmonic mean over stimuli and runs.
    """
    names, code = np.unique(stimulus, return_inverse=True)
    runs, place = np.unique(run, return_inverse=True)
    cells, cell, counts = np.unique(
        code * len(runs) + place, return_inverse=True, return_counts=True
    )
    if len(cells) == len(response):
        return response, stimulus, run, 1.0
    means = (_members(cell) @ response.astype(np.float64)) / counts[:, None]
    return (
        means,
        names[cells // len(runs)],
        runs[cells % len(runs)],
        len(counts) / np.sum(1 / counts),
    )


def _members(labels: Array) -> sparse.csr_array:
    """Return which presentation is of which label, 1 or 0: (label, presentation)."""
    code = np.unique(labels, return_inverse=True)[1]
    place = np.arange(len(code))
    return sparse.csr_array((np.ones(len(code)), (code, place)))

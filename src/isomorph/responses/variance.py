"""Signal and noise variance of units, from repetitions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray


@dataclass(frozen=True)
class Variance:
    """Variance of single showings, divided.

    Attributes
    ----------
    signal : ndarray (unit,)
        Variance of the expected response between stimuli. The estimate has no bias, so it can
        fall below 0 where there is no signal.
    noise : ndarray (unit,)
        Variance of showings of one stimulus about its expected response.
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
        """Return the share of variance a perfect model explains of means of so many showings.

        Parameters
        ----------
        repetitions : int
            Showings each mean is taken over.

        Returns
        -------
        ndarray (unit,)
            ``signal / (signal + noise / repetitions)``, NaN for a unit that never varies.
        """
        signal = np.maximum(self.signal, 0)
        whole = signal + self.noise / max(repetitions, 1)
        return np.divide(signal, whole, out=np.full_like(whole, np.nan), where=whole > 0)


def divide_variance(response: Array, stimulus: Array) -> Variance:
    """Divide the variance of each unit between stimuli and showings of one stimulus.

    The estimates are those of a one-way analysis of variance with random effects; stimuli may be
    shown unequally often.

    Parameters
    ----------
    response : ndarray (presentation, unit)
        Responses.
    stimulus : ndarray (presentation,) of str
        Stimulus of each presentation; one shown once is left out.

    Returns
    -------
    Variance
        NaN where fewer than two stimuli were shown twice.

    References
    ----------
    Searle SR, Casella G, McCulloch CE (1992) Variance Components, section 3.6.
    """
    _, code, shown = np.unique(stimulus, return_inverse=True, return_counts=True)
    repeated = shown >= 2
    if repeated.sum() < 2:
        nothing = np.full(response.shape[1], np.nan)
        return Variance(nothing, nothing)
    rows = np.flatnonzero(repeated[code])
    rows = rows[np.argsort(code[rows], kind="stable")]
    counts = shown[repeated]
    values = response[rows].astype(np.float64)
    values -= values.mean(axis=0)
    means = np.add.reduceat(values, np.cumsum(counts) - counts, axis=0) / counts[:, None]
    total, groups = len(rows), len(counts)
    between = (counts[:, None] * means**2).sum(axis=0)  # the grand mean is 0
    within = np.square(values - np.repeat(means, counts, axis=0)).sum(axis=0)
    noise = within / (total - groups)
    typical = (total - np.square(counts).sum() / total) / (groups - 1)
    return Variance((between / (groups - 1) - noise) / typical, noise)

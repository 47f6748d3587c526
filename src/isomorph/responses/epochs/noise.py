"""Noise of channels: its covariance, shrunk, and responses in units of it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError

Array = npt.NDArray


class Moments:
    """Sums over samples of noise that a shrunk covariance is made of.

    Samples are seen once and not kept: `Σ x xᵀ` and `Σ |x|⁴` are all the shrinkage needs.

    Parameters
    ----------
    n_channels : int
        Length of a sample.
    """

    def __init__(self, n_channels: int) -> None:
        self.count = 0
        self.products = np.zeros((n_channels, n_channels))
        self.fourth = 0.0

    def add(self, samples: Array) -> None:
        """Add samples (sample, channel) whose mean is known to be 0."""
        self.count += len(samples)
        self.products += samples.T @ samples
        self.fourth += float(np.square(np.square(samples).sum(axis=1)).sum())

    def join(self, other: Moments) -> None:
        """Add the samples of other moments of the same channels."""
        self.count += other.count
        self.products += other.products
        self.fourth += other.fourth

    def covariance(self) -> Array:
        """Return the sample covariance (channel, channel)."""
        return self.products / self.count

    def shrunk(self) -> Array:
        """Return the covariance shrunk toward a multiple of the identity.

        Returns
        -------
        ndarray (channel, channel)

        References
        ----------
        Ledoit O, Wolf M (2004) J Multivar Anal 88, 365-411.
        """
        covariance = self.covariance()
        n_channels = len(covariance)
        squared = float(np.square(covariance).sum())
        mean = float(np.trace(covariance)) / n_channels
        away = squared - n_channels * mean**2  # squared distance from the target
        uncertain = (self.fourth / self.count - squared) / self.count
        share = 0.0 if away <= 0 else min(max(uncertain, 0.0), away) / away
        return (1 - share) * covariance + share * mean * np.eye(n_channels)


def residual_moments(values: Array, stimulus: Array) -> Moments:
    """Return the moments of what is left when the mean response to the stimulus is taken off.

    Parameters
    ----------
    values : ndarray (epoch, channel, sample)
        Responses in one window.
    stimulus : ndarray (epoch,) of str
        Stimuli; those shown once say nothing of noise.

    Raises
    ------
    IsomorphError
        When no stimulus was shown twice.
    """
    _, code, shown = np.unique(stimulus, return_inverse=True, return_counts=True)
    repeated = shown[code] >= 2
    if not repeated.any():
        raise IsomorphError(
            "responses.noise.of: residuals takes stimuli shown twice, and none was; take the "
            "baseline instead"
        )
    order = np.argsort(code, kind="stable")
    starts = np.cumsum(shown) - shown
    means = np.add.reduceat(values[order], starts, axis=0) / shown[:, None, None]
    # The mean of n showings takes 1/n of the noise with it.
    lost = np.sqrt(shown / np.maximum(shown - 1, 1))
    residual = (values - means[code]) * lost[code][:, None, None]
    moments = Moments(values.shape[1])
    moments.add(np.moveaxis(residual[repeated], 1, 2).reshape(-1, values.shape[1]))
    return moments


def normaliser(kind: str, moments: Moments, where: str) -> Array:
    """Return the matrix (channel, channel) that puts responses in units of their noise.

    Parameters
    ----------
    kind : str
        `univariate` or `multivariate`.
    moments : Moments
        Of the noise.
    where : str
        The recordings, for the message.

    Raises
    ------
    IsomorphError
        When a channel has no noise at all.
    """
    spread = np.sqrt(np.diag(moments.covariance()))
    dead = int((spread <= 1e-12 * spread.max(initial=0.0)).sum())
    if dead or not len(spread):
        raise IsomorphError(
            f"{where}: {dead} of {len(spread)} channels have no noise, so responses cannot be in "
            "units of it; name them in responses.leave_out"
        )
    if kind == "univariate":
        return np.diag(1 / spread)
    values, vectors = np.linalg.eigh(moments.shrunk())
    # An average reference leaves one direction without variance, and there is no response either.
    some = values > 1e-10 * values.max()
    inverse = np.zeros_like(values)
    inverse[some] = values[some] ** -0.5
    return (vectors * inverse) @ vectors.T

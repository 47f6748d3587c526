"""Noise of channels, and responses in units of it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError
from isomorph.geometry.covariance import Moments

__all__ = ["Moments", "normaliser", "residual_moments"]

Array = npt.NDArray


def residual_moments(values: Array, stimulus: Array) -> Moments:
    """Return the moments of what is left when the mean response to the stimulus is taken off.

    Parameters
    ----------
    values : array of shape (epoch, channel, sample)
        Responses in one window.
    stimulus : array of str of shape (epoch,)
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
    # The mean of n presentations takes 1/n of the noise with it.
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

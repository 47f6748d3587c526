"""The spectrum of a Gram matrix: over how many dimensions a layer spreads its stimuli."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from isomorph.geometry.gram import Floats

DECAY = (11, 500)
"""First and last component of the fit of the spectrum's decay."""
FEWEST = 10
"""Components that fit needs."""


def spectrum(gram: Floats) -> NDArray[np.float64]:
    """Return the eigenvalues of a centred Gram matrix, largest first.

    They are those of the features' covariance times the number of stimuli, and zeros.

    Parameters
    ----------
    gram : array of shape (stimulus, stimulus)

    Returns
    -------
    array of shape (component,)
        As many as stimuli; rounding below zero is clipped.

    Raises
    ------
    ValueError
        When an eigenvalue is more negative than rounding explains.
    """
    values = np.linalg.eigvalsh(gram)[::-1]
    if values[-1] < -1e-5 * values[0]:
        raise ValueError(f"no Gram matrix: its eigenvalues reach {values[-1]:.3g}")
    return np.clip(values, 0.0, None)


def spectrum_decay(values: NDArray[np.float64]) -> float:
    r"""Return the exponent with which the spectrum of a representation falls.

    The slope, sign changed, of a line through :math:`\log \lambda_k` over :math:`\log k`, of
    which each decade has the same weight, as Stringer et al. 2019 (Nature 571, 361-365) fit the
    eigenvalues of their cross-validated spectra. They fit components 11 to 500; here those from
    11 to half the number of stimuli (at most 500), since the last components of a spectrum of few
    stimuli fall faster than the representation's own, and those that are not rounding error. An
    exponent above 1 means a smooth code.

    Parameters
    ----------
    values : array of shape (component,)
        Eigenvalues, largest first, see `spectrum`.

    Returns
    -------
    float
        NaN with fewer than ten components in that range.
    """
    first, last = DECAY
    upper = min(last, len(values) // 2, int((values > 1e-10 * values[0]).sum()))
    if upper - first + 1 < FEWEST:
        return math.nan
    rank = np.arange(first, upper + 1)
    # a component stands for 1/k of the logarithmic axis
    weights = np.sqrt(1 / rank)
    slope, _ = np.polyfit(np.log(rank), np.log(values[first - 1 : upper]), 1, w=weights)
    return -float(slope)


def effective_dimensionality(gram: Floats) -> float:
    r"""Return the participation ratio of a centred Gram matrix.

    :math:`(\sum_k \lambda_k)^2 / \sum_k \lambda_k^2` over its eigenvalues (Gao et al. 2017,
    bioRxiv 214262), from trace and Frobenius norm without an eigendecomposition.

    Parameters
    ----------
    gram : array of shape (stimulus, stimulus)

    Returns
    -------
    float
        Between 1 and the number of stimuli less one.
    """
    flat = gram.ravel()
    return float(np.trace(gram) ** 2 / (flat @ flat))

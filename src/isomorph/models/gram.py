"""Gram matrices: everything a layer says about its stimuli, up to rotation of its features."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Matrix = Any
"""A numpy array, a memory map or a torch tensor `(stimulus, feature)`."""

BLOCK_BYTES = {"cpu": 2**22, "cuda": 2**28}
"""Size of a block in double precision: on a processor it stays in the cache."""
MINIMUM_WIDTH = 1024
"""Features per block at least, so that adding up Gram matrices costs little beside the GEMM."""
ROUNDING = 128
"""Stimuli that differ from their mean by fewer rounding errors than this are not told apart."""


class UnusableLayerError(Exception):
    """A layer without a geometry; its text is the reason the layer is left out."""


@dataclass(frozen=True)
class LayerGram:
    """The Gram matrix of one layer and what is needed to undo its centring.

    With `u = mean_projection` and `c = mean_norm`, the Gram matrix of the raw features is
    `gram + u[:, None] + u[None, :] + c`.

    Attributes
    ----------
    gram : ndarray (stimulus, stimulus)
        Inner products of the features centred over stimuli.
    mean_projection : ndarray (stimulus,)
        Inner product of each centred stimulus with the mean stimulus.
    mean_norm : float
        Squared norm of the mean stimulus.
    stimulus_mean : ndarray (stimulus,)
        Mean over the features of each stimulus, not centred.
    n_features : int
        Number of features.
    """

    gram: NDArray[np.float64]
    mean_projection: NDArray[np.float64]
    mean_norm: float
    stimulus_mean: NDArray[np.float64]
    n_features: int

    @property
    def raw(self) -> NDArray[np.float64]:
        """Gram matrix `(stimulus, stimulus)` of the features as they are, not centred."""
        u = self.mean_projection
        return self.gram + u[:, None] + u[None, :] + self.mean_norm


def fold(features: Matrix, *, width: int | None = None) -> LayerGram:
    """Fold features into their centred Gram matrix.

    Features pass in blocks of columns, each centred and multiplied by its transpose in double
    precision. Single precision would halve the cost of a product that is small beside the forward
    pass, but distances between similar stimuli are small differences of large inner products:
    correlation distances lose two more digits for every factor of ten between the mean of a
    stimulus and its spread. numpy hands `X @ X.T` to SYRK, half the work of a general product.

    Parameters
    ----------
    features : array, memory map or tensor (stimulus, feature)
        Kept where it is: a tensor on a GPU is folded there.
    width : int, optional
        Features per block.

    Returns
    -------
    LayerGram
        On the processor, in double precision.

    Raises
    ------
    UnusableLayerError
        When there are no features, when one is not finite, or when all stimuli are alike.
    """
    n_stimuli, n_features = features.shape
    if n_features == 0:
        raise UnusableLayerError("has no features")
    if width is None:
        device = getattr(getattr(features, "device", None), "type", "cpu")
        block_bytes = BLOCK_BYTES.get(device, BLOCK_BYTES["cpu"])
        width = max(block_bytes // (8 * n_stimuli), MINIMUM_WIDTH)

    gram: Any = 0.0
    projection: Any = 0.0
    totals: Any = 0.0
    mean_norm = mean_total = 0.0
    for start in range(0, n_features, width):
        block = _double(features[:, start : start + width])
        if not math.isfinite(float(abs(block).max())):
            raise UnusableLayerError("has activations that are not finite")
        mean = block.mean(0)
        block = block - mean
        projection += block @ mean
        totals += block.sum(1)
        mean_norm += float(mean @ mean)
        mean_total += float(mean.sum())
        gram += block @ block.T

    folded = _host(gram)
    folded = (folded + folded.T) / 2
    spread = float(np.trace(folded)) / n_stimuli
    double = str(features.dtype).endswith("float64")
    rounding = float(np.finfo(np.float64 if double else np.float32).eps)
    if spread <= (ROUNDING * rounding) ** 2 * mean_norm:
        raise UnusableLayerError("does not tell the stimuli apart beyond rounding error")
    return LayerGram(
        gram=folded,
        mean_projection=_host(projection),
        mean_norm=mean_norm,
        stimulus_mean=(_host(totals) + mean_total) / n_features,
        n_features=n_features,
    )


def spectrum(gram: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the eigenvalues of a centred Gram matrix, largest first.

    They are those of the features' covariance times the number of stimuli, and zeros.

    Parameters
    ----------
    gram : ndarray (stimulus, stimulus)

    Returns
    -------
    ndarray (component,)
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


def effective_dimensionality(gram: NDArray[np.float64]) -> float:
    r"""Return the participation ratio of a centred Gram matrix.

    :math:`(\sum_k \lambda_k)^2 / \sum_k \lambda_k^2` over its eigenvalues (Gao et al. 2017,
    bioRxiv 214262), from trace and Frobenius norm without an eigendecomposition.

    Parameters
    ----------
    gram : ndarray (stimulus, stimulus)

    Returns
    -------
    float
        Between 1 and the number of stimuli less one.
    """
    return float(np.trace(gram) ** 2 / np.sum(gram**2))


def _double(block: Any) -> Any:
    """Return an array or tensor in double precision, where it is."""
    return block.astype(np.float64) if isinstance(block, np.ndarray) else block.double()


def _host(values: Any) -> NDArray[np.float64]:
    """Return an array or tensor as a numpy array."""
    return values if isinstance(values, np.ndarray) else values.cpu().numpy()

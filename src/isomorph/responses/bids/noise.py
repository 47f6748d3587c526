r"""Noise normalisation: amplitudes in units of the noise, voxels made independent.

The covariance of a region's voxels is estimated from the residuals :math:`R` (scan, voxel) with
their true degrees of freedom, scans less the rank of the design, and shrunk. It is never formed:
it is :math:`D^{1/2}((1-\lambda) G^\top G + c I) D^{1/2}` with :math:`G` as flat as :math:`R`, so
its inverse root follows from the singular values of :math:`G`, in memory of the residuals' size.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError
from isomorph.registry import Registry

Array = npt.NDArray


@dataclass(frozen=True)
class Covariance:
    """A shrunk covariance of voxels, by its parts.

    Attributes
    ----------
    deviation : ndarray (voxel,)
        The root of the diagonal factor.
    factor : ndarray (scan, voxel)
        What, times itself, gives the part that is not diagonal.
    floor : float
        What is added to the diagonal.
    """

    deviation: Array
    factor: Array
    floor: float

    def matrix(self) -> Array:
        """Return the covariance itself: (voxel, voxel)."""
        inner = self.factor.T @ self.factor + self.floor * np.eye(len(self.deviation))
        return inner * np.outer(self.deviation, self.deviation)

    def whiten(self, amplitudes: Array) -> Array:
        """Return amplitudes times an inverse root: (estimate, voxel).

        Inner products of what it returns are those of `amplitudes` under the inverse covariance.
        Of all roots it is ``D^-1/2 P^-1/2``, with the variances `D` and the correlations `P`
        (ZCA-cor: Kessy A, Lewin A, Strimmer K 2018, The American Statistician 72, 309-314), which
        under shrinkage to equal variances is the symmetric one; distances and inner products of
        patterns are the same under any.
        """
        scaled = amplitudes / self.deviation
        scans, voxels = self.factor.shape
        if voxels <= scans:
            values, vectors = np.linalg.eigh(self.factor.T @ self.factor)
            roots = 1 / np.sqrt(np.maximum(values, 0) + self.floor)
            return (scaled @ (vectors * roots)) @ vectors.T
        values, vectors = np.linalg.eigh(self.factor @ self.factor.T)
        kept = values > values[-1] * len(values) * np.finfo(float).eps
        values = values[kept]
        basis = (vectors[:, kept].T @ self.factor) / np.sqrt(values)[:, None]
        outside = 1 / np.sqrt(self.floor)
        inside = 1 / np.sqrt(values + self.floor) - outside
        return scaled * outside + ((scaled @ basis.T) * inside) @ basis


def to_identity(residuals: Array, freedom: int) -> Covariance:
    """Shrink to equal variances (Ledoit and Wolf 2004, https://doi.org/10.1016/S0047-259X(03)00096-4).

    Parameters
    ----------
    residuals : ndarray (scan, voxel)
    freedom : int
        Their degrees of freedom.
    """
    scans, voxels = residuals.shape
    energy = np.einsum("sv,sv->s", residuals, residuals)
    mean = energy.sum() / scans / voxels
    square = _square_of_gram(residuals) / scans**2
    spread = square - voxels * mean**2
    error = (np.sum(energy**2) / scans - square) / scans
    share = _share(error, spread)
    return Covariance(
        np.ones(voxels),
        residuals * np.sqrt((1 - share) / freedom),
        float(share * mean * scans / freedom),
    )


def to_diagonal(residuals: Array, freedom: int) -> Covariance:
    """Shrink to each voxel's own variance (Schäfer and Strimmer 2005, https://doi.org/10.2202/1544-6115.1175).

    Parameters
    ----------
    residuals : ndarray (scan, voxel)
    freedom : int
        Their degrees of freedom.
    """
    scans = len(residuals)
    deviation = np.sqrt(np.einsum("sv,sv->v", residuals, residuals) / freedom)
    scaled = residuals / deviation
    squared = scaled**2
    # Sums over pairs of different voxels of the mean product, squared, and of its mean square.
    mean_square = _square_of_gram(scaled) - np.sum(squared.sum(axis=0) ** 2)
    mean_square /= (scans - 1) ** 2
    square_mean = (np.sum(squared.sum(axis=1) ** 2) - np.sum(squared**2)) / (scans - 1)
    error = scans / freedom**2 * (square_mean - mean_square)
    share = _share(error, mean_square)
    return Covariance(deviation, scaled * np.sqrt((1 - share) / freedom), float(share))


def _square_of_gram(rows: Array) -> float:
    """Return the sum of the squares of all inner products of columns."""
    gram = rows @ rows.T if len(rows) < rows.shape[1] else rows.T @ rows
    return float(np.sum(gram**2))


def _share(error: float, spread: float) -> float:
    """Return how far to shrink, from 0 to 1."""
    return 1.0 if spread <= 0 else float(np.clip(error / spread, 0.0, 1.0))


SHRINKAGE: Registry[Callable[[Array, int], Covariance]] = Registry(
    "shrinkage", {"identity": to_identity, "diagonal": to_diagonal}
)


def univariate(residuals: Array, freedom: int) -> Covariance:
    """Return each voxel's variance and no covariance.

    Parameters
    ----------
    residuals : ndarray (scan, voxel)
    freedom : int
        Their degrees of freedom.
    """
    deviation = np.sqrt(np.einsum("sv,sv->v", residuals, residuals) / freedom)
    return Covariance(deviation, np.zeros((1, residuals.shape[1])), 1.0)


def normaliser(
    residuals: Sequence[Array], freedom: Sequence[int], noise: str, shrinkage: str, where: str
) -> Covariance:
    """Return the noise of a region from the residuals of one run or several.

    Parameters
    ----------
    residuals : sequence of ndarray (scan, voxel)
        By run.
    freedom : sequence of int
        Degrees of freedom of each.
    noise : {"univariate", "multivariate"}
    shrinkage : str
        Name in `SHRINKAGE`.
    where : str
        The region, for messages.

    Raises
    ------
    IsomorphError
        When the residuals have no freedom left, or the covariance has no inverse.
    """
    left = sum(freedom)
    if left < 1:
        raise IsomorphError(
            f"{where}: the design has as many independent columns as there are volumes, so "
            "nothing is left to estimate noise from; use noise: none or fewer regressors"
        )
    stacked = np.concatenate(residuals) if len(residuals) > 1 else residuals[0]
    if noise == "univariate":
        return univariate(stacked, left)
    found = SHRINKAGE[shrinkage](stacked, left)
    if found.floor <= 0 and left < stacked.shape[1]:
        raise IsomorphError(
            f"{where}: the covariance of {stacked.shape[1]} voxels has no inverse with {left} "
            "degrees of freedom and no shrinkage; use noise: univariate"
        )
    return found

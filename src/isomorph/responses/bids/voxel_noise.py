"""Noise of the voxels of a region, from what designs leave of its runs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError
from isomorph.geometry.covariance import SHRINKAGE, Covariance, univariate

Array = npt.NDArray


def normaliser(
    residuals: Sequence[Array], freedom: Sequence[int], noise: str, shrinkage: str, where: str
) -> Covariance:
    """Return the noise of a region from the residuals of one run or several.

    Parameters
    ----------
    residuals : sequence of arrays of shape (scan, voxel)
        By run.
    freedom : sequence of int
        Degrees of freedom of each.
    noise : {"univariate", "multivariate"}
    shrinkage : str
        Name in `isomorph.geometry.covariance.SHRINKAGE`.
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

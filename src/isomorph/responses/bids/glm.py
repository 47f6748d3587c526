r"""General linear models of many voxels at once.

With :math:`Y` the volumes (scan, voxel) and :math:`X` the design (scan, regressor), every fit here
is a product of :math:`Y` with matrices that are small or shared between voxels; nothing loops over
voxels or trials.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from isomorph.responses.bids.design import Design

Array = npt.NDArray
STEPS = 100
"""Autocorrelations are rounded towards 0 to steps of a hundredth, as nilearn does."""
ESTIMABLE = 1e-6
"""How far the design may be from telling an amplitude from all others."""
FAINT = 0.01
"""A column of interest this small beside the largest predicts next to nothing: its trials begin as
the run ends."""


@dataclass(frozen=True)
class Fit:
    """What a model found.

    Attributes
    ----------
    amplitudes : array of shape (estimate, voxel)
        Of the columns of interest.
    residuals : array of shape (scan, voxel)
        Whitened over time where the model has autocorrelation; without a row where nobody asked
        for them.
    freedom : int
        Degrees of freedom of the residuals: scans less the rank of the design.
    """

    amplitudes: Array
    residuals: Array
    freedom: int


def estimable(design: Design) -> Array:
    """Tell which amplitudes the design tells apart from all else.

    Amplitude :math:`i` is estimable when the row space of the design holds the unit vector
    :math:`e_i` (Scheffé 1959, The Analysis of Variance, section 1.4).

    Returns
    -------
    array of bool of shape (estimate,)
    """
    matrix = _unit_columns(design.matrix)
    pseudo = np.linalg.pinv(matrix, rcond=1e-10)
    projected = np.einsum("ks,sk->k", pseudo, matrix)[: design.interest.shape[1]]
    return _predicts(design) & (projected > 1 - ESTIMABLE)


def present(design: Design) -> Array:
    """Tell which columns of interest hold more than nuisance could explain.

    Returns
    -------
    array of bool of shape (estimate,)
    """
    left = _without(design.nuisance, design.interest)
    energy = np.einsum("se,se->e", design.interest, design.interest)
    told: Array = np.einsum("se,se->e", left, left) > ESTIMABLE * energy
    return _predicts(design) & told


def _predicts(design: Design) -> Array:
    """Tell which columns of interest are more than faint."""
    norms = np.linalg.norm(design.interest, axis=0)
    return (norms > 0) & (norms > FAINT * norms.max(initial=0))


def _unit_columns(matrix: Array) -> Array:
    """Scale columns, so that rank does not depend on units of measurement."""
    norms = np.linalg.norm(matrix, axis=0)
    return matrix / np.where(norms > 0, norms, 1)


def rank(matrix: Array) -> int:
    """Return the rank of a design, whatever the units of its columns."""
    return int(np.linalg.matrix_rank(_unit_columns(matrix), rtol=1e-10))


def ols(design: Design, volumes: Array, residuals: bool = True) -> Fit:
    """Fit by least squares, noise independent over time.

    Parameters
    ----------
    design : Design
        Of the run.
    volumes : array of shape (scan, voxel)
    residuals : bool
        Whether to return them.
    """
    matrix = design.matrix
    count = design.interest.shape[1]
    freedom = len(volumes) - rank(matrix)
    inverse = _pseudo_inverse(matrix)
    if not residuals:
        return Fit(inverse[:count] @ volumes, volumes[:0], freedom)
    amplitudes = inverse @ volumes
    return Fit(amplitudes[:count], volumes - matrix @ amplitudes, freedom)


def ar1(design: Design, volumes: Array, residuals: bool = True) -> Fit:
    r"""Fit with noise that is autoregressive of first order, estimated from the OLS residuals.

    Whitening by :math:`\rho` turns :math:`x_t` into :math:`x_t - \rho x_{t-1}` (the first stays),
    so every product the normal equations need is a polynomial in :math:`\rho`:
    :math:`A_0 - \rho A_1 + \rho^2 A_2`. The products with all voxels are formed three times in
    all, not once for each :math:`\rho`. A volume that follows one left out, whose noise has the
    variance :math:`1 / (1 - \rho^2)` of what is new in the others, counts by as much less.

    Parameters
    ----------
    design : Design
        Of the run.
    volumes : array of shape (scan, voxel)
    residuals : bool
        Whether to return them.
    """
    matrix = design.matrix
    count, freedom = design.interest.shape[1], len(volumes) - rank(matrix)
    first = ols(design, volumes)
    linked = design.linked[:, None]
    rho = autocorrelation(first.residuals, design.linked)
    left, right, begin = matrix[1:] * linked, matrix[:-1] * linked, matrix[1:] * ~linked
    crossed = left.T @ right
    products = (matrix.T @ matrix, crossed + crossed.T, right.T @ right - begin.T @ begin)
    seen = (
        matrix.T @ volumes,
        left.T @ volumes[:-1] + right.T @ volumes[1:],
        right.T @ volumes[:-1] - begin.T @ volumes[1:],
    )
    amplitudes = np.empty((matrix.shape[1], volumes.shape[1]))
    for value in np.unique(rho):
        here = np.flatnonzero(rho == value)
        normal = products[0] - value * products[1] + value**2 * products[2]
        target = seen[0][:, here] - value * seen[1][:, here] + value**2 * seen[2][:, here]
        amplitudes[:, here] = _solve(normal, target)
    if not residuals:
        return Fit(amplitudes[:count], volumes[:0], freedom)
    left_over = volumes - matrix @ amplitudes
    before = rho * (left_over[:-1] * linked)
    left_over[1:] = np.where(linked, left_over[1:], left_over[1:] * np.sqrt(1 - rho**2)) - before
    return Fit(amplitudes[:count], left_over, freedom)


def autocorrelation(residuals: Array, linked: Array) -> Array:
    """Return the lag-one autocorrelation of each voxel in steps of a hundredth.

    The Yule-Walker estimate with the number of products in each mean, as nilearn has it.

    Parameters
    ----------
    residuals : array of shape (scan, voxel)
    linked : array of bool of shape (scan - 1,)
        Which scans but the first were taken right after the one before them.

    Returns
    -------
    array of shape (voxel,)
    """
    scans = len(residuals)
    energy = np.einsum("sv,sv->v", residuals, residuals) / scans
    weight = linked / max(int(linked.sum()), 1)
    lagged = np.einsum("s,sv,sv->v", weight, residuals[1:], residuals[:-1])
    rho = np.divide(lagged, energy, out=np.zeros_like(energy), where=energy > 0)
    return np.trunc(rho * STEPS) / STEPS


def lss(design: Design, volumes: Array, residuals: bool = True) -> Fit:
    r"""Estimate each amplitude with all the others as one regressor.

    Mumford et al. (2012, https://doi.org/10.1016/j.neuroimage.2011.08.076) fit a model per trial.
    With nuisance projected out, one column :math:`a` and the sum of the others :math:`b`, the
    amplitude of :math:`a` is :math:`((b \cdot b) a - (a \cdot b) b) \cdot y` over
    :math:`(a \cdot a)(b \cdot b) - (a \cdot b)^2`: a weight per scan for each column, so all the
    models together are one product with the volumes.

    The residuals are those of the one model that has every column.

    Parameters
    ----------
    design : Design
        Of the run, a column of interest per amplitude.
    volumes : array of shape (scan, voxel)
    residuals : bool
        Whether to return them.
    """
    columns = _without(design.nuisance, design.interest)
    others = columns.sum(axis=1, keepdims=True) - columns
    aa, bb, ab = (
        np.einsum("se,se->e", one, two)
        for one, two in ((columns, columns), (others, others), (columns, others))
    )
    determinant = aa * bb - ab**2
    # no others, or the others lie along this one: nothing to hold against it
    whole_others = design.interest.sum(axis=1, keepdims=True) - design.interest
    least = ESTIMABLE**2 * np.einsum("se,se->e", whole_others, whole_others)
    alone = (bb <= least) | (determinant <= ESTIMABLE**2 * aa * bb)
    weights = np.where(
        alone,
        np.divide(columns, aa, out=np.zeros_like(columns), where=aa > 0),
        (bb * columns - ab * others) / np.where(alone, 1, determinant),
    )
    left_over, freedom = _of_the_whole(design, volumes, residuals)
    return Fit(weights.T @ volumes, left_over, freedom)


def ridge(design: Design, volumes: Array, penalty: float, residuals: bool = True) -> Fit:
    """Estimate all amplitudes under a penalty on their squares; nuisance is not penalised.

    The residuals are those of the model without penalty.

    Parameters
    ----------
    design : Design
        Of the run, a column of interest per amplitude.
    volumes : array of shape (scan, voxel)
    penalty : float
        In units of the mean energy of the columns of interest.
    residuals : bool
        Whether to return them.
    """
    columns = _without(design.nuisance, design.interest)
    gram = columns.T @ columns
    size = penalty * np.trace(gram) / len(gram)
    weights = np.linalg.solve(gram + size * np.eye(len(gram)), columns.T)
    left_over, freedom = _of_the_whole(design, volumes, residuals)
    return Fit(weights @ volumes, left_over, freedom)


def shifted(design: Design, volumes: Array) -> Fit:
    """Average the volumes that each column of interest marks, without what nuisance explains.

    Parameters
    ----------
    design : Design
        Of the run; a column of interest is 1 at the volumes of its amplitude.
    volumes : array of shape (scan, voxel)
    """
    marked = design.interest.sum(axis=0)
    weights = design.interest / np.where(marked > 0, marked, 1)
    left = _without(design.nuisance, volumes)
    return Fit(weights.T @ left, volumes[:0], len(volumes) - rank(design.nuisance))


def marks(design: Design) -> Array:
    """Tell which columns of interest mark a volume."""
    return np.asarray(design.interest.any(axis=0))


def _of_the_whole(design: Design, volumes: Array, residuals: bool) -> tuple[Array, int]:
    """Return residuals of the model of every column, and their degrees of freedom."""
    if not residuals:
        return volumes[:0], len(volumes) - rank(design.matrix)
    whole = ols(design, volumes)
    return whole.residuals, whole.freedom


def _without(nuisance: Array, columns: Array) -> Array:
    """Return columns with everything nuisance could explain removed."""
    return columns - nuisance @ (_pseudo_inverse(nuisance) @ columns)


def _pseudo_inverse(matrix: Array) -> Array:
    norms = np.linalg.norm(matrix, axis=0)
    norms = np.where(norms > 0, norms, 1)
    inverse: Array = np.linalg.pinv(matrix / norms, rcond=1e-10) / norms[:, None]
    return inverse


def _solve(normal: Array, target: Array) -> Array:
    scale = np.sqrt(np.diag(normal))
    scale = np.where(scale > 0, scale, 1)
    scaled = normal / np.outer(scale, scale)
    inverse = np.linalg.pinv(scaled, rcond=1e-12, hermitian=True)
    found: Array = (inverse @ (target / scale[:, None])) / scale[:, None]
    return found

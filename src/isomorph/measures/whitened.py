r"""Whitened measures where noise is not the same, and not independent, between stimuli.

With the covariance :math:`\Sigma` of noise between the patterns of stimuli, squared distances have
under noise the covariance :math:`V = (C \Sigma C^\top)^{\circ 2}`, up to a factor, where each row
of :math:`C` takes one stimulus from another (Diedrichsen et al. 2021,
https://arxiv.org/abs/2007.02789). The whitened measures of the registry have
:math:`\Sigma = I`. Squared distances are to :math:`G = -\frac12 Q^\top D Q` one to one, the columns
of :math:`Q` being an orthonormal basis of contrasts, and with :math:`S = Q^\top \Sigma Q`

.. math:: d^\top V^{-1} d' = \mathrm{tr} (S^{-1} G S^{-1} G')

up to a factor: matrices of stimulus by stimulus take the place of one of pair by pair.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import helmert

from isomorph.errors import IsomorphError
from isomorph.geometry.covariance import SHRINKAGE
from isomorph.measures._measure import Measure
from isomorph.measures.jackknifed import FEWEST, Jackknifed
from isomorph.measures.linear import LinearForm
from isomorph.measures.pairs import Floats, squareform
from isomorph.measures.rsa import WHITENED_COSINE
from isomorph.measures.stack import Stack

ROUNDING = 1e-12
"""Share of the largest variance of a contrast below which there is none."""


def with_sigma(sigma: Floats, measure: Measure = WHITENED_COSINE) -> Measure:
    """Return a whitened measure for patterns whose noise has a covariance between stimuli.

    Resamples follow from leaving out each stimulus, with its noise.

    Parameters
    ----------
    sigma : array of shape (stimulus, stimulus)
        Covariance of noise between patterns, up to a factor, for the stimuli that are compared, in
        their order; see `pattern_covariance`. What is the same for all stimuli does not matter.
    measure : Measure
        `whitened_cosine` or `whitened_correlation`.

    Returns
    -------
    Measure
        Its name is that of `measure` and `_sigma`; it is in no registry.

    Raises
    ------
    IsomorphError
        When it is no covariance, or some contrast of stimuli has no noise; for other measures.
    """
    form = measure.form
    if not isinstance(form, LinearForm) or form.ridge != 2.0 or measure.family != "rsa":
        raise IsomorphError(
            f'"{measure.name}" takes no covariance of patterns, which "whitened_cosine" and '
            '"whitened_correlation" do'
        )
    sigma = np.asarray(sigma, dtype=float)
    if sigma.ndim != 2 or sigma.shape[0] != sigma.shape[1] or len(sigma) < 2:
        raise IsomorphError(
            f"sigma: an array of shape {sigma.shape}, which must be (stimulus, stimulus)"
        )
    if not np.isfinite(sigma).all() or not np.allclose(sigma, sigma.T, rtol=1e-8, atol=0):
        raise IsomorphError("sigma: a covariance must be finite and symmetric")
    variances = np.linalg.eigvalsh(_among_contrasts(sigma[None])[0])
    if variances[0] <= ROUNDING * variances[-1]:
        raise IsomorphError(
            f"sigma: {int((variances <= ROUNDING * variances[-1]).sum())} of {len(variances)} "
            "contrasts of stimuli have no noise, so distances cannot be weighed by it; estimate it "
            "with shrinkage"
        )
    return replace(
        measure,
        name=f"{measure.name}_sigma",
        title=f"{measure.title}, of patterns whose noise covaries",
        form=SigmaForm(form.centre, sigma),
    )


def pattern_covariance(repetitions: Floats, shrinkage: str = "diagonal") -> Floats:
    """Return the covariance of noise between the patterns of stimuli: `(stimulus, stimulus)`.

    That of residuals about the mean over repetitions, over repetitions and features. Covariances
    between stimuli are those of noise only where a repetition holds responses that were measured
    together, such as those of one run.

    Parameters
    ----------
    repetitions : array of shape (stimulus, repetition, feature)
        Features should be whitened, or at least of like variance.
    shrinkage : str
        Of `isomorph.geometry.covariance.SHRINKAGE`: `diagonal` towards the variance of each
        stimulus, `identity` towards one variance, or `none`.

    Raises
    ------
    IsomorphError
        With fewer than two repetitions, or where some response is missing.
    """
    if repetitions.ndim != 3 or repetitions.shape[1] < 2:
        raise IsomorphError(
            f"repetitions: an array of shape {repetitions.shape}, which must be (stimulus, "
            "repetition, feature) with at least two repetitions"
        )
    if not np.isfinite(repetitions).all():
        raise IsomorphError("repetitions: some responses are missing, each stimulus needs all")
    n_stimuli, n_repetitions, n_features = repetitions.shape
    residuals = repetitions - repetitions.mean(axis=1, keepdims=True)
    if not residuals.any(axis=(1, 2)).all():
        raise IsomorphError(
            "repetitions: of some stimulus all are the same, so nothing tells its noise"
        )
    rows = residuals.transpose(1, 2, 0).reshape(-1, n_stimuli)
    freedom = (n_repetitions - 1) * n_features
    return SHRINKAGE[shrinkage](rows, freedom).matrix()


@dataclass(frozen=True, eq=False)
class SigmaForm(Jackknifed):
    """A cosine of squared distances, whitened by the noise of patterns.

    Attributes
    ----------
    centre : bool
        Whether the mean over pairs is removed first.
    sigma : array of shape (stimulus, stimulus)
    """

    centre: bool
    sigma: Floats

    def compare(self, first: Stack, second: Stack) -> Floats:
        """Compare representations: `(a, b)`; 0 where one is not seen.

        Raises
        ------
        IsomorphError
            When sigma is one of more or fewer stimuli.
        """
        if first.n_stimuli != len(self.sigma):
            raise IsomorphError(
                f"sigma: a covariance of {len(self.sigma)} stimuli, but {first.n_stimuli} are "
                "compared; it must be that of these"
            )
        x, y = (self._directions(stack.rdms) for stack in (first, second))
        return x @ y.T

    def influence(self, first: Stack, second: Stack) -> Floats:
        """Return what each stimulus adds, by leaving it out: `(a, b, stimulus)`.

        Parameters
        ----------
        first, second : Stack
        """
        n = first.n_stimuli
        if n <= FEWEST:
            return np.full((len(first), len(second), n), np.nan)
        left = (np.delete(np.arange(n), i) for i in range(n))
        without = np.stack(
            [
                replace(self, sigma=self.sigma[np.ix_(kept, kept)]).compare(
                    first.chosen(kept), second.chosen(kept)
                )
                for kept in left
            ],
            axis=-1,
        )
        added: Floats = -(n - 1) * (without - without.mean(axis=-1, keepdims=True))
        return added

    def _directions(self, rdms: Floats) -> Floats:
        """Return unit vectors whose inner products are the measure: `(rdm, pair)`."""
        n = len(self.sigma)
        shifted = rdms - rdms.mean(axis=1, keepdims=True) if self.centre else rdms
        among = _among_contrasts(squareform(shifted, n))
        root = np.linalg.cholesky(_among_contrasts(self.sigma[None])[0])
        white = np.linalg.solve(root, np.linalg.solve(root, among).swapaxes(1, 2))
        row, column = np.triu_indices(n - 1)
        vectors = white[:, row, column] * np.where(row == column, 1.0, np.sqrt(2))
        length = np.linalg.norm(vectors, axis=1, keepdims=True)
        # What is left of an RDM that only has a mean is rounding.
        there = np.linalg.norm(shifted, axis=1) > ROUNDING * np.linalg.norm(rdms, axis=1)
        unit: Floats = np.where(there[:, None], vectors / np.where(length > 0, length, 1.0), 0.0)
        return unit


def _among_contrasts(squares: Floats) -> Floats:
    """Return matrices `(..., stimulus, stimulus)` on an orthonormal basis of contrasts."""
    basis = helmert(squares.shape[-1])
    among: Floats = basis @ squares @ basis.T
    return among

"""Representations as features, and units that follow them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray
Floats = npt.NDArray[np.floating]


def root_of_gram(gram: Array, negligible: float | None = None) -> Floats:
    """Return features `(stimulus, component)` whose Gram matrix is the given one.

    Parameters
    ----------
    gram : array of shape (stimulus, stimulus)
        Inner products.
    negligible : float, optional
        Share of the largest eigenvalue below which a component is rounding error and left out;
        without it there are as many components as stimuli.

    Notes
    -----
    With ``gram = V diag(e) V'`` the root is ``V diag(sqrt(e))``. A Gaussian random projection of
    it and one of the features behind the Gram matrix have the same distribution, since both are
    Gaussian with that covariance over stimuli.
    """
    values, vectors = np.linalg.eigh((gram + gram.T) / 2)
    if negligible is not None:
        kept = values > negligible * np.abs(values).max()
        values, vectors = values[kept], vectors[:, kept]
    features: Floats = vectors * np.sqrt(np.clip(values, 0.0, None))
    return features


def draw_tuning(features: Array, units: int, shared: float, rng: np.random.Generator) -> Array:
    """Draw tuning curves that follow the geometry of some features.

    Parameters
    ----------
    features : array of shape (stimulus, component)
        Centred features, or the root of their Gram matrix.
    units : int
        How many units.
    shared : float
        Share of the variance that follows the features; the rest is random over stimuli.
    rng : Generator
        The randomness.

    Returns
    -------
    array of shape (stimulus, unit)
        Expected variance 1 over stimuli and units. All units are scaled by one factor, so that
        the distances between stimuli keep their proportions.
    """
    n_stimuli = len(features)
    follow = features @ rng.standard_normal((features.shape[1], units))
    follow /= np.sqrt(np.square(features).sum() / n_stimuli)
    own = rng.standard_normal((n_stimuli, units))
    own -= own.mean(axis=0)
    own /= np.sqrt(1 - 1 / n_stimuli)
    return np.sqrt(shared) * follow + np.sqrt(1 - shared) * own

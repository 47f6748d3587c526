"""The geometry of one representation: all a distance needs, whoever it came from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

Floats = NDArray[np.floating]


@dataclass(frozen=True)
class Geometry:
    r"""Gram matrix and means of a representation of stimuli by features.

    With :math:`K` the Gram matrix of features centred over stimuli, :math:`u_i` the product of
    centred features with their mean pattern and :math:`c` that pattern's squared norm, raw
    features have inner products :math:`K_{ij} + u_i + u_j + c`. Kept apart, a mean pattern that
    dwarfs the differences costs Euclidean distances no digits.

    Attributes
    ----------
    gram : (stimulus, stimulus)
        Inner products of features centred over stimuli.
    mean_projection : (stimulus,)
    mean_norm : float
    stimulus_mean : (stimulus,)
        Mean over features.
    n_features : int
    fold_gram : (stimulus, stimulus), optional
        Cross-validated inner products: each entry averages products of two different
        repetitions, so the noise of one does not meet itself. None without repetitions.
    """

    gram: Floats
    mean_projection: Floats
    mean_norm: float
    stimulus_mean: Floats
    n_features: int
    fold_gram: Floats | None = None

    @property
    def raw_gram(self) -> Floats:
        """Inner products of the features as they are: `(stimulus, stimulus)`."""
        raw: Floats = self.gram + self.mean_projection[:, None] + self.mean_projection
        return raw + self.mean_norm


def geometry_of_features(features: Floats, crossed: Floats | None = None) -> Geometry:
    """Return the geometry of features.

    A constant added to every feature changes no distance, and is removed for the sake of digits.

    Parameters
    ----------
    features : (stimulus, feature)
    crossed : (stimulus, stimulus), optional
        Cross-validated inner products, see `fold_gram`.
    """
    pattern = np.mean(features, axis=0, dtype=float)
    centred = features - pattern
    pattern -= pattern.mean()
    return Geometry(
        gram=centred @ centred.T,
        mean_projection=centred @ pattern,
        mean_norm=float(pattern @ pattern),
        stimulus_mean=centred.mean(axis=1),
        n_features=features.shape[1],
        fold_gram=crossed,
    )


def geometry_of_layer(layer: xr.Dataset) -> Geometry:
    """Return the geometry of one layer of an activations artefact.

    Parameters
    ----------
    layer : Dataset
        An activations artefact with the layer selected.
    """
    return Geometry(
        gram=layer["gram"].values.astype(float),
        mean_projection=layer["mean_projection"].values.astype(float),
        mean_norm=float(layer["mean_norm"]),
        stimulus_mean=layer["stimulus_mean"].values.astype(float),
        n_features=int(layer["n_features"]),
    )


def fold_gram(folds: Floats, seen: NDArray[np.bool_]) -> Floats:
    r"""Return the cross-validated Gram matrix of repetitions, whose noise must be independent.

    With :math:`S = \sum_r x_r` the sum over repetitions, the products of different repetitions
    sum to :math:`S S^\top - \sum_r x_r x_r^\top`; no loop over pairs of repetitions.

    Parameters
    ----------
    folds : (repetition, stimulus, unit)
        Responses; any value where a stimulus was not shown.
    seen : (repetition, stimulus)
        Whether it was shown. Unbalanced designs are averaged over the couples they have.

    Returns
    -------
    (stimulus, stimulus)
        NaN where two stimuli share no couple of different repetitions.
    """
    shown = seen.astype(float)
    filled = np.where(seen[:, :, None], folds, 0.0)
    total = filled.sum(axis=0)
    same = np.einsum("rsu,rtu->st", filled, filled, optimize=True)
    couples = np.outer(shown.sum(axis=0), shown.sum(axis=0)) - shown.T @ shown
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(couples > 0, (total @ total.T - same) / couples, np.nan)

"""The geometry of one representation: all a distance needs, whoever it came from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

Floats = NDArray[np.floating]


@dataclass(frozen=True)
class Geometry:
    """Gram matrix and means of a representation of stimuli by features.

    Attributes
    ----------
    gram : (stimulus, stimulus)
        Inner products of the raw features.
    stimulus_mean : (stimulus,)
        Mean over features.
    n_features : int
    fold_gram : (stimulus, stimulus), optional
        Cross-validated inner products: each entry averages products of two different
        repetitions, so the noise of one does not meet itself. None without repetitions.
    """

    gram: Floats
    stimulus_mean: Floats
    n_features: int
    fold_gram: Floats | None = None


def geometry_of_features(features: Floats) -> Geometry:
    """Return the geometry of features `(stimulus, feature)`."""
    features = np.asarray(features, dtype=float)
    return Geometry(
        gram=features @ features.T,
        stimulus_mean=features.mean(axis=1),
        n_features=features.shape[1],
    )


def geometry_of_layer(layer: xr.Dataset) -> Geometry:
    """Return the geometry of one layer of an activations artefact.

    Parameters
    ----------
    layer : Dataset
        An activations artefact with the layer selected.
    """
    projection = layer["mean_projection"].values.astype(float)
    raw = layer["gram"].values + projection[:, None] + projection + float(layer["mean_norm"])
    return Geometry(
        gram=raw,
        stimulus_mean=layer["stimulus_mean"].values.astype(float),
        n_features=int(layer["n_features"]),
    )


def fold_gram(folds: Floats, seen: NDArray[np.bool_]) -> Floats:
    r"""Return the cross-validated Gram matrix of repetitions.

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

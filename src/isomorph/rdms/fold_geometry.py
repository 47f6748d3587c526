"""The geometry of one session's folds, or of one layer, for the distances that are asked for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import xarray as xr

from isomorph.geometry import Contribution, Geometry, UndefinedDistanceError, geometry_of_features
from isomorph.rdms.distances import DISTANCES
from isomorph.rdms.folds import Folds, crossed_gram
from isomorph.study.dataset import NoiseSpec

USUAL = NoiseSpec()

NOTHING = Geometry(np.zeros((0, 0)), np.zeros(0), 0.0, np.zeros(0), 0)
"""Stands where no distance asks for Gram matrices of means."""


def geometry_of_folds(
    folds: Folds, distances: Iterable[str] = (), noise: NoiseSpec = USUAL
) -> Geometry | None:
    """Return the geometry of one session, None when a stimulus was never shown.

    Parameters
    ----------
    folds : Folds
    distances : iterable of str, optional
        What the geometry must serve; all that need no more than Gram matrices unless given.
    noise : NoiseSpec, optional
    """
    if not folds.complete:
        return None
    asked = [DISTANCES[name] for name in distances]
    crossed = None
    if not asked or any(d.repetitions and d.gather is None for d in asked):
        crossed = crossed_gram(folds.centred.by_fold)
    if not asked or any("gram" in d.needs for d in asked):
        plain = geometry_of_features(folds.means, crossed)
    else:
        plain = replace(NOTHING, n_features=folds.values.shape[2], fold_gram=crossed)
    parts: dict[str, Contribution | str] = {}
    for distance in asked:
        if distance.gather is not None:
            try:
                parts[distance.name] = distance.gather(folds, noise)
            except UndefinedDistanceError as error:
                parts[distance.name] = str(error)
    return replace(plain, parts=parts)


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

"""Distances inside a representation, a registry by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from isomorph.errors import IsomorphError
from isomorph.rdms.geometry import Floats, Geometry
from isomorph.registry import Registry

ROUNDING = 1e-12
"""Share of a mean square below which a variance is rounding error."""


class UndefinedDistanceError(IsomorphError):
    """A distance that does not exist for a representation, and why."""


@dataclass(frozen=True)
class Distance:
    """A distance between the stimuli of one representation.

    Attributes
    ----------
    name, title : str
    formula : callable
        From a geometry to distances `(pair,)`, upper triangle row by row.
    repetitions : bool
        Whether it needs repetitions.
    noise_free : str
        The distance it becomes where there is no noise: what a model is given when the brain
        is given this one.
    """

    name: str
    title: str
    formula: Callable[[Geometry], Floats]
    repetitions: bool = False
    noise_free: str = ""

    def compute(self, geometry: Geometry) -> Floats:
        """Return distances `(pair,)`, equal ones exactly equal.

        A model that predicts ties, such as one of categories, has them only up to rounding, and
        a rank measure would break them by that noise. So distances are kept to 40 binary digits
        of the largest.

        Raises
        ------
        UndefinedDistanceError
            When the distance does not exist for this representation, or tells no stimuli apart.
        """
        distances = self.formula(geometry)
        step = np.abs(distances).max() * 2.0**-40
        if step > 0:
            distances = np.round(distances / step) * step
        if distances.min() == distances.max():
            raise UndefinedDistanceError("all distances are equal, there is no geometry to compare")
        return distances


def correlation(geometry: Geometry) -> Floats:
    """Return `1 - r` between the feature patterns of two stimuli.

    Raises
    ------
    UndefinedDistanceError
        When a stimulus has the same value in every feature.
    """
    mean = geometry.stimulus_mean
    raw = geometry.raw_gram / geometry.n_features
    covariance = raw - np.outer(mean, mean)
    variance = np.diag(covariance)
    flat = variance <= ROUNDING * np.diag(raw)
    if flat.any():
        raise UndefinedDistanceError(
            f"correlation distance is undefined: {int(flat.sum())} of {len(flat)} stimuli have "
            "the same value in every feature"
        )
    spread = np.sqrt(variance)
    return _upper(1 - covariance / np.outer(spread, spread))


def squared_euclidean(geometry: Geometry) -> Floats:
    """Return the mean over features of the squared difference."""
    return np.maximum(_from_gram(geometry.gram), 0) / geometry.n_features


def euclidean(geometry: Geometry) -> Floats:
    """Return the root of the mean over features of the squared difference."""
    return np.sqrt(squared_euclidean(geometry))


def crossvalidated_euclidean(geometry: Geometry) -> Floats:
    """Return the squared Euclidean distance, cross-validated over repetitions, per feature.

    Unbiased by noise, so it can be negative and is never clipped (Walther et al. 2016,
    https://doi.org/10.1016/j.neuroimage.2015.12.012).

    Raises
    ------
    UndefinedDistanceError
        Without at least two repetitions of every stimulus.
    """
    if geometry.fold_gram is None or np.isnan(geometry.fold_gram).any():
        raise UndefinedDistanceError(
            "cross-validated distance is undefined: it needs at least two repetitions of every "
            "stimulus"
        )
    return _from_gram(geometry.fold_gram) / geometry.n_features


def _from_gram(gram: Floats) -> Floats:
    diagonal = np.diag(gram)
    return _upper(diagonal[:, None] + diagonal - 2 * gram)


def _upper(square: Floats) -> Floats:
    upper: Floats = square[np.triu_indices(len(square), 1)]
    return upper


DISTANCES: Registry[Distance] = Registry(
    "distance",
    {
        distance.name: distance
        for distance in (
            Distance("correlation", "1 - Pearson correlation", correlation),
            Distance("euclidean", "Euclidean distance", euclidean),
            Distance("squared_euclidean", "squared Euclidean distance", squared_euclidean),
            Distance(
                "crossvalidated_euclidean",
                "squared Euclidean distance, cross-validated over repetitions",
                crossvalidated_euclidean,
                repetitions=True,
                noise_free="squared_euclidean",
            ),
        )
    },
)

"""Geometries: shapes that stimuli would have, were a representation their variables and no more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from isomorph.registry import Registry, lazily
from isomorph.study import Spec
from isomorph.study.geometries import (
    GridOptions,
    LineOptions,
    PlaceOptions,
    RingOptions,
    SphereOptions,
    TorusOptions,
    TreeOptions,
)

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["GEOMETRIES", "Geometry"]


@dataclass(frozen=True)
class Geometry:
    """A shape as a function of columns of the stimulus table.

    Attributes
    ----------
    features : callable
        From the table, the options and the model's name (for errors) to features by layer, arrays
        of shape (stimulus, feature).
    settings : type of Spec
        What its options must be.
    title : str
        What it gives, in a line.
    """

    features: Callable[[pd.DataFrame, Any, str], dict[str, NDArray[np.float64]]]
    settings: type[Spec]
    title: str


GEOMETRIES: Registry[Geometry] = Registry(
    "geometry",
    {
        "line": Geometry(
            lazily("isomorph.models.geometry.shapes:line"), LineOptions, "a variable with two ends"
        ),
        "ring": Geometry(
            lazily("isomorph.models.geometry.shapes:ring"),
            RingOptions,
            "a variable that comes back, and its harmonics",
        ),
        "torus": Geometry(
            lazily("isomorph.models.geometry.shapes:torus"),
            TorusOptions,
            "variables with a period each, or a plane in a lattice",
        ),
        "grid": Geometry(
            lazily("isomorph.models.geometry.shapes:grid"),
            GridOptions,
            "a plane as it is, and as modules of grid cells see it",
        ),
        "sphere": Geometry(
            lazily("isomorph.models.geometry.shapes:sphere"),
            SphereOptions,
            "an azimuth and an elevation",
        ),
        "place": Geometry(
            lazily("isomorph.models.geometry.shapes:place"),
            PlaceOptions,
            "fields that cover any variables evenly",
        ),
        "tree": Geometry(
            lazily("isomorph.models.geometry.shapes:tree"),
            TreeOptions,
            "words within words, branch by branch",
        ),
    },
)
"""Geometries by the name that stands after `geometry/`."""

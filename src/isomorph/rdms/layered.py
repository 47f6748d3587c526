"""RDMs of one layer under several distances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import xarray as xr

from isomorph.geometry import Geometry, UndefinedDistanceError
from isomorph.rdms.collection import distances_of
from isomorph.rdms.distance import EQUAL
from isomorph.rdms.distances import DISTANCES
from isomorph.rdms.paired import of_layers
from isomorph.rdms.rdm_rows import LayerRdm
from isomorph.study.given import AS_GIVEN

NO_DISTANCE = "dissimilarities of no distance, which stand as they are"
"""What is to be known of judgements, and of RDMs of which nobody says what they are of."""


def rdms_of_layer(
    layer: str, geometry: Geometry, distances: Sequence[str], depth: int
) -> list[LayerRdm]:
    """Return the RDMs of a layer, or why there are none.

    A cross-validated distance is, for a model without noise, its noise-free counterpart.

    Parameters
    ----------
    layer : str
    geometry : Geometry
    distances : sequence of str
        Names in `DISTANCES`, as the brain has them, or of pairs.
    depth : int
        Place of the layer in execution order.
    """
    about = LayerRdm(layer, "", depth=depth, n_units=geometry.n_features)
    rows = []
    for name in dict.fromkeys(map(of_layers, distances)):
        try:
            rows.append(replace(about, distance=name, rdm=DISTANCES[name].compute(geometry)))
        except UndefinedDistanceError as error:
            rows.append(replace(about, distance=name, reason=str(error)))
    return rows


def ready_rows(ready: xr.Dataset, distances: Sequence[str]) -> list[LayerRdm]:
    """Return the RDMs of a model that comes as these alone, as the distances ask for them.

    RDMs of a distance serve that one. Those of none, such as judgements, stand as they are for
    every distance.

    Parameters
    ----------
    ready : Dataset
        See `isomorph.models.given.ready.ready_dataset`.
    distances : sequence of str
        Names in `DISTANCES`, as the brain has them.
    """
    rows = []
    for name in dict.fromkeys(map(of_layers, distances)):
        for held in {name, AS_GIVEN} & set(distances_of(ready)):
            about = LayerRdm("", name, note=NO_DISTANCE if held == AS_GIVEN else "")
            for at, layer in enumerate(ready["layer"].values.tolist()):
                rdm, depth = ready[held].values[at], int(ready["depth"][at])
                one = replace(about, layer=str(layer), depth=depth)
                flat = rdm.min() == rdm.max()
                rows.append(replace(one, reason=EQUAL) if flat else replace(one, rdm=rdm))
    return rows

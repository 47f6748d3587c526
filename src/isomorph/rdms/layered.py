"""RDMs of one layer under several distances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from isomorph.geometry import Geometry, UndefinedDistanceError
from isomorph.rdms.distances import DISTANCES
from isomorph.rdms.paired import of_layers
from isomorph.rdms.rdm_rows import LayerRdm


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

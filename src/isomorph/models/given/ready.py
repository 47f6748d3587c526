"""Models that come as their RDMs alone, and how files of activations say it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from isomorph.study.given import AS_GIVEN


@dataclass(frozen=True)
class ReadyRdms:
    """RDMs of the layers of one model for one set of stimuli.

    Attributes
    ----------
    layers : mapping of str to array of shape (pair,)
        Upper triangles row by row, in the order of the stimuli.
    distance : str
        What they are of, or `AS_GIVEN`.
    attributes : dict
        Further facts for the artefact.
    """

    layers: Mapping[str, NDArray[np.float64]]
    distance: str = AS_GIVEN
    attributes: dict[str, str] = field(default_factory=dict)


def ready_dataset(
    found: ReadyRdms, stimuli: Sequence[str], attributes: Mapping[str, str | int]
) -> xr.Dataset:
    """Lay RDMs out as the `rdms` artefact of one model.

    Parameters
    ----------
    found : ReadyRdms
    stimuli : sequence of str
        Stimulus ids, in order.
    attributes : mapping
        `model` and other facts.

    Returns
    -------
    Dataset
        One variable over `(layer, pair)`, called as the distance.
    """
    a, b = np.triu_indices(len(stimuli), k=1)
    names = np.array(stimuli, dtype=object)
    n = len(found.layers)
    return xr.Dataset(
        {
            found.distance: (("layer", "pair"), np.stack(list(found.layers.values()))),
            f"{found.distance}_status": ("layer", np.full(n, "ok", dtype=object)),
            f"{found.distance}_reason": ("layer", np.full(n, "", dtype=object)),
        },
        coords={
            "layer": np.array(list(found.layers), dtype=object),
            "depth": ("layer", np.arange(n)),
            "model": str(attributes["model"]),
            "stimulus": names,
            "stimulus_a": ("pair", names[a]),
            "stimulus_b": ("pair", names[b]),
        },
        attrs={**attributes, **found.attributes, "left_out": json.dumps({})},
    )

"""Which features of a layer are kept beside its Gram matrix, and how a file holds them."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from isomorph.geometry import Floats

Wanted = int | Literal["all"] | None
"""How many features of every layer are kept, none of them where nobody asks."""

SEED = 0
"""Of the choice."""

STEPS = "steps"
"""What a file of activations calls the time steps of layers whose features are of several."""


def kept_places(layer: str, n_features: int, wanted: Wanted) -> NDArray[np.intp] | None:
    """Return which features of a layer are kept, ascending; None where none are.

    The choice depends on the name of the layer and its width alone, so that instances of one
    network, trained or not, keep the same.

    Parameters
    ----------
    layer : str
    n_features : int
    wanted : int, "all" or None
    """
    if wanted is None:
        return None
    if wanted == "all" or wanted >= n_features:
        return np.arange(n_features)
    rng = np.random.default_rng([SEED, zlib.crc32(layer.encode())])
    return np.sort(rng.choice(n_features, wanted, replace=False))


def n_kept(n_features: int, wanted: Wanted) -> int:
    """Return how many features of a layer are kept."""
    if wanted is None:
        return 0
    return n_features if wanted == "all" else min(n_features, wanted)


def kept_bytes(widths: Mapping[str, int], n_stimuli: int, wanted: Wanted) -> int:
    """Return the room that the kept features of some layers take, by their widths."""
    return 4 * n_stimuli * sum(n_kept(width, wanted) for width in widths.values())


def said_of(wanted: Wanted) -> dict[str, str]:
    """Return what a file says of the features it keeps; nothing where it keeps none."""
    if wanted is None:
        return {}
    some = f"{wanted} of each layer at most, drawn with seed {SEED}"
    return {"kept_features": "all" if wanted == "all" else some}


def coordinates_of(layers: Mapping[str, Any]) -> dict[str, Any]:
    """Return which layer and which of its features every kept one is; empty where none are.

    Parameters
    ----------
    layers : mapping of str to LayerGram or StoredLayer
    """
    places = [layer.places for layer in layers.values()]
    if any(one is None for one in places):
        return {}
    owner = np.repeat(np.arange(len(places)), [len(one) for one in places])
    return {
        "feature_layer": ("feature", owner),
        "feature_place": ("feature", np.concatenate(places)),
    }


def rows_of(layers: Mapping[str, Any]) -> Iterator[NDArray[np.float32]]:
    """Yield the kept features of every layer as the rows of a file: `(feature, stimulus)`."""
    for layer in layers.values():
        yield np.ascontiguousarray(layer.features.T)


def kept_features(activations: xr.Dataset) -> dict[str, Floats]:
    """Return the features that a file of activations keeps, `(stimulus, feature)` by layer.

    Empty where it keeps none.

    Parameters
    ----------
    activations : Dataset
    """
    if "features" not in activations:
        return {}
    rows, owner = activations["features"].values, activations["feature_layer"].values
    return {
        str(name): rows[owner == place].T
        for place, name in enumerate(activations["layer"].values.tolist())
    }


def kept_trajectories(activations: xr.Dataset) -> dict[str, Floats]:
    """Return the features of layers that change in time, `(stimulus, time, feature)` by layer.

    Empty where no layer does, or not all features are kept.

    Parameters
    ----------
    activations : Dataset
    """
    steps: dict[str, int] = json.loads(activations.attrs.get(STEPS, "{}"))
    if activations.attrs.get("kept_features") != "all":
        return {}
    return {
        layer: values.reshape(len(values), steps[layer], -1)
        for layer, values in kept_features(activations).items()
        if layer in steps
    }

"""RDMs of the layers of a model, from features or activations in hand."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import xarray as xr

from isomorph.errors import IsomorphError
from isomorph.geometry import Floats, geometry_of_features
from isomorph.rdms.collecting import model_rdms
from isomorph.rdms.fold_geometry import geometry_of_layer
from isomorph.rdms.layered import rdms_of_layer
from isomorph.rdms.lined_up import over
from isomorph.rdms.named import first_twice
from isomorph.rdms.taken import MINIMUM_STIMULI, features, refuse_rdm
from isomorph.rdms.unnamed import UNNAMED, made_up_names


def rdms_of_activations(
    x: xr.Dataset, distances: Sequence[str], model: str | None, stimuli: Sequence[str] | None
) -> xr.Dataset:
    """Return the RDMs of what `isomorph.activations` gave.

    Parameters
    ----------
    x : Dataset
    distances : sequence of str
    model : str or None
        What it is called, where that is not what the activations say.
    stimuli : sequence of str or None
        In which order; the names of images that were counted.

    Raises
    ------
    IsomorphError
        When these are not activations, or of other stimuli.
    """
    if not {"gram", "layer", "depth", "stimulus"} <= set(x.variables):
        raise IsomorphError(
            f"x: holds {', '.join(map(str, x.data_vars)) or 'nothing'}, expected responses: "
            "response (presentation, unit), or activations"
        )
    rows = [
        row
        for place, layer in enumerate(x["layer"].values.tolist())
        for row in rdms_of_layer(
            str(layer), geometry_of_layer(x.isel(layer=place)), distances, int(x["depth"][place])
        )
    ]
    left_out = json.loads(x.attrs.get("left_out", "{}"))
    name = str(x.attrs.get("model", "model")) if model is None else model
    own = [str(one) for one in x["stimulus"].values.tolist()]
    counted = own == [str(place) for place in range(len(own))]
    if stimuli is not None and counted and len(stimuli) == len(own) and not set(own) & set(stimuli):
        own = list(stimuli)  # nobody named the images, so they are in this order
    data = model_rdms(name, rows, own, left_out=left_out)
    return data if stimuli is None else over(data, stimuli, "x", "stimuli")


def rdms_of_features(
    x: Any, distances: Sequence[str], model: str, stimuli: list[str] | None
) -> xr.Dataset:
    """Return the RDMs of layers, see `features_in_order`.

    Parameters
    ----------
    x, model, stimuli
        See `features_in_order`.
    distances : sequence of str
    """
    order, layers = features_in_order(x, model, stimuli)
    rows = [
        row
        for depth, (layer, values) in enumerate(layers.items())
        for row in rdms_of_layer(layer, geometry_of_features(values), distances, depth)
    ]
    n_stimuli = len(next(iter(layers.values())))
    data = model_rdms(model, rows, order or made_up_names(n_stimuli))
    return data if order is not None else data.assign_attrs({UNNAMED: 1})


def features_in_order(
    x: Any, model: str, stimuli: list[str] | None
) -> tuple[list[str] | None, dict[str, Floats]]:
    """Return the features of layers, lined up by name where they name their stimuli.

    Parameters
    ----------
    x
        A mapping of layers to arrays with stimuli along the first axis, or one of these.
    model : str
    stimuli : list of str or None
        The stimuli in order; those that the first layer with names has unless given.

    Returns
    -------
    stimuli : list of str or None
        None where nobody names them.
    layers : dict of str to array of shape (stimulus, feature)

    Raises
    ------
    IsomorphError
        When layers are not features, or over different stimuli.
    """
    layers = x if isinstance(x, Mapping) else {model: x}
    if not layers:
        raise IsomorphError(f'model "{model}": has no layers, expected at least one')
    if twice := first_twice(map(str, layers)):
        raise IsomorphError(f'model "{model}": two layers are called "{twice}"')
    found = {f'layer "{name}"': features(one, f'layer "{name}"') for name, one in layers.items()}
    first, n_stimuli = next((what, len(values)) for what, (values, _) in found.items())
    order, whose = stimuli, "stimuli"
    for what, (values, names) in found.items():
        _refuse_no_features(values, what)
        if len(values) != n_stimuli:
            raise IsomorphError(
                f"{what} has {len(values)} stimuli and {first} {n_stimuli}; expected the same"
            )
        if order is None and names is not None:
            order, whose = names, what
    if order is not None and len(order) != n_stimuli:
        raise IsomorphError(
            f"{first}: {len(order)} stimuli are named, and it has {n_stimuli} rows; expected one "
            "name for each"
        )
    if twice := first_twice(order or ()):
        raise IsomorphError(f'stimuli: "{twice}" is named twice, expected each once')
    lined = {}
    for layer, (what, (values, names)) in zip(layers, found.items(), strict=True):
        if names is not None and order is not None and names != order:
            if strangers := sorted(set(names) - set(order)):
                raise IsomorphError(
                    f'{what}: its stimulus "{strangers[0]}" is not among those of {whose}; '
                    "expected the same ones"
                )
            places = [names.index(name) for name in order]
        else:
            places = list(range(n_stimuli))
        lined[str(layer)] = values[places].reshape(n_stimuli, -1)
    return order, lined


def _refuse_no_features(values: Floats, what: str) -> None:
    """Refuse features of too few stimuli, and RDMs."""
    if len(values) < MINIMUM_STIMULI:
        axes = (
            f"; its shape is {values.shape}, of which the first axis is taken for the stimuli, as "
            "layers have no repetitions"
            if values.ndim > 2
            else ""
        )
        raise IsomorphError(
            f"{what}: {len(values)} stimuli are too few for a geometry, at least "
            f"{MINIMUM_STIMULI} are needed{axes}"
        )
    if values.ndim == 2:
        refuse_rdm(values, what)

"""RDMs from responses or features in hand: `rdm`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from isomorph.errors import IsomorphError
from isomorph.geometry import Geometry, geometry_of_features
from isomorph.rdms.brain import rdms_of_responses
from isomorph.rdms.collection import (
    available,
    brain_rdms,
    distances_of,
    model_rdms,
    undefined_of,
)
from isomorph.rdms.distances import DISTANCES
from isomorph.rdms.fold_geometry import geometry_of_layer
from isomorph.rdms.halvings import most_halvings
from isomorph.rdms.layered import rdms_of_layer
from isomorph.rdms.taken import Taken, recording, taken
from isomorph.rdms.unnamed import UNNAMED, made_up_names
from isomorph.responses.stacks import TOLERANCE
from isomorph.responses.times import common_times
from isomorph.study import spec_from
from isomorph.study.dataset import NoiseSpec

MINIMUM_STIMULI = 4
"""With fewer, the geometry left after removing what is additive has no dimension."""


def rdm(
    x: Any,
    distance: str | Sequence[str] = "correlation",
    *,
    stimuli: Sequence[str] | None = None,
    region: str | Sequence[str] = "brain",
    subject: str | None = None,
    model: str | None = None,
    run: Sequence[Any] | None = None,
    transform: str = "none",
    **noise: Any,
) -> xr.Dataset:
    """Return the RDMs of a recording or of the layers of a model.

    Parameters
    ----------
    x
        Responses: an array of shape (stimulus, unit), or (repetition, stimulus, unit), in which a
        repetition that lacks a stimulus holds NaN alone there; an `xarray.DataArray` whose
        dimensions say what they are; one session of a recording as `isomorph.load` gives it,
        `response (presentation, unit[, time])`, or a mapping of sessions to these. Features: a
        mapping of layers to arrays of shape (stimulus, ...), or what `isomorph.activations` gives.
    distance : str or sequence of str, optional
        Names in `isomorph.DISTANCES`. Those that cross or weigh repetitions become, for layers,
        their noise-free counterparts.
    stimuli : sequence of str, optional
        Names of the rows; names that come again are repetitions. Of a recording, which stimuli and
        in which order. RDMs with names are lined up by them, others by their order.
    region : str or sequence of str, optional
        The region of all units of an array, or of each.
    subject : str, optional
        "1" unless the recording says it.
    model : str, optional
        The model of the layers. With it, an array is the features of one layer.
    run : sequence, optional
        The run of each row of an array, which cross-validation then crosses.
    transform : str, optional
        What is done to responses first, a name in `isomorph.TRANSFORMS`.
    **noise
        What distances that weigh units take the noise to be, as `noise` in the file of a dataset:
        `shrinkage`, `per`, `prior_rate`, `prior_weight`.

    Returns
    -------
    Dataset
        A variable per distance. Of recordings `(representation, pair)`, indexed by `region` and
        `subject`, with halves of the repetitions for noise ceilings where there are any; of models
        `(layer, pair)`.

    Raises
    ------
    IsomorphError
        When the shape is not that of responses, a value is not finite, stimuli are too few, a name
        is not known, or a distance does not exist for these responses.

    References
    ----------
    Kriegeskorte et al. 2008, https://doi.org/10.3389/neuro.06.004.2008; each distance names its
    own in `isomorph.DISTANCES`.

    Examples
    --------
    >>> import numpy as np, isomorph as iso
    >>> responses = np.random.default_rng(0).standard_normal((4, 10, 30))
    >>> found = iso.rdm(responses, ["correlation", "crossnobis"], region="IT", subject="m1")
    >>> found["crossnobis"].sel(region="IT").shape
    (1, 45)
    >>> iso.rdm({"conv": responses[0]}, model="net")["layer"].item()
    'conv'
    """
    names = [distance] if isinstance(distance, str) else list(distance)
    for name in names:
        DISTANCES[name]
    if not names:
        raise IsomorphError("distance: none is named, expected at least one")
    spec = spec_from(noise, NoiseSpec, "rdm")
    if isinstance(x, xr.Dataset) and "gram" in x:
        return _defined(_of_activations(x, names, model))
    recorded = isinstance(x, xr.Dataset) or (isinstance(x, Mapping) and _is_recording(x))
    if model is not None or (isinstance(x, Mapping) and not recorded):
        return _defined(_of_features(x, names, model or "model", stimuli))
    sessions, unnamed = _sessions(x, stimuli, region, run)
    if unnamed or (stimuli is not None and not isinstance(x, Mapping | xr.Dataset)):
        stimuli = None
    order = _shown(sessions) if stimuli is None else [str(one) for one in stimuli]
    if len(order) < MINIMUM_STIMULI:
        raise IsomorphError(
            f"x: {len(order)} stimuli are too few for a geometry, at least {MINIMUM_STIMULI} are "
            "needed"
        )
    said = next((one.attrs["subject"] for one in sessions.values() if "subject" in one.attrs), "1")
    regions = {str(one) for session in sessions.values() for one in session["region"].values}
    n_bins = max(session.sizes.get("time", 1) for session in sessions.values())
    rows, left_out = rdms_of_responses(
        sessions, order, names, subject=subject or str(said), transform=transform, noise=spec,
        halvings=most_halvings(len(regions) * n_bins * len(names), len(order)),
    )  # fmt: skip
    data = brain_rdms(rows, order, times=common_times(sessions), left_out=left_out)
    return _defined(data.assign_attrs({UNNAMED: 1} if unnamed else {}))


def _is_recording(x: Mapping[str, Any] | xr.Dataset) -> bool:
    every = [x] if isinstance(x, xr.Dataset) else list(x.values())
    return bool(every) and all(isinstance(one, xr.Dataset) and "response" in one for one in every)


def _sessions(
    x: Any, stimuli: Sequence[str] | None, region: str | Sequence[str], run: Sequence[Any] | None
) -> tuple[dict[str, xr.Dataset], bool]:
    """Return responses by session, and whether nobody named their stimuli."""
    if isinstance(x, xr.Dataset):
        if not _is_recording(x):
            raise IsomorphError(
                f"x: holds {', '.join(map(str, x.data_vars)) or 'nothing'}, expected responses: "
                "response (presentation, unit)"
            )
        return {str(x.attrs.get("session", "1")): x}, False
    if isinstance(x, Mapping):
        return {str(name): one for name, one in x.items()}, False
    found = taken(x, "x")
    if found.values.ndim == 2 and _is_rdm(found.values):
        raise IsomorphError(
            "x: is symmetric with 0 on its diagonal, so it is an RDM already; give it to "
            "isomorph.compare as it is"
        )
    named = _named(found, stimuli)
    unnamed = named is None
    rows = found.values.shape[-2] if found.values.ndim > 1 else 0
    whole = Taken(found.values, named if named is not None else made_up_names(rows))
    return {"1": recording(whole, "x", region, run)}, unnamed


def _named(found: Taken, stimuli: Sequence[str] | None) -> list[str] | None:
    return found.names if stimuli is None else [str(one) for one in stimuli]


def _is_rdm(values: np.ndarray) -> bool:
    """Whether a matrix has what every RDM has, and next to no responses."""
    if values.shape[0] != values.shape[1] or not np.isfinite(values).all():
        return False
    allowed = TOLERANCE * float(np.abs(values).max(initial=0.0))
    asymmetry, diagonal = np.abs(values - values.T).max(), np.abs(np.diag(values)).max()
    return bool(max(asymmetry, diagonal) <= allowed)


def _shown(sessions: Mapping[str, xr.Dataset]) -> list[str]:
    """Return the stimuli of all sessions, in the order in which they were first shown."""
    return list(
        dict.fromkeys(str(one) for s in sessions.values() for one in s["stimulus"].values.tolist())
    )


def _of_activations(x: xr.Dataset, distances: Sequence[str], model: str | None) -> xr.Dataset:
    rows = [
        row
        for place, layer in enumerate(x["layer"].values.tolist())
        for row in rdms_of_layer(
            str(layer), geometry_of_layer(x.isel(layer=place)), distances, int(x["depth"][place])
        )
    ]
    left_out = json.loads(x.attrs.get("left_out", "{}"))
    name = model or str(x.attrs.get("model", "model"))
    return model_rdms(name, rows, x["stimulus"].values.tolist(), left_out=left_out)


def _of_features(
    x: Any, distances: Sequence[str], model: str, stimuli: Sequence[str] | None
) -> xr.Dataset:
    """Return the RDMs of layers, each an array with stimuli along its first axis."""
    layers = x if isinstance(x, Mapping) else {model: x}
    rows, first, named = [], "", None if stimuli is None else [str(one) for one in stimuli]
    n_stimuli = 0
    for depth, (layer, features) in enumerate(layers.items()):
        what = f'layer "{layer}"'
        geometry, names = _geometry(features, what)
        if depth == 0:
            first, n_stimuli, named = what, len(geometry.gram), named or names
        if len(geometry.gram) != n_stimuli:
            raise IsomorphError(
                f"{what} has {len(geometry.gram)} stimuli and {first} {n_stimuli}; expected the "
                "same in the same order"
            )
        if names is not None and names != named:
            raise IsomorphError(
                f"{what} names its stimuli otherwise than {first}; expected the same in the same "
                "order"
            )
        rows += rdms_of_layer(str(layer), geometry, distances, depth)
    if not rows:
        raise IsomorphError(f'model "{model}": has no layers, expected at least one')
    if named is not None and len(named) != n_stimuli:
        raise IsomorphError(
            f"{first}: {len(named)} stimuli are named, and it has {n_stimuli} rows; expected one "
            "name for each"
        )
    data = model_rdms(model, rows, named or made_up_names(n_stimuli))
    return data if named is not None else data.assign_attrs({UNNAMED: 1})


def _geometry(features: Any, what: str) -> tuple[Geometry, list[str] | None]:
    """Return the geometry of one layer, whose axes after the first are all features."""
    if isinstance(features, xr.DataArray | pd.DataFrame):
        found = taken(features, what)
    else:
        found = taken(np.asarray(features), what)
    values = found.values
    if values.ndim < 2 or 0 in values.shape:
        raise IsomorphError(f"{what}: is of shape {values.shape}, expected (stimulus, ...)")
    if len(values) < MINIMUM_STIMULI:
        raise IsomorphError(
            f"{what}: {len(values)} stimuli are too few for a geometry, at least "
            f"{MINIMUM_STIMULI} are needed"
        )
    if not np.isfinite(values).all():
        place = np.argwhere(~np.isfinite(values))[0].tolist()
        raise IsomorphError(f"{what}: {place} is {values[tuple(place)]}, expected numbers alone")
    return geometry_of_features(values.reshape(len(values), -1)), found.names


def _defined(data: xr.Dataset) -> xr.Dataset:
    """Refuse RDMs of which there is not one."""
    if any(available(data, name).any() for name in distances_of(data)):
        return data
    what, why = next(iter(undefined_of(data).items()), ("x", "nothing was shown"))
    raise IsomorphError(f"{what}: {why}")

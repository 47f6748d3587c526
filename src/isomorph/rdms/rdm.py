"""RDMs from responses or features in hand: `rdm`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from inspect import signature
from typing import Any

import xarray as xr

from isomorph.errors import IsomorphError, did_you_mean
from isomorph.rdms.brain import rdms_of_responses
from isomorph.rdms.collecting import brain_rdms
from isomorph.rdms.collection import available, distances_of, undefined_of
from isomorph.rdms.distances import DISTANCES
from isomorph.rdms.halvings import most_halvings
from isomorph.rdms.layers_in_hand import rdms_of_activations, rdms_of_features
from isomorph.rdms.named import first_twice, labels, one_name, several
from isomorph.rdms.taken import MINIMUM_STIMULI, recording, refuse_rdm, taken
from isomorph.rdms.transforms import TRANSFORMS
from isomorph.rdms.unnamed import AS_SHOWN, UNNAMED, made_up_names
from isomorph.responses.times import common_times
from isomorph.study import spec_from
from isomorph.study.dataset import NoiseSpec


def rdm(
    x: Any,
    distance: str | Sequence[str] = "correlation",
    *,
    stimuli: Sequence[str] | None = None,
    region: str | Sequence[str] | None = None,
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
        Names of the rows of an array, or of images that `isomorph.activations` was given without
        names; names that come again are repetitions. Of a recording, and of
        an array that names its rows, which stimuli and in which order; otherwise those of a
        recording stand in the order in which they were first shown. RDMs with names are lined up by
        them, others by their order.
    region : str or sequence of str, optional
        The region of all units of an array, or of each; "brain" unless the array says it in the
        coordinate `region`.
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
    names = several(distance, "distance")
    for name in names:
        DISTANCES[name]
    TRANSFORMS[one_name(transform, "transform")]
    known = [key for key in signature(rdm).parameters if key not in ("x", "noise")]
    if odd := next((key for key in noise if key not in NoiseSpec.model_fields), ""):
        near = did_you_mean(odd, [*known, *NoiseSpec.model_fields])
        raise IsomorphError(f"rdm: {odd}: unknown keyword, {near}")
    spec = spec_from(noise, NoiseSpec, "rdm")
    order = None if stimuli is None else labels(stimuli, "stimuli")
    recorded = isinstance(x, Mapping | xr.Dataset) and is_recording(x)
    if model is not None or (isinstance(x, Mapping | xr.Dataset) and not recorded):
        given = {"region": region, "subject": subject, "run": run, **noise,
                 "transform": None if transform == "none" else transform}  # fmt: skip
        if told := [key for key, value in given.items() if value is not None]:
            raise IsomorphError(
                f"{told[0]}: is about responses, and x is features of the layers of a model"
            )
        if isinstance(x, xr.Dataset):
            return _defined(rdms_of_activations(x, names, model, order))
        return _defined(rdms_of_features(x, names, model or "model", order))
    sessions, said, order = sessions_given(x, order, region, run)
    if len(order) < MINIMUM_STIMULI:
        raise IsomorphError(
            f"x: {len(order)} stimuli are too few for a geometry, at least {MINIMUM_STIMULI} are "
            "needed"
        )
    who = next((one.attrs["subject"] for one in sessions.values() if "subject" in one.attrs), "1")
    regions = {str(one) for session in sessions.values() for one in session["region"].values}
    n_bins = max(session.sizes.get("time", 1) for session in sessions.values())
    rows, left_out = rdms_of_responses(
        sessions, order, names, subject=str(who if subject is None else subject),
        transform=transform, noise=spec,
        halvings=most_halvings(len(regions) * n_bins * len(names), len(order)),
    )  # fmt: skip
    data = brain_rdms(rows, order, times=common_times(sessions), left_out=left_out)
    return _defined(data.assign_attrs({said: 1} if said else {}))


def is_recording(x: Mapping[str, Any] | xr.Dataset) -> bool:
    """Tell whether these are the sessions of a recording, or one."""
    every = [x] if isinstance(x, xr.Dataset) else list(x.values())
    return bool(every) and all(isinstance(one, xr.Dataset) and "response" in one for one in every)


def sessions_given(
    x: Any,
    stimuli: list[str] | None,
    region: str | Sequence[str] | None,
    run: Sequence[Any] | None,
) -> tuple[dict[str, xr.Dataset], str, list[str]]:
    """Return responses by session, what RDMs say of their stimuli if anything, and these.

    Parameters
    ----------
    x, stimuli, region, run
        See `rdm`.

    Raises
    ------
    IsomorphError
        See `rdm`.
    """
    if isinstance(x, Mapping | xr.Dataset):
        if region is not None or run is not None:
            raise IsomorphError(
                f"{'run' if region is None else 'region'}: a recording says its own; leave it out"
            )
        sessions = (
            {str(x.attrs.get("session", "1")): x} if isinstance(x, xr.Dataset)
            else {str(name): one for name, one in x.items()}
        )  # fmt: skip
        for name, one in sessions.items():
            _refuse_incomplete(one, f'session "{name}"')
        if twice := first_twice(stimuli or ()):
            raise IsomorphError(f'stimuli: "{twice}" is named twice, expected each once')
        if stimuli is None:
            return sessions, AS_SHOWN, _shown(sessions)
        return sessions, "", stimuli
    found = taken(x, "x")
    refuse_rdm(found.values, "x")
    if found.names is not None:
        sessions = {"1": recording(found, "x", region, run)}
        if twice := first_twice(stimuli or ()):
            raise IsomorphError(f'stimuli: "{twice}" is named twice, expected each once')
        if stimuli is None:
            return sessions, AS_SHOWN if first_twice(found.names) else "", _shown(sessions)
        return sessions, "", stimuli
    rows = found.values.shape[-2] if found.values.ndim > 1 else 0
    whole = replace(found, names=made_up_names(rows) if stimuli is None else stimuli)
    sessions = {"1": recording(whole, "x", region, run)}
    shown = _shown(sessions)
    if stimuli is None and len(shown) < rows:
        never = next(name for name in whole.names or () if name not in shown)
        raise IsomorphError(
            f"x: {never} was never shown, and without names nobody can tell which of its stimuli "
            "are those of others; name them: stimuli=[...]"
        )
    said = UNNAMED if stimuli is None else AS_SHOWN if first_twice(stimuli) else ""
    return sessions, said, shown


def _refuse_incomplete(session: xr.Dataset, what: str) -> None:
    """Refuse what lacks an axis or a coordinate of a recording."""
    dims = set(session["response"].dims)
    if not {"presentation", "unit"} <= dims <= {"presentation", "unit", "time"}:
        raise IsomorphError(
            f"{what}: its response is ({', '.join(map(str, session['response'].dims))}), expected "
            "(presentation, unit[, time])"
        )
    needed = {"stimulus": "presentation", "repetition": "presentation", "region": "unit"}
    for name, dim in needed.items():
        if name not in session.coords or session[name].dims != (dim,):
            raise IsomorphError(f"{what}: has no coordinate {name} ({dim}), expected one")


def _shown(sessions: Mapping[str, xr.Dataset]) -> list[str]:
    """Return the stimuli of all sessions, in the order in which they were first shown."""
    return list(
        dict.fromkeys(str(one) for s in sessions.values() for one in s["stimulus"].values.tolist())
    )


def _defined(data: xr.Dataset) -> xr.Dataset:
    """Refuse RDMs of which there is not one."""
    if any(available(data, name).any() for name in distances_of(data)):
        return data
    what, why = next(iter(undefined_of(data).items()), ("x", "nothing was shown"))
    raise IsomorphError(f"{what}: {why}")

"""What comparisons take beside RDMs of our own: arrays, tables, rsatoolbox's, one or many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeGuard

import numpy as np
import xarray as xr

from isomorph.errors import IsomorphError
from isomorph.inference.vectors import Vectors, stimuli_of_pairs, vectors_of
from isomorph.measures import stimulus_count
from isomorph.rdms.collecting import brain_rdms, model_rdms
from isomorph.rdms.collection import LEVELS, distances_of, indexed
from isomorph.rdms.lined_up import names_of, over, refuse_unnamed
from isomorph.rdms.named import first_twice
from isomorph.rdms.rdm_rows import LayerRdm, RdmRow
from isomorph.rdms.taken import REGION
from isomorph.rdms.unnamed import UNNAMED, made_up_names
from isomorph.responses.times import common_times


def brain_given(given: Any, distance: str = "", what: str = "brain") -> xr.Dataset:
    """Return the RDMs of regions in whatever form they are given.

    Parameters
    ----------
    given
        What `isomorph.rdm` gives; one RDM or several, each of a subject; or a mapping of regions
        to any of these.
    distance : str, optional
        That of RDMs that do not say it.
    what : str, optional
        What they are called in messages.

    Raises
    ------
    IsomorphError
        When they are not RDMs.
    """
    if isinstance(given, Mapping) and not isinstance(given, xr.Dataset):
        parts = [
            _of_region(str(name), brain_given(one, distance, f'{what} "{name}"'))
            for name, one in given.items()
        ]
        return joined(parts, what)
    if isinstance(given, xr.Dataset):
        return _own(given, what)
    if isinstance(given, list | tuple) and not is_numbers(given):
        every = [brain_given(one, distance, f"{what}[{at}]") for at, one in enumerate(given)]
        return joined(_told_apart(every), what)
    found = vectors_of(given, distance, what)
    n = len(found.rdms)
    regions = found.described.get("region", [REGION] * n)
    subjects = found.described.get("subject", [str(number) for number in range(1, n + 1)])
    sessions = found.described.get("session")
    rows = [
        RdmRow(regions[at], subjects[at], found.distance, rdm,
               session=sessions[at] if sessions else None)
        for at, rdm in enumerate(found.rdms)
    ]  # fmt: skip
    names = found.stimuli or made_up_names(stimulus_count(found.rdms.shape[1]))
    return _marked(brain_rdms(rows, names), found.stimuli is not None)


def models_given(given: Any, distance: str = "") -> list[xr.Dataset]:
    """Return the RDMs of the layers of models in whatever form they are given.

    Parameters
    ----------
    given
        A mapping of models to what `isomorph.rdm` gives of their layers, to RDMs, or to a mapping
        of layers to RDMs; or one model, or several that say their names.
    distance : str, optional
        That of RDMs that do not say it.

    Raises
    ------
    IsomorphError
        When they are not RDMs, or two models have one name.
    """
    if isinstance(given, Mapping) and not isinstance(given, xr.Dataset):
        models = [_model(str(name), one, distance) for name, one in given.items()]
    elif isinstance(given, list | tuple) and any(isinstance(one, xr.Dataset) for one in given):
        models = [one for part in given for one in models_given(part, distance)]
    else:
        named = str(given["model"].item()) if _has(given, "model") else ""
        models = [_model(named or "model", given, distance)]
    if not models:
        raise IsomorphError("models: there are none, expected at least one")
    names = [str(model["model"].item()) for model in models]
    if twice := next((name for name in names if names.count(name) > 1), ""):
        raise IsomorphError(f'models: two are called "{twice}"; give a mapping of names to models')
    return models


def _model(name: str, given: Any, distance: str) -> xr.Dataset:
    """Return the layers of one model under its name."""
    what = f'model "{name}"'
    if isinstance(given, Mapping) and not isinstance(given, xr.Dataset):
        layers = [str(layer) for layer in given]
        parts = [
            vectors_of(one, distance, f'{what}, layer "{layer}"')
            for layer, one in zip(layers, given.values(), strict=True)
        ]
        return _layers(name, _one_each(layers, parts, what))
    if isinstance(given, xr.Dataset):
        data = _own(given, what, brain=False)
        return data.assign_coords(model=name)
    found = vectors_of(given, distance, what)
    n = len(found.rdms)
    plain = [name] if n == 1 else [str(number) for number in range(1, n + 1)]
    layers = found.described.get("layer", plain)
    return _layers(name, replace(found, described={"layer": layers}))


def _layers(model: str, found: Vectors) -> xr.Dataset:
    rows = [
        LayerRdm(layer, found.distance, rdm, depth)
        for depth, (layer, rdm) in enumerate(zip(found.described["layer"], found.rdms, strict=True))
    ]
    names = found.stimuli or made_up_names(stimulus_count(found.rdms.shape[1]))
    return _marked(model_rdms(model, rows, names), found.stimuli is not None)


def _one_each(layers: list[str], parts: Sequence[Vectors], what: str) -> Vectors:
    """Return one RDM per layer, all over the same stimuli."""
    for layer, part in zip(layers, parts, strict=True):
        if len(part.rdms) != 1:
            raise IsomorphError(
                f'{what}, layer "{layer}": holds {len(part.rdms)} RDMs, expected one'
            )
        if part.rdms.shape[1] != parts[0].rdms.shape[1] or part.stimuli != parts[0].stimuli:
            raise IsomorphError(
                f'{what}: layers "{layers[0]}" and "{layer}" are over different stimuli; expected '
                "the same in the same order"
            )
    if not parts:
        raise IsomorphError(f"{what}: has no layers, expected at least one")
    if len(said := list(dict.fromkeys(part.distance for part in parts))) > 1:
        raise IsomorphError(
            f"{what}: its layers are of different distances, {', '.join(said)}; expected one"
        )
    rdms = np.concatenate([part.rdms for part in parts])
    return replace(parts[0], rdms=rdms, described={"layer": layers})


def joined(parts: Sequence[xr.Dataset], what: str) -> xr.Dataset:
    """Return RDMs of several datasets of regions as one, over the stimuli of the first.

    Raises
    ------
    IsomorphError
        When they are over different stimuli, or two are of the same region and subject.
    """
    if not parts:
        raise IsomorphError(f"{what}: there are no RDMs, expected at least one")
    if len(parts) == 1:
        return parts[0]
    refuse_unnamed(parts, [f"{what}[{at}]" for at in range(len(parts))])
    named = next((one for one in parts if names_of(one) is not None), None)
    stimuli = list(map(str, (parts[0] if named is None else named)["stimulus"].values.tolist()))
    lined = [over(one, stimuli, f"{what}[{at}]", f"{what}[0]") for at, one in enumerate(parts)]
    keys = [key for one in lined for key in one.indexes["representation"].tolist()]
    if twice := next((key for key in keys if keys.count(key) > 1), None):
        raise IsomorphError(
            f"{what}: two RDMs are of {' | '.join(map(str, twice))}; name regions and subjects "
            "apart"
        )
    _refuse_other_axes(lined, what)
    plain = [one.reset_index("representation") for one in lined]
    # What is not known of all, such as numbers of units, is not known of the whole.
    known = set.intersection(*(set(map(str, one.coords)) for one in plain))
    plain = [one.drop_vars(set(one.coords) - known) for one in plain]
    data = xr.concat(
        plain, "representation", data_vars="different", coords="different", compat="equals",
        join="outer", combine_attrs="override",
    )  # fmt: skip
    return _marked(indexed(data), named is not None)


def _refuse_other_axes(parts: Sequence[xr.Dataset], what: str) -> None:
    """Refuse RDMs of which some are of other time bins, or of draws of units, than others."""
    first = parts[0]
    for at, one in enumerate(parts[1:], start=1):
        for dim, name in (("time", "time bins"), ("draw", "draws of units")):
            if first.sizes.get(dim) != one.sizes.get(dim):
                raise IsomorphError(
                    f"{what}[{at}]: has {one.sizes.get(dim, 'no')} {name}, and {what}[0] "
                    f"{first.sizes.get(dim, 'none')}; expected the same"
                )
    common_times({f"{what}[{at}]": one for at, one in enumerate(parts)})


def _own(data: xr.Dataset, what: str, *, brain: bool = True) -> xr.Dataset:
    """Return RDMs of our own, of regions or of layers, made what the other side holds if needed."""
    if not distances_of(data) or not {"representation", "layer"} & set(data.dims):
        holds = "responses" if "response" in data else "activations" if "gram" in data else ""
        raise IsomorphError(
            f"{what}: holds {holds or 'no RDMs'}, expected RDMs; isomorph.rdm gives them"
        )
    data = _sound(data, what)
    if brain and "layer" in data.dims:
        return _layers_as_regions(data)
    if not brain and "representation" in data.dims:
        return _regions_as_layers(data)
    return data


def _sound(data: xr.Dataset, what: str) -> xr.Dataset:
    """Return RDMs of our own with their axes in order.

    Raises
    ------
    IsomorphError
        When a part is gone, pairs are not those of the stimuli, an RDM has a value for some pairs
        alone, or two RDMs are of the same.
    """
    of = ("layer",) if "layer" in data.dims else ("region", "subject")
    names = distances_of(data)
    needed = ("stimulus", "stimulus_a", "stimulus_b", *of, *(f"{one}_status" for one in names))
    if lacking := [name for name in needed if name not in data.variables]:
        raise IsomorphError(
            f"{what}: lacks {', '.join(lacking)}; give all that isomorph.rdm gave, or one distance "
            f'alone: data["{names[0]}"]'
        )
    data = indexed(data.transpose("halving", "half", "representation", "layer", "draw", "time",
                                  "pair", "stimulus", missing_dims="ignore"))  # fmt: skip
    stimuli = list(map(str, data["stimulus"].values.tolist()))
    if twice := first_twice(stimuli):
        raise IsomorphError(f'{what}: the stimulus "{twice}" comes twice, expected each once')
    if stimuli_of_pairs(data, what) != stimuli:
        raise IsomorphError(
            f"{what}: its pairs are not those of its stimuli in their order; to choose or order "
            "stimuli, give isomorph.rdm(..., stimuli=[...]) those wanted"
        )
    for name in names:
        finite = np.isfinite(data[name].values)
        if (finite.any(axis=-1) != finite.all(axis=-1)).any():
            raise IsomorphError(
                f"{what}: some pairs of {name} have no finite value and others do; every pair "
                "needs one, so leave out the stimuli of such pairs"
            )
    levels = [data[name].values.tolist() for name in (*LEVELS, "layer") if name in data.coords
              and data[name].ndim]  # fmt: skip
    if twice := first_twice(" | ".join(map(str, key)) for key in zip(*levels, strict=True)):
        raise IsomorphError(f"{what}: two RDMs are of {twice}; name what they are of apart")
    if "layer" in data.dims and "depth" not in data.coords:
        data = data.assign_coords(depth=("layer", np.arange(data.sizes["layer"])))
    return data


def _layers_as_regions(data: xr.Dataset) -> xr.Dataset:
    """Return every layer as a region of one subject."""
    model = str(data["model"].item())
    layers = data["layer"].values.tolist()
    rows = [
        RdmRow(str(layer), model, name, data[name].values[at])
        for name in distances_of(data)
        for at, layer in enumerate(layers)
        if np.isfinite(data[name].values[at, 0])
    ]
    return brain_rdms(rows, data["stimulus"].values.tolist()).assign_attrs(
        {key: value for key, value in data.attrs.items() if key == UNNAMED}
    )


def _regions_as_layers(data: xr.Dataset) -> xr.Dataset:
    """Return every region as a layer, subjects and sessions averaged."""
    if {"time", "draw"} & set(data.dims):
        raise IsomorphError(
            "models: RDMs of time bins or of draws of units cannot stand for layers; select one, "
            "such as .isel(time=0)"
        )
    regions = data["region"].values.tolist()
    rows = [
        LayerRdm(str(region), name, values.mean(axis=0), depth)
        for depth, region in enumerate(dict.fromkeys(regions))
        for name in distances_of(data)
        if np.isfinite(values := data[name].values[np.array(regions) == region]).all()
    ]
    return model_rdms("", rows, data["stimulus"].values.tolist()).assign_attrs(
        {key: value for key, value in data.attrs.items() if key == UNNAMED}
    )


def _of_region(region: str, data: xr.Dataset) -> xr.Dataset:
    """Return RDMs of one region under another name."""
    own = set(data["region"].values.tolist())
    if len(own) > 1:
        raise IsomorphError(
            f'brain "{region}": holds the regions {", ".join(sorted(own))}, expected one'
        )
    plain = data.reset_index("representation")
    names = np.full(plain.sizes["representation"], region, dtype=object)
    return indexed(plain.assign_coords(region=("representation", names)))


def _told_apart(parts: Sequence[xr.Dataset]) -> list[xr.Dataset]:
    """Return RDMs of one subject each with the subjects numbered, where nobody named them."""
    keys = [key for one in parts for key in one.indexes["representation"].tolist()]
    if len(set(keys)) == len(keys):
        return list(parts)
    numbered = []
    for number, one in enumerate(parts, start=1):
        plain = one.reset_index("representation")
        if set(plain["subject"].values.tolist()) == {"1"}:
            names = np.full(plain.sizes["representation"], str(number), dtype=object)
            plain = plain.assign_coords(subject=("representation", names))
        numbered.append(indexed(plain))
    return numbered


def _marked(data: xr.Dataset, named: bool) -> xr.Dataset:
    return data if named else data.assign_attrs({UNNAMED: 1})


def _has(given: Any, name: str) -> TypeGuard[xr.Dataset]:
    return isinstance(given, xr.Dataset) and name in given.coords


def is_numbers(given: Sequence[Any]) -> bool:
    """Whether lists, one in the other, hold numbers alone."""
    return all(
        is_numbers(one) if isinstance(one, list | tuple)
        else isinstance(one, int | float | np.number)
        for one in given
    )  # fmt: skip

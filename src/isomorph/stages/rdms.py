"""The RDMs of a dataset's regions, and of a model's layers on the stimuli of a dataset."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr

from isomorph.artefacts import artefact_kind, read_array, read_responses, read_table, write_array
from isomorph.errors import IsomorphError
from isomorph.layout import Layout
from isomorph.making import require, stamp
from isomorph.rdms.brain import rdms_of_responses
from isomorph.rdms.collecting import brain_rdms, model_rdms
from isomorph.rdms.collection import LEVELS, available, distances_of, flat, indexed, undefined_of
from isomorph.rdms.distance import EQUAL
from isomorph.rdms.fold_geometry import geometry_of_layer
from isomorph.rdms.halvings import most_halvings
from isomorph.rdms.layered import rdms_of_layer, ready_rows
from isomorph.rdms.level import Level, averaged
from isomorph.rdms.paired import of_brains
from isomorph.rdms.rdm_rows import LayerRdm, RdmRow, Status
from isomorph.rdms.taken import MINIMUM_STIMULI
from isomorph.responses.times import common_times
from isomorph.saying import say
from isomorph.stages.levels import read_level
from isomorph.stages.recorded import compared_sessions


def run_brain(layout: Layout, dataset: str) -> None:
    """Write the RDMs of every region and subject of a dataset.

    Raises
    ------
    IsomorphError
        When no region of any subject has an RDM, stimuli are too few, or responses are not what
        the study now says.
    """
    require(layout, "brain_rdms", dataset)
    spec = layout.study.dataset(dataset)
    level = _level(layout, dataset)
    stimuli = level.names
    files = [layout.responses(dataset, subject) for subject in spec.subjects]
    rows: list[RdmRow] = []
    left_out: dict[str, str] = {}
    times = None
    every: dict[str, xr.Dataset] = {}
    for number, (subject, file) in enumerate(zip(spec.subjects, files, strict=True)):
        if artefact_kind(file) == "rdms":
            if not level.is_single:
                raise IsomorphError(
                    f"{layout.study.dataset_files[dataset]}: level: ready RDMs cannot be averaged "
                    "into others; leave it out"
                )
            rows += _ready_rows(indexed(read_array(file, "rdms")), stimuli, str(file))
            continue
        recorded = read_responses(file)
        every |= {f"{file}: session {name}": one.drop_vars("response")
                  for name, one in recorded.items()}  # fmt: skip
        times = common_times(every)
        sessions, without = compared_sessions(layout, dataset, subject, recorded, level)
        left_out |= without
        found, without = rdms_of_responses(
            sessions,
            stimuli,
            of_brains(layout.study.spec.distances),
            subject=subject,
            transform=spec.transform,
            noise=spec.noise,
            units=spec.units,
            number=number,
            halvings=_halvings(layout, dataset, sessions, len(stimuli)),
        )
        rows += found
        left_out |= without
    data = brain_rdms(rows, stimuli, times=times, left_out=left_out).assign_attrs(dataset=dataset)
    lost = undefined_of(data)
    n_rdms = sum(int(available(data, name).sum()) for name in distances_of(data))
    if not n_rdms:
        raise IsomorphError(f"{dataset}: no region has an RDM: {_reasons(lost)}")
    write_array(
        layout.brain_rdms(dataset), flat(data), "rdms", stamp(layout, "brain_rdms", dataset)
    )
    say(f"rdms: {dataset}: {n_rdms} brain RDMs, {len(lost)} left out")


def run_model(layout: Layout, dataset: str, instance: str) -> None:
    """Write the RDMs of every layer of a model on the stimuli of a dataset.

    A cross-validated distance is, for a model without noise, its noise-free counterpart. A model
    that comes as its RDMs alone has those of one distance, or of none, which stand beside all.

    Raises
    ------
    IsomorphError
        When no layer has an RDM, categories are compared and RDMs are ready, or activations are
        not what the study now says.
    """
    require(layout, "model_rdms", dataset, instance)
    file = layout.activations(dataset, instance)
    ready = artefact_kind(file) == "rdms"
    kind = "rdms" if ready else "activations"
    activations = read_array(file, kind, without=("features",))
    level = _level(layout, dataset)
    if ready and not level.is_single:
        raise IsomorphError(
            f"{layout.study.dataset_files[dataset]}: level: {instance} comes as its RDM alone, "
            "which cannot be averaged into another; leave one of the two out"
        )
    stimuli = read_table(layout.stimuli(dataset), "stimuli")["stimulus"].tolist()
    if activations["stimulus"].values.tolist() != stimuli:
        raise IsomorphError(f"{file}: its stimuli are not those of {layout.stimuli(dataset)}")
    distances = layout.study.spec.distances
    rows: list[LayerRdm] = ready_rows(activations, distances) if ready else []
    if ready and not rows:
        raise IsomorphError(
            f"{instance}: comes as RDMs of {', '.join(distances_of(activations))}, which no "
            f"distance of the study asks models for ({', '.join(distances)}); add it"
        )
    for index, layer in enumerate([] if ready else activations["layer"].values.tolist()):
        geometry = geometry_of_layer(averaged(activations.isel(layer=index), level))
        depth = int(activations["depth"][index])
        rows += rdms_of_layer(layer, geometry, distances, depth)
    left_out = json.loads(activations.attrs["left_out"])
    data = model_rdms(instance, rows, level.names, left_out=left_out)
    if not any(available(data, name).any() for name in distances_of(data)):
        raise IsomorphError(f"{instance}: no layer has an RDM: {_reasons(undefined_of(data))}")
    write_array(
        layout.model_rdms(dataset, instance),
        flat(data),
        "rdms",
        stamp(layout, "model_rdms", dataset, instance),
    )


def _halvings(
    layout: Layout, dataset: str, sessions: Mapping[str, xr.Dataset], n_stimuli: int
) -> int:
    """Return how many halvings there is room for if all subjects have the regions of this one."""
    regions = {str(name) for session in sessions.values() for name in session["region"].values}
    n_bins = max(session.sizes.get("time", 1) for session in sessions.values())
    subjects = layout.study.dataset(dataset).subjects
    distances = of_brains(layout.study.spec.distances)
    return most_halvings(len(subjects) * len(regions) * n_bins * len(distances), n_stimuli)


def _level(layout: Layout, dataset: str) -> Level:
    level = read_level(layout, dataset)
    if len(level.names) < MINIMUM_STIMULI:
        column = layout.study.level(dataset)
        raise IsomorphError(
            f"{layout.stimuli(dataset)}: {len(level.names)} "
            + (f'values of "{column}"' if column else "stimuli")
            + f" are too few for a geometry, at least {MINIMUM_STIMULI} are needed"
        )
    return level


def _ready_rows(data: xr.Dataset, stimuli: list[str], where: str) -> list[RdmRow]:
    """Return the rows of ready RDMs, which must be over the same stimuli in the same order."""
    if data["stimulus"].values.tolist() != stimuli:
        raise IsomorphError(f"{where}: its stimuli are not those of the stimulus table, in order")
    rows = []
    for name in distances_of(data):
        for place in np.flatnonzero(available(data, name)).tolist():
            one = data[name][place]
            levels: dict[str, Any] = {
                key: str(one[key].item()) for key in LEVELS if key in one.coords
            }
            row = RdmRow(**levels, distance=name, rdm=one.values)
            if one.values.min() == one.values.max():
                row = replace(row, rdm=None, status=Status.UNDEFINED, reason=EQUAL)
            rows.append(row)
    return rows


def _reasons(left_out: dict[str, str]) -> str:
    what, why = next(iter(left_out.items()), ("nothing", "no region was found"))
    return f"{what}: {why}"

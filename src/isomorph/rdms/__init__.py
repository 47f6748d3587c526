"""RDMs: distances inside one representation, brain or model alike."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping

import numpy as np
import xarray as xr

from isomorph.artefacts import (
    artefact_kind,
    read_array,
    read_responses,
    read_table,
    write_array,
)
from isomorph.errors import IsomorphError
from isomorph.layout import Layout
from isomorph.making import require, stamp
from isomorph.rdms.brain import rdms_of_responses
from isomorph.rdms.distances import DISTANCES, Distance, UndefinedDistanceError
from isomorph.rdms.exchange import from_rsatoolbox, to_rsatoolbox
from isomorph.rdms.fold_geometry import geometry_of_folds
from isomorph.rdms.folds import Folds, folds_of
from isomorph.rdms.geometry import Geometry, geometry_of_layer
from isomorph.rdms.gram import fold_gram, geometry_of_features
from isomorph.rdms.halvings import most_halvings
from isomorph.rdms.level import Level, averaged, compared_stimuli, level_of, regrouped
from isomorph.rdms.table import RdmRow, rdm_dataset
from isomorph.rdms.transforms import TRANSFORMS
from isomorph.rdms.units import reliable_units
from isomorph.responses.division import recordings_of

MINIMUM_STIMULI = 4
"""With fewer, the geometry left after removing what is additive has no dimension."""


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
    for number, (subject, file) in enumerate(zip(spec.subjects, files, strict=True)):
        if artefact_kind(file) == "rdms":
            if not level.is_single:
                raise IsomorphError(
                    f"{layout.study.dataset_files[dataset]}: level: ready RDMs cannot be averaged "
                    "into others; leave it out"
                )
            found, without = _ready_rows(read_array(file, "rdms"), stimuli, str(file))
            rows += found
            left_out |= without
            continue
        recorded = recordings_of(read_responses(file), spec.responses)
        sessions = {name: regrouped(one, level) for name, one in recorded.items()}
        if spec.units is not None and spec.units.minimum_reliability is not None:
            sessions, without = reliable_units(
                sessions, stimuli, spec.units, subject=subject, number=number,
                where=str(layout.study.dataset_files[dataset]),
            )  # fmt: skip
            left_out |= without
        found, without = rdms_of_responses(
            sessions,
            stimuli,
            layout.study.spec.distances,
            subject=subject,
            transform=spec.transform,
            noise=spec.noise,
            units=spec.units,
            number=number,
            halvings=_halvings(layout, dataset, sessions, len(stimuli)),
        )
        rows += found
        left_out |= without
    if not rows:
        raise IsomorphError(f"{dataset}: no region has an RDM: {_reasons(left_out)}")
    write_array(
        layout.brain_rdms(dataset),
        rdm_dataset(rows, stimuli, left_out).assign_attrs(dataset=dataset),
        "rdms",
        stamp(layout, "brain_rdms", dataset),
    )
    print(f"rdms: {dataset}: {len(rows)} brain RDMs, {len(left_out)} left out", file=sys.stderr)


def run_model(layout: Layout, dataset: str, instance: str) -> None:
    """Write the RDMs of every layer of a model on the stimuli of a dataset.

    A cross-validated distance is, for a model without noise, its noise-free counterpart.

    Raises
    ------
    IsomorphError
        When no layer has an RDM, or activations are not what the study now says.
    """
    require(layout, "model_rdms", dataset, instance)
    file = layout.activations(dataset, instance)
    activations = read_array(file, "activations")
    names = dict.fromkeys(
        DISTANCES[name].noise_free or name for name in layout.study.spec.distances
    )
    level = _level(layout, dataset)
    stimuli = read_table(layout.stimuli(dataset), "stimuli")["stimulus"].tolist()
    if activations["stimulus"].values.tolist() != stimuli:
        raise IsomorphError(f"{file}: its stimuli are not those of {layout.stimuli(dataset)}")
    rows, left_out = [], dict(json.loads(activations.attrs["left_out"]))
    for index, layer in enumerate(activations["layer"].values.tolist()):
        geometry = geometry_of_layer(averaged(activations.isel(layer=index), level))
        for name in names:
            try:
                rdm = DISTANCES[name].compute(geometry)
            except UndefinedDistanceError as error:
                left_out[f"{layer} | {name}"] = str(error)
                continue
            rows.append(
                RdmRow(
                    representation=f"{instance} | {layer}",
                    distance=name,
                    rdm=rdm,
                    model=instance,
                    layer=layer,
                    depth=int(activations["depth"][index]),
                    n_units=geometry.n_features,
                )
            )
    if not rows:
        raise IsomorphError(f"{instance}: no layer has an RDM: {_reasons(left_out)}")
    write_array(
        layout.model_rdms(dataset, instance),
        rdm_dataset(rows, level.names, left_out).assign_attrs(model=instance),
        "rdms",
        stamp(layout, "model_rdms", dataset, instance),
    )


def _halvings(
    layout: Layout, dataset: str, sessions: Mapping[str, xr.Dataset], n_stimuli: int
) -> int:
    """Return how many halvings there is room for if all subjects have the regions of this one."""
    regions = {str(name) for session in sessions.values() for name in session["region"].values}
    subjects = layout.study.dataset(dataset).subjects
    return most_halvings(len(subjects) * len(regions) * len(layout.study.spec.distances), n_stimuli)


def _level(layout: Layout, dataset: str) -> Level:
    level = level_of(layout, dataset)
    if len(level.names) < MINIMUM_STIMULI:
        column = layout.study.level(dataset)
        raise IsomorphError(
            f"{layout.stimuli(dataset)}: {len(level.names)} "
            + (f'values of "{column}"' if column else "stimuli")
            + f" are too few for a geometry, at least {MINIMUM_STIMULI} are needed"
        )
    return level


def _ready_rows(
    data: xr.Dataset, stimuli: list[str], where: str
) -> tuple[list[RdmRow], dict[str, str]]:
    """Return the rows of ready RDMs, and which have no geometry.

    They must be over the same stimuli in the same order.
    """
    if data["stimulus"].values.tolist() != stimuli:
        raise IsomorphError(f"{where}: its stimuli are not those of the stimulus table, in order")
    rows = [
        RdmRow(
            representation=str(row["representation"].item()),
            distance=str(row["distance"].item()),
            rdm=np.asarray(row["rdm"].values, dtype=float),
            region=str(row["region"].item()),
            subject=str(row["subject"].item()),
            session=str(row["session"].item()),
            n_units=int(row["n_units"]),
        )
        for row in (data.isel(representation=i) for i in range(data.sizes["representation"]))
    ]
    flat = {row.representation for row in rows if row.rdm.min() == row.rdm.max()}
    reason = "all distances are equal, there is no geometry to compare"
    return [row for row in rows if row.representation not in flat], dict.fromkeys(flat, reason)


def _reasons(left_out: dict[str, str]) -> str:
    what, why = next(iter(left_out.items()), ("nothing", "no region was found"))
    return f"{what}: {why}"


__all__ = [
    "DISTANCES",
    "TRANSFORMS",
    "Distance",
    "Folds",
    "Geometry",
    "RdmRow",
    "compared_stimuli",
    "fold_gram",
    "folds_of",
    "from_rsatoolbox",
    "geometry_of_features",
    "geometry_of_folds",
    "geometry_of_layer",
    "rdm_dataset",
    "run_brain",
    "run_model",
    "to_rsatoolbox",
]

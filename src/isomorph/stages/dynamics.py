"""The stage `dynamics`: regions by the laws their trajectories follow."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

import numpy as np

from isomorph.artefacts import artefact_kind, read_array, read_responses, write_table
from isomorph.catalogue.dynamical import models_in_time
from isomorph.dynamics.pairs import Asked, System, dynamics_rows, fewest_shuffles
from isomorph.errors import IsomorphError
from isomorph.layout import Layout
from isomorph.making import require, stamp
from isomorph.models.kept import kept_trajectories
from isomorph.responses.division import recordings_of
from isomorph.responses.trajectories import trajectories
from isomorph.saying import say
from isomorph.study.dynamics import Dynamics

_ASKED = {"delays", "rank", "distance", "shuffles", "resamples"}
"""Settings of each comparison; the others say which regions are compared."""


def run(layout: Layout, dataset: str) -> None:
    """Write `dynamics.csv`: every two regions of a recording, each in other recordings, and layers.

    Raises
    ------
    IsomorphError
        When the study does not ask for it, the responses have no time bins or fewer than the delays
        need, or no two regions have units enough.
    """
    study, settings = layout.study, layout.study.spec.dynamics
    if settings is None:
        raise IsomorphError(f"{study.path}: dynamics: is not asked for; add `dynamics: {{}}`")
    require(layout, "dynamics", dataset)
    systems = [*_systems(layout, dataset, settings)]
    where = f"{study.path}: dynamics: {dataset}"
    bins = {one.trajectories.shape[1] for one in systems}
    if bins and max(bins) <= settings.delays:
        raise IsomorphError(
            f"{where}: {settings.delays} delays need at least {settings.delays + 1} time bins, and "
            f"the responses have {max(bins)}; set dynamics.delays to {max(bins) - 1} or less"
        )
    systems += _layers(layout, dataset)
    seed = study.spec.inference.seed
    table = dynamics_rows(
        systems,
        Asked(**settings.model_dump(include=_ASKED)),
        seed=seed,
        said=lambda what: say(f"dynamics {dataset}: {what}"),
    )
    if table.empty:
        raise IsomorphError(
            f"{where}: no two regions have {settings.minimum_units} units, see "
            "dynamics.minimum_units and dynamics.regions"
        )
    family = int(table["family_size"].iloc[0])
    if 0 < settings.shuffles < (needed := fewest_shuffles(family)):
        say(
            f"dynamics {dataset}: {settings.shuffles} shuffles let none of {family} pairs have a "
            f"corrected p below .05, however near; at least {needed} are needed"
        )
    table.insert(0, "simulated", "yes" if study.dataset(dataset).simulated else "no")
    table.insert(0, "dataset", dataset)
    signed = stamp(layout, "dynamics", dataset, seed=seed)
    write_table(layout.path("dynamics", dataset), table, "dynamics", signed)


def _layers(layout: Layout, dataset: str) -> Iterator[System]:
    """Yield the layers of models that have a time axis."""
    owner = layout.study.stimulus_set(dataset)
    for instance in models_in_time(layout.study, dataset):
        data = read_array(layout.activations(owner, instance), "activations")
        stimuli = tuple(data["stimulus"].values.astype(str).tolist())
        for layer, states in kept_trajectories(data).items():
            yield System("", "", "", stimuli, states.astype(np.float64), instance, layer)


def _systems(layout: Layout, dataset: str, settings: Dynamics) -> Iterator[System]:
    """Yield the regions of all recordings that have units enough."""
    spec, where = layout.study.dataset(dataset), f"{layout.study.path}: dynamics: {dataset}"
    for subject in spec.subjects:
        file = layout.responses(dataset, subject)
        if artefact_kind(file) == "rdms":
            raise IsomorphError(f"{where}: has ready RDMs, and no responses that change in time")
        for session, data in recordings_of(read_responses(file), spec.responses).items():
            if "time" not in data.dims:
                raise IsomorphError(
                    f"{where}: its responses have no time bins; set responses.bins, or leave "
                    "`dynamics` to a study of datasets that have"
                )
            stimuli = tuple(sorted(set(data["stimulus"].values.astype(str).tolist())))
            regions, counts = np.unique(data["region"].values.astype(str), return_counts=True)
            for region, count in zip(regions.tolist(), counts.tolist(), strict=True):
                asked = not settings.regions or any(
                    fnmatchcase(region, pattern) for pattern in settings.regions
                )
                if asked and count >= settings.minimum_units:
                    found = trajectories(data, region, stimuli)
                    yield System(region, subject, session, stimuli, found)

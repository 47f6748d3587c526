"""The stage `topology`: loops and voids in the activity of regions and layers."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable
from typing import Any

import numpy as np

from isomorph.artefacts import Provenance, read_array, read_population, write_array
from isomorph.catalogue import is_asked
from isomorph.catalogue.topological import lacks_points
from isomorph.errors import IsomorphError, did_you_mean
from isomorph.layout import Layout
from isomorph.making import require, stamp
from isomorph.saying import say
from isomorph.stages.common import write_tables
from isomorph.stages.populations import (
    Population,
    axes_of_dataset,
    of_layers,
    over_stimuli,
    over_time,
)
from isomorph.stages.shape_tables import Tables, found, gathered, left_out, packed, unpacked
from isomorph.stages.topology_asked import asked_about, without_ripser
from isomorph.study.topology import Topology
from isomorph.topology import topology_of
from isomorph.topology.points import kept

FEWEST = 20
"""Stimuli with fewer than which nothing is looked for."""


def run_subject(layout: Layout, dataset: str, subject: str) -> None:
    """Write the topology of the regions of one subject.

    Raises
    ------
    IsomorphError
        When the study does not ask for it, the dataset has no units, ripser is not installed, or
        files are not what the study now says.
    """
    settings = _settings(layout, dataset)
    if why := lacks_points(layout.study, dataset):
        raise IsomorphError(f"{layout.study.path}: topology: {why}")
    require(layout, "brain_topology", dataset, subject)
    if settings.of == "time":
        every = list(over_time(read_population(layout.population(dataset, subject))))
    else:
        every = list(over_stimuli(layout, dataset, subject))
    regions = list(dict.fromkeys(one.keys["region"] for one in every))
    asked = [one for one in every if asked_about(one.keys["region"], settings.regions)]
    parts = _looked_at(layout, dataset, subject, asked, settings)
    signed = _signed(layout, "brain_topology", dataset, subject)
    write_array(layout.brain_topology(dataset, subject), packed(parts, regions), "shapes", signed)


def run_model(layout: Layout, dataset: str, instance: str) -> None:
    """Write the topology of the layers of one model, over the stimuli of a dataset.

    Raises
    ------
    IsomorphError
        See `run_subject`.
    """
    settings = _settings(layout, dataset)
    if settings.of != "stimuli":
        raise IsomorphError(
            f"{layout.study.path}: topology.of: time, and layers have none; write of: stimuli"
        )
    require(layout, "model_topology", dataset, instance)
    layers = of_layers(layout, dataset, instance)
    parts = _looked_at(layout, dataset, instance, layers, settings)
    signed = _signed(layout, "model_topology", dataset, instance)
    write_array(layout.model_topology(dataset, instance), packed(parts, []), "shapes", signed)


def run(layout: Layout, dataset: str) -> None:
    """Write `topology.csv`, `bars.csv`, `coordinates.csv` and `decoded.csv` of a dataset.

    Raises
    ------
    IsomorphError
        When the study does not ask for them, a pattern of regions matches none, or files are not
        what the study now says.
    """
    settings, study = _settings(layout, dataset), layout.study
    if not is_asked(study, "topology", dataset):
        raise IsomorphError(f"{study.path}: topology: {lacks_points(study, dataset)}")
    require(layout, "topology", dataset)
    files = []
    if is_asked(study, "brain_topology", dataset):
        files += [(subject, "", layout.brain_topology(dataset, subject))
                  for subject in study.dataset(dataset).subjects]  # fmt: skip
    if is_asked(study, "model_topology", study.stimulus_set(dataset)):
        files += [("", instance, layout.model_topology(dataset, instance))
                  for instance, _, _ in study.instances_for(dataset)]  # fmt: skip
    parts: list[tuple[dict[str, Any], Tables]] = []
    regions: dict[str, None] = {}
    for subject, model, file in files:
        data = read_array(file, "shapes")
        regions |= dict.fromkeys(json.loads(data.attrs["regions"]))
        of = {"dataset": dataset, "simulated": study.dataset(dataset).simulated,
              "subject": subject, "model": model}  # fmt: skip
        parts.append((of, unpacked(data)))
    _refuse_unmatched(layout, dataset, settings, list(regions))
    tables = gathered(parts, study.spec.inference, settings)
    for reason, n in tables["topology"]["reason"].value_counts(sort=False).items():
        if reason:
            say(f"topology {dataset}: left out, {n}: {reason}")
    signed = _signed(layout, "topology", dataset)
    write_tables(layout, dataset, tables, signed)


def _settings(layout: Layout, dataset: str) -> Topology:
    layout.study.dataset(dataset)
    settings = layout.study.spec.topology
    if settings is None:
        raise IsomorphError(
            f"{layout.study.path}: asks for no topology; write topology: {{of: time}}, or "
            "{of: stimuli}"
        )
    return settings


def _signed(layout: Layout, stage: str, *names: str) -> Provenance:
    packages = [] if stage == "topology" else ["ripser"]
    return stamp(layout, stage, *names, seed=layout.study.spec.inference.seed, packages=packages)


def _looked_at(
    layout: Layout, dataset: str, whose: str, populations: Iterable[Population], settings: Topology
) -> list[Tables]:
    """Return the rows of each population."""
    if without := without_ripser():
        raise IsomorphError(f"{layout.study.path}: topology: {without}")
    parts = []
    periods = {one.column: one.period for one in axes_of_dataset(layout.study, dataset)}
    for one in populations:
        told = " ".join(filter(None, [whose, *one.keys.values()]))
        n_units, why = _lacking(one, settings)
        if why:
            say(f"topology {dataset}: {told}: left out, {why}")
            parts.append(left_out(one.keys, n_units, why, settings))
            continue
        seed = [layout.study.spec.inference.seed, zlib.crc32(told.encode())]
        result = topology_of(
            one.rates,
            settings,
            segments=one.segments,
            variables={name: one.points[name] for name in one.variables},
            periods={name: periods.get(name) for name in one.variables},
            permuted=one.permuted,
            rng=np.random.default_rng(seed),
        )
        say(f"topology {dataset}: {told}: {result.signature.name}")
        parts.append(found(result, one.keys, one.points, settings))
    return parts


def _lacking(one: Population, settings: Topology) -> tuple[int, str]:
    """Return how many units a population has that vary, and why it is not looked at, if so."""
    if one.lacks:
        return 0, one.lacks
    used = kept(one.rates, root=settings.of == "time")
    (n_points, n_units), over_stimuli = used.values.shape, settings.of == "stimuli"
    what = "features" if one.keys["layer"] else "units"
    if n_units < settings.minimum_units:
        return n_units, f"fewer than {settings.minimum_units} {what} that vary"
    if over_stimuli and n_points < FEWEST:
        return n_units, f"fewer than {FEWEST} stimuli"
    if not over_stimuli and n_points < settings.points:
        return n_units, f"fewer time bins than the {settings.points} points that are chosen"
    return n_units, ""


def _refuse_unmatched(layout: Layout, dataset: str, settings: Topology, regions: list[str]) -> None:
    for place, pattern in enumerate(settings.regions):
        elsewhere = [one for one in layout.study.datasets if one != dataset]
        if regions and not elsewhere and not any(asked_about(one, [pattern]) for one in regions):
            raise IsomorphError(
                f'{layout.study.path}: topology.regions.{place}: "{pattern}" matches no region of '
                f"{dataset}, {did_you_mean(pattern, regions)}"
            )

"""Populations whose topology is asked: points of regions over time or stimuli, and of layers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from isomorph.artefacts import artefact_kind, read_array, read_responses
from isomorph.layout import Layout
from isomorph.models.kept import kept_features
from isomorph.rdms.features import features_of_responses
from isomorph.rdms.level import averaging
from isomorph.stages.levels import read_level
from isomorph.stages.recorded import compared_sessions
from isomorph.study import Study
from isomorph.study.axes import StimulusAxis, axes_of
from isomorph.topology.points import Floats, Whole


@dataclass(frozen=True)
class Population:
    """Points of one population.

    Attributes
    ----------
    keys : mapping of str to str
        `region`, `session` and `layer`.
    rates : array of shape (point, unit)
    segments : array of int of shape (point,)
        The contiguous stretch that each point belongs to.
    points : mapping of str to array of shape (point,)
        `time` or `stimulus`, and the variables.
    variables : tuple of str
        Which of them are variables.
    permuted : bool
        Whether points are in no order along which units could be shifted.
    lacks : str
        Why there is nothing to look at; else empty.
    """

    keys: Mapping[str, str]
    rates: Floats
    segments: Whole = field(default_factory=lambda: np.zeros(0, dtype=np.intp))
    points: Mapping[str, Any] = field(default_factory=dict)
    variables: tuple[str, ...] = ()
    permuted: bool = False
    lacks: str = ""


NO_FEATURES = "keeps no features: write features: 2000, or all, into the model's file"
NO_FEATURES_AT_ALL = "comes as RDMs, which hold no features"


def keys_of(region: str = "", session: str = "", layer: str = "") -> dict[str, str]:
    """Return what tells a population from others of a subject or model."""
    return {"region": region, "session": session, "layer": layer}


def axes_of_dataset(study: Study, dataset: str) -> tuple[StimulusAxis, ...]:
    """Return the axes that the stimuli of a dataset lie on."""
    return axes_of(study.dataset(study.stimulus_set(dataset)).stimuli)


def over_time(sessions: Mapping[str, xr.Dataset]) -> Iterator[Population]:
    """Yield the activity of every region of a subject over time, session by session.

    Parameters
    ----------
    sessions : mapping of str to Dataset
        `rate (time, unit)` with `segment` and the variables over `time`, `region` of units, and the
        names of the variables as an attribute.
    """
    for session, data in sessions.items():
        regions = data["region"].values.astype(str)
        names = json.loads(data.attrs["variables"])
        variables = {name: data[name].values.astype(float) for name in names}
        rate = data["rate"].transpose("time", "unit").values
        for region in dict.fromkeys(regions.tolist()):
            yield Population(
                keys_of(region, session if len(sessions) > 1 else ""),
                rate[:, regions == region].astype(float),
                data["segment"].values.astype(np.intp),
                {"time": data["time"].values.astype(float), **variables},
                tuple(variables),
            )


def over_stimuli(layout: Layout, dataset: str, subject: str) -> Iterator[Population]:
    """Yield the mean response of every region of a subject to each stimulus.

    Units of all sessions stand side by side, as they do where features are compared; time bins of
    a response are averaged.

    Raises
    ------
    IsomorphError
        When units cannot be chosen as the dataset's file asks.
    """
    level, spec = read_level(layout, dataset), layout.study.dataset(dataset)
    recorded = read_responses(layout.responses(dataset, subject))
    sessions, _ = compared_sessions(layout, dataset, subject, recorded, level)
    found = features_of_responses(
        sessions, level.names, subject=subject, transform=spec.transform, units=spec.units,
        number=spec.subjects.index(subject),
    )  # fmt: skip
    order = ordered_stimuli(level.table, axes_of_dataset(layout.study, dataset))
    for region, one in found.items():
        means = one.means if one.means.ndim == 2 else one.means.mean(axis=2)
        yield order.population(keys_of(region), means)


def of_layers(layout: Layout, dataset: str, instance: str) -> Iterator[Population]:
    """Yield the features of every layer of a model, one row where it keeps none."""
    file = layout.activations(dataset, instance)
    if artefact_kind(file) == "rdms":
        yield Population(keys_of(), np.empty((0, 0)), lacks=NO_FEATURES_AT_ALL)
        return
    activations, level = read_array(file, "activations"), read_level(layout, dataset)
    kept = kept_features(activations)
    if not kept:
        yield Population(keys_of(), np.empty((0, 0)), lacks=NO_FEATURES)
        return
    order = ordered_stimuli(level.table, axes_of_dataset(layout.study, dataset))
    mean = averaging(activations["stimulus"].values.tolist(), level)
    for layer, values in kept.items():
        yield order.population(keys_of(layer=layer), mean @ values)


@dataclass(frozen=True)
class Order:
    """The order in which stimuli follow one another.

    Attributes
    ----------
    places : array of int of shape (stimulus,)
    segments : array of int of shape (stimulus,)
        In that order, what an axis is an axis of.
    points : mapping of str to array of shape (stimulus,)
        In that order, `stimulus` and the variables.
    variables : tuple of str
    in_time : bool
        Whether they follow one another in time, as frames of films do.
    """

    places: Whole
    segments: Whole
    points: Mapping[str, Any]
    variables: tuple[str, ...]
    in_time: bool

    def population(self, keys: Mapping[str, str], means: NDArray[np.floating[Any]]) -> Population:
        """Return the points of a population, given in the order of the table."""
        return Population(keys, means[self.places].astype(float), self.segments, self.points,
                          self.variables, permuted=not self.in_time)  # fmt: skip


def ordered_stimuli(table: pd.DataFrame, axes: Sequence[StimulusAxis]) -> Order:
    """Return stimuli along their axes; in the order of the table where they have none.

    Parameters
    ----------
    table : DataFrame
        The stimulus table.
    axes : sequence of StimulusAxis
    """
    table = table.reset_index(drop=True)
    known = [axis for axis in axes if axis.column in table]
    within = [axis.within for axis in known if axis.within and axis.within in table]
    names = [axis.column for axis in known]
    by = list(dict.fromkeys([*within, *names]))
    if by:
        table = table.sort_values(by, kind="stable")
    segments = table.groupby(within, sort=False).ngroup() if within else pd.Series(0, table.index)
    points = {"stimulus": table["stimulus"].astype(str).to_numpy()}
    points |= {name: table[name].to_numpy(dtype=float) for name in names}
    places = np.asarray(table.index, dtype=np.intp)
    return Order(places, np.asarray(segments, dtype=np.intp), points, tuple(names), bool(within))

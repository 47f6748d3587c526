"""What explanations are made of: regions, layers by model, similarities, whole and in halves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from isomorph.inference.bootstrap import (
    UNLIMITED,
    Spread,
    mean_over_drawn,
    spread_over_both,
    spread_over_stimuli,
)
from isomorph.inference.explain.splits import Half, Indices, most_frequent, pairs_among
from isomorph.inference.gather import Candidates, Region
from isomorph.inference.groups import group_count
from isomorph.inference.ties import rounded
from isomorph.measures import MEASURES, Counts, Floats, Measure
from isomorph.study import Inference, Study

STAND_INS = {"rho_a": "spearman"}
"""Measures of which a residual has no sense, and what is computed in their place. rho-a charges
for ties that a model predicts, and a residual predicts none; without ties it is Spearman's."""

TOO_FEW = "too few stimuli to choose a layer on some and score it on others"


@dataclass(frozen=True)
class Roles:
    """Which model instances are explained with, held constant, and shared out.

    Attributes
    ----------
    models : tuple of str
        Each is asked what it explains beyond the controls.
    controls : tuple of str
    partitions : tuple of tuple of str
        Groups of two to four models whose shares of the variance are told apart.
    """

    models: tuple[str, ...]
    controls: tuple[str, ...]
    partitions: tuple[tuple[str, ...], ...]


def roles_of(study: Study, dataset: str) -> Roles:
    """Return the roles of a dataset's models, by the settings or by what the models are.

    A family of seeds is represented by its first. Models that speak of other datasets have no
    role here.
    """
    chosen = study.spec.inference.explain
    compared = [(name, model) for name, model, _ in study.instances_for(dataset)]
    first: dict[str, str] = {}
    for name, model in compared:
        first.setdefault(model.name, name)
    known = {**{name: name for name, _ in compared}, **first}

    def named(wanted: Sequence[str], otherwise: Sequence[str]) -> tuple[str, ...]:
        if not wanted:
            return tuple(otherwise)
        return tuple(dict.fromkeys(known[name] for name in wanted if name in known))

    spec = {name: study.models[family] for family, name in first.items()}
    baselines = [name for name, model in spec.items() if model.source.startswith("baseline/")]
    models = named(chosen.models, list(spec))
    controls = named(chosen.controls, baselines)
    trained = [
        name
        for name in models
        if name in spec
        and name not in controls
        and not (spec[name].twin_of or spec[name].source.startswith(("untrained/", "baseline/")))
    ]
    if chosen.partition:
        groups = [named(chosen.partition, ())]
    else:
        groups = [(name, *controls[:3]) for name in trained] or [controls[:4]]
    return Roles(models, controls, tuple(group for group in groups if len(group) > 1))


@dataclass(frozen=True)
class Material:
    """One dataset under one distance: what every explanation starts from.

    Attributes
    ----------
    regions : sequence of Region
    candidates : Candidates
        Every layer of every model.
    halves : list of Half
    stimulus_draws : (resample, stimulus)
    subject_draws : mapping of str to (resample, subject) or None
        By region.
    groups : (stimulus,)
        Which stimuli are drawn as one.
    inference : Inference
    columns : dict
        What every row says: dataset, simulated, distance.
    """

    regions: Sequence[Region]
    candidates: Candidates
    halves: Sequence[Half]
    stimulus_draws: Counts
    subject_draws: Mapping[str, Counts | None]
    groups: Indices
    inference: Inference
    columns: Mapping[str, Any]

    @property
    def n_stimuli(self) -> int:
        return self.stimulus_draws.shape[1]

    @property
    def n_groups(self) -> int:
        return group_count(self.groups)

    @cached_property
    def subjects(self) -> Floats:
        """RDMs of all subjects of all regions, one below the other: `(subject, pair)`."""
        return np.concatenate([region.rdms for region in self.regions])

    @cached_property
    def rows(self) -> dict[str, slice]:
        """Which of `subjects` are a region's."""
        ends = np.cumsum([0, *(len(region.rdms) for region in self.regions)]).tolist()
        return {
            region.name: slice(start, end)
            for region, start, end in zip(self.regions, ends[:-1], ends[1:], strict=True)
        }

    @cached_property
    def layers(self) -> dict[str, Indices]:
        """Candidates of each model instance, in depth order."""
        table = self.candidates.table.reset_index(drop=True)
        return {
            str(model): own.sort_values("depth", kind="stable").index.to_numpy()
            for model, own in table.groupby("model", sort=False)
        }

    @cached_property
    def half_pairs(self) -> list[tuple[Indices, Indices]]:
        """Pairs among the stimuli of each half."""
        return [
            (pairs_among(fitted, self.n_stimuli), pairs_among(scored, self.n_stimuli))
            for fitted, scored in self.halves
        ]

    def layer_name(self, candidate: int) -> str:
        return str(self.candidates.table["layer"].iloc[candidate])

    def spread(
        self,
        region: str,
        plain: Floats,
        drawn: Floats,
        limits: tuple[float, float] = UNLIMITED,
    ) -> Spread:
        """Return the spread of statistics of a region, subjects resampled where there are enough.

        Parameters
        ----------
        region : str
        plain : (subject, statistic)
            On all stimuli.
        drawn : (resample, subject, statistic)
        limits : tuple of float
            What a statistic can be; between finite ones the spread on Fisher's scale is found too.
        """
        over_stimuli = drawn.mean(axis=1)
        draws = self.subject_draws[region]
        if draws is None:
            return spread_over_stimuli(over_stimuli, self.n_groups, limits)
        return spread_over_both(
            mean_over_drawn(drawn, draws),
            mean_over_drawn(np.broadcast_to(plain, drawn.shape), draws),
            over_stimuli,
            draws.shape[1],
            self.n_groups,
            limits,
        )


@dataclass(frozen=True)
class Similarities:
    """All subjects and all candidates of a material against each other under one measure.

    Rows are the subjects of all regions, then the candidates. They are inner products of vectors,
    so what is left when some are projected out follows from them alone.

    Attributes
    ----------
    material : Material
    measure : Measure
        The measure computed; not always the one asked for, see `STAND_INS`.
    whole : (row, row)
    scored : (half, row, row)
        Among the stimuli a half scores on.
    """

    material: Material
    measure: Measure
    whole: Floats
    scored: Floats

    @property
    def n_subjects(self) -> int:
        return len(self.material.subjects)

    def candidate_rows(self, candidates: Indices) -> Indices:
        return candidates + self.n_subjects

    def best(self, region: str, candidates: Indices) -> list[int]:
        """Return the layer each half chooses for its other half.

        Halves stand in twos, each scoring where the other chooses.
        """
        means = self.scored[:, self.material.rows[region]].mean(axis=1)
        on_other = means.reshape(-1, 2, means.shape[1])[:, ::-1].reshape(means.shape)
        found = rounded(on_other[:, self.candidate_rows(candidates)]).argmax(axis=1)
        return [int(candidates[place]) for place in found]

    def choose(self, region: str, candidates: Indices) -> tuple[list[int], int, float] | str:
        """Return the layer each half chooses, the most frequent of them, and how often it is.

        Without halves one layer alone needs no choice; several cannot be chosen from.
        """
        if len(candidates) == 1:
            return [int(candidates[0])] * len(self.scored), int(candidates[0]), 1.0
        if not len(self.scored):
            return TOO_FEW
        choices = self.best(region, candidates)
        return choices, *most_frequent(choices)


@dataclass(frozen=True)
class Drawn:
    """Similarities of all subjects and some candidates in every resample.

    Attributes
    ----------
    gram : (resample, row, row)
        Rows are all subjects, then the candidates.
    candidates : (candidate,)
        Which, in rising order.
    """

    gram: Floats
    candidates: Indices

    def rows(self, candidates: Sequence[int] | Indices) -> Indices:
        """Return the rows of some candidates."""
        wanted = np.asarray(candidates, dtype=np.intp)
        n_subjects = self.gram.shape[1] - len(self.candidates)
        rows: Indices = n_subjects + np.searchsorted(self.candidates, wanted)
        return rows


def draw_all(found: Similarities, roles: Roles) -> Drawn:
    """Resample what the explanations need: the controls, and the layers chosen most often."""
    material = found.material
    every = material.inference.explain.layers == "all"
    partitioned = [name for group in roles.partitions for name in group]
    wanted = [np.array([], dtype=np.intp)]
    for name in dict.fromkeys([*roles.models, *roles.controls, *partitioned]):
        own = material.layers.get(name, np.array([], dtype=np.intp))
        if name in roles.controls or every:
            wanted.append(own)
            continue
        for region in material.rows if len(own) else ():
            if not isinstance(chosen := found.choose(region, own), str):
                wanted.append(np.array([chosen[1]]))
    candidates = np.unique(np.concatenate(wanted))
    stacked = np.concatenate([material.subjects, material.candidates.rdms[candidates]])
    return Drawn(found.measure.resampled(stacked, stacked, material.stimulus_draws), candidates)


def similarities(material: Material, name: str) -> Similarities | None:
    """Return all similarities under a measure, None when it is no inner product of vectors."""
    measure = MEASURES[STAND_INS.get(name, name)]
    if measure.embed is None:
        return None
    stacked = np.concatenate([material.subjects, material.candidates.rdms])
    scored = [
        measure.compare(stacked[:, pairs], stacked[:, pairs]) for _, pairs in material.half_pairs
    ]
    whole = measure.compare(stacked, stacked)
    return Similarities(
        material, measure, whole, np.array(scored).reshape(-1, len(stacked), len(stacked))
    )

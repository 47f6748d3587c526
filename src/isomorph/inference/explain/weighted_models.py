"""Weighted models: whether layers together, or a layer's components reweighted, explain more.

Weights are fitted on one half of the stimuli and scored on the other; so is the best single layer
chosen, against which they are judged. The bootstrap resamples the stimuli (and subjects) that are
scored, with weights and layers as they are, for half of a resample holds so few different stimuli
that what is fitted there tells little. What they would be on others shows in how far random
halvings differ, which is added. Gains are differences of values set against chance.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from isomorph.inference.estimated import Row, no_chance
from isomorph.inference.explain.material import Material, Roles, no_estimate
from isomorph.inference.explain.nonnegative import (
    RIDGES,
    SQUARED,
    Components,
    Normal,
    Predictors,
    components_of,
    predictors_of,
    reweighted,
    solve,
)
from isomorph.inference.gather import Region
from isomorph.inference.stimulus_splits import TOO_FEW, pairs_among
from isomorph.inference.ties import Indices, best, most_frequent
from isomorph.measures import MEASURES, Floats, Measure
from isomorph.measures.linear import LinearForm

TOLD = 5
"""Weights that are reported by name."""

ALL = "all models"


@dataclass(frozen=True)
class WeightedFit:
    """One combination, fitted on one half.

    Attributes
    ----------
    weights : array of shape (weight,)
    single : int
        The candidate it is judged against.
    shares : array of shape (weight,)
        Weights times what they weigh, of their sum.
    ridge : float
    """

    weights: Floats
    single: int
    shares: Floats
    ridge: float = np.nan


@dataclass(frozen=True)
class Task:
    """A combination to fit in every half.

    Attributes
    ----------
    model, kind : str
        `layers` of one model, `models` for layers of all, `features` for components of a layer.
    candidates : array of shape (candidate,)
    """

    model: str
    kind: str
    candidates: Indices


def weighted_rows(
    material: Material, roles: Roles, name: str, layer_distance: str, rng: np.random.Generator
) -> pd.DataFrame:
    """Return how much combinations gain over the best single layer, in each region.

    Parameters
    ----------
    material : Material
    roles : Roles
    name : str
        The measure that scores. Where it is a cosine in the space of pairs, weights are least
        squares in that space; otherwise, as for ranks, in that of Pearson's correlation.
    layer_distance : str
        Distance of the layers' RDMs.
    rng : Generator
        For the halves within halves that choose the ridge.
    """
    measure = MEASURES[name]
    form = measure.form if isinstance(measure.form, LinearForm) else MEASURES["pearson"].form
    fitted_by = name if isinstance(measure.form, LinearForm) else "pearson"
    assert isinstance(form, LinearForm), "Pearson's correlation is one"
    fitter = _Fitter(material, measure, form, layer_distance, rng)
    rows: list[Row] = []
    tasks = _tasks(material, roles)
    fits = _fits(fitter, tasks)
    for region in material.regions:
        told = _region_rows(fitter, region, tasks, fits[region.label]) if material.halves else [
            {**_columns(material, region, task), **_nothing(TOO_FEW)} for task in tasks
        ]  # fmt: skip
        rows += [{**row, "measure": name, "fitted_by": fitted_by} for row in told]
    return pd.DataFrame(rows)


def _tasks(material: Material, roles: Roles) -> list[Task]:
    models = [name for name in roles.models if name in material.layers]
    tasks = [
        Task(name, "layers", material.layers[name])
        for name in models
        if len(material.layers[name]) > 1
    ]
    if len(models) > 1:
        every = np.concatenate([material.layers[name] for name in models])
        tasks.append(Task(ALL, "models", every))
    return tasks + [Task(name, "features", material.layers[name]) for name in models]


Fits = list[list[WeightedFit | str]]
"""By task and half; why there is none."""


def _fits(fitter: _Fitter, tasks: Sequence[Task]) -> dict[str, Fits]:
    """Return all fits by region. What is fitted on a half is prepared once for all regions."""
    regions = fitter.material.regions
    found: dict[str, Fits] = {region.label: [[] for _ in tasks] for region in regions}
    for half in range(len(fitter.material.halves)):
        fitter.prepared.clear()
        for region in regions:
            for task, fits in zip(tasks, found[region.label], strict=True):
                fits.append(fitter.fit(task, region, half))
    fitter.prepared.clear()
    return found


class _Fitter:
    """Fits combinations on the stimuli of one half; components are found once per layer."""

    def __init__(
        self,
        material: Material,
        measure: Measure,
        form: LinearForm,
        layer_distance: str,
        rng: np.random.Generator,
    ) -> None:
        self.material = material
        self.measure = measure
        self.form = form
        self.squared = layer_distance in SQUARED
        self.inner = [_dealt(material, fitted, rng) for fitted, _ in material.halves]
        self.components: dict[int, Components | str] = {}
        # Predictors on the half at hand.
        self.prepared: dict[Hashable, Predictors] = {}
        # Every subject with every candidate, on the stimuli each half fits on.
        self.choosing = [
            measure.calibrated(material.subjects[:, pairs], material.candidates.rdms[:, pairs])[1]
            for pairs, _ in material.half_pairs
        ]

    def fit(self, task: Task, region: Region, half: int) -> WeightedFit | str:
        """Return what is fitted on a half, or why nothing can be."""
        pairs, _ = self.material.half_pairs[half]
        brain = region.rdms[:, pairs]
        values = self.choosing[half][self.material.rows[region.label]].mean(axis=0)[task.candidates]
        single = int(task.candidates[best(values)])
        if task.kind == "features":
            return self._features(single, brain, half)
        rdms = self.material.candidates.rdms
        normal = self._normal(
            (task.kind, task.model), lambda: rdms[task.candidates][:, pairs], brain
        )
        weights = solve(normal.among, normal.toward)
        return WeightedFit(weights, single, _shares(weights * normal.lengths))

    def rdm(self, task: Task, fit: WeightedFit) -> Floats:
        """Return what was fitted over all stimuli: `(pair,)`."""
        if task.kind != "features":
            return fit.weights @ self.material.candidates.rdms[task.candidates]
        found = self._components(fit.single)
        assert isinstance(found, Components), "it was fitted"
        return fit.weights @ found.rdms

    def _normal(self, key: Hashable, rdms: Callable[[], Floats], brain: Floats) -> Normal:
        if key not in self.prepared:
            self.prepared[key] = predictors_of(rdms(), self.form)
        return self.prepared[key].toward(brain, self.form)

    def _features(self, single: int, brain: Floats, half: int) -> WeightedFit | str:
        found = self._components(single)
        if isinstance(found, str):
            return found
        pairs, _ = self.material.half_pairs[half]
        own = found.rdms[:, pairs]
        ridge = self._ridge(single, own, brain, self.inner[half])
        normal = self._normal(("components", single), lambda: own, brain)
        weights = reweighted(normal, [ridge])[0]
        return WeightedFit(weights, single, _shares(weights * normal.lengths), ridge)

    def _components(self, candidate: int) -> Components | str:
        if not self.squared:
            return "components need a squared Euclidean distance"
        if candidate not in self.components:
            self.components[candidate] = components_of(
                self.material.candidates.rdms[candidate],
                self.material.n_stimuli,
                self.material.setting.inference.explain.components,
            )
        return self.components[candidate]

    def _ridge(self, single: int, components: Floats, brain: Floats, order: Indices) -> float:
        """Return the ridge that predicts one half of these stimuli best from the other."""
        sides = np.sort(order[::2]), np.sort(order[1::2])
        one, other = (pairs_among(side, len(order)) for side in sides)
        scores = np.zeros(len(RIDGES))
        for side, (fitted, scored) in enumerate(((one, other), (other, one))):
            normal = self._normal(
                ("inner", single, side),
                partial(np.take, components, fitted, axis=1),
                brain[:, fitted],
            )
            combined = reweighted(normal, RIDGES) @ components[:, scored]
            scores += self.form.compare(brain[:, scored], combined).mean(axis=0)
        # Of equals the largest, which changes the representation least.
        return RIDGES[len(RIDGES) - 1 - int(best(scores[::-1]))]


def _dealt(material: Material, fitted: Indices, rng: np.random.Generator) -> Indices:
    """Return an order of stimuli of which every second makes one side: stretches along axes."""
    if material.along is None:
        return rng.permutation(len(fitted))
    places = material.along.places
    rank = np.argsort(np.argsort(places.order)[fitted])
    half = (len(fitted) + 1) // 2
    # The first half stands at even places, the second at odd ones.
    turn = np.where(rank < half, 2 * rank, 2 * (rank - half) + 1)
    return np.argsort(turn)


def _shares(parts: Floats) -> Floats:
    total = parts.sum()
    shares: Floats = parts / total if total > 0 else parts
    return shares


def _region_rows(fitter: _Fitter, region: Region, tasks: Sequence[Task], fits: Fits) -> list[Row]:
    """Return a row per task; all tasks of a half are scored, and resampled, at once."""
    material = fitter.material
    sound = [place for place, each in enumerate(fits) if not any(isinstance(f, str) for f in each)]
    if not sound:
        return [
            {**_columns(material, region, task), **_nothing(_why(each))}
            for task, each in zip(tasks, fits, strict=True)
        ]
    whole: list[Floats] = []
    drawn: list[Floats] = []
    for half, (stimuli, (_, pairs)) in enumerate(
        zip(material.halves, material.half_pairs, strict=True)
    ):
        here = [fit for place in sound if isinstance(fit := fits[place][half], WeightedFit)]
        combined = [fitter.rdm(tasks[place], fit) for place, fit in zip(sound, here, strict=True)]
        singles = np.unique([fit.single for fit in here])
        rdms = np.concatenate([np.array(combined), material.candidates.rdms[singles]])[:, pairs]
        at = len(here) + np.searchsorted(singles, [fit.single for fit in here])
        # A combination without weight is similar to nothing; resamples of it are undefined.
        empty = np.array([not fit.shares.any() for fit in here])
        brain, draws = region.rdms[:, pairs], material.stimulus_draws[:, stimuli[1]]
        value, against_chance = fitter.measure.calibrated(brain, rdms)
        signs = None if material.signs is None else material.signs[np.ix_(stimuli[1], stimuli[1])]
        _, in_draws = fitter.measure.calibrated(brain, rdms, draws, signs)

        def beside(
            scores: Floats, own: int = len(here), at: Indices = at, empty: NDArray[np.bool_] = empty
        ) -> Floats:
            """Return combinations beside their single layers: `(..., subject, task, 2)`."""
            weighted = np.where(empty, 0.0, scores[..., :own])
            return np.stack([weighted, scores[..., at]], axis=-1)

        of_all = beside(against_chance)
        whole.append(np.concatenate([beside(value), of_all[..., :1] - of_all[..., 1:]], axis=-1))
        in_all = beside(in_draws)
        drawn.append(in_all[..., 0] - in_all[..., 1])
    each, gains_drawn = np.array(whole), np.mean(drawn, axis=0)
    rows = []
    for place, task in enumerate(tasks):
        base = _columns(material, region, task)
        if place not in sound:
            rows.append({**base, **_nothing(_why(fits[place]))})
            continue
        column = sound.index(place)
        own_fits = [fit for fit in fits[place] if isinstance(fit, WeightedFit)]
        rows.append({**base, **_scored(fitter, region, each[:, :, column],
                                       gains_drawn[:, :, column], own_fits, task)})  # fmt: skip
    return rows


def _why(fits: Iterable[WeightedFit | str]) -> str:
    """Return why a task has no weights, of fits of which one could not be made."""
    return next(fit for fit in fits if isinstance(fit, str))


def _scored(
    fitter: _Fitter,
    region: Region,
    each: Floats,
    drawn: Floats,
    fits: Sequence[WeightedFit],
    task: Task,
) -> Row:
    """Return the numbers of one row.

    Parameters
    ----------
    fitter : _Fitter
    region : Region
    each : array of shape (half, subject, 3)
        Score, that of the single layer, and the gain.
    drawn : array of shape (resample, subject)
        Gain, with weights and layers as they are.
    fits : sequence of WeightedFit
    task : Task
    """
    material = fitter.material
    score, of_single, gain = each.mean(axis=(0, 1))
    own = np.broadcast_to(each[..., 2].mean(axis=0), drawn.shape)
    resampled = material.resampled(region.label, drawn[..., None], drawn[..., None], own[..., None])
    (told,) = material.told(
        np.array([gain]), resampled, no_p=no_chance(fitter.measure),
        halves=each[..., 2:].mean(axis=1),
    )  # fmt: skip
    single, share = most_frequent(np.array([fit.single for fit in fits]))
    return {
        "score": score,
        "single": of_single,
        "layer": _named(material, task, single),
        "chosen_share": share,
        "gain": gain,
        "weights": _weights(material, task, fits),
        "ridge": float(np.median([fit.ridge for fit in fits])),
        **told,
    }


def _weights(material: Material, task: Task, fits: Sequence[WeightedFit]) -> str:
    """Return the largest mean weights by name; components have no names worth telling."""
    if task.kind == "features":
        return ""
    mean = np.mean([fit.shares for fit in fits], axis=0)
    order = np.argsort(-mean, kind="stable")[:TOLD]
    return "; ".join(
        f"{_named(material, task, int(task.candidates[place]))} {mean[place]:.2f}"
        for place in order
        if mean[place] >= 0.005
    )


def _named(material: Material, task: Task, candidate: int) -> str:
    layer = material.layer_name(candidate)
    model = str(material.candidates.table["model"].iloc[candidate])
    return f"{model} {layer}" if task.kind == "models" else layer


def _nothing(reason: str) -> Row:
    return {"layer": "", "weights": "", **no_estimate(reason)}


def _columns(material: Material, region: Region, task: Task) -> Row:
    most = material.setting.inference.explain.components
    return {
        **material.columns(region.label),
        "model": task.model,
        "kind": task.kind,
        "n_weighted": most if task.kind == "features" else len(task.candidates),
    }

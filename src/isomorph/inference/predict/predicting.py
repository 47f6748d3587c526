"""Every unit from every layer, layers from regions, and models at layers chosen in training."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from isomorph.inference.gather import Candidates
from isomorph.inference.predict.made import AtOnce, UnitByUnit
from isomorph.inference.predict.methods import Method
from isomorph.inference.predict.recorded import Population, Recorded
from isomorph.inference.predict.scored import (
    Drawn,
    Scores,
    medians,
    scores_in_reverse,
    scores_of_units,
)
from isomorph.measures import Counts, Floats, Stack
from isomorph.prediction import (
    Fold,
    HeldOut,
    Map,
    Ridge,
    ShuffledLayer,
    ShuffledUnits,
    Spectrum,
    correlations,
    held_out,
    moments,
    pooled,
    root_of,
    spectra,
    summed,
)
from isomorph.prediction.spectra import Labels

WIDTH = 2**22
"""Numbers of shuffled responses that are predicted at once (32 MiB)."""


@dataclass(frozen=True)
class Chosen:
    """A model at the layers that were best within the stimuli that predict each part.

    Attributes
    ----------
    scores : Scores
    layers : array of shape (part,)
        The candidate taken for each; -1 where none could be judged.
    """

    scores: Scores
    layers: Labels

    @property
    def favourite(self) -> tuple[int, float]:
        """The candidate taken most often, and for which share of the parts."""
        known = self.layers[self.layers >= 0]
        if not len(known):
            return -1, np.nan
        names, times = np.unique(known, return_counts=True)
        return int(names[times.argmax()]), float(times.max() / len(known))


@dataclass
class Predicted:
    """What one method found.

    Attributes
    ----------
    method : Method
    layers : dict of str to list of Scores
        By region and time bin, of every candidate.
    shuffled : dict of str to list of array of shape (shuffle,)
    chosen : dict of str to dict of str to Chosen
        By region and time bin, and model.
    """

    method: Method
    layers: dict[str, list[Scores]] = field(default_factory=dict)
    shuffled: dict[str, list[Floats]] = field(default_factory=dict)
    chosen: dict[str, dict[str, Chosen]] = field(default_factory=dict)


@dataclass(frozen=True)
class Task:
    """What is predicted from what.

    Attributes
    ----------
    recorded : Recorded
    candidates : Candidates
        Layers with RDMs of squared distances, those of a model in depth order.
    folds : sequence of Fold
    drawn : Drawn
    ridge : Ridge
        By which everything of one side is predicted with one penalty, either way.
    """

    recorded: Recorded
    candidates: Candidates
    folds: Sequence[Fold]
    drawn: Drawn
    ridge: Ridge

    def gram(self, candidate: int) -> Floats:
        """Return the centred Gram matrix of a layer."""
        found: Floats = Stack(self.candidates.rdms[[candidate]]).grams[0]
        return found

    @cached_property
    def shuffled(self) -> ShuffledUnits:
        """The units in shuffled orders."""
        recorded = self.recorded
        return ShuffledUnits.of(recorded.values, recorded.kept, self.drawn.orders, self.folds)

    @property
    def owner(self) -> Labels:
        """The population of every unit."""
        sizes = [one.at.stop - one.at.start for one in self.recorded.populations]
        return np.repeat(np.arange(len(sizes)), sizes)

    def by_model(self) -> Iterator[tuple[str, Labels]]:
        """Yield models and the places of their layers."""
        table = self.candidates.table.reset_index(drop=True)
        for model, own in table.groupby("model", sort=False):
            yield str(model), own.index.to_numpy()


def predict(task: Task, methods: Sequence[Method], said: Callable[[str], None]) -> list[Predicted]:
    """Predict with several methods; a layer is decomposed once for all of them.

    Parameters
    ----------
    task : Task
    methods : sequence of Method
    said : callable
        Told which model is next.
    """
    found = [Predicted(one) for one in methods]
    both_ways = any(one.reverse for one in methods)
    regions: list[list[Spectrum]] = []
    if both_ways:
        values = task.recorded.values
        regions = [
            spectra(_gram(values[:, one.at]), task.folds) for one in task.recorded.populations
        ]
    for model, layers in task.by_model() if methods else ():
        said(model)
        choices = [
            _InReverse(task) if one.reverse else _Forward(task, both_ways) for one in methods
        ]
        for candidate in layers.tolist():
            gram = task.gram(candidate)
            layer = spectra(gram, task.folds)
            for own, choice in zip(found, choices, strict=True):
                if isinstance(choice, _InReverse):
                    choice.add(candidate, regions, root_of(gram), own)
                else:
                    choice.add(candidate, layer, own)
        for own, choice in zip(found, choices, strict=True):
            for place, chosen in choice.chosen().items():
                own.chosen.setdefault(place, {})[model] = chosen
    return found


def _gram(features: Floats) -> Floats:
    centred = features - features.mean(axis=0)
    gram: Floats = centred @ centred.T
    return gram


class _Forward:
    """Units from the layers of one model."""

    def __init__(self, task: Task, both_ways: bool) -> None:
        self.task, self.both_ways = task, both_ways
        self.places = list(task.recorded.places.items())
        shape = (len(task.folds), len(self.places))
        self.best, self.taken = np.full(shape, -np.inf), np.full(shape, -1)
        self.held: UnitByUnit | None = None
        self.whole: list[AtOnce] | None = None

    def add(self, candidate: int, layer: Sequence[Spectrum], into: Predicted) -> None:
        task, method = self.task, into.method
        recorded = task.recorded
        targets = task.owner if method.together else None
        values, draws = recorded.values, task.drawn.stimuli
        plain = held_out(layer, values, method.map, targets).masked(recorded.kept)
        held = UnitByUnit.of(plain, layer, values, method.map, draws, targets)
        whole = None
        if self.both_ways and isinstance(method.map, Ridge):
            every = held_out(layer, values, task.ridge, task.owner).masked(recorded.kept)
            whole = [
                AtOnce.of(every.units(own.at), layer, values[:, own.at], task.ridge, draws)
                for own in recorded.populations
            ]
        shuffled = _shuffled(layer, task, method)
        for place, populations in self.places:
            scores = scores_of_units(held, whole, recorded, populations, task.drawn)
            into.layers.setdefault(place, []).append(scores)
            into.shuffled.setdefault(place, []).append(shuffled[place])
        self._consider(candidate, held, whole)

    def _consider(self, candidate: int, held: UnitByUnit, whole: Sequence[AtOnce] | None) -> None:
        """Take the layer for the parts that the others predict best of themselves by it."""
        recorded = self.task.recorded
        inner = np.where(recorded.kept, held.held.inner, np.nan)
        if self.held is None:
            self.held = held.empty()
            self.whole = None if whole is None else [one.empty() for one in whole]
        for column, (_, populations) in enumerate(self.places):
            criterion = np.mean([medians(inner[:, one.at]) for one in populations], axis=0)
            with np.errstate(invalid="ignore"):
                better = criterion > self.best[:, column]
            self.best[better, column], self.taken[better, column] = criterion[better], candidate
            for one in populations:
                self.held.take(held, better, one.at)
                if self.whole is not None and whole is not None:
                    at = recorded.populations.index(one)
                    self.whole[at].take(whole[at], better)

    def chosen(self) -> dict[str, Chosen]:
        assert self.held is not None, "a model has layers"
        return {
            place: Chosen(
                scores_of_units(
                    self.held, self.whole, self.task.recorded, populations, self.task.drawn
                ),
                self.taken[:, column],
            )
            for column, (place, populations) in enumerate(self.places)
        }


def _shuffled(layer: Sequence[Spectrum], task: Task, method: Method) -> dict[str, Floats]:
    """Return the scores of shuffled stimuli by region and time bin: `(shuffle,)` each."""
    if isinstance(method.map, Ridge) and not method.together and summed(method.map, task.folds):
        r = task.shuffled.correlations(layer, method.map)
        return {
            place: np.mean([medians(r[:, one.at]) for one in populations], axis=0)
            for place, populations in task.recorded.places.items()
        }
    recorded, orders = task.recorded, task.drawn.orders
    n_stimuli, n_units = recorded.values.shape
    found = {place: np.full(len(orders), np.nan) for place in recorded.places}
    step = max(1, WIDTH // (n_stimuli * n_units))
    for start in range(0, len(orders), step):
        some = orders[start : start + step]
        # Shuffled responses stand beside each other as if they were those of other units.
        values = np.moveaxis(recorded.values[some], 0, 1).reshape(n_stimuli, -1)
        targets = None
        if method.together:
            targets = (task.owner + np.arange(len(some))[:, None] * (task.owner.max() + 1)).ravel()
        held = held_out(layer, values, method.unjudged, targets)
        r = correlations(moments(held.masked(np.tile(recorded.kept, len(some)))))[0]
        r = r.reshape(len(some), n_units)
        for place, populations in recorded.places.items():
            scores = [medians(r[:, one.at]) for one in populations]
            found[place][start : start + step] = np.mean(scores, axis=0)
    return found


class _InReverse:
    """The layers of one model from units."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.places = list(task.recorded.places.items())
        shape = (len(task.folds), len(self.places))
        self.best, self.taken = np.full(shape, -np.inf), np.full(shape, -1)
        self.pools: dict[int, AtOnce] = {}

    def add(
        self, candidate: int, regions: Sequence[list[Spectrum]], root: Floats, into: Predicted
    ) -> None:
        task, every = self.task, self.task.recorded.populations
        power = np.square(root).sum(axis=0)
        one = np.zeros(root.shape[1], dtype=np.intp)
        shuffles = _shuffled_layer(regions, root, into.method.map, task.drawn.orders)
        for column, (place, populations) in enumerate(self.places):
            held, pools = list[HeldOut](), list[AtOnce]()
            for population in populations:
                region, by = regions[every.index(population)], into.method.map
                held.append(held_out(region, root, by, one))
                pools.append(AtOnce.of(held[-1], region, root, by, task.drawn.stimuli))
            penalty = float(medians(np.array([[own.penalty[:, 0] for own in held]]).reshape(1, -1))
                            [0]) if root.shape[1] else np.nan  # fmt: skip
            scores = scores_in_reverse(pools, penalty, _count(populations), task.drawn)
            into.layers.setdefault(place, []).append(scores)
            own = [every.index(one) for one in populations]
            into.shuffled.setdefault(place, []).append(np.mean(shuffles[own], axis=0))
            criterion = np.mean([own.inner @ power / power.sum() for own in held], axis=0)
            with np.errstate(invalid="ignore"):
                better = criterion > self.best[:, column]
            self.best[better, column], self.taken[better, column] = criterion[better], candidate
            for population, pool in zip(populations, pools, strict=True):
                self.pools.setdefault(every.index(population), pool.empty()).take(pool, better)

    def chosen(self) -> dict[str, Chosen]:
        every = self.task.recorded.populations
        return {
            place: Chosen(
                scores_in_reverse(
                    [self.pools[every.index(one)] for one in populations], np.nan,
                    _count(populations), self.task.drawn,
                ),
                self.taken[:, column],
            )
            for column, (place, populations) in enumerate(self.places)
        }  # fmt: skip


def _count(populations: Sequence[Population]) -> int:
    return sum(len(one.units) for one in populations)


def _shuffled_layer(
    regions: Sequence[list[Spectrum]], root: Floats, by: Map, orders: Counts
) -> Floats:
    """Return the scores of a layer whose stimuli are shuffled: `(population, shuffle)`."""
    n_stimuli, rank = root.shape
    found = np.full((len(regions), len(orders)), np.nan)
    if not rank:
        return found
    if isinstance(by, Ridge) and summed(by, [one.fold for one in regions[0]]):
        return ShuffledLayer.of(root, orders).r(regions, by)
    step = max(1, WIDTH // (n_stimuli * rank))
    for start in range(0, len(orders), step):
        some = orders[start : start + step]
        values = np.moveaxis(root[some], 0, 1).reshape(n_stimuli, -1)
        for row, region in enumerate(regions):
            held = held_out(region, values, by, np.repeat(np.arange(len(some)), rank))
            for at in range(len(some)):
                own = held.units(slice(at * rank, (at + 1) * rank))
                found[row, start + at] = pooled(own).r()[0]
    return found

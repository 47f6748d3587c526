"""Features of regions and layers, for measures that no RDM is enough for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from isomorph.errors import IsomorphError
from isomorph.inference.gather import Candidates, Region, candidates_of
from isomorph.measures import FEATURES, Floats, Measure, Stack
from isomorph.measures.pairs import pair_indices
from isomorph.rdms.unit_responses import UnitResponses

GRAM = "squared_euclidean"
"""The distance whose RDMs hold the Gram matrices of features."""

OF_STIMULI = {"labels", "groups"}
"""Facts about the stimuli, the same for every representation."""

NO_HALVES = "features are those of all repetitions together"
"""Why a region of features has no halves."""

NOWHEN = (np.nan, np.nan)
"""The time bin of what has none."""

KEPT = ("features", "repetitions")
"""What of a model's needs only features that were kept serve."""

Subjects = Mapping[str, Floats]
"""An array for each subject."""


@dataclass(frozen=True)
class Features:
    """What units do for each stimulus, of regions and of layers.

    Attributes
    ----------
    brain : mapping of region to mapping of subject to array of shape (stimulus, unit[, time])
        Means over repetitions, the units of all sessions side by side.
    layers : sequence of Dataset
        For every model RDMs of `GRAM` over all features of each layer, in the order of the stimuli
        of `brain`.
    repetitions : mapping of region to mapping of subject to array
        `(stimulus, repetition, unit[, time])`: of every stimulus as many as the fewest, without
        NaN. Subjects that have one repetition are not in it.
    units : mapping of region to mapping of subject to tuple of str
        Names of the units.
    models : mapping of model to mapping of layer to array of shape (stimulus, feature)
        Features that were kept, all or some of a layer; models of which none were are not in it.
    draws : mapping of region to mapping of subject to sequence of array of shape (drawn unit,)
        Places of the units in each draw of equally many, where units are equalised.
    times : array of shape (bin, 2) or None
        Start and stop of the time bins.
    """

    brain: Mapping[str, Subjects]
    layers: Sequence[xr.Dataset]
    repetitions: Mapping[str, Subjects] = field(default_factory=dict)
    units: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    models: Mapping[str, Mapping[str, Floats]] = field(default_factory=dict)
    draws: Mapping[str, Mapping[str, Sequence[NDArray[np.intp]]]] = field(default_factory=dict)
    times: Floats | None = None

    @classmethod
    def of(
        cls,
        regions: Mapping[str, Mapping[str, UnitResponses]],
        layers: Sequence[xr.Dataset],
        models: Mapping[str, Mapping[str, Floats]] | None = None,
        times: Floats | None = None,
    ) -> Features:
        """Return features of regions, by region and subject, beside those of layers."""

        def each(name: str) -> dict[str, dict[str, Any]]:
            return {
                region: {
                    subject: value
                    for subject, one in own.items()
                    if (value := getattr(one, name)) is not None
                }
                for region, own in regions.items()
            }

        repeated = {region: own for region, own in each("repetitions").items() if own}
        return cls(
            each("means"), layers, repeated, each("units"), models or {}, each("draws"), times
        )


def takes_features(measure: Measure) -> bool:
    """Tell whether a measure compares features, not RDMs."""
    return measure.accepts(FEATURES)


def of_rdms_alone(measure: Measure) -> bool:
    """Tell whether RDMs are all a measure needs, and it is cheap enough to simulate and explain."""
    return not beyond_rdms(measure)


def beyond_rdms(measure: Measure) -> str:
    """Return why a measure is neither simulated nor explained; empty where it is."""
    if lack := measure.lacks(("rdm", "gram")):
        return lack
    return "is computed anew for each draw, which takes too long here" if measure.costly else ""


def needs_of_models(measure: Measure) -> tuple[str, ...]:
    """Return what a measure needs of layers, where that is less than it needs of regions."""
    return measure.model_needs or measure.needs


def lacking(
    features: Features | None, labels: NDArray | None, measure: Measure, distance: str
) -> tuple[str, str]:
    """Return why a measure that takes RDMs of a distance, or features, cannot be had, and the need.

    Both are empty where it can.

    Parameters
    ----------
    features : Features or None
    labels : array of shape (stimulus,) or None
    measure : Measure
    distance : str
    """
    if "labels" in measure.needs and labels is None:
        return "the stimuli have no categories", "labels"
    if distance != FEATURES:
        return "", ""
    if features is None or not features.brain:
        return "there are no features of regions", "features"
    if "repetitions" in measure.needs and not features.repetitions:
        return "no region has repetitions", "repetitions"
    names = [str(model["model"].item()) for model in features.layers]
    kept = set(KEPT) & set(needs_of_models(measure))
    if without := [name for name in names if kept and name not in features.models]:
        return f"no features of {', '.join(without)} were kept", "features"
    return "", ""


def regions_of_features(features: Features, measure: Measure) -> list[Region]:
    """Return the regions by name, each in every time bin, with what a measure needs of them.

    Parameters
    ----------
    features : Features
    measure : Measure
        Where it needs repetitions, subjects without are left out.
    """
    found = []
    for name in sorted(features.brain):
        repeated = features.repetitions.get(name, {})
        single = "repetitions" in measure.needs
        subjects = [one for one in features.brain[name] if not single or one in repeated]
        if not subjects:
            continue
        drawn = [features.draws.get(name, {}).get(one, ()) for one in subjects]
        for time, edges in enumerate([NOWHEN] if features.times is None else features.times):
            means = [_at(features.brain[name][one], time, 2) for one in subjects]
            trials = [_at(repeated[one], time, 3) for one in subjects] if single else None
            about = _About(name, tuple(subjects), float(edges[0]), float(edges[1]))
            whole = _region(about, means, trials)
            draws = tuple(
                _region(
                    about,
                    [x[:, some] for x, some in zip(means, places, strict=True)],
                    trials and [x[..., some] for x, some in zip(trials, places, strict=True)],
                )
                for places in zip(*drawn, strict=True)
            )
            if draws:
                recorded = min(x.shape[1] for x in means)
                rdms = np.mean([one.rdms for one in draws], axis=0)
                whole = replace(draws[0], rdms=rdms, draws=draws, n_recorded=recorded)
            found.append(whole)
    return found


def candidates_of_features(features: Features, measure: Measure) -> Candidates:
    """Return every layer with what a measure needs of it.

    A measure that is content with Gram matrices is given their roots for features: all that the
    layer says, up to a rotation. A layer answers a stimulus in one way, so it has one repetition.

    Parameters
    ----------
    features : Features
    measure : Measure

    Raises
    ------
    IsomorphError
        When features of a layer are needed that were not kept.
    """
    candidates = candidates_of(features.layers, GRAM)
    if not set(KEPT) & set(needs_of_models(measure)):
        facts: dict[str, Sequence[Floats]] = {"features": list(candidates.stack.roots)}
        return replace(candidates, facts=facts)
    arrays = []
    for model, layer in candidates.table[["model", "layer"]].itertuples(index=False):
        kept = features.models.get(model, {})
        if layer not in kept:
            raise IsomorphError(
                f'model "{model}", layer "{layer}": {measure.name} needs its features, and they '
                "were not kept"
            )
        arrays.append(np.asarray(kept[layer], dtype=float))
    facts = {"features": arrays, "repetitions": [x[:, None] for x in arrays]}
    rdms = np.stack([squared_distances_of(x) for x in arrays])
    return Candidates(candidates.table, rdms, facts)


def pooled(stack: Stack, measure: Measure) -> Stack:
    """Return several representations as the one that a ceiling compares each with.

    RDMs are pooled as the measure says. Of features the units stand side by side, each
    representation scaled to equal power, so that one with many units or large numbers counts for
    no more than another; of repetitions as many as the fewest.

    Parameters
    ----------
    stack : Stack
    measure : Measure
    """
    facts: dict[str, Sequence[Floats]] = {}
    for name in OF_STIMULI & set(stack.facts):
        facts[name] = [stack.facts[name][0]]
    if "features" not in stack.facts:
        return Stack(measure.pool(stack.rdms)[None], facts=facts)
    every = stack.facts["features"]
    scales = [_power(np.asarray(x)) for x in every]
    side_by_side = np.hstack([x / scale for x, scale in zip(every, scales, strict=True)])
    facts["features"] = [side_by_side]
    if "repetitions" in stack.facts:
        trials = stack.facts["repetitions"]
        n = min(x.shape[1] for x in trials)
        facts["repetitions"] = [
            np.concatenate([x[:, :n] / s for x, s in zip(trials, scales, strict=True)], axis=2)
        ]
    return Stack(squared_distances_of(side_by_side)[None], facts=facts)


def _power(features: Floats) -> float:
    """Return the norm of centred features; 1 of constant ones, which no scale changes."""
    norm = float(np.linalg.norm(features - features.mean(axis=0)))
    return norm if norm > 0 else 1.0


def squared_distances_of(features: Floats) -> Floats:
    """Return squared distances `(pair,)` of features `(stimulus, feature)`, means over these."""
    centred = features - features.mean(axis=0)
    first, second = pair_indices(len(centred))
    products = centred @ centred.T
    own = np.diag(products)
    distances: Floats = own[first] + own[second] - 2 * products[first, second]
    return np.maximum(distances, 0) / features.shape[1]


def _at(values: Floats, time: int, ndim: int) -> Floats:
    """Return one time bin of an array that has `ndim` dimensions without time."""
    return values[..., time] if values.ndim > ndim else values


@dataclass(frozen=True)
class _About:
    name: str
    subjects: tuple[str, ...]
    time_start: float
    time_stop: float


def _region(about: _About, means: Sequence[Floats], repetitions: Sequence[Floats] | None) -> Region:
    """Return a region in one time bin, of all units or one draw of them."""
    units = tuple(x.shape[1] for x in means)
    facts: dict[str, Sequence[Floats]] = {"features": list(means)}
    if repetitions is not None:
        facts["repetitions"] = list(repetitions)
    return Region(
        rdms=np.stack([squared_distances_of(x) for x in means]),
        n_units=sum(units),
        halves=None,
        subject_units=units,
        no_halves=NO_HALVES,
        facts=facts,
        **vars(about),
    )

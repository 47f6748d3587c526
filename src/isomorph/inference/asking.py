"""From what a scientist has in hand to an analysis: lined up, named, and checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import xarray as xr

from isomorph.errors import IsomorphError
from isomorph.inference.analysis import Analysis
from isomorph.inference.featured import GRAM, lacking, takes_features
from isomorph.inference.given import brain_given, models_given
from isomorph.inference.given_controls import Names, families_of
from isomorph.inference.given_stimuli import Table, lined_up
from isomorph.inference.many_given import joined_parts, n_stimuli_of, parts_given, refuse_unable
from isomorph.inference.many_stimuli import MANY
from isomorph.inference.measured import Measured, models_by_name, plain
from isomorph.inference.vectors import UNSPECIFIED
from isomorph.measures import FEATURES, MEASURES
from isomorph.rdms.collection import available, distances_of
from isomorph.rdms.distances import DISTANCES
from isomorph.rdms.named import one_name, several
from isomorph.rdms.paired import asked_distances, of_brain, of_layers, refuse_unknown
from isomorph.study import Inference

Distances = str | Mapping[str, str] | Sequence[str | Mapping[str, str]]

NO_MODELS = object()
"""Stands for models where regions are compared with none."""

HELD = ("rdm", "gram")
"""What RDMs hold of what a measure may need."""

WOULD_DO = {
    "features": 'give features as arrays, or as isomorph.activations(..., features="all")',
    "repetitions": "give responses of shape (repetition, stimulus, unit)",
    "labels": 'give stimuli as a table with the column "{column}"',
}
"""What to do where a need of a measure is not met."""


def analysis_of(
    brain: Any,
    models: Any,
    *,
    measure: Names,
    distance: Distances | None,
    stimuli: Table | None,
    inference: Inference,
    dataset: str = "",
    untrained: Mapping[str, Names] | None = None,
    features: bool = False,
) -> Analysis:
    """Return what is compared with what, as `isomorph.compare` was given it.

    Raises
    ------
    IsomorphError
        When anything is not what it should be, in one sentence.
    """
    measures = known_measures(measure)
    one_name(dataset, "dataset")
    asked = None if distance is None else asked_distances(distance)
    if features:
        return _measured(
            brain, models, measures, asked, stimuli, inference, dataset, untrained or {}
        )
    alone = asked[0] if asked is not None and len(asked) == 1 else ""
    regions, layers = _given(brain, models, alone)
    sure = not any(map(_is_unsaid, [regions, *layers]))
    if not sure and (label := _said_by_others(regions, layers)):
        regions, layers = _given(brain, models, label)
    table, (regions, *layers) = lined_up([regions, *layers], stimuli)
    distances = _distances(regions, asked)
    refuse_unfit(measures, distances, sure=sure)
    _refuse_without(layers, distances)
    names = [str(model["model"].item()) for model in layers]
    return _served(Analysis(
        regions, layers, families_of(names, untrained or {}), table, distances, measures,
        inference, dataset, where="stimuli",
    ))  # fmt: skip


def _measured(
    brain: Any,
    models: Any,
    measures: Sequence[str],
    asked: list[str] | None,
    stimuli: Table | None,
    inference: Inference,
    dataset: str,
    untrained: Mapping[str, Names],
) -> Analysis:
    """Return what is compared with what, of responses and features."""
    of_rdms = [MEASURES[name] for name in measures if not takes_features(MEASURES[name])]
    of_grams = all("gram" in measure.needs for measure in of_rdms)
    distances = asked or [GRAM if of_grams else "correlation"]
    for name in distances:
        refuse_unknown(name)
    refuse_unfit([measure.name for measure in of_rdms], distances)
    given = {} if models is NO_MODELS else models_by_name(models)
    if n_stimuli_of(given) > MANY:
        return _of_many(brain, given, measures, distances, stimuli, inference, dataset, untrained)
    whole = Measured(brain, given, distances)
    table, lined = lined_up(whole.rdms, stimuli)
    regions, *layers = map(plain, lined, [whole.of_brain, *[whole.of_layers] * len(given)])
    _refuse_without(layers, distances)
    return _served(Analysis(
        regions, layers, families_of(list(given), untrained), table, distances, measures,
        inference, dataset, where="stimuli", features=whole.features(lined),
    ))  # fmt: skip


def _of_many(
    brain: Any,
    models: Mapping[str, Any],
    measures: Sequence[str],
    distances: Sequence[str],
    stimuli: Table | None,
    inference: Inference,
    dataset: str,
    untrained: Mapping[str, Names],
) -> Analysis:
    """Return what is compared with what, of responses and features that have no RDMs."""
    refuse_unable(measures, distances, inference, n_stimuli_of(models))
    parts = list(parts_given(brain, models))
    table, lined = lined_up([one for _, one, _ in parts], stimuli, [what for what, _, _ in parts])
    many = joined_parts(parts, lined)
    # p comes from the moments of all orders, none of which is made.
    inference = inference.model_copy(update={"tail": "pearson", "permutations": 0})
    return Analysis(
        many.subjects, [], families_of(list(models), untrained), table, distances, measures,
        inference, dataset, where="stimuli", many=many,
    )  # fmt: skip


def _served(analysis: Analysis) -> Analysis:
    """Return an analysis that has what its measures need.

    Raises
    ------
    IsomorphError
    """
    for name in analysis.measures:
        measure = MEASURES[name]
        distance = FEATURES if takes_features(measure) else ""
        why, need = lacking(analysis.features, analysis.labels, measure, distance)
        if why:
            column = analysis.inference.selection.column
            raise IsomorphError(f"{name}: {why}; {WOULD_DO[need].format(column=column)}")
    return analysis


def known_measures(names: Names) -> list[str]:
    """Return names of measures.

    Raises
    ------
    IsomorphError
        When one is not known.
    """
    found = several(names, "measure")
    for name in found:
        if name not in MEASURES:
            raise IsomorphError(f'unknown measure "{name}": {MEASURES.suggestion(name)}')
    return found


def refuse_unfit(measures: Sequence[str], distances: Sequence[str], *, sure: bool = True) -> None:
    """Refuse measures that RDMs of these distances do not serve.

    Parameters
    ----------
    measures, distances : sequence of str
    sure : bool, optional
        Whether somebody said what distances all RDMs are of.

    Raises
    ------
    IsomorphError
    """
    for name in measures:
        measure = MEASURES[name]
        if takes_features(measure):
            raise IsomorphError(
                f"{name} {measure.lacks(HELD)}, which no RDM holds; isomorph.compare takes "
                "responses and features in place of RDMs, with features=True"
            )
        if measure.distances is None:
            continue
        able = ", ".join(one for one in DISTANCES if measure.accepts(one))
        if not sure:
            raise IsomorphError(
                f"{name} takes the Gram matrix of features, which RDMs of {able} hold, and the "
                'distance of some of these is not known; name it: distance="..."'
            )
        if not any(map(measure.accepts, distances)):
            raise IsomorphError(
                f"{name} takes the Gram matrix of features, which RDMs of {able} hold and those of "
                f'{", ".join(distances)} do not; give isomorph.rdm(..., distance="...")'
            )


def _given(brain: Any, models: Any, distance: str) -> tuple[xr.Dataset, list[xr.Dataset]]:
    """Return RDMs of regions and of layers, those that do not say their distance under this one."""
    if distance:
        refuse_unknown(distance, {*_said_in(brain), *_said_in(models)})
    layers = [] if models is NO_MODELS else models_given(models, of_layers(distance))
    return brain_given(brain, of_brain(distance)), layers


def _said_in(given: Any) -> Iterator[str]:
    """Yield the distances that RDMs of our own say they are of, however they are nested."""
    if isinstance(given, xr.Dataset):
        yield from distances_of(given)
    elif isinstance(given, Mapping | list | tuple):
        for one in given.values() if isinstance(given, Mapping) else given:
            yield from _said_in(one)


def _is_unsaid(data: xr.Dataset) -> bool:
    return UNSPECIFIED in distances_of(data)


def _said_by_others(brain: xr.Dataset, models: Sequence[xr.Dataset]) -> str:
    """Return the distance of those RDMs that say it, empty where none do.

    Raises
    ------
    IsomorphError
        When they say several.
    """
    of_brain = set(distances_of(brain)) - {UNSPECIFIED}
    of_models = {name for model in models for name in distances_of(model)} - {UNSPECIFIED}
    known = sorted(of_brain or of_models)
    if len(known) > 1:
        raise IsomorphError(
            f"some RDMs are of {', '.join(known)}, and of others the distance is not known; name "
            "the one to compare under: distance=..."
        )
    return known[0] if known else ""


def _refuse_without(models: Sequence[xr.Dataset], distances: Sequence[str]) -> None:
    """Refuse a model that has no RDM of any distance, rather than leave it out."""
    wanted = {of_layers(name) for name in distances}
    for model in models:
        known = [name for name in distances_of(model) if available(model, name).any()]
        if not wanted & set(known):
            pair = (
                f'; to compare under two, distance={{"brain": "{distances[0]}", '
                f'"model": "{known[0]}"}}'
                if known
                else ""
            )
            raise IsomorphError(
                f'model "{model["model"].item()}": has no RDM with distance '
                f"{' or '.join(sorted(wanted))}, only with {', '.join(known) or 'none'}{pair}"
            )


def _distances(brain: xr.Dataset, asked: Sequence[str] | None) -> list[str]:
    """Return the distances to compare under: those asked for, or all that regions have."""
    known = distances_of(brain)
    for name in asked or ():
        if of_brain(name) not in known:
            refuse_unknown(of_brain(name))
            raise IsomorphError(
                f"brain: has no RDM with distance {of_brain(name)}, only with {', '.join(known)}"
            )
    return list(asked or known)

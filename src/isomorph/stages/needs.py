"""What measures of a study need and its datasets and models have, as far as settings tell."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from isomorph.catalogue import is_asked
from isomorph.errors import IsomorphError, did_you_mean
from isomorph.foreign import in_words
from isomorph.inference.analysis import Analysis
from isomorph.inference.featured import KEPT, lacking, needs_of_models, takes_features
from isomorph.measures import FEATURES, MEASURES, Measure
from isomorph.measures._measure import CHANCE_ORDERS
from isomorph.measures.jackknifed import Jackknifed
from isomorph.stages import rdms_alone, topology_asked
from isomorph.stimuli.crossed import kept_names
from isomorph.study import Study
from isomorph.study.responses import RdmResponses
from isomorph.study.stimuli import (
    ConditionStimuli,
    FilmStimuli,
    FolderStimuli,
    MatlabStimuli,
    NwbStimuli,
    StimuliSpec,
)
from isomorph.study.variable import VariableStimuli

REMEDIES = {
    "features": "add a dataset of responses, or leave the measure out",
    "repetitions": "add a dataset whose stimuli are shown twice or more, or leave the measure out",
    "labels": "give its stimuli that column, in a table or in the names of files, or name another "
    "in inference.selection.column",
}
"""What would do where a dataset lacks what a measure needs."""

Columns = Mapping[str, Collection[str] | None]
"""Descriptive columns of stimuli by dataset that owns them, None where they are not known."""


def unserved(
    study: Study, dataset: str, measure: Measure, columns: Columns | None = None
) -> tuple[str, str]:
    """Return what a dataset lacks that a measure needs, and the need; empty where nothing is known.

    Parameters
    ----------
    study : Study
    dataset : str
    measure : Measure
    columns : mapping of str to collection of str or None, optional
        What is known of stimulus tables; what the settings tell unless given.
    """
    spec, owner = study.dataset(dataset), study.stimulus_set(dataset)
    if takes_features(measure) and isinstance(spec.responses, RdmResponses):
        return f"{dataset} comes as RDMs, which hold no features", "features"
    shown = [spec.expected.repetitions.get(one, 2) for one in spec.subjects]
    if "repetitions" in measure.needs and max(shown, default=2) < 2:
        return f"{dataset} shows its stimuli once", "repetitions"
    if "labels" in measure.needs:
        column = study.spec.inference.selection.column
        known = (columns or {}).get(owner)
        if known is None:
            known = columns_of(study.dataset(owner).stimuli)
        if known is not None and column not in known:
            return f'the stimuli of {dataset} have no column "{column}"', "labels"
    return "", ""


def columns_of(stimuli: StimuliSpec) -> Collection[str] | None:
    """Return the descriptive columns that settings give stimuli; None where a table may add some.

    Parameters
    ----------
    stimuli : StimuliSpec
        Of the dataset that owns them.
    """
    match stimuli:
        case FolderStimuli(table=None):
            return _groups(stimuli.fields_from)
        case MatlabStimuli():
            return stimuli.fields
        case NwbStimuli(table=None):
            return () if stimuli.named_by is None else stimuli.named_by.fields
        case FilmStimuli(table=None):
            return ("film", "frame", "time", "film_frames", "film_length")
        case ConditionStimuli(descriptions=None):
            return (*kept_names(stimuli.column), *stimuli.fields)
        case VariableStimuli():
            return stimuli.columns
    return None


def _groups(pattern: str | None) -> Collection[str]:
    return () if pattern is None else tuple(re.compile(pattern).groupindex)


def mistakes_of(study: Study, columns: Columns | None = None) -> Iterator[str]:
    """Yield a sentence for each measure that no dataset serves, or a model does not.

    Parameters
    ----------
    study : Study
    columns : mapping, optional
        See `unserved`.
    """
    yield from rdms_alone.unfit(study)
    yield from topology_asked.unfit(study)
    if study.spec.dynamics is not None and not is_asked(study, "dynamics"):
        yield "dynamics: no dataset has time bins; set `bins` of responses, or leave dynamics out"
    for place, name in enumerate(study.spec.measures):
        measure = MEASURES[name]
        found = [unserved(study, dataset, measure, columns) for dataset in study.datasets]
        if found and all(why for why, _ in found):
            said = ", and ".join(dict.fromkeys(why for why, _ in found))
            yield (
                f"measures.{place}: {name} needs {_needs(measure)}, and {said}; "
                f"{REMEDIES[found[0][1]]}"
            )
        yield from rdms_alone.lacking(study, place, measure)
        if not takes_features(measure) or not set(KEPT) & set(needs_of_models(measure)):
            continue
        for model, spec in study.models.items():
            if spec.features is None and not spec.comes_as_rdms:
                yield (
                    f"measures.{place}: {name} needs the features of layers, and {model} keeps "
                    f"none; write features: 2000, or all, into {_file_of(study, model)}"
                )


def columns_missing(study: Study, columns: Columns) -> list[str]:
    """Return a sentence for each column that a model is made of and no stimulus table has.

    Parameters
    ----------
    study : Study
    columns : mapping
        See `unserved`; stimuli of which they are not known are passed over.
    """
    found: dict[str, None] = {}
    for dataset in study.datasets:
        owner = study.stimulus_set(dataset)
        if (known := columns.get(owner)) is None:
            continue
        for _, spec, _ in study.instances_for(dataset):
            for name, option in spec.columns.items():
                if name not in known:
                    where = f"{_file_of(study, spec.name)}: options.{option}"
                    hint = did_you_mean(name, known)
                    found[f'{where}: the stimulus table of {owner} has no "{name}", {hint}'] = None
    return list(found)


def notes_of(study: Study, dataset: str, columns: Columns | None = None) -> list[str]:
    """Return a clause for each measure that a dataset does not serve and another may."""
    found = [(name, *unserved(study, dataset, MEASURES[name], columns))
             for name in study.spec.measures]  # fmt: skip
    notes = [f"no {name}, as {why}" for name, why, _ in found if why]
    notes += topology_asked.notes_of(study, dataset)
    if alone := ", ".join(rdms_alone.models_of(study)):
        notes += [f"no {name} of {alone}, which come as RDMs" for name, why, _ in found
                  if not why and takes_features(MEASURES[name])]  # fmt: skip
    return notes


def refuse_unserved(study: Study, dataset: str, analysis: Analysis) -> None:
    """Refuse a measure for which neither this dataset nor any other has what it needs.

    Where another may have it, the measure is one of those that do not apply.

    Raises
    ------
    IsomorphError
    """
    for name in analysis.measures:
        measure = MEASURES[name]
        distance = FEATURES if takes_features(measure) else ""
        why, _ = lacking(analysis.features, analysis.labels, measure, distance)
        others = (one for one in study.datasets if one != dataset)
        if why and not any(not unserved(study, one, measure)[0] for one in others):
            raise IsomorphError(
                f"{study.path}: measures: {name} needs {_needs(measure)}, and of {dataset} "
                f"{why}; leave the measure out"
            )


def room_of_features(study: Study, n_stimuli: Mapping[str, int]) -> Iterator[str]:
    """Yield what the features take that models keep, a line for each model.

    Parameters
    ----------
    study : Study
    n_stimuli : mapping of str to int
        Of the datasets of which it is known.
    """
    n = max(n_stimuli.values(), default=0)
    of = f" for {n:,} stimuli" if n else " for each stimulus"
    for model, spec in study.models.items():
        if spec.features == "all":
            yield f"{model}: keeps all features of its layers, 4 bytes each{of}"
        elif spec.features is not None:
            room = in_words(4 * spec.features * max(n, 1))
            yield (
                f"{model}: keeps {spec.features:,} features of each layer or fewer, at most {room} "
                f"a layer{of}"
            )


def costs_of(study: Study, n_stimuli: Mapping[str, int]) -> Iterator[str]:
    """Yield how often costly measures are computed.

    Parameters
    ----------
    study : Study
    n_stimuli : mapping of str to int
        Of the datasets of which it is known.
    """
    measures = {name: MEASURES[name] for name in study.spec.measures}
    costly = [name for name, one in measures.items() if one.shuffled_anew and one.sees_stimuli]
    if not costly:
        return
    orders = min(study.spec.inference.costly_permutations, study.spec.inference.permutations)
    yield (
        f"{', '.join(costly)}: computed anew for each of {orders + CHANCE_ORDERS} orders of the "
        "stimuli, for every subject of a region and every layer"
    )
    forms = {name: measures[name].form for name in costly}
    deleting = [name for name, one in forms.items() if isinstance(one, Jackknifed) and one.deletes]
    if deleting and n_stimuli:
        yield f"{', '.join(deleting)}: and {max(n_stimuli.values()):,} times without a stimulus"


def _needs(measure: Measure) -> str:
    return " and ".join(one for one in measure.needs if one in REMEDIES)


def _file_of(study: Study, model: str) -> str:
    file = study.model_files[model]
    if file != study.path:
        return str(file)
    return f"a file of the model, with source: {study.models[model].source}"

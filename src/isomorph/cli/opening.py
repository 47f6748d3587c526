"""Opening a study with every name in it checked against what the program knows."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from isomorph.study import Study

VOCABULARY = {
    "distances": "isomorph.rdms:DISTANCES",
    "measures": "isomorph.measures:MEASURES",
    "transform": "isomorph.rdms:TRANSFORMS",
    "source": "isomorph.models:SOURCES",
    "inference.correction": "isomorph.inference:CORRECTIONS",
    "inference.prediction.methods": "isomorph.measures.prediction:METHODS",
}
"""The registry that knows the names a setting may hold."""


def open_study(path: Path | str, *, thorough: bool = False) -> Study:
    """Read a study with its datasets and models, and refuse every name nobody knows.

    Parameters
    ----------
    path : path
        The study's YAML file.
    thorough : bool, optional
        Whether libraries are asked if they know the models that are theirs, which takes some
        seconds to import them, and a user's own files and functions are looked for.

    Raises
    ------
    StudyError
        With every mistake at once, a line each.
    """
    from isomorph.models import SOURCES, mistakes_of
    from isomorph.stages import needs
    from isomorph.study import StudyError, load_study

    vocabulary = {}
    for setting, entry in VOCABULARY.items():
        module, name = entry.split(":")
        vocabulary[setting] = getattr(import_module(module), name)
    study = load_study(path, vocabulary)
    mistakes = [
        f"{study.model_key(name, key)}: {mistake}"
        for name, model in study.models.items()
        if SOURCES[model.source].is_installed or not model.optional
        for key, _, mistake in (
            sentence.partition(": ")
            for sentence in mistakes_of(
                model, beside=study.model_files[name].parent if thorough else None
            )
        )
    ]
    mistakes += [
        *_without_models(study), *_without_pairs(study), *_without_distances(study),
        *needs.mistakes_of(study), *_without_clips(study, thorough),
    ]  # fmt: skip
    if mistakes:
        raise StudyError(study.path, mistakes)
    return study


def _without_models(study: Study) -> list[str]:
    """Return a sentence for each dataset that no model of the study can be compared with."""
    mistakes = []
    for name in study.datasets:
        if any(study.instances_for(name)):
            continue
        blind = not study.has_images(name)
        why = "it has no images, so no model that takes pixels can; " if blind else ""
        if not why and any(spec.takes_clips for spec in study.models.values()):
            why = "models that take clips are for films; "
        others = [model for model, spec in study.models.items() if not spec.takes_images]
        could = ", ".join(study.model_files[model].name for model in others)
        mistakes.append(
            f"models: none can be compared with {name}: {why}"
            + (f"add {name} to the datasets of {could}, or " if could else "")
            + "write a model with source baseline/category and columns of its stimulus table"
        )
    return mistakes


def _without_clips(study: Study, thorough: bool) -> list[str]:
    """Return a sentence for each model whose clips a dataset of films does not keep.

    Where the library alone knows which, it is asked if libraries are.
    """
    from isomorph.errors import IsomorphError
    from isomorph.models.clips import asked_by, refusal

    found: dict[str, None] = {}
    for dataset in study.datasets:
        owner = study.stimulus_set(dataset)
        for _, model, _ in study.instances_for(dataset):
            if not model.takes_clips or (model.preprocessing is None and not thorough):
                continue
            try:
                asked = asked_by(model)
            except IsomorphError:  # what a library does not know is said of the source
                continue
            if asked and (why := refusal(owner, study.dataset(owner).stimuli, asked)):
                found[f"{study.model_key(model.name, 'preprocessing')}: {model.name} {why}"] = None
    return list(found)


def _without_pairs(study: Study) -> list[str]:
    """Return a sentence for each two distances that make no pair."""
    from isomorph.rdms.paired import why_no_pair

    found = [(place, why_no_pair(name)) for place, name in enumerate(study.spec.distances)]
    return [f"distances.{place}: {why}" for place, why in found if why]


def _without_distances(study: Study) -> list[str]:
    """Return a sentence for each measure that no distance of the study serves.

    A dataset of ready RDMs has the distances of these alone.
    """
    from isomorph.inference.featured import of_rdms_alone, takes_features
    from isomorph.measures import MEASURES
    from isomorph.rdms import DISTANCES
    from isomorph.rdms.paired import of_brain
    from isomorph.study.responses import RdmResponses

    mistakes = []
    given, measures = study.spec.distances, study.spec.measures
    for place, name in enumerate(measures):
        measure = MEASURES[name]
        if takes_features(measure) or any(map(measure.accepts, given)):
            continue
        able = ", ".join(one for one in DISTANCES if measure.accepts(one))
        mistakes.append(
            f"measures.{place}: {name} takes no RDM of {', '.join(given)}: add one of {able}"
        )
    if not mistakes and not any(of_rdms_alone(MEASURES[name]) for name in measures):
        mistakes.append(
            f"measures: {', '.join(measures)} cannot be explained or recovered, as what compares "
            "features or is computed anew for every order of the stimuli cannot; add one of RDMs, "
            "such as rho_a"
        )
    if mistakes:
        return mistakes
    for dataset, spec in study.datasets.items():
        if not isinstance(spec.responses, RdmResponses):
            continue
        published = {source.distance for source in spec.responses.sources}
        ready = [one for one in given if of_brain(one) in published]
        simple = [name for name in measures if of_rdms_alone(MEASURES[name])]
        if not any(MEASURES[name].accepts(distance) for name in simple for distance in ready):
            mistakes.append(
                f"measures: {dataset} comes as RDMs of {', '.join(ready)}, which none of "
                f"{', '.join(simple)} takes; add one that does, such as rho_a"
            )
    return mistakes

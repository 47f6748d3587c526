"""Models that come as their RDMs alone: what of a study they cannot serve, told before it runs."""

from __future__ import annotations

from collections.abc import Iterator

from isomorph.catalogue import is_asked
from isomorph.inference.featured import takes_features
from isomorph.measures import Measure
from isomorph.rdms.paired import of_layers
from isomorph.study import ModelSpec, Study


def models_of(study: Study) -> dict[str, ModelSpec]:
    """Return the models of a study that come as their RDMs alone."""
    return {name: spec for name, spec in study.models.items() if spec.comes_as_rdms}


def lacking(study: Study, place: int, measure: Measure) -> Iterator[str]:
    """Yield why a measure cannot be had of models that come as their RDMs alone.

    Of features it is not had of these and may be of others. A Gram matrix is in an RDM whose
    distance is known.

    Parameters
    ----------
    study : Study
    place : int
        Of the measure among those of the study.
    measure : Measure
    """
    alone = models_of(study)
    where = f"measures.{place}: {measure.name} needs"
    if takes_features(measure):
        if len(alone) == len(study.models):
            yield (
                f"{where} features, and {', '.join(alone)} come as RDMs, which hold none; add a "
                "model that has some, or leave the measure out"
            )
    elif "gram" in measure.needs:
        for name, spec in alone.items():
            if not spec.options.get("distance"):
                could = spec.source.startswith("rdms/")
                file = study.model_files[name]
                remedy = f"say options.distance in {file}, or " if could else ""
                yield (
                    f"{where} Gram matrices, and {name} comes as RDMs of no distance, which tell "
                    f"none; {remedy}leave out the measure or the model"
                )


def unfit(study: Study) -> Iterator[str]:
    """Yield why models that come as their RDMs alone cannot be compared at all."""
    if is_asked(study, "predict") and len(models_of(study)) == len(study.models):
        yield (
            "inference.prediction: units are predicted from features, and "
            f"{', '.join(study.models)} come as RDMs, which hold none; add a model that has some, "
            "or leave prediction out"
        )
    asked = list(dict.fromkeys(map(of_layers, study.spec.distances)))
    for name, spec in models_of(study).items():
        own = spec.options.get("distance")
        if own and own not in asked:
            yield (
                f"models: {name} comes as RDMs of {own}, and distances ask models for "
                f"{', '.join(asked)}; add {own} to them, as in "
                f"{{brain: correlation, model: {own}}}, or leave options.distance out where it is "
                "to stand beside any"
            )
        for dataset in study.datasets:
            level = study.level(dataset)
            if level and any(one.name == name for _, one, _ in study.instances_for(dataset)):
                yield (
                    f"models: {name} comes as RDMs, which cannot be averaged within the values of "
                    f'"{level}" that {dataset} compares; leave one of the two out'
                )

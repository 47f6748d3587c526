"""What is wrong between the files of a study that are each right."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from isomorph.errors import did_you_mean
from isomorph.study._study import Study
from isomorph.study.archive import SimulatedArchive
from isomorph.study.axes import axes_of
from isomorph.study.blocks import PLAIN
from isomorph.study.dataset import DatasetSpec
from isomorph.study.pairs import both, is_pair
from isomorph.study.rates import RateResponses
from isomorph.study.regions import regions_named
from isomorph.study.responses import RdmResponses
from isomorph.study.stimuli import SharedStimuli
from isomorph.study.variable import VariableStimuli

RESERVED_DATASETS = frozenset({"figures", "logs", "benchmarks"})
"""Folders that stand beside those of the datasets in a study's results."""

RESERVED_MODELS = frozenset({"brain"})
"""Files that stand beside those of the models."""

Vocabulary = Mapping[str, Collection[str]]
"""The names the registries know, by the settings that use them: `distances`, `measures`,
`inference.correction`, `inference.prediction.methods`, `source`, `transform`."""


def unknown_names(study: Study, vocabulary: Vocabulary) -> Iterator[str]:
    """Yield every name in the study that no registry knows."""
    used = {
        "distances": [
            (key, one)
            for place, name in enumerate(study.spec.distances)
            for key, one in _distances(f"distances.{place}", name)
        ],
        "measures": [(f"measures.{i}", name) for i, name in enumerate(study.spec.measures)],
        "inference.correction": [("inference.correction", study.spec.inference.correction)],
        "inference.prediction.methods": [
            (f"inference.prediction.methods.{i}", name)
            for i, name in enumerate(study.spec.inference.prediction.methods)
        ],
        "source": [
            (study.model_key(model.name, "source"), model.source) for model in study.models.values()
        ],
        "transform": [
            (f"{study.dataset_files[dataset.name]}: transform", dataset.transform)
            for dataset in study.datasets.values()
        ],
    }
    for setting, known in vocabulary.items():
        for key, name in used[setting]:
            if name not in known:
                suggest = getattr(known, "suggestion", None)
                near = suggest(name) if suggest else did_you_mean(name, known)
                yield f'{key}: unknown "{name}", {near}'


def _distances(key: str, name: str) -> Iterator[tuple[str, str]]:
    """Yield the distances that a name stands for, and where each is written."""
    if not is_pair(name):
        yield key, name
        return
    for side, one in zip(("brain", "model"), both(name), strict=True):
        yield f"{key}.{side}", one


def mistakes_between(study: Study) -> Iterator[str]:
    """Yield what is wrong between files that are each right."""
    instances = {name for name, _, _ in study.instances()}
    for key, names, taken in (
        ("datasets", set(study.datasets), RESERVED_DATASETS),
        ("models", instances, RESERVED_MODELS),
    ):
        for name in sorted(names & taken):
            yield f'{key}: "{name}" is a name the pipeline uses itself; choose another'
    yield from _mistakes_of_models(study)
    yield from _mistakes_of_explain(study)
    yield from _mistakes_of_areas(study)
    for dataset in study.datasets.values():
        yield from _mistakes_of_dataset(study, dataset, instances)
        yield from _mistakes_of_blocks(study, dataset)


def _mistakes_of_blocks(study: Study, dataset: DatasetSpec) -> Iterator[str]:
    """Yield settings of blocks that stimuli which follow one another rule out."""
    blocks = study.spec.inference.blocks
    axes = axes_of(dataset.stimuli) or tuple(one.axis for one in blocks.along)
    if not axes:
        return
    names = [axis.column for axis in axes]
    if blocks.exchange == "stimuli":
        why = PLAIN.format(names=" and ".join(names))
        yield f'inference.blocks.exchange: stimuli, of the dataset "{dataset.name}": {why}'
    for key in ("length", "gap"):
        given = getattr(blocks, key)
        if isinstance(given, dict) and (lacking := [name for name in names if name not in given]):
            yield (
                f"inference.blocks.{key}: names {', '.join(given)}, and stimuli of the dataset "
                f'"{dataset.name}" follow {" and ".join(lacking)} too'
            )


def _mistakes_of_models(study: Study) -> Iterator[str]:
    """Yield instances that two models make, and controls of models that are not there."""
    owners: dict[str, str] = {}
    for instance, model, _ in study.instances():
        if instance in owners:
            yield (
                f'models: "{owners[instance]}" and "{model.name}" both make "{instance}"; '
                "rename one"
            )
        owners[instance] = model.name
    for model in study.models.values():
        if model.control_of and model.control_of not in study.models:
            yield (
                f'models: "{model.name}" is the untrained control of "{model.control_of}", which '
                "the study does not name; add it"
            )


def _mistakes_of_explain(study: Study) -> Iterator[str]:
    """Yield models and measures that explanations name and the study does not."""
    explain = study.spec.inference.explain
    known = {*study.models, *(name for name, _, _ in study.instances())}
    for key in ("models", "controls", "partition"):
        for place, name in enumerate(getattr(explain, key)):
            if name not in known:
                yield (
                    f'inference.explain.{key}.{place}: no model "{name}" in the study, '
                    f"{did_you_mean(name, known)}"
                )
    for place, name in enumerate(explain.weighted):
        if name not in study.spec.measures:
            yield (
                f'inference.explain.weighted.{place}: "{name}" is none of the study\'s measures, '
                f"{did_you_mean(name, study.spec.measures)}"
            )
    for place, name in enumerate(study.spec.inference.prediction.bands):
        if name not in known:
            yield (
                f'inference.prediction.bands.{place}: no model "{name}" in the study, '
                f"{did_you_mean(name, known)}"
            )
    bands = study.spec.inference.prediction.bands
    named = {*explain.models, *explain.controls, *explain.partition, *bands}
    for model in study.models.values():
        if model.optional and named & {model.name, *model.instances}:
            yield (
                f'models: "{model.name}" is optional, and inference names it, which cannot go on '
                "without it; leave optional out"
            )
    if len(study.spec.inference.prediction.bands) == 1:
        yield "inference.prediction.bands: one model shares with no other; name two to four"
    if len(explain.partition) == 1:
        yield "inference.explain.partition: one model shares with no other; name two to four"


def _mistakes_of_areas(study: Study) -> Iterator[str]:
    """Yield regions of areas that are none, or no independent finding."""
    for area, members in study.spec.areas.items():
        owners: dict[str, str] = {}
        for place, member in enumerate(members):
            key = f"areas.{area}.{place}"
            dataset, stroke, region = member.partition("/")
            if not (dataset and stroke and region):
                yield (
                    f'{key}: "{member}" must name a dataset and a region of it, as in '
                    f'"{next(iter(study.datasets))}/V1"'
                )
            elif dataset not in study.datasets:
                yield f'{key}: no dataset "{dataset}", {did_you_mean(dataset, study.datasets)}'
            elif study.datasets[dataset].simulated:
                yield f'{key}: "{dataset}" is simulated, so that it is no finding about an area'
            elif dataset in owners:
                yield (
                    f'{key}: "{member}" is of the same dataset as "{owners[dataset]}", and two '
                    "regions of the same subjects and stimuli are no independent findings; name one"
                )
            else:
                owners[dataset] = member
                yield from _unknown_region(study.datasets[dataset], region, key)
    for name, spec in study.datasets.items():
        if name in spec.overlaps:
            yield f"{study.dataset_files[name]}: overlaps: a dataset overlaps with others only"


def _unknown_region(dataset: DatasetSpec, region: str, key: str) -> Iterator[str]:
    """Yield that a dataset has no such region, where its settings name all that it has."""
    known = regions_named(dataset)
    if known and region not in known:
        yield f'{key}: {dataset.name} has no region "{region}", {did_you_mean(region, known)}'


def _mistakes_of_dataset(
    study: Study, dataset: DatasetSpec, instances: Collection[str]
) -> Iterator[str]:
    """Yield what a dataset asks of the study and does not get."""
    where = f"datasets: {dataset.name}"
    stimuli = dataset.stimuli
    if isinstance(stimuli, SharedStimuli):
        if dataset.level is not None:
            yield f'{where}: level: belongs to the owner of the stimuli, "{stimuli.dataset}"'
        base = study.datasets.get(stimuli.dataset)
        if base is None:
            yield (
                f'{where}: stimuli are those of "{stimuli.dataset}", which the study does '
                f"not name, {did_you_mean(stimuli.dataset, study.datasets)}"
            )
        elif isinstance(base.stimuli, SharedStimuli):
            yield f'{where}: "{stimuli.dataset}" itself borrows its stimuli; name their owner'
    yield from _mistakes_of_rates(study, dataset)
    if isinstance(dataset.archive, SimulatedArchive):
        for region, planted in dataset.archive.regions.items():
            if planted.model not in instances:
                yield (
                    f'{where}: archive.regions.{region}.model: no model "{planted.model}" '
                    f"in the study, {did_you_mean(planted.model, instances)}"
                )
    if isinstance(dataset.responses, RdmResponses):
        for source in dataset.responses.sources:
            if source.distance not in {both(name)[0] for name in study.spec.distances}:
                yield (
                    f"distances: {dataset.name} comes as {source.distance} RDMs only; add "
                    f'"{source.distance}", or {{brain: {source.distance}, model: ...}}'
                )
                break


def _mistakes_of_rates(study: Study, dataset: DatasetSpec) -> Iterator[str]:
    """Yield rates over stimuli that are no bins, and smoothing along a variable that is none."""
    responses, stimuli = dataset.responses, dataset.stimuli
    if isinstance(stimuli, SharedStimuli) and stimuli.dataset in study.datasets:
        stimuli = study.datasets[stimuli.dataset].stimuli
    if not isinstance(responses, RateResponses) or isinstance(stimuli, SharedStimuli):
        return
    where = f"datasets: {dataset.name}: responses"
    if not isinstance(stimuli, VariableStimuli):
        yield (
            f"{where}: rates are of the bins of a variable, and the stimuli are of kind "
            f"{stimuli.kind}; expected stimuli of kind variable, or responses of kind nwb"
        )
        return
    if isinstance(responses.smoothing, dict):
        for name in responses.smoothing:
            if name not in stimuli.every:
                yield (
                    f'{where}.smoothing: no variable "{name}", {did_you_mean(name, stimuli.every)}'
                )

"""The study: datasets, models, and how they are compared."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import Field

from isomorph.errors import did_you_mean
from isomorph.study._base import Name, Spec, StudyError, Unique, read_spec
from isomorph.study.archive import SimulatedArchive
from isomorph.study.dataset import DatasetSpec
from isomorph.study.inference import Inference
from isomorph.study.model import ModelSpec, is_source, named_by_source
from isomorph.study.responses import RdmResponses
from isomorph.study.stimuli import ConditionStimuli, SharedStimuli


class StudySpec(Spec):
    """A study file as written."""

    name: Name
    title: str
    question: str = ""
    """What the study asks, shown at the head of the report."""
    datasets: Unique[str] = Field(min_length=1)
    """Names in `datasets/` beside or above the study file, or paths of YAML files."""
    models: Unique[str] = Field(min_length=1)
    """Names in `models/` beside or above the study file, paths of YAML files, or sources of models
    as a file would name them: `torchvision/resnet50`, `untrained/resnet50#3`, `baseline/pixels`."""
    distances: Unique[str] = Field(default=("correlation",), min_length=1)
    """Distances inside a representation."""
    measures: Unique[str] = Field(default=("rho_a",), min_length=1)
    """Measures between representations; the first is the report's main one."""
    inference: Inference = Inference()


@dataclass(frozen=True)
class Study:
    """A study with its datasets and models read and checked against each other.

    Attributes
    ----------
    spec : StudySpec
        The study file.
    path : Path
        Where it was read.
    datasets, models : dict
        Specs by name, in the study's order.
    dataset_files, model_files : dict
        The YAML file each was read from, by name, the study's own for a model it names by its
        source; a model may be named like a dataset.
    """

    spec: StudySpec
    path: Path
    datasets: dict[str, DatasetSpec]
    models: dict[str, ModelSpec]
    dataset_files: dict[str, Path]
    model_files: dict[str, Path]

    @property
    def name(self) -> str:
        return self.spec.name

    def dataset(self, name: str) -> DatasetSpec:
        """Return a dataset by name, or say which there are."""
        if name not in self.datasets:
            raise StudyError(
                self.path, [f'datasets: no "{name}", {did_you_mean(name, self.datasets)}']
            )
        return self.datasets[name]

    def instances(self) -> Iterator[tuple[str, ModelSpec, int | None]]:
        """Yield `(instance name, model spec, seed)` for every model the study runs."""
        for model in self.models.values():
            for instance, seed in model.instances.items():
                yield instance, model, seed

    def instances_for(self, dataset: str) -> Iterator[tuple[str, ModelSpec, int | None]]:
        """Yield the instances that are compared with a dataset, as `instances` does.

        Passed over are models that speak of other datasets, and models that take pixels where the
        stimuli have none.
        """
        owner = self.stimulus_set(dataset)
        blind = isinstance(self.dataset(owner).stimuli, ConditionStimuli)
        for instance, model, seed in self.instances():
            meant = not model.datasets or {dataset, owner} & set(model.datasets)
            if meant and not (blind and model.takes_images):
                yield instance, model, seed

    def level(self, dataset: str) -> str | None:
        """Return the column whose values are compared in place of single stimuli, if any."""
        return self.dataset(self.stimulus_set(dataset)).level

    def instance(self, name: str) -> tuple[ModelSpec, int | None]:
        """Return the spec and seed of a model instance, or say which there are."""
        known = {instance: (model, seed) for instance, model, seed in self.instances()}
        if name not in known:
            raise StudyError(self.path, [f'models: no "{name}", {did_you_mean(name, known)}'])
        return known[name]

    def model_key(self, name: str, key: str) -> str:
        """Return where a setting of a model stands: in its file, or under the study's `models`."""
        file = self.model_files[name]
        if file != self.path:
            return f"{file}: {key}"
        return "models" if key == "source" else f"models: {self.models[name].source}: {key}"

    def stimulus_set(self, dataset: str) -> str:
        """Return the dataset whose stimuli this one uses: itself unless it says `like`."""
        stimuli = self.dataset(dataset).stimuli
        return stimuli.dataset if isinstance(stimuli, SharedStimuli) else dataset


RESERVED_DATASETS = frozenset({"figures", "logs", "benchmarks"})
"""Folders that stand beside those of the datasets in a study's results."""

RESERVED_MODELS = frozenset({"brain"})
"""Files that stand beside those of the models."""

Vocabulary = Mapping[str, Collection[str]]
"""The names the registries know, by the settings that use them: `distances`, `measures`,
`inference.correction`, `source`, `transform`."""


def load_study(path: Path | str, vocabulary: Vocabulary | None = None) -> Study:
    """Read a study file with its datasets and models.

    Parameters
    ----------
    path : path
        The study's YAML file.
    vocabulary : mapping, optional
        Known names; a setting whose vocabulary is not given is not checked here.

    Raises
    ------
    StudyError
        With every mistake of the study file, of the files it names, and between them.
    """
    path = Path(path)
    spec = read_spec(path, StudySpec)
    mistakes: list[str] = []
    datasets, dataset_files = _read_members(path, "datasets", DatasetSpec, spec.datasets, mistakes)
    models, model_files = _read_models(path, spec.models, mistakes)
    study = Study(spec, path, datasets, models, dataset_files, model_files)
    mistakes += _unknown_names(study, vocabulary or {})
    if not mistakes:
        mistakes = list(_mistakes_between(study))
    if mistakes:
        raise StudyError(path, mistakes)
    return study


MemberT = TypeVar("MemberT", DatasetSpec, ModelSpec)


def _read_members(
    study: Path,
    key: str,
    kind: type[MemberT],
    names: Sequence[str],
    mistakes: list[str],
    passed_over: Collection[str] = (),
) -> tuple[dict[str, MemberT], dict[str, Path]]:
    """Read the files a study names under one key, adding to the mistakes instead of raising."""
    members: dict[str, MemberT] = {}
    files: dict[str, Path] = {}
    for position, name in enumerate(names):
        if name in passed_over:
            continue
        try:
            file = _find(study, key, name, f"{key}.{position}")
            member = read_spec(file, kind)
        except StudyError as error:
            prefix = "" if error.path == study else f"{error.path}: "
            mistakes += [prefix + mistake for mistake in error.mistakes]
            continue
        if member.name in files:
            mistakes.append(
                f'{key}.{position}: "{member.name}" is named twice, by {files[member.name]} and '
                f"{file}; name each once"
            )
        members[member.name] = member
        files[member.name] = file
    return members, files


def _read_models(
    study: Path, names: Sequence[str], mistakes: list[str]
) -> tuple[dict[str, ModelSpec], dict[str, Path]]:
    """Read the models that have files and make those a study names by their sources."""
    by_source = [name for name in names if is_source(name) and not _found(study, "models", name)]
    members, files = _read_members(study, "models", ModelSpec, names, mistakes, by_source)
    try:
        made = named_by_source(by_source, list(members.values()))
    except ValueError as error:
        mistakes.append(f"models: {error}")
        return members, files
    for entry, model in made.items():
        if members.setdefault(model.name, model) is not model:
            mistakes.append(
                f'models: "{entry}" would be named "{model.name}", as another model is; give it a '
                "file with a name of its own"
            )
        files.setdefault(model.name, study)
    return members, files


def _find(study: Path, folder: str, name: str, key: str) -> Path:
    """Find the file of a dataset or model named in a study."""
    if name.endswith((".yaml", ".yml")):
        return study.parent / name
    if file := _found(study, folder, name):
        return file
    places = _places(study, folder)
    found = {file.stem for place in places for file in place.glob("*.yaml") if file.is_file()}
    known = sorted(found)
    raise StudyError(
        study, [f'{key}: no {folder[:-1]} "{name}" in {places[0]}, {did_you_mean(name, known)}']
    )


def _found(study: Path, folder: str, name: str) -> Path | None:
    """Return the file of a name beside or above a study, where there is one."""
    for place in _places(study, folder):
        # `Path.exists` raises on a name that is too long
        if os.path.exists(file := place / f"{name}.yaml"):  # noqa: PTH110
            return file
    return None


def _places(study: Path, folder: str) -> list[Path]:
    return [study.parent / folder, study.parent.parent / folder]


def _unknown_names(study: Study, vocabulary: Vocabulary) -> Iterator[str]:
    """Yield every name in the study that no registry knows."""
    used = {
        "distances": [(f"distances.{i}", name) for i, name in enumerate(study.spec.distances)],
        "measures": [(f"measures.{i}", name) for i, name in enumerate(study.spec.measures)],
        "inference.correction": [("inference.correction", study.spec.inference.correction)],
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


def _mistakes_between(study: Study) -> Iterator[str]:
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
    for dataset in study.datasets.values():
        yield from _mistakes_of_dataset(study, dataset, instances)


def _mistakes_of_models(study: Study) -> Iterator[str]:
    """Yield instances that two models make, and twins of models that are not there."""
    owners: dict[str, str] = {}
    for instance, model, _ in study.instances():
        if instance in owners:
            yield (
                f'models: "{owners[instance]}" and "{model.name}" both make "{instance}"; '
                "rename one"
            )
        owners[instance] = model.name
    for model in study.models.values():
        if model.twin_of and model.twin_of not in study.models:
            yield (
                f'models: "{model.name}" is the twin of "{model.twin_of}", which the study does '
                "not name; add it"
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
    if len(explain.partition) == 1:
        yield "inference.explain.partition: one model shares with no other; name two to four"


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
    if isinstance(dataset.archive, SimulatedArchive):
        for region, planted in dataset.archive.regions.items():
            if planted.model not in instances:
                yield (
                    f'{where}: archive.regions.{region}.model: no model "{planted.model}" '
                    f"in the study, {did_you_mean(planted.model, instances)}"
                )
    if isinstance(dataset.responses, RdmResponses):
        for source in dataset.responses.sources:
            if source.distance not in study.spec.distances:
                yield (
                    f"distances: {dataset.name} comes as {source.distance} RDMs only; add "
                    f'"{source.distance}"'
                )
                break

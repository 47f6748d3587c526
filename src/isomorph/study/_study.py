"""The study: datasets, models, and how they are compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import Field, model_validator

from isomorph.errors import did_you_mean
from isomorph.study._base import Name, Spec, StudyError, Unique, with_title
from isomorph.study.dataset import DatasetSpec
from isomorph.study.dynamics import Dynamics
from isomorph.study.film import FilmStimuli
from isomorph.study.inference import Inference
from isomorph.study.model import ModelSpec
from isomorph.study.pairs import DistanceName
from isomorph.study.stimuli import SharedStimuli
from isomorph.study.topology import Topology


class StudySpec(Spec):
    """A study file as written."""

    name: Name
    title: str = ""
    """Made of the name unless given."""
    question: str = ""
    """What the study asks, shown at the head of the report."""
    datasets: Unique[str] = Field(min_length=1)
    """Names in `datasets/` beside or above the study file, then of the datasets that come with
    isomorph, or paths of YAML files."""
    models: Unique[str] = Field(min_length=1)
    """Names in `models/` beside or above the study file, then of the models that come with
    isomorph, paths of YAML files, or sources of models as a file would name them:
    `torchvision/resnet50`, `untrained/resnet50#3`, `baseline/pixels`."""
    distances: Unique[DistanceName] = Field(default=("correlation",), min_length=1)
    """Distances inside a representation: one of brains and models alike by its name,
    `correlation`, or one for each, `{brain: correlation, model: euclidean}`, which tables call
    `correlation~euclidean`."""
    measures: Unique[str] = Field(default=("rho_a",), min_length=1)
    """Measures between representations; the first is the report's main one. `cka_rbf(0.2)` is
    `cka_rbf` with a bandwidth of 0.2 times the median distance in place of 0.5."""
    areas: dict[str, Unique[str]] = {}
    """Regions of several datasets that stand for one area, over which models are averaged as over
    studies in a meta-analysis: `{IT: [dandi000628/IT, ds001246/LOC]}`. A region is named by its
    dataset and its name with a stroke between; of each dataset at most one, for regions of the same
    subjects and stimuli are no independent findings."""
    inference: Inference = Inference()
    topology: Topology | None = None
    """What is asked of the shape of activity: rings, tori, spheres; nothing unless given."""
    dynamics: Dynamics | None = None
    """Regions against each other by the laws their responses follow in time; nothing unless given,
    `{}` for the defaults."""

    @model_validator(mode="before")
    @classmethod
    def _titled(cls, content: Any) -> Any:
        return with_title(content)


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
    left_out : mapping of str to str
        Optional models that the study names and goes on without, each with the reason.
    """

    spec: StudySpec
    path: Path
    datasets: dict[str, DatasetSpec]
    models: dict[str, ModelSpec]
    dataset_files: dict[str, Path]
    model_files: dict[str, Path]
    left_out: Mapping[str, str] = field(default_factory=dict)

    def without(self, reasons: Mapping[str, str]) -> Study:
        """Return the study without some optional models and their untrained controls.

        Parameters
        ----------
        reasons : mapping of str to str
            By model; those that the study does not name, or that are not optional, stay.
        """
        gone = {name: why for name, why in reasons.items()
                if name in self.models and self.models[name].optional}  # fmt: skip
        if not gone:
            return self
        kept = {
            name: model
            for name, model in self.models.items()
            if name not in gone and model.control_of not in gone
        }
        return replace(self, models=kept, left_out={**self.left_out, **gone})

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

    def refuse_stranger(self, dataset: str, subject: str) -> None:
        """Refuse a subject that a dataset does not name, saying whom it does."""
        known = self.dataset(dataset).subjects
        if subject not in known:
            raise StudyError(
                self.dataset_files[dataset],
                [f'subjects: no "{subject}", {did_you_mean(subject, known)}'],
            )

    def instances(self) -> Iterator[tuple[str, ModelSpec, int | None]]:
        """Yield `(instance name, model spec, seed)` for every model the study runs."""
        for model in self.models.values():
            for instance, seed in model.instances.items():
                yield instance, model, seed

    def instances_for(self, dataset: str) -> Iterator[tuple[str, ModelSpec, int | None]]:
        """Yield the instances that are compared with a dataset, as `instances` does.

        Passed over are models that speak of other datasets, models that take pixels where the
        stimuli have none, and models that take clips where they are not frames of films.
        """
        owner = self.stimulus_set(dataset)
        blind, still = not self.has_images(dataset), not self.has_films(dataset)
        for instance, model, seed in self.instances():
            meant = not model.datasets or {dataset, owner} & set(model.datasets)
            unseen = (blind and model.takes_images) or (still and model.takes_clips)
            if meant and not unseen:
                yield instance, model, seed

    def has_images(self, dataset: str) -> bool:
        """Tell whether the stimuli of a dataset are pictures, which models that see can take."""
        return getattr(self.dataset(self.stimulus_set(dataset)).stimuli, "has_images", True)

    def has_films(self, dataset: str) -> bool:
        """Tell whether the stimuli of a dataset are frames of films, which others come before."""
        return isinstance(self.dataset(self.stimulus_set(dataset)).stimuli, FilmStimuli)

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

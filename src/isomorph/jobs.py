"""The jobs of a study: which stage runs for which dataset, subject and model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import cast

from isomorph.catalogue import CATALOGUE, is_asked, made_for, of_stimuli
from isomorph.layout import Layout
from isomorph.study import Study
from isomorph.study.archive import SimulatedArchive


@dataclass(frozen=True)
class Job:
    """One run of a stage.

    Attributes
    ----------
    stage : str
        What is made, see `isomorph.making.DECLARED`.
    names : tuple of str
        The dataset, and the subject or model instance where the stage has one.
    """

    stage: str
    names: tuple[str, ...] = ()

    def __str__(self) -> str:
        return " ".join((self.stage, *self.names))


def jobs(study: Study) -> Iterator[Job]:
    """Yield every job of a study, each once, in no order in which they could run."""
    for stage in dict.fromkeys(one.stage for one in CATALOGUE.values() if one.stage):
        if not is_asked(study, stage):
            continue
        whom = made_for(stage)
        if not whom:
            yield Job(stage)
            continue
        for dataset in stimulus_sets(study) if of_stimuli(stage) else study.datasets:
            if not is_asked(study, stage, dataset):
                continue
            for names in WITHIN[whom[1:]](study, dataset):
                yield Job(stage, (dataset, *names))


def stimulus_sets(study: Study) -> list[str]:
    """Return the datasets whose stimuli the study uses, each once."""
    return list(dict.fromkeys(study.stimulus_set(dataset) for dataset in study.datasets))


def models_on(study: Study, owner: str) -> list[str]:
    """Return the model instances that any dataset with the stimuli of `owner` is compared with."""
    users = [name for name in study.datasets if study.stimulus_set(name) == owner]
    return list(
        dict.fromkeys(instance for user in users for instance, _, _ in study.instances_for(user))
    )


WITHIN: dict[tuple[str, ...], Callable[[Study, str], Iterable[tuple[str, ...]]]] = {
    (): lambda *_: [()],
    ("subject",): lambda study, dataset: zip(study.dataset(dataset).subjects),
    ("model",): lambda study, owner: zip(models_on(study, owner)),
}
"""For whom stages run within a dataset, by what they are made for beside it."""


def simulated(study: Study) -> list[str]:
    """Return the datasets that are simulated from the activations of models."""
    return [
        name for name, spec in study.datasets.items() if isinstance(spec.archive, SimulatedArchive)
    ]


def planted_models(study: Study, dataset: str) -> list[str]:
    """Return the model instances a simulated dataset is made from, each once."""
    archive = study.dataset(dataset).archive
    if not isinstance(archive, SimulatedArchive):
        return []
    return list(dict.fromkeys(region.model for region in archive.regions.values()))


def patterns(study: Study, *, simulated: bool = False) -> Layout:
    """Return the layout of a study in which any name is a dataset, `{dataset}` included.

    Given names in braces it yields the workflow's path patterns, so that paths are spelt in
    `isomorph.layout` alone.

    Parameters
    ----------
    study : Study
        The study.
    simulated : bool
        Whether the datasets are simulated; their archives stand elsewhere.
    """
    archive = SimulatedArchive.model_construct() if simulated else None
    return _Patterns(cast(Study, _AnyDataset(study.name, archive)))


class _Patterns(Layout):
    """A layout of names in braces, of which the key is one."""

    def key(self, dataset: str, instance: str) -> str:
        return "{key}"


@dataclass(frozen=True)
class _AnyDataset:
    """Answers a layout's questions in the same way for any dataset, `{dataset}` included."""

    name: str
    archive: object

    def dataset(self, _: str) -> _AnyDataset:
        return self

    def stimulus_set(self, dataset: str) -> str:
        return dataset

"""What a stage does before it reads and when it writes: refuse what does not fit, and sign."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any
from weakref import WeakKeyDictionary

from isomorph import slices
from isomorph.artefacts import NoSuchFileError, Provenance, provenance
from isomorph.catalogue import made_for
from isomorph.errors import IsomorphError
from isomorph.jobs import Job
from isomorph.layout import Layout
from isomorph.making.declared import command_of, job_of, settings_of
from isomorph.making.fitting import Fitting, key_of
from isomorph.making.wording import differences


@dataclass(frozen=True)
class _State:
    """What decides what a job makes, at one moment; see `Provenance`."""

    settings: Mapping[str, Any]
    code: str
    inputs: Mapping[str, str]
    upstream: Mapping[str, str]


_begun: WeakKeyDictionary[Layout, dict[Job, _State]] = WeakKeyDictionary()
"""What decided the jobs of a layout that have begun and have not signed yet."""


def require(layout: Layout, stage: str, *names: str, partial: bool = False) -> None:
    """Refuse to run a job on files that are absent or not what the study now says.

    Parameters
    ----------
    layout : Layout
    stage : str
        See `isomorph.making.DECLARED`.
    *names : str
        The dataset, and the subject or model where the stage has one.
    partial : bool, optional
        Whether the stage makes do with what is there.

    Raises
    ------
    IsomorphError
        Naming the file, what differs, and the command that makes it again.
    """
    job, fitting = job_of(layout.study, stage, *names), Fitting(layout)
    if not partial:
        for file in fitting.files(job):
            if not file.exists():
                raise NoSuchFileError(file)
    fitting.look_ahead(fitting.ancestors(job))
    _refuse(fitting, fitting.parents(job))
    begin(fitting, job)


def begin(fitting: Fitting, job: Job) -> None:
    """Note what decides what a job makes, with which `stamp` will sign it.

    A job may run for hours. Settings in files of the user's, inputs and code are those with which
    it began; where one is another by its end, nobody knows which of the two was used.
    """
    _begun.setdefault(fitting.layout, {})[job] = _state(fitting, job)


def require_jobs(layout: Layout, jobs: Sequence[Job]) -> None:
    """Refuse what some jobs wrote where it is not what the study now says.

    Raises
    ------
    IsomorphError
        See `require`.
    """
    _refuse(Fitting(layout), jobs)


def stamp(
    layout: Layout,
    stage: str,
    *names: str,
    source: str = "",
    seed: int | None = None,
    noted: Mapping[str, Any] | None = None,
    also: Mapping[Path, str] = MappingProxyType({}),
    packages: Sequence[str] = (),
) -> Provenance:
    """Return the provenance of what a job is about to write: of what it began with.

    Parameters
    ----------
    layout : Layout
    stage : str
        See `isomorph.making.DECLARED`.
    *names : str
        The dataset, and the subject or model where the stage has one.
    source : str, optional
        Archive and version in words.
    seed : int, optional
        Seed of whatever was random.
    noted : mapping, optional
        What the stage found out and a reader may want to know, JSON-ready.
    also : mapping of Path to str, optional
        Files read that no stage made, each with its sha256.
    packages : sequence of str, optional
        Libraries that did the computing, beside those an artefact always names.

    Raises
    ------
    IsomorphError
        When something that decides it has changed since `require` or `begin`.
    """
    study = layout.study
    job = job_of(study, stage, *names)
    now = _state(Fitting(layout), job)
    state = _begun.get(layout, {}).pop(job, now)
    if changed := next(_changes(state, now), ""):
        raise IsomorphError(
            f"{changed} has changed while {job} ran; run it again: {command_of(layout, job)}"
        )
    found = provenance(
        stage,
        settings=state.settings,
        source=source,
        code=state.code,
        seed=seed,
        packages=packages,
    )
    others = {key_of(layout, file): digest for file, digest in also.items()}
    return replace(
        found,
        inputs={**others, **state.inputs},
        made_for=dict(zip(made_for(stage), job.names, strict=True)) or {"study": study.name},
        noted=dict(noted or {}),
        upstream=state.upstream,
    )


def _refuse(fitting: Fitting, jobs: Sequence[Job]) -> None:
    for job in jobs:
        if said := fitting.first(job):
            raise IsomorphError(said)


def _state(fitting: Fitting, job: Job) -> _State:
    return _State(
        settings_of(fitting.layout.study, job),
        fitting.code(job),
        fitting.inputs(job),
        fitting.upstream(job),
    )


def _changes(then: _State, now: _State) -> Iterator[str]:
    """Name what has changed of what the job itself was made by and from."""
    for key, _, _ in differences(then.settings, now.settings):
        head, _, file = key.partition(".")
        yield file if head in slices.FILES else key
    if then.code != now.code:
        yield "isomorph's code"
    for key, _, _ in differences(then.inputs, now.inputs):
        yield key

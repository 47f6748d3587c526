"""What a stage does before it reads and when it writes: refuse what does not fit, and sign."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from isomorph.artefacts import NoSuchFileError, Provenance, provenance
from isomorph.errors import IsomorphError
from isomorph.jobs import Job
from isomorph.layout import Layout
from isomorph.making.declared import DECLARED, inputs_of, job_of, settings_of
from isomorph.making.fitting import Fitting, key_of


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
    job = job_of(layout.study, stage, *names)
    if not partial:
        for file in inputs_of(layout, job):
            if not file.exists():
                raise NoSuchFileError(file)
    require_jobs(layout, Fitting(layout).parents(job))


def require_jobs(layout: Layout, jobs: Sequence[Job]) -> None:
    """Refuse what some jobs wrote where it is not what the study now says.

    Raises
    ------
    IsomorphError
        See `require`.
    """
    fitting = Fitting(layout)
    for job in jobs:
        if said := fitting.first(job):
            raise IsomorphError(said)


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
    """Return the provenance of what a job is about to write.

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
    """
    study = layout.study
    job, fitting = job_of(study, stage, *names), Fitting(layout)
    made_for = dict(zip(DECLARED[stage].made_for, job.names, strict=True))
    found = provenance(
        stage,
        settings=settings_of(study, job),
        source=source,
        code=fitting.code(job),
        seed=seed,
        packages=packages,
    )
    others = {key_of(layout, file): digest for file, digest in also.items()}
    return replace(
        found,
        inputs={**others, **fitting.inputs(job)},
        made_for=made_for or {"study": study.name},
        noted=dict(noted or {}),
        upstream=fitting.upstream(job),
    )

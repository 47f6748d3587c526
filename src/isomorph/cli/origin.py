"""Which command makes a file, said where a stage finds it missing."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from isomorph.cli.stages import STAGES
from isomorph.errors import IsomorphError

if TYPE_CHECKING:
    from isomorph.jobs import Job
    from isomorph.layout import Layout

OUTPUTS: dict[str, Callable[..., list[Path]]] = {
    "fetch": lambda layout, dataset: [layout.manifest(dataset)],
    "stimuli": lambda layout, dataset: [layout.stimuli(dataset)],
    "responses": lambda layout, *names: [layout.responses(*names)],
    "reliability": lambda layout, dataset: [layout.reliability(dataset)],
    "activations": lambda layout, *names: [layout.activations(*names)],
    "rdms": lambda layout, dataset, *model: [
        layout.model_rdms(dataset, *model) if model else layout.brain_rdms(dataset)
    ],
    "compare": lambda layout, dataset: [
        place(dataset)
        for place in (
            *(layout.comparisons, layout.subjects, layout.regions, layout.preferences),
            *(layout.selection, layout.layers_in_set, layout.differences, layout.contrasts),
            layout.recovery,
        )
    ],
    "recover": lambda layout, dataset: [
        place(dataset) for place in (layout.confusion, layout.power, layout.agreement)
    ],
    "explain": lambda layout, dataset: [
        place(dataset)
        for place in (
            layout.partial,
            layout.weighted,
            layout.partition,
            layout.models,
            layout.representations,
        )
    ],
}
"""What a job writes that other stages read, by its stage."""


@contextmanager
def say_who_makes(layout: Layout) -> Iterator[None]:
    """Add to the sentence about a missing file the command that makes it.

    Raises
    ------
    IsomorphError
        In place of a missing file that a stage of this study makes.
    """
    from isomorph.artefacts import NoSuchFileError

    try:
        yield
    except (NoSuchFileError, FileNotFoundError) as error:
        path = error.path if isinstance(error, NoSuchFileError) else error.filename
        command = maker(layout, Path(path)) if isinstance(path, str | Path) else None
        if command is None:
            raise
        raise IsomorphError(f"{path}: no such file; make it first: {command}") from error


def maker(layout: Layout, path: Path) -> str | None:
    """Return the command that makes a file, None when no stage of the study does."""
    from isomorph.jobs import jobs

    for job in jobs(layout.study):
        if job.stage in OUTPUTS and path in OUTPUTS[job.stage](layout, *job.names):
            return _command(layout, job)
    return None


def _command(layout: Layout, job: Job) -> str:
    stage = STAGES[job.stage]
    words = ["isomorph", job.stage, "--study", str(layout.study.path)]
    if layout.root != Path():
        words += ["--root", str(layout.root)]
    for argument, name in zip(stage.arguments, job.names, strict=False):
        words += [f"--{argument}", name]
    if stage.brain_entry and len(job.names) < len(stage.arguments):
        words.append("--brain")
    return shlex.join(words)

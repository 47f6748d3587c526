"""Whether everything a study has on the disk is whole, its own, and what the study now says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from isomorph.archives.manifest import own_files, read_manifest
from isomorph.artefacts import BY_SESSION, artefact_kind, read_array, read_table
from isomorph.catalogue import CATALOGUE
from isomorph.errors import IsomorphError
from isomorph.jobs import Job, jobs
from isomorph.layout import Layout
from isomorph.making import Fitting, other_versions, outputs_of, stamps
from isomorph.report.published import scores
from isomorph.stages.datasets import images_of


@dataclass(frozen=True)
class Verdict:
    """What was found of a study.

    Attributes
    ----------
    problems : list of str
        A sentence each; none where all is well.
    notes : list of str
        What a reader should know and is not a mistake.
    there, absent : int
        Artefacts that were looked at, and that are not there.
    """

    problems: list[str]
    notes: list[str]
    there: int
    absent: int


def verify(layout: Layout) -> Verdict:
    """Read every artefact of a study and compare it with the study and with its inputs.

    Settings, hashes of inputs, code, identity, the hash of what each holds, every file of the
    archives against its manifest, and every image against the stimulus table.
    """
    fitting = Fitting(layout)
    fitting.look_ahead(jobs(layout.study))
    problems, by_hand, there, absent = [], [], 0, 0
    for job in jobs(layout.study):
        files = outputs_of(layout, job)
        absent += sum(not file.exists() for file in files.values())
        found = {name: file for name, file in files.items() if file.exists()}
        there += len(found)
        if not found:
            continue
        if said := fitting.own(job):
            problems.append(said)
            continue
        for name, file in found.items():
            problems += _damage(layout, job, name, file)
        by_hand += [file for file in found.values() if not fitting.stamp(file).made_for]
    notes = other_versions(stamps(fitting, jobs(layout.study)))
    if not problems:
        off, told = _published(layout)
        problems += off
        notes += told
    notes += [f"{file}: was written by no stage of a study; taken as it is" for file in by_hand]
    return Verdict(problems, notes, there, absent)


def _published(layout: Layout) -> tuple[list[str], list[str]]:
    """Return published scores that were not found again, and a note of those that were."""
    off: list[str] = []
    told: list[str] = []
    for dataset, spec in layout.study.datasets.items():
        if not (layout.comparisons(dataset).is_file() and layout.brain_rdms(dataset).is_file()):
            continue
        known = scores(layout, dataset)
        missed = [
            f"{layout.study.dataset_files[dataset]}: expected.published: {one} ({one.setting}; "
            f"{one.spec.source}), expected within {one.spec.tolerance:g}"
            for one in known
            if not one.holds
        ]
        (off if spec.expected.mismatch == "refuse" else told).extend(missed)
        if found := sum(one.holds for one in known):
            told.append(f"{dataset}: {found} of {len(known)} published scores found again")
    return off, told


def _damage(layout: Layout, job: Job, name: str, file: Path) -> Iterator[str]:
    """Yield what is wrong with the bytes of an artefact, or of the files it lists."""
    made = CATALOGUE[name]
    try:
        if made.array in BY_SESSION:
            ready = artefact_kind(file) == "rdms"
            read_array(file, "rdms") if ready else BY_SESSION[made.array](file)
        elif made.array:
            read_array(file, made.array)
        elif name == "manifest":
            yield from _lost_bytes(layout, job.names[0])
        elif made.columns:
            read_table(file, name)
            if name == "stimuli":
                yield from _lost_images(layout, job.names[0])
    except IsomorphError as error:
        yield str(error)


def _lost_bytes(layout: Layout, dataset: str) -> Iterator[str]:
    manifest = read_manifest(layout, dataset)
    for record in own_files(layout, dataset, manifest):
        if not record.is_intact(manifest.root):
            yield (
                f"{manifest.root / record.path}: is not the file that was fetched; put it back or "
                f'fetch the dataset "{dataset}" again (isomorph fetch)'
            )


def _lost_images(layout: Layout, dataset: str) -> Iterator[str]:
    if not any(read_table(layout.stimuli(dataset), "stimuli")["file"]):
        return
    for _, read in images_of(layout, dataset):
        try:
            read()
        except IsomorphError as error:
            yield str(error)

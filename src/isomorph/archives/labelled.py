"""Runs one after another in one image, a label for each volume: laid out as BIDS on arrival."""

from __future__ import annotations

import json
from itertools import groupby
from pathlib import Path

from isomorph.artefacts import replacing
from isomorph.errors import IsomorphError
from isomorph.foreign import reading
from isomorph.foreign.brain_images import open_image
from isomorph.study.archive import LabelledVolumes


def arrange(folder: Path, spec: LabelledVolumes) -> list[str]:
    """Cut an image into runs and write them as BIDS, with an events table each.

    The bytes written depend on those read alone, and a file that holds them already is left as it
    is.

    Parameters
    ----------
    folder : Path
        Where the members stand and the new files go.
    spec : LabelledVolumes
        Which image, which labels, whose.

    Returns
    -------
    list of str
        The new files, relative to the folder.

    Raises
    ------
    IsomorphError
        When image and labels do not fit, or a run comes back after another.
    """
    source = folder / spec.bold
    labels = _labels(folder / spec.labels)
    image = open_image(source, "an image of volumes")
    if image.ndim != 4 or image.shape[3] != len(labels):
        raise IsomorphError(
            f"{source}: is of shape {image.shape}, expected {len(labels)} volumes, the lines of "
            f"{spec.labels}"
        )
    stem = f"sub-{spec.subject}/func/sub-{spec.subject}_task-{spec.task}"
    written = {f"task-{spec.task}_bold.json": _sidecar(spec)}
    start = 0
    for number, (run, rows) in enumerate(groupby(labels, key=lambda label: label[1]), 1):
        conditions = [condition for condition, _ in rows]
        name = f"{stem}_run-{number:02d}"
        if run in {other for _, other in labels[:start]}:
            raise IsomorphError(f"{folder / spec.labels}: run {run} comes back after another run")
        with reading(source, "an image of volumes"):
            part = image.slicer[..., start : start + len(conditions)]
            written[f"{name}_bold.nii"] = part.to_bytes()
        written[f"{name}_events.tsv"] = _events(conditions, spec)
        start += len(conditions)
    for path, content in written.items():
        _write(folder / path, content)
    return list(written)


def _labels(file: Path) -> list[tuple[str, str]]:
    """Return condition and run of each volume."""
    with reading(file, "a list of conditions and runs"):
        lines = [line.split() for line in file.read_text(encoding="utf-8").splitlines() if line]
    for number, line in enumerate(lines, 1):
        if len(line) != 2:
            raise IsomorphError(
                f"{file}: line {number} holds {len(line)} words, expected a condition and a run"
            )
    return [(condition, run) for condition, run in lines]


def _events(conditions: list[str], spec: LabelledVolumes) -> bytes:
    """Return an events table with a row for each block of volumes of one condition."""
    lines = ["onset\tduration\ttrial_type"]
    volume = 0
    for condition, block in groupby(conditions):
        length = len(list(block))
        if condition not in spec.rest:
            onset = volume * spec.repetition_time
            lines.append(f"{onset:g}\t{length * spec.repetition_time:g}\t{condition}")
        volume += length
    return ("\n".join(lines) + "\n").encode()


def _sidecar(spec: LabelledVolumes) -> bytes:
    content = {"RepetitionTime": spec.repetition_time, "TaskName": spec.task}
    return (json.dumps(content, indent=1) + "\n").encode()


def _write(file: Path, content: bytes) -> None:
    if file.is_file() and file.read_bytes() == content:
        return
    with replacing(file) as temporary:
        temporary.write_bytes(content)

"""Every intermediate file of a small study, damaged in every way, and what its readers say.

A study of a recording, of ready RDMs and of two models is computed. Then each file that a stage
reads is truncated, emptied, deleted, replaced by a sibling or by something else altogether, or has
bytes flipped, and each stage that reads it runs: none may use it in silence or end in a traceback.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable, Container, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from _command import parser_of

sys.path.insert(0, str(Path(__file__).parents[1] / "tests/workflow"))

import tiny_study as tiny

from isomorph.artefacts import read_provenance
from isomorph.cli import main
from isomorph.jobs import Job, jobs
from isomorph.layout import Layout
from isomorph.making import inputs_of, outputs_of, words_of, written_by
from isomorph.study import load_study

SILENT, TRACEBACK, TOLD, PARTIAL = "used in silence", "traceback", "refused", "left out, and told"
HARMLESS = "of no matter: what was made of it is the same"


@dataclass(frozen=True)
class Trial:
    """One file, how it was damaged, who read it, and what came of it."""

    file: str
    damage: str
    reader: str
    outcome: str
    said: str


def compute(folder: Path, without: Container[str] = ()) -> Layout:
    """Write a small study and run every stage of it, but those to go without."""
    tiny.write(folder)
    tiny.write_rdms(folder, tiny.N_STIMULI)
    file = folder / "config" / "study.yaml"
    tiny.write_yaml(file, {**tiny.STUDY, "models": ["pixels", "baseline/luminance"]})
    layout = Layout(load_study(file), folder)
    waiting = [job for job in jobs(layout.study) if job.stage not in without]
    while waiting:  # each after what it reads
        job = next(one for one in waiting if not set(inputs_of(layout, one).values()) & {*waiting})
        waiting.remove(job)
        status, said = run(layout, job)
        assert status == 0, said
    return layout


def run(layout: Layout, job: Job) -> tuple[int, str]:
    """Run the command of a job and return its status and what it said."""
    words = words_of(job, "--study", str(layout.study.path), "--root", str(layout.root))
    said = StringIO()
    with redirect_stderr(said), redirect_stdout(said):
        status = main(words)
    return status, said.getvalue()


# ---------------------------------------------------------------- damage


def truncate(file: Path, _: Path | None) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size * 2 // 3])


def flip(file: Path, _: Path | None) -> None:
    """Change one byte in the middle, to another letter where it is text."""
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def sprinkle(file: Path, _: Path | None) -> None:
    """Change a byte in every two hundred, at least one."""
    content = bytearray(file.read_bytes())
    for place in range(len(content) % 200 // 2, len(content), 200):
        content[place] ^= 1
    file.write_bytes(content)


def empty(file: Path, _: Path | None) -> None:
    file.write_bytes(b"")


def delete(file: Path, _: Path | None) -> None:
    file.unlink()


def swap(file: Path, sibling: Path | None) -> None:
    """Put a file of the same kind in its place, with the provenance of that."""
    assert sibling is not None
    shutil.copy(sibling, file)
    if sibling.with_suffix(".json").is_file() and file.suffix == ".csv":
        shutil.copy(sibling.with_suffix(".json"), file.with_suffix(".json"))


def another_kind(file: Path, _: Path | None) -> None:
    file.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))


DAMAGES: dict[str, Callable[[Path, Path | None], None]] = {
    "truncated": truncate,
    "one byte flipped": flip,
    "bytes flipped": sprinkle,
    "emptied": empty,
    "deleted": delete,
    "a sibling's": swap,
    "another kind": another_kind,
}


# ---------------------------------------------------------------- who reads what


def intermediates(layout: Layout) -> Iterator[tuple[Path, Path | None, Job]]:
    """Yield every file that a job reads, its sibling if it has one, and that job."""
    made = [file for job in jobs(layout.study) for file in outputs_of(layout, job).values()]
    for job in jobs(layout.study):
        for file in inputs_of(layout, job):
            if file.is_dir():
                drawn = sorted(one for one in file.iterdir() if one.suffix in (".svg", ".png"))
                yield drawn[0], drawn[1], job
                yield file / "figures.json", None, job
                yield file / "provenance.json", None, job
                continue
            siblings = [one for one in made if one.suffix == file.suffix and one != file]
            near = [one for one in siblings if one.parent == file.parent] or siblings
            yield file, next(iter(near), None), job
            if file.suffix == ".csv":
                yield file.with_suffix(".json"), None, job
        if job.stage == "activations":
            images = sorted((layout.stimuli(job.names[0]).parent / "images").iterdir())
            yield images[0], images[1], job
        if job.stage == "responses":
            own = layout.root / "files" / job.names[0]
            for file in sorted(own.glob(f"{job.names[1]}*")) or sorted(own.glob("*.npy")):
                other = next(
                    (one for one in sorted(own.glob(f"*{file.name[3:]}")) if one != file), None
                )
                yield file, other, job


def trials(layout: Layout, *, quick: bool) -> Iterator[Trial]:
    """Damage each file in each way, run each of its readers, and put everything back.

    Parameters
    ----------
    layout : Layout
        Of a study that was computed.
    quick : bool
        Whether one reader and one damage of each file are enough, in turn; of what the page alone
        reads, which takes long, one file of each name.
    """
    seen: set[Path] = set()
    for file, sibling, job in list(intermediates(layout)):
        page_has = job.stage == "report" and file.name in {one.name for one in seen}
        if quick and (file in seen or page_has):
            continue
        ways = [*DAMAGES.items()]
        for damage, hurt in [ways[len(seen) % len(ways)]] if quick else ways:
            if hurt is swap and (sibling is None or sibling.read_bytes() == file.read_bytes()):
                continue
            yield trial(layout, file, sibling, job, damage)
        seen.add(file)


def trial(layout: Layout, file: Path, sibling: Path | None, job: Job, damage: str) -> Trial:
    """Damage one file in one way, run one of its readers, and put everything back."""
    with tempfile.TemporaryDirectory() as place:
        kept = [file, file.with_suffix(".json"), *written(layout, job)]
        for number, one in enumerate(kept):
            if one.is_file():
                shutil.copy2(one, Path(place) / str(number))
        DAMAGES[damage](file, sibling)
        found = outcome(layout, job)
        for number, one in enumerate(kept):
            if (copy := Path(place) / str(number)).is_file():
                shutil.copy2(copy, one)
    return Trial(file.relative_to(layout.root).as_posix(), damage, str(job), *found)


def written(layout: Layout, job: Job) -> Iterator[Path]:
    """Yield all the files that a job may write again."""
    for file in written_by(layout, job):
        yield from file.iterdir() if file.is_dir() else (file, file.with_suffix(".json"))


def outcome(layout: Layout, job: Job) -> tuple[str, str]:
    """Run a job and return what came of it, and its sentence."""
    before = made_by(layout, job)
    try:
        status, said = run(layout, job)
    except Exception:
        return TRACEBACK, traceback.format_exc().splitlines()[-1]
    sentence = said.splitlines()[-1].replace(str(layout.root), "").strip() if said else ""
    if status:
        return TOLD, sentence
    partial = next((line for line in said.splitlines() if "missing: " in line), "")
    if partial:
        return PARTIAL, partial
    return (HARMLESS if made_by(layout, job) == before else SILENT), sentence


def made_by(layout: Layout, job: Job) -> list[str]:
    """Return a hash for all that each file of a job holds."""
    return [read_provenance(file).identity for file in outputs_of(layout, job).values()]


if __name__ == "__main__":
    options = parser_of(__doc__).parse_args()
    with tempfile.TemporaryDirectory() as place:
        found = list(trials(compute(Path(place) / "study"), quick=options.quick))
    counts = Counter(one.outcome for one in found)
    if options.json:
        print(json.dumps(counts, indent=1))
    else:
        for one in found:
            print(f"{one.file} | {one.damage} | {one.reader} | {one.outcome} | {one.said[:160]}")
        print(f"{len(found)} trials: " + ", ".join(f"{n} {what}" for what, n in counts.items()))
    sys.exit(counts[SILENT] + counts[TRACEBACK] > 0)

"""Whether what stands on the disk is what the study now says, made from what stands there now."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from isomorph import slices
from isomorph.artefacts import Provenance, read_provenance, sha256
from isomorph.artefacts.manifests import Manifest, read_manifest
from isomorph.catalogue import made_for
from isomorph.errors import IsomorphError
from isomorph.foreign.hdf5 import try_together
from isomorph.jobs import Job
from isomorph.layout import Layout
from isomorph.making.declared import (
    DECLARED,
    Part,
    code_of,
    command_of,
    outputs_of,
    parts_of,
    settings_of,
)
from isomorph.making.wording import about, edited
from isomorph.shown import located, shown

MANIFEST = "manifest.json"


class Fitting:
    """Compares artefacts with a study, each file once.

    Of netCDF files only attributes are read; the stage that reads one checks its arrays. What no
    stage of a study wrote, by its own provenance, is taken as it is, as long as it is whole.

    Parameters
    ----------
    layout : Layout
    """

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self._stamps: dict[Path, Provenance | IsomorphError] = {}
        self._manifests: dict[str, Manifest] = {}
        self._decided: dict[Job, str] = {}
        self._codes: dict[tuple[str, ...], str] = {}
        self._inputs: dict[Job, dict[Path, Part]] = {}
        self._ancestors: dict[Job, list[Job]] = {}
        self._own: dict[Job, str] = {}
        self._first: dict[Job, str] = {}

    def first(self, job: Job) -> str:
        """Say what is wrong with what a job wrote or with anything it goes back to; else ''.

        The root of the trouble comes first. What is not there is not wrong.
        """
        if job not in self._first:
            above = (self.first(one) for one in self.parents(job))
            self._first[job] = next((said for said in above if said), "") or self.own(job)
        return self._first[job]

    def own(self, job: Job) -> str:
        """Say what is wrong with what a job wrote itself, in one sentence with its command."""
        if job not in self._own:
            files = outputs_of(self.layout, job).values()
            there = [file for file in files if file.exists()]
            said = next((one for file in there if (one := self._of(job, file))), "")
            gone = next((file for file in files if not file.exists()), None)
            if there and gone and not said and self.stamp(there[0]).made_for:
                said = f"{gone}: has gone, while {there[0].name} is still there"
            command = command_of(self.layout, job)
            self._own[job] = f"{said}; make it again: {command}" if said else ""
        return self._own[job]

    def look_ahead(self, jobs: Iterable[Job]) -> None:
        """Try the netCDF files of many jobs together, of which each takes as long when alone."""
        files = (file for job in jobs for file in outputs_of(self.layout, job).values())
        try_together(file for file in files if file.suffix == ".nc")

    def parents(self, job: Job) -> list[Job]:
        """Return the jobs whose files a job reads."""
        return list(dict.fromkeys(part.job for part in self.files(job).values()))

    def files(self, job: Job) -> dict[Path, Part]:
        """Return the files a job reads, each with the part of another job that it belongs to."""
        if job not in self._inputs:
            self._inputs[job] = parts_of(self.layout, job)
        return self._inputs[job]

    def ancestors(self, job: Job) -> list[Job]:
        """Return all the jobs a job goes back to, each once, after those it goes back to itself."""
        if job not in self._ancestors:
            found: dict[Job, None] = {}
            for parent in self.parents(job):
                found |= dict.fromkeys((*self.ancestors(parent), parent))
            self._ancestors[job] = list(found)
        return self._ancestors[job]

    def stamp(self, file: Path) -> Provenance:
        """Return the provenance of a file, read once.

        Raises
        ------
        IsomorphError
            See `isomorph.artefacts.read_provenance`.
        """
        if file not in self._stamps:
            try:
                self._stamps[file] = (
                    self._manifest(file).provenance
                    if file.name == MANIFEST
                    else read_provenance(file)
                )
            except IsomorphError as error:
                self._stamps[file] = error
        found = self._stamps[file]
        if isinstance(found, IsomorphError):
            raise found
        return found

    def inputs(self, job: Job) -> dict[str, str]:
        """Return the hash of every file that a job reads and that is there, by its name.

        It is '' where its provenance cannot be read: that is reported as the file's own trouble.
        """
        return {
            key_of(self.layout, file): self._identity(file, part) if self._is_readable(file) else ""
            for file, part in self.files(job).items()
            if file.exists()
        }

    def upstream(self, job: Job) -> dict[str, str]:
        """Return, for every job that a job goes back to, digests of what decided it and its inputs.

        So a file can be judged even where those it was made from have been deleted.
        """
        return {
            str(one): f"{self._decision(one)} {self._made_from(one)}" for one in self.ancestors(job)
        }

    def code(self, job: Job) -> str:
        """Return a digest of the code that decides what a job makes."""
        modules = DECLARED[job.stage].code(self.layout.study, *job.names)
        if modules not in self._codes:
            self._codes[modules] = code_of(*modules)
        return self._codes[modules]

    # ------------------------------------------------------------ one file

    def _of(self, job: Job, file: Path) -> str:
        try:
            stamp = self.stamp(file)
        except IsomorphError as error:
            return str(error)
        said = next(self._differences(job, stamp, file), "") if stamp.made_for else ""
        return f"{file}: {said}" if said else _changed(file, stamp)

    def _differences(self, job: Job, stamp: Provenance, file: Path) -> Iterator[str]:
        whom = dict(zip(made_for(job.stage), job.names, strict=True)) or {"study": self._study}
        if stamp.stage != job.stage or stamp.made_for != whom:
            yield f"is {about(stamp.stage, stamp.made_for)}, not {about(job.stage, whom)}"
        if _is_told_beside(file) and file.is_file() and file.name not in stamp.contents:
            yield f"is what was written as {', '.join(stamp.contents)}"
        settings = settings_of(self.layout.study, job)
        if "lock" in settings and {*settings["subjects"]} <= {*stamp.settings.get("subjects", ())}:
            # studies of one dataset share its folder, and each may have brought subjects of its own
            settings["subjects"] = stamp.settings["subjects"]
        yield from edited(stamp.settings, settings)
        if stamp.code != self.code(job):
            yield "was made by another version of isomorph's code"
        yield from self._other_inputs(job, stamp)
        yield from self._gone(job, stamp)
        yield from self._no_longer(job, stamp)

    @property
    def _study(self) -> str:
        return self.layout.study.name

    def _other_inputs(self, job: Job, stamp: Provenance) -> Iterator[str]:
        for file, part in self.files(job).items():
            key = key_of(self.layout, file)
            if not file.exists():
                continue
            if key not in stamp.inputs:
                yield f"was made without {key}, which is there now"
            elif self._is_readable(file) and stamp.inputs[key] != self._identity(file, part):
                yield f"was made from another {key} than the one that is there now"

    def _gone(self, job: Job, stamp: Provenance) -> Iterator[str]:
        """Judge a file by what it says of those that it goes back to and that were deleted."""
        for one in self.ancestors(job):
            if any(file.exists() for file in outputs_of(self.layout, one).values()):
                continue
            decision, made_from = (stamp.upstream.get(str(one), "") + " ").split(" ")[:2]
            if decision != self._decision(one):
                yield f"goes back to {one}, which is gone and was made by other settings or code"
            now = self._made_from(one)
            if made_from and now and made_from != now:
                yield f"goes back to {one}, which is gone and was made from other files"

    def _no_longer(self, job: Job, stamp: Provenance) -> Iterator[str]:
        """Compare the files that were read without being made by a job of the study."""
        known = {key_of(self.layout, file) for file in self.files(job)}
        for key, digest in stamp.inputs.items():
            if key in known or job.stage == "fetch":
                continue
            file = self.layout.root / located(key)
            if self._is_of_an_archive(file, job):
                continue
            if any(file.is_relative_to(folder) for folder in self.layout.made):
                yield f"was made from {key}, which the study no longer asks for"
            elif file.is_file() and sha256(file) != digest:
                yield f"was made from another {key} than the one that is there now"

    def _is_readable(self, file: Path) -> bool:
        """Tell whether a file has a provenance; where it has none that is its own trouble."""
        try:
            self.stamp(file)
        except IsomorphError:
            return False
        return True

    def _is_of_an_archive(self, file: Path, job: Job) -> bool:
        """Tell whether the manifest answers for a file; a damaged one says so itself."""
        manifest = self.layout.manifest(job.names[0]) if job.names else Path()
        if not manifest.is_file() or not self._is_readable(manifest):
            return manifest.is_file()
        return _plain(file).is_relative_to(_plain(self._manifest(manifest).root))

    # ------------------------------------------------------------ hashes

    def _identity(self, file: Path, part: Part) -> str:
        if file.name != MANIFEST:
            return self.stamp(file).identity
        manifest = self._manifest(file)
        if part.subjects:
            return manifest.digest(part.subjects)
        if part.subjects is not None and manifest.subjects:  # what all share, pinned by the lock
            lock = manifest.provenance.settings.get("lock", "")
            return hashlib.sha256(f"{manifest.digest(())} {lock}".encode()).hexdigest()
        return manifest.digest(self.layout.study.dataset(manifest.dataset).subjects)

    def _manifest(self, file: Path) -> Manifest:
        for dataset in self.layout.study.datasets:
            if self.layout.manifest(dataset) == file:
                if dataset not in self._manifests:
                    self._manifests[dataset] = read_manifest(file, self.layout.root, dataset)
                return self._manifests[dataset]
        raise IsomorphError(f"{file}: is of no dataset of the study")

    def _decision(self, job: Job) -> str:
        if job not in self._decided:
            text = slices.text(settings_of(self.layout.study, job)) + self.code(job)
            self._decided[job] = hashlib.sha256(text.encode()).hexdigest()[:16]
        return self._decided[job]

    def _made_from(self, job: Job) -> str:
        """Return a digest of the files a job reads, '' where one is not there or not readable."""
        try:
            files = self.files(job)
            if not all(file.exists() for file in files):
                return ""
            inputs = {
                key_of(self.layout, file): self._identity(file, part)
                for file, part in files.items()
            }
        except IsomorphError:
            return ""
        return hashlib.sha256(slices.text(inputs).encode()).hexdigest()[:16]


def key_of(layout: Layout, file: Path) -> str:
    """Return how a provenance names a file: from the root of the study where it stands below it."""
    file, root = _plain(file), _plain(layout.root)
    return shown((file.relative_to(root) if file.is_relative_to(root) else file).as_posix())


def _plain(path: Path) -> Path:
    """Return an absolute path without dots; links stay, their place may be another tomorrow."""
    return Path(os.path.normpath(path.absolute()))


def _changed(file: Path, stamp: Provenance) -> str:
    """Say which file beside a provenance is not as it was written; its reader says so of netCDF."""
    if not _is_told_beside(file):
        return ""
    folder = file if file.is_dir() else file.parent
    for name, digest in stamp.contents.items():
        if not (folder / name).is_file():
            return f"{folder / name}: has gone since it was written"
        if sha256(folder / name) != digest:
            return f"{folder / name}: has changed since it was written"
    return ""


def _is_told_beside(file: Path) -> bool:
    """Tell whether the provenance of an artefact is a file of its own."""
    return file.suffix != ".nc" and file.name != MANIFEST

"""The manifest of a dataset: which files there are, how large, with which hash."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from isomorph.archives.patterns import matches, nearest
from isomorph.artefacts import Provenance, replacing, sha256
from isomorph.errors import IsomorphError
from isomorph.layout import Layout


@dataclass(frozen=True)
class FileRecord:
    """One file of a dataset.

    Attributes
    ----------
    path : str
        Relative to the root of the files, with forward slashes.
    size : int
        Bytes.
    sha256 : str
    """

    path: str
    size: int
    sha256: str

    def is_intact(self, root: Path) -> bool:
        """Tell whether the file stands under a root with this size and this hash."""
        file = root / self.path
        return file.is_file() and file.stat().st_size == self.size and sha256(file) == self.sha256


@dataclass(frozen=True)
class Manifest:
    """The files of a dataset.

    Attributes
    ----------
    dataset : str
    archive : mapping
        The archive's settings the files were fetched with.
    root : Path
        The folder the paths count from.
    files : tuple of FileRecord
        In order of path.
    provenance : Provenance
    """

    dataset: str
    archive: Mapping[str, Any]
    root: Path
    files: tuple[FileRecord, ...]
    provenance: Provenance


def archive_settings(layout: Layout, dataset: str) -> dict[str, Any]:
    """Return the settings of a dataset's archive, JSON-ready."""
    return layout.study.dataset(dataset).archive.model_dump(mode="json")


def read_manifest(layout: Layout, dataset: str) -> Manifest:
    """Read the manifest of a dataset.

    Raises
    ------
    IsomorphError
        When the dataset has not been fetched or its manifest cannot be read.
    """
    file = layout.manifest(dataset)
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        return Manifest(
            dataset=content["dataset"],
            archive=content["archive"],
            root=Path(content["root"]),
            files=tuple(FileRecord(**record) for record in content["files"]),
            provenance=Provenance(**content["provenance"]),
        )
    except FileNotFoundError:
        raise IsomorphError(
            f'{file}: no such file; fetch the dataset "{dataset}" first (isomorph fetch)'
        ) from None
    except OSError as error:  # a file in place of a folder, or no permission: not its fault
        raise IsomorphError(f"{file}: cannot be read, {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise IsomorphError(
            f"{file}: is not a manifest ({type(error).__name__}: {error}); delete it and fetch "
            f'the dataset "{dataset}" again'
        ) from error


def write_manifest(
    layout: Layout,
    dataset: str,
    root: Path,
    files: Iterable[FileRecord],
    provenance: Provenance,
) -> None:
    """Write the manifest of a dataset, unless the one that stands says the same.

    Parameters
    ----------
    layout : Layout
        The study's paths.
    dataset : str
        Name of the dataset.
    root : Path
        The folder the files' paths count from.
    files : iterable of FileRecord
        The files, in any order.
    provenance : Provenance
        Where they came from. A manifest that differs in nothing else is left as it is, so that
        nothing downstream runs again.
    """
    manifest = Manifest(
        dataset=dataset,
        archive=archive_settings(layout, dataset),
        root=root,
        files=tuple(sorted(files, key=lambda record: record.path)),
        provenance=provenance,
    )
    if _says_the_same(layout, manifest):
        return
    content = {**asdict(manifest), "root": root.as_posix()}
    with replacing(layout.manifest(dataset)) as temporary:
        temporary.write_text(
            json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
        )


def _says_the_same(layout: Layout, manifest: Manifest) -> bool:
    try:
        old = read_manifest(layout, manifest.dataset)
    except IsomorphError:
        return False  # absent or unreadable: to be written
    return (
        (old.dataset, old.archive, old.root, old.files)
        == (manifest.dataset, manifest.archive, manifest.root, manifest.files)
        and old.provenance.inputs == manifest.provenance.inputs
    )  # fmt: skip


def describe_files(root: Path, paths: Sequence[str]) -> list[FileRecord]:
    """Return size and sha256 of files, with a progress line now and then.

    Parameters
    ----------
    root : Path
        The folder the paths count from.
    paths : sequence of str
        Relative paths.

    Raises
    ------
    IsomorphError
        When a file cannot be read.
    """
    records, said = [], time.monotonic()
    for done, path in enumerate(paths):
        if time.monotonic() - said > 5:
            said = time.monotonic()
            print(f"{root}: {done} of {len(paths)} files hashed", file=sys.stderr, flush=True)
        try:
            file = root / path
            records.append(FileRecord(path, file.stat().st_size, sha256(file)))
        except OSError as error:
            raise IsomorphError(f"{root / path}: cannot be read, {error.strerror}") from error
    return records


def find_files(layout: Layout, dataset: str, pattern: str) -> list[Path]:
    """Return the files of a fetched dataset that match a pattern, sorted by path.

    Parameters
    ----------
    layout : Layout
        The study's paths.
    dataset : str
        Name of the dataset.
    pattern : str
        Glob pattern relative to the root of the dataset's files; `*` and `?` stop at a slash,
        `**` does not.

    Raises
    ------
    IsomorphError
        When nothing matches, naming the pattern and the nearest file; when a file has gone or
        the dataset has not been fetched.
    """
    manifest = read_manifest(layout, dataset)
    known = [record.path for record in manifest.files]
    found = matches(pattern, known)
    if not found:
        raise IsomorphError(
            f'{dataset}: no file matches "{pattern}" among the {len(known)} listed in '
            f"{layout.manifest(dataset)}, {nearest(pattern, known)}"
        )
    files = [manifest.root / path for path in found]
    for file in files:
        if not file.is_file():
            raise IsomorphError(
                f"{file}: no such file, though it was there when {dataset} was fetched; put it "
                "back or fetch again"
            )
    return files


def check_unchanged(layout: Layout, dataset: str, files: Sequence[Path]) -> None:
    """Refuse files that are no longer those that were fetched.

    Parameters
    ----------
    layout : Layout
        The study's paths.
    dataset : str
        Name of the dataset.
    files : sequence of Path
        As `find_files` gives them.

    Raises
    ------
    IsomorphError
        Naming the first file whose bytes have changed.
    """
    manifest = read_manifest(layout, dataset)
    known = {manifest.root / record.path: record for record in manifest.files}
    for file in files:
        if not known[file].is_intact(manifest.root):
            raise IsomorphError(
                f"{file}: has changed since {dataset} was fetched; put it back, or fetch again "
                "and everything made from it anew"
            )

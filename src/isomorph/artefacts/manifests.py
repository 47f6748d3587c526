"""Manifests: which files a dataset has, how large, with which hash."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from isomorph.artefacts.provenance import SEAL, Provenance, seal_of
from isomorph.disk import sha256
from isomorph.errors import IsomorphError
from isomorph.shown import located


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
    subjects : mapping of str to tuple of str
        Of a pinned archive the subjects it was fetched for, each with the paths of its files; what
        all share stands with none. Empty for archives that are not taken by subject.
    absent : mapping of str to str
        Of a local archive what had no content when it was listed, and why; a folder has a slash at
        its end. Nothing of the study asked for it then.
    """

    dataset: str
    archive: Mapping[str, Any]
    root: Path
    files: tuple[FileRecord, ...]
    provenance: Provenance
    subjects: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    absent: Mapping[str, str] = field(default_factory=dict)

    def files_for(self, subjects: Collection[str]) -> list[FileRecord]:
        """Return the files of some subjects and those all share.

        A folder may hold more subjects than a study asks for, as studies of one dataset share it;
        no number may depend on what another study fetched.
        """
        others = {
            path
            for subject, paths in self.subjects.items()
            if subject not in subjects
            for path in paths
        }
        own = {path for one in subjects for path in self.subjects.get(one, ())}
        return [one for one in self.files if one.path in own or one.path not in others]

    def digest(self, subjects: Collection[str]) -> str:
        """Return one sha256 for the files of some subjects and those all share."""
        return seal_of([[one.path, one.sha256] for one in self.files_for(subjects)])


def read_manifest(file: Path, root: Path, dataset: str) -> Manifest:
    """Read a manifest.

    Parameters
    ----------
    file : Path
    root : Path
        The folder that holds `data/` and `results/`, from which a relative root counts.
    dataset : str
        Name of the dataset, for messages.

    Raises
    ------
    IsomorphError
        When the dataset has not been fetched, or the manifest cannot be read or is not as it was
        written.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        seal = content.pop(SEAL)
        subjects = content.get("subjects", {})
        found = Manifest(
            dataset=content["dataset"],
            archive=content["archive"],
            root=root / located(content["root"]),
            files=tuple(FileRecord(**record) for record in content["files"]),
            provenance=Provenance(**content["provenance"]),
            subjects={subject: tuple(paths) for subject, paths in subjects.items()},
            absent=dict(content.get("absent", {})),
        )
    except FileNotFoundError:
        raise IsomorphError(
            f'{file}: no such file; fetch the dataset "{dataset}" first (isomorph fetch)'
        ) from None
    except OSError as error:  # a file in place of a folder, or no permission: not its fault
        raise IsomorphError(f"{file}: cannot be read, {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise IsomorphError(
            f"{file}: is not a manifest ({type(error).__name__}: {error}); delete it and fetch "
            f'the dataset "{dataset}" again'
        ) from error
    if seal != seal_of(content):
        raise IsomorphError(
            f"{file}: has changed since it was written; delete it and fetch the dataset "
            f'"{dataset}" again'
        )
    return found

"""Lock files: every byte of a dataset pinned, in a table that stands beside the dataset's file."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path, PurePosixPath

from isomorph.artefacts import replacing
from isomorph.errors import IsomorphError, did_you_mean
from isomorph.study import Study

DIGITS = {"md5": 32, "sha256": 64, "git": 40}
"""Hexadecimal digits of a hash by its algorithm; `git` is the sha1 of a git blob."""


@dataclass(frozen=True)
class LockedFile:
    """One pinned file.

    Attributes
    ----------
    path : str
        Where it stands in the archive's folder, with forward slashes.
    size : int
        Bytes.
    algorithm : str
        A key of `DIGITS`.
    hash : str
        Lower-case hexadecimal. The hash is what counts; the address is a hint.
    url : str
        Where to ask for it.
    """

    path: str
    size: int
    algorithm: str
    hash: str
    url: str


COLUMNS = [field.name for field in fields(LockedFile)]


@dataclass(frozen=True)
class Lock:
    """The pinned files of a dataset.

    Attributes
    ----------
    files : tuple of LockedFile
        In order of path.
    notes : tuple of str
        Where they were resolved, a line each.
    """

    files: tuple[LockedFile, ...]
    notes: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(file.size for file in self.files)


def lock_file(study: Study, dataset: str) -> Path:
    """Return where the lock of a dataset stands: beside its YAML file."""
    return lock_beside(study.dataset_files[dataset])


def lock_beside(file: Path) -> Path:
    """Return where the lock of a dataset's YAML file stands."""
    return file.with_suffix(".lock.tsv")


def read_lock(study: Study, dataset: str) -> Lock:
    """Read the lock of a dataset.

    Raises
    ------
    IsomorphError
        When there is none, or a line is not what it must be; with the command that writes one.
    """
    command = f"isomorph lock --study {study.path} --dataset {dataset}"
    return read_lock_file(lock_file(study, dataset), command)


def read_lock_file(file: Path, command: str) -> Lock:
    """Read a lock file.

    Parameters
    ----------
    file : Path
    command : str
        What writes it, said where there is none.

    Raises
    ------
    IsomorphError
        When there is none, or a line is not what it must be.
    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise IsomorphError(
            f"{file}: no such file; `{command}` writes it from the archive's own metadata"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise IsomorphError(f"{file}: cannot be read ({error})") from error
    notes = tuple(line.removeprefix("#").strip() for line in lines if line.startswith("#"))
    counted = enumerate(lines, 1)
    numbered = [(n, line) for n, line in counted if line and not line.startswith("#")]
    if not numbered or numbered[0][1].split("\t") != COLUMNS:
        raise IsomorphError(
            f"{file}: must begin with the columns {', '.join(COLUMNS)}, tabs between"
        )
    rows = [_row(line, f"{file}: line {number}") for number, line in numbered[1:]]
    _refuse_clashes([row.path for row in rows], str(file))
    return Lock(tuple(sorted(rows, key=lambda row: row.path)), notes)


def _row(line: str, where: str) -> LockedFile:
    cells = line.split("\t")
    if len(cells) != len(COLUMNS):
        raise IsomorphError(f"{where}: has {len(cells)} columns, expected {len(COLUMNS)}")
    path, size, algorithm, digest, url = cells
    if algorithm not in DIGITS:
        raise IsomorphError(
            f'{where}: algorithm: unknown "{algorithm}", {did_you_mean(algorithm, DIGITS)}'
        )
    if not re.fullmatch(rf"[0-9a-f]{{{DIGITS[algorithm]}}}", digest):
        raise IsomorphError(
            f'{where}: hash: "{digest}" is not {DIGITS[algorithm]} lower-case hexadecimal digits'
        )
    if not size.isdecimal():
        raise IsomorphError(f'{where}: size: "{size}" is not a number of bytes')
    if not is_inside(path):
        raise IsomorphError(
            f'{where}: path: "{path}" must be relative and stay inside the archive\'s folder'
        )
    return LockedFile(path, int(size), algorithm, digest, url)


def is_inside(path: str) -> bool:
    """Tell whether a path is relative, plain, and stays inside the folder it counts from."""
    parts = PurePosixPath(path).parts
    plain = bool(parts) and "\\" not in path and "\0" not in path
    return (
        plain
        and not path.startswith("/")
        and ".." not in parts
        and str(PurePosixPath(path)) == path
    )


def _refuse_clashes(paths: Sequence[str], where: str) -> None:
    seen: set[str] = set()
    for path in paths:
        if path in seen:
            raise IsomorphError(f"{where}: names {path} twice; keep one line")
        seen.add(path)


def write_lock(file: Path, lock: Lock) -> None:
    """Write a lock: notes as lines that begin with #, then a table, sorted by path."""
    with replacing(file) as temporary, open(temporary, "w", encoding="utf-8", newline="") as out:
        out.writelines(f"# {note}\n" for note in lock.notes)
        table = csv.writer(out, delimiter="\t", lineterminator="\n", quoting=csv.QUOTE_NONE)
        table.writerow(COLUMNS)
        table.writerows(astuple(row) for row in sorted(lock.files, key=lambda row: row.path))

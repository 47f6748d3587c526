"""Lock files: every byte of a dataset pinned, in a table that stands beside the dataset's file."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from isomorph.artefacts import replacing
from isomorph.errors import IsomorphError, did_you_mean
from isomorph.study import DatasetSpec, Study
from isomorph.study.pinned import OpenNeuroArchive, PickedFiles

DIGITS = {"md5": 32, "sha256": 64, "git": 40}
"""Hexadecimal digits of a hash by its algorithm; `git` is the sha1 of a git blob. `md5/8388608` is
the md5 of the md5s of pieces of so many bytes, see `isomorph.archives.hashes`."""
_PIECES = re.compile(r"md5/[1-9][0-9]{0,12}")


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
        A key of `DIGITS`, or `md5/<bytes of a piece>`.
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

_WHOLE = re.compile(r"(\d{1,9}) lines, sha256 of the table ([0-9a-f]{64})")
"""The note by which a lock that lost or changed a line is recognised; of the table's own lines, so
that `grep -v '^#' <lock> | sha256sum` says it too."""


@dataclass(frozen=True)
class Lock:
    """The pinned files of a dataset.

    Attributes
    ----------
    files : tuple of LockedFile
        In order of path.
    notes : tuple of str
        Where they were resolved, a line each, without that which says how long the table is.
    """

    files: tuple[LockedFile, ...]
    notes: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(file.size for file in self.files)


def picked(dataset: DatasetSpec) -> dict[str, PickedFiles]:
    """Return every source of a dataset's locked files by the key of its file, main ones first."""
    archive = dataset.archive
    found: dict[str, PickedFiles] = {}
    if isinstance(archive, OpenNeuroArchive):
        found = {f"archive.sources.{place}": one for place, one in enumerate(archive.sources)}
    elif isinstance(archive, PickedFiles):
        found = {"archive": archive}
    for place, side in enumerate(dataset.also):
        if isinstance(side, PickedFiles):
            found[f"also.{place}"] = side
    return found


def into_of(source: PickedFiles) -> str:
    """Return the folder of the archive a source's files come to stand in, '' for the archive's."""
    return str(getattr(source, "into", ""))


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
        When there is none, a line is not what it must be, or its notes say that it was made of
        other versions than the dataset's file names; with the command that writes one.
    """
    command = f"isomorph lock --study {study.path} --dataset {dataset}"
    lock = read_lock_file(lock_file(study, dataset), command)
    for name, version in _editions(study.dataset(dataset)):
        made_of = {
            note.removeprefix(f"{name} ").partition(":")[0]
            for note in lock.notes
            if note.startswith(f"{name} ")
        }
        if made_of and version not in made_of:
            raise IsomorphError(
                f"{lock_file(study, dataset)}: is of {name} {', '.join(sorted(made_of))}, but "
                f"{study.dataset_files[dataset]} asks for {version}; `{command}` locks it again"
            )
    return lock


def _editions(dataset: DatasetSpec) -> list[tuple[str, str]]:
    """Return what the notes of a lock call each source, and the version asked for."""
    return [one.edition for one in picked(dataset).values()]


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
        When there is none, a line is not what it must be, or the table is not the one that was
        written.
    """
    try:
        lines = file.read_text(encoding="utf-8-sig").split("\n")
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
    said = [found for note in notes if (found := _WHOLE.fullmatch(note))]
    for found in said:
        if found[0] != _whole([line for _, line in numbered]):
            raise IsomorphError(
                f"{file}: its table has {len(rows):,} lines and is not the one of "
                f"{int(found[1]):,} that was written, lines were lost or changed; take it from "
                f"where it came or run `{command}`"
            )
    kept = tuple(note for note in notes if not _WHOLE.fullmatch(note))
    return Lock(tuple(sorted(rows, key=lambda row: row.path)), kept)


def _whole(table: Sequence[str]) -> str:
    """Return the note for a table, which is given with its line of columns."""
    content = "".join(f"{line}\n" for line in table)
    digest = hashlib.sha256(content.encode()).hexdigest()
    return f"{len(table) - 1} lines, sha256 of the table {digest}"


def _row(line: str, where: str) -> LockedFile:
    cells = line.split("\t")
    if len(cells) != len(COLUMNS):
        raise IsomorphError(f"{where}: has {len(cells)} columns, expected {len(COLUMNS)}")
    for column, cell in zip(COLUMNS, cells, strict=True):
        if not cell.isprintable():  # it could steer the terminal it is shown on
            raise IsomorphError(
                f"{where}: {column}: {cell!r} holds a character that cannot be seen"
            )
    path, size, algorithm, digest, url = cells
    digits = DIGITS.get("md5" if _PIECES.fullmatch(algorithm) else algorithm)
    if digits is None:
        raise IsomorphError(
            f'{where}: algorithm: unknown "{algorithm}", {did_you_mean(algorithm, DIGITS)}'
        )
    if not re.fullmatch(rf"[0-9a-f]{{{digits}}}", digest):
        raise IsomorphError(
            f'{where}: hash: "{digest}" is not {digits} lower-case hexadecimal digits'
        )
    if not re.fullmatch(r"[0-9]{1,18}", size):
        raise IsomorphError(f'{where}: size: "{size[:40]}" is not a number of bytes')
    if not is_inside(path) or path.startswith("#"):
        raise IsomorphError(
            f'{where}: path: "{path}" must be relative and stay inside the archive\'s folder'
        )
    if not _is_address(url):
        raise IsomorphError(f'{where}: url: "{url}" is not an address of a server')
    return LockedFile(path, int(size), algorithm, digest, url)


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.scheme and parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False


def below(into: str, path: str) -> str:
    """Return a path of a source as it counts from the archive's folder."""
    return f"{into.strip('/')}/{path}" if into.strip("/") else path


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
    if found := clash(paths):
        first, second = found
        if first == second:
            raise IsomorphError(f"{where}: names {first} twice; keep one line")
        raise IsomorphError(f"{where}: {first} and {second} {CLASH}; keep one of them")


CLASH = (
    "cannot stand side by side on every disk, being one name but for case or accents, or one a "
    "folder of the other"
)
"""What is wrong with two paths that `clash` finds."""


def clash(paths: Sequence[str]) -> tuple[str, str] | None:
    """Return two paths of which one would take the other's place on some disk, None without any.

    Disks of macOS and Windows do not tell apart names that differ in case or in the form of their
    accents (NFC or NFD), and no disk has a file and a folder of one name.
    """
    seen: dict[str, str] = {}
    for path in paths:
        folded = unicodedata.normalize("NFC", path).casefold()
        if folded in seen:
            return seen[folded], path
        seen[folded] = path
    for folded, path in seen.items():
        end = folded.rfind("/")
        while end > 0:
            if folded[:end] in seen:
                return seen[folded[:end]], path
            end = folded.rfind("/", 0, end)
    return None


def write_lock(file: Path, lock: Lock) -> None:
    """Write a lock: notes as lines that begin with #, then a table, sorted by path.

    The last note says how many lines the table has and its sha256.

    Raises
    ------
    IsomorphError
        When there is no file to lock or a line could not be read back; nothing is written.
    """
    rows = sorted(lock.files, key=lambda row: row.path)
    if not rows:
        raise IsomorphError(f"{file}: there is no file to lock")
    table = ["\t".join(COLUMNS), *("\t".join(map(str, astuple(row))) for row in rows)]
    for row, line in zip(rows, table[1:], strict=True):
        _row(line, f"{file}: {row.path!r}")
    _refuse_clashes([row.path for row in rows], str(file))
    content = [*(f"# {note}" for note in (*lock.notes, _whole(table))), *table]
    with replacing(file) as temporary:
        temporary.write_text("\n".join(content) + "\n", encoding="utf-8", newline="\n")

"""`subjects: all`: who there is, told by the names of the files before anything runs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from isomorph.errors import IsomorphError
from isomorph.foreign import read_tsv
from isomorph.foreign.globs import expression, whole_folders
from isomorph.foreign.listing import walk
from isomorph.shown import expanded
from isomorph.study._base import NAME
from isomorph.study.archive import ArchiveSpec, LocalArchive
from isomorph.study.epochs import FOLDERS
from isomorph.study.pinned import PINNED

ALL = "all"
"""What stands in place of a list of subjects."""

RECORDINGS = ("bold", "files", "responses")
"""Settings of responses whose pattern tells subjects apart."""

WHOLE = {"epochs": FOLDERS}
"""Endings of folders that stand for one file, by the `kind` of the responses that read them."""


def all_subjects(content: Mapping[str, Any], file: Path | None) -> tuple[str, ...]:
    """Return every subject of a dataset, sorted.

    Of a local folder these are what `{subject}` stands for in the pattern of the responses, in
    every file that matches it, whether its content is here; of a pinned archive, in the lock; of
    ready RDMs, whom their sources name.

    Parameters
    ----------
    content : mapping
        The dataset's file as written.
    file : Path or None
        Where it stands.

    Raises
    ------
    ValueError
        When they cannot be known, or there are none.
    """
    responses = content.get("responses")
    responses = responses if isinstance(responses, dict) else {}
    if responses.get("kind") == "rdms":
        sources = responses.get("sources")
        named = [one.get("subjects") for one in sources] if isinstance(sources, list) else []
        return tuple(sorted({str(name) for some in named if isinstance(some, list)
                             for name in some}))  # fmt: skip
    key, pattern = next(
        ((key, text) for key in RECORDINGS
         if isinstance(text := responses.get(key), str) and "{subject}" in text),
        ("", ""),
    )  # fmt: skip
    if not pattern:
        raise ValueError(
            "subjects: all needs {subject} in the pattern of the responses "
            f"({', '.join(RECORDINGS)}), which tells subjects apart; name the subjects"
        )
    try:
        archive = TypeAdapter[ArchiveSpec](ArchiveSpec).validate_python(content.get("archive"))
    except ValidationError:
        return (ALL,)  # what is wrong with the archive is said by itself
    paths, where = _paths(archive, file)
    found = subjects_in(pattern, whole_folders(paths, WHOLE.get(str(responses.get("kind")), ())))
    if not found:
        raise ValueError(
            f'subjects: all finds nobody: responses.{key}: "{pattern}" matches nothing in {where}'
        )
    return found


def subjects_in(pattern: str, paths: Iterable[str]) -> tuple[str, ...]:
    """Return what `{subject}` stands for in the paths a pattern matches, sorted.

    Where a name could be read as longer or shorter, as `{subject}_*.nwb` in `a_b_c.nwb`, it is the
    shorter.

    Examples
    --------
    >>> subjects_in("sub-{subject}/*.nwb", ["sub-2/a.nwb", "sub-1/a.nwb", "other/a.nwb"])
    ('1', '2')
    """
    first, *rest = pattern.split("{subject}")
    name = rf"(?P<subject>{NAME.strip('^$').removesuffix('*')}*?)"
    whole = re.compile(
        expression(first) + name + "(?P=subject)".join(expression(part) for part in rest), re.DOTALL
    )
    return tuple(sorted({found["subject"] for path in paths if (found := whole.fullmatch(path))}))


def _paths(spec: ArchiveSpec, file: Path | None) -> tuple[list[str], str]:
    """Return the paths of an archive that can be known beforehand, and where they were found."""
    if file is None:
        raise ValueError("subjects: all needs the dataset's file; name the subjects")
    if isinstance(spec, LocalArchive):
        try:
            folder = expanded(spec.path, file.parent)
        except (KeyError, RuntimeError) as error:
            raise ValueError(f"subjects: all: archive.path: {spec.path} cannot be found") from error
        if not folder.is_dir():
            raise ValueError(f"subjects: all: archive.path: {spec.path} is not a folder here")
        names = walk(folder, look=lambda _: "")  # whether their content is here does not matter
        return list(names.files), spec.path
    if isinstance(spec, PINNED):
        lock = file.with_suffix(".lock.tsv")
        if not lock.is_file():
            raise ValueError(
                f"subjects: all: {lock} is not there, so the subjects are not known; name the "
                "subjects, write it with `isomorph lock`, then say all"
            )
        try:
            return read_tsv(lock, "path", note="#")["path"].tolist(), str(lock)
        except IsomorphError as error:
            raise ValueError(f"subjects: all: {error}") from error
    raise ValueError(f"subjects: all: nobody can know who there is of kind {spec.kind}; name them")

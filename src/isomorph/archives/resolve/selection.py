"""Which files of an archive a dataset asks for: patterns, subjects, and what matches neither."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from isomorph.archives.patterns import filled, find, nearest
from isomorph.errors import IsomorphError

SHARED = ""
"""In place of a subject, for files that belong to none."""


@dataclass(frozen=True)
class Chosen:
    """The paths a dataset asks for.

    Attributes
    ----------
    subjects : mapping of str to str
        Subject by path, in order of path; `SHARED` where a pattern names no subject.
    remarks : tuple of str
        What matched nothing but need not be a mistake.
    """

    subjects: Mapping[str, str]
    remarks: tuple[str, ...] = ()


def choose(
    paths: Iterable[str],
    include: Sequence[str],
    exclude: Sequence[str],
    subjects: Sequence[str],
    where: str,
) -> Chosen:
    """Return the paths that patterns ask for, each with its subject.

    Parameters
    ----------
    paths : iterable of str
        Every path of the archive.
    include, exclude : sequence of str
        Glob patterns; `{subject}` stands for each subject.
    subjects : sequence of str
    where : str
        Opening of every mistake: the file and the key that holds the patterns.

    Raises
    ------
    IsomorphError
        When a pattern matches nothing for any subject, or no pattern anything of a subject.
    """
    known = sorted(paths)
    remarks: list[str] = []
    left_out: set[str] = set()
    for pattern in exclude:
        found = {path for one in _expanded(pattern, subjects).values() for path in find(one, known)}
        if not found:
            remarks.append(f'{where}.exclude: "{pattern}" matches no file')
        left_out |= found
    chosen: dict[str, str] = {}
    for pattern in include:
        by_subject = {
            subject: [path for path in find(one, known) if path not in left_out]
            for subject, one in _expanded(pattern, subjects).items()
        }
        if not any(by_subject.values()):
            raise IsomorphError(_matches_nothing(pattern, subjects, known, where))
        for subject, files in by_subject.items():
            if not files:
                remarks.append(f'{where}.include: "{pattern}" matches no file of {subject}')
            for path in files:
                chosen.setdefault(path, subject)
    _refuse_absent(subjects, chosen, include, known, where)
    return Chosen(dict(sorted(chosen.items())), tuple(remarks))


def _expanded(pattern: str, subjects: Sequence[str]) -> dict[str, str]:
    """Return a pattern for each subject, or the one of no subject."""
    if "{subject}" not in pattern:
        return {SHARED: pattern}
    return {subject: filled(pattern, subject=subject) for subject in subjects}


def _matches_nothing(
    pattern: str, subjects: Sequence[str], known: Sequence[str], where: str
) -> str:
    first = next(iter(_expanded(pattern, subjects).values()))
    if find(first, known):
        return (
            f'{where}.include: every file that "{pattern}" matches is left out again by exclude; '
            "remove one of the two"
        )
    return (
        f'{where}.include: no file matches "{pattern}" among the {len(known):,} of the archive, '
        f"{nearest(first, known)}"
    )


def _refuse_absent(
    subjects: Sequence[str],
    chosen: Mapping[str, str],
    include: Sequence[str],
    known: Sequence[str],
    where: str,
) -> None:
    """Refuse a subject of whom no pattern found a file, where patterns name subjects at all."""
    patterns = [pattern for pattern in include if "{subject}" in pattern]
    found = {
        subject
        for pattern in patterns
        for subject, one in _expanded(pattern, subjects).items()
        if any(path in chosen for path in find(one, known))
    }
    for subject in subjects if patterns else ():
        if subject not in found:
            pattern = filled(patterns[0], subject=subject)
            raise IsomorphError(
                f'{where}.include: no file of subject "{subject}" (such as "{pattern}") among the '
                f"{len(known):,} of the archive, {nearest(pattern, known)}"
            )

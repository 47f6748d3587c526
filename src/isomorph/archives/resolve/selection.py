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
    near: Sequence[str] | None = None,
) -> Chosen:
    """Return the paths that patterns ask for, each with its subject.

    Parameters
    ----------
    paths : iterable of str
        Every path of the archive, or every one that a pattern may match.
    include, exclude : sequence of str
        Glob patterns; `{subject}` stands for each subject.
    subjects : sequence of str
    where : str
        Opening of every mistake: the file and the key that holds the patterns.
    near : sequence of str, optional
        Where only a part of the archive was listed, what stands near patterns that match nothing:
        paths, folders with a slash at their end. Mistakes suggest the nearest.

    Raises
    ------
    IsomorphError
        When a pattern matches nothing for any subject, or no pattern anything of a subject.
    """
    looked = _Looked(sorted(paths), near, subjects, where)
    known = looked.known
    remarks: list[str] = []
    left_out: set[str] = set()
    for pattern in exclude:
        found = {path for one in expanded(pattern, subjects).values() for path in find(one, known)}
        if not found:
            remarks.append(f'{where}.exclude: "{pattern}" matches no file')
        left_out |= found
    chosen: dict[str, str] = {}
    for pattern in include:
        by_subject = {
            subject: [path for path in find(one, known) if path not in left_out]
            for subject, one in expanded(pattern, subjects).items()
        }
        if not any(by_subject.values()):
            raise IsomorphError(_matches_nothing(pattern, looked))
        for subject, files in by_subject.items():
            if not files:
                remarks.append(f'{where}.include: "{pattern}" matches no file of {subject}')
            for path in files:
                chosen.setdefault(path, subject)
    _refuse_absent(chosen, include, looked)
    return Chosen(dict(sorted(chosen.items())), tuple(remarks))


def expanded(pattern: str, subjects: Sequence[str]) -> dict[str, str]:
    """Return a pattern for each subject, or the one of no subject under `SHARED`."""
    if "{subject}" not in pattern:
        return {SHARED: pattern}
    return {subject: filled(pattern, subject=subject) for subject in subjects}


@dataclass(frozen=True)
class _Looked:
    """What patterns are looked up in, for whom, and the opening of every mistake."""

    known: list[str]
    near: Sequence[str] | None
    subjects: Sequence[str]
    where: str

    def absent(self, pattern: str) -> str:
        """Return a clause on a pattern that matches nothing."""
        of = "of the archive" if self.near is None else "looked at"
        return f"among the {len(self.known):,} {of}, " + nearest(
            pattern, [*self.known, *(self.near or ())]
        )


def _matches_nothing(pattern: str, looked: _Looked) -> str:
    first = next(iter(expanded(pattern, looked.subjects).values()))
    if find(first, looked.known):
        return (
            f'{looked.where}.include: every file that "{pattern}" matches is left out again by '
            "exclude; remove one of the two"
        )
    return f'{looked.where}.include: no file matches "{pattern}" {looked.absent(first)}'


def _refuse_absent(chosen: Mapping[str, str], include: Sequence[str], looked: _Looked) -> None:
    """Refuse a subject of whom no pattern found a file, where patterns name subjects at all."""
    patterns = [pattern for pattern in include if "{subject}" in pattern]
    found = {
        subject
        for pattern in patterns
        for subject, one in expanded(pattern, looked.subjects).items()
        if any(path in chosen for path in find(one, looked.known))
    }
    for subject in looked.subjects if patterns else ():
        if subject not in found:
            pattern = filled(patterns[0], subject=subject)
            raise IsomorphError(
                f'{looked.where}.include: no file of subject "{subject}" (such as "{pattern}") '
                f"{looked.absent(pattern)}"
            )

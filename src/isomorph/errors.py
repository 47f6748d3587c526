"""Errors written for people: one sentence saying what, where, and what would be right."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path

from isomorph.shown import shown


class IsomorphError(Exception):
    """A mistake the user can fix, said in one sentence.

    The command line prints its text without a traceback and exits with status 1.

    Parameters
    ----------
    sentence : str
        What it quotes of others is kept as it may be shown, see `isomorph.shown`.
    """

    def __init__(self, sentence: str) -> None:
        super().__init__(shown(sentence))


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a clause that suggests the nearest known name, or lists them all.

    Parameters
    ----------
    name : str
        What was written.
    known : iterable of str
        What may be written.

    Returns
    -------
    str
        ``'did you mean "x"?'`` when one is close, else ``'known: a, b, c'``.
    """
    names = sorted(known)
    folded = {one.casefold(): one for one in names} | {one: one for one in names}
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.6) or difflib.get_close_matches(
        name.casefold(), folded, n=1, cutoff=0.6
    )
    if near:
        return f'did you mean "{folded[near[0]]}"?'
    return "known: " + (", ".join(names) if names else "none")


def how_to_install(extra: str) -> str:
    """Return a clause that says how the packages of an extra come into the environment.

    In a repository the versions are those it pins.
    """
    if (Path(__file__).parents[2] / "constraints.txt").is_file():
        return f'in the checkout of isomorph, run pip install -c constraints.txt -e ".[{extra}]"'
    return f'run pip install "isomorph[{extra}]"'


def first_line(said: object) -> str:
    """Return the first line of what is said, at most 200 characters; an error's name for none."""
    lines = str(said).strip().splitlines() or [type(said).__name__]
    return lines[0].rstrip(":")[:200]

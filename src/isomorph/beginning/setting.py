"""Settings files written by hand-made templates: keys, values, and what a reader must choose."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

WIDTH = 98
"""Columns of a comment."""

ABSENT = object()
"""The value of a setting that only the user can state; its key stands in a comment."""

CHOOSE = "choose: "
"""How a comment begins that is about a choice nobody but the user can make."""


@dataclass(frozen=True)
class Setting:
    """One key of a settings file.

    Attributes
    ----------
    key : str
        Empty for an item of a list.
    value : any
        A plain value, written on the line of the key; or a tuple of settings, written below it.
    choose : str
        What the choice means and what else was found, above the key.
    note : str
        What was found, above the key as well.
    """

    key: str
    value: Any
    choose: str = ""
    note: str = ""


def text_of(settings: Sequence[Setting], indent: int = 0) -> str:
    """Return settings as YAML with their comments.

    Examples
    --------
    >>> print(text_of([Setting("window", [0.05, 0.45], choose="seconds after onset")]), end="")
    # choose: seconds after onset
    window: [0.05, 0.45]
    """
    return "".join(f"{line}\n" for one in settings for line in _lines(one, indent))


def comment(text: str, indent: int = 0) -> list[str]:
    """Return a text as lines of comment."""
    before = " " * indent + "# "
    return textwrap.wrap(
        text, WIDTH, initial_indent=before, subsequent_indent=before,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip


def _lines(one: Setting, indent: int) -> Iterator[str]:
    yield from comment(one.note, indent) if one.note else ()
    yield from comment(CHOOSE + one.choose, indent) if one.choose else ()
    start = " " * indent + f"{one.key}:"
    if one.value is ABSENT:
        yield " " * indent + f"# {one.key}:"
        return
    if not isinstance(one.value, tuple):
        yield f"{start} {flow(one.value)}"
        return
    yield start
    if all(isinstance(inner, Setting) for inner in one.value):
        for inner in one.value:
            yield from _lines(inner, indent + 2)
        return
    for item in one.value:  # a list of groups of settings
        inner = [line for setting in item for line in _lines(setting, indent + 4)]
        first = next(place for place, line in enumerate(inner) if not line.lstrip().startswith("#"))
        yield from (line[2:] for line in inner[:first])
        yield " " * (indent + 2) + "- " + inner[first].lstrip()
        yield from inner[first + 1 :]


def flow(value: Any) -> str:
    """Return a plain value as YAML on one line, text in quotes where it would be read otherwise."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_word(key)}: {flow(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(flow, value)) + "]"
    return _word(value)


def _word(value: Any) -> str:
    import yaml

    said: str = yaml.safe_dump([value], default_flow_style=True, width=10**6, allow_unicode=True)
    return said.strip().removeprefix("[").removesuffix("]")

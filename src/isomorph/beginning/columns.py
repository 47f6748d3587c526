"""Which column of a table names the stimuli, and how its values become their names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from isomorph.stimuli.naming import composed, path_id

NAMES = (
    "stimulus_name", "stimulus", "stimulus_id", "stim_id", "stim_file", "stim", "image_name",
    "image", "image_id", "image_file", "picture", "scene", "object", "frame", "filename",
    "stimulus_condition", "condition", "trial_type", "item", "word",
)  # fmt: skip
"""What columns of stimuli are called, the likeliest first."""

BLANK = frozenset(
    {"", "n/a", "nan", "none", "blank", "rest", "fixation", "baseline", "omitted", "-1", "null"}
)
"""Values that are no stimulus, case aside."""

FEWEST = 2
"""Stimuli a comparison needs at the very least; columns with fewer values name none."""


@dataclass(frozen=True)
class Named:
    """A column that may name the stimuli.

    Attributes
    ----------
    column : str
    counts : mapping of str to int
        How often each stimulus was shown, by what the column calls it.
    blank : tuple of str
        Values that are no stimulus.
    naming : str
        How a value becomes the id of an image: `{}`, `{stem}`, `image_{}`.
    offset : int
        Added to a number first.
    known : int
        How many of the values name an image that is here.
    places : int or None
        Where values are counted from that are places in the images, and no names.
    """

    column: str
    counts: Mapping[str, int]
    blank: tuple[str, ...] = ()
    naming: str = "{}"
    offset: int = 0
    known: int = 0
    places: int | None = None


def presentations(counts: Iterable[int]) -> str:
    """Say how many presentations there are of how many stimuli, and how many of each.

    Examples
    --------
    >>> presentations([4, 4, 4])
    '12 presentations of 3 stimuli, 4 of each'
    """
    each = sorted(counts)
    often = f"{each[0]}" if each[0] == each[-1] else f"{each[0]} to {each[-1]}"
    return f"{sum(each):,} presentations of {len(each):,} stimuli, {often} of each"


def least_of(counts: Mapping[str, int]) -> int:
    """Return how often the stimulus comes that comes least often, 0 without one."""
    return min(counts.values(), default=0)


def stimulus_columns(
    columns: Mapping[str, Sequence[str]], images: Collection[str] = ()
) -> list[Named]:
    """Return the columns that may name the stimuli, the likeliest first.

    A column whose values name images that are here goes before all others; then one whose values
    others describe, then what columns of stimuli are called.

    Parameters
    ----------
    columns : mapping of str to sequence of str
        Values by column, a value per presentation.
    images : collection of str
        Ids of the images that are here.
    """
    found = [
        one
        for name, values in columns.items()
        if (one := _named(name, [str(value).strip() for value in values], images)) is not None
    ]
    return sorted(found, key=lambda one: _rank(one, columns))


def said_of_one(columns: Mapping[str, Sequence[str]]) -> str:
    """Say which column names a single stimulus, as where a film is played; '' where none does.

    Parameters
    ----------
    columns : mapping of str to sequence of str
        Values by column, a value per presentation.
    """
    for name in sorted(columns, key=_place):
        values = {str(value).strip() for value in columns[name]}
        known = sorted(one for one in values if one.casefold() not in BLANK)
        if len(known) == 1 and re.search(r"[^\W\d_]{2}", known[0]) and _are_words({known[0]: 1}):
            return (
                f'column "{name}" names nothing but {known[0]}; if that is a film, its frames are '
                "the stimuli, which is written by hand (stimuli.kind: film, and film: {rows: "
                "plays} beside the column; see the guide to films)"
            )
    return ""


def _rank(one: Named, columns: Mapping[str, Sequence[str]]) -> tuple[object, ...]:
    """Return what a column is sorted by.

    Without images, a column that others describe is the finer one: of the object, its position and
    both together, the last names the condition.
    """
    pictured = one.known > len(one.counts) / 2
    repeated = min(one.counts.values()) > 1
    named = _place(one.column) <= len(NAMES)
    finer = repeated and named and not pictured and bool(groups_of(columns, one.column, one.blank))
    return (not pictured, not finer, _place(one.column), not repeated, one.column)


def _place(column: str) -> int:
    plain = column.casefold()
    if plain in NAMES:
        return NAMES.index(plain)
    return len(NAMES) + (not any(name in plain for name in ("stim", "image", "pic", "cond")))


def _named(column: str, values: Sequence[str], images: Collection[str]) -> Named | None:
    blank = tuple(sorted({one for one in values if one.casefold() in BLANK}))
    counts = Counter(one for one in values if one not in blank)
    if len(counts) < FEWEST:
        return None
    known, naming, offset = _naming(list(counts), images) if images else (0, "{}", 0)
    often = sum(counts.values()) > len(counts)
    called = _place(column) < len(NAMES) + 1
    if not known and not (called or (often and _are_words(counts))):
        return None
    return Named(column, dict(counts), tuple(one for one in blank if one), naming, offset, known)


def _are_words(counts: Mapping[str, int]) -> bool:
    """Tell values that may be names from measured numbers."""
    return not any(re.fullmatch(r"[+-]?\d+\.\d+(e[+-]?\d+)?|True|False", one) for one in counts)


def _naming(values: Sequence[str], images: Collection[str]) -> tuple[int, str, int]:
    """Return how many values name an image, and how a value becomes its id."""
    if all(re.fullmatch(r"-?\d+", one) for one in values):
        prefix = _numbered(images)
        numbers = {int(one) for one in values}
        for offset in (0, 1, -1):
            known = sum(f"{prefix}{number + offset}" in images for number in numbers)
            if known == len(numbers):
                return known, f"{prefix}{{}}", offset
    whole = sum(composed(one) in images or path_id(one) in images for one in values)
    last = sum(composed(_stem(one)) in images for one in values)
    return (last, "{stem}", 0) if last > whole else (whole, "{}", 0)


def _numbered(images: Collection[str]) -> str:
    """Return what all ids begin with before their number, '' where they are no series."""
    found = {re.sub(r"\d+$", "", one) for one in images}
    return found.pop() if len(found) == 1 else ""


def _stem(value: str) -> str:
    return re.sub(r"\.[A-Za-z][^.]*$", "", re.split(r"[\\/]", value)[-1])


def groups_of(
    columns: Mapping[str, Sequence[str]], stimulus: str, blank: Collection[str] = ()
) -> list[str]:
    """Return the columns that are constant for every stimulus and tell some stimuli apart.

    Parameters
    ----------
    columns : mapping of str to sequence of str
        Values by column, a value per presentation.
    stimulus : str
        The column that names the stimuli.
    blank : collection of str
        Its values that are no stimulus.
    """
    shown = [str(one).strip() for one in columns[stimulus]]
    found = []
    for name, values in columns.items():
        if name == stimulus:
            continue
        pairs = {
            (one, str(value)) for one, value in zip(shown, values, strict=True) if one not in blank
        }
        labels = {label for _, label in pairs}
        if len(pairs) == len({one for one, _ in pairs}) and 1 < len(labels) < len(pairs):
            found.append(name)
    return found

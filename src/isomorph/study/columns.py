"""Conditions that several columns of a table make together: contrast and side, rule and cue."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Annotated

from pydantic import AfterValidator, Field

from isomorph.study._base import Spec, Unique

PLACE = re.compile(r"\{\}|\{stem\}")
"""Where a value goes in the name of a condition."""


def _ascending(edges: tuple[float, ...]) -> tuple[float, ...]:
    if any(left >= right for left, right in pairwise(edges)):
        raise ValueError("must ascend")
    return edges


class BinnedColumn(Spec):
    """A column of numbers, cut into bins."""

    column: str
    """The column."""
    edges: Annotated[tuple[float, ...], Field(min_length=2), AfterValidator(_ascending)]
    """Edges of the bins, ascending. A bin holds its lower edge and not its upper; a number outside
    all bins counts as missing."""


Columns = Annotated[Unique[str | BinnedColumn], Field(min_length=1)]
"""Columns whose values make a condition together."""


def _holds_values(name: str) -> str:
    if not PLACE.search(name):
        raise ValueError('must hold "{}" or "{stem}" once, where the value goes')
    return name


NamingOfColumns = Annotated[str, AfterValidator(_holds_values)]
"""How the value of a column, or of several in their order, becomes a name."""


def column_names(columns: str | Columns) -> tuple[str, ...]:
    """Return the names of one column or several."""
    if isinstance(columns, str):
        return (columns,)
    return tuple(one if isinstance(one, str) else one.column for one in columns)


def template_of(name: str, columns: str | Columns) -> str:
    """Return how values become a name: where nothing else is said, joined by `_`.

    Parameters
    ----------
    name : str
        As the settings say it.
    columns : str or tuple
        Where the values come from.
    """
    return "_".join(["{}"] * len(column_names(columns))) if name == "{}" else name


def refuse_uneven(name: str, columns: str | Columns, key: str) -> None:
    """Refuse a name that has more or fewer places than there are columns.

    Raises
    ------
    ValueError
        When it has, or a column is named twice.
    """
    named = column_names(columns)
    if len(set(named)) < len(named):
        twice = next(one for one in named if named.count(one) > 1)
        raise ValueError(f'{key}: names "{twice}" twice')
    places = len(PLACE.findall(template_of(name, columns)))
    if places != len(named):
        times = "once" if len(named) == 1 else f"once for each of the {len(named)} of {key}"
        raise ValueError(
            f'name: must hold "{{}}" or "{{stem}}" {times}, where the value goes; "{name}" has '
            f"{places} such places"
        )


def refuse_empty(empty: str | None, columns: str | Columns | None) -> None:
    """Refuse a word for missing values where a single column names the condition.

    Raises
    ------
    ValueError
        When there is one.
    """
    if empty is not None and (columns is None or isinstance(columns, str)):
        raise ValueError("empty: goes with a list of columns")

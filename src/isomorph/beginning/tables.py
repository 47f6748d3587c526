"""Tables of text beside arrays, and which of several belongs to one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from isomorph.beginning.place import Place
from isomorph.errors import IsomorphError
from isomorph.foreign import read_table
from isomorph.stimuli.naming import id_of

if TYPE_CHECKING:
    import pandas as pd

Tables = dict[str, "pd.DataFrame"]
"""Tables by their paths."""


ENDINGS = (".csv", ".tsv")


def is_table(path: str) -> bool:
    """Tell whether a path is that of a table of text."""
    return path.lower().endswith(ENDINGS)


def tables_of(place: Place) -> Tables:
    """Return every table that can be read."""
    found: Tables = {}
    for path in place.beside(*ENDINGS):
        try:
            found[path] = read_table(place.at(path))
        except IsomorphError:
            continue  # text of another kind
    return found


def order_table(place: Place, ids: Sequence[str]) -> tuple[str, str]:
    """Return a table that lists all stimuli in another order than their ids', and its column.

    Both are empty where there is none: then nothing but the ids says an order.

    Parameters
    ----------
    place : Place
    ids : sequence of str
        Sorted.
    """
    known = set(ids)
    for path, table in tables_of(place).items():
        for column in table:
            listed = [id_of(one, known) for one in table[column]]
            if sorted(listed) == list(ids) and listed != list(ids):
                return path, str(column)
    return "", ""


def nearest(path: str, tables: Iterable[str]) -> str:
    """Return the table whose name shares most with that of a file, '' for none.

    Examples
    --------
    >>> nearest("ben.npy", ["anna_units.csv", "ben_units.csv"])
    'ben_units.csv'
    """
    stem = PurePosixPath(path).stem

    def shared(table: str) -> tuple[bool, int]:
        name = PurePosixPath(table).name
        pairs = zip(stem, name, strict=False)
        same = next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(stem), len(name)))
        return name.startswith(stem), same

    return max(tables, key=shared, default="")

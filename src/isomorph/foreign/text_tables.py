"""Tables of text, separated by commas or tabs: the one reader of all that others wrote."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from isomorph.errors import IsomorphError, did_you_mean
from isomorph.foreign.guard import reading

if TYPE_CHECKING:
    import pandas as pd

MISSING = "n/a"
"""What stands for a missing value in BIDS, and is read as an empty cell in every table."""

LARGEST = 2**31 - 1
"""Characters one cell may have; the csv module stops at 131,072 of its own."""


def read_tsv(file: Path, *required: str, note: str | None = None) -> pd.DataFrame:
    """Read a table of tab-separated text, see `read_table`."""
    return read_table(file, *required, separator="\t", note=note)


def read_table(
    file: Path, *required: str, separator: str | None = None, note: str | None = None
) -> pd.DataFrame:
    """Read a table, every cell as text without the spaces around it.

    Numbers stay text, so that "01" and 2766534.015976 remain what they are. Empty lines are passed
    over. Separators at the end of every row make no columns of their own.

    Parameters
    ----------
    file : Path
        The table, which may be gzipped.
    *required : str
        Columns it must have.
    separator : str, optional
        A comma or a tab; unless given, a tab where the file's name says `.tsv`.
    note : str, optional
        How lines begin that are not rows, such as those above the table of a lock: `#`.

    Returns
    -------
    DataFrame
        A row per line. Missing values, empty or `n/a`, are empty text.

    Raises
    ------
    IsomorphError
        When it is not such a table, a row has more or fewer cells than the header, the last column
        has no name but holds something, two columns have one name, or a required one is missing.
    """
    import pandas as pd  # here, as every stage reads its settings and few read a table

    if separator is None:
        separator = "\t" if is_tab_separated(file) else ","
    lines = _lines(file, separator, note)
    numbers, rows = [number for number, _ in lines], [row for _, row in lines]
    if not rows or not any(rows[0]):
        raise IsomorphError(f"{file}: is empty, expected a table with a header")
    header, body = _without_trailing(rows[0], rows[1:])
    for number, row in zip(numbers[1:], body, strict=True):
        if len(row) != len(header):
            raise IsomorphError(
                f"{file}: line {number} has {len(row)} cell{'s' if len(row) != 1 else ''}, the "
                f"header has {len(header)}; every row needs one cell for each column"
            )
    if not header[-1]:
        _refuse_nameless(file, header, numbers[1:], body)
    if len(set(header)) < len(header):
        twice = next(name for name in header if header.count(name) > 1)
        raise IsomorphError(f'{file}: has two columns "{twice}"; name each once')
    for name in required:
        if name not in header:
            raise IsomorphError(f'{file}: no column "{name}", {did_you_mean(name, header)}')
    # Line 2 is row 0, so that messages can name the line also where lines are empty.
    return pd.DataFrame(
        body, columns=header, index=[number - 2 for number in numbers[1:]], dtype=str
    )


def as_cells(values: Iterable[str]) -> list[str]:
    """Return values a study names as `read_table` gives them: `n/a` as empty text."""
    return ["" if value == MISSING else value for value in values]


def is_tab_separated(file: Path) -> bool:
    """Tell whether a table's name says that tabs separate its cells."""
    return ".tsv" in file.suffixes


def _without_trailing(
    header: list[str], body: list[list[str]]
) -> tuple[list[str], list[list[str]]]:
    """Return a table without the empty cells behind separators at the end of every row.

    Where one of those cells holds something, or rows differ in their number, all are returned as
    they are, to be refused.
    """
    named = _named(header)
    width = len(body[0]) if body else len(header)
    if width < len(header) or any(len(row) != width or any(row[named:]) for row in body):
        return header, body
    return header[:named], [row[:named] for row in body]


def _named(header: list[str]) -> int:
    """Return how many columns there are up to the last that has a name."""
    return max(place for place, name in enumerate(header, 1) if name)


def _refuse_nameless(
    file: Path, header: list[str], numbers: list[int], body: list[list[str]]
) -> None:
    """Refuse what stands in columns behind the last that has a name."""
    number, place, cell = next(
        (number, place, cell)
        for number, row in zip(numbers, body, strict=True)
        for place, cell in enumerate(row, 1)
        if place > _named(header) and cell
    )
    raise IsomorphError(
        f'{file}: column {place} has no name, and line {number} holds "{cell}" in it; name the '
        "column or leave it out"
    )


def _lines(file: Path, separator: str, note: str | None) -> list[tuple[int, list[str]]]:
    """Return the number and the cells of every line that holds something and is not a note."""
    csv.field_size_limit(LARGEST)
    what = f"a table of {'tab' if separator == chr(9) else 'comma'}-separated text"
    found = []
    with reading(file, what):
        opened = gzip.open if file.suffix == ".gz" else open
        with opened(file, "rt", encoding="utf-8-sig", newline="") as text:
            rows = csv.reader(text, delimiter=separator, strict=True)
            for row in rows:
                if row and not (note and row[0].startswith(note)):
                    cells = [cell.strip() for cell in row]
                    found.append((rows.line_num, ["" if one == MISSING else one for one in cells]))
    return found

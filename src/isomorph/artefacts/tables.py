"""Tables: CSV for people, with the provenance in a JSON file beside it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from isomorph import foreign
from isomorph.artefacts.cells import with_formulas, without_formulas
from isomorph.artefacts.contents import check_contents
from isomorph.artefacts.provenance import Provenance, provenance_file, read_provenance
from isomorph.artefacts.schemas import check_table
from isomorph.catalogue import CATALOGUE, WORDS
from isomorph.disk import NoSuchFileError, replacing, sha256

if TYPE_CHECKING:
    import pandas as pd


def write_table(path: Path, table: pd.DataFrame, kind: str, provenance: Provenance) -> None:
    """Write a table of a kind as CSV, its provenance as `<name>.json` beside it.

    Where the catalogue says so, `<name>.parquet` is written too.

    Parameters
    ----------
    path : Path
        The CSV file.
    table : DataFrame
        The rows.
    kind : str
        Which table, see `isomorph.catalogue.CATALOGUE`.
    provenance : Provenance
        Where the numbers came from.

    Raises
    ------
    IsomorphError
        When a column is missing.
    """
    check_table(table, kind, str(path))
    contents = {}
    if kind in CATALOGUE and CATALOGUE[kind].parquet:
        columns = path.with_suffix(".parquet")
        with replacing(columns) as temporary:
            table.to_parquet(temporary, index=False)
            contents[columns.name] = sha256(temporary)
    with replacing(path) as temporary:
        without_formulas(table).to_csv(temporary, index=False)
        contents[path.name] = sha256(temporary)
        # Before the table has its name: as long as the two do not fit each other, none is read.
        write_beside(path, provenance, contents)


def write_beside(path: Path, provenance: Provenance, contents: dict[str, str]) -> None:
    """Write the provenance of a file, or of a folder, that holds none itself."""
    with replacing(provenance_file(path)) as temporary:
        temporary.write_text(provenance.holding(contents).to_json() + "\n", encoding="utf-8")


def read_table(path: Path, kind: str) -> pd.DataFrame:
    """Read a table of a kind; text columns keep empty cells as empty strings.

    Raises
    ------
    IsomorphError
        When the file is absent, is not CSV, has a row with more or fewer cells than the header,
        lacks a column, or is not as it was written with the provenance that stands beside it.
    """
    import pandas as pd
    from pandas.api.types import is_string_dtype

    if not Path(path).is_file():
        raise NoSuchFileError(path)
    if provenance_file(path).is_file():
        check_beside(path)
    else:
        foreign.read_table(path, separator=",")  # whoever wrote it: every row is whole
    with foreign.reading(path, "a CSV table"):
        header = [str(name) for name in pd.read_csv(path, nrows=0, index_col=False)]
        table = pd.read_csv(
            path,
            dtype={name: str for name in header if name in TEXT},
            # Only an empty cell is missing, and only among numbers: "None" may be a condition.
            keep_default_na=False,
            na_values={name: [""] for name in header if name not in TEXT},
            index_col=False,
            usecols=range(len(header)),  # no more where a comma ends every row
        )
    text = [name for name in table.columns if name in TEXT or is_string_dtype(table[name])]
    table[text] = table[text].fillna("")
    table = with_formulas(table)
    check_table(table, kind, str(path))
    return table


def check_beside(path: Path) -> None:
    """Refuse a file that is not as it was written with the provenance beside it.

    Raises
    ------
    IsomorphError
        Naming the file that has changed.
    """
    written = read_provenance(path).contents
    check_contents({path.name: sha256(path)}, written, str(path))


TEXT = frozenset(
    column.name for one in CATALOGUE.values() for column in one.columns if column.unit == WORDS
)
"""Columns that are text in every table, even where they look like numbers (a unit id, "01")."""

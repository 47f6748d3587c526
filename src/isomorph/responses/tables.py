"""BIDS tables: tab-separated text with a header."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from isomorph.errors import IsomorphError, did_you_mean


def read_tsv(file: Path, *required: str) -> pd.DataFrame:
    """Read a BIDS table, every cell as text without the spaces around it.

    Parameters
    ----------
    file : Path
        The table.
    *required : str
        Columns it must have.

    Raises
    ------
    IsomorphError
        When it is not such a table, or lacks a column.
    """
    try:
        table = pd.read_csv(file, sep="\t", dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (
        *(OSError, UnicodeDecodeError),
        *(pd.errors.ParserError, pd.errors.EmptyDataError),
    ) as error:
        raise IsomorphError(f"{file}: is not a table of tab-separated text ({error})") from error
    table = table.rename(columns=lambda name: str(name).strip())
    for name in required:
        if name not in table.columns:
            raise IsomorphError(
                f'{file}: no column "{name}", {did_you_mean(name, map(str, table.columns))}'
            )
    return table.apply(lambda column: column.str.strip())

"""Names as people write them: one or several, of stimuli, distances, measures, regions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from isomorph.errors import IsomorphError


def one_name(given: Any, what: str) -> str:
    """Return a name that is text.

    Raises
    ------
    IsomorphError
        When it is anything else.
    """
    if not isinstance(given, str):
        raise IsomorphError(f"{what}: is {type(given).__name__}, expected a name")
    return given


def several(given: Any, what: str) -> list[str]:
    """Return different names, of which one alone may be given as it is.

    Parameters
    ----------
    given : str or sequence of str
    what : str
        Whose names they are, for messages.

    Raises
    ------
    IsomorphError
        When they are not names, there is none, or one comes twice.
    """
    found = [given] if isinstance(given, str) or not isinstance(given, Iterable) else list(given)
    for one in found:
        if not isinstance(one, str):
            raise IsomorphError(
                f"{what}: is {type(given).__name__}, expected a name or a list of names"
            )
    if not found:
        raise IsomorphError(f"{what}: none is named, expected at least one")
    if twice := first_twice(found):
        raise IsomorphError(f'{what}: "{twice}" is named twice, expected different names')
    return found


def labels(given: Any, what: str) -> list[str]:
    """Return one label after the other, text or numbers, such as a stimulus for every row.

    Parameters
    ----------
    given : sequence, or DataFrame
        Of a table the column `stimulus`.
    what : str
        What they label, for messages.

    Raises
    ------
    IsomorphError
        When they are not labels, or one is missing.
    """
    if isinstance(given, pd.DataFrame) and "stimulus" in given.columns:
        given = given["stimulus"]
    if isinstance(given, xr.DataArray):
        given = given.values
    if isinstance(given, str | Mapping | pd.DataFrame) or not isinstance(given, Iterable):
        raise IsomorphError(f"{what}: is {type(given).__name__}, expected a list of names")
    found = given.tolist() if hasattr(given, "tolist") else list(given)
    for at, one in enumerate(found):
        if not isinstance(one, str) and np.ndim(one) and not isinstance(one, tuple):
            raise IsomorphError(f"{what}: [{at}] is {type(one).__name__}, expected a name")
        if not isinstance(one, tuple) and pd.isna(one):
            raise IsomorphError(f"{what}: [{at}] is missing, expected a name for each")
    return list(map(str, found))


def index_labels(index: pd.Index, what: str) -> list[str] | None:
    """Return the labels of an index, None where it only counts from 0 as pandas does by itself.

    Raises
    ------
    IsomorphError
        When one is missing.
    """
    if isinstance(index, pd.RangeIndex) and (index.start, index.step) == (0, 1):
        return None
    return labels(index, what)


def first_twice(names: Iterable[str]) -> str:
    """Return the first name that came before, empty where all are different."""
    seen = set[str]()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return ""

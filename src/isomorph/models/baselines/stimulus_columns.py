"""Columns of the stimulus table: labels as they are, numbers and ranks as they are far apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from isomorph.errors import IsomorphError
from isomorph.models.baselines.options import Features, LeftOut, Options

CATEGORY_DEFAULTS: dict[str, Any] = {"columns": []}
COLUMNS_DEFAULTS: dict[str, Any] = {"columns": [], "scale": "z_score", "ordinal": {}}
SCALES = ("z_score", "none")


def category(
    table: pd.DataFrame, options: Mapping[str, Any], where: str
) -> tuple[Features, LeftOut]:
    """Return labels of the stimuli as one-hot features.

    Parameters
    ----------
    table : DataFrame
        The stimulus table, a row per stimulus.
    options : mapping
        `columns`, names of columns of the table.
    where : str
        The model, for errors.

    Returns
    -------
    features : dict
        A layer per column, a feature per value in sorted order; `all` holds every column's
        features when there is more than one.
    left_out : dict of str to str
        Columns without a geometry, with the reason.

    Raises
    ------
    IsomorphError
        When a column is not in the table.
    """
    said = Options(options, CATEGORY_DEFAULTS, where)
    features: Features = {}
    left_out: LeftOut = {}
    for name in said.columns(_known(table)):
        column = table[name]
        values = column.astype(str).where(column.notna(), "").to_numpy(dtype=str)
        empty = int(np.count_nonzero(values == ""))
        levels = np.unique(values)
        if empty:
            left_out[name] = f"is empty for {empty} of {len(table)} stimuli"
        elif len(levels) == 1:
            left_out[name] = f'is "{levels[0]}" for every stimulus'
        else:
            features[name] = (values[:, None] == levels[None, :]).astype(np.float64)
    return _with_all(features), left_out


def columns(
    table: pd.DataFrame, options: Mapping[str, Any], where: str
) -> tuple[Features, LeftOut]:
    """Return numbers in the stimulus table as features.

    Parameters
    ----------
    table : DataFrame
        The stimulus table, a row per stimulus.
    options : mapping
        `columns`, names of columns of numbers; `ordinal`, for columns of words, the words of each
        in their order, which stand for 0, 1, 2 and so on; `scale`, `z_score` (mean 0, standard
        deviation 1 over stimuli, so that columns count alike in `all`) or `none`.
    where : str
        The model, for errors.

    Returns
    -------
    features : dict
        A layer of one feature per column; `all` holds every column when there is more than one.
    left_out : dict of str to str
        Columns without a geometry, with the reason.

    Raises
    ------
    IsomorphError
        When a column is not in the table, holds words without an order, or a word that the order
        lacks.
    """
    said = Options(options, COLUMNS_DEFAULTS, where)
    names = said.columns(_known(table))
    scale = said.choice("scale", SCALES)
    orders = said.settings["ordinal"]
    if not isinstance(orders, Mapping) or not all(isinstance(one, list) for one in orders.values()):
        raise IsomorphError(
            f"{where}: options.ordinal must give words in order by column, such as "
            "{size: [small, large]}"
        )
    if stray := [name for name in orders if name not in names]:
        raise IsomorphError(f'{where}: options.ordinal: "{stray[0]}" is not in options.columns')
    features: Features = {}
    left_out: LeftOut = {}
    for name in names:
        values = _numbers(table[name], orders.get(name), f"{where}: options.columns: {name}")
        absent = int(np.count_nonzero(~np.isfinite(values)))
        if absent:
            left_out[name] = f"has no finite number for {absent} of {len(table)} stimuli"
        elif np.ptp(values) == 0:
            left_out[name] = f"is {values[0]:g} for every stimulus"
        else:
            if scale == "z_score":
                values = (values - values.mean()) / values.std()
            features[name] = values[:, None]
    return _with_all(features), left_out


def _known(table: pd.DataFrame) -> list[str]:
    return [name for name in table.columns if name not in ("stimulus", "file", "sha256")]


def _with_all(features: Features) -> Features:
    """Add `all` where there are several columns."""
    if len(features) > 1:
        features["all"] = np.concatenate(list(features.values()), axis=1)
    return features


def _numbers(column: pd.Series, order: Sequence[Any] | None, where: str) -> NDArray[np.float64]:
    """Return a column as numbers, NaN where it is empty."""
    filled = column[column.notna() & (column.astype(str) != "")]
    if order is None:
        numbers = pd.to_numeric(filled, errors="coerce")
        if len(odd := filled[numbers.isna()]):
            raise IsomorphError(
                f'{where} holds "{odd.iloc[0]}", which is not a number; say the order of its words '
                "in options.ordinal, or use baseline/category"
            )
    else:
        ranks = {str(word): float(rank) for rank, word in enumerate(order)}
        numbers = filled.astype(str).map(ranks)
        if len(odd := filled[numbers.isna()]):
            raise IsomorphError(
                f'{where} holds "{odd.iloc[0]}", which options.ordinal lacks: ' + ", ".join(ranks)
            )
    placed = numbers.astype(float).reindex(column.index)
    return np.asarray(placed, dtype=np.float64)

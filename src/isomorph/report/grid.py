"""Where each comparison of a dataset stands: what it is made under by the layer it is of."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from isomorph.figures.dataset_results import DatasetResults
from isomorph.responses.times import EDGES
from isomorph.study.windows import in_milliseconds

SETTING = ("region", "bin", "distance", "measure")
"""What a comparison is made under; all layers and models share it."""

Keys = Mapping[tuple[Any, ...], int]


@dataclass(frozen=True)
class Placed:
    """Rows of a table, and where each of them stands.

    Attributes
    ----------
    rows : DataFrame
    at : tuple of ndarray
        Places along both axes, of shape (row,).
    shape : tuple of int
    """

    rows: pd.DataFrame
    at: tuple[np.ndarray, np.ndarray]
    shape: tuple[int, int]

    def values(self, name: str) -> np.ndarray:
        """Return a column, NaN where there is no row."""
        whole = np.full(self.shape, np.nan)
        whole[self.at] = self.rows[name].to_numpy(float)
        return whole

    def codes(self, values: Iterable[int], kind: Any, missing: int = 0) -> np.ndarray:
        """Return whole numbers, one for each row."""
        whole = np.full(self.shape, missing, kind)
        whole[self.at] = list(values)
        return whole


@dataclass(frozen=True)
class Grid:
    """The axes along which comparisons stand.

    Attributes
    ----------
    names : dict of str to dict
        For each of `SETTING`, the place of every value.
    settings : mapping of tuple to int
        Settings that were computed.
    models : mapping of tuple of str to int
        Model instances, in the order of the study.
    layers : mapping of tuple of str to int
        (model, layer), those of a model in order of depth.
    """

    names: dict[str, dict[Hashable, int]]
    settings: Keys
    models: Keys
    layers: Keys

    def of_layers(self, table: pd.DataFrame) -> Placed:
        """Return the rows of a table by setting and layer."""
        return self._placed(table, self.layers, ("model", "layer"))

    def of_models(self, table: pd.DataFrame) -> Placed:
        """Return the rows of a table by setting and model."""
        return self._placed(table, self.models, ("model",))

    def _placed(self, table: pd.DataFrame, columns: Keys, keys: tuple[str, ...]) -> Placed:
        table = with_bins(table)
        down = np.array([self.settings.get(one, -1) for one in _tuples(table, SETTING)], dtype=int)
        across = np.array([columns.get(one, -1) for one in _tuples(table, keys)], dtype=int)
        there = (down >= 0) & (across >= 0)
        shape = len(self.settings), len(columns)
        return Placed(table[there], (down[there], across[there]), shape)


def with_bins(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with its time bin in words as `bin`, empty where there is none."""
    if not set(EDGES) <= set(table.columns):
        return table.assign(bin="")
    edges = zip(table[EDGES[0]].astype(float), table[EDGES[1]].astype(float), strict=True)
    words = ["" if np.isnan(start) else in_milliseconds(start, stop) for start, stop in edges]
    return table.assign(bin=words)


def grid(results: DatasetResults, table: pd.DataFrame) -> Grid:
    """Return the axes of the comparisons of a dataset, which have their `bin`."""
    order = [name for family in results.families for name in family.instances]
    present = set(table["model"])
    models = list(dict.fromkeys([*(name for name in order if name in present), *table["model"]]))
    known = table[["model", "layer", "depth"]].drop_duplicates(["model", "layer"])
    rank = known["model"].map({name: n for n, name in enumerate(models)})
    known = known.assign(rank=rank).sort_values(["rank", "depth"], kind="stable")
    names = {name: _numbered(dict.fromkeys(table[name])) for name in SETTING}
    # The study's first distances and measures are the page's first.
    spec = results.study.spec
    for name, first in (("distance", spec.distances), ("measure", spec.measures)):
        listed = [one for one in first if one in names[name]]
        names[name] = _numbered(dict.fromkeys([*listed, *names[name]]))
    return Grid(
        names,
        _numbered(dict.fromkeys(_tuples(table, SETTING))),
        _numbered((name,) for name in models),
        _numbered(_tuples(known, ("model", "layer"))),
    )


def _numbered(values: Iterable[Any]) -> dict[Any, int]:
    return {value: n for n, value in enumerate(values)}


def _tuples(table: pd.DataFrame, columns: Sequence[str]) -> list[tuple[Any, ...]]:
    return list(zip(*(table[name] for name in columns), strict=True))

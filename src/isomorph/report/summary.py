"""The answer in one look: how like each model is to each region of measured data."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from isomorph.figures import main_rows
from isomorph.figures.dataset_results import DatasetResults
from isomorph.figures.main_rows import Bounds, Family, MainRows
from isomorph.report.cells import COLUMNS, Cell, by_model, cell_of

TABLES = ("comparisons", "selection", "layers_in_set", "contrasts", "differences")
"""Of what the answer is made."""

KINDS = {
    "trained": "Trained networks",
    "baseline": "Other models",
    "untrained": "Untrained controls",
}
"""Groups of columns, in their order."""


@dataclass(frozen=True)
class Row:
    """One region, in the time bin in which a model is most like it where there are several.

    Attributes
    ----------
    results : DatasetResults
    shown : MainRows
    region, time : str
        The region, and its time bin in words; empty without bins.
    n_bins : int
        Time bins among which this one is the best.
    ceiling : Bounds or str
        The noise ceiling, or why there is none.
    chance : float
        What the measure gives on average by chance.
    cells : mapping of str to Cell
        By the name of the model.
    tables : mapping of str to DataFrame
        The region's rows of each table of `TABLES`, under its measure and distance.
    """

    results: DatasetResults
    shown: MainRows
    region: str
    time: str
    n_bins: int
    ceiling: Bounds | str
    chance: float
    cells: Mapping[str, Cell]
    tables: Mapping[str, pd.DataFrame]

    @property
    def dataset(self) -> str:
        """Name of the dataset."""
        return self.results.dataset

    @property
    def ceiling_said(self) -> str:
        """The noise ceiling in words."""
        if isinstance(self.ceiling, str):
            return "no noise ceiling"
        return f"ceiling {self.ceiling.words}"

    @property
    def leader(self) -> Cell | None:
        """The trained network with the highest score, or any model when none is trained.

        Where some have a score on held-out stimuli, of these.
        """
        for kinds in (("trained",), tuple(KINDS)):
            cells = [one for one in self.cells.values() if one.family.kind in kinds]
            known = [one for one in cells if not math.isnan(one.score)]
            if known:
                return max(known, key=lambda one: (one.held_out, one.score))
        return None


@dataclass(frozen=True)
class Matrix:
    """Regions of measured data by models.

    Attributes
    ----------
    models : sequence of Family
        Columns: trained networks, then other models, then untrained controls.
    rows : sequence of Row
        In the order of the datasets.
    """

    models: Sequence[Family]
    rows: Sequence[Row]

    @property
    def groups(self) -> list[tuple[str, list[Family]]]:
        """Columns by kind of model."""
        kinds = dict.fromkeys(model.kind for model in self.models)
        if list(kinds) == ["baseline"]:
            return [("Models", list(self.models))]
        return [(KINDS[kind], [m for m in self.models if m.kind == kind]) for kind in kinds]

    @property
    def datasets(self) -> list[tuple[DatasetResults, list[Row]]]:
        """Rows by dataset."""
        names = dict.fromkeys(row.dataset for row in self.rows)
        inside = [[row for row in self.rows if row.dataset == name] for name in names]
        return [(rows[0].results, rows) for rows in inside]

    @property
    def cells(self) -> Iterator[Cell]:
        """All cells."""
        return (cell for row in self.rows for cell in row.cells.values())

    def limits(self, row: Row) -> tuple[float, float]:
        """Return the scale of a row: from chance to its ceiling, or to the highest of its measure.

        A score above the ceiling extends it.
        """
        bounded = not isinstance(row.ceiling, str)
        alike = [one for one in self.rows if one.shown.measure == row.shown.measure]
        cells = [cell for one in ([row] if bounded else alike) for cell in one.cells.values()]
        tops = [cell.score if bounded else max(cell.score, cell.high) for cell in cells]
        if isinstance(row.ceiling, Bounds):
            tops.append(row.ceiling.high)
        known = [top for top in tops if math.isfinite(top) and top > row.chance]
        return row.chance, max(known, default=row.chance + 1.0)

    @property
    def reasons(self) -> list[str]:
        """Why some cells have no score or no interval, each reason once."""
        return list(dict.fromkeys(cell.reason for cell in self.cells if cell.reason))


def matrix(found: Sequence[DatasetResults]) -> Matrix | None:
    """Return regions by models over all datasets but simulated ones, None without any number."""
    rows = [row for results in found if not results.simulated for row in rows_of(results)]
    if not rows:
        return None
    families = {family.name: family for row in rows for family in row.results.families}
    used = {name for row in rows for name in row.cells}
    models = [families[n] for kind in KINDS for n in families if families[n].kind == kind]
    return Matrix([model for model in models if model.name in used], rows)


def rows_of(results: DatasetResults) -> list[Row]:
    """Return the regions of a dataset, each in the time bin in which a model is most like it."""
    rows: dict[str, list[Row]] = {}
    for shown in results.shown:
        row = row_of(results, shown)
        rows.setdefault(row.region, []).append(row)
    return [replace(max(bins, key=_height), n_bins=len(bins)) for bins in rows.values()]


def named(rows: Sequence[Row]) -> list[str]:
    """Return the regions of rows, with the dataset where two of these have a region of a name."""
    found = [(row.region, row.dataset) for row in rows]
    owners = {region: {whose for name, whose in found if name == region} for region, _ in found}
    return [f"{name} ({whose})" if len(owners[name]) > 1 else name for name, whose in found]


def _height(row: Row) -> float:
    return -math.inf if row.leader is None else row.leader.score


def row_of(results: DatasetResults, shown: MainRows) -> Row:
    """Return one region, or one of its time bins; made once, as many parts of the page ask."""
    key = ("row", shown.region, shown.distance, shown.measure)
    if key not in results.kept:
        results.kept[key] = _row(results, shown)
    row: Row = results.kept[key]
    return row


def _row(results: DatasetResults, shown: MainRows) -> Row:
    first = shown.rows.iloc[0]
    region = str(first["region"])
    tables = {kind: results.of(kind, shown) for kind in TABLES}
    records = {kind: by_model(tables[kind], columns) for kind, columns in COLUMNS.items()}
    cells = ((family.name, cell_of(records, family)) for family in results.families)
    chance = float(first.get("chance", math.nan))
    return Row(
        results, shown, region, shown.region.removeprefix(region).strip(), 1,
        main_rows.ceiling(shown.rows), chance if math.isfinite(chance) else 0.0,
        {name: cell for name, cell in cells if cell}, tables,
    )  # fmt: skip

"""What comparisons give: tables, with a view in a notebook, a figure, and a way to the disk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from isomorph.errors import IsomorphError, did_you_mean
from isomorph.inference import view
from isomorph.inference.members import ModelFamily
from isomorph.study import Inference

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_ROWS = 12
"""Rows of a table that are shown in a notebook."""

CEILING = ("half_agreement", "reliability", "normalised_status", "normalised_reason")
"""Columns that say how well the true model would do, beside those whose names begin so."""

ABOUT = ("region", "time_start", "time_stop", "distance", "measure")
"""What a row is about, whatever the model."""

SHOWN: Mapping[str, Sequence[str]] = {
    "comparisons": (
        *ABOUT[:3], "model", "layer", "distance", "measure", "estimate", "interval_low",
        "interval_high", "ceiling_lower", "ceiling_upper", "p_corrected", "in_set", "status",
    ),
    "ceiling": (
        *ABOUT, "ceiling_lower", "ceiling_upper", "reliability", "ceiling_status",
    ),
    "selection": (
        *ABOUT[:3], "model", "distance", "measure", "chosen_layer", "chosen_share", "score",
        "interval_low", "interval_high", "maximum", "optimism", "status",
    ),
    "partial": (
        *ABOUT[:3], "model", "layer", "measure", "controls", "statistic", "estimate",
        "interval_low", "interval_high", "p_corrected", "status",
    ),
    "partition": (
        *ABOUT[:3], "predictors", "measure", "part", "variance", "interval_low",
        "interval_high", "p_corrected", "status",
    ),
    "weighted": (
        *ABOUT[:3], "model", "kind", "measure", "score", "single", "gain", "interval_low",
        "interval_high", "p_corrected", "status",
    ),
    "predictions": (
        *ABOUT[:3], "measure", "model", "layer", "kind", "estimate", "interval_low",
        "interval_high", "r_lower", "r_upper", "normalised_median", "asymmetry", "p_corrected",
        "status",
    ),
    "power": (
        *ABOUT[:3], "measure", "planted_model", "planted_layer", "n_stimuli", "n_subjects",
        "recovery_exact", "recovery_family", "power_runner_up", "false_winner", "status",
    ),
}  # fmt: skip
"""Columns of each table that are shown in a notebook."""


@dataclass(frozen=True, repr=False)
class Result:
    """Tables that one function gave, with what they were computed under.

    Each table is an attribute too: `result.selection` is `result.tables["selection"]`.

    Attributes
    ----------
    kind : str
        Name of the main table.
    tables : mapping of str to DataFrame
        With the columns of the pipeline's tables of these names.
    inference : Inference
        The settings.
    models : sequence of ModelFamily
        What was compared.
    left_out : tuple of str
        Measures that have no rows, such as those that do not go with a distance, and why.
    """

    kind: str
    tables: Mapping[str, pd.DataFrame]
    inference: Inference
    models: Sequence[ModelFamily] = ()
    left_out: tuple[str, ...] = field(default=())

    @property
    def table(self) -> pd.DataFrame:
        """The main table."""
        return self.tables[self.kind]

    @property
    def ceiling(self) -> pd.DataFrame:
        """How well the true model would do: a row per region, distance and measure."""
        if "ceiling_status" not in self.table:
            raise IsomorphError(
                f"these are results of {self.kind}, which have no ceilings; "
                "isomorph.noise_ceiling gives them"
            )
        keys = [name for name in ABOUT if name in self.table]
        said = [
            name
            for name in map(str, self.table)
            if (name.startswith("ceiling_") and name != "ceiling_note") or name in CEILING
        ]
        return self.table[[*keys, *said]].drop_duplicates(keys, ignore_index=True)

    def __getattr__(self, name: str) -> pd.DataFrame:
        tables = self.__dict__.get("tables", {})
        if name in tables:
            return tables[name]
        if name.startswith("_"):
            raise AttributeError(name)
        raise AttributeError(f"results of {self.kind} have no {name}, {did_you_mean(name, tables)}")

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self.tables]

    def plot(self, **how: Any) -> Figure:
        """Draw the main table; see `isomorph.plot`."""
        import isomorph

        return isomorph.plot(self, **how)

    def save(self, folder: Path | str) -> Path:
        """Write every table and the settings into a folder, which `isomorph.load` reads again.

        Parameters
        ----------
        folder : path
            Made where it is not there.

        Returns
        -------
        Path
            The folder.
        """
        import isomorph

        return isomorph.save(self, folder)

    def __repr__(self) -> str:
        return f"{self.summary}\n{shown(self.table, self.kind).to_string(index=False)}"

    def _repr_html_(self) -> str:
        part = shown(self.table, self.kind, keep_index=True)
        coverage = self.inference.interval
        return view.page(self.kind, part, self.table, self.tables, coverage, self.summary)

    @property
    def summary(self) -> str:
        """What there is, and what was left out, in one sentence."""
        sizes = ", ".join(f"{name} {len(table)}" for name, table in self.tables.items())
        best = _best(self.table, self.kind)
        part = ", the best layer of each model" if len(best) < len(self.table) else ""
        if len(best) > MOST_ROWS:
            part += f", the first {MOST_ROWS}"
        said = f"{part} shown" if part else ""
        without = f"; left out: {'; '.join(self.left_out)}" if self.left_out else ""
        return f"{self.kind}: {len(self.table)} rows{said}; tables and their rows: {sizes}{without}"


def shown(table: pd.DataFrame, kind: str, *, keep_index: bool = False) -> pd.DataFrame:
    """Return the part of a table that is worth a look: the best layers, the main columns.

    Parameters
    ----------
    table : DataFrame
    kind : str
    keep_index : bool, optional
        Whether rows keep their index.
    """
    columns = [name for name in SHOWN.get(kind, table.columns) if name in table]
    table = _best(table, kind)
    # A column that says the same everywhere, or nothing, is left out.
    told = [
        name for name in columns if name in ("region", "model") or not _says_nothing(table[name])
    ]
    some = table[told].head(MOST_ROWS)
    return some if keep_index else some.reset_index(drop=True)


def _best(table: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Return the rows of the best layer of each model, of comparisons; all rows of others."""
    if kind != "comparisons" or table.empty:
        return table
    best = table.sort_values("estimate", ascending=False, kind="stable")
    keys = [name for name in ("model", *ABOUT) if name in table]
    return best.drop_duplicates(keys).sort_index()


def _says_nothing(column: pd.Series) -> bool:
    return bool(column.isna().all() or (column == "").all() or (column == "ok").all())

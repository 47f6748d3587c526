"""What was computed of one dataset, and what figures and report show of it first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from isomorph.figures import main_rows
from isomorph.inference.model_scores import model_scores, winners
from isomorph.numerals import percent
from isomorph.study import Study


@dataclass(frozen=True)
class DatasetResults:
    """The tables of one dataset and the study they belong to.

    Attributes
    ----------
    study : Study
    dataset : str
    tables : mapping of str to DataFrame
        Tables by kind; those that were not written are absent.
    """

    study: Study
    dataset: str
    tables: Mapping[str, pd.DataFrame]

    @property
    def simulated(self) -> bool:
        """Whether the responses were simulated."""
        return self.study.dataset(self.dataset).simulated

    @property
    def coverage(self) -> str:
        """The coverage of intervals: `95 %`."""
        return percent(self.study.spec.inference.interval)

    @cached_property
    def shown(self) -> tuple[main_rows.MainRows, ...]:
        """Each region's comparisons under its main measure and distance."""
        spec, comparisons = self.study.spec, self.tables["comparisons"]
        found = (
            main_rows.main(rows, str(region), spec.measures, spec.distances)
            for region, rows in comparisons.groupby(main_rows.places(comparisons), sort=False)
        )
        return tuple(one for one in found if one)

    @cached_property
    def families(self) -> list[main_rows.Family]:
        """The models of the study, seeds of one network together."""
        return main_rows.families(self.study)

    @cached_property
    def titles(self) -> dict[str, str]:
        """Titles of model instances."""
        return main_rows.titles(self.study)

    @cached_property
    def scores(self) -> pd.DataFrame:
        """Scores of models on held-out stimuli, see `isomorph.inference.model_scores`."""
        return model_scores(self.table("selection"), self._owners)

    @cached_property
    def winners(self) -> pd.DataFrame:
        """The model with the highest of these scores under every distance and measure."""
        return winners(self.tables, self._owners)

    @cached_property
    def kept(self) -> dict[tuple[str, ...], Any]:
        """What was made of these results and is asked for again, under names of its own."""
        return {}

    @cached_property
    def _standing(self) -> dict[str, Mapping[Any, Any]]:
        """Where the rows of a region, a distance and a measure stand in each table asked for."""
        return {}

    @property
    def _owners(self) -> dict[str, str]:
        return {name: family.name for family in self.families for name in family.instances}

    def title(self, model: str) -> str:
        """Return the title of a model or of one of its instances; the name where none is known."""
        known = self.study.models.get(model)
        return self.titles.get(model, known.title if known else model)

    def family(self, model: str) -> main_rows.Family | None:
        """Return the family of a model instance."""
        return next((one for one in self.families if model in one.instances), None)

    def table(self, kind: str) -> pd.DataFrame:
        """Return a table, empty where it was not written."""
        return self.tables.get(kind, pd.DataFrame())

    def of(self, kind: str, shown: main_rows.MainRows) -> pd.DataFrame:
        """Return a table's rows of a region under its main measure and distance, empty if none."""
        table = self.table(kind)
        if table.empty:
            return table
        if kind not in self._standing:
            keys = [main_rows.places(table), table["distance"], table["measure"]]
            self._standing[kind] = table.groupby(keys, sort=False).indices
        at = self._standing[kind].get((shown.region, shown.distance, shown.measure), [])
        return table.iloc[at]

    def held_out(self, shown: main_rows.MainRows) -> pd.DataFrame:
        """Return a region's scores at layers chosen on other stimuli, empty if none."""
        return main_rows.held_out_scores(self.table("selection"), shown)

    def simulations(self, kind: str, shown: main_rows.MainRows) -> pd.DataFrame:
        """Return rows of `confusion` or `power` in which something was simulated."""
        rows = self.of(kind, shown)
        counted = {"power": "n_recovery", "confusion": "n_simulations"}[kind]
        return rows if rows.empty else rows[rows[counted].notna()]

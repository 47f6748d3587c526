"""Which rows of the comparisons a figure shows: the main measure, its distance, the best layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd

from isomorph.inference.chosen_layers import ON_STIMULI
from isomorph.numerals import interval, number
from isomorph.responses.times import EDGES
from isomorph.study import Study
from isomorph.study.windows import in_time

SIGNIFICANT = 0.05

Kind = Literal["trained", "untrained", "baseline"]


@dataclass(frozen=True)
class Family:
    """A model or a group of models that differ only in their seed.

    Attributes
    ----------
    name, title : str
        As in the model's settings file.
    kind : str
        `trained` or `untrained` for networks, `baseline` for anything else.
    instances : tuple of str
        Names under which the family appears in the tables.
    control_of : str or None
        The trained family this one is the untrained control of.
    """

    name: str
    title: str
    kind: Kind
    instances: tuple[str, ...]
    control_of: str | None = None


@dataclass(frozen=True)
class MainRows:
    """The comparisons of one region under one distance and one measure.

    Attributes
    ----------
    region, distance, measure : str
        The region with its time bin in words, where there are bins.
    rows : DataFrame
        Rows with a number, in the order of the table.
    """

    region: str
    distance: str
    measure: str
    rows: pd.DataFrame


def families(study: Study) -> list[Family]:
    """Return the model families of a study in its order."""
    found = []
    for model in study.models.values():
        kind: Kind = "trained"
        if model.control_of or model.source.startswith("untrained/"):
            kind = "untrained"
        elif model.is_baseline or model.is_told:
            kind = "baseline"
        found.append(
            Family(model.name, model.title, kind, tuple(model.instances), model.control_of)
        )
    return found


def titles(study: Study) -> dict[str, str]:
    """Return the title of every model instance; one of several seeds carries its seed's number."""
    return {
        name: family.title
        + (f", seed {name.rsplit('-seed', 1)[-1]}" if len(family.instances) > 1 else "")
        for family in families(study)
        for name in family.instances
    }


SURE = ("ok", "untested")
"""Status of rows that have an interval, whether or not they have a p."""


def usable(table: pd.DataFrame, value: str = "estimate") -> pd.DataFrame:
    """Return the rows that hold a number and its interval; the others say in `reason` why not."""
    return table[table["status"].isin(SURE) & np.isfinite(table[value].astype(float))]


def places(table: pd.DataFrame, column: str = "region") -> pd.Series:
    """Return the region of every row, with its time bin in words where there are bins."""
    named = table[column].astype(object)
    if not set(EDGES) <= set(table.columns):
        return named
    timed = table[EDGES[0]].notna().to_numpy()
    keys = [column, *EDGES]
    rows = table.loc[timed, keys]
    # Words are made once for each bin, as there are many rows of each.
    number = rows.groupby(keys, sort=False, dropna=False).ngroup().to_numpy()
    words = [in_time(*one) for one in rows.drop_duplicates().itertuples(index=False)]
    found = named.to_numpy(copy=True)
    found[timed] = np.array(words, dtype=object)[number]
    return pd.Series(found, table.index, dtype=object, name=column)


def place_of(row: Mapping[Any, Any] | pd.Series) -> str:
    """Return the region of a row, with its time bin in words where there are bins."""
    start, stop = (float(row.get(edge, np.nan)) for edge in EDGES)
    return in_time(str(row["region"]), start, stop)


def rows_of(table: pd.DataFrame, region: str) -> pd.DataFrame:
    """Return the rows of a region, or of one of its time bins, named as in `places`."""
    return table[places(table) == region]


def regions(comparisons: pd.DataFrame) -> list[str]:
    """Return the regions of a table, each time bin apart, in the order in which they appear."""
    return list(dict.fromkeys(places(comparisons)))


def main(
    comparisons: pd.DataFrame, region: str, measures: Sequence[str], distances: Sequence[str]
) -> MainRows | None:
    """Return a region's rows under the study's first measure and distance that have numbers.

    Parameters
    ----------
    comparisons : DataFrame
        A comparisons table.
    region : str
        The region.
    measures, distances : sequence of str
        In the study's order. Published RDMs come with their own distance, and some measures
        use none, so what the table holds is tried after what the study lists.
    """
    rows = usable(rows_of(comparisons, region))
    for measure in dict.fromkeys([*measures, *rows["measure"]]):
        of_measure = rows[rows["measure"] == measure]
        for distance in dict.fromkeys([*distances, *of_measure["distance"]]):
            found = of_measure[of_measure["distance"] == distance]
            if len(found):
                return MainRows(region, distance, measure, found)
    return None


def matching(table: pd.DataFrame, shown: MainRows) -> pd.DataFrame:
    """Return the rows of another table under the same distance and measure."""
    return table[(table["measure"] == shown.measure) & (table["distance"] == shown.distance)]


def held_out_scores(selection: pd.DataFrame, shown: MainRows) -> pd.DataFrame:
    """Return a region's scores at layers chosen on other stimuli, empty if there are none.

    Parameters
    ----------
    selection : DataFrame
        Layers chosen on other stimuli, and their scores.
    shown : MainRows
        The region, under one distance and measure.
    """
    if selection.empty:
        return selection
    rows = matching(rows_of(selection, shown.region), shown)
    return rows[rows["chosen_on"] == ON_STIMULI]


def highest(rows: pd.DataFrame, value: str = "estimate") -> dict[str, Any]:
    """Return the row with the highest value of a column, by column; some row must have one."""
    known = rows[value].to_numpy(dtype=float)
    return {str(key): found for key, found in rows.iloc[int(np.nanargmax(known))].items()}


def best_layers(rows: pd.DataFrame) -> pd.DataFrame:
    """Return for each model instance the row of its highest estimate, in table order."""
    if rows.empty:
        return rows
    best = rows.loc[rows.groupby("model", sort=False)["estimate"].idxmax()]
    return best.reset_index(drop=True)


def best_row(shown: MainRows, groups: Sequence[Family]) -> pd.Series | None:
    """Return the best layer of a trained model, or of any model when none is trained."""
    for kinds in (("trained",), ("trained", "untrained", "baseline")):
        names = {name for family in groups if family.kind in kinds for name in family.instances}
        rows = shown.rows[shown.rows["model"].isin(names)]
        if len(rows):
            return rows.iloc[int(rows["estimate"].to_numpy().argmax())]
    return None


def leaders(shown: MainRows, groups: Sequence[Family]) -> list[pd.Series]:
    """Return the best layer of a trained model, then that of all models where it is another."""
    best = shown.rows.iloc[int(shown.rows["estimate"].to_numpy().argmax())]
    trained = best_row(shown, groups)
    return [best] if trained is None or trained.name == best.name else [trained, best]


class Bounds(NamedTuple):
    """Where the noise ceiling of a region is.

    Attributes
    ----------
    low, high : float
        Of several subjects the lower and upper bound, of one the ends of the interval.
    estimate : float or None
        Of one subject.
    """

    low: float
    high: float
    estimate: float | None = None

    @property
    def words(self) -> str:
        """Return `.50 to .60` for several subjects, `.87 [.84, .90]` for one."""
        if self.estimate is None:
            return f"{number(self.low)} to {number(self.high)}"
        return f"{number(self.estimate)} {interval(self.low, self.high)}"


def ceiling(rows: pd.DataFrame) -> Bounds | str:
    """Return the noise ceiling of a region's rows, or why there is none."""
    defined = rows[(rows["ceiling_status"] == "ok") & rows["ceiling_upper"].notna()]
    if len(defined):
        first = defined.iloc[0]
        lower, upper = float(first["ceiling_lower"]), float(first["ceiling_upper"])
        if np.isfinite(lower):
            return Bounds(lower, upper)
        low, high = (float(first[f"ceiling_upper_{end}"]) for end in ("low", "high"))
        return Bounds(float(np.fmin(low, upper)), float(np.fmax(high, upper)), upper)
    return next((why for why in rows["ceiling_reason"].astype(str) if why), "not computed")


def significant(rows: pd.DataFrame) -> np.ndarray:
    """Return where the corrected p is below 0.05; a missing p is not."""
    return (rows["p_corrected"].astype(float) < SIGNIFICANT).to_numpy()

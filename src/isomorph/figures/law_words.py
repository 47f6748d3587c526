"""What is said of the dynamics of regions, in sentences."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from isomorph.figures.main_rows import SIGNIFICANT
from isomorph.numerals import number, p_said
from isomorph.saying import count

SEEN = ("ok", "untested")
"""States of a row that has a distance."""

UNITS = {"angular": " rad", "wasserstein": ""}
"""What stands behind a distance between laws."""

Row = Mapping[Any, Any]


def named(table: pd.DataFrame) -> pd.DataFrame:
    """Return rows of `dynamics` with what they compare, `pair`, and in which `recording`.

    A pair is called the same in all recordings; what no recording is told by is left out.

    Parameters
    ----------
    table : DataFrame
        At least one row.
    """
    records = table.to_dict("records")
    told = [
        key
        for key in ("subject", "session")
        if len({row[f"{key}_{side}"] for row in records for side in "ab"}) > 1
    ]
    return table.assign(
        pair=[_pair(row) for row in records],
        recording=[_recording(row, told) for row in records],
    )


def _itself(row: Row) -> bool:
    return bool(row["region_a"] == row["region_b"])


def _pair(row: Row) -> str:
    if _itself(row):
        return f"{row['region_a']}, itself"
    return " – ".join(sorted((str(row["region_a"]), str(row["region_b"]))))


def _recording(row: Row, told: list[str]) -> str:
    one, other = (
        " ".join(str(row[f"{key}_{side}"]) for key in told if row[f"{key}_{side}"]) for side in "ab"
    )
    return one if one == other else f"{one} – {other}"


def seen(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that have a distance."""
    return table[table["status"].isin(SEEN)]


def sentences(known: pd.DataFrame) -> Iterator[str]:
    """Say of every region which law is nearest to its own and which is farthest.

    Parameters
    ----------
    known : DataFrame
        See `seen` and `named`.

    Yields
    ------
    str
        Means are over recordings, and no test says that one distance is smaller than another.
    """
    apart = known[known["region_a"] != known["region_b"]]
    for region in dict.fromkeys([*known["region_a"], *known["region_b"]]):
        mine = (apart["region_a"] == region) | (apart["region_b"] == region)
        own = apart[mine].assign(other=apart["region_a"].where(apart["region_a"] != region,
                                                               apart["region_b"]))  # fmt: skip
        means = own.groupby("other", sort=False)["estimate"].mean().sort_values(kind="stable")
        said = []
        if len(means) == 1:
            (other,) = means.index
            said.append(f"its law is compared with that of {other}, {_told(own)}")
        elif len(means):
            near, far = means.index[0], means.index[-1]
            said.append(
                f"of the laws of {count(len(means), 'other region')}, that of {near} is nearest to "
                f"its own, {_told(own[own['other'] == near])}, and that of {far} is farthest, "
                f"{_told(own[own['other'] == far])}"
            )
        itself = known[(known["region_a"] == region) & (known["region_b"] == region)]
        if len(itself):
            said.append(f"its own in other recordings, {_told(itself)}")
        yield f"{region}: {'; '.join(said)}."


def _told(rows: pd.DataFrame) -> str:
    """Return a distance, or the mean of several with the least and the largest."""
    unit = UNITS[str(rows["field_distance"].iloc[0])]
    values = rows["estimate"]
    tested = rows[rows["status"] == "ok"]
    chance = f"with time shuffled {number(float(tested['shuffled'].mean()))}"
    if len(rows) == 1:
        error = float(rows["standard_error"].iloc[0])
        ends = f" ± {number(error)}" if math.isfinite(error) else ""
        p = f"{chance}, {p_said(float(rows['p_corrected'].iloc[0]))}"
        return f"{number(float(values.iloc[0]))}{ends}{unit} ({p if len(tested) else 'not tested'})"
    over = f"{number(values.min())} to {number(values.max())} over {len(rows)} recordings"
    if rows["region_a"].iloc[0] == rows["region_b"].iloc[0]:
        over = over.replace("recordings", "pairs of recordings")
    n = int((tested["p_corrected"] < SIGNIFICANT).sum())
    p = f"{chance}, corrected p < .05 in {n} of {len(tested)}" if len(tested) else "not tested"
    return f"on average {number(values.mean())}{unit}, {over} ({p})"


def summary(known: pd.DataFrame) -> str:
    """Say which laws are nearest and which farthest, over all pairs of regions.

    Parameters
    ----------
    known : DataFrame
        See `named`; at least one row.
    """
    means = known.groupby("pair", sort=False)["estimate"].mean().sort_values(kind="stable")
    unit = UNITS[str(known["field_distance"].iloc[0])]
    ends = [
        f"{word}: {means.index[at]}, {number(float(means.iloc[at]))}{unit}"
        for word, at in (("nearest", 0), ("farthest", -1))[: len(means)]
    ]
    tested = known[known["status"] == "ok"]
    n = int((tested["p_corrected"] < SIGNIFICANT).sum())
    beyond = (
        f"{n} of {count(len(tested), 'distance')} {'is' if n == 1 else 'are'} smaller than with "
        "time shuffled (corrected p < .05)"
        if len(tested)
        else "none was tested against shuffled time"
    )
    return f"Of {count(len(means), 'pair')} {'; '.join(ends)}; {beyond}."

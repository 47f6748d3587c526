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
    """Return rows of `dynamics` with what they compare, `one` and `other`, `pair` and `recording`.

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
        if len({row[f"{key}_{side}"] for row in records for side in "ab"} - {""}) > 1
    ]
    return table.assign(
        one=[str(row["region_a"]) for row in records],
        other=[_other(row) for row in records],
        pair=[_pair(row) for row in records],
        recording=[_recording(row, told) for row in records],
    )


def _other(row: Row) -> str:
    return f"{row['model_b']} {row['layer_b']}" if row["model_b"] else str(row["region_b"])


def _pair(row: Row) -> str:
    one, other = str(row["region_a"]), _other(row)
    if row["model_b"]:
        return f"{one} – {other}"
    return f"{one}, itself" if one == other else " – ".join(sorted((one, other)))


def _recording(row: Row, told: list[str]) -> str:
    one, other = (
        " ".join(str(row[f"{key}_{side}"]) for key in told if row[f"{key}_{side}"]) for side in "ab"
    )
    return one if one == other or row["model_b"] else f"{one} – {other}"


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
    layers = known["model_b"] != ""
    regions = dict.fromkeys([*known["one"], *known.loc[~layers, "other"]])
    itself = (known["one"] == known["other"]) & ~layers
    for region in regions:
        mine = (known["one"] == region) | ((known["other"] == region) & ~layers)
        brain = known[mine & ~layers & ~itself]
        turned = brain.assign(other=brain["one"].where(brain["one"] != region, brain["other"]))
        said = [*_ranked(turned, "other region"), *_ranked(known[mine & layers], "layer")]
        if len(own := known[mine & itself]):
            said.append(f"its own in other recordings, {_told(own)}")
        yield f"{region}: {'; '.join(said)}."


def _ranked(rows: pd.DataFrame, what: str) -> Iterator[str]:
    """Say which of several laws is nearest and which farthest, or how far the only one is."""
    means = rows.groupby("other", sort=False)["estimate"].mean().sort_values(kind="stable")
    if len(means) == 1:
        yield f"its law is compared with that of {means.index[0]}, {_told(rows)}"
    elif len(means):
        near, far = means.index[0], means.index[-1]
        yield (
            f"of the laws of {count(len(means), what)}, that of {near} is nearest to its own, "
            f"{_told(rows[rows['other'] == near])}, and that of {far} is farthest, "
            f"{_told(rows[rows['other'] == far])}"
        )


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

"""Models by their scores on held-out stimuli: who wins under each distance and measure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from isomorph.inference.chosen_layers import ON_STIMULI
from isomorph.inference.estimated import PLACE
from isomorph.inference.families import LEVEL
from isomorph.measures import family_of

SETTING = ["distance", "measure"]
KEYS = ["dataset", *PLACE]

Setting = tuple[str, str]
Place = tuple[object, ...]
Owners = Mapping[str, str]
"""The model of every instance."""


def model_scores(selection: pd.DataFrame, owners: Owners) -> pd.DataFrame:
    """Return the score of every model under every setting, that of several seeds their mean.

    Parameters
    ----------
    selection : DataFrame
        Layers chosen on other stimuli, and their scores.
    owners : mapping of str to str
        The model of every instance; one that is not in it is a model of its own.

    Returns
    -------
    DataFrame
        A row per place, distance, measure and `candidate`: `value`, the score, and `calibrated`,
        NaN with the `reason` where some seed has none; `family` of the measure.
    """
    columns = [*KEYS, *SETTING, "candidate", "value", "calibrated", "reason", "family"]
    if selection.empty:
        return pd.DataFrame(columns=columns)
    own = selection[selection["chosen_on"] == ON_STIMULI]
    own = own.assign(
        candidate=own["model"].map(lambda name: owners.get(name, name)),
        value=own["score"].astype(float),
        calibrated=own["score_calibrated"].astype(float),
        # A row with a score may have a reason too: why it has no interval.
        why=own["reason"].where(own["score"].isna(), ""),
    )
    groups = own.groupby([*KEYS, *SETTING, "candidate"], sort=False, dropna=False)
    found = groups[["value", "calibrated"]].mean()
    lacking = groups[["value", "calibrated"]].count().lt(groups.size(), axis=0)
    found = found.mask(lacking)
    found["reason"] = groups["why"].max()
    found = found.reset_index()
    return found.assign(family=found["measure"].map(family_of))[columns]


def tests_of_two(
    tables: Mapping[str, pd.DataFrame],
) -> dict[tuple[Place, Setting, frozenset[str]], float]:
    """Return the corrected p of every two models, by place, setting and the two.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        `differences` and `contrasts`, in which trained networks meet their controls.
    """
    found: dict[tuple[Place, Setting, frozenset[str]], float] = {}
    for kind, names in (
        ("differences", ("model_a", "model_b")),
        ("contrasts", ("model", "control")),
    ):
        table = tables.get(kind)
        if table is None or table.empty:
            continue
        for row in table.to_dict("records"):
            setting = (row["distance"], row["measure"])
            two = frozenset(row[name] for name in names)
            found[place_of(row), setting, two] = float(row["p_corrected"])
    return found


def place_of(row: Mapping[Any, Any] | pd.Series) -> Place:
    """Return where and when a row is: a missing time bin is equal to itself."""
    return tuple("" if pd.isna(row[name]) else row[name] for name in KEYS)


def told_apart(p: float | None) -> str:
    """Return `yes` or `no` by the corrected p of a difference; empty where there is none."""
    if p is None or not np.isfinite(p):
        return ""
    return "yes" if p < LEVEL else "no"


def winners(tables: Mapping[str, pd.DataFrame], owners: Owners) -> pd.DataFrame:
    """Return which model has the highest score under every setting, and how surely.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        `selection`, `differences`, `contrasts`.
    owners : mapping of str to str

    Returns
    -------
    DataFrame
        A row per place, distance and measure under which two models or more have a score:
        `family`, `winner`, `second`, and `told_apart`, `yes` or `no`, empty where it was not
        tested.
    """
    scores, tests = (
        model_scores(tables.get("selection", pd.DataFrame()), owners),
        tests_of_two(tables),
    )
    rows = []
    for _, inside in scores.dropna(subset="value").groupby(
        [*KEYS, *SETTING], sort=False, dropna=False
    ):
        if len(inside) < 2:
            continue
        ranked = inside.sort_values("value", ascending=False, kind="stable")
        first = ranked.iloc[0]
        two = ranked["candidate"].iloc[:2].tolist()
        setting = (first["distance"], first["measure"])
        rows.append(
            {
                **{name: first[name] for name in [*KEYS, *SETTING, "family"]},
                "winner": two[0],
                "second": two[1],
                "told_apart": told_apart(tests.get((place_of(first), setting, frozenset(two)))),
            }
        )
    columns = [*KEYS, *SETTING, "family", "winner", "second", "told_apart"]
    return pd.DataFrame(rows, columns=columns)

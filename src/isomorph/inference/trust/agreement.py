"""Whether distances and measures put models and layers in one order, and find the same winner."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from isomorph.inference.estimated import PLACE, Row, said
from isomorph.measures import Floats

OVER = ("models", "layers")


def agreement(comparisons: pd.DataFrame) -> pd.DataFrame:
    """Compare the orders that every two settings of distance and measure put candidates in.

    Parameters
    ----------
    comparisons : DataFrame
        Comparisons of a dataset.

    Returns
    -------
    DataFrame
        A row per region and pair of settings, over `models`, each by its best layer, and over
        all `layers`: Kendall's tau-b and Spearman's correlation of the estimates of the
        candidates both have, and whether both put the same one first (`yes`, `no`).
    """
    rows = []
    keys = ["dataset", *PLACE]
    for values, inside in comparisons.groupby(keys, sort=False, dropna=False):
        simulated = bool(inside["simulated"].iloc[0])
        for over, table in _estimates(inside).items():
            for first, second in combinations(table.columns, 2):
                rows.append(
                    {
                        **dict(zip(keys, values, strict=True)),
                        "simulated": simulated,
                        "over": over,
                        "distance_a": first[0],
                        "measure_a": first[1],
                        "distance_b": second[0],
                        "measure_b": second[1],
                        **_compared(table[first], table[second]),
                    }
                )
    return pd.DataFrame(rows)


def _estimates(rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return estimates `(candidate, setting)` of models and of layers."""
    known = rows[np.isfinite(rows["estimate"].astype(float))]
    layers = known.assign(candidate=known["model"] + ": " + known["layer"])
    keys = ["distance", "measure"]
    models = known.groupby([*keys, "model"], sort=False, as_index=False)["estimate"].max()
    tables = (models.assign(candidate=models["model"]), layers)
    return {
        over: pd.DataFrame(
            {
                setting: part.set_index("candidate")["estimate"]
                for setting, part in table.groupby(keys, sort=False)
            }
        )
        for over, table in zip(OVER, tables, strict=True)
    }


def _compared(first: pd.Series, second: pd.Series) -> Row:
    both = first.notna() & second.notna()
    one, other = first[both], second[both]
    result: Row = {"n_candidates": len(one), "kendall_tau_b": np.nan}
    result["spearman"] = np.nan
    if len(one) < 2:
        return {**result, "winner_a": "", "winner_b": "", "same_winner": "",
                **said("fewer than two candidates in both")}  # fmt: skip
    winners = {"winner_a": str(one.idxmax()), "winner_b": str(other.idxmax())}
    # Candidates that tie with the winner win too.
    tops = [set(part.index[part >= part.max() - 1e-12]) for part in (one, other)]
    reason = ""
    if one.nunique() < 2 or other.nunique() < 2:
        reason = "all candidates tie under one of the two"
    else:
        result["kendall_tau_b"] = tau_b(one.to_numpy(), other.to_numpy())
        ranks = [rankdata(part.to_numpy()) for part in (one, other)]
        result["spearman"] = float(np.corrcoef(*ranks)[0, 1])
    same = "yes" if tops[0] & tops[1] else "no"
    return {**result, **winners, "same_winner": same, **said(reason)}


def tau_b(first: Floats, second: Floats) -> float:
    """Return Kendall's tau-b: the cosine between the signs of all differences."""
    signs = [np.sign(values[:, None] - values).ravel() for values in (first, second)]
    norm = np.sqrt((signs[0] @ signs[0]) * (signs[1] @ signs[1]))
    return float(signs[0] @ signs[1] / norm)

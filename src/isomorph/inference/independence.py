"""Hypotheses against independence: p-values of shuffled stimuli, one- or two-sided."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import betainc

from isomorph.inference.families import Hypotheses, Masses
from isomorph.inference.permutation import Null, one_sided
from isomorph.inference.tail import LEAST_DRAWS, REACH, tail_p
from isomorph.measures import Floats
from isomorph.registry import Registry
from isomorph.study import Inference

N_SIDES = {"one": 1, "two": 2}

BY_MOMENTS = "from a Pearson type III distribution with the moments of all orders of the stimuli"
MISFIT = "counted: more permutations are as large than the moments of all orders account for"

DOUBT = 1e-4
"""The chance of as many permutations as large below which moments are not believed."""


def against_independence(
    rows: pd.DataFrame, null: Null, inference: Inference, clusters: Masses | None = None
) -> Hypotheses:
    """Return rows that each ask whether a region has to do with what it is compared with.

    Adds `p`, `sides` and `p_note`, which says where p comes from if it is not counted.

    Parameters
    ----------
    rows : DataFrame
        One per candidate of the null.
    null : Null
    inference : Inference
        Its `sides` and `tail` are heeded.
    clusters : Masses or None
        Of the clusters in time that the rows belong to.
    """
    p, note = independence_p(null, inference)
    statistic, draws = null.standardised()
    if inference.sides == "two":
        statistic, draws = np.abs(statistic), np.abs(draws)
    if "p_map" in rows:  # draws are a finite number, p may know better
        rows = rows.assign(p_map=np.maximum(rows["p_map"].to_numpy(dtype=float), p))
    return Hypotheses.tested(
        rows.assign(p=p, sides=inference.sides, p_note=note),
        statistic,
        draws,
        smallest=smallest_p(len(draws), inference, exact=null.moments is not None),
        clusters=clusters,
        permuted=True,
    )


def independence_p(null: Null, inference: Inference) -> tuple[Floats, NDArray[np.str_]]:
    """Return p-values against independence, and where they come from if they are not counted.

    A two-sided p is twice that of the side on which the observed value lies, which needs no
    symmetry of what chance gives. NaN where there is no value, or neither a shuffle nor moments.

    Parameters
    ----------
    null : Null
    inference : Inference
    """
    if inference.sides == "two":
        null = _turned(null)
    p, note = TAILS[inference.tail](null)
    return np.minimum(N_SIDES[inference.sides] * p, 1.0), note


def _turned(null: Null) -> Null:
    """Return a null of which what is observed is on the upper side."""
    above, below = null.p, one_sided(-null.observed, -null.shuffled)
    if null.moments is not None:
        turned = null.moments.turned(np.full(len(null.observed), -1.0))
        exact = null.moments.upper_p(null.observed), turned.upper_p(-null.observed)
        above, below = (
            np.where(np.isfinite(own), own, counted)
            for own, counted in zip(exact, (above, below), strict=True)
        )
    sign = np.where(below < above, -1.0, 1.0)
    moments = None if null.moments is None else null.moments.turned(sign)
    return Null(sign * null.observed, sign * null.shuffled, moments)


def _counted(null: Null) -> tuple[Floats, NDArray[np.str_]]:
    """Return the share of permutations that are as large."""
    return null.p, np.full(len(null.observed), "", dtype=np.str_)


def _by_pareto(null: Null) -> tuple[Floats, NDArray[np.str_]]:
    """Return p-values of which those that are too small to count are from a fitted tail."""
    return tail_p(null.observed, null.shuffled, null.p) if len(null.shuffled) else _counted(null)


def _by_moments(null: Null) -> tuple[Floats, NDArray[np.str_]]:
    """Return p-values from the moments of all orders, where they are known.

    Permutations, where there are any, check them: a p is counted where more are as large than it
    could be expected of chance. It is also counted where no order changes a value.
    """
    p, note = _counted(null)
    if null.moments is None:
        return p, note
    exact = null.moments.upper_p(null.observed)
    n_draws = len(null.shuffled)
    as_large = np.rint(np.nan_to_num(p * (1 + n_draws) - 1))
    chance = betainc(np.maximum(as_large, 1), n_draws - np.maximum(as_large, 1) + 1, exact)
    told = np.isfinite(exact)
    doubted = told & (as_large > 0) & (chance < DOUBT)
    p = np.where(told & ~doubted, exact, p)
    return p, np.where(doubted, MISFIT, np.where(told, BY_MOMENTS, note)).astype(str)


TAILS: Registry[Callable[[Null], tuple[Floats, NDArray[np.str_]]]] = Registry(
    "tail", {"pearson": _by_moments, "pareto": _by_pareto, "none": _counted}
)


def smallest_p(n_draws: int, inference: Inference, *, exact: bool = False) -> float:
    """Return the smallest p that so many shuffles can give.

    Parameters
    ----------
    n_draws : int
    inference : Inference
    exact : bool
        Whether the moments of all orders are known, so that there may be no smallest.
    """
    if inference.tail == "pearson" and exact:
        return 0.0
    fitted = inference.tail == "pareto" and n_draws >= LEAST_DRAWS
    return N_SIDES[inference.sides] / (REACH * n_draws if fitted else 1 + n_draws)

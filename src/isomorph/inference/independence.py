"""Hypotheses against independence: p-values from shuffled stimuli, one- or two-sided."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from isomorph.inference.families import Hypotheses, Masses
from isomorph.inference.permutation import Null, one_sided
from isomorph.inference.tail import LEAST_DRAWS, REACH, tail_p
from isomorph.measures import Floats
from isomorph.study import Inference

N_SIDES = {"one": 1, "two": 2}


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
    return Hypotheses.tested(
        rows.assign(p=p, sides=inference.sides, p_note=note),
        statistic,
        draws,
        smallest=smallest_p(len(draws), inference),
        clusters=clusters,
    )


def independence_p(null: Null, inference: Inference) -> tuple[Floats, NDArray[np.str_]]:
    """Return p-values against independence, and where they come from if they are not counted.

    A two-sided p is twice that of the side on which the observed value lies, which needs no
    symmetry of what chance gives. NaN where there is no value, or no shuffle.

    Parameters
    ----------
    null : Null
    inference : Inference
    """
    observed, shuffled, p = null.observed, null.shuffled, null.p
    if inference.sides == "two":
        below = one_sided(-observed, -shuffled)
        sign = np.where(below < p, -1.0, 1.0)
        observed, shuffled, p = sign * observed, sign * shuffled, np.fmin(p, below)
    note = np.full(len(p), "", dtype=np.str_)
    if inference.tail == "pareto" and len(shuffled):
        p, note = tail_p(observed, shuffled, p)
    return np.minimum(N_SIDES[inference.sides] * p, 1.0), note


def smallest_p(n_draws: int, inference: Inference) -> float:
    """Return the smallest p that so many shuffles can give."""
    fitted = inference.tail == "pareto" and n_draws >= LEAST_DRAWS
    return N_SIDES[inference.sides] / (REACH * n_draws if fitted else 1 + n_draws)

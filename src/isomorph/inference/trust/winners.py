"""What a comparison concludes from simulated data: who wins, and what is significant."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from isomorph.inference.independence import N_SIDES, independence_p
from isomorph.inference.moments import Moments
from isomorph.inference.permutation import Null
from isomorph.measures import Floats
from isomorph.study import Inference

TIE = 1e-6
"""Scores nearer than this are equal, as of one layer under two names: ten times the rounding."""

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Relations:
    """Which candidates count as nearly the planted one.

    Attributes
    ----------
    family : array of shape (candidate,)
        Number of the model each belongs to; the seeds of a network are one model.
    neighbours : array of shape (candidate, candidate)
        Whether two are the same layer or directly follow each other in the same model.
    """

    family: npt.NDArray[np.intp]
    neighbours: Bools


def relations_of(table: pd.DataFrame, family_of: dict[str, str]) -> Relations:
    """Return which candidates are near to which.

    Parameters
    ----------
    table : DataFrame
        `model`, `layer`, `depth`, a row per candidate.
    family_of : dict of str to str
        The model of each instance.
    """
    named = table["model"].map(lambda name: family_of.get(name, name))
    rank = table.groupby("model")["depth"].rank(method="dense").to_numpy()
    model = table["model"].to_numpy()
    near = (model[:, None] == model) & (np.abs(rank[:, None] - rank) <= 1)
    return Relations(pd.factorize(named)[0], near)


def shares(scores: Floats) -> Floats:
    """Return which candidate has the highest score; a tie is shared: `(simulation, candidate)`."""
    top = scores >= scores.max(axis=1, keepdims=True) - TIE
    return np.asarray(top / top.sum(axis=1, keepdims=True))


def counted_as_related(observed: Floats, shuffled: Floats, inference: Inference) -> Bools:
    """Tell which data are related to a layer, by the permutation test that `comparisons` has.

    Every data set is judged by the same shuffles of the layer, which is the same test as shuffling
    the data.

    Parameters
    ----------
    observed : array of shape (data,)
    shuffled : array of shape (shuffle, data)
        With the stimuli of the layer in other orders.
    inference : Inference
        Its sides, and the level of its recovery.
    """
    # In steps larger than the rounding of single precision, so that ties are ties.
    observed, shuffled = (np.rint(values / TIE) * TIE for values in (observed, shuffled))
    p, _ = independence_p(Null(observed, shuffled), inference)
    return np.asarray(p <= inference.recovery.level)


def told_by_moments(observed: Floats, moments: Moments, inference: Inference) -> Bools:
    """Tell which data `(data,)` are related to a layer, by the moments over all orders."""
    p = moments.upper_p(observed)
    if inference.sides == "two":
        below = moments.turned(np.full(len(observed), -1.0)).upper_p(-observed)
        p = N_SIDES["two"] * np.fmin(p, below)
    return np.asarray(p <= inference.recovery.level)

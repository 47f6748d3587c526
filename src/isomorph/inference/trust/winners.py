"""What a comparison concludes from simulated data: who wins, and what is significant."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from isomorph.inference.independence import independence_p
from isomorph.inference.permutation import Null
from isomorph.measures import Floats
from isomorph.measures.pairs import blocks
from isomorph.study import Inference

TIE = 1e-6
"""Scores nearer than this are equal, as of one layer under two names: ten times the rounding."""
BLOCK = 2**23
"""Numbers held at once by shuffled RDMs (32 MiB)."""

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


def related_to(
    data: Floats, candidate: Floats, shuffles: npt.NDArray[np.intp], inference: Inference
) -> Bools:
    """Tell which data are related to a candidate, by the test that `comparisons` has.

    Every data set is judged by the same shuffles of the candidate, which is the same test as
    shuffling the data.

    Parameters
    ----------
    data : array of shape (simulation, pair)
        Embedded, mean over subjects.
    candidate : array of shape (pair,)
        Embedded.
    shuffles : array of shape (shuffle, pair)
        From which pair each is taken, see `isomorph.inference.stimulus_splits.pairs_among`.
    inference : Inference
        Its sides, and the level of its recovery.
    """
    null = [
        data @ candidate[shuffles[part]].T
        for part in blocks(len(shuffles), BLOCK // len(candidate))
    ]
    observed, shuffled = (
        # In steps larger than the rounding of single precision, so that ties are ties.
        np.rint(values.astype(float) / TIE) * TIE
        for values in (data @ candidate, np.concatenate(null, axis=1).T)
    )
    p, _ = independence_p(Null(observed, shuffled), inference)
    return np.asarray(p <= inference.recovery.level)

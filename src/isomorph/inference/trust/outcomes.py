"""What a comparison concludes from simulated data: who wins, and what is significant."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import t as student

from isomorph.measures import Floats, stimulus_count
from isomorph.measures.pairs import blocks, pair_indices, pair_sums

TIE = 1e-6
"""Scores nearer than this are equal, as of one layer under two names: ten times the rounding."""
BLOCK = 2**23
"""Numbers held at once by shuffled RDMs (32 MiB)."""

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Kin:
    """Which candidates count as nearly the planted one.

    Attributes
    ----------
    family : (candidate,)
        Number of the model each belongs to; the seeds of a network are one model.
    neighbours : (candidate, candidate)
        Whether two are the same layer or directly follow each other in the same model.
    """

    family: npt.NDArray[np.intp]
    neighbours: Bools


def kin(table: pd.DataFrame, family_of: dict[str, str]) -> Kin:
    """Return who is near to whom among candidates.

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
    return Kin(pd.factorize(named)[0], near)


@dataclass(frozen=True)
class Data:
    """Simulated data of one planted layer, under one measure, in single precision.

    Attributes
    ----------
    subjects : (simulation, subject, pair)
        Embedded RDMs, whose inner products with embedded candidates are the measure.
    mean : (simulation, pair)
        Their mean over subjects.
    """

    subjects: Floats
    mean: Floats


def shares(scores: Floats) -> Floats:
    """Return which candidate has the highest score; a tie is shared: `(simulation, candidate)`."""
    top = scores >= scores.max(axis=1, keepdims=True) - TIE
    return np.asarray(top / top.sum(axis=1, keepdims=True))


def places(orders: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """Return from which pair each pair is taken when stimuli are put in another order.

    Parameters
    ----------
    orders : (order, stimulus)

    Returns
    -------
    (order, pair)
    """
    n_stimuli = orders.shape[1]
    first, second = pair_indices(n_stimuli)
    one, other = orders[:, first], orders[:, second]
    low, high = np.minimum(one, other), np.maximum(one, other)
    # Rows of the upper triangle get shorter by one each.
    return np.asarray(low * (2 * n_stimuli - low - 1) // 2 + high - low - 1)


def against_zero(
    data: Floats, candidate: Floats, shuffles: npt.NDArray[np.intp], level: float
) -> Bools:
    """Tell which data are related to a candidate, by permuting stimuli.

    Every data set is judged by the same shuffles of the candidate, which is the same test as
    shuffling the data.

    Parameters
    ----------
    data : (simulation, pair)
        Embedded, mean over subjects.
    candidate : (pair,)
        Embedded.
    shuffles : (shuffle, pair)
        See `places`.
    level : float
    """
    observed = data @ candidate
    exceed = np.zeros(len(data))
    for part in blocks(len(shuffles), BLOCK // len(candidate)):
        null = data @ candidate[shuffles[part]].T
        exceed += (null >= observed[:, None] - TIE).sum(axis=1)
    related: Bools = (1 + exceed) / (1 + len(shuffles)) <= level
    return related


def above(
    data: Data, better: npt.NDArray[np.intp], worse: npt.NDArray[np.intp], candidates: Floats,
    level: float,
) -> Bools:  # fmt: skip
    r"""Tell in which data one candidate scores significantly higher than another.

    A two-sided t-test of the difference, stimuli resampled. The variance a bootstrap would find
    is computed in closed form: with :math:`\psi_{ij}` the influence of the pair on the
    difference, weights :math:`m_i m_j` of multinomial counts give
    :math:`\sum_i (\sum_j \psi_{ij})^2 + \sum_{i<j} \psi_{ij}^2` to second order (within 10 % of
    a bootstrap for every measure that is an inner product, from 20 stimuli on).

    Parameters
    ----------
    data : Data
    better, worse : (simulation,)
        Candidates by number.
    candidates : (candidate, pair)
        Embedded.
    level : float
    """
    significant = np.zeros(len(data.mean), dtype=bool)
    n_pairs = candidates.shape[1]
    n_stimuli = stimulus_count(n_pairs)
    for part in blocks(len(significant), BLOCK // (n_pairs * (2 + data.subjects.shape[1]))):
        subjects, mean = data.subjects[part], data.mean[part]
        one, other = candidates[better[part]], candidates[worse[part]]
        both = subjects @ np.stack([one, other], axis=2)  # (simulation, subject, 2)
        apart = both[:, :, 0] - both[:, :, 1]
        difference = apart.mean(axis=1)
        influence = mean * (one - other)
        own = (apart[:, None, :] @ np.square(subjects))[:, 0] / subjects.shape[1]
        levels = both.mean(axis=1)[:, :, None]
        influence -= (own + levels[:, 0] * np.square(one) - levels[:, 1] * np.square(other)) / 2
        per_stimulus = pair_sums(influence)
        variance = np.square(per_stimulus).sum(axis=1) + np.square(influence).sum(axis=1)
        error = np.sqrt(variance * n_stimuli / (n_stimuli - 1))
        critical = student.ppf(1 - level / 2, n_stimuli - 1)
        significant[part] = difference > critical * error + TIE
    return significant


def runners_up(
    scores: Floats, of: npt.NDArray[np.intp], family: npt.NDArray[np.intp]
) -> npt.NDArray[np.intp]:
    """Return each simulation's best candidate of another model: `(simulation,)`, -1 if none."""
    rivals = np.where(family[of][:, None] == family[None], -np.inf, scores)
    best = rivals.argmax(axis=1)
    return np.where(np.isfinite(rivals.max(axis=1)), best, -1)

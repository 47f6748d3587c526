"""Tests against independence: what the measure says when stimuli are shuffled."""

from __future__ import annotations

import numpy as np

from isomorph.measures import Floats, Measure, stimulus_count
from isomorph.measures.pairs import blocks, pair_indices

BLOCK = 2**24
"""Numbers held at once by shuffled RDMs (128 MiB)."""


def permutation_p(
    rdms: Floats, candidates: Floats, measure: Measure, n: int, rng: np.random.Generator
) -> Floats:
    """Return one-sided p-values against independence, for each candidate.

    The stimuli of all subjects are shuffled together against the candidate's (Mantel 1967). It
    needs no assumption on where the measure stands under independence, so it is right for those
    that are positive there too. `p = (1 + as large) / (1 + shuffles)`, never 0.

    Parameters
    ----------
    rdms : (subject, pair)
    candidates : (candidate, pair)
    measure : Measure
    n : int
        Shuffles; with 0 every p is NaN.
    rng : Generator

    Returns
    -------
    (candidate,)
    """
    if n == 0:
        return np.full(len(candidates), np.nan)
    observed = measure.compare(rdms, candidates).mean(axis=0)
    exceed = np.zeros(len(candidates))
    orders = rng.permuted(np.tile(np.arange(stimulus_count(rdms.shape[1])), (n, 1)), axis=1)
    if measure.embed is not None:
        # Shuffling acts on the embedded vectors as on RDMs, so their mean is shuffled once for
        # all subjects.
        embedded = measure.embed(candidates)
        mean = measure.embed(rdms).mean(axis=0)[None]
        for part in blocks(n, BLOCK // rdms.shape[1]):
            null = shuffled(mean, orders[part])[:, 0] @ embedded.T
            exceed += (null >= observed - 1e-12).sum(axis=0)
    else:
        for order in orders:
            null = measure.compare(shuffled(rdms, order[None])[0], candidates).mean(axis=0)
            exceed += null >= observed - 1e-12
    return (1 + exceed) / (1 + n)


def shuffled(rdms: Floats, orders: np.ndarray) -> Floats:
    """Return RDMs with their stimuli in other orders.

    Parameters
    ----------
    rdms : (rdm, pair)
    orders : (order, stimulus)

    Returns
    -------
    (order, rdm, pair)
    """
    n_stimuli = orders.shape[1]
    first, second = pair_indices(n_stimuli)
    position = np.zeros((n_stimuli, n_stimuli), dtype=np.intp)
    position[first, second] = position[second, first] = np.arange(len(first))
    taken = position[orders[:, first], orders[:, second]]
    return rdms[:, taken].transpose(1, 0, 2)

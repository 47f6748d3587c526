"""The chance level of a measure: its mean over all orders of the stimuli."""

from __future__ import annotations

import numpy as np

from isomorph.measures import Floats, Measure


def chance(measure: Measure, first: Floats, second: Floats) -> Floats:
    r"""Return the mean of a measure over all orders of the stimuli of one side.

    A measure that is an inner product of embedded RDMs :math:`u^\top v` has the mean
    :math:`u^\top \Pi v` with :math:`\Pi` the mean permutation of pairs, which is the projection
    on constant vectors. All embeddings scale that direction by a number, so the mean is
    :math:`M(x, 1)\,M(1, y)` with an RDM of ones.

    Parameters
    ----------
    measure : Measure
    first : (a, pair)
    second : (b, pair)

    Returns
    -------
    (a, b)
        0 for measures that declare it, NaN for others that are no inner products.
    """
    if measure.independence == "0":
        return np.zeros((len(first), len(second)))
    if measure.embed is None:
        return np.full((len(first), len(second)), np.nan)
    ones = np.ones((1, first.shape[1]))
    return measure.compare(first, ones) * measure.compare(ones, second)

"""Clusters in time: runs of bins that are alike a layer, tested as wholes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from isomorph.inference.multiplicity import by_largest
from isomorph.measures import Floats

THRESHOLD = float(norm.isf(0.05))
"""Standard deviations of chance above which a bin may be part of a cluster; it decides which
clusters the test finds easily, not how often it is wrong."""

GAP = 1e-6
"""Seconds by which bins may lie apart and still be neighbours."""


def neighbours(start: Floats, stop: Floats) -> NDArray[np.bool_]:
    """Return which bins `(bin,)`, sorted by start, touch or overlap the bin before."""
    return np.concatenate([[False], start[1:] <= stop[:-1] + GAP])


def cluster_masses(statistic: Floats, joined: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Return the cluster every bin belongs to, and its mass.

    Parameters
    ----------
    statistic : (bin, layer)
    joined : (bin,)
        Whether a bin goes on from the one before.

    Returns
    -------
    cluster : (bin, layer)
        Counted from 1 within each layer, 0 for none.
    mass : (bin, layer)
        The sum of the statistic over the bin's cluster; NaN for none.
    """
    above = statistic > THRESHOLD
    before = np.concatenate([np.zeros((1, above.shape[1]), dtype=bool), above[:-1]])
    starts = above & ~(before & joined[:, None])
    cluster = np.where(above, starts.cumsum(axis=0), 0)
    mass = np.full(statistic.shape, np.nan)
    for layer in range(statistic.shape[1]):
        total = np.bincount(cluster[:, layer], weights=statistic[:, layer])
        mass[:, layer] = np.where(above[:, layer], total[cluster[:, layer]], np.nan)
    return cluster, mass


def largest_masses(statistic: Sequence[Floats], joined: NDArray[np.bool_]) -> Floats:
    """Return the mass of the largest cluster of each layer in every draw: `(draw, layer)`.

    Parameters
    ----------
    statistic : sequence of (draw, layer)
        By bin.
    joined : (bin,)
    """
    running = np.zeros_like(statistic[0])
    largest = np.zeros_like(running)
    for now, goes_on in zip(statistic, joined, strict=True):
        running = np.where(now > THRESHOLD, now + (running if goes_on else 0.0), 0.0)
        np.maximum(largest, running, out=largest)
    return largest


def cluster_p(
    observed: Floats,
    null: Sequence[Floats],
    joined: NDArray[np.bool_],
    families: Mapping[str, NDArray[np.intp]],
) -> tuple[Floats, Floats]:
    """Test clusters by their mass against the largest by chance (Maris & Oostenveld 2007).

    The stimuli are shuffled alike in all bins, and the largest cluster is taken over all bins and
    all layers of a model, so the chance of any false cluster of a model is held at its level
    (https://doi.org/10.1016/j.jneumeth.2007.03.024). A small p is about the cluster as a whole,
    not about where it begins or ends.

    Parameters
    ----------
    observed : (bin, layer)
        Standardised by chance, bins sorted by start.
    null : sequence of (draw, layer)
        The same of shuffled stimuli, by bin.
    joined : (bin,)
    families : mapping of str to (layer,)
        Layers by model.

    Returns
    -------
    cluster, p : (bin, layer)
        0 and NaN for a bin that belongs to no cluster.
    """
    cluster, mass = cluster_masses(observed, joined)
    largest = largest_masses(null, joined)
    p = np.full(observed.shape, np.nan)
    for layers in families.values():
        found = by_largest(mass[:, layers].ravel(), largest[:, layers].max(axis=1))
        p[:, layers] = found.reshape(len(observed), -1)
    return cluster, p

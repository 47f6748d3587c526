"""Clusters in time: runs of bins that are alike a layer, tested as wholes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from isomorph.inference.families import by_largest
from isomorph.measures import Floats

THRESHOLD = float(-ndtri(0.05))
"""Standard deviations of chance above which a bin may be part of a cluster; it decides which
clusters the test finds easily, not how often it is wrong."""

GAP = 1e-6
"""Seconds by which bins may lie apart and still be neighbours."""


def neighbours(start: Floats, stop: Floats) -> NDArray[np.bool_]:
    """Return which bins `(bin,)`, sorted by start, touch or overlap the bin before."""
    return np.concatenate([[False], start[1:] <= stop[:-1] + GAP])


def cluster_masses(statistic: Floats, joined: NDArray[np.bool_]) -> tuple[NDArray[np.intp], Floats]:
    """Return the cluster every bin belongs to, and its mass.

    Parameters
    ----------
    statistic : array of shape (bin, layer)
    joined : array of shape (bin,)
        Whether a bin goes on from the one before.

    Returns
    -------
    cluster : array of shape (bin, layer)
        Counted from 1 within each layer, 0 for none.
    mass : array of shape (bin, layer)
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
    statistic : sequence of arrays of shape (draw, layer)
        By bin.
    joined : array of shape (bin,)
    """
    running = np.zeros_like(statistic[0])
    largest = np.zeros_like(running)
    for now, goes_on in zip(statistic, joined, strict=True):
        running = np.where(now > THRESHOLD, now + (running if goes_on else 0.0), 0.0)
        np.maximum(largest, running, out=largest)
    return largest


@dataclass(frozen=True)
class Clusters:
    """Clusters in time of one region, of every layer.

    Attributes
    ----------
    number : array of shape (bin, layer)
        Which cluster a bin belongs to, counted within each layer; 0 for none.
    mass : array of shape (bin, layer)
        Of that cluster; NaN for none.
    largest : array of shape (draw, layer)
        Mass of the largest cluster in every draw from the null.
    """

    number: NDArray[np.intp]
    mass: Floats
    largest: Floats

    def p(self, families: Mapping[str, NDArray[np.intp]]) -> Floats:
        """Test clusters by their mass against the largest by chance (Maris & Oostenveld 2007).

        The largest cluster is taken over all bins and all layers of a model, so the chance of any
        false cluster of one model is held at its level
        (https://doi.org/10.1016/j.jneumeth.2007.03.024); that of any false cluster of a family of
        models and regions is held by `isomorph.inference.families.answered`. A small p is about the
        cluster as a whole, not about where it begins or ends.

        Parameters
        ----------
        families : mapping of str to array of shape (layer,)
            Layers by model.

        Returns
        -------
        array of shape (bin, layer)
            NaN for a bin that belongs to no cluster.
        """
        p = np.full(self.mass.shape, np.nan)
        for layers in families.values():
            found = by_largest(self.mass[:, layers].ravel(), self.largest[:, layers].max(axis=1))
            p[:, layers] = found.reshape(len(p), -1)
        return p


def clusters_of(observed: Floats, null: Sequence[Floats], joined: NDArray[np.bool_]) -> Clusters:
    """Return the clusters of a region, with what the stimuli give when shuffled alike in all bins.

    Parameters
    ----------
    observed : array of shape (bin, layer)
        Standardised by chance, bins sorted by start.
    null : sequence of arrays of shape (draw, layer)
        The same of shuffled stimuli, by bin.
    joined : array of shape (bin,)
    """
    number, mass = cluster_masses(observed, joined)
    return Clusters(number, mass, largest_masses(null, joined))

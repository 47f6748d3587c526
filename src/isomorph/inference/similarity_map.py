"""Similarity maps: the measure between a layer and the sphere around every voxel."""

from __future__ import annotations

from collections import Counter

import numpy as np

from isomorph.measures import Floats, Measure
from isomorph.rdms.spheres import Spheres, Volume, sphere_rdms
from isomorph.study.dataset import NoiseSpec


def similarity_map(
    volume: Volume,
    around: Spheres,
    layer: Floats,
    distance: str,
    measure: Measure,
    noise: NoiseSpec,
) -> tuple[Floats, Counter[str]]:
    """Return the measure between a layer's RDM and that of the sphere around every voxel.

    Parameters
    ----------
    volume : Volume
    around : Spheres
    layer : array of shape (pair,)
    distance : str
        Of the spheres' RDMs.
    measure : Measure
    noise : NoiseSpec

    Returns
    -------
    values : array of shape (voxel,)
        NaN where there is no sphere, or it has no RDM.
    left_out : Counter
        How many spheres have none, by reason.
    """
    values, left_out = np.full(len(volume.positions), np.nan), Counter(around.left_out)
    for centres, rdms, without in sphere_rdms(volume, around, distance, noise):
        left_out.update(without)
        if len(centres):
            values[centres] = measure.compare(rdms, layer[None])[:, 0]
    return values, left_out

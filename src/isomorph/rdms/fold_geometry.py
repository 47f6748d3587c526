"""The geometry of one session's folds, for the distances that are wanted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from isomorph.rdms.distances import DISTANCES
from isomorph.rdms.folds import Folds, crossed_gram
from isomorph.rdms.geometry import Geometry, Part, UndefinedDistanceError
from isomorph.rdms.gram import geometry_of_features
from isomorph.study.dataset import NoiseSpec

USUAL = NoiseSpec()

NOTHING = Geometry(np.zeros((0, 0)), np.zeros(0), 0.0, np.zeros(0), 0)
"""Stands where no distance asks for Gram matrices of means."""


def geometry_of_folds(
    folds: Folds, distances: Iterable[str] = (), noise: NoiseSpec = USUAL
) -> Geometry | None:
    """Return the geometry of one session, None when a stimulus has no showing.

    Parameters
    ----------
    folds : Folds
    distances : iterable of str, optional
        What the geometry must serve; all that need no more than Gram matrices unless given.
    noise : NoiseSpec, optional
    """
    if not folds.complete:
        return None
    wanted = [DISTANCES[name] for name in distances]
    crossed = None
    if not wanted or any(d.repetitions and d.gather is None for d in wanted):
        crossed = crossed_gram(folds.centred.by_fold)
    if not wanted or any("gram" in d.needs for d in wanted):
        plain = geometry_of_features(folds.means, crossed)
    else:
        plain = replace(NOTHING, n_features=folds.values.shape[2], fold_gram=crossed)
    parts: dict[str, Part | str] = {}
    for distance in wanted:
        if distance.gather is not None:
            try:
                parts[distance.name] = distance.gather(folds, noise)
            except UndefinedDistanceError as error:
                parts[distance.name] = str(error)
    return replace(plain, parts=parts)

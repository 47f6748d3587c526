"""The map of time and layers: every bin of a region against every layer of a model, as one test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from isomorph.inference.families import by_largest, largest_among
from isomorph.measures import Floats


def map_p(
    observed: Floats,
    null: Sequence[Floats],
    families: Mapping[str, NDArray[np.intp]],
    *,
    sides: str = "one",
) -> Floats:
    """Return p-values corrected over all bins and all layers of a model.

    Every cell is set against the largest value that shuffled stimuli give anywhere in the map
    (`isomorph.inference.families.by_largest`), so the chance of any false cell in the map of one
    region and one model is held at its level, and a small p is about that cell: that layer at that
    time.

    Parameters
    ----------
    observed : array of shape (bin, layer)
        Standardised by chance; NaN where there is no value.
    null : sequence of arrays of shape (draw, layer)
        The same of stimuli shuffled alike in all bins, by bin.
    families : mapping of str to array of shape (layer,)
        Layers by model.
    sides : str
        `two` where values smaller than chance count too.

    Returns
    -------
    array of shape (bin, layer)
        NaN where there is no value, and without draws.
    """
    turned = np.abs if sides == "two" else np.asarray
    values, p = turned(observed), np.full(observed.shape, np.nan)
    if not len(null[0]):
        return p
    known = np.isfinite(values)
    for layers in families.values():
        each = [
            largest_among(turned(own[:, layers]), known[at, layers]) for at, own in enumerate(null)
        ]
        found = by_largest(values[:, layers].ravel(), reduce(np.maximum, each))
        p[:, layers] = found.reshape(len(p), -1)
    return p

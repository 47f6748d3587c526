"""RDMs for drawing: group means per region, layers, and their order along the stimuli."""

from __future__ import annotations

import numpy as np
import xarray as xr

from isomorph.errors import IsomorphError
from isomorph.inference.gather import regions_of
from isomorph.measures import FEATURES
from isomorph.rdms.collection import available
from isomorph.rdms.paired import of_layers


def square(pairs: np.ndarray) -> np.ndarray:
    """Return pair vectors `(…, pair)` as symmetric matrices `(…, stimulus, stimulus)`.

    Raises
    ------
    IsomorphError
        When the number of pairs is that of no number of stimuli.
    """
    n_pairs = pairs.shape[-1]
    n = (1 + int(np.sqrt(1 + 8 * n_pairs))) // 2
    if n * (n - 1) // 2 != n_pairs:
        raise IsomorphError(f"{n_pairs} pairs are those of no number of stimuli")
    upper = np.triu_indices(n, 1)
    full = np.zeros((*pairs.shape[:-1], n, n))
    full[..., upper[0], upper[1]] = pairs
    return full + np.swapaxes(full, -1, -2)


def reordered(pairs: np.ndarray, there: list[str], stimuli: list[str]) -> np.ndarray:
    """Return RDMs `(…, pair)` over some stimuli as RDMs over others, in the order given.

    Raises
    ------
    IsomorphError
        When a stimulus is not among those there.
    """
    where = {name: i for i, name in enumerate(there)}
    missing = [name for name in stimuli if name not in where]
    if missing:
        raise IsomorphError(f'an RDM lacks the stimulus "{missing[0]}" and {len(missing) - 1} more')
    if there == stimuli:
        return pairs
    order = np.array([where[name] for name in stimuli])
    upper = np.triu_indices(len(stimuli), 1)
    return square(pairs)[..., order[upper[0]], order[upper[1]]]


def region_means(
    data: xr.Dataset, distance: str, stimuli: list[str]
) -> dict[str, tuple[np.ndarray, int]]:
    """Return each region's mean RDM `(pair,)`, in each time bin, and its number of subjects.

    Sessions are averaged within a subject first, so every subject weighs the same. Of features,
    which are no RDM, there are none.
    """
    if distance == FEATURES:
        return {}
    there = data["stimulus"].values.tolist()
    return {
        region.label: (reordered(region.rdms.mean(axis=0), there, stimuli), len(region.subjects))
        for region in regions_of(data, distance)
    }


def layer_rdms(data: xr.Dataset, distance: str, stimuli: list[str]) -> dict[str, np.ndarray]:
    """Return each layer's RDM `(pair,)` in depth order.

    Of a distance cross-validated over repetitions these are its noise-free counterpart, of two
    distances those of models.
    """
    if distance == FEATURES:
        return {}
    wanted = of_layers(distance)
    if wanted not in data:
        return {}
    known = data.isel(layer=np.flatnonzero(available(data, wanted))).sortby("depth")
    pairs = reordered(known[wanted].values, data["stimulus"].values.tolist(), stimuli)
    return dict(zip(known["layer"].values.tolist(), pairs, strict=True))

"""RDMs for drawing: group means per region, layers, and their order along the stimuli."""

from __future__ import annotations

import numpy as np
import xarray as xr

from isomorph.errors import IsomorphError
from isomorph.rdms import DISTANCES


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


def reordered(data: xr.Dataset, stimuli: list[str]) -> np.ndarray:
    """Return the RDMs of a file as `(representation, pair)` over the stimuli in the order given.

    Raises
    ------
    IsomorphError
        When the file lacks a stimulus.
    """
    there = [str(name) for name in data["stimulus"].values]
    missing = [name for name in stimuli if name not in set(there)]
    if missing:
        raise IsomorphError(f'an RDM lacks the stimulus "{missing[0]}" and {len(missing) - 1} more')
    pairs = np.asarray(data["rdm"].values, dtype=float)
    if there == stimuli:
        return pairs
    where = {name: i for i, name in enumerate(there)}
    order = np.array([where[name] for name in stimuli])
    upper = np.triu_indices(len(stimuli), 1)
    return square(pairs)[:, order[upper[0]], order[upper[1]]]


def region_means(
    data: xr.Dataset, distance: str, stimuli: list[str]
) -> dict[str, tuple[np.ndarray, int]]:
    """Return each region's mean RDM `(pair,)` and its number of subjects.

    Sessions are averaged within a subject first, so every subject weighs the same.
    """
    pairs = reordered(data, stimuli)
    region = data["region"].values.astype(str)
    subject = data["subject"].values.astype(str)
    chosen = data["distance"].values.astype(str) == distance
    means = {}
    for name in dict.fromkeys(region[chosen]):
        inside = chosen & (region == name)
        each = [pairs[inside & (subject == one)].mean(axis=0) for one in np.unique(subject[inside])]
        means[str(name)] = (np.mean(each, axis=0), len(each))
    return means


def layer_rdms(data: xr.Dataset, distance: str, stimuli: list[str]) -> dict[str, np.ndarray]:
    """Return each layer's RDM `(pair,)` in depth order.

    A model shows every image once, so a distance cross-validated over repetitions stands for it
    as its noise-free counterpart.
    """
    names = data["distance"].values.astype(str)
    plain = DISTANCES[distance].noise_free if distance in DISTANCES else None
    wanted = distance if distance in names else plain
    pairs = reordered(data, stimuli)
    rows = np.flatnonzero(names == wanted)
    rows = rows[np.argsort(data["depth"].values[rows], kind="stable")]
    layers = data["layer"].values.astype(str)
    return {str(layers[row]): pairs[row] for row in rows}

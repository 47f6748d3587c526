"""Gram matrices on disk, for more layers and stimuli than memory holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from isomorph.artefacts import replacing
from isomorph.models.gram import LayerGram

IN_MEMORY = 2**30
"""Bytes of Gram matrices in double precision that are held in memory at most."""
ALLOWED = 1e-3
"""Relative error of the smallest squared distance that single precision may bring."""
SAME = 1e-12
"""Squared distance of stimuli that are the same, relative to the largest squared norm."""


def save(path: Path, layer: LayerGram) -> None:
    """Store one layer, whole or not at all."""
    with replacing(path) as temporary:
        np.savez(temporary, allow_pickle=False, **asdict(layer))


def load(path: Path) -> LayerGram:
    """Read one layer back."""
    with np.load(path) as kept:
        return LayerGram(
            gram=kept["gram"],
            mean_projection=kept["mean_projection"],
            mean_norm=float(kept["mean_norm"]),
            stimulus_mean=kept["stimulus_mean"],
            n_features=int(kept["n_features"]),
            n_dead=int(kept["n_dead"]),
            fidelity=float(kept["fidelity"]),
        )


class StoredGrams(Mapping[str, LayerGram]):
    """Layers on disk, each read when it is asked for and kept by nobody.

    Parameters
    ----------
    files : mapping of str to Path
        By layer, in execution order.
    """

    def __init__(self, files: Mapping[str, Path]) -> None:
        self._files = dict(files)

    def __getitem__(self, name: str) -> LayerGram:
        return load(self._files[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)


def single_is_enough(gram: NDArray[np.float64]) -> bool:
    """Tell whether a Gram matrix may be kept in single precision.

    A distance is a difference of inner products, so rounding errs by a part of the largest of
    these: too much where two stimuli are nearly, but not quite, the same.

    Parameters
    ----------
    gram : ndarray (stimulus, stimulus)
    """
    norms = np.diag(gram)
    largest = float(norms.max())
    smallest = np.inf
    for row in range(1, len(gram)):
        squared = norms[row] + norms[:row] - 2 * gram[row, :row]
        apart = squared[squared > SAME * largest]
        smallest = min(smallest, float(apart.min())) if apart.size else smallest
    return float(np.finfo(np.float32).eps) * largest <= ALLOWED * smallest

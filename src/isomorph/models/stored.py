"""Gram matrices on disk, for more layers and stimuli than memory holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isomorph.disk import replacing
from isomorph.foreign import reading
from isomorph.geometry import single_is_enough
from isomorph.models.fold import LayerGram


@dataclass(frozen=True)
class StoredLayer:
    """What is known of a layer whose Gram matrix lies on disk; `LayerGram` says what is what."""

    file: Path
    mean_projection: NDArray[np.float64]
    mean_norm: float
    stimulus_mean: NDArray[np.float64]
    n_features: int
    n_dead: int
    fidelity: float
    effective_dimensionality: float
    spectrum: NDArray[np.float64]
    single_is_enough: bool
    places: NDArray[np.intp] | None = None

    @property
    def gram(self) -> NDArray[np.floating]:
        """Inner products, read each time; in single precision where that is enough."""
        with reading(self.file, "a Gram matrix"):
            gram: NDArray[np.floating] = np.load(self.file, allow_pickle=False)
        return gram

    @property
    def features(self) -> NDArray[np.float32]:
        """Kept features, `(stimulus, kept feature)`, read each time."""
        file = _features_of(self.file)
        with reading(file, "features"):
            kept: NDArray[np.float32] = np.load(file, allow_pickle=False)
        return kept


def save(path: Path, layer: LayerGram) -> None:
    """Store one layer, whole or not at all.

    Parameters
    ----------
    path : Path
        Of its facts, written last; the Gram matrix lies beside.
    layer : LayerGram
    """
    single = single_is_enough(layer.gram)
    with replacing(_matrix_of(path)) as temporary, temporary.open("wb") as file:
        np.save(file, layer.gram.astype(np.float32 if single else np.float64, copy=False))
    if layer.features is not None:
        file_of_features = _features_of(_matrix_of(path))
        with replacing(file_of_features) as temporary, temporary.open("wb") as file:
            np.save(file, layer.features)
    beside = {"gram", "features"} | ({"places"} if layer.places is None else set())
    facts = {
        item.name: getattr(layer, item.name) for item in fields(layer) if item.name not in beside
    }
    facts["effective_dimensionality"] = layer.effective_dimensionality
    facts["spectrum"] = layer.spectrum
    facts["single_is_enough"] = single
    with replacing(path) as temporary:
        np.savez(temporary, allow_pickle=False, **facts)


def load(path: Path) -> StoredLayer:
    """Read what is known of one layer, but for its Gram matrix."""
    with reading(path, "facts of a layer"), np.load(path, allow_pickle=False) as kept:
        facts: dict[str, Any] = {
            name: kept[name] if kept[name].ndim else kept[name].item() for name in kept.files
        }
    return StoredLayer(file=_matrix_of(path), **facts)


def _matrix_of(path: Path) -> Path:
    return path.with_suffix(".npy")


def _features_of(matrix: Path) -> Path:
    return matrix.with_suffix(".features.npy")


class StoredGrams(Mapping[str, StoredLayer]):
    """Layers on disk, whose Gram matrices are read when they are asked for and kept by nobody.

    Parameters
    ----------
    files : mapping of str to Path
        By layer, in execution order.
    """

    def __init__(self, files: Mapping[str, Path]) -> None:
        self._files = dict(files)

    def __getitem__(self, name: str) -> StoredLayer:
        return load(self._files[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)

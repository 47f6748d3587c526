"""Folding: from the features of one layer to its Gram matrix."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isomorph.geometry import (
    ROUNDING,
    Gram,
    GramSums,
    block_width,
    effective_dimensionality,
    single_is_enough,
    spectrum,
)
from isomorph.geometry.gram import ALLOWED, SAME, to_host

Matrix = Any
"""A numpy array, a memory map or a torch tensor `(stimulus, feature)`."""

SINGLE_FROM = 512
"""Stimuli from which products are taken in single precision where that is safe: with fewer they
cost little beside the forward pass."""
SAFE = 8.0
"""How many rounding errors of the largest inner product a distance must stand for that."""
MOST_EIGENVALUES = 2048
"""With more stimuli the spectrum is left out: its cost grows with their cube."""


class UnusableLayerError(Exception):
    """A layer without a geometry; its text is the reason the layer is left out."""


@dataclass(frozen=True)
class LayerGram(Gram):
    """The Gram matrix of one layer.

    Attributes
    ----------
    gram, mean_projection, mean_norm, stimulus_mean, n_features
        See `isomorph.geometry.gram.Gram`.
    n_dead : int
        How many features are the same for every stimulus, but for rounding.
    fidelity : float
        Correlation of its RDM with that of the exact features, over a sample of stimuli; 1 where
        features were exact.
    places : array of shape (kept feature,) or None
        Which of its features are kept, see `isomorph.models.kept`; None where none are.
    features : array of shape (stimulus, kept feature) or None
        These, not centred.
    """

    n_dead: int = 0
    fidelity: float = 1.0
    places: NDArray[np.intp] | None = None
    features: NDArray[np.float32] | None = None

    @property
    def effective_dimensionality(self) -> float:
        """See the function of this name."""
        return effective_dimensionality(self.gram)

    @property
    def spectrum(self) -> NDArray[np.float64]:
        """See the function of this name; empty with more stimuli than `MOST_EIGENVALUES`."""
        return spectrum(self.gram) if len(self.gram) <= MOST_EIGENVALUES else np.empty(0)


def fold(
    features: Matrix,
    *,
    width: int | None = None,
    names: Sequence[str] | None = None,
    device: str = "cpu",
    places: NDArray[np.intp] | None = None,
) -> LayerGram:
    """Fold features into their centred Gram matrix.

    Features pass in blocks of columns, each centred in double precision and multiplied by its
    transpose, see `isomorph.geometry`. With `SINGLE_FROM` stimuli or more, on a processor, products
    within a block are taken in single precision and added up in double; where that would harm the
    smallest distance, of stimuli that are nearly the same, they are taken again in double.

    Parameters
    ----------
    features : array, spooled layer or tensor of shape (stimulus, feature)
        Sliced by columns. A tensor on a GPU is folded there.
    width : int, optional
        Features per block.
    names : sequence of str, optional
        Stimuli, for the reason why a layer cannot be used; counted from 1 unless given.
    device : str
        Where to fold features that lie on the processor, block by block.
    places : array of shape (kept feature,), optional
        Which features to keep, ascending.

    Returns
    -------
    LayerGram
        On the processor, in double precision.

    Raises
    ------
    UnusableLayerError
        When there are no features, when one is not finite, or when all stimuli are alike.
    """
    n_stimuli, n_features = features.shape
    if n_features == 0:
        raise UnusableLayerError("has no features")
    place = getattr(getattr(features, "device", None), "type", device)
    width = block_width(n_stimuli, place) if width is None else width
    single = n_stimuli >= SINGLE_FROM and place == "cpu" and str(features.dtype) != "float64"
    found = _summed(features, width, names, device, places, single)
    if single and not _single_was_enough(found):
        found = _summed(features, width, names, device, places, False)
    return found


def _single_was_enough(found: LayerGram) -> bool:
    """Tell whether neither distances nor correlations suffer from products in single precision.

    Distances between nearly equal stimuli do, and correlations of stimuli that differ in their
    means over features far more than in their patterns: what is left beside the mean is then small
    beside the inner products.
    """
    norms = np.diag(found.gram)
    whole = norms + 2 * found.mean_projection + found.mean_norm
    patterns = whole - found.n_features * found.stimulus_mean**2
    smallest = patterns.min(initial=np.inf, where=patterns > SAME * whole)
    error = SAFE * float(np.finfo(np.float32).eps) * float(norms.max())
    return error <= ALLOWED * float(smallest) and single_is_enough(found.gram, SAFE)


@np.errstate(over="ignore", invalid="ignore")  # what is not finite is refused below
def _summed(
    features: Matrix,
    width: int,
    names: Sequence[str] | None,
    device: str,
    places: NDArray[np.intp] | None,
    single: bool,
) -> LayerGram:
    """Fold features, products in single or double precision."""
    n_stimuli, n_features = features.shape
    sums = GramSums(n_stimuli, single=single)
    kept = None if places is None else np.empty((n_stimuli, len(places)), dtype=np.float32)
    n_dead = 0
    eps = float(np.finfo(np.float64 if "float64" in str(features.dtype) else np.float32).eps)
    for start in range(0, n_features, width):
        raw = features[:, start : start + width]
        block = _double(raw, device)
        if not math.isfinite(float(abs(block).max())):
            raise UnusableLayerError(not_finite(_bad_rows(features, width), names))
        n_dead += _constant(block, ROUNDING * eps)
        sums.add(block)
        if kept is not None and places is not None:
            first, last = np.searchsorted(places, (start, start + width))
            kept[:, first:last] = to_host(raw[:, places[first:last] - start])

    found = sums.result()
    if not math.isfinite(float(np.trace(found.gram)) + found.mean_norm):
        raise UnusableLayerError("has activations so large that their squares are not finite")
    refuse_flat(found.gram, found.mean_norm, eps)
    return LayerGram(**vars(found), n_dead=n_dead, places=places, features=kept)


def refuse_flat(gram: NDArray[np.floating], mean_norm: float, rounding: float) -> None:
    """Refuse stimuli that differ from their mean by rounding errors only.

    Parameters
    ----------
    gram : array of shape (stimulus, stimulus)
        Centred.
    mean_norm : float
        Squared norm of the mean stimulus.
    rounding : float
        Relative rounding error of the features.

    Raises
    ------
    UnusableLayerError
    """
    spread = float(np.trace(gram)) / len(gram)
    if spread <= (ROUNDING * rounding) ** 2 * mean_norm:
        raise UnusableLayerError("does not tell the stimuli apart beyond rounding error")


def not_finite(rows: NDArray[np.intp], names: Sequence[str] | None) -> str:
    """Return why a layer cannot be used whose activations are not finite for some stimuli.

    Parameters
    ----------
    rows : array of shape (bad stimulus,)
        Their places.
    names : sequence of str, optional
        Of all stimuli.
    """
    first = f"{rows[0] + 1}" if names is None else f'"{names[rows[0]]}"'
    others = f" and {len(rows) - 1} more" if len(rows) > 1 else ""
    return f"has activations that are not finite, for stimulus {first}{others}"


def _bad_rows(features: Matrix, width: int) -> NDArray[np.intp]:
    """Return the places of the stimuli with an activation that is not finite."""
    bad = np.zeros(features.shape[0], dtype=bool)
    for start in range(0, features.shape[1], width):
        bad |= ~np.isfinite(to_host(features[:, start : start + width])).all(axis=1)
    return np.flatnonzero(bad)


def _constant(block: Any, share: float) -> int:
    """Count the features `(stimulus, feature)` that are the same for every stimulus.

    But for rounding, a share of what they are, as it differs between batches of other sizes and
    between processors. Those that differ between the first few need no second look.
    """
    few = np.flatnonzero(to_host((abs(block[:8] - block[0]) <= share * abs(block[0])).all(0)))
    if len(few) == 0:
        return 0
    if len(few) < block.shape[1]:
        block = block[:, few]
    return int((abs(block - block[0]) <= share * abs(block[0])).all(0).sum())


def _double(block: Any, device: str) -> Any:
    """Return an array or tensor in double precision, an array on a device when one is named."""
    if not isinstance(block, np.ndarray):
        return block.double()
    if device == "cpu":
        return block.astype(np.float64)
    import torch

    return torch.from_numpy(block).to(device).double()

"""Gram matrices: everything a layer says about its stimuli, up to rotation of its features."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isomorph.models.spectrum import effective_dimensionality, spectrum

Matrix = Any
"""A numpy array, a memory map or a torch tensor `(stimulus, feature)`."""

BLOCK_BYTES = {"cpu": 2**22, "cuda": 2**28}
"""Size of a block in double precision: on a processor it stays in the cache."""
MINIMUM_WIDTH = 1024
"""Features per block at least, so that adding up Gram matrices costs little beside the GEMM."""
MOST_EIGENVALUES = 2048
"""With more stimuli the spectrum is left out: its cost grows with their cube."""
TILE = 256
"""Rows of a Gram matrix handled at a time, which stay in the cache."""
ROUNDING = 128
"""Stimuli that differ from their mean by fewer rounding errors than this are not told apart."""


class UnusableLayerError(Exception):
    """A layer without a geometry; its text is the reason the layer is left out."""


@dataclass(frozen=True)
class LayerGram:
    """The Gram matrix of one layer and what is needed to undo its centring.

    With `u = mean_projection` and `c = mean_norm`, the Gram matrix of the raw features is
    `gram + u[:, None] + u[None, :] + c`.

    Attributes
    ----------
    gram : ndarray (stimulus, stimulus)
        Inner products of the features centred over stimuli.
    mean_projection : ndarray (stimulus,)
        Inner product of each centred stimulus with the mean stimulus.
    mean_norm : float
        Squared norm of the mean stimulus.
    stimulus_mean : ndarray (stimulus,)
        Mean over the features of each stimulus, not centred.
    n_features : int
        Number of features.
    n_dead : int
        How many of them are the same for every stimulus, but for rounding.
    fidelity : float
        Correlation of its RDM with that of the exact features, over a sample of stimuli; 1 where
        features were exact.
    """

    gram: NDArray[np.float64]
    mean_projection: NDArray[np.float64]
    mean_norm: float
    stimulus_mean: NDArray[np.float64]
    n_features: int
    n_dead: int = 0
    fidelity: float = 1.0

    @property
    def effective_dimensionality(self) -> float:
        """See the function of this name."""
        return effective_dimensionality(self.gram)

    @property
    def spectrum(self) -> NDArray[np.float64]:
        """See the function of this name; empty with more stimuli than `MOST_EIGENVALUES`."""
        return spectrum(self.gram) if len(self.gram) <= MOST_EIGENVALUES else np.empty(0)

    @property
    def raw(self) -> NDArray[np.float64]:
        """Gram matrix `(stimulus, stimulus)` of the features as they are, not centred."""
        u = self.mean_projection
        return self.gram + u[:, None] + u[None, :] + self.mean_norm


def fold(
    features: Matrix,
    *,
    width: int | None = None,
    names: Sequence[str] | None = None,
    device: str = "cpu",
) -> LayerGram:
    """Fold features into their centred Gram matrix.

    Features pass in blocks of columns, each centred and multiplied by its transpose in double
    precision. Single precision would halve the cost of a product that is small beside the forward
    pass, but distances between similar stimuli are small differences of large inner products:
    correlation distances lose two more digits for every factor of ten between the mean of a
    stimulus and its spread. SYRK does half the work of a general product, see `_Products`.

    Parameters
    ----------
    features : array, spooled layer or tensor (stimulus, feature)
        Sliced by columns. A tensor on a GPU is folded there.
    width : int, optional
        Features per block.
    names : sequence of str, optional
        Stimuli, for the reason why a layer cannot be used; counted from 1 unless given.
    device : str
        Where to fold features that lie on the processor, block by block.

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
    if width is None:
        place = getattr(getattr(features, "device", None), "type", device)
        width = block_width(n_stimuli, place)

    products = _Products(n_stimuli)
    projection: Any = 0.0
    totals: Any = 0.0
    mean_norm = mean_total = 0.0
    n_dead = 0
    double = str(features.dtype).endswith("float64")
    eps = float(np.finfo(np.float64 if double else np.float32).eps)
    for start in range(0, n_features, width):
        raw = features[:, start : start + width]
        block = _double(raw, device)
        if not math.isfinite(float(abs(block).max())):
            raise UnusableLayerError(not_finite(_bad_rows(features, width), names))
        n_dead += _constant(block, ROUNDING * eps)
        mean = block.mean(0)
        block = block - mean
        projection += block @ mean
        totals += block.sum(1)
        mean_norm += float(mean @ mean)
        mean_total += float(mean.sum())
        products.add(block)

    folded = products.total()
    refuse_flat(folded, mean_norm, eps)
    return LayerGram(
        gram=folded,
        mean_projection=_host(projection),
        mean_norm=mean_norm,
        stimulus_mean=(_host(totals) + mean_total) / n_features,
        n_features=n_features,
        n_dead=n_dead,
    )


class _Products:
    """The sum of `X @ X.T` over blocks `(stimulus, feature)` of features.

    On a processor SYRK adds to one triangle in place, and the other is filled in at the end: with
    thousands of stimuli numpy's product would take most of its time for the other triangle and for
    the copy that is added up.
    """

    def __init__(self, n_stimuli: int) -> None:
        self.n_stimuli = n_stimuli
        self.sum: Any = None

    def add(self, block: Any) -> None:
        if not isinstance(block, np.ndarray):
            self.sum = block @ block.T if self.sum is None else self.sum.addmm_(block, block.T)
            return
        from scipy.linalg.blas import dsyrk

        if self.sum is None:
            self.sum = np.zeros((self.n_stimuli, self.n_stimuli), order="F")
        # Rows of a block in C order are columns in Fortran order; the upper triangle is summed.
        self.sum = dsyrk(1.0, block.T, beta=1.0, c=self.sum, trans=1, overwrite_c=1)

    def total(self) -> NDArray[np.float64]:
        """Return the sum `(stimulus, stimulus)`, symmetric to the last bit."""
        gram: NDArray[np.float64] = _host(self.sum.T)  # its lower triangle, in C order
        for start in range(0, self.n_stimuli, TILE):
            stop = min(start + TILE, self.n_stimuli)
            gram[:start, start:stop] = gram[start:stop, :start].T
            corner = np.tril(gram[start:stop, start:stop])
            gram[start:stop, start:stop] = corner + np.tril(corner, -1).T
        return gram


def block_width(n_stimuli: int, device: str = "cpu") -> int:
    """Return how many features are folded at a time."""
    return max(BLOCK_BYTES.get(device, BLOCK_BYTES["cpu"]) // (8 * n_stimuli), MINIMUM_WIDTH)


def refuse_flat(gram: NDArray[np.float64], mean_norm: float, rounding: float) -> None:
    """Refuse stimuli that differ from their mean by rounding errors only.

    Parameters
    ----------
    gram : ndarray (stimulus, stimulus)
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
    rows : ndarray (bad stimulus,)
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
        bad |= ~np.isfinite(_host(features[:, start : start + width])).all(axis=1)
    return np.flatnonzero(bad)


def _constant(block: Any, share: float) -> int:
    """Count the features `(stimulus, feature)` that are the same for every stimulus.

    But for rounding, a share of what they are, as it differs between batches of other sizes and
    between processors. Those that differ between the first few need no second look.
    """
    few = np.flatnonzero(_host((abs(block[:8] - block[0]) <= share * abs(block[0])).all(0)))
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


def _host(values: Any) -> NDArray:
    """Return an array or tensor as a numpy array."""
    return values if isinstance(values, np.ndarray) else values.cpu().numpy()

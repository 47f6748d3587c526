"""Gram matrices, added up over blocks of features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]

BLOCK_BYTES = {"cpu": 2**22, "cuda": 2**28}
"""Size of a block in double precision: on a processor it stays in the cache."""
MINIMUM_WIDTH = 2048
"""Features of a block at least, so that adding up costs little beside the products."""
TILE = 256
"""Rows of a Gram matrix handled at a time, which stay in the cache."""
ROUNDING = 128
"""Stimuli that differ from their mean by fewer rounding errors than this are not told apart."""
ALLOWED = 1e-3
"""Relative error of the smallest squared distance that single precision may bring."""
SAME = 1e-12
"""Squared distance of stimuli that are the same, relative to the largest squared norm."""


@dataclass(frozen=True)
class Gram:
    """A Gram matrix, and what undoes its centring.

    With `u = mean_projection` and `c = mean_norm`, the Gram matrix of the features as they are is
    `gram + u[:, None] + u[None, :] + c`.

    Attributes
    ----------
    gram : array of shape (stimulus, stimulus)
        Inner products of the features centred over stimuli.
    mean_projection : array of shape (stimulus,)
        Inner product of each centred stimulus with the mean stimulus.
    mean_norm : float
        Squared norm of the mean stimulus.
    stimulus_mean : array of shape (stimulus,)
        Mean over the features of each stimulus, not centred.
    n_features : int
    """

    gram: Floats
    mean_projection: Floats
    mean_norm: float
    stimulus_mean: Floats
    n_features: int

    @property
    def raw(self) -> Floats:
        """Inner products of the features as they are: (stimulus, stimulus)."""
        raw: Floats = self.gram + self.mean_projection[:, None] + self.mean_projection
        raw += self.mean_norm
        return raw


class GramSums:
    """Sums over features, block by block, that a Gram matrix and its mean pattern are made of.

    Blocks of shape (stimulus, feature) are numpy arrays of any floating-point kind, or torch
    tensors in double precision, which are summed where they lie.

    Parameters
    ----------
    n_stimuli : int
    single : bool
        Whether products are taken in single precision; all else is double.
    lowered : bool
        Whether a constant is taken off every feature for the sake of digits, see
        `isomorph.geometry.representation.Geometry`. At first it is that of the first block; what
        another would have given follows, as the mean pattern enters by sums alone.
    """

    def __init__(self, n_stimuli: int, *, single: bool = False, lowered: bool = False) -> None:
        self.single = single
        self.lowered = lowered
        self.n_features = 0
        self._products = Products(n_stimuli)
        self._norms: Any = 0.0
        self._projection: Any = 0.0
        self._totals: Any = 0.0
        self._first, self._square, self._total = 0.0, 0.0, 0.0

    def add(self, block: Any) -> None:
        """Add a block of features."""
        mean = np.mean(block, axis=0, dtype=float) if _is_host(block) else block.mean(0)
        if self.lowered and not self.n_features:
            self._first = float(mean.mean())
        block = block - mean
        if self._first:
            mean = mean - self._first
        self._projection += block @ mean
        self._totals += block.sum(1)
        self._square += float(mean @ mean)
        self._total += float(mean.sum())
        self.n_features += block.shape[1]
        if self.single:
            self._norms += np.einsum("sf,sf->s", block, block)
            block = block.astype(np.float32)
        self._products.add(block)

    def result(self) -> Gram:
        """Return the Gram matrix of all blocks, of features less `offset`."""
        gram = self._products.total()
        if self.single:
            np.fill_diagonal(gram, self._norms)
        totals, projection = to_host(self._totals), to_host(self._projection)
        moved = self._total / self.n_features if self.lowered else 0.0
        return Gram(
            gram=gram,
            mean_projection=projection - moved * totals,
            mean_norm=self._square - self.n_features * moved**2,
            stimulus_mean=(totals + (0.0 if self.lowered else self._total)) / self.n_features,
            n_features=self.n_features,
        )

    @property
    def offset(self) -> float:
        """What was taken off every feature."""
        return self._first + self._total / self.n_features if self.lowered else 0.0


class Products:
    """The sum of `X @ X.T` over blocks `X` of features, (stimulus, feature).

    On a processor SYRK adds to one triangle in place, and the other is filled in at the end: with
    thousands of stimuli numpy's product would take most of its time for the other triangle and for
    the copy that is added up. Blocks in single precision are multiplied so, and added up in double.
    """

    def __init__(self, n_stimuli: int) -> None:
        self.n_stimuli = n_stimuli
        self.sum: Any = None

    def add(self, block: Any) -> None:
        """Add the products of a block."""
        if not _is_host(block):
            self.sum = block @ block.T if self.sum is None else self.sum.addmm_(block, block.T)
            return
        if self.sum is None:
            self.sum = np.zeros((self.n_stimuli, self.n_stimuli), order="F")
        if block.dtype == np.float32 or not block.flags.c_contiguous:  # SYRK would copy it first
            self.sum.T[:] += block @ block.T  # symmetric, and both in C order
            return
        self.sum = add_square(self.sum, block)

    def total(self) -> Floats:
        """Return the sum of shape (stimulus, stimulus), symmetric to the last bit."""
        return mirrored(to_host(self.sum.T))


def add_square(products: Floats, block: Floats, times: float = 1.0) -> Floats:
    """Add `X @ X.T` of features `X`, so many times, to the upper triangle of products in place.

    Parameters
    ----------
    products : array of shape (stimulus, stimulus)
        In Fortran order.
    block : array of shape (stimulus, feature)
        In C order, else it is copied first.
    times : float
        -1 to take them off.
    """
    from scipy.linalg.blas import dsyrk

    # Rows of a block in C order are columns in Fortran order.
    added: Floats = dsyrk(times, block.T, beta=1.0, c=products, trans=1, overwrite_c=1)
    return added


def mirrored(gram: Floats) -> Floats:
    """Fill the upper triangle of a matrix in C order in from the lower one, and return it."""
    size = len(gram)
    for start in range(0, size, TILE):
        stop = min(start + TILE, size)
        gram[:start, start:stop] = gram[start:stop, :start].T
        corner = np.tril(gram[start:stop, start:stop])
        gram[start:stop, start:stop] = corner + np.tril(corner, -1).T
    return gram


def block_width(n_stimuli: int, device: str = "cpu") -> int:
    """Return how many features are added at a time."""
    return max(BLOCK_BYTES.get(device, BLOCK_BYTES["cpu"]) // (8 * n_stimuli), MINIMUM_WIDTH)


def squared_distances(gram: Floats) -> Floats:
    """Return squared Euclidean distances (stimulus, stimulus) of a Gram matrix; rounding is left.

    Products of different folds give cross-validated ones, which may be negative.
    """
    norms = np.diag(gram)
    distances: Floats = norms[:, None] + norms - 2 * gram
    return distances


def gram_of_squares(squares: Floats) -> Floats:
    """Return inner products of centred features from squared distances (stimulus, stimulus).

    They are centred twice and multiplied by -1/2 (Torgerson 1952, Psychometrika 17, 401-419).
    """
    rows = squares.mean(axis=0)
    gram: Floats = (rows[:, None] + rows - squares - squares.mean()) / 2
    return gram


def single_is_enough(gram: Floats, errors: float = 1.0) -> bool:
    """Tell whether a Gram matrix may be kept in single precision, or be computed so.

    A distance is a difference of inner products, so rounding errs by a part of the largest of
    these: too much where two stimuli are nearly, but not quite, the same.

    Parameters
    ----------
    gram : array of shape (stimulus, stimulus)
    errors : float
        How many rounding errors of the largest inner product it may be off.
    """
    norms = np.diag(gram)
    largest = float(norms.max())
    smallest = np.inf
    for start in range(0, len(gram), TILE):
        rows = slice(start, start + TILE)
        # beyond the diagonal stand pairs met before, and on it stimuli that are the same
        squared = abs(norms[rows, None] + norms[: start + TILE] - 2 * gram[rows, : start + TILE])
        smallest = min(smallest, squared.min(initial=np.inf, where=squared > SAME * largest))
    return errors * float(np.finfo(np.float32).eps) * largest <= ALLOWED * smallest


def to_host(values: Any) -> NDArray:
    """Return an array or tensor as a numpy array."""
    return values if _is_host(values) else values.cpu().numpy()


def _is_host(values: Any) -> bool:
    return isinstance(values, np.ndarray)

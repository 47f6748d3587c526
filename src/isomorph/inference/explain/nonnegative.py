"""Weights that may not be negative: of layers, and of the components of one layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from isomorph.geometry.gram import gram_of_squares
from isomorph.measures import Floats
from isomorph.measures.linear import LinearForm
from isomorph.measures.pairs import pair_indices, squareform, stimulus_count

RIDGES = (1e-3, 1e-2, 1e-1, 1.0, 10.0, 100.0)
"""Ridges tried, relative to the mean squared length of the components."""

TIED = 1e-6
"""Share of the largest variance by which those of two components must differ."""

ROUNDING = 1e-12
"""Share of the largest eigenvalue that is rounding error."""

NEGATIVE = 1e-6
"""Share of the largest eigenvalue that a negative one may reach in a squared Euclidean distance."""

SQUARED = frozenset({"squared_euclidean", "correlation"})
"""Distances that are squared Euclidean in some feature space: 1 - r is, between z-scored patterns
(halved)."""


def solve(among: Floats, toward: Floats) -> Floats:
    """Return the weights, none negative, that minimise `w G w / 2 - w b`.

    With `G = X X'` and `b = X y` these are the weights of non-negative least squares (Lawson &
    Hanson 1974), found on a root of `G` instead of on all pairs.

    Parameters
    ----------
    among : array of shape (predictor, predictor)
        G, positive semi-definite.
    toward : array of shape (predictor,)
        b.

    Returns
    -------
    array of shape (predictor,)
    """
    from scipy.optimize import nnls

    scale = np.sqrt(np.maximum(np.diag(among), 0.0))
    used = scale > 0
    weights = np.zeros(len(toward))
    if not used.any():
        return weights
    unit = scale[used]
    values, vectors = np.linalg.eigh(among[np.ix_(used, used)] / np.outer(unit, unit))
    kept = values > ROUNDING * values[-1]
    root = np.sqrt(values[kept])[:, None] * vectors[:, kept].T
    target = (vectors[:, kept].T @ (toward[used] / unit)) / np.sqrt(values[kept])
    weights[used] = nnls(root, target)[0] / unit
    return weights


@dataclass(frozen=True)
class Normal:
    """The normal equations of least squares in the space of a measure.

    Attributes
    ----------
    among : array of shape (predictor, predictor)
        Inner products of the predictors.
    toward : array of shape (predictor,)
        Of each with the mean of the targets, all scaled to unit length.
    """

    among: Floats
    toward: Floats

    @property
    def lengths(self) -> Floats:
        """Lengths of the predictors."""
        return np.sqrt(np.maximum(np.diag(self.among), 0.0))


@dataclass(frozen=True)
class Predictors:
    """RDMs that are to add up to others, as a measure sees them.

    Attributes
    ----------
    units : array of shape (predictor, pair)
        Unit vectors in the space of the measure; 0 where it cannot see one.
    lengths : array of shape (predictor,)
        What they are in that space, so that an RDM counts by its length.
    among : array of shape (predictor, predictor)
        Inner products.
    """

    units: Floats
    lengths: Floats
    among: Floats

    def toward(self, targets: Floats, form: LinearForm) -> Normal:
        """Return the normal equations of adding up to the mean of targets `(brain, pair)`."""
        toward = self.units @ form.embed(targets).mean(axis=0)
        return Normal(self.among, toward * self.lengths)


def predictors_of(rdms: Floats, form: LinearForm) -> Predictors:
    """Return RDMs `(predictor, pair)` as predictors in the space of a measure.

    One that the measure cannot see counts for nothing.
    """
    every = np.ones((1, stimulus_count(rdms.shape[1])), dtype=np.int64)
    squares = form.products(rdms, rdms[:1], every)[1][0]
    lengths = np.sqrt(np.where(np.isfinite(squares), squares, 0.0))
    # Unit vectors times lengths: a GEMM, where the products themselves would cost one per pair.
    units = form.embed(rdms)
    return Predictors(units, lengths, (units @ units.T) * np.outer(lengths, lengths))


@dataclass(frozen=True)
class Components:
    """The principal components of one representation.

    Attributes
    ----------
    rdms : array of shape (component, pair)
        Squared distances along each, by falling variance; the last is of all others together, so
        that they add up to the RDM. Components of one variance are one: any rotation of them has
        that variance too, and which of them is found hangs on the last bit.
    """

    rdms: Floats


def components_of(rdm: Floats, n_stimuli: int, most: int) -> Components | str:
    """Return the components of a representation from its squared Euclidean RDM.

    The eigenvectors of the Gram matrix are the principal components' scores of the stimuli.

    Parameters
    ----------
    rdm : array of shape (pair,)
    n_stimuli : int
    most : int
        Components kept apart.

    Returns
    -------
    Components or str
        Why there are none.
    """
    square = squareform(rdm[None], n_stimuli)[0]
    values, vectors = np.linalg.eigh(gram_of_squares(square))
    if values[0] < -NEGATIVE * values[-1]:
        return "the distance is not a squared Euclidean one, it has no components"
    order = np.argsort(values)[::-1]
    real = order[values[order] > ROUNDING * values[-1]]
    if not len(real):
        return "all distances are zero, it has no components"
    falls = np.flatnonzero(np.diff(values[real]) < -TIED * values[-1]) + 1
    bounds = [0, *falls.tolist(), len(real)]
    n_kept = min(most, len(bounds) - 1)
    kept = real[: bounds[n_kept]]
    scores = vectors[:, kept] * np.sqrt(values[kept])
    along = np.stack(
        [_along(scores[:, start:stop]) for start, stop in pairwise(bounds[: n_kept + 1])]
    )
    rest = rdm - along.sum(axis=0)
    others = values[order[len(kept) :]].sum() > ROUNDING * values[-1] * n_stimuli
    return Components(np.vstack([along, rest]) if others else along)


def _along(scores: Floats) -> Floats:
    """Return squared distances `(pair,)` along components `(stimulus, component)` together.

    Of an RDM in which all stimuli are as far from each other there are as many as stimuli, whose
    differences by pair would not fit into memory.
    """
    first, second = pair_indices(len(scores))
    if scores.shape[1] == 1:
        apart: Floats = (scores[first, 0] - scores[second, 0]) ** 2
        return apart
    products = scores @ scores.T
    own = np.diag(products)
    found: Floats = own[first] + own[second] - 2 * products[first, second]
    return np.maximum(found, 0.0)


def reweighted(normal: Normal, ridges: Sequence[float]) -> Floats:
    """Return non-negative weights of components, drawn toward equal ones by a ridge.

    Minimises `|y - w X|^2 + ridge * s * |w - a|^2`, with `s` the mean squared length of the
    components and `a` the one weight that fits best if all are equal. So the larger the ridge, the
    nearer the representation as it is.

    Parameters
    ----------
    normal : Normal
        Of the components.
    ridges : sequence of float

    Returns
    -------
    array of shape (ridge, component)
    """
    whole = float(normal.among.sum())
    equal = max(float(normal.toward.sum()), 0.0) / whole if whole > 0 else 0.0
    mean = np.trace(normal.among) / len(normal.among)
    each = mean * np.eye(len(normal.among))
    return np.array(
        [solve(normal.among + r * each, normal.toward + r * mean * equal) for r in ridges]
    )

r"""Distances of Gram matrices along the manifold of positive definite matrices.

The affine-invariant distance of :math:`A` and :math:`B` is
:math:`(\sum_k \log^2 \lambda_k)^{1/2}` with :math:`\lambda` the eigenvalues of
:math:`B^{-1/2} A B^{-1/2}`. Centred Gram matrices of :math:`n` stimuli are compared on the
:math:`n - 1` dimensions that differences between stimuli have, where they must have full rank.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from isomorph.measures._measure import Measure
from isomorph.measures.cka import SQUARED
from isomorph.measures.deleted import log_sums_without
from isomorph.measures.jackknifed import FEWEST, Jackknifed
from isomorph.measures.noise_added import best_noise, mixed
from isomorph.measures.pairs import Floats, blocks
from isomorph.measures.principal import Principal, inverse, principal
from isomorph.measures.rsa import pool_standardised
from isomorph.measures.stack import Stack

BLOCK = 2**21
"""Numbers held at once of the matrices of one representation with many (16 MiB)."""


class LogEigenvalues(Jackknifed):
    """A measure of the logarithms of generalised eigenvalues."""

    @abstractmethod
    def without(self, first: Stack, second: Stack) -> Floats:
        """Compare representations without each stimulus: `(a, b, stimulus)`."""

    def influence(self, first: Stack, second: Stack) -> Floats:
        """Return what each stimulus adds to the measure: `(a, b, stimulus)`, of mean 0."""
        n = first.n_stimuli
        if n <= FEWEST:
            return np.full((len(first), len(second), n), np.nan)
        without = self.without(first, second)
        added: Floats = -(n - 1) * (without - without.mean(axis=2, keepdims=True))
        return added


def of_rows(
    first: Stack,
    second: Stack,
    of: Callable[[Principal, int, Principal, slice], Floats],
    shape: tuple[int, ...] = (),
) -> Floats:
    """Return what is found of one representation and some, `(b, ...)`, for all: `(a, b, ...)`.

    NaN where one has no root or does not vary, or where there are too few stimuli.
    """
    x, y = principal(first), principal(second)
    found = np.full((len(first), len(second), *shape), np.nan)
    if first.n_stimuli < FEWEST:
        return found
    for a, place in enumerate(x.places):
        for few in blocks(len(y.places), BLOCK // first.n_stimuli**2):
            found[place, y.places[few]] = of(x, a, y, few)
    return found


@dataclass(frozen=True)
class RiemannianForm(LogEigenvalues):
    r"""The affine-invariant distance of shrunk Gram matrices, as a similarity.

    Of a Gram matrix with a mean variance of 1 over its :math:`n - 1` dimensions,
    :math:`(1 - s) G + s I` is compared. The similarity is
    :math:`\exp(-d / \sqrt{n - 1})`: at 1/2, variances of the two differ by a factor of 2, in the
    root mean square of the logarithm over all directions.

    Attributes
    ----------
    shrinkage : float
        :math:`s`, without which a representation of fewer dimensions than stimuli is infinitely
        far from any other.
    """

    shrinkage: float = 0.1
    parameter: ClassVar[str] = "shrinkage"
    meaning: ClassVar[str] = "a share above 0 and up to 1"
    allowed: ClassVar[tuple[float, float]] = (0.0, 1.0)

    def compare(self, first: Stack, second: Stack) -> Floats:
        """Compare representations: `(a, b)`, NaN where one has no root or does not vary."""
        return of_rows(first, second, self._row)

    def without(self, first: Stack, second: Stack) -> Floats:
        """Compare representations without each stimulus: `(a, b, stimulus)`.

        Without a stimulus the mean variance is another one, which counts to first order.
        """
        return of_rows(first, second, self._row_without, (first.n_stimuli,))

    def _row(self, x: Principal, a: int, y: Principal, few: slice) -> Floats:
        """Compare one representation with some: `(b,)`."""
        matrices, _ = self._pencil(x, a, y, few)
        logs = np.log(np.linalg.eigvalsh(matrices))
        # One of the n is that of the mean over stimuli, 1 by construction.
        return np.asarray(np.exp(-np.sqrt(np.square(logs).sum(axis=1) / (logs.shape[1] - 1))))

    def _row_without(self, x: Principal, a: int, y: Principal, few: slice) -> Floats:
        """Compare one representation with some, without each stimulus: `(b, stimulus)`."""
        matrices, whitening = self._pencil(x, a, y, few)
        values, vectors = np.linalg.eigh(matrices)
        n = values.shape[1]
        turned = vectors.swapaxes(1, 2) @ whitening
        squares, _ = log_sums_without(values, turned - turned.mean(axis=2, keepdims=True))
        logs = 2 * np.log(values)
        shrunk = self.shrinkage * np.square(turned).sum(axis=2)
        scales = [
            (n - 2) / (n - 1 - n * np.square(side).sum(axis=-1)) - 1
            for side in (x.features[a], y.features[few])
        ]
        squares += scales[0] * (logs * (1 - shrunk / values)).sum(axis=1)[:, None]
        squares -= scales[1] * (logs * (1 - shrunk)).sum(axis=1)[:, None]
        return np.asarray(np.exp(-np.sqrt(np.maximum(squares, 0.0) / (n - 2))))

    def _pencil(self, x: Principal, a: int, y: Principal, few: slice) -> tuple[Floats, Floats]:
        r"""Return :math:`B^{-1/2} A B^{-1/2}` and :math:`B^{-1/2}`, `(b, n, n)`."""
        s, n = self.shrinkage, x.features.shape[1]
        axes, spreads = y.axes[few], y.spreads[few]
        roots = 1 / np.sqrt((1 - s) * (n - 1) * spreads**2 + s) - 1 / np.sqrt(s)
        whitening = (axes * roots[:, None]) @ axes.swapaxes(1, 2)
        whitening[:, np.arange(n), np.arange(n)] += 1 / np.sqrt(s)
        seen = np.sqrt((1 - s) * (n - 1)) * (whitening @ x.features[a])
        return seen @ seen.swapaxes(1, 2) + s * (whitening @ whitening), whitening


@dataclass(frozen=True)
class NoisyForm(LogEigenvalues):
    r"""The negative Riemannian distance of rsatoolbox, version 0.3.2.

    :math:`-\min_{u, v} d(e^u G_x + e^v I, G_y)`: white noise of the variance that suits best is
    added to the first, which is scaled as suits best, so the order of the two matters. The second
    must have all :math:`n - 1` dimensions. The scale has a closed form, the mean logarithm, and
    the noise is found by a search from none at all to nothing else.
    """

    def compare(self, first: Stack, second: Stack) -> Floats:
        """Compare representations: `(a, b)`, NaN where the second lacks dimensions."""
        return np.asarray(-np.sqrt(self._fitted(first, second)[:, :, 0]))

    def without(self, first: Stack, second: Stack) -> Floats:
        """Compare representations without each stimulus: `(a, b, stimulus)`.

        At the noise that suits all stimuli: a value at its best does not change to first order
        with what it is best in.
        """
        n = first.n_stimuli
        variances = self._fitted(first, second)[:, :, 1]

        def row(x: Principal, a: int, y: Principal, few: slice) -> Floats:
            found = np.full((len(y.places[few]), n), np.nan)
            at = variances[x.places[a], y.places[few]]
            full = np.flatnonzero(np.isfinite(at) | np.isinf(at))
            signal, noise = _whitened(x, a, y, few, full)
            values, vectors = np.linalg.eigh(mixed(signal, noise, at[full]))
            turned = noise[:, :, None] * y.axes[few][full].swapaxes(1, 2)
            squares, sums = log_sums_without(
                np.where(values > 0, values, np.nan), vectors.swapaxes(1, 2) @ turned
            )
            found[full] = -np.sqrt(np.maximum(squares - sums**2 / (n - 2), 0.0))
            return found

        return of_rows(first, second, row, (n,))

    def _fitted(self, first: Stack, second: Stack) -> Floats:
        """Return the squared distance and the variance of the noise: `(a, b, 2)`, found once."""
        key = ("noise", id(second))
        # The second is kept, so that its place in memory is not given to another.
        return first.derived(key, lambda: (of_rows(first, second, _row_fitted, (2,)), second))[0]


def _row_fitted(x: Principal, a: int, y: Principal, few: slice) -> Floats:
    """Return squared distances and variances of the noise: `(b, 2)`."""
    found = np.full((len(y.places[few]), 2), np.nan)
    full = np.flatnonzero(y.ranks[few] == x.features.shape[1] - 1)
    if len(full):
        found[full] = np.stack(best_noise(*_whitened(x, a, y, few, full)), axis=1)
    return found


def _whitened(
    x: Principal, a: int, y: Principal, few: slice, some: NDArray[np.intp]
) -> tuple[Floats, Floats]:
    """Return the first, whitened by the second, and what whitens: `(b, axis, p)`, `(b, axis)`.

    Along the principal axes of the second.
    """
    over = inverse(y.spreads[few][some])
    axes = y.axes[few][some]
    return over[:, :, None] * (axes.swapaxes(1, 2) @ x.features[a]), over


RIEMANNIAN = Measure(
    name="riemannian",
    title="Riemannian distance of shrunk Gram matrices, its root mean square as exp(-d)",
    family="dependence",
    invariances=("scale",),
    range=(0.0, 1.0),
    independence="positive: however unlike, two matrices are a finite distance apart",
    citation="Shahbazi et al. 2021, https://doi.org/10.1016/j.neuroimage.2021.118271",
    form=RiemannianForm(),
    distances=SQUARED,
    needs=("gram",),
    pool=pool_standardised(centre=False),
    definition=(
        r"$$\exp\left(-\left(\tfrac{1}{n - 1} \sum_k \log^2 \lambda_k\right)^{1/2}\right)$$ "
        r"$\lambda_k$ are the eigenvalues of $\hat L^{-1/2} \hat K \hat L^{-1/2}$ over the "
        r"$n - 1$ dimensions of differences, $\hat K = (1 - s) (n - 1) K + s I$ with $s$ "
        r"the shrinkage, and likewise $\hat L$."
    ),
    avoid=(
        "With far fewer dimensions than stimuli, where shrinkage decides how far apart two "
        "representations are; and where weak directions are noise, which count as much as "
        "strong ones."
    ),
)
NEG_RIEM_DIST = replace(
    RIEMANNIAN,
    name="neg_riem_dist",
    title="Negative Riemannian distance to the first with the noise that suits best",
    family="rsa",
    range=(float("-inf"), 0.0),
    independence="negative: the further, the more stimuli and the fewer features there are",
    citation="Shahbazi et al. 2021, https://doi.org/10.1016/j.neuroimage.2021.118271; as in "
    "rsatoolbox, Schütt et al. 2023, https://doi.org/10.7554/eLife.82566",
    form=NoisyForm(),
    symmetric=False,
    with_itself=0.0,
    no_value="the second has fewer dimensions than there are between stimuli, which puts it "
    "infinitely far; riemannian shrinks both",
    definition=(
        r"$$-\min_{u, v} \left(\sum_{k=1}^{n-1} \log^2 \lambda_k\right)^{1/2}$$ $\lambda_k$ "
        "are the eigenvalues of $L^{-1/2} (e^u K + e^v I) L^{-1/2}$ on the $n - 1$ "
        "dimensions that differences between stimuli have."
    ),
    avoid=(
        "Where the second representation has fewer features than stimuli, which leaves it "
        "without a value; to set studies with different numbers of stimuli beside each "
        "other, as it falls with their number. Take `riemannian`."
    ),
)

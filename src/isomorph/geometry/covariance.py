r"""Shrunk covariances of noise, and patterns whitened by them.

Of residuals :math:`R` (row, unit) the covariance is never formed where units are many: shrunk, it
is :math:`D^{1/2}(G^\top G + c I) D^{1/2}` with :math:`G` as flat as :math:`R`, so its inverse root
follows from the singular values of :math:`G`, in memory of the residuals' size. Degrees of freedom
are those of the design that left the residuals, which scikit-learn's estimators do not ask for;
with as many as rows, shrinking to equal variances is its Ledoit-Wolf, in a quarter of its time, as
the sum of squared products of two units over all pairs of units is that of squared norms of rows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_triangular

from isomorph.geometry.gram import Floats
from isomorph.registry import Registry


@dataclass(frozen=True)
class Covariance:
    """A shrunk covariance of units, by its parts.

    Attributes
    ----------
    deviation : array of shape (unit,)
        The root of the diagonal factor.
    factor : array of shape (row, unit)
        What, times itself, gives the part that is not diagonal.
    floor : float
        What is added to the diagonal.
    """

    deviation: Floats
    factor: Floats
    floor: float

    def matrix(self) -> Floats:
        """Return the covariance itself: (unit, unit)."""
        matrix: Floats = self._inner() * np.outer(self.deviation, self.deviation)
        return matrix

    def whiten(self, patterns: Floats) -> Floats:
        """Return patterns (pattern, unit) times an inverse root, of the same shape.

        Inner products of what it returns are those of `patterns` under the inverse covariance.
        Of all roots it is ``D^-1/2 P^-1/2``, with the variances `D` and the correlations `P`
        (ZCA-cor: Kessy A, Lewin A, Strimmer K 2018, The American Statistician 72, 309-314), which
        under shrinkage to equal variances is the symmetric one; distances and inner products of
        patterns are the same under any.
        """
        scaled = patterns / self.deviation
        rows, units = self.factor.shape
        if units <= rows:
            values, vectors = np.linalg.eigh(self.factor.T @ self.factor)
            roots = 1 / np.sqrt(np.maximum(values, 0) + self.floor)
            white: Floats = (scaled @ (vectors * roots)) @ vectors.T
            return white
        values, vectors = np.linalg.eigh(self.factor @ self.factor.T)
        kept = values > values[-1] * len(values) * np.finfo(float).eps
        values = values[kept]
        basis = (vectors[:, kept].T @ self.factor) / np.sqrt(values)[:, None]
        outside = 1 / np.sqrt(self.floor)
        inside = 1 / np.sqrt(values + self.floor) - outside
        white = scaled * outside + ((scaled @ basis.T) * inside) @ basis
        return white

    def whiten_anyhow(self, patterns: Floats) -> Floats:
        """Return what `whiten` does, turned: under the root that is cheapest to have.

        Of fewer units than rows that of Cholesky; for inner products, which any root gives.

        Raises
        ------
        LinAlgError
            When the covariance has no inverse.
        """
        if self.factor.shape[1] > self.factor.shape[0]:
            return self.whiten(patterns)
        root = np.linalg.cholesky(self._inner())
        scaled = (patterns / self.deviation).T
        white = solve_triangular(root, scaled, lower=True, overwrite_b=True, check_finite=False)
        return np.ascontiguousarray(white.T)

    def is_singular(self, freedom: int, rounding: float) -> bool:
        """Tell whether there is no inverse, but for rounding: its rank is less than its units.

        Parameters
        ----------
        freedom : int
            Degrees of freedom it was estimated with.
        rounding : float
            Share of a variance that is rounding error.
        """
        units = len(self.deviation)
        spread = float(np.vdot(self.factor, self.factor)) / units
        if self.floor > rounding * spread:
            return False
        inner = self.factor.T @ self.factor if units <= freedom else np.zeros((1, 1))
        return bool(np.linalg.eigvalsh(inner)[0] <= rounding * spread * units)

    def _inner(self) -> Floats:
        inner: Floats = self.factor.T @ self.factor
        inner[np.diag_indices_from(inner)] += self.floor
        return inner


def to_identity(residuals: Floats, freedom: float) -> Covariance:
    """Shrink to equal variances (Ledoit and Wolf 2004, https://doi.org/10.1016/S0047-259X(03)00096-4).

    Parameters
    ----------
    residuals : array of shape (row, unit)
    freedom : float
        Their degrees of freedom.
    """
    rows, units = residuals.shape
    energy = np.einsum("ru,ru->r", residuals, residuals)
    share, mean = _towards_identity(
        rows, units, energy.sum(), _square_of_gram(residuals), np.sum(energy**2)
    )
    factor = residuals * np.sqrt((1 - share) / freedom)
    return Covariance(np.ones(units), factor, float(share * mean * rows / freedom))


def to_diagonal(residuals: Floats, freedom: float) -> Covariance:
    """Shrink to each unit's own variance (Schäfer and Strimmer 2005, https://doi.org/10.2202/1544-6115.1175).

    Parameters
    ----------
    residuals : array of shape (row, unit)
    freedom : float
        Their degrees of freedom.
    """
    rows = len(residuals)
    deviation = _deviation(residuals, freedom)
    scaled = residuals / deviation
    squared = scaled * scaled
    # Sums over pairs of different units of the mean product, squared, and of its mean square. The
    # squares of each unit, in its deviations, add up to the degrees of freedom.
    mean_square = _square_of_gram(scaled) - scaled.shape[1] * freedom**2
    mean_square /= (rows - 1) ** 2
    energy = np.einsum("ru->r", squared)
    square_mean = (energy @ energy - np.vdot(squared, squared)) / (rows - 1)
    share = _share(rows / freedom**2 * (square_mean - mean_square), mean_square)
    scaled *= np.sqrt((1 - share) / freedom)
    return Covariance(deviation, scaled, share)


def unshrunk(residuals: Floats, freedom: float) -> Covariance:
    """Return the covariance of residuals (row, unit) as it is."""
    deviation = _deviation(residuals, freedom)
    return Covariance(deviation, residuals / deviation / np.sqrt(freedom), 0.0)


def univariate(residuals: Floats, freedom: float) -> Covariance:
    """Return the variance of each unit of residuals (row, unit), and no covariance."""
    return Covariance(_deviation(residuals, freedom), np.zeros((1, residuals.shape[1])), 1.0)


SHRINKAGE: Registry[Callable[[Floats, float], Covariance]] = Registry(
    "shrinkage", {"identity": to_identity, "diagonal": to_diagonal, "none": unshrunk}
)
"""How a covariance is estimated, from residuals (row, unit) and their degrees of freedom."""


class Moments:
    """Sums over samples of noise that a shrunk covariance is made of.

    Samples are seen once and not kept: `Σ x xᵀ` and `Σ |x|⁴` are all that shrinking to equal
    variances needs.

    Parameters
    ----------
    n_channels : int
        Length of a sample.
    """

    def __init__(self, n_channels: int) -> None:
        self.count = 0
        self.products = np.zeros((n_channels, n_channels))
        self.fourth = 0.0

    def add(self, samples: Floats) -> None:
        """Add samples (sample, channel) whose mean is known to be 0."""
        self.count += len(samples)
        self.products += samples.T @ samples
        self.fourth += float(np.square(np.square(samples).sum(axis=1)).sum())

    def join(self, other: Moments) -> None:
        """Add the samples of other moments of the same channels."""
        self.count += other.count
        self.products += other.products
        self.fourth += other.fourth

    def covariance(self) -> Floats:
        """Return the sample covariance (channel, channel)."""
        return self.products / self.count

    def shrunk(self) -> Floats:
        """Return the covariance (channel, channel) as `to_identity` shrinks it."""
        n_channels = len(self.products)
        share, mean = _towards_identity(
            self.count, n_channels, np.trace(self.products), np.sum(self.products**2), self.fourth
        )
        return (1 - share) * self.covariance() + share * mean * np.eye(n_channels)


def _towards_identity(
    rows: int, units: int, trace: float, square: float, fourth: float
) -> tuple[float, float]:
    """Return how far to shrink to equal variances, and these.

    Parameters
    ----------
    rows, units : int
    trace, square : float
        Of the sum of products of rows: its trace, and the sum of its squared entries.
    fourth : float
        Sum over rows of the square of their squared norms.
    """
    mean = trace / rows / units
    square = square / rows**2
    error = (fourth / rows - square) / rows
    return _share(error, square - units * mean**2), float(mean)


def _share(error: float, spread: float) -> float:
    """Return how far to shrink, from 0 to 1."""
    return 1.0 if spread <= 0 else float(np.clip(error / spread, 0.0, 1.0))


def _deviation(residuals: Floats, freedom: float) -> Floats:
    """Return the standard deviation of each unit."""
    deviation: Floats = np.sqrt(np.einsum("ru,ru->u", residuals, residuals) / freedom)
    return deviation


def _square_of_gram(rows: Floats) -> float:
    """Return the sum of the squares of all inner products of columns."""
    gram = rows @ rows.T if len(rows) < rows.shape[1] else rows.T @ rows
    return float(np.vdot(gram, gram))

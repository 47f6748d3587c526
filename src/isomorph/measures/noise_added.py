r"""How much white noise, added to a Gram matrix, brings it nearest to another.

Of :math:`M(u) = A + e^u W`, with :math:`A` what is compared and :math:`W` white noise, both
whitened by the other matrix, the spread of the log eigenvalues is made smallest: the sum of squares
about their mean, which is what is left of the squared Riemannian distance at the best scale.
"""

from __future__ import annotations

import numpy as np

from isomorph.measures.pairs import Floats

SINGULAR = 1e-12
"""Smallest eigenvalue, as a share of the largest, that is not rounding error."""

TRIED = np.arange(-12.0, 10.0, 3.0)
"""Logarithms of variances of the noise that are tried first, over the mean variance."""

FURTHEST = 15.0
"""How far beyond those the search goes."""

STEPS = 8
"""Newton's steps at most."""

STILL = 1e-5
"""Length of a step after which there is none: a spread is known to the square of it."""

CLOSE = 1e-6
"""Difference of two eigenvalues, as a share of them, below which a derivative is taken instead."""


def mixed(signal: Floats, noise: Floats, variance: Floats) -> Floats:
    """Return Gram matrices with white noise: `(b, axis, axis)`.

    Parameters
    ----------
    signal : array of shape (b, axis, p)
        Features.
    noise : array of shape (b, axis)
        Standard deviations of the noise along the axes, at a variance of 1.
    variance : array of shape (b,)
        Of the noise; infinite for noise alone.
    """
    found: Floats = signal @ signal.swapaxes(1, 2)
    alone = np.isinf(variance)
    found[alone] = 0
    along = np.arange(found.shape[1])
    found[:, along, along] += np.where(alone, 1.0, variance)[:, None] * noise**2
    return found


def best_noise(signal: Floats, noise: Floats) -> tuple[Floats, Floats]:
    """Return the least spread, and the variance of the noise at which it is: `(b,)` each.

    From the best of some variances by Newton's steps, halved brackets where those lead out of them;
    no noise at all and nothing but noise are tried as well.

    Parameters
    ----------
    signal : array of shape (b, axis, p)
    noise : array of shape (b, axis)
        See `mixed`.
    """
    n = len(signal)
    tried = TRIED - np.log(noise.shape[1])
    found = np.stack([_spread(signal, noise, np.full(n, np.exp(one))) for one in tried])
    best = found.argmin(axis=0)
    beyond = np.concatenate([[tried[0] - FURTHEST], tried, [tried[-1] + FURTHEST]])
    low, at, high = beyond[best], tried[best], beyond[best + 2]
    moving = np.arange(n)
    for _ in range(STEPS):
        now = at[moving]
        slope, curvature = _derivatives(signal[moving], noise[moving], np.exp(now))
        low[moving] = np.where(slope < 0, now, low[moving])
        high[moving] = np.where(slope > 0, now, high[moving])
        with np.errstate(invalid="ignore", divide="ignore"):
            new = now - slope / curvature
        inside = (curvature > 0) & (new >= low[moving]) & (new <= high[moving])
        at[moving] = np.where(inside, new, (low[moving] + high[moving]) / 2)
        moving = moving[np.abs(at[moving] - now) > STILL]
        if not len(moving):
            break
    variances = np.stack([np.exp(tried[best]), np.exp(at), np.zeros(n), np.full(n, np.inf)])
    spreads = np.stack([found.min(axis=0), *(_spread(signal, noise, one) for one in variances[1:])])
    least, places = spreads.argmin(axis=0), np.arange(n)
    spread = spreads[least, places]
    return np.where(np.isfinite(spread), spread, np.nan), variances[least, places]


def _spread(signal: Floats, noise: Floats, variance: Floats) -> Floats:
    """Return the spread of log eigenvalues `(b,)`, infinite for singular matrices."""
    values = np.linalg.eigvalsh(mixed(signal, noise, variance))
    regular = values[:, 0] > SINGULAR * values[:, -1]
    logs = np.log(np.where(regular[:, None], values, 1.0))
    logs -= logs.mean(axis=1, keepdims=True)
    return np.where(regular, np.square(logs).sum(axis=1), np.inf)


def _derivatives(signal: Floats, noise: Floats, variance: Floats) -> tuple[Floats, Floats]:
    """Return the first and second derivative of the spread by the log variance: `(b,)` each."""
    values, vectors = np.linalg.eigh(mixed(signal, noise, variance))
    values = np.maximum(values, SINGULAR * values[:, -1:])
    turned = vectors.swapaxes(1, 2) * noise[:, None]
    changes = variance[:, None, None] * (turned @ turned.swapaxes(1, 2))
    logs = np.log(values)
    logs -= logs.mean(axis=1, keepdims=True)
    relative = np.diagonal(changes, axis1=1, axis2=2) / values
    slope = 2 * (logs * relative).sum(axis=1)
    # Second derivatives of eigenvalues are sums over pairs, whose differences cancel in the whole.
    weights = logs / values
    gaps = values[:, :, None] - values[:, None]
    near = np.abs(gaps) <= CLOSE * values[:, :, None]
    tangents = ((1 - logs) / values**2)[:, :, None]
    ratios = (weights[:, :, None] - weights[:, None]) / np.where(near, 1.0, gaps)
    paired = np.where(near, tangents, ratios)
    paired[:, np.arange(values.shape[1]), np.arange(values.shape[1])] = 0
    curvature = 2 * (
        np.square(relative).sum(axis=1)
        - relative.sum(axis=1) ** 2 / values.shape[1]
        + (logs * (relative - relative**2)).sum(axis=1)
        + (paired * changes**2).sum(axis=(1, 2))
    )
    return slope, curvature

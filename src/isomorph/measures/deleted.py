r"""Sums of log eigenvalues once one direction is taken away, without finding the eigenvalues.

Where a form with eigenvalues :math:`\lambda` is restricted to what is orthogonal to a unit vector
:math:`z`, its eigenvalues :math:`\mu` have

.. math::

    h(t) = \sum \log(\mu + t) - \sum \log(\lambda + t) = \log \sum_k \frac{z_k^2}{\lambda_k + t}

(a minor over a determinant), so :math:`h(0)` is what a sum of logarithms changes by. The sum of
squared logarithms changes by

.. math:: 2 \int_0^T \frac{h(t) - h(0)}{t} dt + \log^2 T + 2 h(0) \log T + \frac{\pi^2}{3}

for large :math:`T`, because :math:`\int_0^T \log(1 + t / x) \, dt / t` is
:math:`\log^2(T / x) / 2 + \pi^2 / 6` there. Over :math:`\log t` the integrand is so smooth that
steps of 1 are exact to eight digits, but for the slope of -1 it ends with (Euler and Maclaurin).
"""

from __future__ import annotations

import numpy as np

from isomorph.measures.pairs import Floats

BEYOND = np.log(1e7)
"""How far beyond the eigenvalues, on a logarithmic scale, integrals are taken."""


def log_sums_without(values: Floats, directions: Floats) -> tuple[Floats, Floats]:
    """Return sums of squared logs and of logs of eigenvalues, without each direction.

    Parameters
    ----------
    values : array of shape (form, k)
        Eigenvalues, above 0.
    directions : array of shape (form, k, direction)
        Along the eigenvectors, of any length.

    Returns
    -------
    squares, sums : arrays of shape (form, direction)
    """
    shares = np.square(directions)
    shares /= shares.sum(axis=1, keepdims=True)
    logs = np.log(values)
    low, high = logs.min(axis=1) - BEYOND, logs.max(axis=1) + BEYOND
    n_steps = int(np.ceil(np.max(high - low, initial=1.0)))
    step = (high - low) / n_steps
    at = np.exp(low + np.arange(n_steps + 1)[:, None] * step)
    first = np.log(np.einsum("fkd,fk->fd", shares, 1 / values))
    integral = np.zeros_like(first) + step[:, None] / 12
    for node, t in enumerate(at):
        changed = np.log(np.einsum("fkd,fk->fd", shares, 1 / (values + t[:, None])))
        integral += (0.5 if node in (0, n_steps) else 1.0) * (changed - first)
    last = high[:, None]
    change = 2 * integral * step[:, None] + last**2 + 2 * first * last + np.pi**2 / 3
    return np.square(logs).sum(axis=1)[:, None] + change, logs.sum(axis=1)[:, None] + first

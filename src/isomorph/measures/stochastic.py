r"""Shape of noisy representations: means and noise are aligned by one rotation.

Duong et al. (2023, https://arxiv.org/abs/2211.11665) take responses to a stimulus to be Gaussian.
With :math:`\mu_i, \Sigma_i` its mean and covariance over repetitions, means centred over stimuli,

.. math:: d^2 = \min_Q \sum_i \alpha \lVert \mu_i - Q \mu'_i \rVert^2
    + (2 - \alpha) B^2(\Sigma_i, Q \Sigma'_i Q^\top),

with B the Bures distance, :math:`\min_T \lVert R - Q R' T \rVert` over rotations T for
:math:`\Sigma = R R^\top`. So d is a distance between the vectors of all
:math:`\sqrt\alpha \mu_i, \sqrt{2 - \alpha} R_i`, once one is rotated onto the other, and their
cosine

.. math:: \frac{\max_Q \sum_i \alpha \mu_i^\top Q \mu'_i + (2 - \alpha) \lVert R_i^\top Q R'_i
    \rVert_*}{\sqrt{\sum_i \alpha \lVert \mu_i \rVert^2 + (2 - \alpha) \operatorname{tr} \Sigma_i}
    \sqrt{\sum_i \alpha \lVert \mu'_i \rVert^2 + (2 - \alpha) \operatorname{tr} \Sigma'_i}}

is the similarity: 0 to 1, its arc a distance, and without noise Procrustes similarity. What has one
repetition, such as a layer, has no noise; against what has some, similarity is below 1.

Covariances of a few repetitions are poor. So their part in every sum above is shrunk to that of
their mean over the stimuli: with m repetitions and p directions, the covariance of each stimulus
counts by :math:`(m - 1) / (m - 1 + p)` and the mean covariance by the rest, as two sets of vectors
with rotations T of their own. With many repetitions that is the definition above.

Of features, the n - 1 directions are kept that hold most of
:math:`\sum_i \alpha \mu_i \mu_i^\top + (2 - \alpha) \Sigma_i`, which is all of them where there is
no noise or units are no more. The maximum is found by turns: given Q each T is an orthogonal
Procrustes problem, given all T so is Q. Every turn is an ascent, to a maximum that may be local:
the better of two starts counts, one from the means and one from the mean covariance. Two
populations of 100 units with 6 repetitions of 118 stimuli take 1 to 2 s, against a layer 1 ms.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
from scipy.linalg import helmert

from isomorph.measures._measure import Measure
from isomorph.measures.jackknifed import Jackknifed
from isomorph.measures.pairs import Counts, Floats
from isomorph.measures.stack import Stack

TURNS = 300
"""Turns of the two Procrustes problems at most; about 100 are usual for 100 units."""

FIRST_TURNS = 10
"""Turns after which the better of the two starts is known."""

CONVERGED = 1e-6
"""Rise of the similarity in a turn below which there is no further one."""

ROUNDING = 1e-12
"""Share of the largest below which a number is rounding error."""

NOTHING = 1e-8
"""Share of the largest singular value below which one is rounding error."""


class Gaussians(NamedTuple):
    """A representation, scaled to a norm of 1.

    Attributes
    ----------
    means : array of shape (stimulus, direction)
        Weighted by the root of alpha.
    noise : array of shape (stimulus, direction, column)
        Roots of the covariances, weighted by the root of 2 - alpha.
    own : float
        What part of the noise counts stimulus by stimulus.
    pooled : array of shape (direction, direction)
        Root of the sum of the covariances, weighted by what is left of them.
    """

    means: Floats
    noise: Floats
    own: float
    pooled: Floats

    def moved(self, order: Counts) -> Gaussians:
        """Return it with the stimuli in another order."""
        return self._replace(means=self.means[order], noise=self.noise[order])

    @property
    def noisy(self) -> bool:
        """Whether there is any noise."""
        return bool(self.pooled.any())

    @property
    def power(self) -> Floats:
        """Squared norms of each stimulus: `(stimulus,)`, whose sum is 1."""
        power: Floats = np.square(self.means).sum(axis=1) + np.square(self.noise).sum(axis=(1, 2))
        return power


@dataclass(frozen=True)
class StochasticShapeForm(Jackknifed):
    """The cosine of noisy representations, once one is rotated onto the other.

    Attributes
    ----------
    alpha : float
        Weight of the means; that of the noise is 2 - alpha.
    """

    alpha: float = 1.0
    parameter: ClassVar[str] = "alpha"
    meaning: ClassVar[str] = "the weight of the means, above 0 and at most 2 (no noise)"
    allowed: ClassVar[tuple[float, float]] = (0.0, 2.0)

    def compare(self, first: Stack, second: Stack) -> Floats:
        """Compare representations: `(a, b)`, NaN where one does not vary."""
        found = np.full((len(first), len(second)), np.nan)
        ys = self._gaussians(second)
        for a, x in enumerate(self._gaussians(first)):
            for b, y in enumerate(ys):
                if x is not None and y is not None:
                    found[a, b] = _similarity(x, y)
        return found

    def influence(self, first: Stack, second: Stack) -> Floats:
        """Return what each stimulus adds: `(a, b, stimulus)`, in closed form.

        At the maximum the derivative is that with the rotations fixed. The directions that are kept
        are taken as given.

        Parameters
        ----------
        first, second : Stack
        """
        added = self._added(first, second)
        value = added.sum(axis=-1, keepdims=True)
        power = [
            np.array([np.full(first.n_stimuli, np.nan) if one is None else one.power
                      for one in self._gaussians(stack)])
            for stack in (first, second)
        ]  # fmt: skip
        spread = power[0][:, None] + power[1][None]
        influence: Floats = first.n_stimuli * (added - value * spread / 2)
        return influence

    def _added(self, first: Stack, second: Stack) -> Floats:
        """Return what each stimulus has in common once aligned: `(a, b, stimulus)`."""
        found = np.full((len(first), len(second), first.n_stimuli), np.nan)
        ys = self._gaussians(second)
        for a, x in enumerate(self._gaussians(first)):
            for b, y in enumerate(ys):
                if x is not None and y is not None:
                    found[a, b] = _aligned(x, y)
        return found

    def _gaussians(self, stack: Stack) -> list[Gaussians | None]:
        return stack.reordered(
            ("gaussians", self.alpha),
            lambda one: [_gaussians(np.asarray(x, float), self.alpha)
                         for x in one.fact("repetitions")],
            lambda every, order: [None if one is None else one.moved(order) for one in every],
        )  # fmt: skip


def _gaussians(repetitions: Floats, alpha: float) -> Gaussians | None:
    """Return means and noise of `(stimulus, repetition, unit)`, None where they do not vary.

    Repetitions that are missing are NaN throughout, as where some stimuli were shown less often.
    """
    there = np.asarray(np.isfinite(repetitions).all(axis=2))
    counts = there.sum(axis=1)
    if (counts == 0).any() or len(repetitions) < 2:
        return None
    values = np.where(there[:, :, None], repetitions, 0.0)
    means = values.sum(axis=1) / counts[:, None]
    deviations = np.where(there[:, :, None], values - means[:, None], 0.0)
    deviations /= np.sqrt(np.maximum(counts - 1, 1))[:, None, None]
    level = ROUNDING * np.abs(values).max()
    deviations[np.abs(deviations) <= level] = 0.0
    # Deviations from a mean sum to 0: contrasts hold them in a column less.
    deviations = helmert(deviations.shape[1]) @ deviations
    means = means - means.mean(axis=0)
    means[np.abs(means) <= level] = 0.0
    means, deviations = np.sqrt(alpha) * means, np.sqrt(2 - alpha) * deviations
    if not means.any():
        return None
    means, noise = _reduced(means, deviations)
    degrees = max(counts.mean() - 1, 0.0)
    own = degrees / (degrees + means.shape[1])
    scale = np.sqrt(np.square(means).sum() + np.square(noise).sum())
    means, noise = means / scale, noise / scale
    covariances = np.einsum("nkr,nlr->nkl", noise, noise, optimize=True)
    if noise.shape[2] > noise.shape[1]:
        noise = _roots(covariances)
    return Gaussians(means, noise, own, _roots((1 - own) * covariances.sum(axis=0)))


def _reduced(means: Floats, deviations: Floats) -> tuple[Floats, Floats]:
    """Return means, and deviations `(stimulus, direction, repetition)`, in the main directions."""
    n, _, p = deviations.shape
    rows = np.concatenate([means, deviations.reshape(-1, p)])
    rows = rows[rows.any(axis=1)]
    if len(rows) < p:
        values, vectors = np.linalg.eigh(rows @ rows.T)
        values, vectors = values[::-1][: n - 1], vectors[:, ::-1][:, : n - 1]
        some = values > ROUNDING * values[0]
        axes = rows.T @ (vectors[:, some] / np.sqrt(values[some]))
    else:
        values, vectors = np.linalg.eigh(rows.T @ rows)
        values, vectors = values[::-1][: n - 1], vectors[:, ::-1][:, : n - 1]
        axes = vectors[:, values > ROUNDING * values[0]]
    return means @ axes, (deviations @ axes).transpose(0, 2, 1)


def _roots(covariances: Floats) -> Floats:
    """Return matrices `(..., p, p)` whose products with their transposes are the covariances."""
    values, vectors = np.linalg.eigh(covariances)
    values = np.where(values > ROUNDING * values[..., -1:], values, 0.0)
    roots: Floats = vectors * np.sqrt(values)[..., None, :]
    return roots


def _similarity(x: Gaussians, y: Gaussians) -> float:
    """Return how alike the two are at the best rotation."""
    if x.noisy and y.noisy:
        return float(_aligned(x, y).sum())
    return float(np.linalg.svd(x.means.T @ y.means, compute_uv=False).sum())


def _aligned(x: Gaussians, y: Gaussians) -> Floats:
    """Return what each stimulus has in common at the best rotation: `(stimulus,)`."""
    from_means = _polar(x.means.T @ y.means)
    if not (x.noisy and y.noisy):
        return np.einsum("nk,kl,nl->n", x.means, from_means, y.means, optimize=True)
    fewest = min(len(x.pooled), len(y.pooled))
    left, right = (_axes(one)[:, :fewest] for one in (x, y))
    # The direction of an axis is that in which the means agree better.
    agree = np.einsum("nk,nk->k", x.means @ left, y.means @ right)
    from_noise = (left * np.where(agree < 0, -1.0, 1.0)) @ right.T
    tried = [_climbed(x, y, start, FIRST_TURNS) for start in (from_means, from_noise)]
    _, rotation = max(tried, key=lambda one: one[0])
    return _common(x, y, _climbed(x, y, rotation, TURNS)[1])


def _axes(one: Gaussians) -> Floats:
    """Return the principal axes of the mean covariance, as columns."""
    axes: Floats = np.linalg.eigh(one.pooled @ one.pooled.T)[1][:, ::-1]
    return axes


def _climbed(x: Gaussians, y: Gaussians, rotation: Floats, turns: int) -> tuple[float, Floats]:
    """Return how alike they are after some turns from a first rotation, and the last rotation.

    Each turn goes as far again as the last one went: what is maximised is convex in the rotation,
    so the value at the next rotation is never below that of the problem it solves.
    """
    crossed = x.means.T @ y.means
    columns = y.noise.transpose(1, 0, 2).reshape(len(y.pooled), -1)
    share, best, ahead, moving = np.sqrt(x.own * y.own), -np.inf, rotation, False
    for _ in range(turns):
        _, own = _fidelity(x.noise, ahead @ y.noise)
        _, pooled = _fidelity(x.pooled, ahead @ y.pooled)
        carried = (x.noise @ own).transpose(1, 0, 2).reshape(len(x.pooled), -1)
        target = crossed + share * carried @ columns.T + x.pooled @ pooled @ y.pooled.T
        found = _polar(target)
        value = float((found * target).sum())
        if value > best + CONVERGED:
            best, ahead, rotation, moving = value, 2 * found - rotation, found, True
        elif moving:
            ahead, moving = rotation, False
        else:
            break
    return best, rotation


def _common(x: Gaussians, y: Gaussians, rotation: Floats) -> Floats:
    """Return what each stimulus has in common at a rotation: `(stimulus,)`."""
    lengths, _ = _fidelity(x.noise, rotation @ y.noise)
    common = ((x.means @ rotation) * y.means).sum(axis=1) + np.sqrt(x.own * y.own) * lengths
    # What each has of the mean covariances' part is the derivative by the weight of its own.
    turned = rotation @ y.pooled
    _, turn = _fidelity(x.pooled, turned)
    for one, target in ((x, turned @ turn.T), (y, rotation.T @ x.pooled @ turn)):
        move = target @ np.linalg.pinv(one.pooled, rcond=NOTHING)
        common += (1 - one.own) / 2 * np.einsum("nkr,nkr->n", one.noise, move @ one.noise)
    return common


def _fidelity(left: Floats, right: Floats) -> tuple[Floats, Floats]:
    """Return nuclear norms of products `(...)`, and the rotations T that reach them.

    Roots `(..., p, c)` and `(..., p, d)`; what neither has is not paired with anything.
    """
    u, lengths, v = np.linalg.svd(np.swapaxes(left, -1, -2) @ right, full_matrices=False)
    some = lengths > NOTHING * lengths[..., :1]
    return lengths.sum(axis=-1), (u * some[..., None, :]) @ v


def _polar(crossed: Floats) -> Floats:
    """Return the rotation, of some directions onto others, nearest to a matrix."""
    left, _, right = np.linalg.svd(crossed, full_matrices=False)
    rotation: Floats = left @ right
    return rotation


STOCHASTIC_SHAPE = Measure(
    name="stochastic_shape",
    title="Procrustes similarity of means and noise, aligned by one rotation",
    family="shape",
    invariances=("scale", "translation", "permutation", "orthogonal"),
    range=(0.0, 1.0),
    independence="positive: some rotation aligns any two",
    citation="Duong et al. 2023, https://arxiv.org/abs/2211.11665",
    form=StochasticShapeForm(),
    needs=("repetitions",),
    definition=(
        r"$$\frac{\max_Q \sum_i \alpha \mu_i^\top Q \mu'_i + (2 - \alpha) \lVert R_i^\top Q "
        r"R'_i \rVert_*}{\sqrt{\sum_i \alpha \lVert \mu_i \rVert^2 + (2 - \alpha) "
        r"\operatorname{tr} \Sigma_i} \sqrt{\sum_i \alpha \lVert \mu'_i \rVert^2 + (2 - "
        r"\alpha) \operatorname{tr} \Sigma'_i}}$$ $\mu_i$ and $\Sigma_i = R_i R_i^\top$ are "
        "mean and covariance of the responses to stimulus $i$ over repetitions, "
        "covariances shrunk towards their mean over stimuli; $Q$ is a rotation."
    ),
    avoid=(
        "With few repetitions, where covariances of noise are hardly known, or against a "
        "layer, which has no noise and so never reaches 1: take `procrustes`."
    ),
)

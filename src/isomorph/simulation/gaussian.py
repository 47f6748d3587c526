r"""Subjects simulated from a planted geometry, many at once, at any level of noise.

A unit responds to the stimuli with a random mixture of the planted features, so patterns are
:math:`P = L W` with :math:`L` the Gram root and :math:`W` white; each repetition adds white noise.
All distances need only inner products, and those of signal and noise mixed at an angle are

.. math:: \cos^2\theta\, P P^\top + \cos\theta \sin\theta\, (P E^\top + E P^\top)
          + \sin^2\theta\, E E^\top,

so three Gram matrices give every level of noise on the same draws, from none (0) to noise alone
(a right angle). Products of different repetitions alone are those of the mean pattern less the
scatter of the repetitions around it divided by :math:`R (R - 1)`; for Gaussian noise that scatter
is independent of the mean and Wishart with :math:`(R - 1)` times as many degrees of freedom as
there are units, so no repetition is drawn one by one. More units than rows are replaced by
Bartlett's triangle, whose inner products have the same distribution.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from isomorph.simulation.planting import Planting, pairs_of, squared
from isomorph.simulation.representations import Floats

FINE = 400
"""Stimuli up to which numbers are in float64; of more in float32, which is off by 1e-6."""

Kind = type[np.float32] | type[np.float64]


@dataclass(frozen=True)
class SimulatedDesign:
    """What one simulated measurement of a region consists of.

    Attributes
    ----------
    n_stimuli : int
    units : tuple of int
        Per subject.
    repetitions : int
        Presentations of every stimulus.
    halved : bool
        Whether odd and even repetitions are also told apart.
    planting : Planting
    """

    n_stimuli: int
    units: tuple[int, ...]
    repetitions: int
    halved: bool
    planting: Planting

    @property
    def parts(self) -> tuple[int, ...]:
        """Repetitions of each independent part of the data: halves, or the whole."""
        if not self.halved:
            return (self.repetitions,)
        return (self.repetitions - self.repetitions // 2, self.repetitions // 2)


@dataclass(frozen=True)
class Noise:
    """Noise of mean patterns: of the whole data, or of its parts stacked in front.

    Attributes
    ----------
    patterns : array of shape (..., simulation, subject, stimulus, unit)
    scatter : array of shape (..., simulation, subject, pair) or None
        Squared distances that cross-validation takes off: in the scatter of the repetitions
        around their mean, over `R (R - 1)`.
    """

    patterns: Floats
    scatter: Floats | None

    @cached_property
    def inner(self) -> tuple[Floats, Floats]:
        """Inner products `(..., pair)` and squared lengths `(..., stimulus)`."""
        return _inner(self.patterns)


@dataclass(frozen=True)
class SimulatedDraws:
    """Random numbers of a block of simulations, shared by all planted layers and noise levels.

    Attributes
    ----------
    planting : Planting
    mixing : array of shape (simulation, subject, component, unit)
    whole : Noise
    parts : Noise or None
        Of the halves, where the design has them.
    """

    planting: Planting
    mixing: Floats
    whole: Noise
    parts: Noise | None


def draw(design: SimulatedDesign, n: int, rng: np.random.Generator) -> SimulatedDraws:
    """Draw the mixing weights and the noise of `n` simulations.

    They are in float32 where stimuli are more than `FINE`.
    """
    stimuli, planting = design.n_stimuli, design.planting
    kind: Kind = np.float64 if stimuli <= FINE else np.float32
    parts: Floats = np.array(design.parts, dtype=kind)
    freedom = [max(1, units - planting.centred) for units in design.units]
    rows = (1 + len(parts)) * stimuli
    factors = _stacked([_patterns(n, rows, units, rng, kind) for units in freedom])
    split = factors.reshape(n, len(freedom), 1 + len(parts), stimuli, factors.shape[-1])
    noise = np.moveaxis(split[:, :, 1:], 2, 0) / np.sqrt(parts)[:, None, None, None, None]
    mean = np.tensordot(parts / kind(design.repetitions), noise, axes=1)
    within = total = None
    if planting.crossed:
        within = np.stack(
            [
                np.stack(
                    [_scatter(n, stimuli, u * (int(part) - 1), rng, kind) for u in freedom], axis=1
                )
                for part in parts
            ]
        )
        # The scatter of the whole is that within its halves and that between their means.
        between = kind(0) if len(parts) == 1 else squared(*_inner(noise[0] - noise[1]))
        total = within.sum(axis=0) + np.prod(parts) / kind(design.repetitions) * between
        total = total / (design.repetitions * (design.repetitions - 1))
    halves = None
    if design.halved:
        if within is not None:
            within = within / (parts * (parts - 1))[:, None, None, None]
        halves = Noise(noise, within)
    return SimulatedDraws(planting, split[:, :, 0], Noise(mean, total), halves)


def _patterns(n: int, rows: int, units: int, rng: np.random.Generator, kind: Kind) -> Floats:
    """Return white patterns `(n, row, unit)`, or fewer columns with the same inner products."""
    if units <= rows:
        return _normal((n, rows, units), rng, kind)
    triangle = np.zeros((n, rows, rows), dtype=kind)
    below = np.tril_indices(rows, -1)
    triangle[:, below[0], below[1]] = _normal((n, len(below[0])), rng, kind)
    diagonal = np.arange(rows)
    triangle[:, diagonal, diagonal] = np.sqrt(rng.chisquare(units - diagonal, (n, rows)))
    return triangle


def _normal(shape: tuple[int, ...], rng: np.random.Generator, kind: Kind) -> Floats:
    return rng.standard_normal(shape, dtype=kind)


def _stacked(factors: Sequence[Floats]) -> Floats:
    """Stack subjects `(n, subject, row, unit)`; missing units are silent."""
    widest = max(factor.shape[-1] for factor in factors)
    padded = [
        np.pad(factor, ((0, 0), (0, 0), (0, widest - factor.shape[-1]))) for factor in factors
    ]
    return np.stack(padded, axis=1)


def _scatter(n: int, stimuli: int, freedom: int, rng: np.random.Generator, kind: Kind) -> Floats:
    """Return squared distances `(n, pair)` in a Wishart matrix of some degrees of freedom."""
    if freedom == 0:
        return np.zeros((n, stimuli * (stimuli - 1) // 2), dtype=kind)
    return squared(*_inner(_patterns(n, stimuli, freedom, rng, kind)))


def _inner(patterns: Floats, others: Floats | None = None) -> tuple[Floats, Floats]:
    """Return symmetrised inner products `(..., pair)` and the diagonal `(..., stimulus)`.

    With `others`, of `P E' + E P'`; else of `P P'`.
    """
    second_factor = patterns if others is None else others
    square = patterns @ np.swapaxes(second_factor, -1, -2)
    n_stimuli = square.shape[-1]
    first, second = pairs_of(n_stimuli)
    flat = square.reshape(*square.shape[:-2], -1)
    pairs = flat.take(first * n_stimuli + second, axis=-1)
    diagonal = np.diagonal(square, axis1=-2, axis2=-1).copy()
    if others is not None:
        pairs += flat.take(second * n_stimuli + first, axis=-1)
        diagonal *= 2
    return pairs, diagonal


@dataclass(frozen=True)
class Mixture:
    """Inner products of signal and noise of one planted layer, for any angle between them.

    Attributes
    ----------
    planting : Planting
    terms : tuple of (products, squares)
        Of the signal, of signal and noise, of the noise.
    scatter : array of shape (..., pair) or None
        What cross-validation takes off, at unit noise.
    """

    planting: Planting
    terms: tuple[tuple[Floats, Floats], ...]
    scatter: Floats | None

    def rdms(self, angle: float) -> Floats:
        """Return RDMs `(..., pair)` at an angle: 0 is without noise, π/2 without signal."""
        cosine, sine = float(np.cos(angle)), float(np.sin(angle))
        weights = (cosine**2, cosine * sine, sine**2)
        products, squares = (
            sum(weight * term[which] for weight, term in zip(weights, self.terms, strict=True))
            for which in (0, 1)
        )
        rdms = self.planting.distances(np.asarray(products), np.asarray(squares))
        return rdms if self.scatter is None else rdms - weights[2] * self.scatter


def mix(root: Floats, draws: SimulatedDraws) -> tuple[Mixture, Mixture | None]:
    """Return the mixtures of a planted layer: of the whole data and of its halves.

    Parameters
    ----------
    root : array of shape (stimulus, component)
    draws : SimulatedDraws

    Returns
    -------
    whole : Mixture
        `(simulation, subject, pair)`.
    halves : Mixture or None
        `(half, simulation, subject, pair)`.
    """
    signal = root @ draws.mixing[:, :, : root.shape[1]]
    alone = _inner(signal)

    def mixed(noise: Noise) -> Mixture:
        terms = (alone, _inner(signal, noise.patterns), noise.inner)
        return Mixture(draws.planting, terms, noise.scatter)

    return mixed(draws.whole), None if draws.parts is None else mixed(draws.parts)


def simulated_rdms(root: Floats, draws: SimulatedDraws, noise: Noise, angle: float) -> Floats:
    """Return RDMs `(..., simulation, subject, pair)` at one angle, see `Mixture.rdms`.

    Of one angle alone the patterns are mixed, which takes one Gram matrix, not three.

    Parameters
    ----------
    root : array of shape (stimulus, component)
    draws : SimulatedDraws
    noise : Noise
        Of the whole data or of parts of it, for the first of the simulations at least.
    angle : float
    """
    shape, planting = noise.patterns.shape, draws.planting
    mixing = draws.mixing[: shape[-4], :, : root.shape[1]]
    signal = root.astype(mixing.dtype, copy=False) @ mixing
    signal *= float(np.cos(angle))
    n_pairs = shape[-2] * (shape[-2] - 1) // 2
    found = np.empty((*shape[:-2], n_pairs), dtype=signal.dtype)
    for at in np.ndindex(*shape[:-2]):
        patterns = noise.patterns[at] * float(np.sin(angle)) + signal[at[-2:]]
        found[at] = planting.distances(*_inner(patterns))
    if noise.scatter is not None:
        found -= float(np.sin(angle) ** 2) * noise.scatter
    return found

"""How reliable RDMs are, and how much noise makes simulated ones as reliable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from isomorph.inference.gather import Region
from isomorph.inference.region_reliability import halves_of
from isomorph.inference.stepping import PEARSON
from isomorph.inference.ties import Indices
from isomorph.inference.trust.seen import Seen
from isomorph.measures import MEASURES, Floats, Measure
from isomorph.simulation.gaussian import Mixture, SimulatedDraws, mix, simulated_rdms

Embed = Callable[[Floats], Floats]

PRECISION = 0.003
"""Of the reliability that the search for a level of noise ends with."""
STEPS = 25
"""After which the search ends anyway."""

NOISE = float(np.pi / 2)
"""The angle at which there is no signal."""
LEAST = 1e-3
"""The least angle at which halves are told apart."""
EDGE = 0.02
"""How far from either end a search goes on that ended there on some of the stimuli."""
STEP = 0.02
"""Over which the slope of reliability is taken."""
CORRECTIONS = 4
"""Steps on all stimuli after those on some."""
NEAR = 0.02
"""Reliability left to go, one step over which ends within `PRECISION`."""


@dataclass(frozen=True)
class Calibration:
    """The noise that gives a planted layer the reliability of the data.

    Attributes
    ----------
    angle : float
        Between signal and noise, 0 to π/2.
    reached : bool
        False when the units alone make subjects differ more than they do in the data.
    """

    angle: float
    reached: bool

    @property
    def noise_share(self) -> float:
        """Share of noise in the variance of a single response."""
        return float(np.sin(self.angle) ** 2)


def embedding(measure: Measure) -> Embed:
    """Return the map to vectors whose inner products are the similarity of two RDMs.

    Of a measure that is not an inner product, that of Pearson's correlation.
    """
    return measure.embed or PEARSON.embed


def measured_reliability(region: Region, measure: Measure) -> float | None:
    """Return how similar two measurements of a region are: subjects, else halves; None if neither.

    Of halves it is the mean over halvings.
    """
    embed = embedding(measure)
    if len(region.subjects) > 1:
        return float(agreement(embed(region.rdms)))
    if len(region.halvings):
        return float(np.mean([agreement(embed(two)) for two in halves_of(region)]))
    return None


def agreement(embedded: Floats) -> Floats:
    """Return the mean similarity of two different measurements.

    Parameters
    ----------
    embedded : array of shape (..., measurement, pair)
    """
    n = embedded.shape[-2]
    together = np.square(embedded.sum(axis=-2)).sum(axis=-1)
    alone = np.square(embedded).sum(axis=(-1, -2))
    return np.asarray((together - alone) / (n * (n - 1)))


def agreement_of(among: Floats) -> Floats:
    """Return the mean similarity of two different measurements from all `(..., one, other)`."""
    n = among.shape[-1]
    alone = np.trace(among, axis1=-2, axis2=-1)
    return np.asarray((among.sum(axis=(-2, -1)) - alone) / (n * (n - 1)))


def simulated(whole: Mixture, halves: Mixture | None, angle: float, embed: Embed) -> Floats:
    """Return the reliability of each simulation at a level of noise: `(simulation,)`."""
    if halves is None:
        return agreement(embedded(whole.rdms(angle), embed))
    rdms = halves.rdms(angle)[:, :, 0]
    return agreement(np.swapaxes(embedded(rdms, embed), 0, 1))


def embedded(rdms: Floats, embed: Embed) -> Floats:
    """Embed RDMs `(..., pair)`."""
    flat = embed(rdms.reshape(-1, rdms.shape[-1]))
    return flat.reshape(rdms.shape)


def calibrated(
    root: Floats,
    draws: SimulatedDraws,
    target: float,
    measure: Measure,
    part: tuple[Indices, SimulatedDraws] | None = None,
) -> Calibration:
    """Find the noise at which simulated data are as reliable as the measured.

    Every level of noise is tried on the same draws, so reliability falls smoothly with it and a
    search along the one dimension finds the level. Where stimuli are many it is made on some of
    them, and where it ends reliability on all of them says how far to go on.

    Parameters
    ----------
    root : array of shape (stimulus, component)
    draws : SimulatedDraws
        The fewer the faster; the error of the level is that of their mean reliability.
    target : float
        Measured reliability.
    measure : Measure
        Under which it was measured.
    part : (array of shape (chosen,), SimulatedDraws), optional
        Some of the stimuli, and draws for them.
    """
    sees_noise = measure.independence != "0"
    if part is None:
        whole = _Excess(draws, root, target, measure)
        return _searched(whole, sees_noise)
    chosen, few = part
    # Some rows of a root, in as many dimensions as there are rows.
    some = np.asarray(np.linalg.qr(root[chosen].astype(float).T, mode="r")).T
    first = _searched(rough := _Excess(few, some, target, measure), sees_noise)
    left = partial(_at_once, root, draws, target, measure)
    at = first.angle
    if not first.reached or at == NOISE:
        excess = left(at)
        if abs(excess) <= PRECISION or (excess < 0) is not first.reached:
            return first
        at = min(max(at, EDGE), NOISE - EDGE)
    slope = (rough(min(at + STEP, NOISE)) - rough(at)) / (min(at + STEP, NOISE) - at)
    for _ in range(CORRECTIONS):
        excess = left(at)
        if abs(excess) <= PRECISION or slope >= 0:
            break
        at = float(np.clip(at - excess / slope, LEAST, NOISE))
        if abs(excess) <= NEAR:  # what is left after this step is a small part of it
            break
    return Calibration(at, reached=True)


class _Excess:
    """By how much simulated data are more reliable than the measured, at any angle."""

    def __init__(
        self, draws: SimulatedDraws, root: Floats, target: float, measure: Measure
    ) -> None:
        self.whole, self.halves = mix(root, draws)
        self.target, self.embed = target, embedding(measure)

    def __call__(self, angle: float) -> float:
        found = simulated(self.whole, self.halves, angle, self.embed)
        return float(found.mean()) - self.target


def _searched(excess: _Excess, sees_noise: bool) -> Calibration:
    # Without noise halves are the same data, which some distances cannot tell apart from noise.
    low = 0.0 if excess.halves is None else LEAST
    bottom = excess(low)
    if bottom <= 0:
        return Calibration(low, reached=False)
    top = excess(NOISE) if sees_noise else -excess.target
    if top >= 0:
        return Calibration(NOISE, reached=True)
    return Calibration(_root(excess, (low, bottom), (NOISE, top)), reached=True)


def _at_once(
    root: Floats, draws: SimulatedDraws, target: float, measure: Measure, angle: float
) -> float:
    """Return the same at one angle alone, of many stimuli."""
    halved = draws.parts is not None
    noise = draws.whole if draws.parts is None else draws.parts
    rdms = simulated_rdms(root, draws, noise, angle)
    data = np.swapaxes(rdms[:, :, 0], 0, 1) if halved else rdms
    reliable = measure if measure.embed is not None else MEASURES["pearson"]
    look = Seen(data[0], [reliable]).look(data)
    return float(agreement_of(look.among(reliable)).mean()) - target


def _root(
    function: Callable[[float], float], low: tuple[float, float], high: tuple[float, float]
) -> float:
    """Find where a falling function is 0, from two ends with their values (Illinois method)."""
    side = 0
    middle = low[0]
    for _ in range(STEPS):
        middle = (low[0] * high[1] - high[0] * low[1]) / (high[1] - low[1])
        value = function(middle)
        if abs(value) <= PRECISION:
            break
        if value > 0:
            low, high = (middle, value), (high[0], high[1] / 2 if side > 0 else high[1])
            side = 1
        else:
            low, high = (low[0], low[1] / 2 if side < 0 else low[1]), (middle, value)
            side = -1
    return middle

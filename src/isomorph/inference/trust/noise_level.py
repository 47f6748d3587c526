"""How reliable RDMs are, and how much noise makes simulated ones as reliable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from isomorph.inference.gather import Region
from isomorph.inference.region_reliability import halves_of
from isomorph.inference.stepping import PEARSON
from isomorph.measures import Floats, Measure
from isomorph.simulation.gaussian import Mixture, SimulatedDraws, mix

Embed = Callable[[Floats], Floats]

PRECISION = 0.003
"""Of the reliability that the search for a level of noise ends with."""
STEPS = 25
"""After which the search ends anyway."""

NOISE = np.pi / 2
"""The angle at which there is no signal."""


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


def calibrated(root: Floats, draws: SimulatedDraws, target: float, measure: Measure) -> Calibration:
    """Find the noise at which simulated data are as reliable as the measured.

    Every level of noise is tried on the same draws, so reliability falls smoothly with it and a
    search along the one dimension finds the level.

    Parameters
    ----------
    root : array of shape (stimulus, component)
    draws : SimulatedDraws
        The fewer the faster; the error of the level is that of their mean reliability.
    target : float
        Measured reliability.
    measure : Measure
        Under which it was measured.
    """
    whole, halves = mix(root, draws)
    embed = embedding(measure)

    def excess(angle: float) -> float:
        return float(simulated(whole, halves, angle, embed).mean()) - target

    # Without noise halves are the same data, which some distances cannot tell apart from noise.
    low = 0.0 if halves is None else 1e-3
    bottom = excess(low)
    if bottom <= 0:
        return Calibration(low, reached=False)
    top = -target if measure.independence == "0" else excess(NOISE)
    if top >= 0:
        return Calibration(NOISE, reached=True)
    return Calibration(_root(excess, (low, bottom), (NOISE, top)), reached=True)


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

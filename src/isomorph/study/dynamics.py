"""Dynamics: whether regions change in time by the same law."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from isomorph.study._base import Spec, Unique


class Dynamics(Spec):
    """What is asked of the dynamics of regions, whose responses must have time bins.

    Every region of a recording is compared with every other of it, and with the same region of
    every other recording, by the linear law that its mean trajectories follow (dynamical similarity
    analysis, Ostrow et al. 2023).
    """

    delays: int = Field(default=3, ge=1)
    """Time bins that stand beside each other, so that a state may be told by its past; fewer than
    the responses have bins."""
    rank: int = Field(default=6, ge=2)
    """Coordinates of the law; the smaller number where units, bins and stimuli do not determine so
    many."""
    distance: Literal["angular", "wasserstein"] = "angular"
    """`angular`: the angle between two laws after the best rotation. `wasserstein`: the distance
    between their eigenvalues, blind to any linear change of coordinates, and much cheaper."""
    shuffles: int = Field(default=99, ge=0)
    """How often the time bins of one of two regions are shuffled, for p."""
    resamples: int = Field(default=100, ge=0)
    """How often stimuli are drawn again, for the standard error."""
    regions: Unique[str] = ()
    """Regions that are asked about, glob patterns; all unless given."""
    minimum_units: int = Field(default=5, ge=2)
    """Units a region of a recording must have."""

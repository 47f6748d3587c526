"""Topology: rings, tori and spheres in the activity of a population."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from isomorph.study._base import Spec, Unique


def _prime(number: int) -> int:
    if any(number % by == 0 for by in range(2, int(number**0.5) + 1)):
        raise ValueError(
            f"{number} is no prime, and coefficients must form a field; take 47, or 2 or 3"
        )
    return number


class Topology(Spec):
    """What is asked of the shape of a population's activity.

    Activity is reduced to its principal components, sampled, and filled in: loops and voids that
    last longer than any does after each unit is shifted in time against the others are its
    signature.
    """

    of: Literal["time", "stimuli"] = "time"
    """What the points are: activity at each moment of a recording, or the mean response to each
    stimulus."""
    bin: float = Field(default=0.1, gt=0)
    """With `of: time`, length of a time bin, seconds."""
    smoothing: float = Field(default=0.1, ge=0)
    """With `of: time`, standard deviation of the Gaussian that spikes are smoothed with, seconds;
    it does not reach across gaps."""
    regions: Unique[str] = ()
    """Regions that are asked about, glob patterns; all unless given."""
    minimum_units: int = Field(default=20, ge=3)
    """Units a region of a session must have; with fewer it is left out and counted."""
    components: int = Field(default=6, ge=2)
    """Principal components that are kept."""
    metric: Literal["cosine", "euclidean"] = "cosine"
    """Distance between points."""
    sampling: Literal["farthest", "density"] = "density"
    """How points are chosen, each as far as possible from those before: `density` among the nine
    tenths that lie most densely, `farthest` among all, which are the noisiest of a long
    recording."""
    points: int = Field(default=300, ge=20)
    """Points that are chosen; cost grows with about the third power of them."""
    dimensions: int = Field(default=2, ge=1, le=2)
    """Highest dimension of what is looked for: 1 for loops, 2 for voids too."""
    coefficient: Annotated[int, Field(ge=2, le=46337), AfterValidator(_prime)] = 47
    """Prime whose field homology has coefficients in."""
    shuffles: int = Field(default=100, ge=0)
    """How often every unit is shifted against the others; p is at least one in so many and one."""

    @model_validator(mode="after")
    def _enough_units(self) -> Topology:
        if self.minimum_units < self.components:
            raise ValueError(
                f"minimum_units {self.minimum_units} are fewer than the {self.components} "
                "components that activity is reduced to; set it to no less than components"
            )
        return self

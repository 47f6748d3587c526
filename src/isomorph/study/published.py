"""Published scores: what a paper reports of a dataset, to be found again by whoever runs it."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from isomorph.study._base import Name, Spec


class PublishedScores(Spec):
    """Scores that a paper reports of one region, under one distance and measure.

    They are of the layers of a model, or of people among each other. A study that has the region,
    the distance, the measure and the model computes them again; its page, `isomorph headline` and
    `isomorph verify` then say what was published and what was found.
    """

    source: str
    """Where they are published."""
    region: Name
    distance: str
    measure: str
    model: Name | None = None
    """A model of the study, or one of its seeds."""
    layers: dict[str, float] = {}
    """The mean over people of the measure, by layer of the model."""
    people: float | None = None
    """The mean of the measure over every two people's RDMs instead; the study need not have the
    measure then."""
    tolerance: float = Field(default=0.01, gt=0)
    """How far from what was published a score may be and count as found again."""

    @model_validator(mode="after")
    def _of_layers_or_people(self) -> Self:
        if (self.model is None) != (not self.layers):
            raise ValueError("model: goes with layers, its scores by layer")
        if (self.model is None) == (self.people is None):
            raise ValueError("give model and layers, or people: one of the two")
        return self

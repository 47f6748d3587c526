"""What else explains a similarity: controls, combinations of layers, shares of variance."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from isomorph.study._base import Spec, Unique


class Explain(Spec):
    """What remains of a similarity once other models are accounted for."""

    models: Unique[str] = ()
    """Models to explain regions with, families or single instances; empty for every model. A
    family of seeds is represented by its first."""
    controls: Unique[str] = ()
    """Models held constant in partial similarities, each with all its layers; empty for every
    baseline. A control is itself tested against the other controls."""
    layers: Literal["best", "all"] = "best"
    """`best`: each model at the layer chosen on one half of the stimuli and scored on the other;
    `all`: a row for every layer, none chosen."""
    partition: Unique[str] = Field(default=(), max_length=4)
    """Two to four models whose shares of the explained variance are separated; empty for each
    trained model beside the first three controls."""
    weighted: Unique[str] = ()
    """Measures that weighted models are scored by; empty for the study's first that applies."""
    splits: int = Field(default=5, ge=1)
    """Random halvings of the stimuli; in each, either half chooses and fits for the other."""
    components: int = Field(default=20, ge=1)
    """Principal components of a layer that are weighted one by one; the rest share a weight."""
    resamples: int = Field(default=200, ge=10)
    """Bootstrap resamples here, of everything at once: 200 know a standard error to 5 %."""

"""How far conclusions can be trusted: what is simulated to see whether it is found again."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from isomorph.study._base import Spec


class Recovery(Spec):
    """Data simulated from layers, as reliable as the measured, and compared as they were."""

    simulations: int = Field(default=50, ge=0)
    """Data sets per planted layer; none with 0."""
    tested: int = Field(default=10, ge=0)
    """In how many of them it is also tested whether models are told apart, as `differences` does,
    with the choice of layers made again in every resample. That costs some thirty times as much as
    the rest of a simulation; the rate has an error of up to 0.5 / sqrt(tested)."""
    tested_under: Literal["first", "all"] = "first"
    """Measures under which it is tested: the study's first, or all."""
    candidates: Literal["best", "all"] = "best"
    """Layers that are planted: the best layer of each model (the seeds of a network are one model),
    or every layer."""
    level: float = Field(default=0.05, gt=0, lt=0.5)
    """Below which p a claim counts as made."""
    units: int = Field(default=100, ge=2)
    """Units per subject where only RDMs are published."""
    reliability: float = Field(default=0.5, gt=0, lt=1)
    """Agreement of two halves where the data have no reliability of their own: one subject without
    repetitions."""

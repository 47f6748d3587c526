"""How surely: what is resampled, permuted, corrected and simulated."""

from __future__ import annotations

from pydantic import Field

from isomorph.study._base import Seed, Spec
from isomorph.study.explain import Explain
from isomorph.study.recovery import Recovery


class Inference(Spec):
    """How surely: resampling, permutation and correction."""

    resamples: int = Field(default=1000, ge=10)
    """Bootstrap resamples of each scheme."""
    permutations: int = Field(default=1000, ge=0)
    """Permutations of the stimuli for the test against independence."""
    interval: float = Field(default=0.95, gt=0, lt=1)
    """Coverage of the intervals."""
    minimum_subjects: int = Field(default=5, ge=2)
    """With fewer, only stimuli are resampled and the claim is about these subjects."""
    correction: str = "fdr_bh"
    """Correction across every layer and region of a dataset, per distance and measure."""
    seed: Seed = 0
    explain: Explain = Explain()
    """What else explains a likeness: controls, combinations, shares of variance."""
    recovery: Recovery = Recovery()
    """Model recovery: how far conclusions about the best layer can be trusted."""

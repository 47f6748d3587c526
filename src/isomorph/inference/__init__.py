"""Inference: how similar, how surely, and against what."""

from isomorph.inference.bounds import Ceiling
from isomorph.inference.ceilings import across_subjects, ceiling
from isomorph.inference.families import CORRECTIONS, FAMILIES, corrected
from isomorph.inference.gather import Candidates, Region
from isomorph.inference.permutation import permutation_p
from isomorph.inference.spread import Spread, spread_over_both, spread_over_stimuli
from isomorph.inference.stimulus_splits import KINDS

__all__ = [
    "CORRECTIONS",
    "FAMILIES",
    "KINDS",
    "Candidates",
    "Ceiling",
    "Region",
    "Spread",
    "across_subjects",
    "ceiling",
    "corrected",
    "permutation_p",
    "spread_over_both",
    "spread_over_stimuli",
]

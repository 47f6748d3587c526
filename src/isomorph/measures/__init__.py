"""Measures of similarity between two representations, a registry by name."""

from isomorph.measures._measure import FAMILIES, FEATURES, FamilyWords, Measure
from isomorph.measures._named import Measures
from isomorph.measures.cka import (
    CKA,
    CKA_BIASED,
    CKA_FEATURE_CORRECTED,
    CKA_RBF,
    CKA_RBF_BIASED,
)
from isomorph.measures.pairs import Counts, Floats, stimulus_count
from isomorph.measures.rsa import (
    COSINE,
    PEARSON,
    RHO_A,
    SPEARMAN,
    TAU_A,
    TAU_B,
    WHITENED_CORRELATION,
    WHITENED_COSINE,
)
from isomorph.measures.shape import PROCRUSTES
from isomorph.measures.stack import Stack

MEASURES = Measures(
    "measure",
    {
        measure.name: measure
        for measure in (
            PEARSON,
            SPEARMAN,
            RHO_A,
            TAU_A,
            TAU_B,
            COSINE,
            WHITENED_COSINE,
            WHITENED_CORRELATION,
            CKA,
            CKA_BIASED,
            CKA_RBF,
            CKA_RBF_BIASED,
            CKA_FEATURE_CORRECTED,
            PROCRUSTES,
        )
    },
    "isomorph.measures",
    Measure,
)


def family_of(name: str) -> str:
    """Return the family of a measure by its name; empty for a name no registry knows."""
    return MEASURES[name].family if name in MEASURES else ""


__all__ = [
    "FAMILIES",
    "FEATURES",
    "MEASURES",
    "Counts",
    "FamilyWords",
    "Floats",
    "Measure",
    "Stack",
    "family_of",
    "stimulus_count",
]

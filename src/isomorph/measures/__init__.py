"""Measures of similarity between two representations, a registry by name."""

from isomorph.measures._measure import FEATURES, Measure
from isomorph.measures._named import Measures
from isomorph.measures.cka import (
    CKA,
    CKA_BIASED,
    CKA_FEATURE_CORRECTED,
    CKA_RBF,
    CKA_RBF_BIASED,
)
from isomorph.measures.components import LINEAR_IDENTIFIABILITY, MCC
from isomorph.measures.decoded import DECODABILITY, TRANSFERRED_DISCREPANCY
from isomorph.measures.matching import ONE_TO_ONE, PERMUTATION, SOFT_MATCHING
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
from isomorph.measures.stochastic import STOCHASTIC_SHAPE

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
            # Of units and components.
            PERMUTATION,
            SOFT_MATCHING,
            ONE_TO_ONE,
            STOCHASTIC_SHAPE,
            MCC,
            LINEAR_IDENTIFIABILITY,
            TRANSFERRED_DISCREPANCY,
            DECODABILITY,
        )
    },
    "isomorph.measures",
    Measure,
)

__all__ = ["FEATURES", "MEASURES", "Counts", "Floats", "Measure", "Stack", "stimulus_count"]

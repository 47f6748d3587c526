"""Measures of similarity between two representations, a registry by name."""

from isomorph.measures._measure import FEATURES, Measure
from isomorph.measures._named import Measures
from isomorph.measures.asif import ASIF_ACCURACY, ASIF_MRR
from isomorph.measures.cka import (
    CKA,
    CKA_BIASED,
    CKA_FEATURE_CORRECTED,
    CKA_RBF,
    CKA_RBF_BIASED,
)
from isomorph.measures.framed import FRAMED_COSINE, FRAMED_PEARSON
from isomorph.measures.pairs import Counts, Floats, stimulus_count
from isomorph.measures.relative import (
    RELATIVE_COSINE,
    RELATIVE_L1,
    RELATIVE_L2,
    RELATIVE_LINF,
    RELATIVE_PRODUCT,
)
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
            RELATIVE_COSINE,
            RELATIVE_L2,
            RELATIVE_L1,
            RELATIVE_LINF,
            RELATIVE_PRODUCT,
            ASIF_ACCURACY,
            ASIF_MRR,
            FRAMED_COSINE,
            FRAMED_PEARSON,
        )
    },
    "isomorph.measures",
    Measure,
)

__all__ = ["FEATURES", "MEASURES", "Counts", "Floats", "Measure", "Stack", "stimulus_count"]

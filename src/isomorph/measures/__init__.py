"""Measures of similarity between two representations, a registry by name."""

from isomorph.measures._measure import FEATURES, Measure
from isomorph.measures._named import Measures
from isomorph.measures.canonical import CCA, CCA_RIDGE, PWCCA, SVCCA
from isomorph.measures.cka import (
    CKA,
    CKA_BIASED,
    CKA_FEATURE_CORRECTED,
    CKA_RBF,
    CKA_RBF_BIASED,
)
from isomorph.measures.dependence import DISTANCE_CORRELATION, HSIC
from isomorph.measures.gulp import GULP
from isomorph.measures.pairs import Counts, Floats, stimulus_count
from isomorph.measures.riemannian import NEG_RIEM_DIST, RIEMANNIAN
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
from isomorph.measures.shape import (
    BURES,
    NBS,
    PROCRUSTES,
    PROCRUSTES_ANGULAR,
    SHAPE_ALPHA,
)
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
            PROCRUSTES_ANGULAR,
            BURES,
            NBS,
            SHAPE_ALPHA,
            CCA,
            CCA_RIDGE,
            SVCCA,
            PWCCA,
            DISTANCE_CORRELATION,
            HSIC,
            RIEMANNIAN,
            NEG_RIEM_DIST,
            GULP,
        )
    },
    "isomorph.measures",
    Measure,
)

__all__ = ["FEATURES", "MEASURES", "Counts", "Floats", "Measure", "Stack", "stimulus_count"]

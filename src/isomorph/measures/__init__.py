"""Measures of similarity between two representations, a registry by name."""

from isomorph.measures._measure import FEATURES, Measure
from isomorph.measures._named import Measures
from isomorph.measures.asif import ASIF_ACCURACY, ASIF_MRR
from isomorph.measures.canonical import CCA, CCA_RIDGE, PWCCA, SVCCA
from isomorph.measures.cka import (
    CKA,
    CKA_BIASED,
    CKA_FEATURE_CORRECTED,
    CKA_RBF,
    CKA_RBF_BIASED,
)
from isomorph.measures.components import LINEAR_IDENTIFIABILITY, MCC
from isomorph.measures.decoded import DECODABILITY, TRANSFERRED_DISCREPANCY
from isomorph.measures.dependence import DISTANCE_CORRELATION, HSIC
from isomorph.measures.family_words import FAMILIES, FamilyWords
from isomorph.measures.framed import FRAMED_COSINE, FRAMED_PEARSON
from isomorph.measures.graphs import GBS, MODULARITY
from isomorph.measures.gulp import GULP
from isomorph.measures.matching import ONE_TO_ONE, PERMUTATION, SOFT_MATCHING
from isomorph.measures.neighbours import (
    KNN_JACCARD,
    MUTUAL_KNN,
    RANK_SIMILARITY,
    SECOND_ORDER_COSINE,
)
from isomorph.measures.pairs import Counts, Floats, stimulus_count
from isomorph.measures.prediction import PLS, RIDGE, RIDGE_REVERSE, STITCHING
from isomorph.measures.relative import (
    RELATIVE_COSINE,
    RELATIVE_L1,
    RELATIVE_L2,
    RELATIVE_LINF,
    RELATIVE_PRODUCT,
)
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
from isomorph.measures.stochastic import STOCHASTIC_SHAPE
from isomorph.measures.topology import PERSISTENCE, RTD

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
            # Neighbours, graphs and topology.
            MUTUAL_KNN,
            KNN_JACCARD,
            RANK_SIMILARITY,
            SECOND_ORDER_COSINE,
            GBS,
            MODULARITY,
            RTD,
            PERSISTENCE,
            # Of units and components.
            PERMUTATION,
            SOFT_MATCHING,
            ONE_TO_ONE,
            STOCHASTIC_SHAPE,
            MCC,
            LINEAR_IDENTIFIABILITY,
            TRANSFERRED_DISCREPANCY,
            DECODABILITY,
            RELATIVE_COSINE,
            RELATIVE_L2,
            RELATIVE_L1,
            RELATIVE_LINF,
            RELATIVE_PRODUCT,
            ASIF_ACCURACY,
            ASIF_MRR,
            FRAMED_COSINE,
            FRAMED_PEARSON,
            RIDGE,
            RIDGE_REVERSE,
            PLS,
            STITCHING,
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

"""Measures of similarity between two representations, a registry by name."""

from isomorph.measures._measure import Measure
from isomorph.measures.cka import CKA
from isomorph.measures.pairs import Counts, Floats, stimulus_count
from isomorph.measures.rsa import (
    COSINE,
    PEARSON,
    RHO_A,
    SPEARMAN,
    TAU_A,
    WHITENED_CORRELATION,
    WHITENED_COSINE,
)
from isomorph.registry import Registry

MEASURES: Registry[Measure] = Registry(
    "measure",
    {
        measure.name: measure
        for measure in (
            PEARSON,
            SPEARMAN,
            RHO_A,
            TAU_A,
            COSINE,
            WHITENED_COSINE,
            WHITENED_CORRELATION,
            CKA,
        )
    },
)

__all__ = ["MEASURES", "Counts", "Floats", "Measure", "stimulus_count"]

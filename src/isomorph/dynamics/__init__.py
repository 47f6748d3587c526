"""Dynamics: how alike the laws are by which two systems change in time."""

from isomorph.dynamics.comparing import Similarity, dsa
from isomorph.dynamics.fields import FIELD_DISTANCES, angular, wasserstein
from isomorph.dynamics.linear import VectorField, vector_field

__all__ = [
    "FIELD_DISTANCES",
    "Similarity",
    "VectorField",
    "angular",
    "dsa",
    "vector_field",
    "wasserstein",
]

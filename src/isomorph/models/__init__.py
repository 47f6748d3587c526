"""Models: where activations come from, each source an entry of `SOURCES`."""

from isomorph.models.activate import activations
from isomorph.models.given.arrangements import rdm_of_arrangements
from isomorph.models.given.ratings import rdm_of_ratings
from isomorph.models.given.triplets import rdm_of_triplets
from isomorph.models.seeing import open_model
from isomorph.models.source import Inputs, Request, Source, Sources
from isomorph.models.source_entries import SOURCES, mistakes_of

__all__ = [
    "SOURCES",
    "Inputs",
    "Request",
    "Source",
    "Sources",
    "activations",
    "mistakes_of",
    "open_model",
    "rdm_of_arrangements",
    "rdm_of_ratings",
    "rdm_of_triplets",
]

"""Models: where activations come from, each source an entry of `SOURCES`."""

from isomorph.models.entries import SOURCES
from isomorph.models.source import Inputs, Source, Sources, Wanted
from isomorph.models.stage import mistakes_of, run

__all__ = ["SOURCES", "Inputs", "Source", "Sources", "Wanted", "mistakes_of", "run"]

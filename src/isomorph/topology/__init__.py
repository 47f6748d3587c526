"""Topology: rings, tori and spheres in the activity of a population, and where on them it is.

Activity at each moment is a point; principal components are kept (`points`), few points are chosen
that stand for all (`sampling`), and as the distance grows up to which points are neighbours, loops
and voids appear and are filled in (`persistence`). Those that last longer than any does after each
unit is shifted against the others (`null`) name the space (`signature`). A loop gives each point a
phase (`coordinates`), which is held against variables (`decoding`). Numbers in, numbers out.
"""

from isomorph.topology.chain import topology_of
from isomorph.topology.found import Bar, Coordinates, Decoded, Result
from isomorph.topology.null import LEVEL, Null, fewest_shuffles
from isomorph.topology.persistence import seconds
from isomorph.topology.signature import Signature

__all__ = [
    "LEVEL",
    "Bar",
    "Coordinates",
    "Decoded",
    "Null",
    "Result",
    "Signature",
    "fewest_shuffles",
    "seconds",
    "topology_of",
]

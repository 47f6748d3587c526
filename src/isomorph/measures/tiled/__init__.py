"""Comparison of representations of so many stimuli that no RDM of them is held.

An RDM of 10,000 stimuli has 5 · 10⁷ pairs, and a hundred layers have a hundred of these. Here
distances are computed from features, or roots of Gram matrices, for some stimuli at a time, and
what measures and their inference need is summed up: values, what each stimulus adds to them, and
the moments over all orders of the stimuli.
"""

from isomorph.measures.tiled.compared import compared
from isomorph.measures.tiled.graphs import GraphSums, graph_sums
from isomorph.measures.tiled.kinds import kind_of
from isomorph.measures.tiled.roots import TILED, Representation
from isomorph.measures.tiled.runs import TiledComparison

__all__ = [
    "TILED",
    "GraphSums",
    "Representation",
    "TiledComparison",
    "compared",
    "graph_sums",
    "kind_of",
]

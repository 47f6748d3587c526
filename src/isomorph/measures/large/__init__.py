"""Comparison of RDMs too large to hold: from features, tile by tile or without any pair.

An RDM of 20,000 stimuli has 2 · 10⁸ pairs, one of 70,000 has 2.4 · 10⁹. Here none is ever formed.
`moments` compares squared Euclidean RDMs without looking at a pair; `tiles` and what is built on
it see every pair once, a tile at a time; `sampled` sees some, by a seed, and says how far off it
may be. All take features `(stimulus, feature)` of the same stimuli.
"""

from isomorph.measures.large.moments import (
    PairSums,
    moments_of_features,
    moments_of_tiles,
)
from isomorph.measures.large.pair_sampling import SampledPairs, sampled_pearson
from isomorph.measures.large.tiled_ranks import rank_correlation
from isomorph.measures.large.tiles import Representation, tiles

__all__ = [
    "PairSums",
    "Representation",
    "SampledPairs",
    "moments_of_features",
    "moments_of_tiles",
    "rank_correlation",
    "sampled_pearson",
    "tiles",
]

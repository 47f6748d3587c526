"""Geometry: what a representation says about its stimuli, whoever it belongs to.

The matrix of inner products of features centred over stimuli, the Gram matrix, is the
representation up to rotation; its eigenvalues, distances, cross-validated products and the noise
that weighs them follow from it. Nothing here knows brains, models or files.

One policy of precision holds for all of it:

- Sums over features run in double precision: means, centring, norms, and what is added up over
  blocks. Features are centred before they are multiplied, so that a mean pattern that dwarfs the
  differences costs no digits.
- Products are taken in double precision. Single precision is used only where they are many
  (`LARGE`) and the features stay at hand, because a distance is a small difference of large
  products: pairs that are near for their norms (`NEAR`) are then multiplied again in double. A
  layer whose features pass once is multiplied in double.
- Tiles of distances between many stimuli, of which only sums are kept, have the precision their
  features came in; the sums are double.
- A Gram matrix may be kept in single precision where that moves no squared distance by more than
  `ALLOWED` of itself, see `single_is_enough`.
- What is left of a difference by rounding alone is not a difference: stimuli within `ROUNDING`
  rounding errors of their mean are not told apart.
"""

from isomorph.geometry.crossvalidated import (
    difference_of_squares,
    fold_gram,
    per_couple,
    side_by_side,
)
from isomorph.geometry.dimensionality import effective_dimensionality, spectrum, spectrum_decay
from isomorph.geometry.features import geometry_of_features
from isomorph.geometry.gram import (
    ROUNDING,
    Floats,
    Gram,
    GramSums,
    block_width,
    single_is_enough,
    squared_distances,
)
from isomorph.geometry.representation import Contribution, Geometry, UndefinedDistanceError, joined

__all__ = [
    "ROUNDING",
    "Contribution",
    "Floats",
    "Geometry",
    "Gram",
    "GramSums",
    "UndefinedDistanceError",
    "block_width",
    "difference_of_squares",
    "effective_dimensionality",
    "fold_gram",
    "geometry_of_features",
    "joined",
    "per_couple",
    "side_by_side",
    "single_is_enough",
    "spectrum",
    "spectrum_decay",
    "squared_distances",
]

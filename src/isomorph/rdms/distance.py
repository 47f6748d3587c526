"""What a distance inside a representation declares of itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from isomorph.geometry import Contribution, Floats, Geometry, UndefinedDistanceError
from isomorph.rdms.folds import Folds
from isomorph.study.dataset import NoiseSpec

EQUAL = "all distances are equal, there is no geometry to compare"


@dataclass(frozen=True)
class Distance:
    """A distance between the stimuli of one representation.

    Attributes
    ----------
    name, title : str
    formula : callable
        From a geometry to distances `(pair,)`, upper triangle row by row.
    citation : str
    units : str
        What a distance of 1 is.
    range : tuple of float
        Lowest and highest value there can be; those of cross-validated distances go below 0, as
        noise has them about their truth, and are never clipped.
    needs : frozenset of str
        `gram` (features up to rotation, which models have too), `folds` (repetitions), `noise`
        (repetitions enough to tell noise).
    noise_free : str
        The distance it becomes where there is no noise: what a model is given when the brain
        is given this one.
    gather : callable or None
        What one session adds to it, where it needs more than a Gram matrix.
    norms : callable or None
        The squared lengths of patterns that it divides by: `(stimulus,)`.
    white : str
        The distance it is of responses in which noise is white, where it weighs units by noise.
    level : str
        The distance whose mean, which noise does not raise, tells how large its weights make
        distances.
    crossed : bool
        Whether different folds are set against each other: cross-validation.
    definition : str
        What is computed: a formula in TeX between double dollars, then what its letters mean, in
        Markdown. $x_i$ is the pattern of stimulus $i$ over $p$ features.
    avoid : str
        When not to use it, and what to use then.
    adjusts : bool
        Whether means may be those of least squares, free of the baselines of runs that lack
        stimuli: not where responses have to be rates.
    """

    name: str
    title: str
    formula: Callable[[Geometry], Floats]
    citation: str
    units: str
    range: tuple[float, float]
    needs: frozenset[str] = frozenset({"gram"})
    noise_free: str = ""
    gather: Callable[[Folds, NoiseSpec], Contribution] | None = None
    norms: Callable[[Geometry], Floats] | None = None
    white: str = ""
    level: str = ""
    crossed: bool = False
    adjusts: bool = True
    definition: str = ""
    avoid: str = ""

    @property
    def repetitions(self) -> bool:
        """Whether it needs repetitions."""
        return bool(self.needs & {"folds", "noise"})

    @property
    def lifted(self) -> bool:
        """Whether noise moves its mean: cross-validated distances alone go below 0 for that."""
        return self.range[0] == 0

    def compute(self, geometry: Geometry) -> Floats:
        """Return distances `(pair,)`, equal ones exactly equal.

        A model that predicts ties, such as one of categories, has them only up to rounding, and
        a rank measure would break them by that noise. So distances are kept to 40 binary digits
        of the largest. None is NaN: a distance that some pair lacks does not exist.

        Raises
        ------
        UndefinedDistanceError
            When the distance does not exist for this representation, or tells no stimuli apart.
        """
        distances = self.formula(geometry)
        # Each pass over half a million distances costs as much as some part of the products.
        low, high = distances.min(), distances.max()
        if not np.isfinite([low, high]).all():
            count = int(np.size(distances) - np.isfinite(distances).sum())
            raise UndefinedDistanceError(
                f"{self.name} is undefined for {count} of {len(distances)} pairs of stimuli"
            )
        step = max(high, -low) * 2.0**-40
        if step > 0:
            distances /= step
            np.rint(distances, out=distances)
            distances *= step
        if distances.min() == distances.max():
            raise UndefinedDistanceError(EQUAL)
        return distances

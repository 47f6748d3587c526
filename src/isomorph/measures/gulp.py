r"""How far the predictions of ridge regressions on two representations are apart.

With :math:`H = K (K + \lambda I)^{-1}` the map from a task to what ridge regression on a centred
representation of total variance 1 predicts, the squared distance is the mean over all tasks,

.. math:: d_\lambda^2 = \lVert H_x - H_y \rVert_F^2,

which is what Boix-Adserà et al. (2022) write with covariances of features. It is largest where no
task can be predicted from both, :math:`\lVert H_x \rVert^2 + \lVert H_y \rVert^2`, and over that
the similarity is :math:`1 - d^2 / d_{max}^2 = 2 \langle H_x, H_y \rangle / d_{max}^2`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from isomorph.measures._measure import Measure
from isomorph.measures.cka import SQUARED
from isomorph.measures.jackknifed import FEWEST, Jackknifed
from isomorph.measures.pairs import Floats
from isomorph.measures.principal import Principal, few_of, principal
from isomorph.measures.rsa import pool_standardised
from isomorph.measures.stack import Stack


@dataclass(frozen=True)
class GulpForm(Jackknifed):
    r"""Agreement of the predictions of ridge regressions.

    Attributes
    ----------
    penalty : float
        :math:`\lambda`, as a share of the total variance.
    """

    penalty: float = 0.01
    parameter: ClassVar[str] = "penalty"
    meaning: ClassVar[str] = "a share of the total variance above 0"
    allowed: ClassVar[tuple[float, float]] = (0.0, np.inf)

    def compare(self, first: Stack, second: Stack) -> Floats:
        """Compare representations: `(a, b)`, NaN where one has no root or does not vary."""
        x, y = principal(first), principal(second)
        left, right = self._predictors(x), self._predictors(y)
        shared = np.empty((len(left), len(right)))
        for row, one in zip(shared, left, strict=True):
            for few in few_of(left, right):
                row[few] = np.square(one.T @ right[few]).sum(axis=(1, 2))
        found = np.full((len(first), len(second)), np.nan)
        largest = self._power(x)[:, None] + self._power(y)
        found[np.ix_(x.places, y.places)] = np.minimum(2 * shared / largest, 1.0)
        return found

    def influence(self, first: Stack, second: Stack) -> Floats:
        r"""Return what each stimulus adds to the measure: `(a, b, stimulus)`, of mean 0.

        Derivatives by the weights of stimuli: with :math:`T = \mathrm{tr}(H_x H_y)`,

        .. math::

            \partial T = n \left(2 (H_x H_y)_{ii} - (H_x H_y H_x)_{ii} - (H_y H_x H_y)_{ii}
                + |x_i|^2 (\mathrm{tr}\, H_x H_y H_x - T)
                + |y_i|^2 (\mathrm{tr}\, H_y H_x H_y - T)\right).
        """
        n = first.n_stimuli
        found = np.full((len(first), len(second), n), np.nan)
        if n <= FEWEST:
            return found
        x, y = principal(first), principal(second)
        left, right = self._predictors(x), self._predictors(y)
        sizes = self._power(x), self._power(y)
        size_influence = self._power_influence(x), self._power_influence(y)
        lengths = [np.square(side.features).sum(axis=2) for side in (x, y)]
        for a, place in enumerate(x.places):
            for few in few_of(left, right):
                cross = left[a].T @ right[few]
                shared = np.square(cross).sum(axis=(1, 2))[:, None]
                seen, back = left[a] @ cross, right[few] @ cross.swapaxes(1, 2)
                own, other = (np.square(one).sum(axis=2) for one in (seen, back))
                added = 2 * (seen * right[few]).sum(axis=2) - own - other
                for one, length in ((own, lengths[0][a]), (other, lengths[1][few])):
                    added += length * (one.sum(axis=1, keepdims=True) - shared)
                largest = (sizes[0][a] + sizes[1][few])[:, None]
                larger = size_influence[0][a] + size_influence[1][few]
                found[place, y.places[few]] = 2 * (n * added - shared * larger / largest) / largest
        return found

    def _predictors(self, side: Principal) -> Floats:
        """Return roots of the maps from tasks to predictions: `(known, n, axis)`."""
        return side.features / np.sqrt(side.spreads**2 + self.penalty)[:, None]

    def _power(self, side: Principal) -> Floats:
        """Return the squared norms of the maps: `(known,)`."""
        values = side.spreads**2
        found: Floats = np.square(values / (values + self.penalty)).sum(axis=1)
        return found

    def _power_influence(self, side: Principal) -> Floats:
        """Return the influence of each stimulus on the squared norms: `(known, n)`."""
        values, along = side.spreads**2, side.features**2
        slopes = 2 * values * self.penalty / (values + self.penalty) ** 3
        level = (slopes * values).sum(axis=1)[:, None]
        n = along.shape[1]
        found: Floats = n * ((along @ slopes[:, :, None])[:, :, 0] - along.sum(axis=2) * level)
        return found


GULP = Measure(
    name="gulp",
    title="GULP, 1 less the squared distance of ridge predictions over the largest there could be",
    family="identifiability",
    invariances=("scale",),
    range=(0.0, 1.0),
    independence="positive: with many dimensions either predicts much of what the other does",
    citation="Boix-Adserà et al. 2022, https://arxiv.org/abs/2210.06545",
    form=GulpForm(),
    distances=SQUARED,
    needs=("gram",),
    pool=pool_standardised(centre=False),
    definition=(
        r"$$\frac{2 \langle H_x, H_y \rangle}{\lVert H_x \rVert^2 + \lVert H_y \rVert^2}, "
        r"\qquad H_x = K (K + \lambda I)^{-1}$$"
    ),
    avoid=(
        "Uncalibrated, with many dimensions beside stimuli: with a small penalty either "
        "representation predicts much of any task. The penalty says which directions "
        "count; choose it before looking."
    ),
)

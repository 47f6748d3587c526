r"""Identifiability: whether two representations are the same up to a map that may be stated.

Both measures look at the leading principal components, scaled to a variance of 1 (fewer where a
representation has fewer, never more than two less than there are stimuli). They see no
rotation of the features and no change of the variance of components that keeps their order.

`mcc`
    Mean correlation coefficient: each representation is turned to components that are as
    independent as can be, components are matched one to one, and the absolute correlations of
    the matched are averaged, over the fewer components of the two. It is near 1 for sources
    that differ by their mixing and by noise, if they are not Gaussian; noise picks another
    rotation of Gaussian ones in each. Components are those of JADE (Cardoso & Souloumiac 1993,
    https://doi.org/10.1049/ip-f-2.1993.0054): turns that make matrices of fourth-order cumulants
    as diagonal as can be together. Unlike the iterations of FastICA it has no random start, so
    there is no seed.
`linear_identifiability`
    How well a linear map takes one to the other on stimuli it was not learned from (Roeder et al.
    2021). Each stimulus's components in one representation are predicted by least squares from
    those in the other, learned from all other stimuli (in closed form); the value is the cosine
    of what is predicted and what is there, over all stimuli and components, both as deviations from
    the mean of the others, and the mean of both directions. Without leaving out, it would be the
    root mean square of the canonical correlations, which is 1 for any two of enough components.
    No fold is drawn. Canonical correlation with a penalty keeps all components and
    penalises them; here their number is the penalty. 10 with 100 representations of 118 stimuli
    take half a second, and 40 s with the influences of all stimuli, like `mcc`.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from isomorph.measures._measure import Measure
from isomorph.measures.cka import SQUARED
from isomorph.measures.jackknifed import Jackknifed
from isomorph.measures.pairs import Floats
from isomorph.measures.principal import principal
from isomorph.measures.rsa import pool_standardised
from isomorph.measures.stack import Stack

ROUNDING = 1e-10
"""How near 1 the leverage of a stimulus comes where its components are its own alone."""

TIED = 1e-9
"""Share of a variance by which the next must differ for components to be told apart there."""

SWEEPS = 100
"""Sweeps over pairs of components at most; ten are usual."""

STILL = 1e-6
"""Angle in radians below which components are turned no further."""


@dataclass(frozen=True)
class ComponentsForm(Jackknifed):
    """A measure of leading components of variance 1.

    Attributes
    ----------
    components : int
        How many at most.
    """

    components: int = 5
    parameter: ClassVar[str] = "components"
    meaning: ClassVar[str] = "the most components, a whole number from 1 to 1000"
    allowed: ClassVar[tuple[float, float]] = (0, 1000)

    @abstractmethod
    def of_components(self, first: Floats, second: Floats) -> Floats:
        """Compare components `(a, n, k)` with `(b, n, l)`: `(a, b)`."""

    def prepared(self, components: Floats) -> Floats:
        """Return what is needed of components `(representation, n, k)`, of the same shape."""
        return components

    def compare(self, first: Stack, second: Stack) -> Floats:
        """Compare representations: `(a, b)`, NaN where one has no such components."""
        found = np.full((len(first), len(second)), np.nan)
        for rows, x in self._sorted(first):
            for columns, y in self._sorted(second):
                found[np.ix_(rows, columns)] = self.of_components(x, y)
        return found

    def _sorted(self, stack: Stack) -> list[tuple[list[int], Floats]]:
        """Return the places of representations by how many components they have, and those."""

        def make(stack: Stack) -> list[tuple[list[int], Floats]]:
            known = principal(stack)
            groups: dict[int, list[tuple[int, Floats]]] = {}
            for at, axes, spreads in zip(known.places, known.axes, known.spreads, strict=True):
                kept = _kept(spreads, min(self.components, stack.n_stimuli - 2))
                if kept:
                    groups.setdefault(kept, []).append((int(at), axes[:, :kept]))
            scale = np.sqrt(stack.n_stimuli)
            return [
                (
                    [at for at, _ in group],
                    self.prepared(scale * np.stack([one for _, one in group])),
                )
                for _, group in sorted(groups.items())
            ]

        return stack.reordered(
            ("components", self),
            make,
            lambda groups, order: [(places, found[:, order]) for places, found in groups],
        )


class MccForm(ComponentsForm):
    """The mean correlation of matched independent components."""

    def prepared(self, components: Floats) -> Floats:
        """Return independent components `(representation, n, k)`."""
        return independent(components)

    def of_components(self, first: Floats, second: Floats) -> Floats:
        """Compare independent components: `(a, b)`."""
        from scipy.optimize import linear_sum_assignment

        correlations = np.abs(np.einsum("ank,bnl->abkl", first, second, optimize=True))
        correlations /= first.shape[1]
        found = np.empty(correlations.shape[:2])
        for at in np.ndindex(*found.shape):
            rows, columns = linear_sum_assignment(correlations[at], maximize=True)
            found[at] = correlations[at][rows, columns].mean()
        return found


class LinearIdentifiabilityForm(ComponentsForm):
    """The cosine of components and their linear predictions, each stimulus held out."""

    def of_components(self, first: Floats, second: Floats) -> Floats:
        """Compare components: `(a, b)`."""
        found: Floats = (_predicted(first, second) + _predicted(second, first).T) / 2
        return found


def independent(components: Floats) -> Floats:
    """Turn components of variance 1 `(representation, n, k)` to independent ones, by JADE.

    Parameters
    ----------
    components : array of shape (representation, stimulus, component)

    Returns
    -------
    array of the same shape
    """
    k = components.shape[2]
    found = np.empty_like(components)
    moving = np.arange(len(components))
    # Representations last, so that what is turned lies together in memory.
    rotation = np.broadcast_to(np.eye(k)[:, :, None], (k, k, len(components))).copy()
    matrices = _cumulants(components)
    for _ in range(SWEEPS):
        largest = np.zeros(len(moving))
        for p in range(k - 1):
            for q in range(p + 1, k):
                angle = _angle(matrices, p, q)
                np.maximum(largest, np.abs(angle), out=largest)
                cos, sin = np.cos(angle), np.sin(angle)
                _turn(rotation, p, q, cos, sin)
                _turn(matrices, p, q, cos, sin)
                _turn(matrices.swapaxes(0, 1), p, q, cos, sin)
        # Each representation stops when it is ready, so that others do not change its value.
        found[moving] = components[moving] @ rotation.transpose(2, 1, 0)
        left = largest > STILL
        moving, rotation, matrices = moving[left], rotation[..., left], matrices[..., left]
        if not len(moving):
            break
    return found


def _angle(matrices: Floats, p: int, q: int) -> Floats:
    """Return how far to turn two components for the most diagonal matrices: `(rep,)`."""
    apart = matrices[p, p] - matrices[q, q]
    crossed = 2 * matrices[p, q]
    on = np.square(apart).sum(axis=0) - np.square(crossed).sum(axis=0)
    off = 2 * (apart * crossed).sum(axis=0)
    angle: Floats = np.arctan2(off, on + np.hypot(on, off)) / 2
    return angle


def _turn(matrices: Floats, p: int, q: int, cos: Floats, sin: Floats) -> None:
    """Turn two rows of matrices `(k, k, ..., rep)` in place."""
    one, other = matrices[p].copy(), matrices[q]
    matrices[p] = cos * one + sin * other
    matrices[q] = cos * other - sin * one


def _cumulants(components: Floats) -> Floats:
    """Return matrices of fourth-order cumulants: `(k, k, matrix, representation)`.

    Those of couples p < q stand for two, hence are weighted by the root of 2.
    """
    count, n, k = components.shape
    p, q = np.triu_indices(k)
    weight = np.where(p == q, 1.0, np.sqrt(2.0))
    products = components[:, :, p] * components[:, :, q] * weight / n
    outer = (components[:, :, :, None] * components[:, :, None, :]).reshape(count, n, k * k)
    found = (outer.swapaxes(1, 2) @ products).reshape(count, k, k, len(p))
    # What they are of Gaussian components of variance 1 that are not correlated.
    expected = np.zeros((k, k, len(p)))
    at = np.arange(len(p))
    expected[p, q, at] += weight
    expected[q, p, at] += weight
    expected[:, :, p == q] += np.eye(k)[:, :, None]
    return np.ascontiguousarray((found - expected).transpose(1, 2, 3, 0))


def _kept(spreads: Floats, most: int) -> int:
    """Return how many axes of some spreads, descending, are looked at.

    None where the last of them and the next are not told apart.
    """
    rank = int((spreads > 0).sum())
    kept = max(0, min(most, rank))
    power = spreads**2
    tied = 0 < kept < rank and power[kept - 1] - power[kept] <= TIED * power[kept - 1]
    return 0 if tied else kept


def _predicted(first: Floats, second: Floats) -> Floats:
    """Return the cosine of the second, held out, and its prediction by the first: `(a, b)`.

    Components `(a, n, k)` and `(b, n, l)` of mean 0 and variance 1.
    """
    n = second.shape[1]
    there = second.transpose(1, 0, 2) * n / (n - 1)  # less the mean of the others
    columns = second.transpose(1, 0, 2).reshape(n, -1)
    found = np.empty((len(first), len(second)))
    for a, x in enumerate(first):
        leverage = (1 + np.square(x).sum(axis=1)) / n
        left = np.where(1 - leverage > ROUNDING, 1 - leverage, np.inf)[:, None]
        beyond = (x @ (x.T @ columns) / n - leverage[:, None] * columns) / left
        beyond += np.where(np.isfinite(left), columns / (n - 1), 0.0)
        predicted = beyond.reshape(there.shape)
        power = np.square(predicted).sum(axis=(0, 2)) * np.square(there).sum(axis=(0, 2))
        with np.errstate(divide="ignore", invalid="ignore"):
            found[a] = (predicted * there).sum(axis=(0, 2)) / np.sqrt(power)
    return found


MCC = Measure(
    name="mcc",
    title="Mean correlation of independent components (JADE; of 5 unless stated)",
    family="identifiability",
    invariances=("scale", "offset"),
    range=(0.0, 1.0),
    independence="positive: some matching correlates any two",
    citation="Hyvärinen & Morioka 2016, https://arxiv.org/abs/1605.06336; "
    "Khemakhem et al. 2020, https://arxiv.org/abs/2002.11537",
    form=MccForm(),
    distances=SQUARED,
    needs=("gram",),
    pool=pool_standardised(centre=False),
    definition=(
        r"$$\frac{1}{\min(k, l)} \max_\pi \sum_a \lvert \operatorname{corr}(s_a, "
        r"s'_{\pi(a)}) \rvert$$ $s_a$ are independent components (JADE) of the first "
        "principal components, scaled to variance 1."
    ),
    avoid=(
        "Where sources may be Gaussian, of which no independent components exist: noise "
        "then picks other ones in each. With few stimuli, as fourth moments need many."
    ),
)
LINEAR_IDENTIFIABILITY = Measure(
    name="linear_identifiability",
    holds_out="stimuli",
    title="Linear prediction of principal components, held out (5 unless stated)",
    family="identifiability",
    invariances=("scale", "offset"),
    range=(-1.0, 1.0),
    independence="0",
    citation="Roeder, Metz & Kingma 2021, https://arxiv.org/abs/2007.00810",
    form=LinearIdentifiabilityForm(),
    distances=SQUARED,
    needs=("gram",),
    pool=pool_standardised(centre=False),
    definition=(
        r"$$\frac{\sum_{ia} z'_{ia} \hat z'_{ia}}{\sqrt{\sum_{ia} z'^2_{ia} \sum_{ia} \hat "
        "z'^2_{ia}}}$$ the mean of both directions; $z'_i$ are the first principal "
        r"components of stimulus $i$, scaled to variance 1, and $\hat z'_i$ what least "
        "squares on those of the other predicts of them when $i$ is left out."
    ),
    avoid=(
        "Where the variance that components have matters: the last of those kept counts as "
        "much as the first. Their number is the penalty; choose it before looking, small "
        "beside the number of stimuli."
    ),
)

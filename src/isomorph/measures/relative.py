r"""The relative family: stimuli told by their likeness to anchors, compared one by one.

Some of the stimuli are drawn as anchors, and the others described by their likeness to these
(Moschella et al. 2023, https://arxiv.org/abs/2209.15430), which two representations of any number
of features have in common. Standardised over the anchors, see
`isomorph.measures.anchored.standardised`, the two vectors of stimulus :math:`i` have the cosine

.. math:: \rho_i = \sum_a z_{ia} z'_{ia}, \qquad \sum_a z_{ia} = 0, \quad \sum_a z_{ia}^2 = 1,

a correlation over anchors. The measure is its mean over stimuli that are no anchors, and over draws
of anchors. As coordinates are standardised, the orders of the stimuli of unrelated representations
have the mean 0 exactly.

With a weight on each stimulus, anchors count as often as they were drawn in the correlation, and
other stimuli in the mean. So the influence of stimulus i, of m that are no anchors, is
:math:`(\rho_i - \bar\rho) / m`, and that of anchor a, by the derivative of a correlation,

.. math:: \frac1m \sum_i z_{ia} z'_{ia} - \frac{\rho_i}{2} (z_{ia}^2 + z_{ia}'^2),

times the number of stimuli. Anchors are drawn by their place, so stimuli in another order have
others; of 40 and of 100 stimuli that moved a value by .01, a fifth of what fresh stimuli did. Where
cosines are centred, their origin is the mean of all stimuli, and stays there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from isomorph.measures._measure import Measure
from isomorph.measures.anchored import DRAWS, Draw, coordinates, drawn_anchors
from isomorph.measures.cka import SQUARED
from isomorph.measures.jackknifed import Jackknifed
from isomorph.measures.pairs import Floats
from isomorph.measures.rsa import pool_standardised
from isomorph.measures.stack import Stack

MOSCHELLA = "Moschella et al. 2023, https://arxiv.org/abs/2209.15430"
CANNISTRACI = "Cannistraci et al. 2024, https://arxiv.org/abs/2310.01211"


@dataclass(frozen=True)
class RelativeForm(Jackknifed):
    """The mean correlation, over anchors, of what each stimulus is to them.

    Attributes
    ----------
    kinds : tuple of str
        How likeness is measured, see `isomorph.measures.anchored.relative`. Of several, the
        standardised coordinates are joined.
    features : bool
        Whether it is measured between features, else told by RDMs of squared distances.
    share : float
        Part of the stimuli that are anchors.
    """

    kinds: tuple[str, ...]
    features: bool = False
    share: float = 0.5
    draws: ClassVar[int] = DRAWS
    parameter: ClassVar[str] = "share"
    meaning: ClassVar[str] = (
        "the share of stimuli that are anchors, half if none is named, above 0 and at most 0.9"
    )
    allowed: ClassVar[tuple[float, float]] = (0.0, 0.9)

    def compare(self, first: Stack, second: Stack) -> Floats:
        """Compare representations: `(a, b)`; NaN where one tells no stimuli apart."""
        found = np.full((len(first), len(second)), np.nan if not self._anchors(first) else 0.0)
        for x, y in self._coordinates(first, second):
            size = x.shape[2]
            found += x.reshape(len(x), -1) @ y.reshape(len(y), -1).T / size / self.draws
        return found

    def influence(self, first: Stack, second: Stack) -> Floats:
        """Return what each stimulus adds, by derivatives: `(a, b, stimulus)`.

        Parameters
        ----------
        first, second : Stack
        """
        n, drawn = first.n_stimuli, self._anchors(first)
        added = np.full((len(first), len(second), n), np.nan if not drawn else 0.0)
        every = zip(drawn, self._coordinates(first, second), strict=True)
        for (anchors, others), (x, y) in every:
            own, other = (_of_kinds(one) for one in (x, y))
            # Stimulus first for the one, anchor first for the other: a GEMM for each.
            alike = np.matmul(x.transpose(1, 2, 0, 3), y.transpose(1, 2, 3, 0))
            shared = np.matmul(x.transpose(1, 3, 0, 2), y.transpose(1, 3, 2, 0)).sum(axis=0)
            alike = alike.transpose(2, 3, 0, 1)
            joint = alike.reshape(*alike.shape[:2], -1)
            squares = joint @ own + (joint.swapaxes(0, 1) @ other).swapaxes(0, 1)
            scale = n / len(others) / self.draws
            added[:, :, anchors] += scale * (shared.transpose(1, 2, 0) - squares / 2)
            together = alike.sum(axis=2)
            added[:, :, others] += scale * (together - together.mean(axis=2, keepdims=True))
        return added

    def _anchors(self, stack: Stack) -> tuple[Draw, ...]:
        return drawn_anchors(stack.n_stimuli, self.share)

    def _coordinates(self, first: Stack, second: Stack) -> Iterator[tuple[Floats, Floats]]:
        x, y = (
            coordinates(one, self.kinds, self.share, features=self.features)
            for one in (first, second)
        )
        return zip(x, y, strict=True)


def _of_kinds(vectors: Floats) -> Floats:
    """Return squares of coordinates of length 1 for each kind: `(rep, kind * other, anchor)`."""
    squares = vectors**2
    length = squares.sum(axis=3, keepdims=True)
    squares /= np.where(length > 0, length, 1.0)
    return squares.reshape(len(vectors), -1, vectors.shape[3])


def _measure(
    name: str, title: str, form: RelativeForm, citation: str, *, definition: str, avoid: str
) -> Measure:
    title = f"Relative representations by {title}, {DRAWS} draws of anchors"
    if form.features:
        return Measure(
            name=name,
            title=title,
            family="relative",
            invariances=("scale", "translation", "permutation"),
            range=(-1.0, 1.0),
            independence="0",
            citation=citation,
            form=form,
            needs=("features",),
            definition=definition,
            avoid=avoid,
        )
    return Measure(
        name=name,
        title=title,
        family="relative",
        invariances=("scale",),
        range=(-1.0, 1.0),
        independence="0",
        citation=citation,
        form=form,
        distances=SQUARED,
        needs=("gram",),
        pool=pool_standardised(centre=False),
        definition=definition,
        avoid=avoid,
    )


RELATIVE_COSINE = _measure(
    "relative_cosine",
    "cosines",
    RelativeForm(("cosine",)),
    f"{MOSCHELLA}; standardised as {CANNISTRACI}",
    definition=(
        r"$$\operatorname{mean}_i \sum_a z_{ia} z'_{ia}$$ $z_{ia}$ is the cosine between "
        "stimulus $i$ and anchor $a$, both centred, standardised over anchors to mean 0 "
        "and length 1; the mean is over stimuli that are no anchors, and over draws of "
        "anchors."
    ),
    avoid=(
        "With few stimuli, of which half are anchors. Stimuli in another order have other "
        "anchors, which moves the last digits; do not read those."
    ),
)
RELATIVE_L2 = _measure(
    "relative_l2",
    "Euclidean distances",
    RelativeForm(("l2",)),
    CANNISTRACI,
    definition=(
        r"$$\operatorname{mean}_i \sum_a z_{ia} z'_{ia}$$ $z_{ia}$ is the Euclidean "
        "distance between stimulus $i$ and anchor $a$, standardised over anchors to mean 0 "
        "and length 1; the mean is over stimuli that are no anchors, and over draws of "
        "anchors."
    ),
    avoid=(
        "With few stimuli, of which half are anchors; with many noisy features, in which "
        "all distances are nearly the same and standardising raises what is noise."
    ),
)
RELATIVE_L1 = _measure(
    "relative_l1",
    "distances along features",
    RelativeForm(("l1",), features=True),
    CANNISTRACI,
    definition=(
        r"$$\operatorname{mean}_i \sum_a z_{ia} z'_{ia}$$ $z_{ia} = \sum_b \lvert x_{ib} - "
        r"x_{ab} \rvert$ over features $b$, standardised over anchors $a$ to mean 0 and "
        "length 1; the mean is over stimuli that are no anchors, and over draws of "
        "anchors."
    ),
    avoid=(
        "Where the axes of a representation are arbitrary, as of voxels or principal "
        "components: a rotation changes it. With few stimuli, of which half are anchors."
    ),
)
RELATIVE_LINF = _measure(
    "relative_linf",
    "the largest difference of a feature",
    RelativeForm(("linf",), features=True),
    CANNISTRACI,
    definition=(
        r"$$\operatorname{mean}_i \sum_a z_{ia} z'_{ia}$$ $z_{ia} = \max_b \lvert x_{ib} - "
        r"x_{ab} \rvert$ over features $b$, standardised over anchors $a$ to mean 0 and "
        "length 1; the mean is over stimuli that are no anchors, and over draws of "
        "anchors."
    ),
    avoid=(
        "Where the axes of a representation are arbitrary, or features differ in scale: "
        "each distance is that of one feature, often the noisiest. Standardise features "
        "first."
    ),
)
RELATIVE_PRODUCT = _measure(
    "relative_product",
    "cosines and three distances joined",
    RelativeForm(("cosine", "l2", "l1", "linf"), features=True),
    CANNISTRACI,
    definition=(
        r"$$\operatorname{mean}_i \tfrac14 \sum_s \sum_a z^{(s)}_{ia} z'^{(s)}_{ia}$$ the "
        "mean of what `relative_cosine`, `relative_l2`, `relative_l1` and `relative_linf` "
        "standardise, joined."
    ),
    avoid=(
        "Where the axes of a representation are arbitrary, as two of its four parts are. "
        "It hides which of the four agree; take them one by one to explain a result."
    ),
)

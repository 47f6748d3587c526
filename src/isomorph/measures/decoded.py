r"""Identifiability by what can be read out: whether decoders of two representations agree.

`decodability`
    Harvey, Lipshutz & Williams (2024, https://arxiv.org/abs/2411.08197). A task z is one number
    per stimulus, from a standard normal distribution; a ridge regression on a representation
    with centred Gram matrix K reads out :math:`H z`, :math:`H = K (K + \lambda I)^{-1}`. The
    measure is the mean over tasks of the inner product of what two representations read out,
    over the root of those of each with itself: :math:`\langle H, H' \rangle / \lVert H \rVert
    \lVert H' \rVert`, so no task has to be drawn. As :math:`\lambda` grows it becomes biased
    linear CKA; as it vanishes, with ranks r and s, the sum of squared canonical correlations
    over :math:`\sqrt{r s}`. GULP (Boix-Adserà et al. 2022, https://arxiv.org/abs/2210.06545) is
    the mean squared difference of the same read-outs, of which this is the angle.
`transferred_discrepancy`
    Feng et al. (2020, https://arxiv.org/abs/2007.12446). Probes for the labels of the stimuli are
    trained on each representation, and the measure is how well their predictions agree.
    Probes are ridge regressions on an indicator of each label, each stimulus is predicted from
    all others (in closed form), and P is what is predicted beyond how often each label occurs
    among those. The discrepancy :math:`\lVert P - P' \rVert^2` is set against what it is of
    predictions without relation: :math:`1 - \lVert P - P' \rVert^2 / (\lVert P \rVert^2 + \lVert
    P' \rVert^2)`. Probes that both decode well agree, whatever else the representations
    are; where labels cannot be decoded from one of them, they agree by 0 on the average.

:math:`\lambda` is a multiple of the mean eigenvalue of K, :math:`\operatorname{tr} K / (n - 1)`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from isomorph.geometry import squared_distances
from isomorph.measures._measure import Measure
from isomorph.measures.cka import BIASED, SQUARED
from isomorph.measures.jackknifed import FEWEST, Jackknifed
from isomorph.measures.pairs import Floats, pair_indices
from isomorph.measures.rsa import pool_standardised
from isomorph.measures.stack import Stack

MEANING = "the penalty, as a multiple above 0 of the mean eigenvalue of the Gram matrix"


@dataclass(frozen=True)
class DecodabilityForm(Jackknifed):
    """The alignment of what ridge regressions read out of two representations, any task alike.

    The alignment of two matrices, centred as these are, is biased CKA, hence a cosine of pairs.

    Attributes
    ----------
    ridge : float
    """

    ridge: float = 1.0
    parameter: ClassVar[str] = "ridge"
    meaning: ClassVar[str] = MEANING
    allowed: ClassVar[tuple[float, float]] = (0.0, np.inf)

    def embed(self, rdms: Floats) -> Floats:
        """Return unit vectors `(rdm, pair)` whose inner products are the measure.

        Parameters
        ----------
        rdms : array of shape (rdm, pair)
            Squared distances. Those of no features, or all 0, have a vector of NaN.
        """
        return self._vectors(Stack(np.asarray(rdms, dtype=float)))

    def compare(self, first: Stack, second: Stack) -> Floats:
        """Compare representations: `(a, b)`, NaN where one has no root or does not vary."""
        return self._vectors(first) @ self._vectors(second).T

    def chance(self, first: Stack, second: Stack) -> Floats:
        """Return the mean over all orders of the stimuli: `(a, b)`."""
        sums = [self._vectors(stack).sum(axis=1) for stack in (first, second)]
        pairs = first.rdms.shape[1]
        found: Floats = np.multiply.outer(*sums) / pairs
        return found

    def _vectors(self, stack: Stack) -> Floats:
        def make() -> Floats:
            read = readouts(stack, self.ridge)
            i, j = pair_indices(stack.n_stimuli)
            return BIASED.embed(np.stack([squared_distances(one)[i, j] for one in read]))

        return stack.derived(("read out", self.ridge), make)


@dataclass(frozen=True)
class TransferredDiscrepancyForm(Jackknifed):
    """The agreement of probes for labels.

    Attributes
    ----------
    ridge : float
    """

    ridge: float = 1.0
    parameter: ClassVar[str] = "ridge"
    meaning: ClassVar[str] = MEANING
    allowed: ClassVar[tuple[float, float]] = (0.0, np.inf)

    def compare(self, first: Stack, second: Stack) -> Floats:
        """Compare representations: `(a, b)`, NaN where there is nothing to predict."""
        labels = [np.asarray(one) for stack in (first, second) for one in stack.fact("labels")]
        classes = tuple(np.unique(np.concatenate(labels)).tolist())
        x, y = (self._predicted(stack, classes) for stack in (first, second))
        common = x.reshape(len(x), -1) @ y.reshape(len(y), -1).T
        powers = [np.square(one).sum(axis=(1, 2)) for one in (x, y)]
        with np.errstate(divide="ignore", invalid="ignore"):
            value: Floats = 2 * common / (powers[0][:, None] + powers[1])
        return value

    def _predicted(self, stack: Stack, classes: tuple[Any, ...]) -> Floats:
        """Return what is predicted of each label beyond chance: `(representation, n, class)`."""

        def make() -> Floats:
            labels = [np.asarray(one) for one in stack.fact("labels")]
            return held_out_probes(readouts(stack, self.ridge), labels, np.asarray(classes))

        return stack.derived(("probes", self.ridge, classes), make)


def readouts(stack: Stack, ridge: float) -> Floats:
    """Return what ridge regression makes of any targets: `(representation, n, n)`.

    NaN where a representation has no root or does not vary.

    Parameters
    ----------
    stack : Stack
    ridge : float
        Multiple of the mean eigenvalue.
    """
    n = stack.n_stimuli
    found = np.full((len(stack), n, n), np.nan)
    grams = stack.roots @ stack.roots.swapaxes(1, 2)
    level = np.einsum("rnn->r", grams)
    some = np.isfinite(level) & (level > 0)
    penalty = (ridge * level[some] / (n - 1))[:, None, None] * np.eye(n)
    found[some] = np.linalg.solve(grams[some] + penalty, grams[some])
    return found


def held_out_probes(
    read: Floats, labels: list[NDArray[Any]], classes: NDArray[Any]
) -> Floats:  # fmt: skip
    """Return each stimulus as predicted from all others, beyond how often each label occurs there.

    Parameters
    ----------
    read : array of shape (representation, stimulus, stimulus)
    labels : list of arrays of shape (stimulus,)
    classes : array of shape (class,)

    Returns
    -------
    array of shape (representation, stimulus, class)
        NaN for labels of which none is left when one stimulus is held out.
    """
    n = read.shape[1]
    targets = np.stack([(one[:, None] == classes).astype(float) for one in labels])
    mean = targets.mean(axis=1, keepdims=True)
    leverage = 1 / n + np.einsum("rnn->rn", read)[:, :, None]
    # The residual of a stimulus that is held out, from that of one that is not.
    residual = (targets - mean - read @ (targets - mean)) / (1 - leverage)
    beyond: Floats = (targets - mean) * n / (n - 1) - residual
    beyond[(targets.sum(axis=1) < 2).all(axis=1) | (n < FEWEST - 1)] = np.nan
    return beyond


DECODABILITY = Measure(
    name="decodability",
    title="Alignment of linear read-outs, over all tasks",
    family="identifiability",
    invariances=("scale",),
    range=(0.0, 1.0),
    independence="positive: any two regressions read out something of the same tasks",
    citation="Harvey, Lipshutz & Williams 2024, https://arxiv.org/abs/2411.08197",
    form=DecodabilityForm(),
    distances=SQUARED,
    needs=("gram",),
    pool=pool_standardised(centre=False),
    definition=(
        r"$$\frac{\langle H_x, H_y \rangle}{\lVert H_x \rVert \, \lVert H_y \rVert}, \qquad "
        r"H_x = K (K + \lambda I)^{-1}$$ $\lambda$ is a multiple of the mean eigenvalue of "
        "$K$."
    ),
    avoid=(
        "Uncalibrated, with many dimensions beside stimuli: any two regressions read out "
        "something of the same tasks. With a large penalty it is `cka_biased` again."
    ),
)
TRANSFERRED_DISCREPANCY = Measure(
    name="transferred_discrepancy",
    holds_out="stimuli",
    title="Agreement of linear probes for the labels, held out (1 - discrepancy)",
    family="identifiability",
    invariances=("scale",),
    range=(-1.0, 1.0),
    independence="0",
    citation="Feng et al. 2020, https://arxiv.org/abs/2007.12446",
    form=TransferredDiscrepancyForm(),
    distances=SQUARED,
    needs=("gram", "labels"),
    pool=pool_standardised(centre=False),
    definition=(
        r"$$1 - \frac{\lVert P - P' \rVert^2}{\lVert P \rVert^2 + \lVert P' \rVert^2}$$ $P$ "
        "is what ridge regressions on all other stimuli predict of the indicators of the "
        "labels, less how often each label occurs."
    ),
    avoid=(
        "Where the labels are not what the question is about: representations that agree "
        "in them score high, whatever else they are. Where labels cannot be decoded from "
        "one of the two, it says nothing."
    ),
)

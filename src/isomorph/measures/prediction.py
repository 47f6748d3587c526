r"""The prediction family: what a map fitted on some stimuli says of responses to others.

The first representation is the brain's and the second a layer's. The stimuli are dealt into up to
five parts by their places, so that neighbours in the order go to different parts and a group of
stimuli to one; each part is predicted from the others, see `isomorph.prediction`. The stage
`predict` also chooses layers within the training stimuli and scores every unit.

A stimulus has a part in the value as one that is predicted and as one that others are predicted
from; how the value varies with the stimuli has both in it.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from isomorph.measures._measure import Measure
from isomorph.measures._named import Measures
from isomorph.measures.cka import SQUARED
from isomorph.measures.jackknifed import Jackknifed
from isomorph.measures.pairs import Floats
from isomorph.measures.rsa import pool_standardised
from isomorph.measures.stack import Stack
from isomorph.prediction import (
    Components,
    Map,
    PartialLeastSquares,
    Ridge,
    Spectrum,
    correlations,
    folds_of,
    held_out,
    influences,
    moments,
    pooled,
    pooled_influence,
    root_of,
    spectra,
)
from isomorph.prediction.spectra import Labels

PARTS = 5
"""Parts of the stimuli."""

ENOUGH = 4
"""Stimuli in a part on average, below which there are fewer parts."""


def parts_of(places: Labels, n_parts: int) -> Labels:
    """Deal stimuli into parts by their places alone: `(stimulus,)`.

    Of as many neighbours as there are parts each goes to another, in an order of their own.

    Parameters
    ----------
    places : array of shape (stimulus,)
    n_parts : int
    """
    n_rounds = int(places.max(initial=0)) // n_parts + 1
    orders = np.random.default_rng(0).permuted(np.tile(np.arange(n_parts), (n_rounds, 1)), axis=1)
    found: Labels = orders[places // n_parts, places % n_parts]
    return found


def spectra_of(stack: Stack) -> list[list[Spectrum]]:
    """Return every representation, decomposed on the training stimuli of every part, once."""

    def decomposed() -> list[list[Spectrum]]:
        n_groups = len(np.unique(stack.places))
        n_parts = max(2, min(PARTS, stack.n_stimuli // ENOUGH, n_groups))
        folds = folds_of(parts_of(stack.places, n_parts), stack.places, stack.near)
        return [spectra(gram, folds) for gram in stack.grams]

    return stack.derived("spectra", decomposed)


class OfUnits(Jackknifed):
    """Units of the first predicted from the second: the mean over units of their correlations."""

    @property
    @abstractmethod
    def map(self) -> Map:
        """What is fitted."""

    together: ClassVar[bool] = False
    """Whether units of one representation are fitted together."""

    def compare(self, first: Stack, second: Stack) -> Floats:
        """Compare brains with layers: `(a, b)`, NaN where no unit has a value."""
        responses, owner = _side_by_side(first)
        targets = owner if self.together else None
        found = np.full((len(first), len(second)), np.nan)
        for at, layer in enumerate(spectra_of(second)):
            if layer:
                held = held_out(layer, responses, self.map, targets)
                found[:, at] = _means(correlations(moments(held)), owner, len(first))[0]
        return found

    def influence(self, first: Stack, second: Stack) -> Floats:
        """Return what each stimulus adds, predicted and predicting: `(a, b, stimulus)`."""
        responses, owner = _side_by_side(first)
        targets = owner if self.together else None
        found = np.full((len(first), len(second), first.n_stimuli), np.nan)
        for at, layer in enumerate(spectra_of(second)):
            if layer:
                held = held_out(layer, responses, self.map, targets)
                found[:, at] = _means(
                    influences(held, layer, responses, self.map, targets), owner, len(first)
                ).T
        return found


class RidgeForm(OfUnits):
    """Ridge regression with a penalty for every unit."""

    @property
    def map(self) -> Map:
        """What is fitted."""
        return Ridge()


@dataclass(frozen=True)
class PlsForm(OfUnits):
    """Partial least squares of all units together.

    Attributes
    ----------
    components : int
        All that there are where these are fewer.
    """

    components: int = 25
    together: ClassVar[bool] = True
    parameter: ClassVar[str] = "components"
    meaning: ClassVar[str] = "a number of components, at least 1"
    allowed: ClassVar[tuple[float, float]] = (0, np.inf)

    @property
    def map(self) -> Map:
        """What is fitted."""
        return PartialLeastSquares(self.components, judged=False)

    def influence(self, first: Stack, second: Stack) -> Floats:
        """Return what each stimulus adds, by leaving it out: `(a, b, stimulus)`."""
        return Jackknifed.influence(self, first, second)


@dataclass(frozen=True)
class StitchingForm(OfUnits):
    """Least squares on the first principal components of a layer, as an affine stitch has it.

    Attributes
    ----------
    components : int
        All that there are where these are fewer.
    """

    components: int = 25
    parameter: ClassVar[str] = "components"
    meaning: ClassVar[str] = "a number of components, at least 1"
    allowed: ClassVar[tuple[float, float]] = (0, np.inf)

    @property
    def map(self) -> Map:
        """What is fitted."""
        return Components(self.components, judged=False)


class ReverseForm(Jackknifed):
    """The second predicted from the first, all its principal components with one penalty."""

    @property
    def map(self) -> Map:
        """What is fitted."""
        return Ridge()

    def compare(self, first: Stack, second: Stack) -> Floats:
        """Compare brains with layers: `(a, b)`."""
        return self._each(first, second, 1)[..., 0]

    def influence(self, first: Stack, second: Stack) -> Floats:
        """Return what each stimulus adds, predicted and predicting: `(a, b, stimulus)`."""
        return self._each(first, second, first.n_stimuli)

    def _each(self, first: Stack, second: Stack, n: int) -> Floats:
        found = np.full((len(first), len(second), n), np.nan)
        for row, brain in enumerate(spectra_of(first)):
            for column, root in enumerate(_roots(second)):
                if brain and root.shape[1]:
                    targets = np.zeros(root.shape[1], dtype=np.intp)
                    held = held_out(brain, root, self.map, targets)
                    found[row, column] = (
                        pooled(held).r() if n == 1
                        else pooled_influence(held, brain, root, self.map)
                    )  # fmt: skip
        return found


def _roots(stack: Stack) -> list[Floats]:
    """Return coordinates of every representation, none where it has no Gram matrix."""
    nothing = np.zeros((stack.n_stimuli, 0))
    return stack.derived(
        "coordinates",
        lambda: [root_of(one) if np.isfinite(one).all() else nothing for one in stack.grams],
    )


def _side_by_side(stack: Stack) -> tuple[Floats, Labels]:
    """Return the units of all representations and whose each is: `(stimulus, unit)`, `(unit,)`."""

    def joined() -> tuple[Floats, Labels]:
        features = [np.asarray(one, dtype=float) for one in stack.fact("features")]
        owner = np.repeat(np.arange(len(features)), [one.shape[1] for one in features])
        return np.concatenate(features, axis=1), owner

    return stack.derived("units side by side", joined)


def _means(values: Floats, owner: Labels, n: int) -> Floats:
    """Return means over the units that have a value, by whose they are: `(row, n)`."""
    columns: Sequence[Floats] = [values[:, owner == one] for one in range(n)]
    means = np.full((len(values), n), np.nan)
    for at, own in enumerate(columns):
        known = np.isfinite(own)
        count = known.sum(axis=1)
        total = np.where(known, own, 0.0).sum(axis=1)
        means[:, at] = np.divide(total, count, out=means[:, at], where=count > 0)
    return means


RIDGE = Measure(
    name="ridge",
    holds_out="groups",
    title="Held-out correlation of units with their ridge regression on a layer, mean over units",
    family="prediction",
    invariances=("scale", "translation", "permutation"),
    range=(-1.0, 1.0),
    independence="0",
    citation="Hoerl & Kennard 1970, https://doi.org/10.1080/00401706.1970.10488634; "
    "Naselaris et al. 2011, https://doi.org/10.1016/j.neuroimage.2010.07.073",
    form=RidgeForm(),
    needs=("features",),
    model_needs=("gram",),
    symmetric=False,
    with_itself=None,
    pool=pool_standardised(centre=False),
    definition=(
        r"$$\frac{1}{p} \sum_a \frac{1}{5} \sum_f \operatorname{corr}(x_{fa}, \hat x_{fa}), "
        r"\qquad \hat x_{fa} = \bar x_a + K_{f,-f} (K_{-f} + \lambda_a I)^{-1} (x_{-f,a} - "
        r"\bar x_a)$$ $x_{fa}$ is the response of unit $a$ to the stimuli of part $f$, $-f$ "
        "are all others, $K$ is the Gram matrix of the layer, centred on the training "
        r"stimuli, and $\lambda_a$ is chosen by generalised cross-validation in training."
    ),
    avoid=(
        "To say that two representations have the same geometry: a layer that holds much "
        "besides what the units do predicts them as well, so wide layers are favoured; "
        "report `ridge_reverse` too. With few stimuli, of which four fifths are fitted."
    ),
)

RIDGE_REVERSE = Measure(
    name="ridge_reverse",
    holds_out="groups",
    title="Held-out correlation of a layer with its ridge regression on a brain, all principal "
    "components at once",
    family="prediction",
    invariances=("scale",),
    range=(-1.0, 1.0),
    independence="0",
    citation="Muzellec & Kar 2025, https://doi.org/10.1101/2025.08.08.669382",
    form=ReverseForm(),
    no_ceiling="the noise of subjects pooled cannot be predicted and that of a layer is none, so "
    "they bound nothing",
    distances=SQUARED,
    needs=("gram",),
    symmetric=False,
    with_itself=None,
    pool=pool_standardised(centre=False),
    definition=(
        r"$$\frac{1}{5} \sum_f \operatorname{corr}(y_f, \hat y_f), \qquad \hat y_f = \bar y "
        r"+ L_{f,-f} (L_{-f} + \lambda I)^{-1} (y_{-f} - \bar y)$$ $y_f$ are all principal "
        "components of the layer for the stimuli of part $f$, taken together, $L$ is the "
        r"Gram matrix of the brain, centred on the training stimuli, and $\lambda$ is "
        "chosen in training."
    ),
    avoid=(
        "With few recorded units, from which no layer could be predicted: a low value then "
        "says how little was recorded. Noise of the brain lowers it, and no ceiling "
        "corrects for that."
    ),
)


PLS = replace(
    RIDGE,
    name="pls",
    title="Held-out correlation of units with their partial least squares on a layer, mean over "
    "units",
    citation="Wold 1975, https://doi.org/10.1016/B978-0-12-103950-9.50017-4; Yamins et al. 2014, "
    "https://doi.org/10.1073/pnas.1403112111",
    form=PlsForm(),
    definition=(
        r"$$\frac{1}{p} \sum_a \frac{1}{5} \sum_f \operatorname{corr}(x_{fa}, \hat "
        r"x_{fa})$$ $\hat x_{fa}$ is what partial least squares of all units together, "
        "fitted on the other parts of the stimuli, predicts of unit $a$ for part $f$."
    ),
    avoid=(
        "Where units differ in what they code, as all share their components: `ridge` has "
        "a penalty for each. With few stimuli, as 25 components are then about all that "
        "there are."
    ),
)

STITCHING = replace(
    RIDGE,
    name="stitching",
    title="Held-out correlation of units with an affine map of the first principal components of "
    "a layer, mean over units",
    citation="Lenc & Vedaldi 2015, https://arxiv.org/abs/1411.5908",
    form=StitchingForm(),
    definition=(
        r"$$\frac{1}{p} \sum_a \frac{1}{5} \sum_f \operatorname{corr}(x_{fa}, \hat "
        r"x_{fa})$$ $\hat x_{fa}$ is what least squares on the first principal components "
        "of the layer, fitted on the other parts of the stimuli, predicts of unit $a$ for "
        "part $f$."
    ),
    avoid=(
        "With components that are not few beside stimuli, as there is no penalty: take "
        "`ridge`. It is no stitching of networks, in which a task is solved through the "
        "map."
    ),
)

METHODS = Measures(
    "method of prediction",
    {measure.name: measure for measure in (RIDGE, RIDGE_REVERSE, PLS, STITCHING)},
)
"""What can be fitted on some stimuli and scored on others, unit by unit."""

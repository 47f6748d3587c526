r"""The dependence family: whether two representations have anything in common at all.

Distance correlation is alignment of Euclidean distances, as CKA is of squared ones: both are the
cosine of what U-centring leaves. It is 0 in the population only of independent representations,
where CKA is 0 of linearly unrelated ones too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isomorph.measures._measure import Measure
from isomorph.measures.cka import DEBIASED, SQUARED
from isomorph.measures.first_order import Sides, less_additive
from isomorph.measures.linear import LinearForm
from isomorph.measures.pairs import Counts, Floats, pair_sums, pair_weights, stimulus_count
from isomorph.measures.rsa import pool_standardised
from isomorph.measures.stack import Stackable, rdms_of


@dataclass(frozen=True)
class RootForm:
    """A linear form of the roots of distances: of Euclidean ones, where squared ones are given.

    Attributes
    ----------
    linear : LinearForm
    """

    linear: LinearForm

    def embed(self, rdms: Floats) -> Floats:
        """Return unit vectors `(rdm, pair)` whose inner products are the measure.

        Parameters
        ----------
        rdms : array of shape (rdm, pair)
            Squared distances.
        """
        return self.linear.embed(roots(rdms))

    def sides(self, rdms: Floats) -> Sides:
        """Return what the measure is an inner product of, as stimuli enter it."""
        return self.linear.sides(roots(rdms))

    def compare(self, first: Stackable, second: Stackable) -> Floats:
        """Return the measure between all RDMs: `(a, pair)` and `(b, pair)` give `(a, b)`."""
        return self.linear.compare(roots(rdms_of(first)), roots(rdms_of(second)))

    def resampled(self, first: Stackable, second: Stackable, counts: Counts) -> Floats:
        """Return the measure in every resample: `(resample, a, b)`, NaN where undefined."""
        return self.linear.resampled(roots(rdms_of(first)), roots(rdms_of(second)), counts)


@dataclass(frozen=True)
class HsicForm:
    r"""The unbiased Hilbert-Schmidt independence criterion of linear kernels of total variance 1.

    Of squared distances :math:`d` and :math:`d'` it is
    :math:`2 \langle Pd, Pd' \rangle / (n (n - 3) \bar d \bar d')`, with :math:`P` U-centring: half
    the mean squared distance is the unbiased total variance.
    """

    def sides(self, rdms: Floats) -> Sides:
        """Return what the measure is an inner product of, and how its mean distances vary."""
        rdms = np.asarray(rdms, dtype=float)
        n = stimulus_count(rdms.shape[1])
        level = rdms.mean(axis=1, keepdims=True)
        level = np.where(level > 0, level, np.nan)
        left = less_additive(rdms, DEBIASED.fitted(pair_sums(rdms)))
        left *= np.sqrt(2 / (n * (n - 3))) / level
        return Sides(left, own=2 * rdms / (level * rdms.shape[1]))

    def compare(self, first: Stackable, second: Stackable) -> Floats:
        """Return the measure between all RDMs: `(a, pair)` and `(b, pair)` give `(a, b)`."""
        once = np.ones((1, stimulus_count(rdms_of(first).shape[1])), dtype=int)
        return np.asarray(self.resampled(first, second, once)[0])

    def resampled(self, first: Stackable, second: Stackable, counts: Counts) -> Floats:
        """Return the measure in every resample: `(resample, a, b)`, NaN where undefined."""
        x, y = rdms_of(first), rdms_of(second)
        cross, _, _ = DEBIASED.products(x, y, counts)
        weights = pair_weights(counts).astype(float)
        total = weights.sum(axis=1)
        of_first, of_second = (
            weights @ side.T / np.where(total > 0, total, np.nan)[:, None] for side in (x, y)
        )
        # How many numbers of a U-centred RDM are free.
        free = total - counts.sum(axis=1)
        cross /= np.where(free > 0, free, np.nan)[:, None, None]
        return _over_levels(cross, of_first, of_second)


def roots(rdms: Floats) -> Floats:
    """Return distances whose squares are given, 0 where rounding made one negative."""
    found: Floats = np.sqrt(np.maximum(np.asarray(rdms, dtype=float), 0.0))
    return found


def _over_levels(products: Floats, first: Floats, second: Floats) -> Floats:
    """Divide products `(..., a, b)` by mean distances `(..., a)`, `(..., b)`, NaN where 0."""
    levels = first[..., :, None] * second[..., None, :]
    found: Floats = products / np.where(levels > 0, levels, np.nan)
    return found


def _pool_levels(rdms: Floats) -> Floats:
    """Return the mean of RDMs `(rdm, pair)` of the same mean distance: `(pair,)`."""
    levels = rdms.mean(axis=1, keepdims=True)
    pooled: Floats = (rdms / np.where(levels > 0, levels, 1.0)).mean(axis=0)
    return pooled


DISTANCE_CORRELATION = Measure(
    name="distance_correlation",
    title="Distance correlation, squared and bias-corrected, of the roots of squared distances",
    family="dependence",
    invariances=("scale",),
    range=(-1.0, 1.0),
    independence="0",
    citation="Székely & Rizzo 2014, https://doi.org/10.1214/14-AOS1255",
    form=RootForm(DEBIASED),
    distances=SQUARED,
    needs=("gram",),
    pool=lambda rdms: pool_standardised(centre=False)(roots(rdms)) ** 2,
    definition=(
        r"$$\frac{\langle P \sqrt d, P \sqrt{d'} \rangle}{\lVert P \sqrt d \rVert \, \lVert "
        r"P \sqrt{d'} \rVert}$$ $d$ are squared distances and $P$ takes out what is "
        "additive in the two stimuli of a pair (U-centring). It is the squared distance "
        "correlation, without bias, and so can be below 0."
    ),
    avoid=(
        "Beside correlations, as it is a square: a distance correlation of .5 is "
        "written .25. "
        "With many features and few stimuli little of what is not linear can be found, and "
        "it says what `cka` says."
    ),
)
HSIC = Measure(
    name="hsic",
    title="Hilbert-Schmidt independence criterion, unbiased, of representations of variance 1",
    family="dependence",
    invariances=("scale",),
    # How large it can be depends on in how many dimensions a representation varies.
    range=(float("-inf"), float("inf")),
    independence="0",
    citation="Gretton et al. 2005, https://doi.org/10.1007/11564089_7; estimator of Song et al. "
    "2012, JMLR 13, 1393-1434",
    form=HsicForm(),
    distances=SQUARED,
    needs=("gram",),
    with_itself=None,
    pool=_pool_levels,
    definition=(
        r"$$\frac{2 \langle Pd, Pd' \rangle}{n (n - 3) \, \bar d \, \bar d'}$$ $d$ are "
        "squared distances, and $P$ takes out what is additive in the two stimuli of a "
        "pair (U-centring)."
    ),
    avoid=(
        "To say which of two layers is more similar: how large it can be depends on in how "
        "many dimensions a representation varies. It is for testing whether there is "
        "anything in common; take `cka` to compare."
    ),
)

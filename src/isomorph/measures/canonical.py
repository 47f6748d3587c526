r"""The CCA family: correlations of the directions in which two representations agree best.

Canonical correlations are the singular values of :math:`U^\top V`, with :math:`U` and :math:`V`
orthonormal bases of the centred features of either side, so they do not see how much variance a
direction has. With as many dimensions as stimuli allow, one less than there are different ones, a
representation agrees with everything: its canonical correlations are all 1 and say nothing, so such
measures have no value there. With fewer, unrelated representations of :math:`p` and :math:`q`
dimensions have squared canonical correlations that sum to :math:`pq / (n - 1)` on average. What is
left after that is in the calibrated value, or in `cca_ridge`, which is scored on stimuli it was not
fitted to.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from isomorph.measures._measure import Measure
from isomorph.measures.aligned import Aligned, Side, Whitening, nuclear_norms, same_ranks
from isomorph.measures.cka import SQUARED
from isomorph.measures.crossed_canonical import CrossedForm
from isomorph.measures.pairs import Floats
from isomorph.measures.principal import Principal, different, inverse
from isomorph.measures.projected import ProjectedForm
from isomorph.measures.rsa import pool_standardised
from isomorph.measures.shape import root_differences
from isomorph.measures.stack import Stack

MORE_DIMENSIONS = (
    "subjects pooled have more dimensions than any one, in which some direction of everything is "
    "found, so they bound nothing"
)

ROUNDING = 1e-12
"""Share of the variance that is rounding error."""


@dataclass(frozen=True)
class CanonicalForm(Aligned):
    """The mean canonical correlation, over the dimensions of the smaller representation.

    For the influences of stimuli the axes that are kept are taken as they are: between two of about
    the same variance, their direction has no derivative.

    Attributes
    ----------
    variance : float
        Share of the variance that is kept by the first principal axes; at 1 all are.
    """

    variance: float = 1.0

    def whitening(self, plain: Principal, n_stimuli: int) -> Whitening:
        """Return the whitening of the axes that are kept, undefined where they are all there is."""
        spreads = plain.spreads
        kept = spreads > 0
        # The first axes that together have the share; of what is before each, the less.
        before = np.cumsum(spreads**2, axis=1) - spreads**2
        kept &= before < self.variance * (1 - ROUNDING)
        factors = np.where(kept, inverse(spreads), 0.0)
        differences = np.where(kept[:, :, None] & kept[:, None], root_differences(spreads), 0.0)
        defined = kept.sum(axis=1) < different(plain.features) - 1
        return Whitening(factors, differences, np.zeros_like(spreads), defined)

    def nuclear(self, first: Stack, second: Stack) -> Floats:
        r"""Return sums of canonical correlations, from whichever side of the spans is smaller.

        Of :math:`p` and :math:`q` dimensions among :math:`n - 1`, :math:`p + q - n + 1` are common
        to both, if positive. All other angles between the two are those between what is
        orthogonal to either.
        """
        x, y = self.side(first), self.side(second)
        found = np.full((len(x.features), len(y.features)), np.nan)
        for a, b in same_ranks(x, y):
            p, q = int(x.ranks[a]), int(y.ranks[b[0]])
            common = p + q - first.n_stimuli + 1
            if common <= 0:
                found[a, b] = nuclear_norms(x.features[a, :, :p], y.features[b, :, :q])
            else:
                one, other = (self._outside(stack) for stack in (first, second))
                found[a, b] = common + nuclear_norms(
                    one[a, :, : q - common], other[b, :, : p - common]
                )
        return found

    def _outside(self, stack: Stack) -> Floats:
        """Return bases of what is orthogonal to each, `(known, n, n - 1)`, 0 beyond its rank."""
        return stack.reordered(
            ("outside", self),
            lambda one: _outside(self.side(one)),
            lambda bases, order: bases[:, order],
        )

    def score(self, nuclear: Floats, first: Floats, second: Floats) -> Floats:
        """Return the mean of canonical correlations whose sum is given."""
        return np.asarray(nuclear / np.minimum(first, second))

    def slopes(self, nuclear: Floats, first: Floats, second: Floats) -> tuple[Floats, ...]:
        """Return the derivatives of the score; dimensions do not change with the stimuli."""
        none = np.zeros_like(nuclear)
        return 1 / np.minimum(first, second) + none, none, none


def _outside(side: Side) -> Floats:
    """Return bases of what is orthogonal to the axes kept and a constant: `(known, n, n - 1)`."""
    n = side.features.shape[1]
    found = np.zeros((len(side.features), n, n - 1))
    for into, features, rank in zip(found, side.features, side.ranks, strict=True):
        inside = np.concatenate([np.ones((n, 1)), features[:, :rank]], axis=1)
        into[:, : n - 1 - rank] = np.linalg.qr(inside, mode="complete")[0][:, rank + 1 :]
    return found


@dataclass(frozen=True)
class TruncatedForm(CanonicalForm):
    """The mean canonical correlation of the first principal axes (Raghu et al. 2017)."""

    variance: float = 0.99
    parameter: ClassVar[str] = "variance"
    meaning: ClassVar[str] = "a share of the variance above 0, up to 1"
    allowed: ClassVar[tuple[float, float]] = (0.0, 1.0)


CCA = Measure(
    name="cca",
    title="Mean canonical correlation",
    family="cca",
    invariances=("scale", "linear"),
    range=(0.0, 1.0),
    independence="positive: near 1 with half as many dimensions as stimuli, undefined with as many",
    citation="Hotelling 1936, https://doi.org/10.1093/biomet/28.3-4.321",
    form=CanonicalForm(),
    distances=SQUARED,
    needs=("gram",),
    no_value="a representation has as many dimensions as stimuli allow, so that its canonical "
    "correlations with anything are 1; cca_ridge is scored on held-out stimuli",
    pool=pool_standardised(centre=False),
    no_ceiling=MORE_DIMENSIONS,
    definition=(
        r"$$\frac{1}{\min(r, s)} \lVert U^\top V \rVert_*$$ $U$ and $V$ are orthonormal "
        "bases of the centred features, of $r$ and $s$ dimensions: the mean of the "
        "canonical correlations."
    ),
    avoid=(
        "With dimensions that are not few beside stimuli, which holds for most layers and "
        "most populations: it is then near 1 for anything, or undefined. Take `cca_ridge`."
    ),
)
SVCCA = replace(
    CCA,
    name="svcca",
    title="Mean canonical correlation of the axes with 99 % of the variance",
    invariances=("scale",),
    citation="Raghu et al. 2017, https://arxiv.org/abs/1706.05806",
    form=TruncatedForm(),
    definition=(
        r"$$\frac{1}{\min(r, s)} \lVert U^\top V \rVert_*$$ $U$ and $V$ are orthonormal "
        "bases of the first principal components that together hold a share of the "
        "variance (99 % unless stated), $r$ and $s$ of them."
    ),
    avoid=(
        "Where the components kept are not few beside stimuli; a lower share of the "
        "variance helps. Layers whose spectra differ are compared in different numbers of "
        "dimensions. Take `cca_ridge`."
    ),
)
PWCCA = replace(
    CCA,
    name="pwcca",
    title="Canonical correlations weighted by their projections on the features of the first",
    invariances=("scale", "translation", "permutation"),
    citation="Morcos, Raghu & Bengio 2018, https://arxiv.org/abs/1806.05759",
    form=ProjectedForm(),
    distances=None,
    needs=("features",),
    symmetric=False,
    definition=(
        r"$$\frac{\sum_k w_k \rho_k}{\sum_k w_k}, \qquad w_k = \sum_a \lvert \langle h_k, "
        r"x_a \rangle \rvert$$ $\rho_k$ are the canonical correlations, $h_k$ the variates "
        "of the first representation and $x_a$ its centred features."
    ),
    avoid=(
        "With dimensions that are not few beside stimuli: near 1 for anything, or "
        "undefined. It is not symmetric; say which of the two is the first."
    ),
)
CCA_RIDGE = replace(
    CCA,
    name="cca_ridge",
    holds_out="groups",
    title="Canonical correlation on held-out stimuli, regularised",
    invariances=("scale",),
    range=(-1.0, 1.0),
    independence="0",
    no_ceiling="",
    citation="Vinod 1976, https://doi.org/10.1016/0304-4076(76)90010-5; held out as in Bilenko & "
    "Gallant 2016, https://doi.org/10.3389/fninf.2016.00049",
    form=CrossedForm(),
    no_value="",
    definition=(
        r"$$\frac{\sum_i \sum_k R_k a_{ik} b_{ik}}{\sqrt{\sum_i \sum_k R_k a_{ik}^2 \; "
        r"\sum_i \sum_k R_k b_{ik}^2}}$$ $a_{ik}$ and $b_{ik}$ are the $k$th variates of "
        "stimulus $i$ when it is held out, and $R_k$ their covariance in training, after "
        r"whitening by $\left((1 - \kappa) X^\top X + \kappa I / (n - 1)\right)^{-1/2}$, with "
        r"$X$ of variance 1 and $\kappa$ the penalty."
    ),
    avoid=(
        "With few stimuli, of which a fifth is held out at a time: variates learned from "
        "so few are poor, and a low value says little. Values rise with the number of "
        "stimuli, so compare at equal numbers."
    ),
)

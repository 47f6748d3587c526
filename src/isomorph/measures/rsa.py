"""The RSA family: correlations and cosines between RDMs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from isomorph.measures._measure import Measure
from isomorph.measures.kendall import Tau
from isomorph.measures.linear import ROUNDING, LinearForm
from isomorph.measures.pairs import Floats
from isomorph.measures.ranks import RankForm

WHITENED = "Diedrichsen et al. 2021, https://arxiv.org/abs/2007.02789"
RSA = "Kriegeskorte, Mur & Bandettini 2008, https://doi.org/10.3389/neuro.06.004.2008"
INFERENCE = "Schütt et al. 2023, https://doi.org/10.7554/eLife.82566"


def pool_standardised(centre: bool) -> Callable[[Floats], Floats]:
    """Return the pooling that averages RDMs after giving each the same spread.

    Parameters
    ----------
    centre : bool
        Whether the mean over pairs is removed first.
    """

    def pool(rdms: Floats) -> Floats:
        shifted = rdms - rdms.mean(axis=1, keepdims=True) if centre else rdms
        spread = np.sqrt((shifted**2).mean(axis=1, keepdims=True))
        # Of a constant RDM, once its mean is removed, rounding is left.
        some = spread > ROUNDING * np.abs(rdms).max(axis=1, keepdims=True, initial=0.0)
        pooled: Floats = np.where(some, shifted / np.where(some, spread, 1.0), 0.0).mean(axis=0)
        return pooled

    return pool


PEARSON = Measure(
    name="pearson",
    title="Pearson correlation of RDMs",
    invariances=("scale", "offset"),
    range=(-1.0, 1.0),
    independence="0",
    citation=RSA,
    form=LinearForm(centre=True, ridge=np.inf),
    pool=pool_standardised(centre=True),
)
COSINE = Measure(
    name="cosine",
    title="Cosine of RDMs",
    invariances=("scale",),
    range=(-1.0, 1.0),
    independence="positive: distances are",
    citation=RSA,
    form=LinearForm(centre=False, ridge=np.inf),
    pool=pool_standardised(centre=False),
)
WHITENED_COSINE = Measure(
    name="whitened_cosine",
    title="Whitened cosine of RDMs",
    invariances=("scale",),
    range=(-1.0, 1.0),
    independence="positive: distances are",
    citation=WHITENED,
    form=LinearForm(centre=False, ridge=2.0),
    pool=pool_standardised(centre=False),
)
WHITENED_CORRELATION = Measure(
    name="whitened_correlation",
    title="Whitened correlation of RDMs",
    invariances=("scale", "offset"),
    range=(-1.0, 1.0),
    independence="0",
    citation=WHITENED,
    form=LinearForm(centre=True, ridge=2.0),
    pool=pool_standardised(centre=True),
)
SPEARMAN = Measure(
    name="spearman",
    title="Spearman rank correlation of RDMs",
    invariances=("monotone",),
    range=(-1.0, 1.0),
    independence="0",
    citation=RSA,
    form=RankForm(ties_cost=False),
)
RHO_A = Measure(
    name="rho_a",
    title="rho-a, Spearman's correlation with ties broken at random",
    invariances=("monotone",),
    range=(-1.0, 1.0),
    independence="0",
    citation=INFERENCE,
    form=RankForm(ties_cost=True),
)
TAU_A = Measure(
    name="tau_a",
    title="Kendall's tau-a",
    invariances=("monotone",),
    range=(-1.0, 1.0),
    independence="0",
    citation="Nili et al. 2014, https://doi.org/10.1371/journal.pcbi.1003553",
    form=Tau(ties_cost=True),
)
TAU_B = Measure(
    name="tau_b",
    title="Kendall's tau-b",
    invariances=("monotone",),
    range=(-1.0, 1.0),
    independence="0",
    citation="Kendall 1945, https://doi.org/10.1093/biomet/33.3.239",
    form=Tau(ties_cost=False),
)

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
    definition=(
        r"$$\frac{\sum_{i<j} (d_{ij} - \bar d)(d'_{ij} - \bar d')}{\sqrt{\sum_{i<j} (d_{ij} "
        r"- \bar d)^2 \sum_{i<j} (d'_{ij} - \bar d')^2}}$$"
    ),
    avoid=(
        "Where only the order of distances can be expected to agree, or where a few very "
        "large distances would decide: take `rho_a`."
    ),
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
    definition=(
        r"$$\frac{\sum_{i<j} d_{ij} d'_{ij}}{\sqrt{\sum_{i<j} d_{ij}^2 \sum_{i<j} "
        "d'^2_{ij}}}$$"
    ),
    avoid=(
        "For distances that noise has raised, which all but the cross-validated ones are: "
        "any two RDMs of positive distances have a high cosine, and noise makes it higher. "
        "Without cross-validation take `pearson` or `rho_a`."
    ),
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
    definition=(
        r"$$\frac{d^\top V^{-1} d'}{\sqrt{d^\top V^{-1} d \; d'^\top V^{-1} d'}}, \qquad V "
        r"= 2 I + A A^\top$$ $A$ has a row for each pair of stimuli with 1 at both of them, "
        "so that $V$ is, up to a factor, the covariance that white noise of the patterns "
        "gives to squared distances."
    ),
    avoid=(
        "For distances that are not squared ones, to which the whitening does not apply, and "
        "for those that noise has raised: take `whitened_correlation`, or "
        "cross-validate. Where noise is not alike for all stimuli, take "
        "`isomorph.measures.whitened.with_sigma`."
    ),
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
    definition=(
        r"$$\frac{c^\top V^{-1} c'}{\sqrt{c^\top V^{-1} c \; c'^\top V^{-1} c'}}, \qquad c "
        r"= d - \bar d, \quad V = 2 I + A A^\top$$ $A$ has a row for each pair of stimuli "
        "with 1 at both of them."
    ),
    avoid=(
        "For cross-validated distances, whose zero means that two patterns do not differ: "
        "what the mean distance says is thrown away. Take `whitened_cosine`."
    ),
)
SPEARMAN = Measure(
    name="spearman",
    title="Spearman rank correlation of RDMs",
    invariances=("monotone",),
    range=(-1.0, 1.0),
    independence="0",
    citation=RSA,
    form=RankForm(ties_cost=False),
    definition=(
        r"$$\frac{\sum_{i<j} (R_{ij} - \bar R)(R'_{ij} - \bar R)}{\sqrt{\sum_{i<j} (R_{ij} "
        r"- \bar R)^2 \sum_{i<j} (R'_{ij} - \bar R)^2}}$$ $R_{ij}$ is the rank of $d_{ij}$ "
        r"among all pairs, equal distances sharing the mean of theirs, and $\bar R = (m + "
        "1) / 2$ with $m$ pairs."
    ),
    avoid=(
        "For models that predict equal distances, such as categories: a coarse model gains "
        "from its ties, so that it can beat one that says more and is right. Take `rho_a`."
    ),
)
RHO_A = Measure(
    name="rho_a",
    title="rho-a, Spearman's correlation with ties broken at random",
    invariances=("monotone",),
    range=(-1.0, 1.0),
    independence="0",
    citation=INFERENCE,
    form=RankForm(ties_cost=True),
    definition=(
        r"$$\frac{12}{m^3 - m} \sum_{i<j} (R_{ij} - \bar R)(R'_{ij} - \bar R)$$ $R_{ij}$ is "
        "the rank of $d_{ij}$ among the $m$ pairs, equal distances sharing the mean of "
        r"theirs, and $\bar R = (m + 1) / 2$. It is the mean of Spearman's correlation over "
        "all ways of breaking ties."
    ),
    avoid=(
        "Where the size of distances matters and not only their order: take `pearson`, or "
        "`whitened_cosine` for cross-validated distances. With ties in the data it stays "
        "below 1 even for the true model; set it against the noise ceiling, which does so "
        "too."
    ),
)
TAU_A = Measure(
    name="tau_a",
    title="Kendall's tau-a",
    invariances=("monotone",),
    range=(-1.0, 1.0),
    independence="0",
    citation="Nili et al. 2014, https://doi.org/10.1371/journal.pcbi.1003553",
    form=Tau(ties_cost=True),
    definition=(
        r"$$\frac{2}{m (m - 1)} \sum_{k<l} \operatorname{sign}(d_k - d_l) "
        r"\operatorname{sign}(d'_k - d'_l)$$ $k$ and $l$ run over the $m$ pairs of stimuli."
    ),
    avoid=(
        "With many stimuli or many layers: `rho_a` orders models alike at a small part of "
        "the cost. Its values are lower than those of correlations and are not to be set "
        "beside them."
    ),
)
TAU_B = Measure(
    name="tau_b",
    title="Kendall's tau-b",
    invariances=("monotone",),
    range=(-1.0, 1.0),
    independence="0",
    citation="Kendall 1945, https://doi.org/10.1093/biomet/33.3.239",
    form=Tau(ties_cost=False),
    definition=(
        r"$$\frac{\sum_{k<l} s_{kl} s'_{kl}}{\sqrt{\sum_{k<l} s_{kl}^2 \sum_{k<l} "
        r"s'^2_{kl}}}$$ $s_{kl} = \operatorname{sign}(d_k - d_l)$, where $k$ and $l$ run "
        "over the pairs of stimuli."
    ),
    avoid=(
        "For models that predict equal distances, such as categories, which it favours "
        "over models that say more: take `tau_a` or `rho_a`."
    ),
)

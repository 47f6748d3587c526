"""How surely: what is resampled, permuted, corrected and simulated."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from isomorph.study._base import Seed, Spec, Unique
from isomorph.study.blocks import Blocks
from isomorph.study.explain import Explain
from isomorph.study.prediction import Prediction
from isomorph.study.recovery import Recovery


class Selection(Spec):
    """On which stimuli a model's layer is chosen, and on which it is scored."""

    kind: Literal["random", "category", "cluster"] = "random"
    """What the parts of the stimuli are: drawn at random, whole categories, or clusters of stimuli
    that the models find alike; under the last two a layer is scored on stimuli unlike those it was
    chosen on."""
    folds: int = Field(default=5, ge=2)
    """Parts; each in turn is scored on, by the layer that is best on the others. Fewer where there
    are too few stimuli, categories or clusters."""
    repeats: int = Field(default=10, ge=1)
    """How often the parts are drawn again."""
    resamples: int = Field(default=200, ge=50)
    """Resamples in which the layer is chosen again, the first of `inference.resamples`: 200 know a
    standard error to 5 %."""
    column: str = "category"
    """The column that holds the categories of `kind: category`."""


class Inference(Spec):
    """How surely: resampling, permutation and correction."""

    resamples: int = Field(default=1000, ge=10)
    """Bootstrap resamples of each scheme."""
    permutations: int = Field(default=1000, ge=0)
    """Permutations of the stimuli for the test against independence, of which p is counted where
    `tail` does not take it from elsewhere, and for `max_t`, clusters in time and the maximum over
    layers; with 0 these have no p."""
    costly_permutations: int = Field(default=200, ge=0)
    """As many of them, at most, are for measures that have to be computed anew for every order of
    the stimuli, such as shape, canonical correlation or prediction."""
    spread: Literal["auto", "bootstrap", "jackknife"] = "auto"
    """How far values vary with stimuli: by computing them again in every resample, or from what
    each stimulus adds to them, less what pairs of stimuli add by themselves. `auto` is the
    jackknife from 100 stimuli, or groups of them, on: there it is truer, and a hundred times
    faster. Fewer vary too unevenly for it. Measures without a closed form for what stimuli add,
    such as Kendall's tau, are computed again in any case."""
    interval: float = Field(default=0.95, gt=0, lt=1)
    """Coverage of the intervals."""
    minimum_subjects: int = Field(default=5, ge=2)
    """With fewer, only stimuli are resampled and the claim is about these subjects."""
    sides: Literal["one", "two"] = "one"
    """Of the test against independence: is the estimate larger than chance gives, or is it larger
    or smaller. Tests of differences are two-sided always, clusters in time larger than chance."""
    tail: Literal["pearson", "pareto", "none"] = "pearson"
    """Where a p smaller than permutations can count comes from. `pearson`: from the exact mean,
    variance and third moment over all orders of the stimuli, for measures that are inner products
    of vectors of pairs, such as correlations of RDMs and CKA, where no stimuli form groups; others
    are counted. `pareto`: where fewer than ten permutations are as large, from a generalised Pareto
    distribution fitted to the largest; needs 500 of them. `none`: all are counted."""
    correction: str = "max_t"
    """Correction for the number of questions in a family: `fdr_bh`, `fdr_by`, `bonferroni`, `holm`,
    or `max_t`, which takes the null distribution of the largest statistic of the family, so that
    few permutations are enough for many questions; among explanations, which have no such null,
    `holm` stands for it."""
    family: Literal["region", "dataset", "settings"] = "dataset"
    """Which questions of a table count as one family: those about one region, about every region of
    a dataset (both per distance and measure), or about every region under every distance and
    measure. Pairs of regions are about no single one, so `region` is as `dataset` there; a time bin
    is a region, and a cluster in time belongs to its area."""
    keep_together: Unique[str] = ()
    """Columns of the stimulus table; stimuli with the same value are one group, as duplicates and
    near duplicates always are: drawn, exchanged and held out as one."""
    blocks: Blocks = Blocks()
    """What is drawn, exchanged and held out as one of stimuli that follow one another, such as the
    frames of a film or the bins of a heading."""
    selection: Selection = Selection()
    """How the layer of each model is chosen."""
    seed: Seed = 0
    explain: Explain = Explain()
    """What else explains a similarity: controls, combinations, shares of variance."""
    prediction: Prediction = Prediction()
    """What layers predict of single units; nothing unless a method is named."""
    recovery: Recovery = Recovery()
    """Model recovery: how far conclusions about the best layer can be trusted."""

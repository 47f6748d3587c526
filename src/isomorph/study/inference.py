"""How surely: what is resampled, permuted, corrected and simulated."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from isomorph.study._base import Seed, Spec, Unique
from isomorph.study.explain import Explain
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
    """How often the parts are drawn anew."""
    resamples: int = Field(default=200, ge=50)
    """Resamples in which the layer is chosen anew, the first of `inference.resamples`: 200 know a
    standard error to 5 %."""
    column: str = "category"
    """The column that holds the categories of `kind: category`."""


class Inference(Spec):
    """How surely: resampling, permutation and correction."""

    resamples: int = Field(default=1000, ge=10)
    """Bootstrap resamples of each scheme."""
    permutations: int = Field(default=1000, ge=0)
    """Permutations of the stimuli for the test against independence."""
    interval: float = Field(default=0.95, gt=0, lt=1)
    """Coverage of the intervals."""
    minimum_subjects: int = Field(default=5, ge=2)
    """With fewer, only stimuli are resampled and the claim is about these subjects."""
    correction: str = "fdr_bh"
    """Correction for the number of questions in a family: `fdr_bh`, `fdr_by`, `bonferroni`, `holm`,
    or `max_t`, which takes the null distribution of the largest statistic of the family; among
    explanations, which have no such null, `holm` stands for it."""
    family: Literal["region", "dataset", "settings"] = "dataset"
    """Which questions count as one family: those about one region, about every region of a dataset
    (both per distance and measure), or about every region under every distance and measure."""
    keep_together: Unique[str] = ()
    """Columns of the stimulus table; stimuli with the same value are one group, as duplicates and
    near duplicates always are: drawn, exchanged and held out as one."""
    selection: Selection = Selection()
    """How the layer of each model is chosen."""
    seed: Seed = 0
    explain: Explain = Explain()
    """What else explains a likeness: controls, combinations, shares of variance."""
    recovery: Recovery = Recovery()
    """Model recovery: how far conclusions about the best layer can be trusted."""

    @model_validator(mode="after")
    def _consistent(self) -> Inference:
        if self.correction == "max_t" and not self.permutations:
            raise ValueError(
                "correction max_t takes its null distribution from permutations, and permutations "
                "is 0; ask for some, or for another correction"
            )
        return self

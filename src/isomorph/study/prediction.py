"""Prediction of single units: by which methods, over which parts of the stimuli, how surely."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from isomorph.study._base import Spec, Unique


class Prediction(Spec):
    """What layers predict of every unit on stimuli they were not fitted on."""

    methods: Unique[str] = ()
    """Measures of the family prediction: `ridge`, `ridge_reverse`, `pls` and `stitching` of 25
    components, of another number as in `pls(10)`; none unless named. Without methods or bands the
    stage `predict` does not run."""
    bands: Unique[str] = Field(default=(), max_length=4)
    """Two to four models, families or single instances, that predict together by banded ridge
    regression, each with all its layers: what each adds alone and what they share. None unless
    named. A family of seeds is represented by its first."""
    folds: int = Field(default=5, ge=2)
    """Parts of the stimuli; each in turn is predicted by what was fitted on the others. Groups of
    stimuli stay together, and what `inference.selection.kind` keeps together; fewer where there
    are too few stimuli."""
    penalties: int = Field(default=20, ge=1)
    """Penalties that ridge regression chooses from for each unit, from 0.0001 to 100000 times the
    mean eigenvalue of the layer, even on a logarithmic scale."""
    inner: Literal["gcv", "loo"] = "gcv"
    """How the penalty is chosen within the stimuli that are fitted: generalised cross-validation,
    or leaving out one stimulus at a time. Where stimuli form groups both leave out whole groups."""
    minimum_reliability: float | None = Field(default=None, ge=0, lt=1)
    """Units whose halves of the repetitions predict less than this of their mean, over the stimuli
    that are fitted, are left out of what these predict. All are kept unless given."""
    resamples: int = Field(default=200, ge=10)
    """Bootstrap resamples here, of stimuli, units and subjects: 200 know a standard error to
    5 %."""
    permutations: int = Field(default=200, ge=0)
    """Permutations of the stimuli; everything is fitted anew in each."""

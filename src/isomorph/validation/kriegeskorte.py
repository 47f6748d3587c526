"""Inferior temporal cortex of monkeys and people, by the RDMs as they were published."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files

import numpy as np

from isomorph.measures import MEASURES
from isomorph.validation._claim import Claim, Figure


def redone() -> Mapping[str, float]:
    """Return the correlations of the RDM of monkeys with that of four people, averaged."""
    with files(__package__).joinpath("kriegeskorte92.npz").open("rb") as file, np.load(file) as npz:
        monkey, human = (npz[name][None].astype(float) for name in ("monkey_it", "human_it"))
    return {name: MEASURES[name].pair(monkey, human) for name in ("pearson", "spearman")}


CLAIM = Claim(
    name="kriegeskorte2008",
    source="Kriegeskorte et al. 2008, https://doi.org/10.1016/j.neuron.2008.10.043",
    says=(
        "Monkeys and people represent images of objects alike: their RDMs of inferior temporal "
        "cortex are correlated, although one was recorded by electrodes and the other by fMRI. "
        "The published RDMs go in, and the published correlation must come out."
    ),
    what="92 images in IT of two monkeys and of four people",
    figures=(
        Figure("pearson", "r of the RDMs", ".49", 0.4905, 0.4915),
        Figure("spearman", "rank correlation of the RDMs", "not in the paper", 0.4385, 0.4395),
    ),
    redone=redone,
    quick=True,
    remark="The RDMs are those that came with rsatoolbox 0.0.4 (MIT licence).",
)

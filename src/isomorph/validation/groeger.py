"""What mutual nearest neighbours are by chance."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import permutations

import numpy as np

from isomorph.measures import MEASURES
from isomorph.validation._claim import Claim, Figure
from isomorph.validation.alike import alike, stack_of

FEW, FEW_NEIGHBOURS = 6, 2
MANY, NEIGHBOURS, DRAWS = 101, 10, 200


def redone() -> Mapping[str, float]:
    """Return the mean over all orders of six stimuli, and over draws of unrelated features."""
    rng = np.random.default_rng(0)
    first, second = (rng.standard_normal((FEW, 4)) for _ in range(2))
    orders = [second[list(order)] for order in permutations(range(FEW))]
    every = MEASURES[f"mutual_knn({FEW_NEIGHBOURS})"].compare(stack_of([first]), stack_of(orders))
    drawn = [
        alike("mutual_knn", *([rng.standard_normal((MANY, 20))] for _ in range(2)))[0, 0]
        for _ in range(DRAWS)
    ]
    return {
        "orders": abs(every.mean() - FEW_NEIGHBOURS / (FEW - 1)),
        "drawn": float(np.mean(drawn)),
    }


CLAIM = Claim(
    name="groeger2026",
    source="Gröger, Wen & Brbić 2026, https://arxiv.org/abs/2602.14486",
    says=(
        "The share of near neighbours that unrelated representations have in common has a closed "
        "form, so that a raw score can be read against it."
    ),
    what="expected share of mutual nearest neighbours, k / (n - 1)",
    figures=(
        Figure("orders", "k = 2, n = 6, mean over all 720 orders less 2/5", "0", high=1e-12),
        Figure("drawn", f"k = 10, n = 101, mean over {DRAWS} draws", "0.1", 0.098, 0.102),
    ),
    redone=redone,
    quick=True,
)

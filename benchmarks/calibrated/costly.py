"""Measures that vary by influences: p, intervals, differences and choices of one of each family.

Their draws follow from what each stimulus adds to the measure, their chance level from a few orders
of the stimuli and their p from fewer shuffles than that of an RDM correlation.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from calibrated.drawn import Rng, compared, distances, equal_layers, seed_of
from calibrated.table import DataSet, Figure, World, at_most, covered, share, told_over_true

SETTINGS = {"resamples": 200, "selection": {"repeats": 4, "resamples": 100}}

NAMES = ("procrustes",)
"""One measure of every family that is compared from RDMs."""


def unrelated(rng: Rng, measure: str, n_stimuli: int) -> DataSet:
    """Compare a region with a layer of other features."""
    region, layer = rng.standard_normal((2, n_stimuli, 20))
    found = compared(
        distances(region)[None], distances(layer)[None], ["a"], measure=measure,
        seed=seed_of(rng), permutations=99, **SETTINGS,
    )  # fmt: skip
    rows = found.comparisons[0].rows
    return {
        "significant": at_most(rows["p"].to_numpy()),
        "above": rows["calibrated"].to_numpy() > 0,
    }


def equal(rng: Rng, measure: str, n_stimuli: int) -> DataSet:
    """Compare two models whose layers are all equally like the region in the population."""
    rdms, layers, models = equal_layers(rng, n_stimuli, 3)
    found = compared(
        rdms, layers, models, measure=measure, seed=seed_of(rng), permutations=0,
        correction="holm", **SETTINGS,
    )  # fmt: skip
    rows = [row for row in found.selection if row["chosen_on"] == "other stimuli"]
    plain, subjects = found.comparisons[0].rows, found.subjects[0]
    return {
        "significant": at_most(found.differences[0].rows["p"].to_numpy()),
        "estimate": plain["estimate"].to_numpy()[:1],
        "told": plain["standard_error"].to_numpy()[:1],
        "low": np.array([row["interval_low"] for row in rows]),
        "high": np.array([row["interval_high"] for row in rows]),
        "truth": ((subjects["estimate"] - subjects["chance"]) / (1 - subjects["chance"])).mean(),
        "outside": (plain["in_set"] == "no").to_numpy(),
    }


def worlds_of(measure: str) -> list[World]:
    """Return the worlds of one measure."""
    return [
        World(
            "costly",
            f"unrelated, {measure}, 40 stimuli",
            partial(unrelated, measure=measure, n_stimuli=40),
            (
                Figure("p ≤ .05", share("significant"), most=0.07),
                Figure("calibrated above 0", share("above"), most=0.08),
            ),
            n=300,
        ),
        World(
            "costly",
            f"equal models, {measure}, 40 stimuli, 3 layers",
            partial(equal, measure=measure, n_stimuli=40),
            (
                Figure("models differ, p ≤ .05", share("significant"), most=0.07),
                Figure("layers outside the confidence set", share("outside"), most=0.07),
                Figure("nested score covered", covered, least=0.92),
                Figure("standard error over the true one", told_over_true, least=0.85, most=1.6),
            ),
            n=150,
        ),
    ]


WORLDS = tuple(world for name in NAMES for world in worlds_of(name))

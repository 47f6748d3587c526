"""Measures that vary by influences: p, intervals, differences and choices of one of each family.

Their draws follow from what each stimulus adds to the measure, their chance level from a few orders
of the stimuli and their p from fewer shuffles than that of an RDM correlation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from calibrated.drawn import Rng, candidates_of, distances, few, region_of, seed_of, stimuli_of
from calibrated.table import DataSet, Figure, World, at_most, covered, share, told_over_true
from isomorph.inference.comparisons import Compared, compare
from isomorph.inference.members import ModelFamily
from isomorph.inference.setting import Setting, make_draws
from isomorph.measures import FEATURES, MEASURES, Floats

SETTINGS: dict[str, Any] = {"resamples": 200, "selection": {"repeats": 4, "resamples": 100}}

NAMES = (
    "procrustes", "cca_ridge", "svcca", "mutual_knn", "relative_cosine", "permutation", "ridge",
)  # fmt: skip
"""Of every family one measure or more."""

N_STIMULI = 40


def compared(
    rng: Rng, region: Floats, layers: Sequence[Floats], models: Sequence[str], measure: str,
    **settings: Any,
) -> Compared:  # fmt: skip
    """Compare the features of a region of one subject with those of layers, or their RDMs."""
    rdms = np.stack([distances(x) for x in layers])
    inference = few(**SETTINGS, **settings)
    stimuli = stimuli_of(len(region), [rdms])
    draws = make_draws({"IT": 1}, stimuli, inference, [seed_of(rng)])
    kind = MEASURES[measure]
    distance = FEATURES if kind.accepts(FEATURES) else "squared_euclidean"
    into = Compared()
    compare(
        [replace(region_of(distances(region)[None]), facts={"features": [region]})],
        replace(candidates_of(rdms, models), facts={"features": list(layers)}),
        [ModelFamily(name, (name,)) for name in dict.fromkeys(models)],
        draws,
        Setting("data", True, distance, kind, inference),
        into,
    )
    return into


def unrelated(rng: Rng, measure: str) -> DataSet:
    """Compare a region with a layer of other features."""
    region, layer = rng.standard_normal((2, N_STIMULI, 20))
    rows = compared(rng, region, [layer], ["a"], measure, permutations=99).comparisons[0].rows
    return {"significant": at_most(rows["p"].to_numpy()),
            "above": rows["calibrated"].to_numpy() > 0}  # fmt: skip


def equal(rng: Rng, measure: str) -> DataSet:
    """Compare two models whose layers are all equally like the region in the population."""
    truth, *own = rng.standard_normal((8, N_STIMULI, 10))
    region, *layers = (np.hstack([truth, one]) for one in own[:7])
    found = compared(
        rng, region, layers, ["a"] * 3 + ["b"] * 3, measure, permutations=0, correction="holm"
    )
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
            f"unrelated, {measure}, {N_STIMULI} stimuli",
            partial(unrelated, measure=measure),
            (
                Figure("p ≤ .05", share("significant"), most=0.07),
                Figure("calibrated above 0", share("above"), most=0.08),
            ),
        ),
        World(
            "costly",
            f"equal models, {measure}, {N_STIMULI} stimuli, 3 layers",
            partial(equal, measure=measure),
            (
                Figure("models differ, p ≤ .05", share("significant"), most=0.07),
                Figure("layers outside the confidence set", share("outside"), most=0.07),
                Figure("nested score covered", covered, least=0.92),
                Figure("standard error over the true one", told_over_true, least=0.85, most=1.6),
            ),
            n=100,
        ),
    ]


WORLDS = tuple(world for name in NAMES for world in worlds_of(name))

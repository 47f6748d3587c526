"""What is found where there is nothing: unlike chance levels, variants, noise: rows 2, 3 and 9."""

from __future__ import annotations

from functools import partial

import numpy as np

from calibrated.drawn import NO_TEST, USUAL, Rng, compared, distances, seed_of, stimuli_of
from calibrated.table import DataSet, Figure, World, at_most, covered, share
from isomorph.measures import Floats


def unlike_chance(rng: Rng, measure: str) -> DataSet:
    """Compare models that have nothing to do with the region but differ in their chance level."""

    def layers(*n_units: int) -> Floats:
        return np.stack([distances(rng.standard_normal((30, n))) for n in n_units])

    rdms = distances(rng.standard_normal((1, 30, 10)))
    every = np.concatenate([layers(40, 40, 40), layers(2, 2, 2), layers(2, 10, 40)])
    found = compared(rdms, every, list("aaabbbccc"), measure, seed_of(rng), **USUAL, **NO_TEST)
    return {
        "significant": at_most(found.differences[0].rows["p"].to_numpy()),
        "outside": found.comparisons[0].rows["in_set"].to_numpy() == "no",
        "whole": np.array([row["n_in_set"] == 3 for row in found.layers_in_set]),
    }


def chance_world(measure: str, **size: int) -> World:
    """Return a world of unrelated models with unlike chance levels."""
    known = measure in ("cosine", "whitened_cosine", "cka_biased")
    return World(
        "2",
        f"unrelated models with unlike chance levels, {measure}",
        partial(unlike_chance, measure=measure),
        (
            Figure("models differ, p ≤ .05", share("significant"), most=0.07,
                   before="1" if known else ""),
            Figure("layers outside the confidence set", share("outside"), most=0.07,
                   before=".37" if known else ""),
            Figure("sets that hold all three layers", share("whole")),
        ),
        **size,
    )  # fmt: skip


def objects(rng: Rng, n: int, variants: int) -> DataSet:
    """Compare where stimuli are variants of objects; one layer is unrelated, also to objects."""

    def features() -> Floats:
        own = np.repeat(rng.standard_normal((n, 8)), variants, axis=0)
        return own + 0.5 * rng.standard_normal((n * variants, 8))

    truth, unrelated = features(), features()
    rdms = distances(truth + 0.5 * rng.standard_normal((1, n * variants, 8)))
    layers = distances(np.stack([np.hstack([truth, features()]), np.tile(unrelated, 2)]))
    names = [f"o{k}" for k in np.repeat(np.arange(n), variants)]
    stimuli = stimuli_of(n * variants, [layers], ("object",), object=names)
    found = compared(
        rdms, layers, ["a", "b"], seed=seed_of(rng), stimuli=stimuli, resamples=200,
        permutations=199,
    )  # fmt: skip
    rows = found.comparisons[0].rows
    low, high, estimate = (
        float(rows[name][0]) for name in ("interval_low", "interval_high", "estimate")
    )
    numbers = rows[["p", "standard_error", "interval_low", "p_best"]].isna().all(axis=None)
    said = rows["reason"].str.contains("groups of stimuli cannot tell").all()
    return {"low": low, "high": high, "truth": estimate, "refused": float(numbers and said),
            "significant": at_most(rows["p"].to_numpy()[1:])}  # fmt: skip


def null_values(rng: Rng, measure: str) -> DataSet:
    """Compare a region with four layers of a model that have nothing to do with it."""
    rdms, layers = (distances(rng.standard_normal((k, 16, 6))) for k in (1, 4))
    found = compared(
        rdms, layers, list("aaaa"), measure, seed_of(rng), permutations=199, resamples=50
    )
    rows = found.comparisons[0].rows
    return {
        "layer": rows["calibrated"].to_numpy() > 0,
        "best": float(found.selection[0]["maximum_calibrated"] > 0),
    }


def null_world(measure: str) -> World:
    """Return a world of null data for calibrated values."""
    return World(
        "9",
        f"a region and four unrelated layers, {measure}",
        partial(null_values, measure=measure),
        tuple(
            Figure(f"calibrated > 0, {who}", share(column), least=0.03, most=0.07)
            for column, who in (("layer", "of a layer"), ("best", "of the best layer"))
        ),
        n=1000,
    )


WORLDS = (
    *(chance_world(measure) for measure in ("cosine", "whitened_cosine", "cka_biased")),
    chance_world("cka_rbf_biased", n=100, quick=2),
    World(
        "3", "20 objects in 4 variants", partial(objects, n=20, variants=4),
        (
            Figure("estimate covered", covered, least=0.9, before=".715"),
            Figure("unrelated layer, p ≤ .05", share("significant"), most=0.07, before=".475"),
        ),
        n=400,
    ),
    World(
        "3", "7 objects in 3 variants", partial(objects, n=7, variants=3),
        (Figure("rows that say they cannot tell", share("refused"), least=1, before="0"),),
        n=50,
    ),
    null_world("cosine"),
    null_world("pearson"),
)  # fmt: skip

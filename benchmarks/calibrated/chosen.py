"""Models at the layer chosen for them, told apart and not: rows 1, 2, 3, 9, 11 and 13."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from calibrated.drawn import compared, distances, equal_layers, stimuli_of
from calibrated.table import Columns, Figure, World, covered, mean, share
from isomorph.inference.differences import ModelFamily
from isomorph.inference.families import answered
from isomorph.measures import Floats
from isomorph.study import Inference

Rng = np.random.Generator
Found = Mapping[str, float | Floats]

USUAL: dict[str, Any] = {"resamples": 200, "selection": {"repeats": 10, "resamples": 200}}
"""As many resamples of a choice as a study has."""

NO_TEST: dict[str, Any] = {"permutations": 0, "correction": "holm"}


def seed_of(rng: Rng) -> int:
    """Return a seed for the draws of a comparison."""
    return int(rng.integers(2**31))


def at_most(p: Floats, level: float = 0.05) -> Floats:
    """Return which p are at most the level, NaN where there is none."""
    return np.where(np.isfinite(p), p <= level, np.nan)


def equal_models(
    rng: Rng, n_stimuli: int, n_layers: int, n_subjects: int, measure: str, fewest: int
) -> Found:
    """Compare two models whose layers are all equally like the region in the population."""
    data = equal_layers(rng, n_stimuli, n_layers, n_subjects)
    found = compared(
        *data, measure=measure, seed=seed_of(rng), minimum_subjects=fewest, **USUAL, **NO_TEST
    )
    rows = [row for row in found.selection if row["chosen_on"] == "other stimuli"]
    plain = found.comparisons[0].rows
    return {
        "significant": at_most(found.differences[0].rows["p"].to_numpy()),
        "low": np.array([row["interval_low"] for row in rows]),
        "high": np.array([row["interval_high"] for row in rows]),
        "score": np.array([row["score"] for row in rows]),
        "truth": plain["estimate"].mean(),
        "bias": np.mean([row["score"] for row in rows]) - plain["estimate"].mean(),
        "wider": np.mean([row["standard_error"] for row in rows]) / plain["standard_error"].mean(),
    }


def equal_world(
    n_stimuli: int,
    n_layers: int,
    n_subjects: int = 1,
    measure: str = "pearson",
    before: tuple[str, str] = ("", ""),
    fewest: int = 4,
    **size: int,
) -> World:
    """Return a world of two equal models."""
    subjects = "1 subject" if n_subjects == 1 else f"{n_subjects} subjects"
    if n_subjects > 1:
        subjects += " drawn too" if n_subjects >= fewest else " given"
    figures = [
        Figure("models differ, p ≤ .05", share("significant"), most=0.07, before=before[0]),
        Figure("nested score covered", covered, least=0.92, before=before[1]),
    ]
    if n_layers == 1:
        wider = Figure("standard error over a plain one's", mean("wider"), most=1.1)
        figures = [figures[1], wider]
    return World(
        "1",
        f"equal models, {measure}, {n_stimuli} stimuli, {n_layers} layers, {subjects}",
        partial(equal_models, n_stimuli=n_stimuli, n_layers=n_layers, n_subjects=n_subjects,
                measure=measure, fewest=fewest),
        tuple(figures),
        **size,
    )  # fmt: skip


def unlike_chance(rng: Rng, measure: str) -> Found:
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


def objects(rng: Rng, n: int, variants: int) -> Found:
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
    said = rows["status"].str.contains("groups of stimuli cannot tell").all()
    return {"low": low, "high": high, "truth": estimate, "refused": float(numbers and said),
            "significant": at_most(rows["p"].to_numpy()[1:])}  # fmt: skip


def null_values(rng: Rng, measure: str) -> Found:
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


def asked_once(rng: Rng) -> Found:
    """Compare two models, and a third of which one seed is known, so that its pairs have no p."""
    rdms, layers, models = equal_layers(rng, 30, 1, n_models=3)
    seed = seed_of(rng)
    families = [ModelFamily("a", ("a",)), ModelFamily("b", ("b",)), ModelFamily("c", ("c",), True)]
    corrected, sizes = [], []
    for n in (2, 3):
        found = compared(rdms, layers[:n], models[:n], seed=seed, families=families[:n], **USUAL)
        place = {"region": "IT", "distance": "d", "measure": "m"}
        (part,) = found.differences
        rows = pd.DataFrame(part.rows).assign(**place)
        table = answered([type(part)(rows, part.statistic, part.largest)], Inference())
        corrected.append(table["p_corrected"][0])
        sizes.append(table["family_size"][0])
    return {"corrected": corrected[1] - corrected[0], "size": sizes[1]}


def twice_asked(rng: Rng) -> Found:
    """Compare a trained model with its untrained twins and with another model."""
    rdms, layers, _ = equal_layers(rng, 30, 1, n_models=5)
    families = [
        ModelFamily("net", ("net",)),
        ModelFamily("twin", ("t1", "t2", "t3"), seeded=True, twin_of="net"),
        ModelFamily("pixels", ("pixels",)),
    ]
    found = compared(
        rdms, layers, ["net", "t1", "t2", "t3", "pixels"], seed=seed_of(rng), families=families,
        **USUAL, **NO_TEST,
    )  # fmt: skip
    pairs = found.differences[0].rows[["model_a", "model_b"]].to_numpy().tolist()
    return {"again": float(["net", "twin"] in pairs),
            "significant": at_most(found.contrasts[0].rows["p"].to_numpy())}  # fmt: skip


def largest_gap(columns: Columns) -> tuple[float, float]:
    """Return the largest change of a corrected p."""
    return float(np.abs(columns["corrected"]).max()), 0.0


WHITENED = World(
    "11",
    "equal models, whitened_correlation, 40 stimuli, 10 layers, 1 subject",
    partial(equal_models, n_stimuli=40, n_layers=10, n_subjects=1,
            measure="whitened_correlation", fewest=4),
    (
        Figure("nested score less the layers' value", mean("bias"), least=-0.01, most=0.01,
               before="-.026"),
        Figure("nested score covered", covered, least=0.92),
        Figure("models differ, p ≤ .05", share("significant"), most=0.07),
    ),
)  # fmt: skip

WORLDS = (
    *(
        equal_world(n, layers, subjects, before=before, n=240 if n < 92 else 160)
        for n, layers, subjects, before in (
            (30, 10, 1, (".13", ".71–.86")), (30, 30, 1, ("", ".71–.86")),
            (60, 10, 1, ("", ".71–.86")), (60, 30, 1, (".22", ".71–.86")),
            (92, 10, 1, ("", ".71–.86")), (92, 30, 1, ("", ".71–.86")),
            (30, 10, 4, ("", "")), (30, 30, 4, ("", "")), (60, 10, 4, ("", "")),
            (60, 30, 4, ("", "")), (92, 10, 4, ("", "")), (92, 30, 4, ("", "")),
        )
    ),
    equal_world(92, 20, 4, "rho_a", (".23", ".71–.86"), n=120, quick=2),
    equal_world(92, 20, 4, "pearson", fewest=5, n=160),
    *(equal_world(n, 1) for n in (30, 92)),
    equal_world(60, 1, 4),
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
    WHITENED,
    World(
        "13", "two models, and a third of one seed", asked_once,
        (
            Figure("corrected p moved by pairs without p", largest_gap, most=0, before=".062"),
            Figure("family size", mean("size"), least=1, most=1, before="1"),
        ),
        n=50,
    ),
    World(
        "13", "a trained model, its twins, another model", twice_asked,
        (
            Figure("contrasts asked again as differences", share("again"), most=0, before="1"),
            Figure("contrast of equals, p ≤ .05", share("significant"), most=0.07),
        ),
    ),
)  # fmt: skip

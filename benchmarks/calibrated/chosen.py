"""Models at the layer chosen for them, of which none is better: rows 1, 11 and 13."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from calibrated.drawn import NO_TEST, USUAL, Rng, compared, equal_layers, seed_of
from calibrated.table import Columns, DataSet, Figure, World, at_most, covered, mean, share
from isomorph.inference.families import answered
from isomorph.inference.members import ModelFamily
from isomorph.study import Inference


def equal_models(
    rng: Rng, n_stimuli: int, n_layers: int, n_subjects: int, measure: str, fewest: int
) -> DataSet:
    """Compare two models whose layers are all equally like the region in the population."""
    rdms, layers, models = equal_layers(rng, n_stimuli, n_layers, n_subjects)
    found = compared(
        rdms,
        layers,
        models,
        measure=measure,
        seed=seed_of(rng),
        minimum_subjects=fewest,
        **USUAL,
        **NO_TEST,
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


def asked_once(rng: Rng) -> DataSet:
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


def twice_asked(rng: Rng) -> DataSet:
    """Compare a trained model with its untrained controls and with another model."""
    rdms, layers, _ = equal_layers(rng, 30, 1, n_models=5)
    families = [
        ModelFamily("net", ("net",)),
        ModelFamily("untrained", ("t1", "t2", "t3"), seeded=True, control_of="net"),
        ModelFamily("pixels", ("pixels",)),
    ]
    found = compared(
        rdms, layers, ["net", "t1", "t2", "t3", "pixels"], seed=seed_of(rng), families=families,
        **USUAL, **NO_TEST,
    )  # fmt: skip
    pairs = found.differences[0].rows[["model_a", "model_b"]].to_numpy().tolist()
    return {"again": float(["net", "untrained"] in pairs),
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
        equal_world(n, layers, subjects, before=before, n=160 if n < 92 else 100, quick=2)
        for n, layers, subjects, before in (
            (30, 10, 1, (".13", ".71–.86")), (30, 30, 1, ("", ".71–.86")),
            (60, 10, 1, ("", ".71–.86")), (60, 30, 1, (".22", ".71–.86")),
            (92, 10, 1, ("", ".71–.86")), (92, 30, 1, ("", ".71–.86")),
            (30, 10, 4, ("", "")), (30, 30, 4, ("", "")), (60, 10, 4, ("", "")),
            (60, 30, 4, ("", "")), (92, 10, 4, ("", "")), (92, 30, 4, ("", "")),
        )
    ),
    equal_world(92, 20, 4, "rho_a", (".23", ".71–.86"), n=80, quick=2),
    # From here on values vary as what each stimulus adds says.
    *(equal_world(120, 10, subjects, name, n=100, quick=2)
      for name in ("pearson", "rho_a") for subjects in (1, 4)),
    equal_world(92, 20, 4, "pearson", fewest=5, n=100, quick=2),
    *(equal_world(n, 1) for n in (30, 92)),
    equal_world(60, 1, 4),
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
        "13", "a trained model, its controls, another model", twice_asked,
        (
            Figure("contrasts asked again as differences", share("again"), most=0, before="1"),
            Figure("contrast of equals, p ≤ .05", share("significant"), most=0.07),
        ),
    ),
)  # fmt: skip

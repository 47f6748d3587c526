"""What recovery says of claims, against claims that tables make of such data: row 15."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from calibrated.drawn import (
    NO_TEST,
    USUAL,
    Rng,
    candidates_of,
    compared,
    distances,
    few,
    region_of,
    seed_of,
    stimuli_of,
)
from calibrated.table import Columns, DataSet, Figure, World, mean
from isomorph.inference.comparisons import Compared
from isomorph.inference.groups import exchanged
from isomorph.inference.members import ModelFamily
from isomorph.inference.permutation import shuffled
from isomorph.inference.setting import Setting
from isomorph.inference.stimulus_splits import Stimuli
from isomorph.inference.trust.layers import Layers
from isomorph.inference.trust.measured_data import MeasuredData
from isomorph.inference.trust.rates import power_row
from isomorph.inference.trust.simulated_scores import recover
from isomorph.inference.trust.told_apart import Terms
from isomorph.inference.trust.winners import relations_of
from isomorph.measures import MEASURES
from isomorph.simulation.gaussian import SimulatedDesign, draw, mix
from isomorph.simulation.planting import PLANTINGS, root


def terms_of(
    models: Sequence[str],
    stimuli: Stimuli,
    measure: str = "pearson",
    families: Sequence[ModelFamily] | None = None,
    **settings: Any,
) -> Terms:
    """Return what simulated data are compared under: by every model itself unless given.

    Parameters
    ----------
    models : sequence of str
        Model of every layer.
    stimuli : Stimuli
    measure : str
    families : sequence of ModelFamily, optional
    **settings
        Of `few`.
    """
    families = families or [ModelFamily(name, (name,)) for name in dict.fromkeys(models)]
    setting = Setting("data", True, "squared_euclidean", MEASURES[measure], few(**settings))
    return Terms(setting, families, stimuli.table, stimuli.groups, stimuli.where)


def by_tables(found: Compared, planted: str = "") -> bool:
    """Tell whether the tables of a comparison tell a model from the best of the others.

    Parameters
    ----------
    found : Compared
        Of one region.
    planted : str
        The model; the best of all unless given.
    """
    pairs = []
    for (part,), one, two, names in (
        (found.differences, "model_a", "model_b", ("score_a", "score_b")),
        (found.contrasts, "model", "control", ("score", "control_score")),
    ):
        for row in part.rows.to_dict("records"):
            scores = [row[name] for name in names]
            pairs.append(({row[one]: scores[0], row[two]: scores[1]}, row["p"]))
    score = {name: value for pair, _ in pairs for name, value in pair.items()}
    first = planted or max(score, key=lambda name: score[name])
    second = max((name for name in score if name != first), key=lambda name: score[name])
    (p,) = [p for pair, p in pairs if first in pair and second in pair]
    return bool(score[first] > score[second] and p <= 0.05)


def told_and_found(rng: Rng, n_stimuli: int, n_tested: int) -> DataSet:
    """Let recovery tell how often claims are made, and make them of other data of that kind."""
    own = rng.standard_normal((n_stimuli, 8))
    features = own + rng.standard_normal((6, *own.shape))
    layers, models = distances(features), list("aabbcc")
    candidates, stimuli = candidates_of(layers, models), stimuli_of(n_stimuli, [layers])
    planting = PLANTINGS["squared_euclidean"]
    design = SimulatedDesign(n_stimuli, (30, 30), 1, False, planting)
    data = MeasuredData(region_of(np.zeros((2, 1))), design, 0.5, True, "")
    number = {"simulations": n_tested, "tested": n_tested}
    terms = terms_of(models, stimuli, recovery=number, **USUAL)
    related = relations_of(candidates.table, {})
    seed = (seed_of(rng),)
    result = recover(data, Layers(candidates, (MEASURES["pearson"],), terms, seed), (0,), seed=seed)
    told = power_row(result.tallies["pearson", 0, (n_stimuli, 2)], 0, related)
    whole, _ = mix(root(layers[0], planting), draw(design, n_tested, rng))
    made: dict[str, list[bool]] = {"power_runner_up": [], "false_winner": []}
    for rdms in whole.rdms(result.calibrations[0].angle):
        nothing = shuffled(rdms, exchanged(stimuli.groups, 1, rng))[0]
        for claim, region, planted in (
            ("power_runner_up", rdms, "a"), ("false_winner", nothing, ""),
        ):  # fmt: skip
            tables = compared(region, layers, models, seed=seed_of(rng), **USUAL, **NO_TEST)
            made[claim].append(by_tables(tables, planted))
    numbers = {f"found_{claim}": float(np.mean(claims)) for claim, claims in made.items()}
    return {
        **numbers,
        **{f"told_{claim}": told[claim] for claim in made},
        "error": 2 * told["error_false_winner"] * np.sqrt(told["n_false_winner"]),
        "number": told["n_false_winner"] / n_tested,
    }


def apart(columns: Columns, claim: str) -> tuple[float, float]:
    """Return the rate that is reported less the one that is found."""
    off = columns[f"told_{claim}"] - columns[f"found_{claim}"]
    return float(off.mean()), float(off.std(ddof=1) / np.sqrt(len(off)))


WORLDS = (
    World(
        "15",
        "recovery of one of three models, and tables of such data",
        partial(told_and_found, n_stimuli=26, n_tested=5),
        (
            Figure("power against the runner-up, told", mean("told_power_runner_up"),
                   before=".995"),
            Figure("power against the runner-up, found", mean("found_power_runner_up"),
                   before=".93"),
            Figure("told less found", partial(apart, claim="power_runner_up"), least=-0.03,
                   most=0.03, before=".065"),
            Figure("false winners, told", mean("told_false_winner"), before="0"),
            Figure("false winners, found", mean("found_false_winner"), before=".07"),
            Figure("false winners, told less found", partial(apart, claim="false_winner"),
                   least=-0.03, most=0.03, before="-.07"),
            Figure("error told over that of its own number", mean("error"), least=1,
                   before=".63"),
        ),
        n=120,
        quick=2,
    ),
)  # fmt: skip

"""Units predicted from layers and layers from units: intervals, differences, choices and p.

New stimuli are predicted by new maps, so what predictions are fitted to varies as they do. Every
data set has other stimuli, and other subjects or units where these are resampled; layers in reverse
and asymmetries are of given units where there is one subject.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from calibrated.drawn import Rng, seed_of
from calibrated.table import (
    Columns,
    DataSet,
    Figure,
    World,
    at_most,
    covered,
    share,
    told_over_true,
)
from isomorph.inference.predict.in_hand import predict
from isomorph.measures import Floats

N_UNITS, N_FEATURES, N_LAYERS = 20, 10, 2

METHODS = ("ridge", "ridge_reverse")

RESAMPLES = 200

FEWEST_SUBJECTS = 4

MANY = 80


def subjects_of(rng: Rng, features: Floats, n: int, units: Rng | None = None) -> list[Floats]:
    """Return units that are sums of features and as much noise, of several subjects.

    `units` draws what they are sums of, unless all is new.
    """
    by = units or rng
    signal = [features @ by.standard_normal((features.shape[1], N_UNITS)) for _ in range(n)]
    noise = np.sqrt(features.shape[1])
    return [one + noise * rng.standard_normal(one.shape) for one in signal]


def unrelated(rng: Rng, n_stimuli: int, n_subjects: int) -> DataSet:
    """Predict units from a layer of other features, and back."""
    truth, layer = rng.standard_normal((2, n_stimuli, N_FEATURES))
    rows = predict(
        subjects_of(rng, truth, n_subjects), {"a": {"one": layer}}, METHODS, permutations=99,
        resamples=RESAMPLES, minimum_subjects=FEWEST_SUBJECTS, seed=seed_of(rng),
    ).table.query("kind == 'layer'")  # fmt: skip
    return {"significant": at_most(rows["p"].to_numpy(float)),
            "above": rows["interval_low"].to_numpy(float) > 0}  # fmt: skip


def equal(rng: Rng, n_stimuli: int, n_subjects: int) -> DataSet:
    """Predict units from two models whose layers all have the same in common with them."""
    truth, *own = rng.standard_normal((1 + 2 * N_LAYERS, n_stimuli, N_FEATURES))
    layers = [np.hstack([truth, one]) for one in own]
    models = {
        name: {f"layer{at}": one for at, one in enumerate(some)}
        for name, some in (("a", layers[:N_LAYERS]), ("b", layers[N_LAYERS:]))
    }
    settings = {"permutations": 0, "correction": "holm", "resamples": RESAMPLES,
                "minimum_subjects": FEWEST_SUBJECTS, "seed": seed_of(rng)}  # fmt: skip
    fresh = subjects_of(rng, truth, n_subjects)
    drawn = predict(fresh, models, "ridge", bands=["a", "b"], **settings)
    responses = fresh if n_subjects > 1 else subjects_of(rng, truth, 1, np.random.default_rng(0))
    given = predict(responses, models, METHODS, **settings)
    told: dict[str, float | Floats] = {}
    for method, found in (("ridge", drawn), ("ridge_reverse", given)):
        rows = found.table.query("measure == @method")
        layer, chosen = (rows[rows["kind"] == kind] for kind in ("layer", "chosen"))
        for name, some in ((method, layer), (f"{method} chosen", chosen)):
            told |= {f"{name} {end}": some[f"interval_{end}"].to_numpy(float)
                     for end in ("low", "high")}  # fmt: skip
            told[f"{name} truth"] = layer["estimate"].mean()
        told[f"{method} estimate"] = layer["estimate"].to_numpy(float)[:1]
        told[f"{method} told"] = layer["standard_error"].to_numpy(float)[:1]
        differ = found.prediction_differences.query("measure == @method")
        told[f"{method} differ"] = at_most(differ["p"].to_numpy(float))
    layer = given.table.query("measure == 'ridge' and kind == 'layer'")
    told |= {f"asymmetry {end}": layer[f"asymmetry_{end}"].to_numpy(float)
             for end in ("low", "high")}  # fmt: skip
    told["asymmetry truth"] = layer["asymmetry"].mean()
    for kind in ("unique", "total"):
        parts = drawn.prediction_partition.query("kind == @kind")
        told |= {f"{kind} {end}": parts[f"interval_{end}"].to_numpy(float)
                 for end in ("low", "high")}  # fmt: skip
        told[f"{kind} truth"] = parts["variance"].mean()
    return told


def covered_of(columns: Columns, name: str) -> tuple[float, float]:
    """Return `covered` of the columns of one thing."""
    return covered({end: columns[f"{name} {end}"] for end in ("low", "high", "truth")})


def told_of(columns: Columns, name: str) -> tuple[float, float]:
    """Return `told_over_true` of the columns of one thing."""
    return told_over_true({one: columns[f"{name} {one}"] for one in ("told", "estimate")})


def worlds_of(n_stimuli: int, n_subjects: int) -> list[World]:
    """Return the worlds of one size."""
    size = f"{n_stimuli} stimuli, {n_subjects} subject{'s' if n_subjects > 1 else ''}"
    figures: list[Figure] = []
    for method in METHODS:
        figures += [
            Figure(f"{method}: models differ, p ≤ .05", share(f"{method} differ"), most=0.07),
            Figure(f"{method}: layer covered", partial(covered_of, name=method), least=0.92),
            Figure(f"{method}: chosen layer covered",
                   partial(covered_of, name=f"{method} chosen"), least=0.92),
            Figure(f"{method}: standard error over the true one",
                   partial(told_of, name=method), least=0.85, most=1.6),
        ]  # fmt: skip
    # At 40 stimuli penalties of bands are chosen too low in some, so that means are of outliers.
    bands = (("variance of one model alone", "unique"), ("variance of both", "total"))
    figures += [
        Figure(f"{name} covered", partial(covered_of, name=column), least=0.92)
        for name, column in (("asymmetry", "asymmetry"), *(bands if n_stimuli >= MANY else ()))
    ]  # fmt: skip
    one = partial(unrelated, n_stimuli=n_stimuli, n_subjects=n_subjects)
    return [
        World("predicted", f"unrelated, {size}", one,
              (Figure("p ≤ .05", share("significant"), most=0.07),
               Figure("intervals above 0", share("above"), most=0.05))),
        World("predicted", f"equal models, {size}, {N_LAYERS} layers",
              partial(equal, n_stimuli=n_stimuli, n_subjects=n_subjects), tuple(figures)),
    ]  # fmt: skip


WORLDS = tuple(world for size in ((40, 1), (80, 1), (40, 5)) for world in worlds_of(*size))

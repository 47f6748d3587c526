"""Stimuli that follow one another: films of which frames are alike, and a ring of bins.

Region and layers change slowly, each by itself, as autoregressive courses of first order do (each
unit and feature with the same time constant, in frames) or smooth functions around a ring. Where
nothing is shared, p at .05 may be found in .07 of films; what exchanging single frames would find
stands beside it.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
from scipy.ndimage import gaussian_filter1d
from scipy.signal import lfilter

from calibrated.drawn import Rng, compared, distances, few, scored, seed_of
from calibrated.table import Columns, DataSet, Figure, World, at_most, covered, mean, share
from isomorph.inference.likeness import lags_of_rdm
from isomorph.inference.on_axes import on_axes
from isomorph.inference.permutation import make_orders, permutation_null
from isomorph.inference.predict.in_hand import predict
from isomorph.inference.stimulus_splits import Stimuli
from isomorph.measures import MEASURES, Floats
from isomorph.study.axes import StimulusAxis

ROW = "films"

N_ORDERS = 99

N_BINS = 36

UNITS = 20


def course(rng: Rng, n: int, features: int, constant: float) -> Floats:
    """Return features `(frame, feature)` of variance 1 that forget within some frames."""
    keep = np.exp(-1 / constant)
    fresh = rng.standard_normal((n, features)) * np.sqrt(1 - keep**2)
    fresh[0] /= np.sqrt(1 - keep**2)
    found: Floats = lfilter([1.0], [1.0, -keep], fresh, axis=0)
    return found


def recorded(rng: Rng, truth: Floats) -> Floats:
    """Return what is recorded of features: half as much noise beside them."""
    return truth + 0.5 * rng.standard_normal(truth.shape)


def followed(
    values: Floats, rdm: Floats, layers: Floats, *, period: float | None = None, **blocks: object
) -> Stimuli:
    """Return stimuli along one axis, with blocks chosen from the RDM of a region."""
    n = len(values)
    table = pd.DataFrame({"stimulus": [f"f{k:04d}" for k in range(n)], "time": values})
    axes = (StimulusAxis("time", period),)
    settings = few(blocks=blocks)
    along = on_axes(table, axes, settings, lambda places: lags_of_rdm(rdm, places), "study.yaml")
    return Stimuli(table, [layers], "study.yaml", along.groups, along)


def unrelated(
    rng: Rng, n: int, constant: float, features: int, exchange: str, measure: str = "pearson"
) -> DataSet:
    """Compare a region with a layer, both slow and neither of the other."""
    region = distances(recorded(rng, course(rng, n, features, constant)))
    layer = distances(course(rng, n, features, constant))
    if exchange == "frames":
        null = permutation_null(
            region[None], layer[None], MEASURES[measure], make_orders(n, N_ORDERS, rng)
        )
        return {"significant": at_most(null.p), "tested": 1.0}
    stimuli = followed(np.arange(n), region, layer[None], exchange=exchange)
    along = stimuli.along
    assert along is not None, "frames follow one another"
    null = permutation_null(
        region[None], layer[None], MEASURES[measure], along.orders(N_ORDERS, rng), lag=along.lag
    )
    tested = not along.untested
    return {"significant": np.nan_to_num(at_most(null.p)), "tested": float(tested)}


def related(rng: Rng, n: int, constant: float) -> DataSet:
    """Compare a region with a layer that has half of its features; blocks are drawn."""
    truth, own, other = (course(rng, n, UNITS, constant) for _ in range(3))
    region = distances(recorded(rng, np.hstack([truth, own])))
    layer = distances(np.hstack([truth, other]))
    stimuli = followed(np.arange(n), region, layer[None])
    found = scored(
        region[None], layer[None], "pearson", seed_of(rng), stimuli, permutations=0,
        resamples=300, selection={"repeats": 1, "resamples": 50},
    )  # fmt: skip
    told, estimate = found.estimates().spread((-1.0, 1.0)), found.estimate[0]
    low, high = told.interval(estimate, 0.95, (-1.0, 1.0))
    return {
        "low": low.item(), "high": high.item(), "truth": estimate.item(),
        "estimate": estimate.item(), "told": told.standard_error.item(),
    }  # fmt: skip


def chosen(rng: Rng, n: int, constant: float, gap: float | None) -> DataSet:
    """Choose among layers that have nothing to do with the region, and score the best."""
    region = distances(recorded(rng, course(rng, n, UNITS, constant)))
    layers = distances(np.stack([course(rng, n, UNITS, constant) for _ in range(12)]))
    blocks = {} if gap is None else {"gap": gap}
    stimuli = followed(np.arange(n), region, layers, **blocks)
    found = compared(
        region[None], layers, ["a"] * len(layers), "pearson", seed_of(rng), stimuli,
        permutations=0, correction="holm", resamples=50,
        selection={"repeats": 4, "resamples": 50},
    )  # fmt: skip
    row = found.selection[0]
    level = float(found.comparisons[0].rows["estimate"].mean())
    return {"bias": float(row["score"]) - level, "maximum": float(row["maximum"]) - level}


def predicted(rng: Rng, n: int, constant: float, gap: float | None, exchange: str) -> DataSet:
    """Predict units from the features of a layer that has nothing to do with them."""
    units = recorded(rng, course(rng, n, UNITS, constant))
    layer = course(rng, n, UNITS, constant)
    table = pd.DataFrame({"stimulus": [f"f{k:04d}" for k in range(n)], "time": np.arange(n)})
    blocks = {"along": [{"column": "time"}], "exchange": exchange}
    if gap is not None:
        blocks |= {"gap": gap}
    rows = predict(
        units, {"a": {"one": layer}}, "ridge", stimuli=table, permutations=N_ORDERS, resamples=50,
        seed=seed_of(rng), blocks=blocks,
    ).table.query("kind == 'layer'")  # fmt: skip
    return {"score": rows["estimate"].to_numpy(float), "significant": at_most(rows["p"].to_numpy())}


def around(rng: Rng, width: float, features: int, missing: int = 0) -> DataSet:
    """Compare smooth functions around a ring that have nothing to do with each other."""
    values = 360 * np.sort(rng.permutation(N_BINS)[missing:]) / N_BINS

    def smooth() -> Floats:
        fresh = rng.standard_normal((N_BINS, features))
        every = gaussian_filter1d(fresh, width / 360 * N_BINS, axis=0, mode="wrap")
        return every[np.rint(values / 360 * N_BINS).astype(int)]

    region = distances(smooth() + 0.05 * rng.standard_normal((len(values), features)))
    layer = distances(smooth())
    stimuli = followed(values, region, layer[None], period=360.0, exchange="shifts")
    along = stimuli.along
    assert along is not None, "bins follow one another"
    null = permutation_null(
        region[None], layer[None], MEASURES["pearson"], along.orders(N_ORDERS, rng), lag=along.lag
    )
    return {"significant": at_most(null.p), "second": at_most(null.p, 2 / len(values))}


def among_tested(columns: Columns) -> tuple[float, float]:
    """Return how often there is a p at .05 where there are enough blocks for any."""
    tested = columns["tested"] > 0
    return share("significant")({"significant": columns["significant"][tested]})


def ratio(columns: Columns) -> tuple[float, float]:
    """Return the mean told variance over the true one, as standard errors."""
    told = np.sqrt((columns["told"] ** 2).mean()) / columns["estimate"].std(ddof=1)
    return float(told), float(told / np.sqrt(2 * len(columns["told"])))


SIZES = ((120, 2.0, (5, 40, 200)), (120, 4.0, (5, 40, 200)), (300, 2.0, (5, 40)))
"""Frames, how many they are remembered, and features."""

WORLDS = (
    *(
        World(
            ROW,
            f"an unrelated layer, {n} frames, {constant:g} of memory, {features} features, "
            f"{exchange} exchanged",
            partial(unrelated, n=n, constant=constant, features=features, exchange=exchange),
            (
                Figure(
                    "related, p ≤ .05", among_tested,
                    **({} if exchange == "frames" else {"most": 0.07}),
                ),
            ),
        )
        for n, constant, dimensions in SIZES
        for features in dimensions
        for exchange in ("shifts", "blocks", "frames")
        # Blocks of 120 frames with a long memory are too few to change places.
        if exchange != "blocks" or constant == 2
        if exchange != "frames" or n == 120
    ),
    *(
        World(
            ROW,
            f"a related layer, {n} frames, {constant:g} of memory, bootstrap over blocks",
            partial(related, n=n, constant=constant),
            (
                Figure("intervals hold", covered),
                Figure("standard error over the true one", ratio),
            ),
            n=150,
        )
        for n, constant in ((120, 2.0), (300, 2.0))
    ),
    *(
        World(
            ROW,
            f"the best of 12 unrelated layers, 240 frames, {constant:g} of memory, {said}",
            partial(chosen, n=240, constant=constant, gap=gap),
            (Figure("score above a layer's own", mean("bias")),
             Figure("highest above a layer's own", mean("maximum"))),
            n=30, quick=2,
        )
        for constant in (1.0, 4.0)
        for said, gap in (("gaps", None), ("no gap", 0.0))
    ),
    *(
        World(
            ROW,
            f"units of an unrelated layer, {n} frames, {constant:g} of memory, {said}, {exchange}",
            partial(predicted, n=n, constant=constant, gap=gap, exchange=exchange),
            (Figure("held-out correlation", mean("score")),
             Figure("p ≤ .05", share("significant"), **({"most": 0.07} if gap is None else {}))),
            n=30, quick=2,
        )
        for n, constant in ((120, 3.0),)
        for said, gap in (("gaps", None), ("no gap", 0.0))
        for exchange in ("shifts", "auto")
    ),
    *(
        World(
            ROW,
            f"a ring of {N_BINS} bins, {missing} missing, unrelated, smooth over {width:g} degrees",
            partial(around, width=width, features=features, missing=missing),
            (Figure("related, p ≤ .05", share("significant"), most=0.07),
             Figure("among the first two of all orders", share("second"))),
            n=600,
        )
        for width, features in ((15.0, 20), (30.0, 60))
        for missing in (0, 3)
    ),
)  # fmt: skip

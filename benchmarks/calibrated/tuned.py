"""Tuning where there is none: units that drift, headings and places that change slowly."""

from __future__ import annotations

from functools import partial

import numpy as np

from calibrated.drawn import Rng
from calibrated.table import DataSet, Figure, World, at_most, mean, share
from isomorph.responses.rates.spikes import Spikes
from isomorph.responses.rates.tuning import tuning_of
from isomorph.responses.rates.visits import visits_of
from isomorph.stimuli.variable import Track, stretches
from isomorph.stimuli.variable.bins import grid
from isomorph.study.rates import RateResponses
from isomorph.study.variable import VariableStimuli

TURN = 2 * np.pi
RATE = 20.0
N_UNITS, SHIFTS = 20, 199


def drifting(rng: Rng, kind: str, rests: bool, seconds: int = 400) -> DataSet:
    """Follow an animal while units fire at rates that wander, whatever it does."""
    times = np.arange(round(seconds * RATE)) / RATE
    speed = np.zeros(len(times))
    for at in range(1, len(times)):
        speed[at] = 0.95 * speed[at - 1] + 0.6 * rng.standard_normal()
    heading = np.cumsum(speed) / RATE
    values, edges, periods = heading[:, None] % TURN, [np.linspace(0, TURN, 13)], [TURN]
    names: tuple[str, ...] = ("heading",)
    if kind == "place":
        steps = 0.03 * np.column_stack([np.cos(heading), np.sin(heading)])
        values = np.abs((np.cumsum(steps, axis=0) + 0.5) % 2 - 1)  # walls turn it back
        names, periods = ("x", "y"), [None, None]
        edges = [np.linspace(0, 1 + 1e-9, 9)] * 2
    moves = np.cumsum(rng.random(len(times)) < 1 / 40) % 2 == 0
    counts = moves if rests else np.ones(len(times), dtype=bool)
    slow = np.cumsum(rng.standard_normal((len(times), N_UNITS)), axis=0) / np.sqrt(len(times))
    fired = rng.poisson(3 * np.exp(slow) / RATE)
    starts, lasts = stretches(times)
    track = Track(names, times, values, starts, lasts, counts, ("",) * len(names), "simulated")
    owner, sample = (np.repeat(one, fired.T.ravel()) for one in np.divmod(
        np.arange(fired.size), len(times)
    ))  # fmt: skip
    inside = counts[sample]
    spikes = Spikes(
        track, sample[inside], times[sample[inside]], owner[inside],
        np.arange(N_UNITS).astype(str), np.full(N_UNITS, "MEC"), {},
    )  # fmt: skip
    bins = grid(dict(zip(names, edges, strict=True)), dict(zip(names, periods, strict=True)))
    each = {
        name: {"series": name, **({"range": [0, 1]} if period is None else {"period": period})}
        for name, period in zip(names, periods, strict=True)
    }
    stimuli = VariableStimuli.model_validate({"kind": "variable", "files": "*", "variables": each})
    settings = RateResponses(kind="rates", files="*", smoothing="1 bins")
    visits = visits_of(spikes, stimuli, bins)
    rows = tuning_of(visits, settings, bins, SHIFTS, rng, "simulated")[-1].rows
    p = rows["p"].to_numpy(dtype=float)
    return {"p at most .05": at_most(p), "p": float(np.nanmean(p))}


def world(said: str, kind: str, rests: bool) -> World:
    """Return units that are tuned to nothing."""
    return World(
        "tuning",
        said,
        partial(drifting, kind=kind, rests=rests),
        (
            Figure("p at most .05", share("p at most .05"), most=0.07),
            Figure("mean p", mean("p"), least=0.42, most=0.58),
        ),
        n=100,
    )


WORLDS = (
    world("rates that wander and a heading", "heading", rests=False),
    world("rates that wander and a heading, with rests", "heading", rests=True),
    world("rates that wander and a place", "place", rests=False),
    world("rates that wander and a place, with rests", "place", rests=True),
)

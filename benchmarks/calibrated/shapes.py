"""Rings, tori and what has no shape: how often they are named, and coordinates that say nothing."""

from __future__ import annotations

from functools import partial

import numpy as np
from scipy.ndimage import gaussian_filter1d

from calibrated.drawn import Rng
from calibrated.table import DataSet, Figure, World, at_most, mean, share
from isomorph.measures import Floats
from isomorph.simulation.navigation import (
    grid_cells,
    grid_phases,
    heading_cells,
    line_cells,
    line_preferences,
    peak_rates,
    random_heading,
    random_path,
    random_states,
    shifted,
    state_cells,
)
from isomorph.study.topology import Topology
from isomorph.topology import Result, topology_of
from isomorph.topology.decoding import decoded

STEP = 0.1
"""Seconds between moments."""

SPACING = 0.5
"""Of a grid module in an arena of 1.5 m, m."""


def counted(rates: Floats, rng: Rng, smoothing: float = 1.0) -> Floats:
    """Return spikes per second of Poisson spikes, smoothed over so many steps."""
    spikes = rng.poisson(rates * STEP) / STEP
    smoothed: Floats = gaussian_filter1d(spikes.astype(float), smoothing, axis=0)
    return smoothed


def settings_of(dimensions: int, points: int, shuffles: int) -> Topology:
    return Topology(dimensions=dimensions, points=points, shuffles=shuffles, sampling="density")


def named(result: Result, *names: str) -> DataSet:
    """Return whether a result has one of the names, or any but none."""
    return {"named": float(result.signature.name in names),
            "any": float(result.signature.name != "none")}  # fmt: skip


def unrelated(rng: Rng, n: int, units: int, dimensions: int) -> DataSet:
    """Units that follow a heading each of its own."""
    headings = np.stack([random_heading(n, STEP, rng) for _ in range(units)], axis=1)
    preferred, peak = rng.uniform(0, 2 * np.pi, units), peak_rates(units, rng)
    rates = np.column_stack([
        heading_cells(headings[:, one], preferred[[one]], peak=peak[[one]]) for one in range(units)
    ])  # fmt: skip
    shuffles = 20 * (dimensions + 1) - 1
    settings = settings_of(dimensions, 60, shuffles)
    return named(topology_of(counted(rates, rng), settings, rng=rng), "ring", "torus", "sphere")


def heading(rng: Rng, n: int, units: int) -> DataSet:
    """A head-direction population, and how well its coordinate follows the heading."""
    truth = random_heading(n, STEP, rng)
    rates = heading_cells(truth, rng.uniform(0, 2 * np.pi, units), peak=peak_rates(units, rng))
    found = topology_of(counted(rates, rng), settings_of(1, 150, 39), rng=rng,
                        variables={"heading": truth}, periods={"heading": 2 * np.pi})  # fmt: skip
    return {**named(found, "ring"), "error": found.decoded[0].error if found.decoded else 90.0}


def line(rng: Rng, n: int, units: int) -> DataSet:
    """Units that follow a place between two ends, preferring places between them alone."""
    place = random_path(n, STEP, rng, dimensions=1)[0].reshape(-1)
    rates = line_cells(place, rng.uniform(0, 1, units), width=0.1, peak=peak_rates(units, rng))
    return named(topology_of(counted(rates, rng), settings_of(1, 150, 39), rng=rng), "ring")


def line_beyond(rng: Rng, n: int, units: int) -> DataSet:
    """The same with units that prefer places beyond the ends as well."""
    place = random_path(n, STEP, rng, dimensions=1)[0].reshape(-1)
    preferred = line_preferences(units, 1.0, 0.2, rng)
    rates = line_cells(place, preferred, width=0.2, peak=peak_rates(units, rng))
    return named(topology_of(counted(rates, rng), settings_of(1, 150, 39), rng=rng), "ring")


def states(rng: Rng, n: int, units: int) -> DataSet:
    """Units with a rate of their own in each of six states."""
    rates = state_cells(random_states(n, STEP, rng), units, rng)
    return named(topology_of(counted(rates, rng), settings_of(1, 150, 39), rng=rng), "ring")


def module(rng: Rng, n: int, units: int, apart: bool) -> DataSet:
    """A grid module, or its cells shifted in time against one another."""
    place = random_path(n, STEP, rng, side=1.5)[0]
    phases = grid_phases(units, SPACING, rng)
    rates = grid_cells(place, phases, SPACING, peak=peak_rates(units, rng))
    if apart:
        rates = shifted(rates, rng)
    found = topology_of(counted(rates, rng, 1.5), settings_of(2, 200, 59), rng=rng,
                        variables={"x": place[:, 0], "y": place[:, 1]})  # fmt: skip
    errors = [one.error for one in found.decoded]
    return {**named(found, "torus"), "error": max(errors, default=90.0)}


def unrelated_heading(rng: Rng, n: int) -> DataSet:
    """A circle that runs by itself, against a heading and a place."""
    circle, truth = (random_heading(n, STEP, rng) for _ in range(2))
    place = random_path(n, STEP, rng)[0]
    variables = {"heading": truth, "x": place[:, 0], "y": place[:, 1]}
    found = decoded(circle[:, None] % (2 * np.pi), variables, {"heading": 2 * np.pi}, 39, rng)
    return {one.variable: float(at_most(np.array(one.p))) for one in found}


FALSE = Figure("a ring, torus or sphere is found", share("named"), most=0.07)
ANY = Figure("any shape is found", share("any"), most=0.07)
NO_RING = Figure("a ring is found", share("named"), most=0.05)

WORLDS = (
    World("shapes", "20 independent smooth units, loops, 150 s",
          partial(unrelated, n=1500, units=20, dimensions=1), (FALSE, ANY), n=200, quick=2),
    World("shapes", "20 independent smooth units, loops and voids, 150 s",
          partial(unrelated, n=1500, units=20, dimensions=2), (FALSE, ANY), n=100, quick=2),
    World("shapes", "60 head-direction cells, 10 min", partial(heading, n=6000, units=60),
          (Figure("a ring is found", share("named"), least=0.95),
           Figure("median error, degrees", mean("error"), most=12.0)), n=20, quick=2),
    World("shapes", "60 cells of a line, none beyond its ends, 10 min",
          partial(line, n=6000, units=60), (NO_RING,), n=20, quick=2),
    World("shapes", "60 cells of a line, 10 min", partial(line_beyond, n=6000, units=60),
          (NO_RING,), n=20, quick=2),
    World("shapes", "60 cells of six states, 10 min", partial(states, n=6000, units=60),
          (NO_RING,), n=20, quick=2),
    World("shapes", "a module of 120 grid cells, 20 min",
          partial(module, n=12000, units=120, apart=False),
          (Figure("a torus is found", share("named")),), n=4, quick=2),
    World("shapes", "its cells shifted against one another",
          partial(module, n=12000, units=120, apart=True),
          (Figure("a torus is found", share("named"), most=0.05),), n=4, quick=2),
    World("shapes", "a circle that has to do with nothing, 5 min",
          partial(unrelated_heading, n=3000),
          (Figure("heading decoded, p ≤ .05", share("heading"), most=0.07),
           Figure("place decoded, p ≤ .05", share("x × y"), most=0.07)), n=200),
)  # fmt: skip

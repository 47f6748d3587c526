"""How a comparison as a whole grows with stimuli, with RDMs and without.

One call of isomorph.compare, of responses and features in hand: RDMs if they are made, estimates,
intervals, p, layers chosen and differences. Prints, for growing numbers of stimuli, CPU seconds and
the exponent of each way (2 is one step per pair), and what they take of the same stimuli.
"""

from __future__ import annotations

import resource
import sys
from collections.abc import Iterator
from functools import partial
from unittest.mock import patch

import numpy as np

import isomorph
from _command import command, seconds
from isomorph.inference import asking

N_REGIONS, N_LAYERS, N_FEATURES = 2, 10, 60
MEASURES = ["pearson", "rho_a"]
CASE = f"{N_REGIONS} regions x {N_LAYERS} layers, {' and '.join(MEASURES)}"


def compare(n_stimuli: int, *, tiles: bool) -> object:
    """One comparison, of all pairs at once or of some at a time."""
    rng = np.random.default_rng(0)
    shared = rng.standard_normal((n_stimuli, 20), dtype=np.float32)

    def features(noise: float) -> np.ndarray:
        own = rng.standard_normal((n_stimuli, N_FEATURES), dtype=np.float32)
        weights = rng.standard_normal((20, N_FEATURES), dtype=np.float32)
        return shared @ weights + np.float32(noise) * own

    brain = {f"region {k}": features(5.0) for k in range(N_REGIONS)}
    layers = {f"layer {k}": features(1.0 + k) for k in range(N_LAYERS)}
    half = list(layers)[: N_LAYERS // 2]
    models = {
        "first": {name: layers[name] for name in half},
        "second": {name: one for name, one in layers.items() if name not in half},
    }
    with patch.object(asking, "MANY", 0 if tiles else sys.maxsize):
        return isomorph.compare(
            brain, models, MEASURES, distance="squared_euclidean", features=True
        )


def peak() -> float:
    """Return the most memory this process has held, in GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


def measure(quick: bool) -> Iterator[tuple[str, float]]:
    compare(100, tiles=True)
    compare(100, tiles=False)
    took = {}
    # The way that holds little comes first: the peak of memory only rises.
    for name, tiles, steps in (
        ("without RDMs", True, (500, 1000, 2000) if quick else (1000, 2000, 4000, 10_000)),
        ("with RDMs", False, (250, 500, 1000) if quick else (200, 500, 1000, 2000, 3000)),
    ):
        case = f"compare {name}, {CASE}"
        for n in steps:
            took[name, n] = seconds(partial(compare, n, tiles=tiles))
            yield f"{case}, {n} stimuli: seconds", took[name, n]
        yield f"{case}, up to {steps[-1]} stimuli: peak GB", peak()
        # By the upper half: below, the time is that of what does not grow with pairs.
        upper = steps[len(steps) // 2 :] if len(steps) > 3 else steps[1:]
        times = [took[name, n] for n in upper]
        exponent = float(np.polyfit(np.log(upper), np.log(times), 1)[0])
        yield f"{case}: exponent of growth from {upper[0]} to {upper[-1]} stimuli", exponent
    both = [n for kind, n in took if kind == "with RDMs" and ("without RDMs", n) in took]
    ratio = took["with RDMs", both[-1]] / took["without RDMs", both[-1]]
    yield f"compare, {CASE}, {both[-1]} stimuli: seconds with RDMs / without", ratio


if __name__ == "__main__":
    command(__doc__, measure)

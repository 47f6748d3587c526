"""How comparison grows with stimuli, with RDMs and without.

Prints on stderr CPU seconds for growing numbers of stimuli and the exponent of each way (2 is one
step per pair). The ratios are the exponents' goal over what they are.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np

from _command import command
from isomorph.measures import MEASURES
from isomorph.measures.first_order import Signs
from isomorph.measures.tiled import Representation, compared

GOAL = 2.1
RANK, LAYERS = 60, 10


def tiled(n_stimuli: int) -> object:
    rng = np.random.default_rng(0)
    made = [
        Representation(rng.standard_normal((n_stimuli, RANK), dtype=np.float32))
        for _ in range(LAYERS + 1)
    ]
    both = [MEASURES[name] for name in ("pearson", "rho_a")]
    return compared(made[1:], [made[:1]], both, Signs(np.arange(n_stimuli)))


def seconds(work: Callable[[int], object], n_stimuli: int) -> float:
    start = time.process_time()
    work(n_stimuli)
    return time.process_time() - start


def measure(quick: bool) -> dict[str, float]:
    steps = (500, 1000, 2000) if quick else (1000, 2000, 4000, 10_000)
    tiled(100)
    took = [seconds(tiled, n) for n in steps]
    exponent = float(np.polyfit(np.log(steps), np.log(took), 1)[0])
    times = ", ".join(f"{n}: {t:.3g} s" for n, t in zip(steps, took, strict=True))
    print(f"tiles: exponent {exponent:.2f} ({times})", file=sys.stderr)
    return {"goal of the exponent / exponent of tiles": GOAL / exponent}


if __name__ == "__main__":
    command(__doc__, measure)

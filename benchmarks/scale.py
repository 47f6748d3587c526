"""How comparison grows with stimuli, and comparison of 20,000 without their RDMs.

Prints on stderr, for growing numbers of stimuli, the exponent of each way of comparing two
representations (2 is one step per pair); then seconds and peak memory at 20,000 stimuli, and what
the exponents say of 70,000. The ratios are the memory of the two RDMs in float64 over the most
that the process has held.
"""

from __future__ import annotations

import resource
import sys
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from _command import command, seconds
from isomorph.measures import MEASURES
from isomorph.measures.large import (
    Representation,
    moments_of_features,
    moments_of_tiles,
    rank_correlation,
    sampled_pearson,
)

N_FEATURES = 100


def pair_of(n_stimuli: int, distance: str) -> tuple[Representation, Representation]:
    rng = np.random.default_rng(0)
    shared = rng.standard_normal((n_stimuli, 20), dtype=np.float32)
    first, second = (
        shared @ rng.standard_normal((20, N_FEATURES), dtype=np.float32)
        + 3 * rng.standard_normal((n_stimuli, N_FEATURES), dtype=np.float32)
        for _ in range(2)
    )
    return Representation(first, distance), Representation(second, distance)


def dense(name: str) -> Callable[[int], object]:
    """A measure of two RDMs that are held as a whole."""

    def work(n_stimuli: int) -> object:
        one, other = pair_of(n_stimuli, "squared_euclidean")
        everything = slice(None)
        upper = np.triu_indices(n_stimuli, 1)
        x, y = (r.between(everything, everything)[upper].astype(float) for r in (one, other))
        return MEASURES[name].pair(x[None], y[None])

    return work


WAYS: dict[str, tuple[Callable[[int], object], int]] = {
    # Name: what is timed, and the largest number of stimuli it is tried at.
    "pearson of RDMs": (dense("pearson"), 3000),
    "whitened correlation of RDMs": (dense("whitened_correlation"), 3000),
    "spearman of RDMs": (dense("spearman"), 3000),
    "tau-a of RDMs": (dense("tau_a"), 1000),
    "pearson and its jackknife, in feature space": (
        lambda n: moments_of_features(*pair_of(n, "squared_euclidean")).jackknife(),
        10**9,
    ),
    "pearson and its jackknife, Euclidean, by tiles": (
        lambda n: moments_of_tiles(*pair_of(n, "euclidean")).jackknife(),
        20_000,
    ),
    "rho-a, Euclidean, by binned tiles": (
        lambda n: rank_correlation(*pair_of(n, "euclidean"), ties_cost=True),
        20_000,
    ),
    "pearson of a million sampled pairs": (
        lambda n: sampled_pearson(*pair_of(n, "euclidean")),
        10**9,
    ),
}


def peak() -> float:
    """Return the most memory this process has held, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def measure(quick: bool) -> Iterator[tuple[str, float]]:
    steps = (100, 300, 1000, 3000) if quick else (100, 300, 1000, 3000, 10_000)
    shown, projected = (5000, 20_000) if quick else (20_000, 70_000)
    rdm_bytes = 2 * 8 * shown * (shown - 1) / 2
    # The large ones first: the peak of memory only rises.
    large = {}
    for name, (work, most) in WAYS.items():
        if most >= shown:
            before = peak()
            large[name] = seconds(partial(work, shown))
            held = peak()
            grown = f"peak {held / 2**20:.0f} MiB ({(held - before) / 2**20:.0f} more)"
            print(f"{name}: {shown} stimuli in {large[name]:.1f} s, {grown}", file=sys.stderr)
            case = f"{name}, {shown} stimuli x {N_FEATURES} features"
            yield f"{case}: memory of two RDMs in float64 / peak", rdm_bytes / held
            yield f"{case}: seconds", large[name]
    for name, (work, most) in WAYS.items():
        tried = [n for n in steps if n <= most]
        work(tried[0])
        took = [seconds(partial(work, n)) for n in tried]
        if name in large:
            tried, took = [*tried, shown], [*took, large[name]]
        # By the upper half: below, the time is that of starting.
        upper = slice(len(tried) // 2, None)
        exponent = float(np.polyfit(np.log(tried[upper]), np.log(took[upper]), 1)[0])
        times = ", ".join(f"{n}: {t:.3g} s" for n, t in zip(tried, took, strict=True))
        yield f"{name}: exponent of growth up to {tried[-1]} stimuli", exponent
        print(f"{name}: {times}", file=sys.stderr)
        if name in large:
            later = large[name] * (projected / shown) ** exponent
            print(f"{name}: {projected} stimuli would take {later:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    command(__doc__, measure)

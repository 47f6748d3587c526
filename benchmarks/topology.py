"""Topology: points, bars and coordinates, against ripser and dreimac as ratios in one run.

The farthest points of a recording are chosen without the distances between all moments, which
ripser's own choice computes. Coordinates of landmarks and of all moments are compared with those of
dreimac, whose first call compiles and is not timed; the difference of the two is printed too.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from _command import command, seconds
from isomorph.measures import Floats
from isomorph.study.topology import Topology
from isomorph.topology.chain import Cloud, phases_of
from isomorph.topology.decoding import median_error
from isomorph.topology.persistence import METRICS, persistence
from isomorph.topology.sampling import SAMPLINGS


def ring(n: int, units: int = 60) -> tuple[Floats, Floats]:
    """Return angles and noisy activity of units that prefer them: `(moment, unit)`."""
    rng = np.random.default_rng(1)
    angles = rng.uniform(0, 2 * np.pi, n)
    preferred = np.linspace(0, 2 * np.pi, units, endpoint=False)
    tuned = np.exp(4 * (np.cos(angles[:, None] - preferred) - 1))
    return angles, tuned + 0.1 * rng.standard_normal(tuned.shape)


def bars(quick: bool) -> Iterator[tuple[str, float]]:
    rng = np.random.default_rng(1)
    persistence(np.zeros((2, 2)), 1, 47)  # imports ripser
    for n in (60, 100) if quick else (100, 200, 300):
        distances = METRICS["cosine"].between(rng.standard_normal((n, 6)))
        for dimensions, what in ((1, "loops"), (2, "loops and voids")):
            took = seconds(lambda d=dimensions, x=distances: persistence(x, d, 47))
            yield f"{what} of {n} points of noise, s", took


def sampling(quick: bool) -> Iterator[tuple[str, float]]:
    from ripser.ripser import get_greedy_perm

    n = 1000 if quick else 6000
    points = ring(n)[1]
    for name in SAMPLINGS:
        yield f"{name}: 300 of {n} moments, s", seconds(lambda x=name: SAMPLINGS[x](points, 300), 3)
    ours = seconds(lambda: SAMPLINGS["farthest"](points, 300), 3)
    theirs = seconds(lambda: get_greedy_perm(points, n_perm=300))
    yield f"farthest: 300 of {n} moments, ripser over ours", theirs / ours


def coordinates(quick: bool) -> Iterator[tuple[str, float]]:
    from dreimac import CircularCoords

    n, landmarks = (500, 60) if quick else (5000, 200)
    angles, values = ring(n)
    settings = Topology(dimensions=1, metric="euclidean", points=landmarks, of="stimuli")

    def own() -> Floats:
        cloud = Cloud.of(values, settings)
        return phases_of(cloud, cloud.bars(settings, cocycles=True), [0], settings)[0][:, 0]

    scores = Cloud.of(values, settings).scores

    def theirs() -> Floats:
        return CircularCoords(scores, landmarks, prime=47).get_coordinates()

    found = {"ours": own(), "dreimac": theirs()}
    yield f"coordinate of {n} moments, dreimac over ours", seconds(theirs, 3) / seconds(own, 3)
    for name, phases in found.items():
        yield f"coordinate of {n} moments, {name}: median error, degrees", off(phases, angles)
    yield f"coordinate of {n} moments, ours and dreimac's apart, degrees", off(*found.values())


def off(phases: Floats, angles: Floats) -> float:
    """Return the median difference when direction and beginning are fitted, degrees."""
    said = [sign * angles for sign in (1, -1)]
    return min(
        median_error(phases, one + np.angle(np.exp(1j * (phases - one)).mean())) for one in said
    )


if __name__ == "__main__":
    command(__doc__, bars, sampling, coordinates)

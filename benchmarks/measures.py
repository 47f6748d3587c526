"""Every measure between ten regions and two hundred layers: seconds, growth, and peers as ratios.

A peer is what a user would write for one region and one layer, timed for a few of the two thousand
pairs and multiplied; process CPU seconds of the peer over ours, in one run. The table beside the
ratios, printed unless they are asked for as JSON, says what each measure costs, how its time grows
with twice the stimuli, and what its resamples cost, from the influence of every stimulus where it
has no algebra of weights.
"""

from __future__ import annotations

import contextlib
import io
import sys
import time
import tracemalloc
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from rsatoolbox.rdm import RDMs, compare
from scipy.spatial.distance import pdist
from sklearn.cross_decomposition import CCA
from sklearn.neighbors import NearestNeighbors

from _command import command
from isomorph.inference.bootstrap import draw
from isomorph.measures import MEASURES, Floats, Stack
from isomorph.measures.pairs import stimulus_count

Sides = tuple[Sequence[Floats], Sequence[Floats]]

PATIENCE = 20.0
"""Seconds after which a measure is not asked for twice the stimuli, nor for resamples."""


def seconds(work: Callable[[], object]) -> float:
    """Return process CPU seconds of one run."""
    start = time.process_time()
    with contextlib.redirect_stderr(io.StringIO()):
        work()
    return time.process_time() - start


def features_of(n: int, n_stimuli: int, n_features: int, seed: int) -> list[Floats]:
    rng = np.random.default_rng(seed)
    shared = np.random.default_rng(n_stimuli).standard_normal((n_stimuli, 20))
    return [
        shared @ rng.standard_normal((20, n_features))
        + 3 * rng.standard_normal((n_stimuli, n_features))
        for _ in range(n)
    ]


def sides_of(quick: bool, n_stimuli: int, n_features: int) -> Sides:
    n_regions, n_layers = (1, 4) if quick else (10, 200)
    return (features_of(n_regions, n_stimuli, n_features, 1),
            features_of(n_layers, n_stimuli, n_features, 2))  # fmt: skip


def stack_of(features: Sequence[Floats]) -> Stack:
    """Return representations as a measure is given them, nothing computed beforehand."""
    labels = [np.arange(len(x)) % 4 for x in features]
    repetitions = [np.stack([x, x + 0.1], axis=1) for x in features]
    return Stack(
        np.stack([pdist(x, "sqeuclidean") / x.shape[1] for x in features]),
        np.array([x.shape[1] for x in features]),
        {"features": features, "repetitions": repetitions, "labels": labels},
    )


def procrustes(x: Floats, y: Floats) -> float:
    x, y = (one - one.mean(axis=0) for one in (x, y))
    x, y = (one / np.linalg.norm(one) for one in (x, y))
    return float(np.linalg.svd(x.T @ y, compute_uv=False).sum())


def neighbours(x: Floats, y: Floats) -> float:
    each = [NearestNeighbors(n_neighbors=11).fit(one).kneighbors(one)[1][:, 1:] for one in (x, y)]
    return float(np.mean([len(set(a) & set(b)) / 10 for a, b in zip(*each, strict=True)]))


def canonical(x: Floats, y: Floats) -> float:
    reduced = [np.linalg.svd(one - one.mean(axis=0), full_matrices=False) for one in (x, y)]
    first, second = (u[:, :10] * s[:10] for u, s, _ in reduced)
    u, v = CCA(n_components=10, max_iter=2000).fit(first, second).transform(first, second)
    return float(np.mean([np.corrcoef(a, b)[0, 1] for a, b in zip(u.T, v.T, strict=True)]))


def rsatoolbox(method: str, x: Floats, y: Floats) -> float:
    rdms = [RDMs(pdist(one, "sqeuclidean")[None] / one.shape[1]) for one in (x, y)]
    return float(compare(*rdms, method=method)[0, 0])


PEERS: dict[str, tuple[str, Callable[[Floats, Floats], float]]] = {
    "procrustes": ("singular values of the features' product", procrustes),
    "bures": ("rsatoolbox", partial(rsatoolbox, "bures")),
    "neg_riem_dist": ("rsatoolbox", partial(rsatoolbox, "neg_riem_dist")),
    "rho_a": ("rsatoolbox", partial(rsatoolbox, "rho-a")),
    "whitened_cosine": ("rsatoolbox", partial(rsatoolbox, "cosine_cov")),
    "mutual_knn": ("scikit-learn's neighbours", neighbours),
    "svcca": ("scikit-learn's CCA of ten components", canonical),
}


def against_peers(quick: bool) -> dict[str, float]:
    """Return how many times as fast we are, with 2000 features as a network has them."""
    first, second = sides_of(quick, 118, 500 if quick else 2000)
    pairs, n = len(first) * len(second), 1 if quick else 5
    ratios = {}
    for name, (what, peer) in PEERS.items():
        if name not in MEASURES:
            continue
        # Grams are what every stage has in hand; roots and ranks are ours to compute.
        stacks = stack_of(first), stack_of(second)
        ours = max(seconds(lambda s=stacks, m=name: MEASURES[m].compare(*s)), 1e-4)
        theirs = seconds(lambda p=peer: [p(first[0], second[k]) for k in range(n)]) / n * pairs
        title = f"{name} against {what}, {len(first)} x {len(second)}, p = {first[0].shape[1]}"
        ratios[title] = theirs / ours
        print(f"{title}: {ratios[title]:.4g}", file=sys.stderr, flush=True)
    return ratios


def table(quick: bool) -> None:
    """Print what every measure costs."""
    print(f"{'measure':24} {'seconds':>8} {'MiB':>6} {'twice the stimuli':>18} "
          f"{'200 resamples':>14}", file=sys.stderr)  # fmt: skip
    sizes = [sides_of(quick, n, 200) for n in (118, 236)]
    for name in MEASURES:
        measure = MEASURES[name]
        if getattr(measure.form, "most_stimuli", np.inf) < 118:
            measure = MEASURES[f"{name}(300)"]  # asked twice, as for so many it must be
        stacks = [stack_of(side) for side in sizes[0]]
        tracemalloc.start()
        once = seconds(lambda m=measure, s=stacks: m.compare(*s))
        peak = tracemalloc.get_traced_memory()[1] / 2**20
        tracemalloc.stop()
        grown = drawn = ""
        if once < (PATIENCE / 200 if quick else PATIENCE):
            more = [stack_of(side) for side in sizes[1]]
            grown = f"x {seconds(lambda m=measure, s=more: m.compare(*s)) / max(once, 1e-4):.1f}"
            n_stimuli = stimulus_count(stacks[0].rdms.shape[1])
            counts = draw(n_stimuli, 200, np.random.default_rng(0))
            few = [stacks[0], stacks[1].rows(slice(10))]
            share = len(stacks[1]) / len(few[1])
            took = seconds(lambda m=measure, s=few, c=counts: m.resampled(*s, c)) * share
            drawn = f"{took:.2f} s"
        print(f"{name:24} {once:8.3f} {peak:6.0f} {grown:>18} {drawn:>14}", file=sys.stderr,
              flush=True)  # fmt: skip


def measure(quick: bool) -> dict[str, float]:
    table(quick)
    return against_peers(quick)


if __name__ == "__main__":
    command(__doc__, measure)

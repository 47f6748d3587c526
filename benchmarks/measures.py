"""Every measure between ten regions and two hundred layers: seconds, growth, and peers as ratios.

A peer is what a user would write: what can be computed once for each representation is, and a few
of the two thousand pairs are timed and multiplied; process CPU seconds of the peer over ours, in
one run. RDMs are given to both. The table beside the
ratios, printed unless they are asked for as JSON, says what each measure costs, how its time grows
with twice the stimuli, and what its resamples cost, from the influence of every stimulus where it
has no algebra of weights.
"""

from __future__ import annotations

import sys
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from rsatoolbox.rdm import RDMs, compare
from scipy.spatial.distance import pdist
from sklearn.cross_decomposition import CCA
from sklearn.neighbors import NearestNeighbors

from _command import command, seconds
from isomorph.inference.bootstrap import draw
from isomorph.measures import MEASURES, Floats, Stack
from isomorph.measures.pairs import stimulus_count

Sides = tuple[Sequence[Floats], Sequence[Floats]]

PATIENCE = 20.0
"""Seconds after which a measure is not asked for twice the stimuli, nor for resamples."""


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


@dataclass(frozen=True)
class Peer:
    """What a user would write for many representations.

    Attributes
    ----------
    what : str
        In words.
    own : callable
        What is computed once for each representation, from its features.
    pairs : callable
        All of some against all of others, from what `own` gives.
    in_hand : bool
        Whether `own` is what both sides are given, so that it is not timed.
    """

    what: str
    own: Callable[[Floats], Any]
    pairs: Callable[[Sequence[Any], Sequence[Any]], object]
    in_hand: bool = False


def one_by_one(pair: Callable[[Any, Any], float]) -> Callable[[Sequence[Any], Sequence[Any]], Any]:
    """Return a loop over pairs."""
    return lambda first, second: [[pair(x, y) for y in second] for x in first]


def centred(x: Floats) -> Floats:
    x = x - x.mean(axis=0)
    return x / np.linalg.norm(x)


def procrustes(x: Floats, y: Floats) -> float:
    return float(np.linalg.svd(x.T @ y, compute_uv=False).sum())


def nearest(x: Floats) -> list[set[int]]:
    found = NearestNeighbors(n_neighbors=11).fit(x).kneighbors(x, return_distance=False)
    return [set(row) for row in found[:, 1:].tolist()]


def neighbours(x: list[set[int]], y: list[set[int]]) -> float:
    return float(np.mean([len(a & b) / 10 for a, b in zip(x, y, strict=True)]))


def ten_components(x: Floats) -> Floats:
    u, s, _ = np.linalg.svd(x - x.mean(axis=0), full_matrices=False)
    return u[:, :10] * s[:10]


def canonical(x: Floats, y: Floats) -> float:
    u, v = CCA(n_components=10, max_iter=2000).fit(x, y).transform(x, y)
    return float(np.mean([np.corrcoef(a, b)[0, 1] for a, b in zip(u.T, v.T, strict=True)]))


def rsatoolbox(method: str) -> Peer:
    """Return rsatoolbox, which compares RDMs in hand, all at once."""
    return Peer(
        "rsatoolbox, all at once",
        lambda x: pdist(x, "sqeuclidean") / x.shape[1],
        lambda first, second: compare(RDMs(np.stack(first)), RDMs(np.stack(second)), method=method),
        in_hand=True,
    )


PEERS = {
    "procrustes": Peer("SVD of the features' product", centred, one_by_one(procrustes)),
    "bures": rsatoolbox("bures"),
    "neg_riem_dist": rsatoolbox("neg_riem_dist"),
    "rho_a": rsatoolbox("rho-a"),
    "tau_a": rsatoolbox("tau-a"),
    "whitened_cosine": rsatoolbox("cosine_cov"),
    "mutual_knn": Peer("scikit-learn's neighbours", nearest, one_by_one(neighbours)),
    "svcca": Peer("scikit-learn's CCA", ten_components, one_by_one(canonical)),
}


def against_peers(quick: bool) -> Iterator[tuple[str, float]]:
    """Yield how many times as fast we are, with 2000 features as a network has them."""
    first, second = sides_of(quick, 118, 500 if quick else 2000)
    n = 2 if quick else 5
    for name, peer in PEERS.items():
        # RDMs are what every stage has in hand; roots and ranks are ours to compute.
        stacks = stack_of(first), stack_of(second)
        ours = max(seconds(lambda s=stacks, m=name: MEASURES[m].compare(*s), 2), 1e-4)
        some = [peer.own(x) for x in second[:n]]
        once = 0.0 if peer.in_hand else seconds(lambda p=peer: [p.own(x) for x in second[:n]]) / n
        region = [peer.own(first[0])]
        pairs = seconds(lambda p=peer, r=region, s=some: p.pairs(r, s)) / n
        theirs = once * (len(first) + len(second)) + pairs * len(first) * len(second)
        yield (
            f"{name}, {len(first)} regions x {len(second)} layers x 118 stimuli x "
            f"{first[0].shape[1]} features: {peer.what}, extrapolated from {n} of "
            f"{len(first) * len(second)} pairs / isomorph", theirs / ours,
        )  # fmt: skip


def table(quick: bool) -> dict[str, float]:
    """Print what every measure costs; no ratio of it."""
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
    return {}


if __name__ == "__main__":
    command(__doc__, against_peers, table)

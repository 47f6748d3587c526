"""RDM building against rsatoolbox and scipy, as ratios measured in one run."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from functools import partial

import numpy as np
from rsatoolbox.data import Dataset
from rsatoolbox.rdm import calc_rdm
from scipy.spatial.distance import pdist

from _command import command
from isomorph.rdms import DISTANCES, fold_gram, geometry_of_features


def seconds(work: Callable[[], object], repeats: int) -> float:
    """Return the fastest of several runs, process CPU seconds."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def from_features(name: str, features: np.ndarray) -> np.ndarray:
    return DISTANCES[name].compute(geometry_of_features(features))


def crossvalidated(folds: np.ndarray) -> np.ndarray:
    crossed = fold_gram(folds, np.ones(folds.shape[:2], dtype=bool))
    whole = geometry_of_features(folds.mean(axis=0), crossed)
    return DISTANCES["crossvalidated_euclidean"].compute(whole)


# rsatoolbox casts NaN into integer descriptors when it merges folds.
warnings.filterwarnings("ignore", "invalid value encountered in cast", RuntimeWarning)


def measure(quick: bool) -> dict[str, float]:
    rng = np.random.default_rng(0)
    repeats = 3
    ratios = {}
    for n_stimuli, n_units in (
        [(92, 5000), (300, 20_000)] if quick else [(118, 50_000), (1000, 50_000)]
    ):
        features = rng.standard_normal((n_stimuli, n_units))
        data = Dataset(features)
        for name, theirs, metric in (
            ("correlation", "correlation", "correlation"),
            ("squared_euclidean", "euclidean", "sqeuclidean"),
        ):
            ours = seconds(partial(from_features, name, features), repeats)
            peer = seconds(partial(calc_rdm, data, method=theirs), repeats)
            scipy = seconds(partial(pdist, features, metric), 1)
            case = f"{name} {n_stimuli}x{n_units}"
            ratios[f"{case}, rsatoolbox / isomorph"] = peer / ours
            ratios[f"{case}, scipy / isomorph"] = scipy / ours
    n_stimuli, n_units = (300, 100) if quick else (1000, 100)
    folds = rng.standard_normal((4, n_stimuli, n_units))
    data = Dataset(
        folds.reshape(-1, n_units),
        obs_descriptors={
            "stimulus": np.tile(np.arange(n_stimuli), 4),
            "run": np.repeat(np.arange(4), n_stimuli),
        },
    )
    peer = seconds(
        lambda: calc_rdm(data, method="crossnobis", descriptor="stimulus", cv_descriptor="run"), 1
    )
    ratios[f"crossvalidated {n_stimuli}x{n_units}, 4 runs, rsatoolbox / isomorph"] = peer / seconds(
        lambda: crossvalidated(folds), repeats
    )
    return ratios


if __name__ == "__main__":
    command(__doc__, measure)

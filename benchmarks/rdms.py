"""RDM building against rsatoolbox, scipy and scikit-learn, as ratios measured in one run."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from functools import partial
from itertools import combinations

import numpy as np
from rsatoolbox.data import Dataset
from rsatoolbox.data.noise import prec_from_unbalanced
from rsatoolbox.rdm import calc_rdm
from scipy.spatial.distance import pdist
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from _command import command
from isomorph.rdms import DISTANCES, Folds, geometry_of_features, geometry_of_folds
from isomorph.study.dataset import NoiseSpec

# rsatoolbox casts NaN into integer descriptors when it merges folds.
warnings.filterwarnings("ignore", "invalid value encountered in cast", RuntimeWarning)


def seconds(work: Callable[[], object], repeats: int = 3) -> float:
    """Return the fastest of several runs, process CPU seconds."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def from_features(name: str, features: np.ndarray) -> np.ndarray:
    return DISTANCES[name].compute(geometry_of_features(features))


def from_folds(name: str, folds: Folds, noise: NoiseSpec) -> np.ndarray:
    geometry = geometry_of_folds(folds, [name], noise)
    assert geometry is not None
    return DISTANCES[name].compute(geometry)


def folds_of(n_folds: int, n_stimuli: int, n_units: int) -> tuple[Folds, Dataset]:
    rng = np.random.default_rng(1)
    values = rng.poisson(6.0, (n_folds, n_stimuli, n_units)).astype(float)
    described = {
        "stimulus": np.tile(np.arange(n_stimuli), n_folds),
        "run": np.repeat(np.arange(n_folds), n_stimuli),
    }
    data = Dataset(values.reshape(-1, n_units), obs_descriptors=described)
    return Folds(values, np.ones((n_folds, n_stimuli), dtype=bool)), data


def of_features(n_stimuli: int, n_units: int) -> dict[str, float]:
    """Return ratios of distances from features, and how near the bound they come."""
    features = np.random.default_rng(0).standard_normal((n_stimuli, n_units))
    data, case = Dataset(features), f"{n_stimuli}x{n_units}"
    small = features.astype(np.float32)
    bound = seconds(lambda: small @ small.T)  # numpy makes this SYRK, half of a general product
    ratios = {}
    for name, theirs, metric in (
        ("correlation", "correlation", "correlation"),
        ("squared_euclidean", "euclidean", "sqeuclidean"),
    ):
        ours = seconds(partial(from_features, name, features))
        peer = seconds(partial(calc_rdm, data, method=theirs), 1 if name == "correlation" else 3)
        ratios[f"{name} {case}, rsatoolbox / isomorph"] = peer / ours
        ratios[f"{name} {case}, scipy / isomorph"] = (
            seconds(partial(pdist, features, metric), 1) / ours
        )
        ratios[f"{name} {case}, symmetric product alone / isomorph"] = bound / ours
    return ratios


def of_folds(n_stimuli: int, n_units: int, n_folds: int) -> dict[str, float]:
    """Return ratios of distances from folds; where noise counts, each estimates it for itself."""
    folds, data = folds_of(n_folds, n_stimuli, n_units)
    case = f"{n_stimuli}x{n_units}, {n_folds} runs"
    crossed = {"descriptor": "stimulus", "cv_descriptor": "run"}
    plain = {"descriptor": "stimulus"}

    def with_noise(method: str, **options: str) -> object:
        return calc_rdm(data, method, noise=prec_from_unbalanced(data, "stimulus"), **options)

    peers = {
        "crossvalidated_euclidean": partial(calc_rdm, data, "crossnobis", **crossed),
        "crossnobis": partial(with_noise, "crossnobis", **crossed),
        "mahalanobis": partial(with_noise, "mahalanobis", **plain),
        "poisson_kl": partial(calc_rdm, data, "poisson", **plain),
        "crossvalidated_poisson_kl": partial(calc_rdm, data, "poisson_cv", **crossed),
    }
    ratios = {}
    for name, peer in peers.items():
        theirs = seconds(peer, 1)
        for per in ("session", "others") if name == "crossnobis" else ("session",):
            ours = seconds(partial(from_folds, name, folds, NoiseSpec(per=per)))
            said = f" with the noise of {per}" if name == "crossnobis" else ""
            ratios[f"{name}{said} {case}, rsatoolbox / isomorph"] = theirs / ours
    return ratios


def of_decoding(n_stimuli: int, n_units: int, n_folds: int) -> dict[str, float]:
    """Return the ratio of decoding accuracies to a loop of scikit-learn over pairs and folds."""
    folds, _ = folds_of(n_folds, n_stimuli, n_units)

    def loop() -> None:
        for pair in combinations(range(n_stimuli), 2):
            values = folds.values[:, list(pair)]
            for left in range(n_folds):
                train = np.delete(values, left, axis=0).reshape(-1, n_units)
                model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")
                model.fit(train, np.tile([0, 1], n_folds - 1)).score(values[left], [0, 1])

    ours = seconds(partial(from_folds, "lda_accuracy", folds, NoiseSpec()))
    case = f"{n_stimuli}x{n_units}, {n_folds} runs"
    return {f"lda_accuracy {case}, scikit-learn / isomorph": seconds(loop, 1) / ours}


def growth(sizes: list[int]) -> dict[str, float]:
    """Return exponents of the time in the number of stimuli."""
    times: dict[str, list[float]] = {}
    for n_stimuli in sizes:
        features = np.random.default_rng(2).standard_normal((n_stimuli, 1000))
        folds, _ = folds_of(4, n_stimuli, 100)
        for name in ("correlation", "squared_euclidean"):
            times.setdefault(name, []).append(seconds(partial(from_features, name, features)))
        work = partial(from_folds, "crossnobis", folds, NoiseSpec())
        times.setdefault("crossnobis", []).append(seconds(work))
    between = f"from {sizes[0]} to {sizes[-1]} stimuli"
    return {
        f"{name}, exponent of growth {between}": float(
            np.polyfit(np.log(sizes), np.log(spent), 1)[0]
        )
        for name, spent in times.items()
    }


def measure(quick: bool) -> dict[str, float]:
    ratios = {}
    for n_stimuli, n_units in (
        [(92, 5000), (300, 20_000)] if quick else [(118, 50_000), (1000, 50_000)]
    ):
        ratios |= of_features(n_stimuli, n_units)
    ratios |= of_folds(300 if quick else 1000, 100, 4)
    ratios |= of_decoding(12 if quick else 40, 30, 6)
    return ratios | growth([100, 200, 400, 800] if quick else [100, 250, 500, 1000, 2000, 4000])


if __name__ == "__main__":
    command(__doc__, measure)

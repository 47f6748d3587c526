"""RDM building against rsatoolbox, scipy and scikit-learn, as ratios measured in one run."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from functools import partial
from itertools import combinations

import numpy as np
from rsatoolbox.data import Dataset
from rsatoolbox.data.noise import prec_from_unbalanced
from rsatoolbox.rdm import calc_rdm
from scipy.spatial.distance import pdist
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from _command import command, seconds
from isomorph.rdms import DISTANCES, Folds, geometry_of_features, geometry_of_folds
from isomorph.study.dataset import NoiseSpec

# rsatoolbox casts NaN into integer descriptors when it merges folds.
warnings.filterwarnings("ignore", "invalid value encountered in cast", RuntimeWarning)


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


def correlations(features: np.ndarray) -> np.ndarray:
    """Return correlation distances as numpy gives them."""
    return 1 - np.corrcoef(features)[np.triu_indices(len(features), 1)]


def of_features(n_stimuli: int, n_units: int) -> Iterator[tuple[str, float]]:
    """Yield ratios of distances from features, and how near the bound they come."""
    features = np.random.default_rng(0).standard_normal((n_stimuli, n_units))
    data, case = Dataset(features), f"{n_stimuli} stimuli x {n_units} features in float64"
    small = features.astype(np.float32)
    repeats = 5 if n_stimuli < 500 else 3
    # numpy makes this SYRK, half of a general product
    bounds = {
        kind: seconds(lambda x=x: x @ x.T, repeats)
        for kind, x in (("float32", small), ("float64", features))
    }
    for name, theirs, metric in (
        ("correlation", "correlation", "correlation"),
        ("squared_euclidean", "euclidean", "sqeuclidean"),
    ):
        ours = seconds(partial(from_features, name, features), repeats)
        slow = 1 if name == "correlation" else 3
        peer = seconds(partial(calc_rdm, data, method=theirs), slow)
        yield f"{name}, {case}: rsatoolbox / isomorph", peer / ours
        yield f"{name}, {case}: scipy / isomorph", seconds(partial(pdist, features, metric)) / ours
        if name == "correlation":
            peer = seconds(partial(correlations, features), 3)
            yield f"{name}, {case}: np.corrcoef / isomorph", peer / ours
        for kind, bound in bounds.items():
            yield f"{name}, {case}: symmetric product alone in {kind} / isomorph", bound / ours


def of_folds(n_stimuli: int, n_units: int, n_folds: int) -> Iterator[tuple[str, float]]:
    """Yield ratios of distances from folds; where noise counts, each estimates it for itself."""
    folds, data = folds_of(n_folds, n_stimuli, n_units)
    case = f"{n_stimuli} stimuli x {n_units} units, {n_folds} runs"
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
    saying = {
        "session": " with one precision for all runs, as theirs",
        "others": " with a precision for every run, theirs with one for all",
    }
    for name, peer in peers.items():
        theirs = seconds(peer, 3 if "nobis" in name else 1)
        for per, said in saying.items() if name == "crossnobis" else [("session", "")]:
            ours = seconds(partial(from_folds, name, folds, NoiseSpec(per=per)), 5)
            yield f"{name}{said}, {case}: rsatoolbox / isomorph", theirs / ours


def of_decoding(n_stimuli: int, n_units: int, n_folds: int) -> Iterator[tuple[str, float]]:
    """Yield the ratio of decoding accuracies to a loop of scikit-learn over pairs and folds."""
    folds, _ = folds_of(n_folds, n_stimuli, n_units)

    def loop() -> None:
        for pair in combinations(range(n_stimuli), 2):
            values = folds.values[:, list(pair)]
            for left in range(n_folds):
                train = np.delete(values, left, axis=0).reshape(-1, n_units)
                model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")
                model.fit(train, np.tile([0, 1], n_folds - 1)).score(values[left], [0, 1])

    ours = seconds(partial(from_folds, "lda_accuracy", folds, NoiseSpec()), 3)
    case = f"{n_stimuli} stimuli x {n_units} units, {n_folds} runs"
    yield f"lda_accuracy, {case}: loop of scikit-learn / isomorph", seconds(loop) / ours


def growth(sizes: list[int]) -> Iterator[tuple[str, float]]:
    """Yield exponents of the time in the number of stimuli."""
    times: dict[str, list[float]] = {}
    for n_stimuli in sizes:
        features = np.random.default_rng(2).standard_normal((n_stimuli, 1000))
        folds, _ = folds_of(4, n_stimuli, 100)
        for name in ("correlation", "squared_euclidean"):
            times.setdefault(name, []).append(seconds(partial(from_features, name, features), 3))
        work = partial(from_folds, "crossnobis", folds, NoiseSpec())
        times.setdefault("crossnobis", []).append(seconds(work, 3))
    for name, spent in times.items():
        exponent = np.polyfit(np.log(sizes), np.log(spent), 1)[0]
        yield f"{name}, exponent of growth from {sizes[0]} to {sizes[-1]} stimuli", exponent


def features_small(quick: bool) -> Iterator[tuple[str, float]]:
    yield from of_features(*((92, 5000) if quick else (118, 50_000)))


def features_large(quick: bool) -> Iterator[tuple[str, float]]:
    yield from of_features(*((300, 20_000) if quick else (1000, 50_000)))


def folds(quick: bool) -> Iterator[tuple[str, float]]:
    yield from of_folds(300 if quick else 1000, 100, 4)


def decoding(quick: bool) -> Iterator[tuple[str, float]]:
    yield from of_decoding(12 if quick else 40, 30, 6)


def growing(quick: bool) -> Iterator[tuple[str, float]]:
    yield from growth([100, 200, 400, 800] if quick else [100, 250, 500, 1000, 2000, 4000])


if __name__ == "__main__":
    command(__doc__, features_small, features_large, folds, decoding, growing)

"""Nested ridge regression of many regions on many layers against loops of others, as ratios.

Process CPU seconds of a loop over layers, regions and folds of scikit-learn's `RidgeCV` (which
leaves out one stimulus at a time, a penalty per unit) and of himalaya's `KernelRidgeCV` (which fits
inner folds), over ours for all regions at once, Gram matrices and scores included, in one run. A
peer is timed for some of the layers, regions and folds and extrapolated, as its time grows with
their number and nothing else.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator

import numpy as np
from sklearn.linear_model import RidgeCV

from _command import command, seconds
from isomorph.prediction import (
    PENALTIES,
    Ridge,
    correlations,
    folds_of,
    held_out,
    moments,
    spectra,
)

Ratios = Iterator[tuple[str, float]]

N_FOLDS, N_UNITS, N_FEATURES = 5, 100, 2000


class Case:
    """Layers and regions both sides are given."""

    def __init__(self, n_stimuli: int, n_regions: int, n_layers: int) -> None:
        rng = np.random.default_rng(0)
        self.layers = rng.standard_normal((n_layers, n_stimuli, N_FEATURES))
        self.layers *= np.geomspace(1, 0.05, N_FEATURES)
        self.n_regions = n_regions
        signal = self.layers[0] @ rng.standard_normal((N_FEATURES, n_regions * N_UNITS))
        self.responses = signal + 10 * rng.standard_normal(signal.shape)
        self.folds = folds_of(np.arange(n_stimuli) % N_FOLDS)
        self.words = (
            f"{n_regions} regions of {N_UNITS} units x {n_layers} layers of {N_FEATURES} features "
            f"x {n_stimuli} stimuli"
        )

    def ours(self, inner: str) -> float:
        """Return CPU seconds per layer."""

        def work() -> None:
            for features in self.layers:
                centred = features - features.mean(axis=0)
                layer = spectra(centred @ centred.T, self.folds)
                correlations(moments(held_out(layer, self.responses, Ridge(inner=inner))))

        return seconds(work, 2) / len(self.layers)

    def peer(self, make: Callable[[np.ndarray], object], n_folds: int) -> float:
        """Return CPU seconds per layer of a peer, from one layer and region of some folds."""
        features, units = self.layers[0], self.responses[:, :N_UNITS]

        def work() -> None:
            for fold in self.folds[:n_folds]:
                own = features[fold.train] - features[fold.train].mean(axis=0)
                alphas = np.array(PENALTIES) * np.square(own).sum() / len(own)
                level = units[fold.train].mean(axis=0)
                model = make(alphas).fit(own, units[fold.train] - level)
                model.predict(features[fold.test] - features[fold.train].mean(axis=0))

        return seconds(work) / n_folds * N_FOLDS * self.n_regions


def against(name: str, make: Callable[[np.ndarray], object], quick: bool) -> Ratios:
    """Yield ratios to a loop of one peer."""
    n_folds = 1 if quick else 2
    for n_stimuli, n_layers in ((118, 10), (400, 3)) if quick else ((118, 50), (1000, 5)):
        case = Case(n_stimuli, 10, n_layers)
        theirs = case.peer(make, n_folds)
        for inner in ("gcv", "loo"):
            title = f"nested ridge ({inner}), {case.words}"
            yield (
                f"{title}: loop of {name}, extrapolated from 1 layer, 1 region and {n_folds} of "
                f"{N_FOLDS} folds / isomorph", theirs / case.ours(inner),
            )  # fmt: skip


def ridge_cv(quick: bool) -> Ratios:
    return against("RidgeCV", lambda alphas: RidgeCV(alphas, alpha_per_target=True), quick)


def kernel_ridge_cv(quick: bool) -> Ratios:
    from himalaya.kernel_ridge import KernelRidgeCV

    warnings.filterwarnings("ignore", module="himalaya")
    return against(
        "himalaya's KernelRidgeCV", lambda alphas: KernelRidgeCV(alphas, cv=5, warn=False), quick
    )


if __name__ == "__main__":
    command(__doc__, ridge_cv, kernel_ridge_cv)

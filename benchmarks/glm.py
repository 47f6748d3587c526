"""Models of BOLD volumes against nilearn and against loops of fits, as ratios in one run."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
import pandas as pd
from nilearn.glm.first_level import run_glm

from _command import command, seconds
from isomorph.responses.bids.design import Design, make_design
from isomorph.responses.bids.glm import ar1, lss, ols
from isomorph.study.bids import BidsResponses

SETTINGS = BidsResponses.model_validate(
    {
        "kind": "bids", "bold": "-", "events": {"files": "-"},
        "regions": {"kind": "whole", "file": "-", "region": "brain"},
    }
)  # fmt: skip


def a_run(n_voxels: int, n_trials: int, n_scans: int = 200, tr: float = 2.0):
    """Return a design with a column per trial, one with 92 conditions, and autocorrelated noise."""
    rng = np.random.default_rng(0)
    volumes = rng.standard_normal((n_scans, n_voxels))
    for scan in range(1, n_scans):
        volumes[scan] += 0.35 * volumes[scan - 1]
    onset = np.sort(rng.choice(np.arange(4, n_scans * tr - 8, 2), n_trials, replace=False))
    trials = pd.DataFrame({"onset": onset, "duration": 1.0})
    frames = tr * np.arange(n_scans)
    single = make_design(trials, np.arange(n_trials), frames, SETTINGS)
    shown = rng.permutation(np.arange(n_trials) % max(n_trials // 2, 1))
    return single, make_design(trials, shown, frames, SETTINGS), volumes


def lss_loop(design: Design, volumes: np.ndarray, trials: range) -> np.ndarray:
    """Fit a model per trial by nilearn, as its own example of single trials does."""
    found = []
    for trial in trials:
        own = design.interest[:, [trial]]
        others = design.interest.sum(axis=1, keepdims=True) - own
        model = np.column_stack([own, others, design.nuisance])
        _, results = run_glm(volumes, model, noise_model="ols")
        found.append(next(iter(results.values())).theta[0])
    return np.array(found)


def measure(quick: bool) -> Iterator[tuple[str, float]]:
    n_voxels, n_trials = (4000, 60) if quick else (31_487, 184)
    single, conditions, volumes = a_run(n_voxels, n_trials)
    some = range(5)  # of the loop, whose trials all cost the same
    theirs, ours = lss_loop(single, volumes, some), lss(single, volumes).amplitudes
    np.testing.assert_allclose(ours[:5], theirs, atol=1e-8)
    case = f"{n_voxels} voxels x {len(volumes)} scans"
    loop = seconds(partial(lss_loop, single, volumes, some), 2) * n_trials / len(some)
    yield (
        f"LSS, {n_trials} trials, {case}: loop of nilearn's fits, extrapolated from {len(some)} "
        "trials / isomorph",
        loop / seconds(partial(lss, single, volumes, residuals=False), 3),
    )
    for name, fit in (("ols", ols), ("ar1", ar1)):
        peer = seconds(partial(run_glm, volumes, conditions.matrix, noise_model=name), 2)
        ours = seconds(partial(fit, conditions, volumes), 3)
        columns = conditions.matrix.shape[1]
        yield f"{name}, {columns} regressors, {case}: nilearn / isomorph", peer / ours


if __name__ == "__main__":
    command(__doc__, measure)

"""What recordings share within runs, lose and leave out: folds, censored BOLD, uncovered time."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import xarray as xr

from calibrated.drawn import Rng, distances
from calibrated.recorded import names
from calibrated.table import DataSet, Figure, World, mean, share
from isomorph.measures import Floats
from isomorph.rdms.brain import rdms_of_responses
from isomorph.responses.bids.design import Design
from isomorph.responses.bids.glm import ar1, ols
from isomorph.responses.nwb.uncovered import beyond_chance, spans_of
from isomorph.study.dataset import NoiseSpec

N_SCANS, N_VOXELS = 300, 100
RUNS = "runs"
WINDOWS = ((0.05, 0.25),)


def session_of(responses: Floats, stimulus: list[str], run: list[int]) -> xr.Dataset:
    """Return a session of presentations `(presentation, unit)`, with the run of each."""
    shown = pd.Series(stimulus)
    return xr.Dataset(
        {"response": (("presentation", "unit"), responses)},
        coords={
            "stimulus": ("presentation", np.array(stimulus, dtype=object)),
            "repetition": ("presentation", shown.groupby(shown).cumcount().to_numpy()),
            "run": ("presentation", np.array(run).astype(str)),
            "region": ("unit", np.full(responses.shape[1], "IT", dtype=object)),
        },
    )


def rdm_of(session: xr.Dataset, n_stimuli: int, distance: str) -> Floats:
    """Return the distances of one region, as the stage finds them by default."""
    (row,), _ = rdms_of_responses(
        {"1": session}, names(n_stimuli), [distance], subject="m", transform="none",
        noise=NoiseSpec(),
    )  # fmt: skip
    return np.asarray(row.rdm)


def shared(rng: Rng, distance: str, n_stimuli: int = 8, n_runs: int = 4) -> DataSet:
    """Show each stimulus twice in every run; nothing differs, and its presentations share noise."""
    noise = rng.standard_normal((n_runs, 1, n_stimuli, 60))
    response = noise + 0.5 * rng.standard_normal((n_runs, 2, n_stimuli, 60))
    session = session_of(
        response.reshape(-1, 60), names(n_stimuli) * 2 * n_runs,
        list(np.repeat(range(n_runs), 2 * n_stimuli)),
    )  # fmt: skip
    found = rdm_of(session, n_stimuli, distance)
    return {"distance": float(found.mean()), "above": float((found > 0).mean())}


def lost(rng: Rng, distance: str, signal: float, baseline: float) -> DataSet:
    """Record 12 stimuli in 6 runs with baselines of their own, of which each lost two stimuli."""
    patterns = signal * rng.standard_normal((12, 80))
    rows, stimulus, run = [], [], []
    for one in range(6):
        own = baseline * rng.standard_normal(80)
        for place in range(12):
            if place not in (2 * one, 2 * one + 1):
                rows.append(patterns[place] + own + rng.standard_normal(80))
                stimulus.append(names(12)[place])
                run.append(one)
    found = rdm_of(session_of(np.array(rows), stimulus, run), 12, distance)
    # Of crossnobis too, for the noise of every unit has the variance 1.
    truth = distances(patterns)
    slope = float(found @ truth / (truth @ truth)) if signal else np.nan
    return {"mean": float(found.mean()), "spread": float(found.std()), "slope": slope}


def bold(rng: Rng, rho: float, censored: float, model: str) -> DataSet:
    """Fit autocorrelated noise of variance 1 and compare the variance that is reported."""
    noise = rng.standard_normal((N_SCANS, N_VOXELS))
    for scan in range(1, N_SCANS):
        noise[scan] = rho * noise[scan - 1] + np.sqrt(1 - rho**2) * noise[scan]
    # Regressors as slow as those of trials of some seconds.
    slow = np.apply_along_axis(
        np.convolve, 0, rng.standard_normal((N_SCANS, 12)), np.hanning(7), mode="same"
    )
    kept = rng.random(N_SCANS) >= censored
    design = Design(slow, np.ones((N_SCANS, 1))).at(kept)
    fit = (ar1 if model == "ar1" else ols)(design, noise[kept])
    told = np.square(fit.residuals).sum(axis=0).mean() / fit.freedom
    return {"told": float(told / ((1 - rho**2) if model == "ar1" else 1))}


def whole(rng: Rng, kind: str) -> DataSet:
    """Record ten units from the first presentation to the last, half a second apart."""
    onset = 0.5 * np.arange(200)
    rate = np.full(200, 5.0)
    if kind == "bursting":
        rate = rng.gamma(0.3, 5.0 / 0.3, 200)
    if kind == "states":
        rate *= np.repeat(rng.random(100) < 0.5, 2) * 2
    counts = rng.poisson(rate * 0.5)
    times = np.sort(np.concatenate([
        start + 0.5 * rng.random(n) for start, n in zip(onset, counts, strict=True)
    ]))  # fmt: skip
    return {"flagged": _flagged(onset, times)}


def ended(rng: Rng, early: int) -> DataSet:
    """Record at 5 spikes per second in all, and end some presentations too early."""
    onset = np.arange(120.0)
    times = np.sort(120 * rng.random(rng.poisson(5 * 120)))
    return {"flagged": _flagged(onset, times[times < 120 - early])}


def _flagged(onset: Floats, times: Floats) -> float:
    spans = spans_of(onset, WINDOWS)
    counts = np.diff(np.searchsorted(times, spans), axis=1)[:, 0]
    return float(beyond_chance(onset, WINDOWS, counts, (times[0], times[-1])).any())


DISTANCES = ("crossvalidated_euclidean", "crossnobis")

WORLDS = (
    *(
        World(
            RUNS,
            f"noise of stimuli shown twice in each of 4 runs, which they share: {distance}",
            partial(shared, distance=distance),
            (
                Figure("mean distance of nothing", mean("distance"), least=-0.02, most=0.02,
                       before=before),
                Figure("pairs above 0", mean("above"), least=0.45, most=0.55, before="1"),
            ),
        )
        for distance, before in zip(DISTANCES, (".32", ".39"), strict=True)
    ),
    World(
        RUNS,
        "nothing, 6 runs with baselines of 3 times the noise, 2 of 12 stimuli lost in each",
        partial(lost, distance="crossvalidated_euclidean", signal=0.0, baseline=3.0),
        (
            Figure("mean distance", mean("mean"), least=-0.05, most=0.05, before="-1.21"),
            Figure("spread over pairs", mean("spread"), most=0.12, before="1.24"),
        ),
    ),
    *(
        World(
            RUNS,
            f"patterns of 12 stimuli, 6 runs with baselines of {baseline:g} times the noise, 2 "
            f"stimuli lost in each: {distance}",
            partial(lost, distance=distance, signal=0.7, baseline=baseline),
            (Figure("slope over true distances", mean("slope"), least=0.97, most=most),),
        )
        # The inverse of an estimated variance is too large on average, for all pairs alike.
        for distance, most in zip(DISTANCES, (1.03, 1.1), strict=True)
        for baseline in (0.0, 2.0)
    ),
    *(
        World(
            "bold",
            f"residual variance of {model}, 12 slow regressors, 300 volumes, autocorrelation "
            f"{rho:g}, {censored:.0%} censored",
            partial(bold, rho=rho, censored=censored, model=model),
            (Figure("told over true", mean("told"),
                    **({"least": 0.93, "most": 1.07} if model == "ar1" else {})),),
            n=60,
        )
        for model, rho, censored in (
            ("ols", 0.3, 0.0), ("ols", 0.6, 0.0), ("ar1", 0.6, 0.0), ("ar1", 0.6, 0.15),
            ("ar1", 0.6, 0.4),
        )
    ),
    *(
        World(
            "uncovered",
            f"a recording of 200 presentations from end to end, {kind}",
            partial(whole, kind=kind),
            (Figure("presentations left out", share("flagged"), most=0.02),),
            n=600,
        )
        for kind in ("steady", "bursting", "states")
    ),
    *(
        World(
            "uncovered",
            f"a recording at 5 spikes per second that ends {early} of 120 presentations early",
            partial(ended, early=early),
            (Figure("noticed", share("flagged"), least=least),),
        )
        for early, least in ((4, -np.inf), (6, -np.inf), (12, 0.95))
    ),
)  # fmt: skip

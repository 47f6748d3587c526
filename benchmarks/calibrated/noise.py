"""Distances weighed by noise, of two runs and of responses with an offset: rows 10 and 16."""

from __future__ import annotations

from functools import partial

import numpy as np

from calibrated.drawn import Rng, distances
from calibrated.recorded import brain_and_notes
from calibrated.table import Columns, DataSet, Figure, World, mean, share
from isomorph.study.dataset import NoiseSpec


def two_runs(rng: Rng, n_stimuli: int, n_units: int, shrinkage: str) -> DataSet:
    """Record signal and noise, and noise alone, in two runs."""
    mixing = np.eye(n_units) + rng.standard_normal((n_units, n_units)) / np.sqrt(4 * n_units)
    noise = rng.standard_normal((2, 2, n_stimuli, n_units)) @ mixing
    signal = 0.5 * rng.standard_normal((n_stimuli, n_units)) @ mixing
    spec = NoiseSpec.model_validate({"shrinkage": shrinkage})
    (of_noise,), said = brain_and_notes({"m": {"IT": noise[0]}}, "crossnobis", noise=spec)
    (of_signal,), _ = brain_and_notes({"m": {"IT": signal + noise[1]}}, "crossnobis", noise=spec)
    lifted = any("lifts every distance" in note for note in said.values())
    return {"noise": of_noise.rdms.mean(), "signal": of_signal.rdms.mean(), "said": float(lifted)}


def lift(columns: Columns) -> tuple[float, float]:
    """Return the mean distance of noise alone over that of signal and noise."""
    noise, signal = columns["noise"], columns["signal"].mean()
    return float(noise.mean() / signal), float(noise.std(ddof=1) / signal / np.sqrt(len(noise)))


def offset(rng: Rng) -> DataSet:
    """Record units of unlike scale, as they are and with a large offset each."""
    signal, noise = rng.standard_normal((24, 30)), rng.standard_normal((4, 24, 30))
    scale = np.geomspace(0.1, 10, 30)
    own = 1e6 * np.linspace(-1, 2, 30)
    (plain,), _ = brain_and_notes({"m": {"IT": (signal + noise) * scale}}, "crossnobis")
    (moved,), said = brain_and_notes({"m": {"IT": (signal + noise) * scale + own}}, "crossnobis")
    truth = distances(signal)
    without, there = (float(np.corrcoef(one.rdms[0], truth)[0, 1]) for one in (plain, moved))
    return {"like": there, "changed": there - without, "noiseless": float(len(said))}


WORLDS = (
    *(
        World(
            "10",
            f"crossnobis of two runs, {n} stimuli, {units} units, shrinkage {shrinkage}",
            partial(two_runs, n_stimuli=n, n_units=units, shrinkage=shrinkage),
            (Figure("noise alone over signal and noise", lift, least=-0.03, most=0.03,
                    before=".64"),),
            n=150,
        )
        for n, units, shrinkage in ((40, 15, "diagonal"), (43, 12, "none"), (20, 60, "diagonal"))
    ),
    World(
        "10",
        "crossnobis of two runs, 6 stimuli, 12 units",
        partial(two_runs, n_stimuli=6, n_units=12, shrinkage="diagonal"),
        (
            Figure("rows that say distances are lifted", share("said"), least=1, before="0"),
            Figure("noise alone over signal and noise", lift),
        ),
    ),
    World(
        "16",
        "crossnobis of 30 units, each with an offset of 1e6",
        offset,
        (
            Figure("correlation with the truth", mean("like"), before=".02"),
            Figure("its change by the offset", mean("changed"), least=-1e-6, most=1e-6),
            Figure("rows with units called noiseless", share("noiseless"), most=0, before="1"),
        ),
        n=30,
    ),
)  # fmt: skip

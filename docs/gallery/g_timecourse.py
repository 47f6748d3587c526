"""Similarity over time.

The deep layer of a network against a simulated recording that it shapes late, after a shallow one:
each time bin is compared by itself, with the noise ceiling of the bin. The bar marks a cluster of
bins that are tested together.
"""

import numpy as np
import xarray as xr

import isomorph as iso

rng = np.random.default_rng(0)
shallow, deep = rng.standard_normal((2, 30, 20))
start = np.arange(0.0, 0.4, 0.04)
signal = np.stack(
    [
        np.exp(-(((time - 0.08) / 0.05) ** 2)) * shallow
        + np.exp(-(((time - 0.24) / 0.07) ** 2)) * deep
        for time in start
    ],
    axis=-1,
)
repetition, stimulus = np.divmod(np.arange(120), 30)  # four showings of each stimulus
recording = xr.Dataset(
    {"response": (("presentation", "unit", "time"), signal[stimulus])},
    coords={
        "stimulus": ("presentation", [f"image {k:02d}" for k in stimulus]),
        "repetition": ("presentation", repetition),
        "unit": ("unit", [f"unit {k}" for k in range(20)]),
        "region": ("unit", ["simulated"] * 20),
        "time_start": ("time", start),
        "time_stop": ("time", start + 0.04),
    },
)
recording["response"] += rng.standard_normal(recording["response"].shape)
brain = iso.rdm(recording, "squared_euclidean")
models = {"network": iso.rdm({"shallow": shallow, "deep": deep}, "squared_euclidean")}
found = iso.compare(brain, models, "pearson", resamples=100, permutations=200)
figure = found.plot()

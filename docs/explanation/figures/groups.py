"""Variants of one object are not independent stimuli.

Twenty objects in three variants each, and a layer that has nothing to do with the regions: where
variants count as stimuli of their own, p is small far too often; where they are kept together, it
is uniform, which is the grey line.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import isomorph as iso

rng = np.random.default_rng(7)
objects = np.repeat(np.arange(20), 3)
stimuli = pd.DataFrame({"stimulus": [f"image {k}" for k in range(60)], "object": objects})
names = stimuli["stimulus"]


def variants():
    """Return patterns of 60 images of which three at a time show one object."""
    return rng.standard_normal((20, 30))[objects] + 1.2 * rng.standard_normal((60, 30))


found = {"every image by itself": [], "objects kept together": []}
for _ in range(4):
    brain = {f"region {k}": iso.rdm(variants(), stimuli=names) for k in range(12)}
    model = {"model": iso.rdm({"layer": variants()}, stimuli=names)}
    for p, together in zip(found.values(), ((), ("object",)), strict=True):
        table = iso.compare(brain, model, "pearson", stimuli=stimuli, keep_together=together,
                            resamples=20, permutations=200).table  # fmt: skip
        p += list(table["p"])

figure, axes = plt.subplots(figsize=(5, 3.2), layout="constrained")
uniform = np.logspace(-12, 0)
axes.plot(uniform, uniform, color="0.7", linewidth=1)
for name, p in found.items():
    axes.plot(np.sort(p), (np.arange(len(p)) + 1) / len(p), drawstyle="steps-post", label=name)
axes.set(xscale="log", xlim=(1e-12, 1), ylim=(0, 1))
axes.set(xlabel="p", ylabel="share of regions with at most this p")
axes.legend(frameon=False, loc="upper left")

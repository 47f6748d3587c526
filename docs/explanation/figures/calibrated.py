"""Unrelated representations under four measures.

Two representations of 40 stimuli that have nothing in common, with more and more features: what
the measures give, and the same set against chance. Raw values say most of all how many features
there are; calibrated ones stay at 0.
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy.spatial.distance import pdist

import isomorph as iso

rng = np.random.default_rng(6)
sizes, names = [5, 10, 20, 40, 80, 160, 320], ["cka", "cka_biased", "procrustes", "mutual_knn"]
values = {name: np.empty((len(sizes), 8, 2)) for name in names}
for row, size in enumerate(sizes):
    for draw in range(8):
        first, second = (pdist(rng.standard_normal((40, size)), "sqeuclidean") for _ in range(2))
        for name, found in values.items():
            both = iso.MEASURES[name].calibrated(first[None], second[None])
            found[row, draw] = [one.item() for one in both]

figure, panels = plt.subplots(1, 2, figsize=(7, 3), sharey=True, layout="constrained")
for panel, which, title in zip(panels, (0, 1), ("raw", "set against chance"), strict=True):
    for name, found in values.items():
        panel.plot(sizes, found[:, :, which].mean(axis=1), "o-", label=name)
    panel.axhline(0, color="0.6", linewidth=1)
    panel.set(xscale="log", title=title, xlabel="features", ylim=(-0.2, 1))
    panel.set_xticks(sizes, sizes, rotation=45)
    panel.minorticks_off()
panels[0].set_ylabel("similarity")
panels[1].legend(frameon=False)

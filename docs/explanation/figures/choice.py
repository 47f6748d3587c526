"""The best of many layers of noise.

A region and a network that have nothing to do with each other: the highest estimate among the
layers rises with their number, the score of the layer that was chosen on other stimuli does not.
"""

import matplotlib.pyplot as plt
import numpy as np

import isomorph as iso

rng = np.random.default_rng(4)
counts = [1, 4, 16, 48]
maximum, score = (np.empty((len(counts), 5)) for _ in range(2))
for row, n_layers in enumerate(counts):
    for column in range(maximum.shape[1]):
        brain = iso.rdm(rng.standard_normal((30, 40)))
        layers = {f"layer {k}": rng.standard_normal((30, 40)) for k in range(n_layers)}
        model = {"noise": iso.rdm(layers)}
        found = iso.select_layer(brain, model, "pearson", resamples=50, permutations=0).table
        maximum[row, column], score[row, column] = found[["maximum", "score"]].iloc[0]

figure, axes = plt.subplots(figsize=(6, 3), layout="constrained")
for values, name in ((maximum, "highest estimate"), (score, "score on held-out stimuli")):
    error = values.std(axis=1) / np.sqrt(values.shape[1])
    axes.errorbar(counts, values.mean(axis=1), error, fmt="o-", label=name)
axes.axhline(0, color="0.6", linewidth=1)
axes.set(xscale="log", xlabel="layers", ylabel="correlation of RDMs", xticks=counts)
axes.set_xticks(counts, counts)
axes.minorticks_off()
axes.legend(frameon=False, loc="upper left")

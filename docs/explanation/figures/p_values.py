"""p by exact moments and p by counting.

For 16 layers that have nothing to a lot in common with a region, p from the exact moments of all
orders of the stimuli, and the share of 20,000 random orders that reach the estimate. They agree as
far as counting reaches; below, counting can only say that nothing was counted.
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy.spatial.distance import squareform

import isomorph as iso

rng = np.random.default_rng(3)
region = rng.standard_normal((30, 40))
layers = {
    f"layer {number}": region * number / 16 + 1.5 * rng.standard_normal(region.shape)
    for number in range(16)
}
brain, model = iso.rdm(region), iso.rdm(layers)
found = iso.compare(brain, {"model": model}, "pearson", resamples=20, permutations=0).table

square, upper = squareform(brain["correlation"].values[0]), np.triu_indices(30, 1)
orders = [rng.permutation(30) for _ in range(20_000)]
shuffled = np.array([square[np.ix_(order, order)][upper] for order in orders])
values = iso.MEASURES["pearson"].compare(shuffled, model["correlation"].values)
counted = (1 + (values >= found["estimate"].to_numpy()).sum(axis=0)) / (1 + len(orders))

figure, axes = plt.subplots(figsize=(4.6, 4), layout="constrained")
axes.plot([1e-12, 1], [1e-12, 1], color="0.7", linewidth=1)
axes.axhline(1 / (1 + len(orders)), color="0.7", linewidth=1, linestyle=":")
axes.plot(found["p"], counted, "o")
axes.set(xscale="log", yscale="log", xlim=(1e-12, 2), ylim=(1e-5, 2))
axes.set(xlabel="p by exact moments", ylabel="p by counting 20,000 orders")

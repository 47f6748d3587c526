"""Standard errors beside the spread over fresh stimuli.

How much a correlation of RDMs varies from one sample of stimuli to the next (1 on the axis), and
what the bootstrap and the jackknife say of it from one sample alone. The bootstrap says too much,
the less so the more stimuli there are.
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy.spatial.distance import pdist

import isomorph as iso

rng = np.random.default_rng(2)
measure, counts = iso.MEASURES["pearson"], [30, 60, 120]
weights = rng.standard_normal((40, 25))


def sample(n):
    """Return a region and a layer that sees part of it, for n fresh stimuli."""
    region = rng.standard_normal((n, 40))
    return region, region @ weights + 4 * rng.standard_normal((n, 25))


def rdms(patterns):
    """Return the RDM of patterns."""
    return pdist(patterns, "correlation")[None]


said = {"bootstrap": [], "jackknife": []}
for n in counts:
    fresh = [measure.pair(*map(rdms, sample(n))) for _ in range(400)]
    for spread, found in said.items():
        errors = []
        for _ in range(6):
            region, layer = sample(n)
            result = iso.compare(
                iso.rdm(region), {"model": iso.rdm({"layer": layer})}, "pearson",
                spread=spread, resamples=200, permutations=0,
            )  # fmt: skip
            errors.append(result.table["standard_error"].item())
        found.append(np.mean(errors) / np.std(fresh))

figure, axes = plt.subplots(figsize=(6, 3), layout="constrained")
for spread, found in said.items():
    axes.plot(counts, found, "o-", label=spread)
axes.axhline(1, color="0.6", linewidth=1)
axes.set(xlabel="stimuli", ylabel="standard error over true spread", ylim=(0, 2), xticks=counts)
axes.legend(frameon=False, loc="lower right")

"""How often anything at all is found where there is nothing.

Regions of noise against 20 layers of noise: the share of regions in which some layer has a p of at
most .05. Uncorrected that is more than half of them; corrected over the family it is about one in
20, the dotted line.
"""

import matplotlib.pyplot as plt
import numpy as np

import isomorph as iso

rng = np.random.default_rng(5)
any_found = {"uncorrected": [], "max_t": []}
for _ in range(8):
    brain = {f"region {k}": iso.rdm(rng.standard_normal((24, 30))) for k in range(10)}
    model = {"noise": iso.rdm({f"layer {k}": rng.standard_normal((24, 30)) for k in range(20)})}
    table = iso.compare(brain, model, "pearson", correction="max_t", family="region",
                        resamples=20, permutations=400).table  # fmt: skip
    smallest = table.groupby("region")[["p", "p_corrected"]].min()
    for found, column in zip(any_found.values(), smallest, strict=True):
        found += list(smallest[column] <= 0.05)

figure, axes = plt.subplots(figsize=(6, 1.8), layout="constrained")
shares = {name: np.mean(found) for name, found in any_found.items()}
axes.barh(list(shares), list(shares.values()), color=["C1", "C0"])
axes.axvline(0.05, color="0.3", linewidth=1, linestyle=":")
axes.invert_yaxis()
axes.set(xlabel="share of regions in which some layer is found", xlim=(0, 1))

"""Layers that may be the best.

Eight layers of a network against inferior temporal cortex of monkeys. Filled: the two that are in
the confidence set; the data do not tell them apart, although the estimate of one is higher.
"""

import matplotlib.pyplot as plt
import numpy as np

import isomorph as iso

data = np.load("../../kriegeskorte92.npz")
network = dict(zip(data["layers"], data["network"], strict=True))
found = iso.compare(
    {"monkey IT": data["monkey_it"]}, {"network": network}, "pearson", distance="correlation",
    resamples=500,
)  # fmt: skip
table = found.table
inside = (table["in_set"] == "yes").to_numpy()

figure, axes = plt.subplots(figsize=(6, 3), layout="constrained")
error = [table["estimate"] - table["interval_low"], table["interval_high"] - table["estimate"]]
axes.errorbar(range(len(table)), table["estimate"], error, fmt="none", color="0.6")
for chosen, face, name in ((inside, "C0", "in the set"), (~inside, "white", "not in the set")):
    axes.plot(np.flatnonzero(chosen), table["estimate"][chosen], "o", color="C0",
              markerfacecolor=face, label=name)  # fmt: skip
axes.set_xticks(range(len(table)), table["layer"], rotation=30, ha="right")
axes.set(ylabel="correlation of RDMs", ylim=(0, None))
axes.legend(frameon=False, loc="upper left")

"""Bounds of the noise ceiling and the score of the true model.

The score of the true model lies between the two bounds. With more subjects the bounds come nearer
to each other, but not to 1, as every subject's own noise stays what it is.
"""

import matplotlib.pyplot as plt
import numpy as np

import isomorph as iso

rng = np.random.default_rng(1)
truth = rng.standard_normal((40, 30))
subjects = [
    iso.rdm(truth + 1.5 * rng.standard_normal(truth.shape), subject=f"s{number}")
    for number in range(16)
]
model = {"the true model": iso.rdm({"layer": truth})}
counts = [2, 3, 4, 6, 8, 12, 16]
rows = [
    iso.compare(subjects[:n], model, "pearson", resamples=20, permutations=0).table.iloc[0]
    for n in counts
]

figure, axes = plt.subplots(figsize=(6, 3.2), layout="constrained")
lower, upper = ([row[f"ceiling_{bound}"] for row in rows] for bound in ("lower", "upper"))
axes.fill_between(counts, lower, upper, color="0.85", label="noise ceiling, lower to upper")
axes.plot(counts, [row["estimate"] for row in rows], "o-", label="score of the true model")
axes.set(xlabel="subjects", ylabel="correlation of RDMs", ylim=(0, 1))
axes.legend(frameon=False, loc="lower right")

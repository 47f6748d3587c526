"""Variance alone and in common.

Of the variance of the RDM of inferior temporal cortex, what the network, categories and Gabor
energies explain each by itself, and what exactly two or all of them explain in common.
"""

import numpy as np
import pandas as pd

import isomorph as iso

data = np.load("../kriegeskorte92.npz")
names = data["stimuli"]
kinds = pd.get_dummies(data["category"]).set_index(names)
models = {
    "network": dict(zip(data["layers"], data["network"], strict=True)),
    "kinds": iso.rdm({"kinds": kinds}),
    "Gabor": data["gabor"],
}
found = iso.partition(
    {"human IT": data["human_it"]}, models, measure="pearson", distance="correlation",
    stimuli=names, resamples=200,
)  # fmt: skip
figure = found.plot()

"""Layers weighted.

All layers of the network combined, with weights fitted on one half of the images and scored on the
other, beside the best single layer chosen in the same way.
"""

import numpy as np

import isomorph as iso

data = np.load("../kriegeskorte92.npz")
brain = {"human IT": data["human_it"], "monkey IT": data["monkey_it"]}
network = dict(zip(data["layers"], data["network"], strict=True))
found = iso.weighted(
    brain, {"network": network}, measure="pearson", distance="correlation", resamples=200
)
figure = found.plot()

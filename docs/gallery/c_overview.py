"""Regions against models.

Two regions and three models, each model at its best layer, with 95 % intervals and the noise
ceiling of either region, where it has one.
"""

import numpy as np

import isomorph as iso

data = np.load("../kriegeskorte92.npz")
brain = {"human IT": data["human_it"], "monkey IT": data["monkey_it"]}
network = dict(zip(data["layers"], data["network"], strict=True))
models = {"network": network, "Gabor": data["gabor"], "pixels": data["pixels"]}
found = iso.compare(brain, models, distance="correlation", resamples=500)
figure = found.plot()

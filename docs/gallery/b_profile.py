"""Layer profile.

The layers of a network against inferior temporal cortex of people: similarity rises to blocks.11
and falls after it. The grey band is the noise ceiling, the blue one the 95 % intervals; on the
right are models without layers.
"""

import numpy as np

import isomorph as iso

data = np.load("../kriegeskorte92.npz")
network = dict(zip(data["layers"], data["network"], strict=True))
models = {"network": network, "Gabor": data["gabor"], "pixels": data["pixels"]}
found = iso.compare(
    {"human IT": data["human_it"]}, models, distance="correlation", resamples=500
)  # fmt: skip
figure = found.plot()

"""RDMs.

Representational dissimilarity matrices of inferior temporal cortex of people and of monkeys, and of
two layers of a network, over the same 92 images: a dark block along the diagonal is a category
whose members are alike.
"""

import numpy as np
import xarray as xr

import isomorph as iso

data = np.load("../kriegeskorte92.npz")
names = {"human IT": data["human_it"].mean(axis=0), "monkey IT": data["monkey_it"][0]}
names |= {layer: data["network"][place] for layer, place in (("blocks.3", 2), ("blocks.11", 5))}
rdms = xr.Dataset(
    {"correlation": (("representation", "pair"), np.stack(list(names.values())))},
    coords={"region": ("representation", list(names)), "stimulus": data["stimuli"]},
)
figure = iso.plot(rdms)

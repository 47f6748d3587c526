"""What a model adds to a control.

How similar the network is to each region as it is, and once what the categories of the images
predict is taken out of both: part of the similarity is that both tell kinds of objects apart.
"""

import numpy as np
import pandas as pd

import isomorph as iso

data = np.load("../kriegeskorte92.npz")
names = data["stimuli"]
kinds = pd.get_dummies(data["category"]).set_index(names)
brain = {"human IT": data["human_it"], "monkey IT": data["monkey_it"]}
models = {
    "network": dict(zip(data["layers"], data["network"], strict=True)),
    "kinds": iso.rdm({"kinds": kinds}),
}
found = iso.partial(
    brain, models, controls="kinds", distance="correlation", stimuli=names, resamples=200
)
figure = found.plot()

"""Which model is found when which is planted.

Data simulated from each model in turn, with the noise of the measured data: the share of data sets
in which each model has the highest similarity. What is off the diagonal is how often another one
would be named.
"""

import numpy as np

import isomorph as iso

rng = np.random.default_rng(0)
x = rng.standard_normal((24, 30))
layers = {}
for depth in range(5):
    layers[f"model {depth}"] = x
    x = np.tanh(1.2 * x + 0.6 * rng.standard_normal(x.shape))
brain = [iso.rdm(layers["model 2"] + 1.6 * rng.standard_normal(x.shape), subject=s) for s in "abc"]
models = {name: iso.rdm({name: features}) for name, features in layers.items()}
found = iso.recover(brain, models, simulations=40, tested=0)
figure = found.plot()

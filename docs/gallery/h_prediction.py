"""Prediction of single units.

Held-out correlations of simulated units with ridge regressions on each layer: the deep layer, from
which the units were made, predicts them best.
"""

import numpy as np

import isomorph as iso

rng = np.random.default_rng(0)
layers = {name: rng.standard_normal((80, 12)) for name in ("shallow", "middle", "deep")}
layers["middle"] += 0.7 * layers["deep"]
units = layers["deep"] @ rng.standard_normal((12, 40)) + 3 * rng.standard_normal((4, 80, 40))
found = iso.predict(units, {"network": layers}, permutations=50, resamples=100)
figure = found.plot()

"""A layer is found in a network that was trained from other weights.

For every layer of one network the most similar layer of another is looked up; a measure is right
if that is the layer at the same place (Kornblith et al. 2019, Table 2).
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import numpy as np

from isomorph.measures import MEASURES
from isomorph.validation._claim import Claim, Figure
from isomorph.validation.alike import stack_of
from isomorph.validation.convolutional import convolutional_layers
from isomorph.validation.digits import digits

SEEDS = range(8)
CCA = {"cca": "1.4 to 10.6 %", "svcca": "9.9 to 15.1 %", "pwcca": "11.1 %"}


def redone() -> Mapping[str, float]:
    """Return how often each measure finds the layer, over pairs of networks and layers."""
    stacks = [
        [stack_of([layer]) for layer in network]
        for network in convolutional_layers(digits(), list(SEEDS))
    ]
    found = {}
    for measure in ("cka_biased", "procrustes", *CCA):
        hits = []
        for one, other in combinations(stacks, 2):
            values = np.array([[MEASURES[measure].pair(x, y) for y in other] for x in one])
            values = np.nan_to_num(values, nan=-np.inf)
            for side in (values, values.T):
                hits.extend(side.argmax(axis=1) == np.arange(len(one)))
        found[measure] = 100 * float(np.mean(hits))
    found["lead"] = found["procrustes"] - found["cka_biased"]
    found["gap"] = found["cka_biased"] - max(found[measure] for measure in CCA)
    return found


CLAIM = Claim(
    name="kornblith2019",
    source="Kornblith et al. 2019, https://arxiv.org/abs/1905.00414, Table 2",
    says=(
        "Networks trained from different seeds should have corresponding layers. CKA finds the "
        "corresponding layer nearly always, canonical correlations hardly ever."
    ),
    what="five layers of eight convolutional networks: how often a layer is found in another "
    "network, in %",
    figures=(
        Figure("cka_biased", "CKA", "99.3 %", low=70),
        Figure("lead", "Procrustes less CKA", "not in the table", low=-5),
        *(
            Figure(measure, MEASURES[measure].title, published, high=35)
            for measure, published in CCA.items()
        ),
        Figure("gap", "CKA less the best of these", "84 or more", low=40),
    ),
    redone=redone,
    remark="With perceptrons of five equal layers of up to 128 units, which are nearly the same, "
    "CKA finds 30 to 60 %. "
    "The first layer has 512 units beside 797 images, so that it agrees in its canonical "
    "correlations with every layer.",
)

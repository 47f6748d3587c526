"""Networks trained from other weights lie in one basin, once their units are put in order.

Halfway between the weights of two networks the loss is high; not so after the hidden units of one
were permuted to match those of the other, layer by layer, by the weights that lead in and out
(weight matching, Ainsworth et al. 2023).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.optimize import linear_sum_assignment

from isomorph.measures import Floats
from isomorph.validation._claim import Claim, Figure
from isomorph.validation.digits import Digits, digits
from isomorph.validation.perceptrons import Perceptrons, trained

HIDDEN = (512, 512)
EPOCHS, DECAY = 60, 3.0
N_PAIRS = 2
STEPS = 11
"""Places between two networks at which the loss is looked at, ends included."""
ROUNDS = 50
"""Times that all layers are gone through, at most."""


def matched(fixed: Perceptrons, moving: Perceptrons, seed: int = 0) -> Perceptrons:
    """Return a network whose hidden units are in the order that fits another's weights best.

    It computes what it did before.

    Parameters
    ----------
    fixed, moving : Perceptrons
        One network each.
    seed : int
        Of the order in which layers are gone through.
    """
    import torch

    goals = _arrays(fixed)
    weights, biases = _arrays(moving)
    rng = np.random.default_rng(seed)
    n_hidden = len(weights) - 1
    for _ in range(ROUNDS):
        changed = False
        for layer in rng.permutation(n_hidden):
            profit = goals[0][layer].T @ weights[layer]
            profit += goals[0][layer + 1] @ weights[layer + 1].T
            profit += np.outer(goals[1][layer], biases[layer])
            order = linear_sum_assignment(profit, maximize=True)[1]
            gain = profit[np.arange(len(order)), order].sum() - np.trace(profit)
            if gain <= 1e-9 * np.abs(profit).sum():
                continue
            weights[layer] = weights[layer][:, order]
            biases[layer] = biases[layer][order]
            weights[layer + 1] = weights[layer + 1][order]
            changed = True
        if not changed:
            break
    return Perceptrons(
        [torch.as_tensor(one, dtype=torch.float32)[None] for one in weights],
        [torch.as_tensor(one, dtype=torch.float32)[None, None] for one in biases],
    )


def barrier(first: Perceptrons, second: Perceptrons, data: Digits) -> float:
    """Return by how much the loss on the way exceeds that of the ends, in between, at most."""
    shares = np.linspace(0, 1, STEPS)
    losses = []
    for share in shares.tolist():
        between = Perceptrons(
            *(
                [(1 - share) * x + share * y for x, y in zip(one, other, strict=True)]
                for one, other in (
                    (first.weights, second.weights), (first.biases, second.biases)
                )
            )
        )  # fmt: skip
        losses.append(between.loss(data.images, data.labels)[0])
    ends = (1 - shares) * losses[0] + shares * losses[-1]
    return float((np.array(losses) - ends).max())


def redone() -> Mapping[str, float]:
    """Return the barrier before and after matching, averaged over pairs of networks."""
    data = digits()
    networks = trained(
        data.images, data.labels, HIDDEN, range(2 * N_PAIRS), epochs=EPOCHS, decay=DECAY
    )
    naive, after = [], []
    for pair in range(N_PAIRS):
        first, second = (networks[slice(at, at + 1)] for at in (2 * pair, 2 * pair + 1))
        naive.append(barrier(first, second, data))
        after.append(barrier(first, matched(first, second), data))
    found = {"naive": float(np.mean(naive)), "matched": float(np.mean(after))}
    return found | {"share": 100 * found["matched"] / found["naive"]}


def _arrays(network: Perceptrons) -> tuple[list[Floats], list[Floats]]:
    return (
        [one[0].numpy().astype(float) for one in network.weights],
        [one[0, 0].numpy().astype(float) for one in network.biases],
    )


CLAIM = Claim(
    name="rebasin2023",
    source="Ainsworth, Hayase & Srinivasa 2023, https://arxiv.org/abs/2209.04836",
    says=(
        "Two trained networks look far apart only because their units are in another order. Once "
        "units are matched, the straight way between the two crosses no barrier of loss."
    ),
    what="loss between two networks above that of the networks, before and after matching",
    figures=(
        Figure("matched", "barrier after weight matching", "near 0", high=0.03),
        Figure("share", "% of the barrier before", "near 0", high=10),
    ),
    redone=redone,
    remark="Matching needs wide networks and flat minima: with 256 units and little weight decay a "
    "tenth of the barrier is left, 0.1.",
)

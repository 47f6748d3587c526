"""The lower half of one network feeds the upper half of another through a trained seam.

Both networks stay as they are; the seam, an affine map between layers at the same place, is trained
on the loss of the task. Trained networks lose hardly any accuracy by that, whereas a lower half
that was never trained costs more, the deeper the seam (Bansal, Nakkiran & Barak 2021).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from isomorph.validation._claim import Claim, Figure
from isomorph.validation.digits import N_CLASSES, Digits, digits
from isomorph.validation.perceptrons import Perceptrons, initial, trained
from isomorph.validation.repeatable import repeatable

N_PAIRS = 3
HIDDEN = (64, 64, 64)
EPOCHS, BATCH = 20, 50


@repeatable()
def stitched_accuracy(lower: Perceptrons, upper: Perceptrons, layer: int, data: Digits) -> float:
    """Return the accuracy of a network of two halves, the seam between them trained.

    Parameters
    ----------
    lower, upper : Perceptrons
        One network each.
    layer : int
        The hidden layer after which the seam is.
    data : Digits
    """
    import torch

    train, test = (
        torch.as_tensor(lower.layers(images)[layer][0], dtype=torch.float32)
        for images in (data.images, data.test_images)
    )
    drawn = torch.Generator().manual_seed(layer)
    # It starts from the identity, as if the two halves were of one network.
    weights = torch.eye(train.shape[1], requires_grad=True)
    biases = torch.zeros(train.shape[1], requires_grad=True)
    stepping = torch.optim.Adam([weights, biases], lr=3e-3)
    labels = torch.as_tensor(data.labels)

    def logits(features: torch.Tensor) -> torch.Tensor:
        # What upper layers are given is what rectified units give.
        return upper.forward((features @ weights + biases).relu()[None], first=layer + 1)[-1][0]

    for _ in range(EPOCHS):
        for part in torch.randperm(len(train), generator=drawn).split(BATCH):
            loss = torch.nn.functional.cross_entropy(logits(train[part]), labels[part])
            stepping.zero_grad()
            loss.backward()
            stepping.step()
    with torch.no_grad():
        said = logits(test).argmax(dim=-1).numpy()
    return float((said == data.test_labels).mean())


def redone() -> Mapping[str, float]:
    """Return what a seam costs, at worst over layers, below a trained and an untrained half."""
    data = digits()
    networks = trained(data.images, data.labels, HIDDEN, range(2 * N_PAIRS), epochs=EPOCHS)
    untrained = initial((data.images.shape[1], *HIDDEN, N_CLASSES), range(N_PAIRS))
    own = networks.accuracy(data.test_images, data.test_labels)
    costs = np.empty((2, N_PAIRS, len(HIDDEN)))
    for pair in range(N_PAIRS):
        upper = networks[slice(N_PAIRS + pair, N_PAIRS + pair + 1)]
        for kind, lower in enumerate((networks, untrained)):
            for layer in range(len(HIDDEN)):
                half = lower[slice(pair, pair + 1)]
                accuracy = stitched_accuracy(half, upper, layer, data)
                costs[kind, pair, layer] = 100 * (own[N_PAIRS + pair] - accuracy)
    means = costs.mean(axis=1)
    return {"trained": float(means[0].max()), "untrained": float(means[1, -1])}


CLAIM = Claim(
    name="bansal2021",
    source="Bansal, Nakkiran & Barak 2021, https://arxiv.org/abs/2106.07682",
    says=(
        "The lower half of one trained network can feed the upper half of another with hardly "
        "any loss of accuracy; with an untrained lower half it cannot."
    ),
    what="accuracy lost where the lower half of a network feeds the upper half of another, in "
    "points of 100",
    figures=(
        Figure("trained", "both trained, at the worst of three layers", "near 0", high=2.0),
        Figure("untrained", "lower half untrained, last hidden layer", "larger", low=4.0),
    ),
    redone=redone,
)

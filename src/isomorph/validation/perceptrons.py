"""Multilayer perceptrons, several of one shape trained side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from isomorph.measures import Floats
from isomorph.validation.digits import N_CLASSES, Labels
from isomorph.validation.repeatable import repeatable

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Perceptrons:
    """Networks of one shape, with rectified units.

    Attributes
    ----------
    weights : sequence of tensors of shape (network, input, output)
        One per layer; the last gives the logits.
    biases : sequence of tensors of shape (network, 1, output)
    """

    weights: Sequence[Tensor]
    biases: Sequence[Tensor]

    def __len__(self) -> int:
        return len(self.weights[0])

    def __getitem__(self, networks: slice) -> Perceptrons:
        return Perceptrons(
            [one[networks] for one in self.weights], [one[networks] for one in self.biases]
        )

    def forward(self, inputs: Tensor, first: int = 0) -> list[Tensor]:
        """Return what every layer from a first one on gives: `(network, stimulus, unit)`.

        Parameters
        ----------
        inputs : tensor of shape (network or 1, stimulus, input)
        first : int
            The layer they are given to.
        """
        found = []
        last = len(self.weights) - 1
        for layer in range(first, last + 1):
            inputs = inputs @ self.weights[layer] + self.biases[layer]
            inputs = inputs if layer == last else inputs.relu()
            found.append(inputs)
        return found

    def layers(self, images: Floats) -> list[Floats]:
        """Return what every layer gives to images, logits last: `(network, stimulus, unit)`."""
        import torch

        with torch.no_grad():
            found = self.forward(_tensor(images)[None].expand(len(self), -1, -1))
        return [layer.numpy().astype(float) for layer in found]

    def accuracy(self, images: Floats, labels: Labels) -> Floats:
        """Return the share of images whose label each network says: `(network,)`."""
        share: Floats = (self.layers(images)[-1].argmax(axis=-1) == labels).mean(axis=-1)
        return share

    def loss(self, images: Floats, labels: Labels) -> Floats:
        """Return the cross-entropy of each network: `(network,)`."""
        import torch

        with torch.no_grad():
            logits = self.forward(_tensor(images)[None].expand(len(self), -1, -1))[-1]
            logs = logits.log_softmax(dim=-1)[:, torch.arange(len(labels)), torch.as_tensor(labels)]
        mean: Floats = -logs.mean(dim=-1).numpy().astype(float)
        return mean


def initial(widths: Sequence[int], seeds: Sequence[int]) -> Perceptrons:
    """Return untrained networks (He et al. 2015, https://arxiv.org/abs/1502.01852).

    Parameters
    ----------
    widths : sequence of int
        Inputs, units of every hidden layer, outputs.
    seeds : sequence of int
        One per network.
    """
    import torch

    weights, biases = [], []
    draws = [torch.Generator().manual_seed(seed) for seed in seeds]
    for given, wide in pairwise(widths):
        drawn = [torch.randn(given, wide, generator=one) for one in draws]
        weights.append(torch.stack(drawn) * (2 / given) ** 0.5)
        biases.append(torch.zeros(len(seeds), 1, wide))
    return Perceptrons(weights, biases)


@repeatable()
def trained(
    images: Floats,
    labels: Labels,
    hidden: Sequence[int],
    seeds: Sequence[int],
    *,
    epochs: int,
    rate: float = 1e-3,
    decay: float = 0.0,
    batch: int = 50,
) -> Perceptrons:
    """Train networks that differ in their first weights and in the order of the images.

    Parameters
    ----------
    images : array of shape (stimulus, pixel)
    labels : array of shape (stimulus,)
    hidden : sequence of int
        Units of every hidden layer.
    seeds : sequence of int
        One per network.
    epochs : int
    rate, decay : float
        Of AdamW.
    batch : int
    """
    import torch

    networks = initial((images.shape[1], *hidden, N_CLASSES), seeds)
    parameters = [*networks.weights, *networks.biases]
    for one in parameters:
        one.requires_grad_()
    stepping = torch.optim.AdamW(parameters, lr=rate, weight_decay=decay)
    x, y = _tensor(images), torch.as_tensor(labels)
    draws = [torch.Generator().manual_seed(1000 + seed) for seed in seeds]
    for _ in range(epochs):
        orders = torch.stack([torch.randperm(len(x), generator=one) for one in draws])
        for part in orders.split(batch, dim=1):
            logits = networks.forward(x[part])[-1]
            # A sum over networks, so that each is trained as if it were alone.
            loss = (
                torch.nn.functional.cross_entropy(
                    logits.flatten(0, 1), y[part].flatten(), reduction="sum"
                )
                / part.shape[1]
            )
            stepping.zero_grad()
            loss.backward()
            stepping.step()
    for one in parameters:
        one.requires_grad = False
    return networks


def _tensor(array: Floats) -> Tensor:
    import torch

    return torch.as_tensor(np.asarray(array), dtype=torch.float32)

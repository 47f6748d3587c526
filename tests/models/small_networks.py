"""Tiny networks, each with one of the habits that make reading activations go wrong."""

from __future__ import annotations

import torch
from torch import nn


def seeded(network: type[nn.Module], **arguments: object) -> nn.Module:
    """Build a network with fixed weights, in evaluation mode."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        return network(**arguments).eval()


class Reusing(nn.Module):
    """Overwrites its feature maps in place, calls one module twice and one never."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 6, 3, stride=2)
        self.relu = nn.ReLU(inplace=True)
        self.body = nn.ModuleList([nn.Conv2d(6, 8, 3), nn.Conv2d(8, 8, 3)])
        self.idle = nn.Linear(2, 2)
        self.dropout = nn.Dropout(0.5)
        self.head = nn.Linear(8, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.relu(self.stem(x))
        x = self.relu(self.body[0](x))
        x = self.body[1](x)
        return self.head(self.dropout(x.mean((2, 3))))


class Several(nn.Module):
    """Returns several tensors at once."""

    def forward(self, x: torch.Tensor) -> tuple[object, ...]:
        return 3, x.mean(3), {"maximum": x.amax((2, 3)), "name": "x", "pair": [x[:, 0], x[:, 1]]}


class Holding(nn.Module):
    """Holds any module between a convolution and a mean."""

    def __init__(self, part: nn.Module) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3)
        self.part = part

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.stem(x)
        self.part(x)
        return x.mean((2, 3))


class Returning(nn.Module):
    """Returns what a function makes of its input."""

    def __init__(self, function: object) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: torch.Tensor) -> object:
        return self.function(x)


class Random(nn.Module):
    """Draws in evaluation mode too."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return nn.functional.dropout(x, 0.5, training=True)


class Skipping(nn.Module):
    """Calls its part in every other pass only, as stochastic depth may."""

    def __init__(self) -> None:
        super().__init__()
        self.part = nn.Identity()
        self.passes = 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.passes += 1
        return self.part(x) if self.passes % 2 else x


class Stubborn(nn.Module):
    """Stays in training mode whatever it is told."""

    def train(self, mode: bool = True) -> Stubborn:
        return super().train(True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x

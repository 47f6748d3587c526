"""A network of one's own: a function that returns it, and how images enter it.

Copy this file beside a study's models, put your network in place of this one, and name it in a
model's file: `source: python/own_network:network`.
"""

import torch
from torch import nn


class Small(nn.Module):
    """Two convolutions and a linear readout; its layers are `first`, `second` and `readout`."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(3, 8, kernel_size=5, stride=2), nn.ReLU())
        self.second = nn.Sequential(nn.Conv2d(8, 16, kernel_size=3), nn.ReLU())
        self.pooled = nn.AdaptiveAvgPool2d(1)
        self.readout = nn.Linear(16, 10)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return a number per class: (image, class) from (image, channel, height, width)."""
        return self.readout(self.pooled(self.second(self.first(images))).flatten(1))


def network(seed: int = 0) -> tuple[nn.Module, dict]:
    """Return the network in evaluation mode, and its preprocessing.

    Weights are read here, from a file beside this one, which is then part of what decides the
    activations: `module.load_state_dict(torch.load("own_network.pt", weights_only=True))`. With
    `seeds` in the model's file the function is called with each, for untrained controls.
    """
    torch.manual_seed(seed)
    module = Small()
    return module.eval(), {"size": 32, "mean": [0.5, 0.5, 0.5], "std": [0.25, 0.25, 0.25]}

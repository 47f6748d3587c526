"""Small convolutional networks for digits."""

from __future__ import annotations

from collections.abc import Sequence

from isomorph.measures import Floats
from isomorph.validation.digits import N_CLASSES, Digits
from isomorph.validation.repeatable import repeatable

EPOCHS, RATE, BATCH = 15, 2e-3, 50


def convolutional_layers(data: Digits, seeds: Sequence[int]) -> list[list[Floats]]:
    """Train networks of three convolutions and two dense layers.

    Parameters
    ----------
    data : Digits
    seeds : sequence of int
        Of the first weights and the order of the images; one per network.

    Returns
    -------
    list of list of arrays of shape (stimulus, unit)
        By network and hidden layer, what it gives to the test images; every place of a map is a
        unit.
    """
    import torch
    from torch import nn

    def square(images: Floats) -> torch.Tensor:
        return torch.as_tensor(images, dtype=torch.float32).reshape(-1, 1, 8, 8)

    images, labels = square(data.images), torch.as_tensor(data.labels)
    found = []
    for seed in seeds:
        with repeatable(seed):
            stages = nn.ModuleList(
                [
                    nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU()),
                    nn.Sequential(nn.Conv2d(8, 16, 3, stride=2, padding=1), nn.ReLU()),
                    nn.Sequential(nn.Conv2d(16, 32, 3, stride=2, padding=1), nn.ReLU()),
                    nn.Sequential(nn.Flatten(), nn.Linear(128, 64), nn.ReLU()),
                    nn.Sequential(nn.Linear(64, 64), nn.ReLU()),
                    nn.Linear(64, N_CLASSES),
                ]
            )
            network = nn.Sequential(*stages)
            stepping = torch.optim.Adam(network.parameters(), lr=RATE)
            for _ in range(EPOCHS):
                for part in torch.randperm(len(images)).split(BATCH):
                    loss = nn.functional.cross_entropy(network(images[part]), labels[part])
                    stepping.zero_grad()
                    loss.backward()
                    stepping.step()
        given, layers = square(data.test_images), []
        with torch.no_grad():
            for stage in stages[:-1]:
                given = stage(given)
                layers.append(given.flatten(1).numpy().astype(float))
        found.append(layers)
    return found

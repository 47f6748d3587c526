"""VGG-16 trained on contours: the convolutions of a network for edges (Xie and Tu 2015).

The convolutions of VGG-16 (Simonyan and Zisserman 2015), after their training on ImageNet, were
trained on to find contours at five scales; the five side outputs and their fusion are layers too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from isomorph.foreign import reading
from isomorph.models.network import Network

if TYPE_CHECKING:
    from pathlib import Path

    import h5py

DEPTHS = (2, 2, 3, 3, 3)
"""Convolutions in each block of VGG-16."""
WIDTHS = (64, 128, 256, 512, 512)


class HED(torch.nn.Module):
    """Five blocks of convolutions, each with a side output, and their fusion.

    Blocks but the first begin with a max-pooling whose windows may hang over the edge. Images are
    turned from red first to blue first, as the weights have it.
    """

    def __init__(self) -> None:
        super().__init__()
        channels = (3, *WIDTHS)
        self.blocks = torch.nn.ModuleList(
            _block(channels[place], channels[place + 1], depth, pooled=place > 0)
            for place, depth in enumerate(DEPTHS)
        )
        self.sides = torch.nn.ModuleList(torch.nn.Conv2d(width, 1, 1) for width in WIDTHS)
        self.fuse = torch.nn.Conv2d(len(WIDTHS), 1, 1)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return the probability of a contour `(stimulus, 1, height, width)`."""
        x = images.flip(1)
        sides = []
        for block, side in zip(self.blocks, self.sides, strict=True):
            x = block(x)
            sides.append(
                torch.nn.functional.interpolate(
                    side(x), size=images.shape[2:], mode="bilinear", align_corners=False
                )
            )
        return torch.sigmoid(self.fuse(torch.cat(sides, dim=1)))


def _block(entering: int, width: int, depth: int, *, pooled: bool) -> torch.nn.Sequential:
    """Return a block whose parts are named `pool`, `conv1`, `relu1`, `conv2` and so on."""
    block = torch.nn.Sequential()
    if pooled:
        block.add_module("pool", torch.nn.MaxPool2d(2, ceil_mode=True))
    for place in range(1, depth + 1):
        channels = entering if place == 1 else width
        block.add_module(f"conv{place}", torch.nn.Conv2d(channels, width, 3, padding=1))
        block.add_module(f"relu{place}", torch.nn.ReLU())
    return block


def hed(path: Path) -> Network:
    """Build the network and fill in the weights of a Keras file.

    Parameters
    ----------
    path : Path
        HDF5 with kernels `(height, width, channel in, channel out)`.

    Raises
    ------
    IsomorphError
        When the file does not fit.
    """
    from isomorph.foreign.hdf5 import open_hdf5

    module = HED()
    with open_hdf5(path) as file, reading(path, "the weights of this architecture"):
        for place, depth in enumerate(DEPTHS):
            for number in range(depth):
                name = "conv2d" if number == 0 else f"conv2d_{number}"
                _fill(
                    module.blocks[place].get_submodule(f"conv{number + 1}"),
                    file[f"block{place + 1}/layers/{name}/vars"],
                )
            _fill(module.sides[place], file[f"dsn{place + 1}/vars"])
        _fill(module.fuse, file["fuse/vars"])
    return Network(module=module.eval())


def _fill(layer: torch.nn.Module, stored: h5py.Group) -> None:
    kernel = torch.from_numpy(stored["0"][:]).permute(3, 2, 0, 1)
    layer.load_state_dict({"weight": kernel, "bias": torch.from_numpy(stored["1"][:])})

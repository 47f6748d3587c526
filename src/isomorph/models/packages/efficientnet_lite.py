"""EfficientNet-Lite (Tan and Le 2019; Google 2020), with its ImageNet-1k weights or untrained."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from isomorph.foreign import reading
from isomorph.models.network import Network

if TYPE_CHECKING:
    from pathlib import Path

    import torch


def efficientnet_lite(variant: str, path: Path) -> Network:
    """Build a variant of EfficientNet-Lite and fill in its weights.

    Parameters
    ----------
    variant : str
        "efficientnet-lite0", "efficientnet-lite1" or "efficientnet-lite2".
    path : Path
        A state dict, of which only tensors are read.
    """
    from efficientnet_lite_pytorch import EfficientNet

    module = filled(EfficientNet.from_name(variant), path)
    return Network(module=module, channels_last=True)


def filled(module: torch.nn.Module, path: Path) -> torch.nn.Module:
    """Fill a network with weights from a file.

    Only tensors are read, so the file cannot run code.

    Parameters
    ----------
    module : torch.nn.Module
        The architecture; every parameter must be in the file and nothing else.
    path : Path
        A state dict.

    Returns
    -------
    torch.nn.Module
        The same module, in evaluation mode.

    Raises
    ------
    IsomorphError
        When the file does not fit.
    """
    import torch

    with reading(path, "a state dict of tensors"):
        state = torch.load(path, map_location="cpu", weights_only=True)
    with reading(path, "the weights of this architecture"):
        module.load_state_dict(state, strict=True)
    return module.eval()


def untrained_efficientnet_lite(variant: str, seed: int) -> Network:
    """Build an EfficientNet-Lite with weights drawn from the architecture's own initialisation.

    The port of the architecture keeps torch's default initialisation, under which each residual
    branch is a hundred times weaker than its skip connection, the last feature maps are of size
    1e-8, and the classifier's random bias swallows them. So the weights are drawn as the authors
    draw them (Tan and Le 2019, `conv_kernel_initializer` and `dense_kernel_initializer` of their
    code): convolutions normal with variance 2 / fan-out, the classifier uniform within
    1 / sqrt(number of classes) with zero bias. Feature maps then stay between 0.1 and 20.

    The network runs in evaluation mode with the initial statistics of batch normalisation (mean
    0, variance 1), as is usual for untrained controls: calibrating them on the stimuli would be a
    kind of training, and would let one stimulus change the activations of another.

    Parameters
    ----------
    variant : str
        `efficientnet-lite0`, `efficientnet-lite1` or `efficientnet-lite2`.
    seed : int
        Seed of the draw; the generator of the caller is left as it was.

    Returns
    -------
    Network
        In evaluation mode.
    """
    import torch
    from efficientnet_lite_pytorch import EfficientNet

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        module = EfficientNet.from_name(variant)
        for part in module.modules():
            if isinstance(part, torch.nn.Conv2d):
                height, width = part.kernel_size
                fan_out = height * width * part.out_channels // part.groups
                torch.nn.init.normal_(part.weight, std=math.sqrt(2 / fan_out))
            elif isinstance(part, torch.nn.Linear):
                bound = 1 / math.sqrt(part.out_features)
                torch.nn.init.uniform_(part.weight, -bound, bound)
                torch.nn.init.zeros_(part.bias)
    return Network(module=module.eval(), channels_last=True)

"""EfficientNet-Lite with its ImageNet-1k weights (Tan and Le 2019; Google 2020)."""

from __future__ import annotations

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

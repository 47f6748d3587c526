"""Networks of timm, Wightman's collection, with the weights it names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from isomorph.errors import IsomorphError, did_you_mean
from isomorph.models.libraries.huggingface import from_hub
from isomorph.models.libraries.imported import library
from isomorph.models.libraries.tensors import fitting
from isomorph.models.libraries.weights import LocalWeights, from_url
from isomorph.models.network import Network
from isomorph.models.source import Request
from isomorph.study import Preprocessing
from isomorph.study.model import Interpolation

if TYPE_CHECKING:
    import torch


def network(request: Request) -> Network:
    """Build a network of timm with its trained weights.

    Parameters
    ----------
    request : Request
        Named `<architecture>[.<tag>]`; without a tag it has timm's default weights.

    Raises
    ------
    IsomorphError
        When timm is not installed or does not know the name, or the weights cannot be had.
    """
    timm = library("timm")
    check(request.name)
    config = timm.get_pretrained_cfg(request.name).to_dict()
    weights = _weights(request, config)
    with fitting(request, weights.file, request.name):
        module = timm.create_model(
            request.name, pretrained=True, pretrained_cfg_overlay={"file": str(weights.file)}
        )
    return Network(
        module.eval(),
        weights_sha256=weights.sha256,
        preprocessing=preprocessing(request.name),
        weights_from=weights.source,
        trained_on=_trained_on(config),
    )


def check(name: str) -> None:
    """Refuse a name that timm does not know, or has no weights for."""
    timm = library("timm")
    architecture, _, tag = name.partition(".")
    check_architecture(architecture)
    tags = [full.partition(".")[2] for full in timm.list_pretrained(f"{architecture}*")
            if full.partition(".")[0] == architecture]  # fmt: skip
    if not tags:
        raise IsomorphError(
            f'timm has no trained weights of "{architecture}"; write untrained/timm/{architecture}'
        )
    if tag and tag not in tags:
        raise IsomorphError(
            f'timm has no weights "{tag}" of {architecture}, {did_you_mean(tag, tags)}'
        )


def check_architecture(name: str) -> None:
    """Refuse an architecture that timm cannot build."""
    timm = library("timm")
    if not timm.is_model(name) or "." in name:
        known = timm.list_models()
        raise IsomorphError(f'no architecture "{name}" in timm, {did_you_mean(name, known)}')


def build(name: str) -> torch.nn.Module:
    """Return an architecture of timm, its weights drawn by its own initialisation."""
    module: torch.nn.Module = library("timm").create_model(name, pretrained=False)
    return module


def preprocessing(name: str) -> Preprocessing | None:
    """Return how images enter a network, by timm's own configuration of its weights.

    Returns
    -------
    Preprocessing or None
        None where timm pads or squeezes images in a way that `Preprocessing` has no words for.
    """
    timm = library("timm")
    config = timm.get_pretrained_cfg(name)
    said: dict[str, Any] = timm.data.resolve_data_config(
        pretrained_cfg=config.to_dict() if config else {}, verbose=False
    )
    _, height, width = said["input_size"]
    crop, whole = said["crop_pct"], said["crop_mode"] == "squash"
    spoken = said["crop_mode"] in ("center", "squash") and said["interpolation"] in FILTERS
    if height != width or not spoken or crop > 1 or (whole and crop < 1):
        return None
    return Preprocessing(
        size=height,
        crop=None if whole else crop,
        interpolation=said["interpolation"],
        mean=tuple(said["mean"]),
        std=tuple(said["std"]),
    )


def _weights(request: Request, config: dict[str, Any]) -> LocalWeights:
    if config.get("hf_hub_id"):
        repository = str(config["hf_hub_id"])
        name = str(config.get("hf_hub_filename") or "model.safetensors")
        names = dict.fromkeys([name.rpartition(".")[0] + ".safetensors", name, BIN])
        return from_hub(request, "timm", repository, list(names))
    url = str(config["url"])
    return from_url(request, url, request.weights / "timm" / url.rpartition("/")[2])


def _trained_on(config: dict[str, Any]) -> str:
    """Return "ImageNet-1k" where the output means its classes, as the tag says."""
    tag = str(config.get("tag") or "")
    return "ImageNet-1k" if tag.endswith("in1k") and config.get("num_classes") == 1000 else ""


BIN = "pytorch_model.bin"
FILTERS = get_args(Interpolation)

"""Image towers of contrastive models, from OpenCLIP."""

from __future__ import annotations

from typing import Any

from isomorph.errors import IsomorphError, did_you_mean
from isomorph.models.libraries.huggingface import from_hub
from isomorph.models.libraries.imported import library
from isomorph.models.libraries.tensors import fitting
from isomorph.models.libraries.weights import LocalWeights, from_url
from isomorph.models.network import Network
from isomorph.models.source import Request
from isomorph.study import Preprocessing


def network(request: Request) -> Network:
    """Build the image tower of a model of OpenCLIP with its trained weights.

    Some weights were trained with a faster GELU; the tower has the one its weights were trained
    with, whatever the architecture's file says.

    Parameters
    ----------
    request : Request
        Named `<architecture>[/<pretrained>]`; without the second part it has the weights that
        OpenCLIP lists first.

    Raises
    ------
    IsomorphError
        When OpenCLIP is not installed or does not know the name, or the weights cannot be had.
    """
    open_clip = library("open_clip")
    architecture, tag = _names(request.name)
    config: dict[str, Any] = open_clip.get_pretrained_cfg(architecture, tag)
    fast = bool(config.get("quick_gelu"))
    if not fast and open_clip.get_model_config(architecture).get("quick_gelu"):
        raise IsomorphError(
            f"{request.instance}: the weights {tag} were not trained with the GELU of "
            f"{architecture}; write {architecture.removesuffix('-quickgelu')}/{tag}"
        )
    weights = _weights(request, config)
    with fitting(request, weights.file, request.name):
        model = open_clip.create_model(
            architecture, pretrained=str(weights.file), force_quick_gelu=fast, precision="fp32"
        )
    return Network(
        model.visual.eval(),
        weights_sha256=weights.sha256,
        preprocessing=_preprocessing(model.visual.image_size, config),
        weights_from=f"{weights.source}, {tag}",
    )


def check(name: str) -> None:
    """Refuse an architecture or weights that OpenCLIP does not know."""
    library("open_clip")
    _names(name)


def _names(name: str) -> tuple[str, str]:
    """Return the architecture and the tag of its weights."""
    open_clip = library("open_clip")
    architecture, _, tag = name.partition("/")
    if architecture not in (known := open_clip.list_models()):
        raise IsomorphError(
            f'no architecture "{architecture}" in open_clip, {did_you_mean(architecture, known)}'
        )
    tags = open_clip.list_pretrained_tags_by_model(architecture)
    if not tags:
        raise IsomorphError(f"open_clip has no trained weights of {architecture}")
    if tag and tag not in tags:
        raise IsomorphError(
            f'open_clip has no weights "{tag}" of {architecture}, {did_you_mean(tag, tags)}'
        )
    return architecture, tag or tags[0]


def _weights(request: Request, config: dict[str, Any]) -> LocalWeights:
    place = request.weights / "open_clip"
    if config.get("hf_hub"):
        repository, _, name = str(config["hf_hub"]).rpartition("/")
        stems = (
            [name.rpartition(".")[0]] if name else ["open_clip_model", "open_clip_pytorch_model"]
        )
        names = [f"{stem}.safetensors" for stem in stems] + [name or f"{stems[-1]}.bin"]
        return from_hub(request, "open_clip", repository, names)
    url = str(config["url"])
    digest = url.split("/")[-2]  # of OpenAI's files the whole sha256 is the folder
    folder = place / digest if len(digest) == 64 else place
    return from_url(request, url, folder / url.rpartition("/")[2])


def _preprocessing(size: int | tuple[int, int], config: dict[str, Any]) -> Preprocessing | None:
    """Return how images enter, None where they are padded or not square."""
    height, width = (size, size) if isinstance(size, int) else size
    mode = config.get("resize_mode") or "shortest"
    if height != width or mode not in ("shortest", "squash"):
        return None
    statistics = library("open_clip").constants
    return Preprocessing(
        size=height,
        crop=1.0 if mode == "shortest" else None,
        interpolation=config.get("interpolation") or "bicubic",
        mean=tuple(config.get("mean") or statistics.OPENAI_DATASET_MEAN),
        std=tuple(config.get("std") or statistics.OPENAI_DATASET_STD),
    )

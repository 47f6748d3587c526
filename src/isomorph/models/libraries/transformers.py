"""Vision models of Hugging Face repositories, as their transformers library builds them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from isomorph.disk import replace_synced
from isomorph.errors import IsomorphError, first_line
from isomorph.foreign import reading
from isomorph.models.libraries.huggingface import HUB, from_hub, hub_file, hub_folder
from isomorph.models.libraries.imported import library
from isomorph.models.libraries.tensors import fitting
from isomorph.models.libraries.weights import scratch
from isomorph.models.network import Network
from isomorph.models.preprocessing import crop_of
from isomorph.models.source import Request
from isomorph.study import Preprocessing
from isomorph.study.model import Interpolation

CONFIG, PROCESSOR = "config.json", "preprocessor_config.json"
WHOLE, OLD = "model.safetensors", "pytorch_model.bin"
RESAMPLINGS: dict[int, Interpolation] = {
    0: "nearest",
    1: "lanczos",
    2: "bilinear",
    3: "bicubic",
    4: "box",
}
"""Pillow's filters by number, as configurations have them."""


def network(request: Request) -> Network:
    """Build a vision model, or the vision tower of a model with others, with trained weights.

    A classifier's output is its logits. Code of the repository is never run.

    Parameters
    ----------
    request : Request
        Named as the repository is.

    Raises
    ------
    IsomorphError
        When transformers is not installed or cannot build the model, it is a language model, or
        the files cannot be had.
    """
    library("transformers")
    folder = hub_folder(request, "transformers", request.name)
    with _quiet():
        with scratch(folder) as fetched:
            described = _described(request, folder, fetched)
            kind, config = _kind(request, described)
            weights = from_hub(request, "transformers", request.name, [WHOLE, OLD])
            for file in [file for file in described.iterdir() if file.is_file()]:
                if described != folder:
                    replace_synced(file, folder / file.name)
        module = _built(request, kind, config, folder)
        preprocessing = _preprocessing(folder)
    classes = getattr(config, "id2label", {}) if kind.__name__.endswith("Classification") else {}
    imagenet = len(classes) == 1000 and str(classes.get(0, "")).startswith("tench")
    return Network(
        module.eval(),
        weights_sha256=weights.sha256,
        preprocessing=preprocessing,
        weights_from=weights.source,
        trained_on="ImageNet-1k" if imagenet else "",
    )


def check(name: str) -> None:
    """Refuse what cannot be the name of a repository; only the hub knows which there are."""
    library("transformers")
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id

    try:
        validate_repo_id(name)
    except HFValidationError as error:
        raise IsomorphError(
            f'"{name}" is not a name of a repository; write transformers/<owner>/<repository>'
        ) from error


def _described(request: Request, folder: Path, into: Path) -> Path:
    """Return a folder with the description of a model, fetched unless it stands."""
    if (folder / CONFIG).is_file():
        return folder
    if hub_file(request, request.name, CONFIG, into, folder / CONFIG) is None:
        raise IsomorphError(f"{request.instance}: {HUB}/{request.name} holds no {CONFIG}")
    hub_file(request, request.name, PROCESSOR, into, folder / PROCESSOR)
    return into


def _kind(request: Request, folder: Path) -> tuple[Any, Any]:
    """Return the class of a model that sees images, with its configuration."""
    transformers = library("transformers")
    where = f"{request.instance}: {HUB}/{request.name}"
    try:
        config = transformers.AutoConfig.from_pretrained(folder, local_files_only=True)
    except Exception as error:  # a damaged file makes it raise anything
        raise IsomorphError(
            f"{where} is of a kind that transformers {transformers.__version__} does not know "
            f"({first_line(error)})"
        ) from error
    if (tower := getattr(config, "vision_config", None)) is not None:
        config = tower
        named = None
    else:
        named = next(iter(config.architectures or ()), None)
    kind = getattr(transformers, named or "", None) or transformers.MODEL_MAPPING.get(
        type(config), None
    )
    if getattr(kind, "main_input_name", "") != "pixel_values":
        raise IsomorphError(
            f"{where} is a {config.model_type}, which does not take images; language models are "
            "future work"
        )
    return kind, config


def _built(request: Request, kind: Any, config: Any, folder: Path) -> Any:
    """Return a model with all of its weights read."""
    with fitting(request, folder, kind.__name__):
        module, said = kind.from_pretrained(
            folder, config=config, output_loading_info=True, local_files_only=True
        )
    if missing := sorted(said["missing_keys"]):
        raise IsomorphError(
            f"{request.instance}: {folder} lacks {len(missing)} of the weights of {kind.__name__}, "
            f"the first is {missing[0]}"
        )
    if kind.__name__.endswith("Classification"):
        module.register_forward_hook(lambda _module, _inputs, output: output.logits)
    return module


def _preprocessing(folder: Path) -> Preprocessing | None:
    """Return how images enter, None where `Preprocessing` has no words for it."""
    transformers = library("transformers")
    if not (folder / PROCESSOR).is_file():
        return None
    with reading(folder / PROCESSOR, "how a processor of transformers takes images"):
        said: dict[str, Any] = transformers.AutoImageProcessor.from_pretrained(
            folder, local_files_only=True
        ).to_dict()
    if (
        not said.get("do_rescale", True)
        or abs(said.get("rescale_factor", 1 / 255) * 255 - 1) > 1e-6
    ):
        return None
    sides, crop = _sides(said)
    interpolation = RESAMPLINGS.get(int(said.get("resample", 2)))
    if sides is None or interpolation is None or not said.get("do_resize", True):
        return None
    normal = said.get("do_normalize", True)
    return Preprocessing(
        size=sides,
        crop=crop,
        interpolation=interpolation,
        mean=tuple(said["image_mean"]) if normal else (0.0, 0.0, 0.0),
        std=tuple(said["image_std"]) if normal else (1.0, 1.0, 1.0),
    )


def _sides(said: dict[str, Any]) -> tuple[int | None, float | None]:
    """Return the input's side and the crop; no side where the input is not a square."""
    size = said.get("size") or {}
    cut = said.get("crop_size") if said.get("do_center_crop") else None
    if "shortest_edge" in size:
        shorter = int(size["shortest_edge"])
        if cut:
            square = cut["height"] == cut["width"]
            crop = crop_of(int(cut["height"]), shorter) if square else None
            return (int(cut["height"]), crop) if crop else (None, None)
        if said.get("crop_pct") and shorter < 384:  # as ConvNeXt's processor has it
            return shorter, crop_of(shorter, int(shorter / said["crop_pct"]))
        return (shorter, None) if said.get("crop_pct") else (None, None)
    height, width = size.get("height"), size.get("width")
    if height is None or height != width:
        return None, None
    if cut and (cut["height"], cut["width"]) != (height, width):
        return None, None
    return int(height), None


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the library from reporting what it loads, and then as it was."""
    logging = library("transformers").utils.logging
    before = logging.get_verbosity()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(before)
        logging.enable_progress_bar()

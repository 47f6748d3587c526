"""Models of images and videos in Hugging Face repositories, as transformers builds them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from inspect import signature
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
VIDEO_PROCESSOR = "video_preprocessor_config.json"
FRAMES = ("frames_per_clip", "num_frames")
"""Keys of the configuration of a model of videos."""
INPUTS = ("pixel_values", "pixel_values_videos")
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

    A classifier's output is its logits. Code of the repository is never run. Of a model of videos
    that has an encoder and a predictor, as V-JEPA does, the encoder alone runs.

    Parameters
    ----------
    request : Request
        Named as the repository is. How far apart the frames are that a model of videos takes says
        the model's file, since its configuration does not.

    Raises
    ------
    IsomorphError
        When transformers is not installed or cannot build the model, it is a language model, the
        files cannot be had, or nobody says which clips it takes.
    """
    library("transformers")
    folder = hub_folder(request, "transformers", request.name)
    with _quiet():
        with scratch(folder) as fetched:
            described = _described(request, folder, fetched)
            kind, config = _kind(request, described)
            frames = next((n for key in FRAMES if (n := getattr(config, key, 0))), 0)
            if frames:
                _refuse_unsaid(request, frames, _preprocessing(described))
            weights = from_hub(request, "transformers", request.name, [WHOLE, OLD])
            for file in [file for file in described.iterdir() if file.is_file()]:
                if described != folder:
                    replace_synced(file, folder / file.name)
        module = _built(request, kind, config, folder)
        preprocessing = _preprocessing(folder)
    if frames:
        _time_second(module)
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
    for name in (PROCESSOR, VIDEO_PROCESSOR):
        hub_file(request, request.name, name, into, folder / name)
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
    if getattr(kind, "main_input_name", "") not in INPUTS:
        raise IsomorphError(
            f"{where} is a {config.model_type}, which does not take images; language models are "
            "future work"
        )
    return kind, config


def _refuse_unsaid(request: Request, frames: int, said: Preprocessing | None) -> None:
    """Refuse a model of videos of which nobody says how far apart its frames are."""
    own = request.spec.preprocessing
    if own is not None and own.clip is not None:
        return
    known = said.model_dump(mode="json", exclude_defaults=True) if said else {"size": "…"}
    settings = ", ".join(f"{key}: {value}" for key, value in known.items())
    raise IsomorphError(
        f"{request.instance}: {HUB}/{request.name} takes clips of {frames} frames and does not say "
        "how far apart they are; write into a file of the model, with the seconds, preprocessing: "
        f"{{{settings}, clip: {{frames: {frames}, spacing: …}}}}"
    )


def _time_second(module: Any) -> None:
    """Let a model of videos take `(stimulus, channel, time, height, width)`, as all others do.

    Those of transformers have time before channels.
    """
    known = signature(module.forward).parameters
    more = {"skip_predictor": True} if "skip_predictor" in known else {}

    def hook(_module: Any, inputs: tuple[Any, ...], given: dict[str, Any]) -> tuple[Any, Any]:
        return (inputs[0].transpose(1, 2), *inputs[1:]), {**more, **given}

    module.register_forward_pre_hook(hook, with_kwargs=True)


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
    readers = {
        PROCESSOR: transformers.AutoImageProcessor,
        VIDEO_PROCESSOR: transformers.AutoVideoProcessor,
    }
    file = next((folder / name for name in readers if (folder / name).is_file()), None)
    if file is None:
        return None
    with reading(file, "how a processor of transformers takes images"):
        said: dict[str, Any] = (
            readers[file.name].from_pretrained(folder, local_files_only=True).to_dict()
        )
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

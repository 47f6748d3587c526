"""Models: where activations come from, each source an entry of `SOURCES`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from isomorph.artefacts import provenance, write_array
from isomorph.digest import code_digest
from isomorph.errors import IsomorphError, did_you_mean
from isomorph.layout import Layout
from isomorph.registry import Registry
from isomorph.study import ModelSpec, Preprocessing, StudyError

if TYPE_CHECKING:
    import pandas as pd

    from isomorph.models.activations import Activations
    from isomorph.models.network import Network

__all__ = ["SOURCES", "Inputs", "Source", "mistakes_of", "preprocess", "run"]


@dataclass(frozen=True)
class Inputs:
    """What a source may use.

    Attributes
    ----------
    instance : str
        Name of the model instance, for messages.
    spec : ModelSpec
    seed : int or None
    stimuli : DataFrame
        The stimulus table.
    images : ndarray (stimulus, channel, height, width)
        Preprocessed; empty when the source needs none.
    scratch : Path
        Folder for temporary files.
    """

    instance: str
    spec: ModelSpec
    seed: int | None
    stimuli: pd.DataFrame
    images: NDArray[np.float32]
    scratch: Path


@dataclass(frozen=True)
class Source:
    """Where the activations of a model come from.

    Attributes
    ----------
    activations : callable
        Computes them; heavy libraries are imported inside.
    needs_images : bool
        Whether the stimuli must be images; otherwise the stimulus table is enough.
    options : tuple of str
        The `options` of a model it knows.
    """

    activations: Callable[[Inputs], Activations]
    needs_images: bool = True
    options: tuple[str, ...] = ()


def _extract(network: Network, inputs: Inputs) -> Activations:
    from isomorph.models.extraction import extract

    return extract(
        network,
        inputs.images,
        inputs.spec.layers,
        where=inputs.instance,
        scratch=inputs.scratch,
        batch_size=inputs.spec.batch_size,
    )


def _pretrained_lite0(inputs: Inputs) -> Activations:
    from isomorph.models.pretrained import efficientnet_lite0

    return _extract(efficientnet_lite0(), inputs)


def _untrained_lite0(inputs: Inputs) -> Activations:
    from isomorph.models.untrained import efficientnet_lite0

    if inputs.seed is None:
        raise IsomorphError(f"{inputs.instance}: an untrained model needs seeds")
    return _extract(efficientnet_lite0(inputs.seed), inputs)


def _pixels(inputs: Inputs) -> Activations:
    from isomorph.models.activations import from_features
    from isomorph.models.baselines import pixels

    return from_features(pixels(inputs.images), inputs.spec.layers, inputs.instance, {})


def _gabor(inputs: Inputs) -> Activations:
    from isomorph.models.activations import from_features
    from isomorph.models.baselines import gabor

    features = gabor(inputs.images, inputs.spec.options, inputs.instance)
    return from_features(features, inputs.spec.layers, inputs.instance, {})


def _category(inputs: Inputs) -> Activations:
    from isomorph.models.activations import from_features
    from isomorph.models.baselines import category

    features, left_out = category(inputs.stimuli, inputs.spec.options, inputs.instance)
    return from_features(features, inputs.spec.layers, inputs.instance, left_out)


SOURCES: Registry[Source] = Registry(
    "model source",
    {
        "package/efficientnet-lite0": Source(_pretrained_lite0),
        "untrained/efficientnet-lite0": Source(_untrained_lite0),
        "baseline/pixels": Source(_pixels),
        "baseline/gabor": Source(_gabor, options=("orientations", "wavelengths")),
        "baseline/category": Source(_category, needs_images=False, options=("columns",)),
    },
)


def mistakes_of(spec: ModelSpec) -> list[str]:
    """Return a sentence for each setting of a model that its source cannot use.

    Parameters
    ----------
    spec : ModelSpec

    Raises
    ------
    IsomorphError
        When the source itself is unknown.
    """
    source = SOURCES[spec.source]
    known = source.options
    if source.needs_images and spec.preprocessing is None:
        return [f"preprocessing: is required, {spec.source} takes images"]
    if not source.needs_images and spec.preprocessing is not None:
        return [f"preprocessing: {spec.source} takes no images, leave it out"]
    if not known and spec.options:
        names = ", ".join(map(str, spec.options))
        return [f"options: {spec.source} takes none, leave {names} out"]
    return [
        f"options.{name}: unknown key, {did_you_mean(str(name), known)}"
        for name in spec.options
        if name not in known
    ]


def run(layout: Layout, dataset: str, instance: str) -> None:
    """Write the activations of one model instance for the stimuli of one dataset.

    Parameters
    ----------
    layout : Layout
    dataset : str
        The stimuli are those this dataset uses.
    instance : str
        Model instance: the model's name, or `<name>-seed<seed>`.

    Raises
    ------
    IsomorphError
        When the instance, its source or one of its options is unknown, when stimuli are missing,
        or when no layer can be used.
    """
    from isomorph.models.activations import as_dataset
    from isomorph.stimuli import read_images, read_stimuli

    spec, seed = layout.study.instance(instance)
    source = SOURCES[spec.source]
    if mistakes := mistakes_of(spec):
        raise StudyError(layout.study.model_files[spec.name], mistakes)
    stimuli = read_stimuli(layout, dataset)
    images = np.zeros((len(stimuli), 3, 0, 0), dtype=np.float32)
    if source.needs_images:
        assert spec.preprocessing is not None, "refused above"
        images = read_images(layout, dataset, spec.preprocessing.size)
        if len(images) != len(stimuli):
            raise IsomorphError(
                f"{layout.stimuli(dataset)}: {len(stimuli)} stimuli but {len(images)} images"
            )
        images = preprocess(images, spec.preprocessing)
    path = layout.activations(dataset, instance)
    found = source.activations(Inputs(instance, spec, seed, stimuli, images, path.parent))
    preprocessing = spec.preprocessing.model_dump(mode="json") if spec.preprocessing else {}
    data = as_dataset(
        found,
        [str(stimulus) for stimulus in stimuli["stimulus"]],
        {
            "model": instance,
            "title": spec.title,
            "source": spec.source,
            "trained_on": spec.trained_on or "",
            "seed": "" if seed is None else seed,
            "weights_sha256": "",
            "preprocessing": json.dumps(preprocessing),
            "input_sha256": hashlib.sha256(images.data).hexdigest() if images.size else "",
        },
        classifies=(spec.trained_on or "").startswith("ImageNet-1k"),
    )
    settings = spec.model_dump(
        mode="json", include={"source", "layers", "preprocessing", "options", "batch_size"}
    )
    stamp = provenance(
        "activations",
        inputs=[layout.stimuli(dataset)],
        settings=settings,
        source=f"{spec.source}, weights sha256 {found.attributes.get('weights_sha256') or 'none'}",
        code=code_digest("isomorph.models"),
        seed=seed,
    )
    write_array(path, data, "activations", stamp)


def preprocess(images: NDArray[np.float32], settings: Preprocessing) -> NDArray[np.float32]:
    """Shift and scale the channels of images in [0, 1].

    Parameters
    ----------
    images : ndarray (stimulus, channel, height, width)
    settings : Preprocessing

    Returns
    -------
    ndarray (stimulus, channel, height, width)
    """
    mean, std = (
        np.array(values, dtype=np.float32)[:, None, None]
        for values in (settings.mean, settings.std)
    )
    return np.ascontiguousarray((images - mean) / std)

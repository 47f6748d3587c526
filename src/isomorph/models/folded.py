"""Folded layers: what a source says about every stimulus, and how files of activations say it."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from isomorph.errors import IsomorphError
from isomorph.geometry import spectrum_decay
from isomorph.models.fold import (
    LayerGram,
    UnusableLayerError,
    fold,
)
from isomorph.models.kept import Wanted, coordinates_of, kept_places, rows_of, said_of
from isomorph.models.layers import select
from isomorph.models.stored import StoredLayer

IMAGENET_CLASSES = 1000

FEATURES = ("feature", "stimulus")
"""Dimensions of kept features in a file."""


@dataclass(frozen=True)
class Activations:
    """The layers of one model for one set of stimuli.

    Attributes
    ----------
    layers : mapping of str to LayerGram
        Layers that can be used, in execution order; read from disk one by one where memory would
        not hold all.
    depth : dict of str to int
        Place of every layer asked for, those left out included, in execution order.
    left_out : dict of str to str
        Layers asked for that cannot be used, with the reason.
    output : array of shape (stimulus, class) or None
        What the network says in the end, when that is one row per stimulus.
    attributes : dict
        Further facts for the artefact: `device`, `weights_sha256`.
    words : dict of str to str
        What was read of each layer: "whole", "class token", "mean over 7 × 7 positions".
    folder : Path or None
        Where the layers lie on disk.
    """

    layers: Mapping[str, LayerGram] | Mapping[str, StoredLayer]
    depth: dict[str, int] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    output: NDArray[np.float32] | None = None
    attributes: dict[str, str] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    folder: Path | None = None

    def discard(self) -> None:
        """Remove what lies on disk."""
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)


def from_features(
    features: Mapping[str, Any],
    patterns: str | Sequence[str],
    where: str,
    left_out: Mapping[str, str],
    keep: Wanted = None,
) -> Activations:
    """Fold ready features into activations.

    Parameters
    ----------
    features : mapping of str to array of shape (stimulus, feature)
        By layer, in order; anything with a shape that is sliced by columns will do.
    patterns : sequence of str
        Layers asked for.
    where : str
        The model, for errors.
    left_out : mapping of str to str
        Layers that have no features, with the reason.
    keep : int, "all" or None
        How many features of each layer to keep.
    """
    chosen = select([*features, *left_out], patterns, where)
    layers: dict[str, LayerGram] = {}
    reasons = {name: reason for name, reason in left_out.items() if name in chosen}
    for name in chosen:
        if name in features:
            try:
                values = features[name]
                places = kept_places(name, values.shape[1], keep)
                layers[name] = fold(values, places=places)
            except UnusableLayerError as error:
                reasons[name] = str(error)
    return Activations(
        layers=layers,
        depth={name: depth for depth, name in enumerate(chosen)},
        left_out=reasons,
        attributes={"device": "cpu", **said_of(keep)},
    )


def as_dataset(
    activations: Activations,
    stimuli: Sequence[str],
    attributes: Mapping[str, str | int],
    *,
    classifies: bool = False,
) -> xr.Dataset:
    """Lay activations out as the `activations` artefact.

    Parameters
    ----------
    activations : Activations
    stimuli : sequence of str
        Stimulus ids, in order.
    attributes : mapping
        `model` and other facts.
    classifies : bool
        Whether the output means the thousand classes of ImageNet; then `top1` and
        `top1_probability` are kept too.

    Raises
    ------
    IsomorphError
        When no layer is left.
    """
    data = facts_of(activations, stimuli, attributes, classifies)
    if "feature_layer" in data.coords:
        rows = np.concatenate(list(rows_of(activations.layers)))
        data = data.assign(features=(FEATURES, rows))
    grams = np.stack([layer.gram for layer in activations.layers.values()])
    return data.assign(gram=(("layer", "stimulus", "stimulus_b"), grams))


def facts_of(
    activations: Activations,
    stimuli: Sequence[str],
    attributes: Mapping[str, str | int],
    classifies: bool,
) -> xr.Dataset:
    """Return what `as_dataset` does but for the Gram matrices and the features."""
    if not activations.layers:
        reasons = "; ".join(f"{name} {why}" for name, why in activations.left_out.items())
        raise IsomorphError(
            f"{attributes['model']}: no layer can be used: {reasons or 'it has no modules inside'}"
        )
    columns: dict[str, list[Any]] = {name: [] for name in (*FACTS, "spectrum")}
    for name, layer in activations.layers.items():
        values = layer.spectrum
        facts = Facts(name, layer, values, activations)
        for fact, (_, say) in FACTS.items():
            columns[fact].append(say(facts))
        columns["spectrum"].append(values)
    data = xr.Dataset(
        {name: (dims, np.array(columns[name])) for name, (dims, _) in FACTS.items()},
        coords={
            "layer": ("layer", list(activations.layers)),
            "depth": ("layer", np.array([activations.depth[x] for x in activations.layers])),
            "stimulus": ("stimulus", list(stimuli)),
            "stimulus_b": ("stimulus_b", list(stimuli)),
            **coordinates_of(activations.layers),
        },
        attrs={
            **attributes,
            **activations.attributes,
            "left_out": json.dumps(activations.left_out, ensure_ascii=False),
        },
    )
    if all(map(len, columns["spectrum"])):
        data["spectrum"] = (("layer", "component"), np.stack(columns["spectrum"]))
    output = activations.output
    if classifies and output is not None and output.shape[1] == IMAGENET_CLASSES:
        probability = _softmax(output)
        data["top1"] = ("stimulus", probability.argmax(axis=1))
        data["top1_probability"] = ("stimulus", probability.max(axis=1))
    return data


@dataclass(frozen=True)
class Facts:
    """What the facts of one layer are made from: its spectrum is empty with too many stimuli."""

    name: str
    layer: LayerGram | StoredLayer
    spectrum: NDArray[np.float64]
    activations: Activations


def _decay(of: Facts) -> float:
    return math.nan if len(of.spectrum) == 0 else spectrum_decay(of.spectrum)


FACTS: dict[str, tuple[tuple[str, ...], Callable[[Facts], Any]]] = {
    "mean_projection": (("layer", "stimulus"), lambda of: of.layer.mean_projection),
    "mean_norm": (("layer",), lambda of: of.layer.mean_norm),
    "stimulus_mean": (("layer", "stimulus"), lambda of: of.layer.stimulus_mean),
    "n_features": (("layer",), lambda of: of.layer.n_features),
    "effective_dimensionality": (
        ("layer",),
        lambda of: of.layer.effective_dimensionality,
    ),
    "spectrum_decay": (("layer",), _decay),
    "n_dead": (("layer",), lambda of: of.layer.n_dead),
    "fidelity": (("layer",), lambda of: of.layer.fidelity),
    "read_as": (("layer",), lambda of: of.activations.words.get(of.name, "whole")),
}
"""What is kept of each layer beside its Gram matrix, with its dimensions."""


def _softmax(logits: NDArray) -> NDArray[np.float64]:
    """Return class probabilities `(stimulus, class)`."""
    powers = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)

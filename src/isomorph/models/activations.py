"""Activations: what a source says about every stimulus, layer by layer, as an artefact."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from isomorph.errors import IsomorphError
from isomorph.models.gram import (
    LayerGram,
    UnusableLayerError,
    effective_dimensionality,
    fold,
    spectrum,
)
from isomorph.models.layers import select

MOST_EIGENVALUES = 4096
"""With more stimuli the spectrum is left out: its cost grows with their cube."""
IMAGENET_CLASSES = 1000


@dataclass(frozen=True)
class Activations:
    """The layers of one model for one set of stimuli.

    Attributes
    ----------
    layers : dict of str to LayerGram
        Layers that can be used, in execution order.
    depth : dict of str to int
        Place of every layer asked for, those left out included, in execution order.
    left_out : dict of str to str
        Layers asked for that cannot be used, with the reason.
    output : ndarray (stimulus, class) or None
        What the network says in the end, when that is one row per stimulus.
    attributes : dict
        Further facts for the artefact: `device`, `weights_sha256`.
    """

    layers: dict[str, LayerGram]
    depth: dict[str, int]
    left_out: dict[str, str] = field(default_factory=dict)
    output: NDArray[np.float32] | None = None
    attributes: dict[str, str] = field(default_factory=dict)


def from_features(
    features: Mapping[str, NDArray],
    patterns: str | Sequence[str],
    where: str,
    left_out: Mapping[str, str],
) -> Activations:
    """Fold ready features into activations.

    Parameters
    ----------
    features : mapping of str to ndarray (stimulus, feature)
        By layer, in order.
    patterns : sequence of str
        Layers asked for.
    where : str
        The model, for errors.
    left_out : mapping of str to str
        Layers that have no features, with the reason.
    """
    chosen = select([*features, *left_out], patterns, where)
    layers: dict[str, LayerGram] = {}
    reasons = {name: reason for name, reason in left_out.items() if name in chosen}
    for name in chosen:
        if name in features:
            try:
                layers[name] = fold(features[name])
            except UnusableLayerError as error:
                reasons[name] = str(error)
    return Activations(
        layers=layers,
        depth={name: depth for depth, name in enumerate(chosen)},
        left_out=reasons,
        attributes={"device": "cpu"},
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
    layers = list(activations.layers.values())
    if not layers:
        reasons = "; ".join(f"{name} {why}" for name, why in activations.left_out.items())
        raise IsomorphError(f"{attributes['model']}: no layer can be used: {reasons}")
    names = list(activations.layers)
    data = xr.Dataset(
        {
            "gram": (("layer", "stimulus", "stimulus_b"), np.stack([x.gram for x in layers])),
            "mean_projection": (
                ("layer", "stimulus"),
                np.stack([x.mean_projection for x in layers]),
            ),
            "mean_norm": (("layer",), np.array([x.mean_norm for x in layers])),
            "stimulus_mean": (("layer", "stimulus"), np.stack([x.stimulus_mean for x in layers])),
            "n_features": (("layer",), np.array([x.n_features for x in layers], dtype=np.int64)),
            "effective_dimensionality": (
                ("layer",),
                np.array([effective_dimensionality(x.gram) for x in layers]),
            ),
        },
        coords={
            "layer": ("layer", names),
            "depth": ("layer", np.array([activations.depth[name] for name in names])),
            "stimulus": ("stimulus", list(stimuli)),
            "stimulus_b": ("stimulus_b", list(stimuli)),
        },
        attrs={
            **attributes,
            **activations.attributes,
            "left_out": json.dumps(activations.left_out, ensure_ascii=False),
        },
    )
    if len(stimuli) <= MOST_EIGENVALUES:
        data["spectrum"] = (("layer", "component"), np.stack([spectrum(x.gram) for x in layers]))
    output = activations.output
    if classifies and output is not None and output.shape[1] == IMAGENET_CLASSES:
        probability = _softmax(output)
        data["top1"] = ("stimulus", probability.argmax(axis=1))
        data["top1_probability"] = ("stimulus", probability.max(axis=1))
    return data


def _softmax(logits: NDArray) -> NDArray[np.float64]:
    """Return class probabilities `(stimulus, class)`."""
    powers = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)

"""Activations: one pass folded into Gram matrices, against keeping every feature.

Every figure is a ratio of times (or bytes) measured in the same run, variants taking turns:

- `store_everything_over_ours_*`: hooks that keep a copy of every layer's features, then a centred
  Gram matrix of each, over ours (dry run, checks and double precision included). Above 1 is
  faster, or smaller, than storing everything.
- `ours_over_forward_*`: ours over the bare forward pass of the same images. 1 is the floor.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from _command import command
from isomorph.models.activations import Activations
from isomorph.models.extraction import extract
from isomorph.models.layers import discover, select, watching
from isomorph.models.packages import load

PATTERNS = ("_conv_stem", "_blocks.*", "_conv_head", "_avg_pooling", "_fc")


def forward(module: torch.nn.Module, images: np.ndarray) -> None:
    with torch.inference_mode():
        module(torch.from_numpy(images).to(memory_format=torch.channels_last))


def store_everything(
    module: torch.nn.Module, images: np.ndarray, layers: list[str]
) -> tuple[dict[str, np.ndarray], int]:
    """Keep every feature, then fold; the way of the common extraction packages."""
    kept: dict[str, np.ndarray] = {}

    def keep(name: str, tensor: torch.Tensor) -> None:
        if name in layers:
            kept[name] = tensor.flatten(1).numpy().copy()

    with torch.inference_mode(), watching(module, keep):
        module(torch.from_numpy(images).to(memory_format=torch.channels_last))
    grams = {}
    for name, features in kept.items():
        centred = features - features.mean(axis=0)
        grams[name] = centred @ centred.T
    return grams, sum(features.nbytes for features in kept.values())


def stored_bytes(found: Activations) -> int:
    return sum(
        layer.gram.nbytes + layer.mean_projection.nbytes + layer.stimulus_mean.nbytes
        for layer in found.layers.values()
    )


def timed(action: Callable[[], object]) -> tuple[np.ndarray, object]:
    """Return wall and processor seconds, and what came out."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = action()
    return np.array([time.perf_counter() - wall, time.process_time() - cpu]), result


def measure(n_images: int, rounds: int) -> dict[str, float]:
    """Return every ratio for a number of images, the fastest of some rounds."""
    network = load("efficientnet-lite0", Path("data/weights"))
    images = np.random.default_rng(0).random((n_images, 3, 224, 224), dtype=np.float32) * 2 - 1
    module = network.module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    forward(module, images[:2])
    layers = select(list(discover(module, torch.from_numpy(images[:3]))), PATTERNS, "lite0")
    best = {name: np.full(2, np.inf) for name in ("forward", "stored", "ours")}
    with tempfile.TemporaryDirectory() as scratch:
        for _ in range(rounds):
            spent, _ = timed(lambda: forward(module, images))
            best["forward"] = np.minimum(best["forward"], spent)
            spent, stored = timed(lambda: store_everything(module, images, layers))
            best["stored"] = np.minimum(best["stored"], spent)
            spent, found = timed(
                lambda: extract(
                    network,
                    images,
                    PATTERNS,
                    where="lite0",
                    scratch=Path(scratch),
                    batch_size=n_images,
                )
            )
            best["ours"] = np.minimum(best["ours"], spent)
    grams, kept_bytes = stored
    for name, gram in grams.items():
        error = np.abs(found.layers[name].gram - gram).max() / np.abs(gram).max()
        if error > 1e-4:
            raise SystemExit(f"{name}: the two ways differ by {error:.1e}")
    print(
        f"{n_images} images, {len(layers)} layers, processor seconds: "
        + ", ".join(f"{name} {spent[1]:.1f}" for name, spent in best.items()),
        file=sys.stderr,
    )
    return {
        "store_everything_over_ours_wall": best["stored"][0] / best["ours"][0],
        "store_everything_over_ours_cpu": best["stored"][1] / best["ours"][1],
        "store_everything_over_ours_bytes": kept_bytes / stored_bytes(found),
        "ours_over_forward_wall": best["ours"][0] / best["forward"][0],
        "ours_over_forward_cpu": best["ours"][1] / best["forward"][1],
    }


if __name__ == "__main__":
    command(__doc__, lambda quick: measure(32, 2) if quick else measure(92, 3))

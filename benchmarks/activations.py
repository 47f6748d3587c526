"""Activations: one pass folded into Gram matrices, against keeping every feature.

Every figure is a ratio of times (or bytes) measured in the same run, variants taking turns:

- `store_everything_over_ours_*`: hooks that keep a copy of every layer's features until the end,
  as packages for feature extraction do, then a centred Gram matrix of each, over ours (dry run,
  checks and double precision included). Above 1 is faster, or smaller, than storing everything.
  `peak` is of the memory that each needs above the bare forward pass, each in a process of its own.
- `ours_over_forward_*`: ours over the bare forward pass of the same images. 1 is the floor.
- `..._gpu`: the same on a graphics card, when there is one; `images_per_second_gpu` is not a ratio.

The dry run passes five images, however many there are: a fifth of the 24 of `--quick`, which
overstates `ours_over_forward_*` so, and 4 % of the 118 of the full run.
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from _command import command
from isomorph.models import SOURCES, Request
from isomorph.models.extraction import extract
from isomorph.models.folded import Activations
from isomorph.models.layers import discover, select, watching
from isomorph.models.network import Network
from isomorph.study import ModelSpec

PATTERNS = ("_conv_stem", "_blocks.*", "_conv_head", "_avg_pooling", "_fc")


DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")


def lite0() -> Network:
    spec = ModelSpec(name="lite0", title="", source="package/efficientnet-lite0")
    build = SOURCES[spec.source].network
    assert build is not None, "a source that runs a network"
    return build(Request("lite0", spec, None, Path(), Path()))


def on_device(images: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(images).to(DEVICE, memory_format=torch.channels_last)


def forward(module: torch.nn.Module, images: np.ndarray) -> None:
    with torch.inference_mode():
        module(on_device(images))


def store_everything(
    module: torch.nn.Module, images: np.ndarray, layers: list[str]
) -> tuple[dict[str, np.ndarray], int]:
    """Keep every feature, then fold; the way of the common extraction packages."""
    kept: dict[str, np.ndarray] = {}

    def keep(name: str, tensor: torch.Tensor) -> None:
        if name in layers:
            kept[name] = tensor.flatten(1).cpu().numpy().copy()

    with torch.inference_mode(), watching(module, keep):
        module(on_device(images))
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
    if DEVICE.type == "cuda":
        torch.cuda.synchronize()
    return np.array([time.perf_counter() - wall, time.process_time() - cpu]), result


def pictures(n_images: int) -> np.ndarray:
    return np.random.default_rng(0).random((n_images, 3, 224, 224), dtype=np.float32) * 2 - 1


def peak(way: str, n_images: int) -> int:
    """Return the most memory a way of extraction needs, bytes, in this process."""
    network = lite0()
    images = pictures(n_images)
    module = network.module.to(DEVICE, memory_format=torch.channels_last)  # type: ignore[call-overload]
    if way == "forward":
        forward(module, images)
    elif way == "stored":
        layers = select(list(discover(module, on_device(images[:3]))), PATTERNS, "lite0")
        store_everything(module, images, layers)
    else:
        ours(network, images)
    if DEVICE.type == "cuda":
        return torch.cuda.max_memory_allocated()
    status = Path("/proc/self/status")
    if not status.is_file():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # what getrusage says on Linux includes the process that started this one
    (line,) = (one for one in status.read_text().splitlines() if one.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def ours(network: Network, images: np.ndarray) -> Activations:
    with tempfile.TemporaryDirectory() as scratch:
        return extract(
            network,
            images,
            PATTERNS,
            where="lite0",
            scratch=Path(scratch),
            batch_size=len(images),
        )


def measure(n_images: int, rounds: int) -> dict[str, float]:
    """Return every ratio for a number of images, the fastest of some rounds."""
    network = lite0()
    images = pictures(n_images)
    module = network.module.to(DEVICE, memory_format=torch.channels_last)  # type: ignore[call-overload]
    forward(module, images[:2])
    layers = select(list(discover(module, on_device(images[:3]))), PATTERNS, "lite0")
    best = {name: np.full(2, np.inf) for name in ("forward", "stored", "ours")}
    for _ in range(rounds):
        spent, _ = timed(lambda: forward(module, images))
        best["forward"] = np.minimum(best["forward"], spent)
        spent, stored = timed(lambda: store_everything(module, images, layers))
        best["stored"] = np.minimum(best["stored"], spent)
        spent, found = timed(lambda: ours(network, images))
        best["ours"] = np.minimum(best["ours"], spent)
    grams, kept_bytes = stored
    for name, gram in grams.items():
        error = np.abs(found.layers[name].gram - gram).max() / np.abs(gram).max()
        if error > 1e-4:
            raise SystemExit(f"{name}: the two ways differ by {error:.1e}")
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        peaks = {way: pool.apply(peak, (way, n_images)) for way in ("forward", "stored", "ours")}
    print(
        f"{n_images} images, {len(layers)} layers, {DEVICE.type}, processor seconds: "
        + ", ".join(f"{name} {spent[1]:.1f}" for name, spent in best.items())
        + "; peak memory: "
        + ", ".join(f"{name} {most / 1e9:.2f} GB" for name, most in peaks.items()),
        file=sys.stderr,
    )
    above = {way: max(most - peaks["forward"], 1) for way, most in peaks.items()}
    # above the forward pass ours may be next to nothing, within what a process varies by
    ours_above = max(above["ours"], 2**20 * 10)
    ratios = {
        "store_everything_over_ours_wall": best["stored"][0] / best["ours"][0],
        "store_everything_over_ours_cpu": best["stored"][1] / best["ours"][1],
        "store_everything_over_ours_bytes": kept_bytes / stored_bytes(found),
        "store_everything_over_ours_peak": above["stored"] / ours_above,
        "ours_over_forward_wall": best["ours"][0] / best["forward"][0],
        "ours_over_forward_cpu": best["ours"][1] / best["forward"][1],
    }
    if DEVICE.type == "cpu":
        return ratios
    there = {f"{name}_gpu": ratio for name, ratio in ratios.items()}
    return {**there, "images_per_second_gpu": n_images / best["ours"][0]}


if __name__ == "__main__":
    command(__doc__, lambda quick: measure(24, 2) if quick else measure(118, 3))

"""Activations: one pass folded into Gram matrices, against keeping every feature.

Every figure is a ratio of times (or bytes) measured in the same run, variants taking turns:

- `store_everything_over_ours_*`: hooks that keep a copy of every layer's features until the end,
  as packages for feature extraction do, then a centred Gram matrix of each, over ours (dry run,
  checks and double precision included). Above 1 is faster, or smaller, than storing everything.
  `peak` is of the memory that each needs above the bare forward pass, each in a process of its own.
- `ours_over_forward_*`: ours over the bare forward pass of the same 118 images. 1 is the floor.
- `all_modules_of_1000_over_forward_cpu`: every module of a ResNet-50 for 1000 images, which do not
  fit one batch, sketched, over the bare forward pass; `..._disk_gb` is what it took for a while.
- `2000_images_*`: the blocks of an EfficientNet-Lite0 for 2000 images, exact and sketched, over the
  bare forward pass; `..._told` is what `isomorph check` would say over what was taken, and
  `..._memory_gb` the most memory the process had.
- `..._gpu`: the same on a graphics card, when there is one; `images_per_second_*` are no ratios.

`--quick` takes as many images of a smaller side: forward pass, features and the width of sketches
all shrink with the area, so that ratios stay what they are. What is taken once (the dry run passes
five images, an exact pass beside a sketch 32) is the same share of both.
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
from isomorph.models.outline import outline
from isomorph.models.packing import SKETCH_WIDTH
from isomorph.models.room import Room
from isomorph.models.spool import Spool
from isomorph.study import ModelSpec, Preprocessing

SIDE = 224
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


def pictures(n_images: int, side: int) -> np.ndarray:
    return np.random.default_rng(0).random((n_images, 3, side, side), dtype=np.float32) * 2 - 1


class Patches:
    """Images of coloured squares, each drawn when it is asked for, so that none is in memory."""

    def __init__(self, n_images: int, side: int) -> None:
        self.n_images, self.side = n_images, side

    def __len__(self) -> int:
        return self.n_images

    def __getitem__(self, rows: slice) -> np.ndarray:
        images = [self._draw(one) for one in range(*rows.indices(self.n_images))]
        return np.stack(images)

    def _draw(self, number: int) -> np.ndarray:
        rng = np.random.default_rng(number)
        squares = (rng.random((3, 8, 8), dtype=np.float32) - 0.5) * rng.uniform(0.5, 4)
        times = self.side // 8
        return squares.repeat(times, axis=1).repeat(times, axis=2)


def peak(way: str, n_images: int, side: int) -> int:
    """Return the most memory a way of extraction needs, bytes, in this process."""
    network = lite0()
    images = pictures(n_images, side)
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
    return most_memory()


def most_memory() -> int:
    """Return the most memory that this process has had, bytes."""
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


def one_batch(n_images: int, side: int, rounds: int) -> dict[str, float]:
    """Return every ratio for images that fit one batch, the fastest of some rounds."""
    network = lite0()
    images = pictures(n_images, side)
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
        peaks = {
            way: pool.apply(peak, (way, n_images, side)) for way in ("forward", "stored", "ours")
        }
    print(
        f"{n_images} images of {side} pixels, {len(layers)} layers, {DEVICE.type}, "
        "processor seconds: "
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
    return {
        **there,
        "images_per_second_gpu": n_images / best["ours"][0],
        "images_per_second_of_the_bare_pass_gpu": n_images / best["forward"][0],
    }


def bare(network: Network, images: Patches, batch: int) -> float:
    """Return the processor seconds of the bare forward pass."""
    memory = torch.channels_last if network.channels_last else torch.contiguous_format
    module = network.module.to(DEVICE, memory_format=memory)  # type: ignore[call-overload]

    def run() -> None:
        with torch.inference_mode():
            for start in range(0, len(images), batch):
                pixels = torch.from_numpy(images[start : start + batch])
                module(pixels.to(DEVICE, memory_format=memory))

    return float(timed(run)[0][1])


def in_batches(
    network: Network, images: Patches, layers: str, batch: int, room: Room
) -> tuple[float, int, list[float]]:
    """Return processor seconds of an extraction, the most bytes it had on disk, and fidelities."""
    most = 0
    real = Spool.commit

    def commit(spool: Spool, stop: int, digest: str) -> None:
        nonlocal most
        real(spool, stop, digest)
        most = max(most, sum(one.stat().st_size for one in spool.folder.iterdir()))

    with tempfile.TemporaryDirectory() as scratch:
        Spool.commit = commit  # type: ignore[method-assign]
        try:
            spent, found = timed(
                lambda: extract(network, images, layers, where=layers, scratch=Path(scratch),
                                batch_size=batch, room=room)
            )  # fmt: skip
        finally:
            Spool.commit = real  # type: ignore[method-assign]
        fidelities = [layer.fidelity for layer in found.layers.values()]  # while they are on disk
    return float(spent[1]), most, fidelities


def all_modules(n_images: int, side: int) -> dict[str, float]:
    """Return the cost of every module of a ResNet-50, whose features fit no memory."""
    images = Patches(n_images, side)
    width = round(SKETCH_WIDTH * (side / SIDE) ** 2)
    spec = ModelSpec(name="r", title="", source="untrained/resnet50", seeds=(0,))
    build = SOURCES[spec.source].network
    assert build is not None, "a source that runs a network"
    network = build(Request("r", spec, 0, Path(), Path()))
    forward_seconds = bare(network, images, 64)
    seconds, most, fidelity = in_batches(network, images, "all", 64, Room("sketch", width))
    print(
        f"{n_images} images of {side} pixels, {len(fidelity)} modules sketched to {width}: "
        f"{seconds:.0f} processor seconds, bare pass {forward_seconds:.0f}; correlation with exact "
        f"RDMs {np.nanmedian(fidelity):.4f}, at worst {np.nanmin(fidelity):.4f}",
        file=sys.stderr,
    )
    return {
        f"all_modules_of_{n_images}_over_forward_cpu": seconds / forward_seconds,
        f"all_modules_of_{n_images}_disk_gb": most / 1e9,
    }


def many(n_images: int, side: int) -> dict[str, float]:
    """Return the cost of more images than a Gram matrix of one layer leaves alone."""
    size = Preprocessing(size=side)
    spec = ModelSpec(name="lite0", title="", source="package/efficientnet-lite0", layers="blocks",
                     preprocessing=size)  # fmt: skip
    images, network, found = Patches(n_images, side), lite0(), outline(spec, n_images)
    assert found is not None, "an architecture that needs no weights"
    forward_seconds = bare(network, images, 64)
    ratios: dict[str, float] = {}
    width = round(SKETCH_WIDTH * (side / SIDE) ** 2)
    for name, room in (("exact", Room()), ("sketched", Room("sketch", width))):
        seconds, most, _ = in_batches(network, images, "blocks", 64, room)
        ratios[f"{n_images}_images_{name}_over_forward_cpu"] = seconds / forward_seconds
        told = found.seconds(n_images, room)[0]
        ratios[f"{n_images}_images_{name}_seconds_told"] = told / seconds
        ratios[f"{n_images}_images_{name}_bytes_told"] = (
            room.needed(found.choice.distinct, n_images) / most
        )
    ratios[f"{n_images}_images_memory_gb"] = most_memory() / 1e9
    plan = outline(spec.model_copy(update={"preprocessing": Preprocessing(size=SIDE)}), 10_000)
    assert plan is not None, "as before"
    for room in (Room(), Room("sketch")):
        told, own = plan.seconds(10_000, room)
        print(
            f"10,000 images of {SIDE} pixels, {len(plan.choice.widths)} blocks, {room.spool}: "
            f"{room.needed(plan.choice.distinct, 10_000) / 1e9:.1f} GB and {told / 60:.0f} "
            f"core-minutes, {own / 60:.0f} of them the bare pass",
            file=sys.stderr,
        )
    return ratios


def measure(quick: bool) -> dict[str, float]:
    """Return every ratio."""
    side = 96 if quick else SIDE
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        ratios = pool.apply(many, (2000, 64))
        ratios |= pool.apply(all_modules, (1000, 64 if quick else SIDE))
    return one_batch(118, side, 3) | ratios


if __name__ == "__main__":
    command(__doc__, measure)

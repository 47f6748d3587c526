"""Extraction: one forward pass gives every layer's Gram matrix, and no feature is kept."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from isomorph.errors import IsomorphError
from isomorph.models.activations import Activations
from isomorph.models.gram import LayerGram, UnusableLayerError, fold
from isomorph.models.layers import discover, matrix, select, watching
from isomorph.models.network import Network
from isomorph.models.spool import spooling

if TYPE_CHECKING:
    import torch

PROGRESS_SECONDS = 10.0


def extract(
    network: Network,
    images: NDArray[np.float32],
    patterns: str | Sequence[str],
    *,
    where: str,
    scratch: Path,
    batch_size: int = 128,
) -> Activations:
    """Run images through a network once and fold every layer asked for into its Gram matrix.

    When all images fit one batch, each layer is folded in the moment it is made and nothing is
    kept. Otherwise a Gram matrix needs features of images that are not in memory together, so
    features go to a temporary folder, in single precision, and each layer is folded from there;
    the folder is removed whatever happens.

    Parameters
    ----------
    network : Network
        In evaluation mode. It is moved to the GPU when there is one.
    images : ndarray (stimulus, channel, height, width)
        Preprocessed.
    patterns : sequence of str
        Layers asked for, see `isomorph.models.layers.select`.
    where : str
        The model, for errors and progress.
    scratch : Path
        Folder in which the temporary folder is made.
    batch_size : int
        Images in one forward pass.

    Returns
    -------
    Activations

    Raises
    ------
    IsomorphError
        When a pattern matches nothing, when the network is not deterministic, or when the disk
        has no room for the features.
    """
    import torch

    if len(images) < 2:
        raise IsomorphError(f"{where}: {len(images)} stimuli have no geometry; give at least two")
    _set_threads()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    on_cpu = device.type == "cpu"
    memory = torch.channels_last if network.channels_last else torch.contiguous_format
    module = network.module.to(device).to(memory_format=memory)  # type: ignore[call-overload]

    def batch(start: int, stop: int) -> torch.Tensor:
        pixels = torch.from_numpy(images[start:stop])
        return pixels.to(device=device, memory_format=memory)

    with _exact(), torch.inference_mode():
        known = discover(module, batch(0, 3) if len(images) > 2 else batch(0, 2)[[0, 1, 0]])
        chosen = select(list(known), patterns, where)
        left_out = {name: known[name].left_out for name in chosen if known[name].left_out}
        sizes = {name: known[name].n_features for name in chosen if name not in left_out}
        spans = [
            (start, min(start + batch_size, len(images)))
            for start in range(0, len(images), batch_size)
        ]
        progress = _Progress(where, len(images), len(sizes))
        layers: dict[str, LayerGram] = {}
        outputs: list[object] = []
        if len(spans) == 1:

            def fold_now(name: str, tensor: torch.Tensor) -> None:
                if name in sizes:
                    _fold_into(layers, left_out, name, matrix(tensor, ordered=False))

            with watching(module, fold_now):
                outputs.append(module(batch(*spans[0])))
        else:
            with spooling(scratch, sizes, len(images), where) as spool:

                def append(name: str, tensor: torch.Tensor) -> None:
                    if name in sizes:
                        features = matrix(tensor, ordered=True)
                        spool.append(name, features if on_cpu else features.cpu().numpy())

                for start, stop in spans:
                    with watching(module, append):
                        outputs.append(module(batch(start, stop)))
                    progress.say(stop)
                for name in sizes:
                    _fold_into(layers, left_out, name, spool.read(name))
        progress.say(len(images), last=True)
    if missing := [name for name in sizes if name not in layers and name not in left_out]:
        raise IsomorphError(
            f'{where}: layer "{missing[0]}" was seen with 3 images but not with all'
        )
    return Activations(
        layers={name: layers[name] for name in sizes if name in layers},
        depth={name: depth for depth, name in enumerate(chosen)},
        left_out=left_out,
        output=_rows(outputs, len(images)),
        attributes={"device": device.type, "weights_sha256": network.weights_sha256},
    )


def _fold_into(
    layers: dict[str, LayerGram], left_out: dict[str, str], name: str, features: object
) -> None:
    """Fold one layer, or note why it cannot be."""
    try:
        layers[name] = fold(features)
    except UnusableLayerError as error:
        left_out[name] = str(error)


def _rows(outputs: Sequence[object], n_stimuli: int) -> NDArray[np.float32] | None:
    """Return the network's output when it is a row per stimulus."""
    import torch

    tensors = [output for output in outputs if isinstance(output, torch.Tensor)]
    if len(tensors) < len(outputs) or any(tensor.ndim != 2 for tensor in tensors):
        return None
    rows = torch.cat(tensors).float().cpu().numpy()
    return rows if len(rows) == n_stimuli else None


@contextmanager
def _exact() -> Iterator[None]:
    """Keep a GPU from rounding to TF32 or choosing its algorithms by timing."""
    import torch

    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    try:
        with torch.backends.cudnn.flags(
            enabled=True, benchmark=False, deterministic=True, allow_tf32=False
        ):
            yield
    finally:
        torch.set_float32_matmul_precision(before)


def _set_threads() -> None:
    """Use as many threads as the environment variable ISOMORPH_THREADS says, if it does."""
    import torch

    text = os.environ.get("ISOMORPH_THREADS", "")
    if not text:
        return
    if not text.isdecimal() or int(text) == 0:
        raise IsomorphError(f'ISOMORPH_THREADS is "{text}"; it must be a number of threads')
    torch.set_num_threads(int(text))


class _Progress:
    """A line now and then: images done, and how fast."""

    def __init__(self, where: str, n_images: int, n_layers: int) -> None:
        self.text = (
            f"{where}: {{done}} of {n_images} images, {n_layers} layers, {{rate:.1f}} images/s"
        )
        self.start = self.last = time.perf_counter()

    def say(self, done: int, *, last: bool = False) -> None:
        now = time.perf_counter()
        if last or now - self.last > PROGRESS_SECONDS:
            rate = done / max(now - self.start, 1e-9)
            print(self.text.format(done=done, rate=rate), file=sys.stderr, flush=True)
            self.last = now

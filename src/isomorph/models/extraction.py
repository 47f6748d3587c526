"""Extraction: one forward pass gives every layer's Gram matrix, and no feature is kept."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from numpy.typing import NDArray

from isomorph.errors import IsomorphError
from isomorph.models.activations import Activations
from isomorph.models.gram import LayerGram, UnusableLayerError, fold
from isomorph.models.layers import discover, matrix, select, watching
from isomorph.models.network import Network

if TYPE_CHECKING:
    import torch

PROGRESS_SECONDS = 10.0
SPOOL_BYTES = np.dtype(np.float32).itemsize


def extract(
    network: Network,
    images: NDArray[np.float32],
    patterns: Sequence[str],
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
            with _spool(scratch, sizes, len(images), where) as files:

                def write(name: str, tensor: torch.Tensor) -> None:
                    if name in files:
                        features = matrix(tensor, ordered=True)
                        features = features if device.type == "cpu" else features.cpu().numpy()
                        files[name].write(np.ascontiguousarray(features, dtype=np.float32).data)

                for start, stop in spans:
                    with watching(module, write):
                        outputs.append(module(batch(start, stop)))
                    progress.say(stop)
                for name, file in files.items():
                    file.flush()
                    _fold_into(layers, left_out, name, _read(file, len(images), sizes[name], where))
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


@contextmanager
def _spool(
    scratch: Path, sizes: dict[str, int], n_stimuli: int, where: str
) -> Iterator[dict[str, BinaryIO]]:
    """Open a temporary file per layer, in a folder that is removed in the end."""
    scratch.mkdir(parents=True, exist_ok=True)
    needed = SPOOL_BYTES * n_stimuli * sum(sizes.values())
    free = shutil.disk_usage(scratch).free
    if needed > free:
        raise IsomorphError(
            f"{where}: the features of {len(sizes)} layers and {n_stimuli} stimuli need "
            f"{_gigabytes(needed)} in {scratch} for a while and {_gigabytes(free)} are free; free "
            "some space, name fewer layers or raise batch_size"
        )
    print(
        f"{where}: {n_stimuli} images do not fit one batch, {_gigabytes(needed)} of features pass "
        f"through {scratch}",
        file=sys.stderr,
        flush=True,
    )
    with ExitStack() as stack:
        folder = Path(
            stack.enter_context(tempfile.TemporaryDirectory(dir=scratch, prefix=".spool-"))
        )
        try:
            yield {
                name: stack.enter_context(open(folder / f"{place}.f32", "w+b"))
                for place, name in enumerate(sizes)
            }
        except OSError as error:
            raise IsomorphError(
                f"{where}: features cannot be kept in {scratch} ({error.strerror}); free some "
                "space, name fewer layers or raise batch_size"
            ) from error


def _read(file: BinaryIO, n_stimuli: int, n_features: int, where: str) -> NDArray[np.float32]:
    """Map a spooled layer into memory `(stimulus, feature)`."""
    expected = SPOOL_BYTES * n_stimuli * n_features
    if (found := os.fstat(file.fileno()).st_size) != expected:
        raise IsomorphError(
            f"{where}: a layer gave {found} bytes instead of {expected}; it is not called once per "
            "batch"
        )
    return np.memmap(file, dtype=np.float32, mode="r", shape=(n_stimuli, n_features))


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


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.3g} GB"

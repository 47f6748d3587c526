"""A run: a network on its device, what is read of it, and images passing through."""

from __future__ import annotations

import os
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from isomorph.errors import IsomorphError, first_line
from isomorph.models.batches import Images, TooLittleMemoryError, attempt
from isomorph.models.choosing import Choice, Patterns, choose
from isomorph.models.layers import Layer, Origins, discover, matrix, watching
from isomorph.models.network import Network
from isomorph.models.readout import Plan, Reading
from isomorph.models.room import images_at_once
from isomorph.saying import say

if TYPE_CHECKING:
    import torch

PROGRESS_SECONDS = 10.0


@dataclass
class ForwardRun:
    """A network on its device, and what is read of it.

    Attributes
    ----------
    choice : Choice
        The layers that are read.
    largest : int
        Activations of one image in the largest layer, whether asked for or not.
    """

    network: Network
    images: Images
    where: str
    choice: Choice = field(default_factory=lambda: Choice("all", [], {}, {}, {}, {}))
    largest: int = 0

    def __post_init__(self) -> None:
        import torch

        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        last = self.network.channels_last
        self.memory = torch.channels_last if last else torch.contiguous_format
        module: Any = self.network.module
        self.module = module.to(self.device).to(memory_format=self.memory)

    def tensor(self, pixels: NDArray[np.float32]) -> torch.Tensor:
        """Return images as the network takes them."""
        import torch

        return torch.from_numpy(pixels).to(device=self.device, memory_format=self.memory)

    @property
    def plans(self) -> dict[str, Plan]:
        """How each layer is read."""
        return self.choice.plans

    def survey(
        self,
        patterns: Patterns,
        reading: Reading,
        fit: Callable[[Choice], bool] = lambda choice: True,
    ) -> None:
        """Find the layers asked for and decide how each is read, see `choosing.choose`."""
        first = self.images[0:3]
        few = self.tensor(first if len(first) > 2 else first[[0, 1, 0]])
        known: dict[str, Layer] = {}
        with _running(self.where, few.shape):
            attempt(lambda: known.update(discover(self.module, few)))
        self.largest = max((layer.n_features for layer in known.values()), default=0)
        self.choice = choose(
            self.module,
            known,
            patterns,
            reading,
            self.where,
            has_blocks=self.network.has_blocks,
            timed=few.ndim == 5,
            fit=fit,
        )

    def forward(
        self, pixels: NDArray[np.float32], visit: Callable[[str, Any], None], *, ordered: bool
    ) -> NDArray[np.float32] | None:
        """Pass images, visiting the features of each layer; return rows of output if there are.

        A layer that returns the tensor of another that is read is not visited.

        Raises
        ------
        TooLittleMemoryError
        IsomorphError
            When the network fails, or a layer returns another's tensor with a few images alone.
        """
        rows: list[NDArray[np.float32] | None] = []
        same, origins = self.choice.same, Origins()

        def on_layer(name: str, tensor: torch.Tensor) -> None:
            origin = origins.note(name, tensor)
            if name in same and origin != origins.of[same[name]]:
                raise IsomorphError(
                    f'{self.where}: layer "{name}" returned what "{same[name]}" did for the first '
                    "images and returns something else for others; name one of them alone"
                )
            if name in self.plans and name not in same:
                visit(name, matrix(self.plans[name](tensor), ordered=ordered))

        def run() -> None:
            with watching(self.module, on_layer):
                rows.append(_rows(self.module(self.tensor(pixels)), len(pixels)))

        with _running(self.where, pixels.shape):
            attempt(run)
        return rows[0]

    def at_once(self, size: int) -> int:
        """Return how many images pass at once, at most `size`."""
        return images_at_once(size, self.largest, self.device.type)

    def fitting(self, size: int) -> int:
        """Return how many images pass at once, at most `size`, and say so when they are fewer."""
        fits = self.at_once(size)
        if fits < min(size, len(self.images)):
            say(
                f"{self.where}: the largest layer has {self.largest} activations for each image, "
                f"so {fits} images pass at once, not {min(size, len(self.images))}"
            )
        return fits

    def words(self) -> dict[str, str]:
        """Say of each layer what is read of it."""
        return {name: plan.words for name, plan in self.plans.items()}


@contextmanager
def _running(where: str, shape: Sequence[int]) -> Iterator[None]:
    """Say which images a network cannot be run on, where in its code, and why.

    What layers are folded into or written to has errors of its own.
    """
    try:
        yield
    except (IsomorphError, TooLittleMemoryError, OSError):
        raise
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        size = " × ".join(map(str, shape[1:]))
        what, keys = ("clips", "size or clip") if len(shape) == 5 else ("images", "size")
        raise IsomorphError(
            f"{where}: the network fails on {what} of {size} in {place.filename}, line "
            f"{place.lineno} ({type(error).__name__}: {first_line(error)}); correct "
            f"preprocessing.{keys}, or the network"
        ) from error


def _rows(output: object, n_stimuli: int) -> NDArray[np.float32] | None:
    """Return a network's output when it is a row per stimulus."""
    import torch

    if not isinstance(output, torch.Tensor) or output.ndim != 2 or len(output) != n_stimuli:
        return None
    return output.float().cpu().numpy()


@contextmanager
def exact() -> Iterator[None]:
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


def set_threads() -> None:
    """Use as many threads as the environment variable ISOMORPH_THREADS says, if it does."""
    import torch

    text = os.environ.get("ISOMORPH_THREADS", "")
    if not text:
        return
    if not text.isdecimal() or int(text) == 0:
        raise IsomorphError(f'ISOMORPH_THREADS is "{text}"; it must be a number of threads')
    torch.set_num_threads(int(text))


class ForwardProgress:
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
            say(self.text.format(done=done, rate=rate))
            self.last = now

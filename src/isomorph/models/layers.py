"""Layers: which tensors a network makes, in which order, and which of them are asked for."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from isomorph.errors import IsomorphError, did_you_mean

if TYPE_CHECKING:
    import torch


TOLERANCE = 1e-3
"""Of the largest activation of a layer: how far rounding may carry it in a batch of another size,
and far less than dropout or batch statistics do."""

COMPARED = 2**14
"""Activations of a layer that two passes are compared by."""


@dataclass(frozen=True)
class Layer:
    """What a dry run says about a layer.

    Attributes
    ----------
    shape : tuple of int
        Of what it says about one stimulus, the stimulus axis taken out.
    axis : int
        The stimulus axis, the first in all but recurrent networks that put time first.
    left_out : str
        Why it cannot be used; empty when it can.
    same_as : str
        The earlier layer whose tensor it returns as it was; empty for its own.
    """

    shape: tuple[int, ...] = ()
    axis: int = 0
    left_out: str = ""
    same_as: str = ""

    @property
    def n_features(self) -> int:
        """Features per stimulus; none when it cannot be used."""
        return 0 if self.left_out else math.prod(self.shape)


Visit = Callable[[str, "torch.Tensor"], None]


@contextmanager
def watching(model: torch.nn.Module, visit: Visit) -> Iterator[None]:
    """Call `visit(layer, tensor)` for every tensor the modules of a model return.

    A layer is named as in `named_modules()`. The second call of a module adds `#2`, the third
    `#3`. The first tensor of an output with several bears the plain name, the others add `[1]`
    (tuples) or `.key` (mappings). The model itself is not a layer. The tensor is the module's own:
    what visits must reduce or copy it at once, since the next module may overwrite it.

    Parameters
    ----------
    model : torch.nn.Module
        The network.
    visit : callable
        Called as each module returns, so in execution order, parts before their whole.
    """
    calls: Counter[str] = Counter()

    def hook(name: str) -> Callable[..., None]:
        def on_return(module: object, inputs: object, output: object) -> None:
            calls[name] += 1
            call = name if calls[name] == 1 else f"{name}#{calls[name]}"
            for suffix, tensor in named_tensors(output):
                visit(call + suffix, tensor)

        return on_return

    # Every module is hooked, wanted or not, so that a dry run and the real one take the same
    # way: some modules of torch leave out their parts when nothing listens.
    handles = [
        module.register_forward_hook(hook(name)) for name, module in model.named_modules() if name
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


class Origins:
    """Tells layers that return the tensor of the layer before them, which nothing has changed.

    A block returns what its last part returned, a list what its last block did, and what does
    nothing in evaluation mode what it was given: one tensor under several names. It is the same
    object, and its counter of changes in place stands where it stood.
    """

    def __init__(self) -> None:
        self.of: dict[str, str] = {}
        """By layer, the first that returned its tensor."""
        self._last: tuple[str, torch.Tensor, int] | None = None

    def note(self, name: str, tensor: torch.Tensor) -> str:
        """Return the layer that returned this tensor first, which may be the one named."""
        version = -1 if tensor.is_inference() else tensor._version  # those count no changes
        if self._last is not None:
            origin, before, then = self._last
            if tensor is before and then == version >= 0:
                self.of[name] = origin
                return origin
        self.of[name] = name
        self._last = (name, tensor, version)
        return name


def named_tensors(output: object) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield the tensors of a module's output with the suffixes that tell them apart."""
    for position, (suffix, tensor) in enumerate(_walk(output, "")):
        yield ("" if position == 0 else suffix), tensor


def _walk(output: object, suffix: str) -> Iterator[tuple[str, torch.Tensor]]:
    import torch

    if isinstance(output, torch.Tensor):
        yield suffix, output
    elif isinstance(output, Mapping):
        for key, value in output.items():
            yield from _walk(value, f"{suffix}.{key}")
    elif isinstance(output, tuple | list):
        for position, value in enumerate(output):
            yield from _walk(value, f"{suffix}[{position}]")


def discover(model: torch.nn.Module, images: torch.Tensor) -> dict[str, Layer]:
    """Find the layers of a model in execution order by two tiny passes.

    Two images pass, then the same with a third, which must not change what is said of them; a
    layer is usable when exactly one of its axes follows the number of images, mostly the first.

    Parameters
    ----------
    model : torch.nn.Module
        In evaluation mode.
    images : tensor of shape (stimulus, channel, height, width)
        Three or more; the first three are used.

    Returns
    -------
    dict of str to Layer
        Every layer by name; those that cannot be used say why.

    Raises
    ------
    IsomorphError
        When a module is in training mode, when the same images give different numbers beside
        another, or when two layers would bear one name.
    """
    import torch

    training = [name or "the model itself" for name, m in model.named_modules() if m.training]
    if training:
        raise IsomorphError(
            f"{training[0]} is in training mode, so its activations would depend on the batch; "
            "call eval() on the model"
        )
    kept: dict[str, torch.Tensor] = {}
    shapes: dict[str, list[tuple[int, ...]]] = {}
    origins = Origins()

    def keep(name: str, tensor: torch.Tensor) -> None:
        if name in kept:
            raise IsomorphError(
                f'two layers would be named "{name}"; rename the module or the output key'
            )
        kept[name] = _some(tensor)
        shapes[name] = [tuple(tensor.shape)]
        origins.note(name, tensor)

    def compare(name: str, tensor: torch.Tensor) -> None:
        shapes.setdefault(name, []).append(tuple(tensor.shape))
        before = kept.pop(name, None)
        if before is None:
            return
        layer = _layer(shapes[name])
        if layer.left_out or not before.is_floating_point():
            return
        if not _alike(before, _some(tensor.narrow(layer.axis, 0, 2))):
            raise IsomorphError(
                f'layer "{name}" gives other activations for the same images a second time, with '
                "a third image beside them: the model draws random numbers in its forward pass "
                "(dropout left on?) or lets images of one batch change each other (batch "
                "statistics?)"
            )

    passes: list[tuple[Visit, torch.Tensor]] = [(keep, images[:2]), (compare, images[:3])]
    for visit, batch in passes:
        with watching(model, visit), torch.no_grad():
            model(batch)
    if odd := [*kept, *(name for name, found in shapes.items() if len(found) != 2)]:
        raise IsomorphError(
            f'layer "{odd[0]}" is not called every time for the same images: the model draws '
            "random numbers in its forward pass (stochastic depth left on?)"
        )
    return _layers(shapes, origins)


def outlined(model: torch.nn.Module, shape: Sequence[int]) -> dict[str, Layer]:
    """Return the layers of a model in execution order, by shapes alone.

    Parameters
    ----------
    model : torch.nn.Module
        On the meta device, where tensors have shapes and no numbers.
    shape : sequence of int
        Of one image, (channel, height, width), or of one clip, (channel, time, height, width).
    """
    import torch

    shapes: dict[str, list[tuple[int, ...]]] = {}
    for size in (2, 3):
        origins = Origins()

        def note(name: str, tensor: torch.Tensor, origins: Origins = origins) -> None:
            shapes.setdefault(name, []).append(tuple(tensor.shape))
            origins.note(name, tensor)

        with watching(model, note), torch.no_grad():
            model(torch.empty((size, *shape), device="meta"))
    twice = {name: found for name, found in shapes.items() if len(found) == 2}
    return _layers(twice, origins)


def _some(tensor: torch.Tensor) -> torch.Tensor:
    """Copy numbers from all over a tensor: all of them would take more memory than a batch does."""
    import torch

    flat = tensor.detach().reshape(-1)
    if len(flat) <= COMPARED:
        return flat.clone()
    places = torch.linspace(0, len(flat) - 1, COMPARED, dtype=torch.float64, device=flat.device)
    return flat[places.long()]


def _alike(a: torch.Tensor, b: torch.Tensor) -> bool:
    """Tell whether two tensors are equal but for rounding, which batches of other sizes change.

    What is not finite must be so in the same places.
    """
    import torch

    finite = a.isfinite()
    if not bool(finite.all()):
        if not torch.equal(finite, b.isfinite()):
            return False
        a, b = a[finite], b[finite]
    if a.numel() == 0:
        return True
    return float((a - b).abs().max()) <= TOLERANCE * float(a.abs().max())


def _layers(shapes: Mapping[str, Sequence[tuple[int, ...]]], origins: Origins) -> dict[str, Layer]:
    """Judge layers by their shapes, and note which of them are one tensor."""
    found = {name: _layer(known) for name, known in shapes.items()}
    others = {name: origin for name, origin in origins.of.items() if origin != name}
    return {name: replace(layer, same_as=others.get(name, "")) for name, layer in found.items()}


def _layer(shapes: Sequence[tuple[int, ...]]) -> Layer:
    """Judge a layer by the shapes it had for two and for three images."""
    two, three = shapes
    if not two or not three:
        return Layer(left_out="is a single number, not one per stimulus")
    if len(two) == len(three):
        changing = [axis for axis in range(len(two)) if two[axis] != three[axis]]
        following = [axis for axis in changing if (two[axis], three[axis]) == (2, 3)]
        if len(changing) == len(following) == 1:
            axis = following[0]
            return Layer(two[:axis] + two[axis + 1 :], axis)
    if (two[0], three[0]) == (2, 3):
        return Layer(
            left_out=f"changes its size with the number of images, {two[1:]} to {three[1:]}"
        )
    return Layer(
        left_out=f"has {two[0]} and {three[0]} along its first axis for 2 and 3 images and no "
        "other axis that follows their number alone, so there is no stimulus axis"
    )


def select(known: Sequence[str], patterns: str | Iterable[str], where: str) -> list[str]:
    """Return the layers that patterns ask for, in the order they are known.

    Parameters
    ----------
    known : sequence of str
        Layer names in execution order.
    patterns : str or iterable of str
        A word (`all`, and `blocks` of what has none) for every layer. In a pattern `*` stands for
        anything up to a dot, `**` for anything, `?` for one character but a dot; it is matched
        against the whole name.
    where : str
        What to name in the error: the model.

    Raises
    ------
    IsomorphError
        When a pattern matches no layer.
    """
    if isinstance(patterns, str):
        return list(known)
    chosen: set[str] = set()
    for pattern in patterns:
        matching = re.compile(_expression(pattern))
        found = [name for name in known if matching.fullmatch(name)]
        if not found:
            raise IsomorphError(
                f'{where}: layers: "{pattern}" matches no layer, {did_you_mean(pattern, known)}'
            )
        chosen.update(found)
    return [name for name in known if name in chosen]


def _expression(pattern: str) -> str:
    """Translate a layer pattern to a regular expression."""
    parts = re.split(r"(\*\*|\*|\?)", pattern)
    return "".join(WILDCARDS.get(part, re.escape(part)) for part in parts)


WILDCARDS = {"**": ".*", "*": "[^.]*", "?": "[^.]"}


def matrix(tensor: torch.Tensor, *, ordered: bool) -> Any:
    """Return a layer's tensor as features, on the processor without a copy where possible.

    Parameters
    ----------
    tensor : tensor of shape (stimulus, ...)
    ordered : bool
        Whether features must come in the tensor's logical order. A Gram matrix does not mind
        their order, so channels-last memory can be read as it lies.

    Returns
    -------
    array or tensor of shape (stimulus, feature)
        A tensor when on a GPU; complex features as real and imaginary parts, anything below
        single precision as single.
    """
    import torch

    tensor = tensor.detach()
    if tensor.is_complex():
        tensor = torch.view_as_real(tensor.resolve_conj())
    if tensor.dtype not in (torch.float32, torch.float64):
        tensor = tensor.to(torch.float32)
    lies_last = tensor.ndim == 4 and tensor.is_contiguous(memory_format=torch.channels_last)
    if lies_last and not ordered:
        tensor = tensor.permute(0, 2, 3, 1)
    features = tensor.reshape(tensor.shape[0], -1)
    return features.numpy() if features.device.type == "cpu" else features

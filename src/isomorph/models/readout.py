"""Reading: which of a layer's numbers are its features, tokens and positions chosen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from isomorph.errors import IsomorphError
from isomorph.models.layers import Layer
from isomorph.models.tokens import Tokens

if TYPE_CHECKING:
    import torch

Step = Callable[[Any], Any]
Shape = tuple[int, ...]


@dataclass(frozen=True)
class Reading:
    """What is read of every layer.

    Attributes
    ----------
    tokens : {"all", "class", "patches", "mean"}
        Of token outputs `(stimulus, token, feature)`.
    pooling : {"none", "mean", "max", "centre"}
        Of feature maps.
    centre : float
        Side of the central patch, as a share of the side of the map.
    """

    tokens: str = "all"
    pooling: str = "none"
    centre: float = 0.25


@dataclass(frozen=True)
class Plan:
    """How one layer is read.

    Attributes
    ----------
    words : str
        What was done, for people; "whole" when nothing was.
    steps : tuple of callable
        From the layer's tensor to what is read of it, the stimulus first.
    left_out : str
        Why nothing can be read; empty when something can.
    """

    words: str = "whole"
    steps: tuple[Step, ...] = ()
    left_out: str = ""

    def __call__(self, tensor: torch.Tensor) -> torch.Tensor:
        for step in self.steps:
            tensor = step(tensor)
        return tensor


def plans(
    layers: Mapping[str, Layer],
    reading: Reading,
    tokens: Tokens | None,
    where: str,
    *,
    timed: bool = False,
) -> dict[str, Plan]:
    """Decide how each layer is read.

    Parameters
    ----------
    layers : mapping of str to Layer
        Those asked for.
    reading : Reading
    tokens : Tokens or None
        Those of the model, if it has any.
    where : str
        The model, for errors.
    timed : bool
        Whether the model takes clips.

    Returns
    -------
    dict of str to Plan

    Raises
    ------
    IsomorphError
        When tokens or positions are chosen and no layer has any, or when the class token is asked
        for and the model has none.
    """
    if reading.tokens != "all" and tokens is None:
        has = ", ".join(f"{name} {_size(x.shape)}" for name, x in list(layers.items())[-3:])
        raise IsomorphError(
            f"{where}: tokens: {reading.tokens} is asked for, but its blocks do not return tokens "
            f"of a square grid of patches; its last layers are {has}, leave tokens out"
        )
    if reading.tokens == "class" and tokens is not None and not tokens.has_class:
        raise IsomorphError(
            f"{where}: tokens: class is asked for, but the model has {tokens}; choose all, patches "
            "or mean"
        )
    found = {name: _plan(layer, reading, tokens, timed) for name, layer in layers.items()}
    words = [plan.words + plan.left_out for plan in found.values()]
    if reading.tokens != "all" and not any("token" in word for word in words):
        raise IsomorphError(
            f"{where}: tokens: {reading.tokens} is asked for, but none of the {len(layers)} layers "
            "asked for has tokens; leave it out or name others"
        )
    if reading.pooling != "none" and not any("position" in word for word in words):
        raise IsomorphError(
            f"{where}: pooling: {reading.pooling} is asked for, but none of the {len(layers)} "
            "layers asked for is a feature map; leave it out or name others"
        )
    return found


def _plan(layer: Layer, reading: Reading, tokens: Tokens | None, timed: bool) -> Plan:
    if layer.left_out:
        return Plan(left_out=layer.left_out)
    words: list[str] = []
    steps: list[Step] = []
    if layer.axis:
        words.append(f"stimulus axis moved from place {layer.axis + 1} to the first")
        steps.append(lambda tensor: tensor.movedim(layer.axis, 0))
    if tokens is not None and reading.tokens != "all":
        found = _token_axis(layer.shape, tokens)
        if isinstance(found, str):
            return Plan(left_out=found)
        if found is not None:
            axis, prefix = found
            if reading.tokens == "class" and not prefix:
                return Plan(left_out="has patch tokens but no class token")
            word, step = TOKENS[reading.tokens](axis + 1, prefix, tokens.patches)
            return Plan("; ".join([*words, word]), (*steps, step))
    axes = map_axes(layer.shape, tokens, timed=timed)
    if axes is not None and reading.pooling != "none":
        side = layer.shape[axes[0]]
        first = axes[0] + 1
        word, step = POOLINGS[reading.pooling](first, side, reading.centre)
        words.append(word)
        steps.append(step)
    return Plan("; ".join(words) or "whole", tuple(steps))


def _token_axis(shape: Shape, tokens: Tokens) -> tuple[int, int] | str | None:
    """Return the token axis of a layer and how many tokens come before its patches.

    A text is the reason why it is not known; None means that the layer has no tokens.
    """
    if len(shape) < 2:
        return None
    for length, prefix in ((tokens.length, tokens.prefix), (tokens.patches, 0)):
        axes = [axis for axis, size in enumerate(shape) if size == length]
        if len(axes) == 1 or (axes and len(shape) == 2):
            return axes[0], prefix
        if axes:
            return f"has {len(axes)} axes of the length of its {length} tokens, {_size(shape)}"
    return None


def map_axes(shape: Shape, tokens: Tokens | None, *, timed: bool = False) -> tuple[int, int] | None:
    """Return the height and width axes of a feature map, None when a layer is none.

    Images are square, so feature maps are: of three axes, the last two when they are equal
    (torch's order, channels first), else the first two (channels last). Attention maps, as high
    and wide as there are tokens, are not feature maps. Those of clips have a time before them,
    which is kept.

    Parameters
    ----------
    shape : tuple of int
        Without the stimulus axis.
    tokens : Tokens or None
        Those of the model.
    timed : bool
        Whether the model takes clips.
    """
    if len(shape) != 3 + timed:
        return None
    for axes in ((1 + timed, 2 + timed), (timed, 1 + timed)):
        side = shape[axes[0]]
        if side == shape[axes[1]] and not (tokens is not None and side == tokens.length):
            return axes
    return None


def window(side: int, share: float) -> slice:
    """Return the central positions of a side, at least one.

    Their number is the nearest to `share * side` that is odd where the side is odd and even where
    it is even, so that they lie in the centre exactly.
    """
    least = 1 if side % 2 else 2
    width = min(side, max(least, 2 * round((share * side - least) / 2) + least))
    return slice((side - width) // 2, (side + width) // 2)


def _mean(axis: int, side: int, _: float) -> tuple[str, Step]:
    return f"mean over {side} × {side} positions", lambda x: x.mean((axis, axis + 1))


def _max(axis: int, side: int, _: float) -> tuple[str, Step]:
    return f"maximum over {side} × {side} positions", lambda x: x.amax((axis, axis + 1))


def _centre(axis: int, side: int, share: float) -> tuple[str, Step]:
    inner = window(side, share)
    width = inner.stop - inner.start

    def cut(x: Any) -> Any:
        return x.narrow(axis, inner.start, width).narrow(axis + 1, inner.start, width)

    return f"central {width} × {width} of {side} × {side} positions", cut


POOLINGS: dict[str, Callable[[int, int, float], tuple[str, Step]]] = {
    "mean": _mean,
    "max": _max,
    "centre": _centre,
}
"""What is read of a feature map, given its height axis, its side, and the share in the centre."""


def _class(axis: int, _: int, __: int) -> tuple[str, Step]:
    return "class token", lambda x: x.select(axis, 0)


def _patches(axis: int, prefix: int, patches: int) -> tuple[str, Step]:
    return f"{patches} patch tokens", lambda x: x.narrow(axis, prefix, patches)


def _patch_mean(axis: int, prefix: int, patches: int) -> tuple[str, Step]:
    return (
        f"mean of {patches} patch tokens",
        lambda x: x.narrow(axis, prefix, patches).mean(axis),
    )


TOKENS: dict[str, Callable[[int, int, int], tuple[str, Step]]] = {
    "class": _class,
    "patches": _patches,
    "mean": _patch_mean,
}
"""What is read of tokens, given their axis, how many come before the patches, and the patches."""


def _size(shape: Shape) -> str:
    return " × ".join(map(str, shape)) or "one number"

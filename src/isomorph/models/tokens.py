"""Tokens: how many a transformer passes on, and which of them stand for no patch."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from isomorph.models.layers import Layer

if TYPE_CHECKING:
    import torch

PREFIX = {
    "cls_token": "class",
    "class_token": "class",
    "class_embedding": "class",
    "dist_token": "distillation",
    "distillation_token": "distillation",
    "reg_token": "register",
    "register_tokens": "register",
}
"""Learned tokens by the names that torchvision, timm, open_clip and transformers give them."""


@dataclass(frozen=True)
class Tokens:
    """The tokens that pass through the blocks of a transformer.

    Attributes
    ----------
    length : int
        How many there are.
    prefix : int
        How many of them come first and stand for no patch.
    has_class : bool
        Whether the first is a class token.
    """

    length: int
    prefix: int
    has_class: bool

    @property
    def patches(self) -> int:
        """How many stand for patches."""
        return self.length - self.prefix

    def __str__(self) -> str:
        first = "a class token" if self.has_class else "no class token"
        others = self.prefix - self.has_class
        return f"{self.patches} patch tokens, {first}" + f" and {others} other tokens" * (
            others > 0
        )


def find_tokens(
    model: torch.nn.Module,
    layers: Mapping[str, Layer],
    blocks: Sequence[str],
    *,
    timed: bool = False,
) -> Tokens | None:
    """Find the tokens of a transformer from what the model itself says.

    Their number is the first axis of what most blocks return, when that is `(token, feature)`.
    Those that stand for no patch are the model's `num_prefix_tokens`, or else its learned tokens,
    see `PREFIX`. Images are square and so is the grid of their patches: when the tokens less those
    are not a square number but all of them are, the learned tokens join later than most blocks (as
    in CaiT and XCiT), and the blocks have patches only. Patches of clips are any number: a square
    for each time.

    Parameters
    ----------
    model : torch.nn.Module
    layers : mapping of str to Layer
        Every layer, see `isomorph.models.layers.discover`.
    blocks : sequence of str
        See `isomorph.models.blocks.blocks`.
    timed : bool
        Whether the model takes clips.

    Returns
    -------
    Tokens or None
        None when most blocks return no tokens, or when the patches do not form a square grid.
    """
    shapes = [layers[name].shape for name in blocks if not layers[name].left_out]
    stages = [shape for shape in shapes if len(shape) > 1]
    lengths = Counter(shape[0] for shape in stages if len(shape) == 2)
    if not lengths or lengths.total() * 2 <= len(stages):
        return None
    length = lengths.most_common(1)[0][0]
    kinds = _learned(model)
    numbers = [getattr(module, "num_prefix_tokens", None) for module in model.modules()]
    stated = next((number for number in numbers if isinstance(number, int)), None)
    prefix = kinds.total() if stated is None else stated
    if length > prefix if timed else _is_square(length - prefix):
        return Tokens(length, prefix, bool(kinds["class"]) and prefix > 0)
    return Tokens(length, 0, False) if _is_square(length) else None


def _learned(model: torch.nn.Module) -> Counter[str]:
    """Count the learned tokens of a model by what they are for."""
    import torch

    found: Counter[str] = Counter()
    for module in model.modules():
        for name, kind in PREFIX.items():
            token = getattr(module, name, None)
            if isinstance(token, torch.Tensor) and not found[kind]:
                found[kind] = token.numel() // token.shape[-1]
    return found


def _is_square(number: int) -> bool:
    return number > 0 and math.isqrt(number) ** 2 == number

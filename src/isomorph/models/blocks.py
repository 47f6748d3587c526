"""Blocks: the repeated stages of a network, and what stands before and after them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from isomorph.errors import IsomorphError

if TYPE_CHECKING:
    import torch

IDLE = ("Identity", "Dropout", "DropPath", "DropBlock", "PatchDropout", "StochasticDepth")
"""Beginnings of the names of modules that return what they got, in evaluation mode."""


def blocks(model: torch.nn.Module, known: Sequence[str], where: str) -> list[str]:
    """Return the layers that are the blocks of a network, or stand outside them.

    Lists of modules (`Sequential`, `ModuleList`, `ModuleDict`) only group, so they are looked
    through. Of the modules then met first, those made of parts and of a kind that is met twice or
    more are the repeated blocks: the bottlenecks of a ResNet, the encoder blocks of a transformer,
    the stages of a Swin. They are not looked into, so the outermost repetition counts. A module
    that stands alone but has such blocks inside (an encoder) is looked into; any other is taken
    as it is: stem, pooling, head. What does nothing in evaluation mode (dropout) is passed over.

    Parameters
    ----------
    model : torch.nn.Module
    known : sequence of str
        Layer names in execution order, see `isomorph.models.layers.discover`.
    where : str
        The model, for the error.

    Returns
    -------
    list of str
        In execution order; every call of a module that is called several times, and the first
        tensor of each.

    Raises
    ------
    IsomorphError
        When none of them returns a tensor.
    """
    called = {re.sub(r"#\d+$", "", name) for name in known}
    names = set(_taken(model, "", called))
    chosen = [name for name in known if re.sub(r"#\d+$", "", name) in names]
    if not chosen:
        raise IsomorphError(
            f"{where}: layers: blocks finds none; name layers by patterns, or all of them"
        )
    return chosen


def _taken(module: torch.nn.Module, prefix: str, called: set[str]) -> Iterator[str]:
    """Yield the names of the modules below one that are blocks or stand outside them."""
    parts = dict(_parts(module, prefix))
    repeated = _repeated(parts.values())
    for name, part in parts.items():
        if type(part).__name__.startswith(IDLE):
            continue
        stands_alone = type(part) not in repeated
        if (stands_alone and _holds_blocks(part)) or name not in called:
            yield from _taken(part, f"{name}.", called)
        else:
            yield name


def _parts(module: torch.nn.Module, prefix: str) -> Iterator[tuple[str, torch.nn.Module]]:
    """Yield the modules met first below one, lists being looked through."""
    from torch import nn

    for name, child in module.named_children():
        if type(child) in (nn.Sequential, nn.ModuleList, nn.ModuleDict):
            yield from _parts(child, f"{prefix}{name}.")
        else:
            yield prefix + name, child


def _repeated(parts: Iterable[torch.nn.Module]) -> set[type]:
    """Return the kinds of modules made of parts that occur twice or more."""
    kinds = Counter(type(part) for part in parts if _is_composite(part))
    return {kind for kind, count in kinds.items() if count > 1}


def _is_composite(module: torch.nn.Module) -> bool:
    """Tell whether a module has parts with weights of their own."""
    return any(True for child in module.children() for _ in child.parameters())


def _holds_blocks(module: torch.nn.Module) -> bool:
    """Tell whether there are repeated blocks at any depth inside a module."""
    parts = [part for _, part in _parts(module, "")]
    return bool(_repeated(parts)) or any(_holds_blocks(part) for part in parts)

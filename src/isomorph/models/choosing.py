"""Choosing: which layers of a network are read, and how wide each then is."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from isomorph.errors import IsomorphError
from isomorph.models.blocks import blocks
from isomorph.models.layers import Layer, select
from isomorph.models.readout import Plan, Reading, plans
from isomorph.models.tokens import find_tokens

if TYPE_CHECKING:
    import torch

Patterns = str | Sequence[str] | None
"""Layers asked for: `all`, `blocks`, patterns of names, or None for whichever fits."""


@dataclass(frozen=True)
class Choice:
    """The layers that are read.

    Attributes
    ----------
    patterns : str or sequence of str
        What was asked for, or decided where nothing was.
    names : list of str
        In execution order.
    plans : dict of str to Plan
        Of those that can be used.
    left_out : dict of str to str
        The others, with the reason.
    widths : dict of str to int
        Numbers that are read of each for one image.
    same : dict of str to str
        By layer that returns the tensor of an earlier one that is read, that one.
    """

    patterns: str | Sequence[str]
    names: list[str]
    plans: dict[str, Plan]
    left_out: dict[str, str]
    widths: dict[str, int]
    same: dict[str, str]

    @property
    def distinct(self) -> dict[str, int]:
        """The widths of layers that are tensors of their own."""
        return {name: width for name, width in self.widths.items() if name not in self.same}

    @property
    def words(self) -> str:
        """What was asked for, as files say it."""
        patterns = self.patterns
        return patterns if isinstance(patterns, str) else json.dumps(list(patterns))


def choose(
    module: torch.nn.Module,
    known: Mapping[str, Layer],
    patterns: Patterns,
    reading: Reading,
    where: str,
    *,
    has_blocks: bool = True,
    timed: bool = False,
    fit: Callable[[Choice], bool] = lambda choice: True,
) -> Choice:
    """Choose layers and decide how each is read.

    Parameters
    ----------
    module : torch.nn.Module
    known : mapping of str to Layer
        All layers, in execution order.
    patterns : str, sequence of str or None
        None for all of them where they fit, else the blocks.
    reading : Reading
        Tokens and positions that are read.
    where : str
        The model, for errors.
    has_blocks : bool
        Whether its modules are as its author nested them.
    timed : bool
        Whether it takes clips, so that patches and feature maps have a time.
    fit : callable
        Whether a choice fits, where nobody made one.

    Raises
    ------
    IsomorphError
        When a pattern matches nothing, there are no blocks, or a choice of tokens or positions
        fits no layer.
    """
    if patterns == "blocks" and not has_blocks:
        raise IsomorphError(
            f"{where}: layers: blocks are found by how modules are nested, and a graph is "
            'flat; write all, or patterns of its nodes such as ["**Relu*"]'
        )
    if patterns is None:
        every = choose(module, known, "all", reading, where, timed=timed)
        if not has_blocks or fit(every):
            return every
        return choose(module, known, "blocks", reading, where, timed=timed)
    wants = patterns == "blocks" or reading != Reading()
    stages = blocks(module, list(known), where) if wants else []
    names = stages if patterns == "blocks" else select(list(known), patterns, where)
    tokens = find_tokens(module, known, stages, timed=timed) if stages else None
    layers = {name: known[name] for name in names}
    decided = plans(layers, reading, tokens, where, timed=timed)
    used = {name: plan for name, plan in decided.items() if not plan.left_out}
    return Choice(
        patterns,
        names,
        used,
        {name: plan.left_out for name, plan in decided.items() if plan.left_out},
        {name: _width(plan, known[name]) for name, plan in used.items()},
        _same(used, known),
    )


def _same(used: Mapping[str, Plan], known: Mapping[str, Layer]) -> dict[str, str]:
    """Return which layers need no reading of their own: one tensor is read in one way."""
    first: dict[str, str] = {}
    return {
        name: before
        for name in used
        if (before := first.setdefault(known[name].same_as or name, name)) != name
    }


def _width(plan: Plan, layer: Layer) -> int:
    """Return how many numbers a plan reads of a layer for one stimulus."""
    import torch

    if not plan.steps:
        return math.prod(layer.shape)
    shape = (*layer.shape[: layer.axis], 2, *layer.shape[layer.axis :])
    return plan(torch.empty(shape, device="meta")).numel() // 2

"""A network ready to run, with what must be known about its weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Network:
    """A network in evaluation mode.

    Attributes
    ----------
    module : torch.nn.Module
        Takes images `(stimulus, channel, height, width)`.
    weights_sha256 : str
        Hash of the weights' file; empty when they were drawn, not read.
    channels_last : bool
        Whether it runs with channels last in memory, which is faster for depthwise convolutions
        but not safe for modules that call `view` on a feature map.
    """

    module: torch.nn.Module
    weights_sha256: str = ""
    channels_last: bool = False

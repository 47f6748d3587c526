"""A network ready to run, with what must be known about its weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

    from isomorph.study import Preprocessing


@dataclass(frozen=True)
class Network:
    """A network in evaluation mode.

    Attributes
    ----------
    module : torch.nn.Module
        Takes images `(stimulus, channel, height, width)`, or clips `(stimulus, channel, time,
        height, width)` where preprocessing says so.
    weights_sha256 : str
        Hash of the weights' file; empty when they were drawn, not read.
    channels_last : bool
        Whether it runs with channels last in memory, which is faster for depthwise convolutions
        but not safe for modules that call `view` on a feature map.
    has_blocks : bool
        Whether its modules are as its author nested them, so that repeated ones can be found.
    preprocessing : Preprocessing or None
        How images enter it, where whoever made it says so.
    weights_from : str
        Where its weights were read: repository and revision, or address.
    trained_on : str
        Begins with "ImageNet-1k" where the output means its thousand classes; empty where the
        library does not say.
    """

    module: torch.nn.Module
    weights_sha256: str = ""
    channels_last: bool = False
    has_blocks: bool = True
    preprocessing: Preprocessing | None = None
    weights_from: str = ""
    trained_on: str = ""

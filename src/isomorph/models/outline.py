"""Outlines: what a model would take in room and time, before its weights are here."""

from __future__ import annotations

import io
import warnings
from contextlib import redirect_stderr
from dataclasses import dataclass
from pathlib import Path

from isomorph.errors import IsomorphError
from isomorph.models.choosing import Choice, choose
from isomorph.models.fold import SINGLE_FROM
from isomorph.models.layers import outlined
from isomorph.models.readout import Reading
from isomorph.models.room import Room, images_at_once
from isomorph.models.source import Request
from isomorph.study import ModelSpec
from isomorph.study.model import architecture

OUTLINED = ("untrained", "torchvision", "timm", "package")
"""Libraries that build their architectures without weights."""

FORWARD = 8e10
"""Operations of a forward pass per second of one core, beside the time that each activation takes:
a processor of 2023."""
PER_ACTIVATION = 9e-10
"""Seconds for each activation that a forward pass makes."""
PER_FEATURE = {"float32": 2e-9, "float16": 3e-9, "sketch": 1.2e-9}
"""Seconds to keep a feature and to read it again."""
PRODUCTS = 7e10
"""Products of two stimuli per second in single precision; half as many in double."""


@dataclass(frozen=True)
class Outline:
    """What is known of a model by its architecture.

    Attributes
    ----------
    choice : Choice
        The layers that are read.
    at_once : int
        Images that pass at once.
    operations, activations : int
        Of one image in the forward pass.
    """

    choice: Choice
    at_once: int
    operations: int
    activations: int

    def seconds(self, n_stimuli: int, room: Room) -> tuple[float, float]:
        """Return about how long one core takes, and how long for the bare forward pass of it."""
        bare = n_stimuli * (self.operations / FORWARD + self.activations * PER_ACTIVATION)
        widths = self.choice.distinct.values()
        sketched = room.spool == "sketch"
        columns = sum(min(width, room.sketch_width) if sketched else width for width in widths)
        rate = PRODUCTS if n_stimuli >= SINGLE_FROM else PRODUCTS / 2
        kept = n_stimuli * sum(widths) * PER_FEATURE[room.spool]
        return bare + kept + n_stimuli**2 * columns / rate, bare


def outline(spec: ModelSpec, n_stimuli: int) -> Outline | None:
    """Return what is known of a network by its architecture; None where weights must be read.

    Parameters
    ----------
    spec : ModelSpec
    n_stimuli : int
    """
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    from isomorph.models.libraries import untrained

    head = spec.source.partition("/")[0]
    if head not in OUTLINED:
        return None
    name = architecture(spec.source)
    like = {} if head in ("untrained", "package") else {"like": spec.source}
    options = spec.options if head == "untrained" else like
    drawn = spec.model_copy(update={"source": f"untrained/{name}", "options": options})
    reading = Reading(spec.tokens, spec.pooling, spec.centre)
    try:
        with torch.device("meta"), warnings.catch_warnings(), redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            network = untrained.network(Request(spec.name, drawn, 0, Path(), Path()))
            entered = spec.preprocessing or network.preprocessing
            if entered is None:
                return None
            times = () if entered.clip is None else (entered.clip.frames,)
            shape = (3, *times, entered.size, entered.size)
            known = outlined(network.module, shape)
            with FlopCounterMode(display=False) as counter, torch.inference_mode():
                network.module(torch.empty((1, *shape)))
    except (IsomorphError, RuntimeError, NotImplementedError, TypeError, ValueError):
        return None  # not every architecture runs without numbers
    device = "cuda" if torch.cuda.is_available() else "cpu"
    largest = max((layer.n_features for layer in known.values()), default=0)
    at_once, room = images_at_once(spec.batch_size, largest, device), Room.of(spec)

    def fit(choice: Choice) -> bool:
        return n_stimuli <= at_once or not room.refusal(spec.name, choice, n_stimuli)

    choice = choose(network.module, known, spec.layers, reading, spec.name,
                    has_blocks=network.has_blocks, timed=bool(times), fit=fit)  # fmt: skip
    activations = sum(layer.n_features for layer in known.values())
    return Outline(choice, at_once, counter.get_total_flops(), activations)

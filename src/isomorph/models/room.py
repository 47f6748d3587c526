"""Room: whether the features of many stimuli fit, and the sentences that say they do not."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from isomorph.foreign import in_words
from isomorph.models.choosing import Choice
from isomorph.models.kept import Wanted, kept_bytes
from isomorph.models.packing import SKETCH_WIDTH, bytes_of
from isomorph.study import ModelSpec

SPOOL_GB = 20.0
"""Room on disk that features may take unless a model's file says more."""
IN_MEMORY = 2**30
"""Bytes of Gram matrices in double precision that are held in memory at most."""
BATCH_BYTES = 3 * 2**30
"""Memory that the activations of one batch take on a processor at most."""
ALIVE = 4
"""Tensors as large as the largest layer that a network holds at a time, about."""
MATRICES = 4
"""Matrices of (stimulus, stimulus) in double precision that folding a layer holds, about."""


@dataclass(frozen=True)
class Room:
    """What a model asks for.

    Attributes
    ----------
    spool : {"float32", "float16", "sketch"}
        How features are kept on disk.
    sketch_width : int
        Numbers a layer is projected to by `sketch`.
    spool_gb : float
        Room they may take.
    keep : int, "all" or None
        How many features of each layer the artefact keeps.
    """

    spool: str = "float32"
    sketch_width: int = SKETCH_WIDTH
    spool_gb: float = SPOOL_GB
    keep: Wanted = None

    @classmethod
    def of(cls, spec: ModelSpec) -> Room:
        """Return what a model's settings ask for."""
        return cls(spec.spool, spec.sketch_width, spec.spool_gb, spec.features)

    def needed(self, widths: Mapping[str, int], n_stimuli: int, spool: str = "") -> int:
        """Return the bytes that features wait in, of layers by their widths."""
        kind = spool or self.spool
        return sum(bytes_of(kind, width, n_stimuli, self.sketch_width) for width in widths.values())

    def results(self, widths: Mapping[str, int], n_stimuli: int) -> int:
        """Return the bytes of Gram matrices and kept features that wait on disk beside them."""
        total = 8 * n_stimuli**2 * len(widths) + kept_bytes(widths, n_stimuli, self.keep)
        return total if total > IN_MEMORY else 0

    def memory_holds_kept(self, widths: Mapping[str, int], n_stimuli: int) -> bool:
        """Tell whether the features that the artefact keeps fit in memory."""
        return kept_bytes(widths, n_stimuli, self.keep) <= IN_MEMORY

    def refusal(self, where: str, choice: Choice, n_stimuli: int) -> str:
        """Return why a choice of layers is refused; empty where it is not.

        Parameters
        ----------
        where : str
            The model.
        choice : Choice
        n_stimuli : int
        """
        widths = choice.distinct
        memory, matrices = memory_here(), 8 * MATRICES * n_stimuli**2
        if memory and matrices > memory:
            most = math.isqrt(memory // (8 * MATRICES))
            return (
                f"{where}: a Gram matrix of {n_stimuli:,} stimuli takes {in_words(matrices)} of "
                f"memory while it is folded and this machine has {in_words(memory)}; use "
                f"{most:,} stimuli or fewer, or a larger machine"
            )
        needed, limit = self.needed(widths, n_stimuli), self.spool_gb * 1e9
        if needed <= limit:
            return ""
        kinds = {"float16", *(() if self.keep is not None else ("sketch",))} - {self.spool}
        less = {kind: self.needed(widths, n_stimuli, kind) for kind in sorted(kinds)}
        fitting = [f"{kind} ({in_words(size)})" for kind, size in less.items() if size <= limit]
        remedies = [f"set spool to {' or '.join(fitting)}"] if fitting else []
        remedies += ["name fewer layers", f"set spool_gb to {math.ceil(needed / 1e9)}"]
        return (
            f"{where}: the features of {len(choice.widths)} layers and {n_stimuli:,} stimuli need "
            f"{in_words(needed)} on disk for a while, more than the {self.spool_gb:g} GB of "
            f"spool_gb; {', '.join(remedies[:-1])} or {remedies[-1]}"
        )


def no_room(where: str, n_layers: int, n_stimuli: int, needed: int, folder: Path, free: int) -> str:
    """Return why a disk does not hold features that wait.

    Parameters
    ----------
    where : str
        The model.
    n_layers, n_stimuli : int
    needed, free : int
        Bytes.
    folder : Path
    """
    return (
        f"{where}: the features of {n_layers} layers and {n_stimuli:,} stimuli need "
        f"{in_words(needed)} in {folder} for a while and {in_words(free)} are free; {REMEDY}"
    )


REMEDY = "free some space, name fewer layers, raise batch_size or set spool to float16 or sketch"


def images_at_once(batch_size: int, largest: int, device: str) -> int:
    """Return how many images pass at once, at most a batch.

    A graphics card says itself when its memory is full; a processor's can end without a message.

    Parameters
    ----------
    batch_size : int
    largest : int
        Activations of one image in the largest layer, whether asked for or not.
    device : str
    """
    if device != "cpu" or not largest:
        return batch_size
    return min(batch_size, max(BATCH_BYTES // (ALIVE * 4 * largest), 1))


def memory_here() -> int:
    """Return the memory of this machine, bytes; 0 where that is not known."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return 0

"""From a value in a table to the stimulus it names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from isomorph.stimuli.names import Names
from isomorph.stimuli.naming import named

__all__ = ["named", "stimulus_of"]

Texts = npt.NDArray[np.str_]


def stimulus_of(known: Names, file: Path, names: Texts) -> Texts:
    """Return the stimulus of each name, or the name itself where it is none of the set.

    A name that is kept can be shown where presentations are counted and refused.
    """
    ids = known.ids(file, names)
    return np.where(ids != "", ids, names)

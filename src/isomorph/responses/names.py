"""From a value in a table to the stimulus it names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from isomorph.stimuli.names import Names

Texts = npt.NDArray[np.str_]


def named(values: npt.NDArray, template: str, blank: Sequence[str] = ()) -> Texts:
    """Return the name of a stimulus for each value, '' for blanks.

    Parameters
    ----------
    values : ndarray (presentation,) of str
        Values as they are written; spaces around them do not count.
    template : str
        How a value becomes a name: `{}` stands for it, `{stem}` for the last part of a path (with
        slashes or backslashes) without its ending.
    blank : sequence of str
        Values that are no stimulus.
    """
    distinct, place = np.unique(np.char.strip(values.astype(np.str_)), return_inverse=True)
    names = [_named(str(value), template) if value not in blank else "" for value in distinct]
    return np.array(names, dtype=np.str_)[place.reshape(-1)]


def _named(value: str, template: str) -> str:
    if not value:
        return ""
    stem = re.sub(r"\.[^.]*$", "", re.split(r"[\\/]", value)[-1])
    return template.replace("{stem}", stem).replace("{}", value)


def stimulus_of(known: Names, file: Path, names: Texts) -> Texts:
    """Return the stimulus of each name, or the name itself where it is none of the set.

    A name that is kept can be shown where presentations are counted and refused.
    """
    ids = known.ids(file, names)
    return np.where(ids != "", ids, names)

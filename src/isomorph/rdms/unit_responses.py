"""What the units of a region do for each stimulus."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from isomorph.geometry import Floats


@dataclass(frozen=True)
class UnitResponses:
    """What the units of one region of one subject do, those of all sessions side by side.

    Attributes
    ----------
    means : array of shape (stimulus, unit[, time])
        Over the presentations of a stimulus; the same that Euclidean distances are taken of.
    repetitions : array of shape (stimulus, repetition, unit[, time]) or None
        The first presentations of every stimulus, as many as that shown least often has; None
        where that is one, or they were not asked for.
    units : tuple of str
        Names, `<session> | <unit>` where there are several sessions.
    draws : tuple of array of shape (drawn unit,)
        Places of the units in each draw of equally many; none where units are not equalised.
    """

    means: Floats
    repetitions: Floats | None
    units: tuple[str, ...]
    draws: tuple[NDArray[np.intp], ...] = ()

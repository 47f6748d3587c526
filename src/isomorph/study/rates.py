"""Firing rates over the bins of a variable that changes in time."""

from __future__ import annotations

import re
from typing import Annotated, Literal, NamedTuple

from pydantic import AfterValidator, Field

from isomorph.study._base import Name
from isomorph.study.recorded import Recorded, SortedUnits

BINS = re.compile(r"^(\d+(?:\.\d*)?|\.\d+) bins?$")
"""A width in bins, as it is written."""


def _is_width(width: float | str) -> float | str:
    if isinstance(width, str):
        if BINS.match(width) is None:
            raise ValueError(f'"{width}" is no width; write 0.2 in the unit of the variable, or '
                             '"1.5 bins"')  # fmt: skip
    elif width < 0:
        raise ValueError(f"{width:g} is below 0; 0 smooths nothing")
    return width


Width = Annotated[float | str, AfterValidator(_is_width)]
"""A standard deviation: a number in the unit of a variable, or `1.5 bins`."""


class Smoothing(NamedTuple):
    """A standard deviation.

    Attributes
    ----------
    width : float
    in_bins : bool
        Whether it counts bins, or has the unit of the variable.
    """

    width: float
    in_bins: bool


class RateResponses(Recorded, SortedUnits):
    """Spikes per second in each bin of a variable, from NWB recordings of sorted units.

    A presentation is the time that a bin was visited in one repetition, which is every so manyth
    block of the recording; its response is the number of spikes over that time.
    """

    kind: Literal["rates"]
    smoothing: Width | dict[Name, Width] = {}
    """Standard deviation of the Gaussian that rates are smoothed with, by variable, in its unit or
    in bins: `{heading: 0.2}`, `{x: 1.5 bins, y: 1.5 bins}`, or `1 bins` for each. Spikes and time
    are smoothed before they are divided, within each repetition; it wraps where a variable has a
    period, and goes round bins that nobody visited, not across them. Smoothing makes neighbouring
    bins alike, in RDMs too. None unless given."""
    minimum: float = Field(default=0.1, ge=0)
    """Seconds that a bin must be visited in a repetition to be a presentation of it; bins visited
    for less are left out of that repetition, and counted."""

    def smoothed(self, variable: str) -> Smoothing:
        """Return how far rates are smoothed along a variable, 0 where they are not."""
        own = self.smoothing
        width = own.get(variable, 0.0) if isinstance(own, dict) else own
        if isinstance(width, str):
            return Smoothing(float(width.split()[0]), True)
        return Smoothing(float(width), False)

"""Axes along which stimuli follow one another, where they are not a list of pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

TOGETHER = " × "
"""Stands between the names of axes that are taken together."""


@dataclass(frozen=True)
class StimulusAxis:
    """A variable of which stimuli are values: the time of a film, a heading, a coordinate.

    Neighbours on an axis are answered alike, so that they are not independent samples of what
    could have been shown.

    Attributes
    ----------
    column : str
        Of the stimulus table, holds the value of each stimulus.
    period : float or None
        After which it comes back to where it was, None where it never does.
    within : str
        Column of what the axis is an axis of, such as the film that a time belongs to; empty for
        all stimuli.
    """

    column: str
    period: float | None = None
    within: str = ""


def axes_of(stimuli: Any) -> tuple[StimulusAxis, ...]:
    """Return the axes of the stimuli of a dataset; none of a list of pictures or conditions.

    Parameters
    ----------
    stimuli : StimuliSpec
        Settings of the dataset that owns them.
    """
    return getattr(stimuli, "axes", ())

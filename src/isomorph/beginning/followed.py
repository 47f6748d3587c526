"""Variables that recordings follow, such as a heading or a place, as stimuli of a new study."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from isomorph.beginning.setting import ABSENT, Setting
from isomorph.errors import IsomorphError
from isomorph.foreign.nwb import Nwb, stored
from isomorph.stimuli.variable.wrap import turn_of

SERIES = "SpatialSeries"

HEADINGS = ("CompassDirection", "head_direction", "headdirection", "heading")
"""What stands in the path of a series that is a direction."""


@dataclass(frozen=True)
class Followed:
    """A variable over time.

    Attributes
    ----------
    place : str
        Path of its series.
    components : int
        Values it has at each time.
    unit : str
    is_heading : bool
        Whether its path says that it is a direction.
    """

    place: str
    components: int
    unit: str
    is_heading: bool


def followed(nwb: Nwb, kinds: Mapping[str, str]) -> tuple[Followed, ...]:
    """Return what a recording follows over time, directions first.

    Parameters
    ----------
    nwb : Nwb
        The open recording.
    kinds : mapping of str to str
        What pynwb calls the groups of a file, by their paths.
    """
    found = []
    for place in (place for place, kind in kinds.items() if kind == SERIES):
        try:
            series = nwb.container(place)
        except IsomorphError:  # one that cannot be read is nothing to begin with
            continue
        shape = np.shape(stored(series.data))
        is_heading = any(word.casefold() in place.casefold() for word in HEADINGS)
        if len(shape) in (1, 2):
            found.append(Followed(place, (*shape, 1)[1], str(series.unit or ""), is_heading))
    return tuple(sorted(found, key=lambda one: not (one.is_heading and one.components == 1)))


def stimuli_of(
    every: Sequence[Followed], pattern: str, tables: Sequence[str]
) -> tuple[tuple[Setting, ...], tuple[str, ...], str]:
    """Return the bins of the likeliest variable as stimuli, models of them, and what was found.

    Parameters
    ----------
    every : sequence of Followed
        One at least.
    pattern : str
        Of the files.
    tables : sequence of str
        Of intervals, which may say what time counts.
    """
    first, *others = every
    also = f"; also there: {', '.join(one.place for one in others)}" if others else ""
    what = f"the variable whose bins are the stimuli{also}"
    if others and not first.is_heading:
        what += "; the direction from one tracked light to another is a variable, heading_of"
    own, model = _one(first, what) if first.components == 1 else _coordinates(first, what)
    given = (Setting("kind", "variable"), Setting("files", pattern), *own, *_epochs(tables))
    return given, (model,), first.place.rsplit("/", 1)[-1]


def _one(first: Followed, what: str) -> tuple[tuple[Setting, ...], str]:
    """Return the settings of a variable with one value at a time, and a model of it."""
    period = turn_of(first.unit)
    name = "heading" if first.is_heading else re.sub(r"\W+", "_", first.place.rsplit("/", 1)[-1])
    own = [Setting("name", name), Setting("series", first.place, what)]
    if period is not None:
        turn = int(period) if period.is_integer() else round(period, 6)
        own.append(Setting("period", turn, note=f"it is in {first.unit}"))
    elif first.is_heading:
        meaning = "360 of degrees, 6.283185 of radians; its unit is said to be"
        own.append(Setting("period", 360, f"{meaning} {first.unit}"))
    turns = period is not None or first.is_heading
    bins = Setting("bins", 24, "how many; the more there are, the less time is spent in each")
    return (*own, bins), "geometry/ring" if turns else "geometry/line"


def _coordinates(first: Followed, what: str) -> tuple[tuple[Setting, ...], str]:
    """Return the settings of the first two coordinates of a place, and a model of them."""
    each = [
        Setting(axis, {"series": first.place, "component": place, "bins": 8})
        for place, axis in enumerate("xy")
    ]
    return (Setting("variables", tuple(each), what),), "geometry/grid"


def _epochs(tables: Sequence[str]) -> tuple[Setting, ...]:
    """Return what says that only some time counts, to be filled in."""
    if not tables:
        return ()
    like = f"{{table: {tables[0]}, where: {{COLUMN: [VALUE]}}}}"
    meaning = f"which time counts, by a table of intervals ({', '.join(tables)}), as {like}; all of"
    return (Setting("epochs", ABSENT, f"{meaning} it unless given"),)

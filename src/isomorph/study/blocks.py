"""Stimuli that follow one another: their blocks, gaps and exchanges."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from isomorph.errors import IsomorphError
from isomorph.study._base import Spec
from isomorph.study.axes import StimulusAxis

Above = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotBelow = Annotated[float, Field(ge=0, allow_inf_nan=False)]

PLAIN = (
    "neighbours along {names} are answered alike, so that exchanging single stimuli would call far "
    "more than one comparison of nothing in twenty significant at .05; expected shifts or blocks"
)
"""Why `exchange: stimuli` is refused."""


class Along(Spec):
    """A column of the stimulus table that stimuli follow one another along."""

    column: str
    """Holds a number for each stimulus: the time of a frame, a heading, a coordinate."""
    period: float | None = Field(default=None, gt=0)
    """After which the column comes back to where it was; none where it never does."""
    within: str = ""
    """The column of what it is an axis of, such as the film that a time belongs to; one axis for
    all stimuli unless named."""

    @property
    def axis(self) -> StimulusAxis:
        """The same as data sets say it of their stimuli."""
        return StimulusAxis(self.column, self.period, self.within)


class Blocks(Spec):
    """What is drawn, exchanged and held out as one of frames of films, or of values of a variable.

    Neighbours are answered alike, so they are not independent samples of what could have been
    shown. Stimuli of other kinds are left as they are.
    """

    length: Above | dict[str, Above] | None = None
    """How long a block is, in the unit of the column that stimuli follow one another along, or by
    column where there are several. Chosen from the data unless given: as far as the distances of a
    region between neighbours are smaller than those between others by more than a tenth of what
    they are between the nearest."""
    gap: NotBelow | dict[str, NotBelow] | None = None
    """How near, in the same unit, stimuli may be to one that is scored without being left out of
    what a layer is chosen or fitted on; 0 leaves out none. As far as neighbours are alike unless
    given, see `length`."""
    exchange: Literal["auto", "shifts", "blocks", "stimuli"] = "auto"
    """What tests against independence do to the order of stimuli. `shifts`: every film, or the
    variable, is shifted against itself, its end continued at its beginning. `blocks`: blocks change
    places. `auto`: shifts, which are the more careful, where there are a hundred different ones or
    fewer than eight blocks, else blocks. `stimuli`, every stimulus by itself, is refused of stimuli
    that follow one another: far more than one in twenty comparisons of nothing would be significant
    at .05."""
    along: tuple[Along, ...] = ()
    """Columns that stimuli follow one another along, where the data set does not say so itself, as
    it does of films and of variables."""


def of_column(value: float | dict[str, float] | None, column: str, where: str) -> float | None:
    """Return the setting of one column, None where it is to be chosen.

    Raises
    ------
    IsomorphError
        When lengths are given by column and this one has none.
    """
    if not isinstance(value, dict):
        return value
    if column not in value:
        known = ", ".join(value)
        raise IsomorphError(f'{where}: names {known}, and stimuli also follow "{column}"')
    return value[column]

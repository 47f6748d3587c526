"""RDMs one by one: of a region in a subject, of a layer, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from isomorph.geometry import Floats


class Status(StrEnum):
    """What there is of one RDM; the sentence beside it says why."""

    OK = "ok"
    """An RDM, and RDMs of halves where its repetitions were known."""
    NO_HALVES = "no_halves"
    """An RDM, but no two halves of the repetitions have one each."""
    UNDEFINED = "undefined"
    """No RDM: the distance does not exist for these responses, or tells no stimuli apart."""
    ABSENT = "absent"
    """No RDM: none of this distance is published of this representation."""

    @property
    def has_rdm(self) -> bool:
        """Whether there is an RDM."""
        return self in (Status.OK, Status.NO_HALVES)


@dataclass(frozen=True)
class RdmRow:
    """One RDM of a region in a subject, or why there is none.

    Attributes
    ----------
    region, subject : str
    distance : str
        Name in `DISTANCES`.
    rdm : array of shape (pair,) or None
        Upper triangle, row by row.
    session : str or None
        Where RDMs come by session.
    time, draw : int
        Place of the time bin, and number of the draw of units; 0 where there is one.
    halves : array of shape (halving, half, pair) or None
        RDMs of halves of the repetitions; NaN for a halving of which a half has none.
    half_norm : array of shape (stimulus,) or None
        What brings `1 - halves` to the scale of the whole, see `isomorph.rdms.halves`.
    status : Status
    reason : str
        Why there is no RDM, or no halves.
    note : str
        What a reader must know of an RDM that there is.
    n_units : int or None
        Units the RDM is of, None where that is not known.
    n_recorded : int or None
        Units that were recorded, where equally many are drawn of them.
    fold : str
        What cross-validation crosses and halves divide: `run`, `session` or `repetition`.
    n_folds : int or None
        How many there are, in the session with the fewest.
    """

    region: str
    subject: str
    distance: str
    rdm: Floats | None = None
    session: str | None = None
    time: int = 0
    draw: int = 0
    halves: Floats | None = None
    half_norm: Floats | None = None
    status: Status = Status.OK
    reason: str = ""
    note: str = ""
    n_units: int | None = None
    n_recorded: int | None = None
    fold: str = ""
    n_folds: int | None = None


@dataclass(frozen=True)
class LayerRdm:
    """One RDM of a layer, or why there is none.

    Attributes
    ----------
    layer, distance : str
    rdm : array of shape (pair,) or None
    depth : int or None
        Place of the layer in execution order.
    n_units : int or None
    reason : str
        Why there is no RDM.
    note : str
        What a reader must know of an RDM that there is.
    """

    layer: str
    distance: str
    rdm: Floats | None = None
    depth: int | None = None
    n_units: int | None = None
    reason: str = ""
    note: str = ""

    @property
    def status(self) -> Status:
        """Whether there is an RDM."""
        return Status.OK if self.rdm is not None else Status.UNDEFINED

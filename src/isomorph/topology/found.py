"""What is found out about the shape of a population's activity."""

from __future__ import annotations

from dataclasses import dataclass

from isomorph.topology.null import Null
from isomorph.topology.points import Floats, Whole
from isomorph.topology.signature import Signature


@dataclass(frozen=True)
class Bar:
    """A piece (dimension 0), loop (1) or void (2), from where it appears to where it is filled.

    Attributes
    ----------
    dimension : int
    birth, death : float
        Distances; the death of the piece that remains is infinite.
    p : float
        The chance that after a shuffle any bar of its dimension is so long, or one so wide if that
        is more (see `isomorph.topology.null`); NaN of the piece that remains, and without
        shuffles.
    p_corrected : float
        The same over all dimensions asked for.
    """

    dimension: int
    birth: float
    death: float
    p: float
    p_corrected: float

    @property
    def length(self) -> float:
        """How long it lasts."""
        return self.death - self.birth

    @property
    def ratio(self) -> float:
        """Death over birth; infinite of what is there from the start."""
        return self.death / self.birth if self.birth > 0 else float("inf")


@dataclass(frozen=True)
class Coordinates:
    """Where on each circle activity is, from loops alone.

    Attributes
    ----------
    phases : array of shape (point, circle)
        Radians in [0, 2π), of every point given; NaN of those left out. Where they begin and which
        way they run is free.
    scale : float
        Distance up to which points were neighbours.
    bars : tuple of int
        Which bars of dimension 1 they are of, 0 the longest.
    """

    phases: Floats
    scale: float
    bars: tuple[int, ...]


@dataclass(frozen=True)
class Decoded:
    """How well a circle follows a variable, in blocks of time that were not fitted.

    Attributes
    ----------
    circle : int
    variable : str
        Its name; of several without a period, which are one place, joined by " × ".
    correlation : float
        Circular correlation of the circle and what the variable says of it.
    error, chance : float
        Median absolute difference, degrees; and the median of the same after shifts.
    p : float
        Share of shifts of the circle in time after which the error is as small; NaN of stimuli,
        which have no time.
    frequency : tuple of float
        Turns of the circle per unit of each variable, fitted to all points.
    points : int
    """

    circle: int
    variable: str
    correlation: float
    error: float
    chance: float
    p: float
    frequency: tuple[float, ...]
    points: int


@dataclass(frozen=True)
class Result:
    """What topology finds of one population.

    Attributes
    ----------
    bars : tuple of Bar
        By dimension, the longest first.
    null : Null
        `null.longest` and `null.widest (shuffle, dimension)`, `null.maximum (dimension,)`.
    signature : Signature
    coordinates : Coordinates or None
    no_coordinates : str
        Why there are none; else empty.
    decoded : tuple of Decoded
    chosen : array of int of shape (chosen,)
        Points that bars are of.
    scores : array of shape (point, component)
        Principal components, NaN of points left out.
    variance : float
        Share that the components hold.
    units, points : int
        That were used.
    units_constant, units_unknown, points_unknown, points_zero : int
        That were left out: units that never vary or have some value missing, points that have no
        value or lie at the mean, where there is no angle.
    """

    bars: tuple[Bar, ...]
    null: Null
    signature: Signature
    coordinates: Coordinates | None
    no_coordinates: str
    decoded: tuple[Decoded, ...]
    chosen: Whole
    scores: Floats
    variance: float
    units: int
    points: int
    units_constant: int
    units_unknown: int
    points_unknown: int
    points_zero: int

    def of(self, dimension: int) -> tuple[Bar, ...]:
        """Return the bars of a dimension, the longest first."""
        return tuple(bar for bar in self.bars if bar.dimension == dimension)

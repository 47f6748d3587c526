"""What geometries that models are made of need to be told: columns, periods, spacings."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from isomorph.study._base import Spec, Unique

Positive = Annotated[float, Field(gt=0)]
Periods = Positive | dict[str, Positive]
"""One period for all columns, or that of each by its name."""


class LineOptions(Spec):
    """Options of `geometry/line`."""

    column: str | None = None
    """Column of numbers. The one variable of the stimulus table that has no period unless given."""


class RingOptions(Spec):
    """Options of `geometry/ring`."""

    column: str | None = None
    """Column of numbers that come back to where they began: headings, orientations, hues. The one
    variable of the stimulus table that has a period unless given."""
    period: Positive | None = None
    """After which the column's values come back, in its unit: 180 for orientations in degrees. What
    the stimulus table says (`<column>_period`) unless given."""
    harmonics: Annotated[Unique[Annotated[int, Field(gt=0)]], Field(min_length=1)] = (1, 2, 3)
    """How often the circle is gone round within a period, a layer for each: with 2, values half a
    period apart are the same."""


class PlaneOptions(Spec):
    """What is asked of two columns that are the coordinates of a plane."""

    columns: Unique[str] = ()
    """Two columns of numbers, coordinates in one unit. The two variables of the stimulus table that
    have no period unless given."""
    spacing: Unique[Positive] = ()
    """Distances between neighbouring peaks of hexagonal lattices, in the unit of the columns, a
    layer for each."""
    orientation: float = 0.0
    """Of a line of peaks against the first column, degrees."""


class GridOptions(PlaneOptions):
    """Options of `geometry/grid`."""


class TorusOptions(PlaneOptions):
    """Options of `geometry/torus`."""

    columns: Unique[str] = ()
    """Two columns of numbers or more, each of which has a period; with `spacing`, two that are
    coordinates of a plane. The variables of the stimulus table that have periods, or with
    `spacing` those that have none, unless given."""
    period: Periods | None = None
    """After which each column's values come back: a number for all of them, or one for each by
    name. What the stimulus table says (`<column>_period`) unless given."""


class SphereOptions(Spec):
    """Options of `geometry/sphere`."""

    columns: Annotated[Unique[str], Field(min_length=2, max_length=2)]
    """Azimuth and elevation, in one unit."""
    period: Positive | None = None
    """Of the azimuth: 360 where both are in degrees. What the stimulus table says
    (`<column>_period`) unless given."""


class PlaceOptions(Spec):
    """Options of `geometry/place`."""

    columns: Unique[str] = ()
    """Columns of numbers. All variables of the stimulus table unless given."""
    widths: Annotated[
        Unique[Positive | Annotated[tuple[Positive, ...], Field(min_length=2)]],
        Field(min_length=1),
    ]
    """Standard deviations of the fields, a layer for each: a number in the unit of all columns, or
    a list of one for each column."""
    period: Periods | None = None
    """Of columns that have one: a number for all, or one for each by name. What the stimulus table
    says (`<column>_period`) unless given; columns of which nothing is said have none."""


class TreeOptions(Spec):
    """Options of `geometry/tree`."""

    columns: Annotated[Unique[str], Field(min_length=1)]
    """Columns of words from the trunk to the twigs: `[kingdom, class, species]`; or one column that
    holds whole paths."""
    separator: str = Field(default="/", min_length=1)
    """What stands between the parts of a path, where one column holds it."""

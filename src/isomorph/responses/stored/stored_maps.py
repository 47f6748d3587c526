"""Maps in files of arrays: a value per unit for every presentation, read when it is asked for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError
from isomorph.foreign.array_files import open_array, open_arrays
from isomorph.foreign.budget import afford
from isomorph.foreign.stored_array import StoredArray
from isomorph.responses.places import Place
from isomorph.responses.stored.cells import Cells
from isomorph.responses.stored.parts import box, parts
from isomorph.study.stored import OF_ROWS, PRESENTATION, TIME, UNIT, Divided, StoredArrays

Array = npt.NDArray


@dataclass(frozen=True)
class StoredMaps:
    """The maps of one file of arrays, not yet read.

    Attributes
    ----------
    file : Path
        The file.
    where : str
        File and array, for messages.
    variable : str or None
        Path of the array in it, or of an array per map.
    axes : tuple of str
        Axes of the array, or of each array where every map has one.
    names : tuple of str
        Name of each map, '' where there is one array of all.
    rows : tuple of int
        Presentations; or stimuli, and repetitions of each.
    place : Place
        Where the units are.
    cells : Cells
        The same as the array has them.
    times : int
        Time bins of every map.
    dtype : dtype
        Of what is read.
    factor : tuple of (float, float)
        What values are multiplied by, and what they are divided by.
    averaged : tuple of (int, int) or None
        First time bin, and the one behind the last, over which the mean is taken.
    """

    file: Path
    where: str
    variable: str | None
    axes: tuple[str, ...]
    names: tuple[str, ...]
    rows: tuple[int, ...]
    place: Place
    cells: Cells
    times: int
    dtype: np.dtype[Any]
    factor: tuple[float, float]
    averaged: tuple[int, int] | None = None

    def __len__(self) -> int:
        return len(self.names)

    @property
    def files(self) -> tuple[Path, ...]:
        """All that it is read from."""
        return (self.file,)

    def read(self, units: Array) -> Array:
        """Return the values of some units: (map, unit), or (map, unit, time) where there are bins.

        Of bins that are averaged the mean is all that is held of them.

        Parameters
        ----------
        units : array of shape (unit,)
            Their positions; one may come twice.

        Raises
        ------
        IsomorphError
            When the file is damaged, or the values would take too much memory.
        """
        bins = (self.times,) if TIME in self.axes and self.averaged is None else ()
        shape = (*self.rows, len(units), *bins)
        kind = self.dtype if self.averaged is None else np.dtype(np.float64)
        afford(
            self.where, f"an array of shape {shape} and type {kind}",
            math.prod(shape) * kind.itemsize,
        )  # fmt: skip
        found = np.zeros(shape, kind)
        at = np.stack(np.unravel_index(units, self.cells.shape))
        with open_arrays(self.file, self.variable) as arrays:
            of_rows = bool(set(OF_ROWS) & set(self.axes))
            for place, array in enumerate(arrays.values()):
                _copy(array, self.axes, at, found if of_rows else found[place], self.averaged)
        found = found.reshape(len(self), *shape[len(self.rows) :])
        if self.averaged is not None:
            found /= self.averaged[1] - self.averaged[0]
        times, divided_by = self.factor
        if times != 1.0:
            found *= found.dtype.type(times)
        if divided_by != 1.0:
            found /= found.dtype.type(divided_by)
        return found


def open_stored(
    file: Path, settings: StoredArrays, place: Place | None = None, *, narrow: bool = False
) -> StoredMaps:
    """Look at a file of arrays, of whose values none is read.

    Parameters
    ----------
    file : Path
    settings : StoredArrays
        Which array, its axes and its scale.
    place : Place, optional
        Where its units are; the cells of the array unless given.
    narrow : bool, optional
        Whether numbers of double precision are read as single.

    Raises
    ------
    IsomorphError
        When there is no such array, its axes do not fit its shape, or it does not hold numbers.
    """
    each = "*" in (settings.variable or "")
    with open_arrays(file, settings.variable) as found:
        first = next(iter(found.values()))
        axes = settings.axes or ((UNIT,) if each else (PRESENTATION, UNIT))
        if each and set(OF_ROWS) & set(axes):
            raise IsomorphError(
                f"{file}: {settings.variable} is an array for each trial, so that none of its axes "
                "is of presentations"
            )
        for array in found.values():
            if len(axes) != len(array.shape):
                raise IsomorphError(
                    f"{array.where}: is of shape {array.shape}, expected "
                    f"{len(axes)} axes ({', '.join(axes)}); name its own, in their order, with "
                    "`axes`"
                )
            _refuse_other_axes(array, axes)
            if array.shape != first.shape and each:
                raise IsomorphError(
                    f"{array.where}: is of shape {array.shape}, {first.where} of {first.shape}; "
                    "all must be of the same units"
                )
        if first.dtype.kind not in "iuf":
            raise IsomorphError(f"{first.where}: holds {first.dtype}, expected numbers")
        lengths = dict(zip(axes, first.shape, strict=True))
        names = tuple(name.rpartition("/")[2] for name in found)
    rows = tuple(lengths[axis] for axis in OF_ROWS if axis in axes) or (len(names),)
    if not each:
        names = ("",) * math.prod(rows)
    if not all(lengths.values()):
        raise IsomorphError(f"{first.where}: is of shape {first.shape}, which holds no value")
    spatial = tuple(axis for axis in axes if axis not in (*OF_ROWS, TIME))
    cells = Cells(spatial, tuple(lengths[axis] for axis in spatial), file)
    if place is not None and len(place) != len(cells):
        raise IsomorphError(
            f"{place.file}: has {len(place)} units, {file} {cells}; both must have the same"
        )
    factor = _factor(settings)
    kind = np.result_type(first.dtype, np.float32)  # sums of small types would overflow
    return StoredMaps(
        file=file,
        where=f"{file}: {settings.variable}" if each else first.where,
        variable=settings.variable,
        axes=axes,
        names=names,
        rows=rows,
        place=cells if place is None else place,
        cells=cells,
        times=lengths.get(TIME, 1),
        dtype=np.dtype(np.float32) if narrow else kind.newbyteorder("="),
        factor=factor,
    )


def _refuse_other_axes(array: StoredArray, axes: Sequence[str]) -> None:
    """Refuse an array whose axes the file itself calls so, but in another order."""
    both = [name for name in axes if name in array.dims]
    if any(array.dims.index(name) != axes.index(name) for name in both):
        raise IsomorphError(
            f"{array.where}: calls its axes {', '.join(array.dims)}, read as {', '.join(axes)}; "
            "name them in the order of the file with `axes`"
        )


def _factor(settings: StoredArrays) -> tuple[float, float]:
    scale = settings.scale
    return (1.0, scale.divide) if isinstance(scale, Divided) else (scale, 1.0)


def _copy(
    array: StoredArray,
    axes: Sequence[str],
    at: Array,
    into: Array,
    added: tuple[int, int] | None = None,
) -> None:
    """Copy some units of an array, part by part.

    Parameters
    ----------
    array : StoredArray
    axes : sequence of str
    at : array of shape (axis of units, unit)
        Indices of the units.
    into : array of shape ([presentation or stimulus, repetition,] unit[, time])
    added : tuple of (int, int), optional
        Time bins that are added up; `into` then has no axis of time.
    """
    rows = [axes.index(axis) for axis in OF_ROWS if axis in axes]
    bins = [axes.index(TIME)] if TIME in axes else []
    spatial = [place for place in range(len(axes)) if place not in (*rows, *bins)]
    bounds: list[tuple[int, int]] = [(0, length) for length in array.shape]
    for place, bound in zip(spatial, box(at), strict=True):
        bounds[place] = bound
    if added is not None:
        bounds[bins[0]] = added
    for part in parts(bounds, array.blocks, array.dtype.itemsize):
        low = np.array([[part[place].start] for place in spatial])
        high = np.array([[part[place].stop] for place in spatial])
        inside = np.flatnonzero(((at >= low) & (at < high)).all(axis=0))
        if inside.size:
            values = array.part(part).transpose([*rows, *spatial, *bins])
            every = (slice(None),) * len(rows)
            picked = values[(*every, *(at[:, inside] - low))]
            to: tuple[Any, ...] = (*(part[place] for place in rows), inside)
            if added is not None:
                into[to] += picked.sum(axis=-1, dtype=np.float64)
            else:
                into[(*to, *(part[place] for place in bins))] = picked


def read_cells(
    file: Path, variable: str | None, axes: Sequence[str], expected: Sequence[str]
) -> tuple[Array, Cells]:
    """Read an array of a value, or a name, per unit.

    Parameters
    ----------
    file : Path
    variable : str or None
    axes : sequence of str
        Its axes; those expected unless given.
    expected : sequence of str
        Axes of the responses that are of units.

    Returns
    -------
    values : array of shape (unit,)
    cells : Cells

    Raises
    ------
    IsomorphError
        When there is no such array, or axes do not fit its shape.
    """
    named = tuple(axes or expected)
    with open_array(file, variable) as found:
        _refuse_other_axes(found, named)
        where, values = found.where, found.whole()
    if not axes and len(named) == 1:
        values = np.squeeze(values)  # every vector of MATLAB is a matrix
    if values.ndim != len(named):
        raise IsomorphError(
            f"{where}: is of shape {values.shape}, its axes are {', '.join(named)}; name its own "
            "with regions[].axes"
        )
    return values.ravel(), Cells(named, values.shape, file)

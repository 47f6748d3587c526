"""Files that say where regions are: images, or arrays of a value or a name per unit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError
from isomorph.foreign.array_files import is_array_file
from isomorph.responses.array_values import as_names
from isomorph.responses.betas.maps import Maps, open_maps
from isomorph.responses.places import Place
from isomorph.responses.stored.cells import as_cells
from isomorph.responses.stored.counted import places_in
from isomorph.responses.stored.stored_maps import read_cells
from isomorph.study.betas import BetaRegion

Array = npt.NDArray


@dataclass(frozen=True)
class RegionArray:
    """An array of a value, or a name, per unit of the responses, in their order.

    Attributes
    ----------
    file : Path
    place : Place
        That of the responses.
    values : array of shape (unit,)
        Of names the key of each.
    labels : dict of int to str
        Name by key; empty where the array holds numbers.
    """

    file: Path
    place: Place
    values: Array
    labels: dict[int, str]

    @property
    def files(self) -> tuple[Path, ...]:
        """All that it is read from."""
        return (self.file,)

    def read_map(self, which: int | str) -> tuple[Array, dict[int, str]]:
        """Return the values and the names, of the one map there is."""
        if which != 0:
            raise IsomorphError(f"{self.file}: map: an array holds one; name it with variable")
        return self.values, self.labels


def open_region(file: Path, spec: BetaRegion, place: Place) -> Maps | RegionArray:
    """Open the file of a region.

    Parameters
    ----------
    file : Path
    spec : BetaRegion
        Which array of it, where it is a file of arrays.
    place : Place
        Where the units of the responses are.

    Raises
    ------
    IsomorphError
        When it cannot be read, or lists units that there are not.
    """
    if not is_array_file(file):
        for key in ("variable", "axes", "counted_from", "fastest"):
            if getattr(spec, key) not in (None, ()):
                raise IsomorphError(f"{file}: regions[].{key}: is of arrays, and this is an image")
        return open_maps(file)
    cells = as_cells(place)
    if spec.counted_from is not None:
        return RegionArray(file, place, _listed(file, spec, place), {})
    values, own = read_cells(file, spec.variable, spec.axes, cells.axes)
    labels: dict[int, str] = {}
    if values.dtype.kind not in "biuf":
        names = as_names(values)
        if names is None:
            raise IsomorphError(
                f"{file}: holds {values.dtype}, expected numbers or names of regions"
            )
        found, keys = np.unique(names, return_inverse=True)
        values, labels = keys.reshape(-1) + 1, dict(enumerate(map(str, found.tolist()), 1))
    placed = np.empty(len(place), np.float32)
    placed[cells.positions_of(own)] = values
    return RegionArray(file, place, placed, labels)


def _listed(file: Path, spec: BetaRegion, place: Place) -> Array:
    """Return 1 for the units that an array lists by their places, 0 for all others."""
    listed, _ = read_cells(file, spec.variable, (), ("unit",))
    if listed.dtype.kind not in "iuf" or (listed != np.rint(listed)).any():
        raise IsomorphError(f"{file}: holds {listed.dtype}, expected places of units")
    has = f"{place.file} has {place}"
    places = places_in(listed, int(spec.counted_from or 0), len(place), str(file), has)
    shape = tuple(getattr(place, "shape", (len(place),)))
    if spec.fastest is None and sum(length > 1 for length in shape) > 1:
        raise IsomorphError(
            f"{file}: lists places in {' × '.join(map(str, shape))} units; say with "
            "regions[].fastest whether they count along the first axis, as MATLAB does, or along "
            "the last"
        )
    if spec.fastest == "first":
        places = np.ravel_multi_index(np.unravel_index(places, shape, order="F"), shape)
    marked = np.zeros(len(place), np.float32)
    marked[places] = 1
    return marked

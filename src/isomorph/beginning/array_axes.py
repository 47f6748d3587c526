"""What names the axes of an array of responses: tables, variables and masks beside it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from isomorph.beginning.columns import Named, stimulus_columns
from isomorph.beginning.images import ids_of_all, images_of
from isomorph.beginning.masks import regions_in
from isomorph.beginning.place import Place
from isomorph.beginning.tables import Tables, nearest
from isomorph.errors import IsomorphError
from isomorph.foreign.brain_images import open_image
from isomorph.responses.array_values import as_names
from isomorph.responses.named_arrays import Variables, read_variables
from isomorph.responses.times import EDGES

ENDINGS = (".npy", ".npz", ".mat", ".h5", ".hdf5", ".hdf", ".nc")
VOLUMES = (".nii", ".nii.gz")

ROWS, COLUMNS = "stimulus", "region"
"""Columns that tables of presentations and of units have."""

REGIONS = ("region", "regions", "roi", "rois", "area", "areas", "brain_area")
"""What arrays that name the region of each unit are called."""

RUNS = ("run", "runs", "run_number", "run_id", "run_index", "run_nr", "chunk", "chunks")
"""What columns and arrays that say the run of each presentation are called."""


@dataclass(frozen=True)
class Fit:
    """An array, and what says what its axes are.

    Attributes
    ----------
    variable : str
        '' for the only array of the file.
    axes : tuple of str
    others : tuple of tuple of str
        Axes that fit as well, where several are equally long.
    shown : Named
        What names the stimulus of each presentation.
    shown_in : str
        The table, or another file of arrays; '' for a variable of the file itself.
    runs : str
        The column, or variable, of the same file that says the run of each; '' for none.
    regions : mapping of str to int
        Units by region, where that is known.
    units : str
        The table of units, '' for none.
    names : tuple of str
        The file and the variable in it that name the region of each unit.
    masks : tuple of str
        Volumes that mark regions.
    times : str
        The table of time bins, '' for none.
    """

    variable: str
    axes: tuple[str, ...]
    others: tuple[tuple[str, ...], ...]
    shown: Named
    shown_in: str
    runs: str
    regions: dict[str, int]
    units: str
    names: tuple[str, ...]
    masks: tuple[str, ...]
    times: str


def fit_of(place: Place, path: str, tables: Tables, *, strict: bool) -> Fit | None:
    """Return the first array of a file of which both axes are named, None where there is none."""
    try:
        arrays = read_variables(place.at(path), fields=True)
    except IsomorphError:
        if strict and place.only:
            raise
        return None
    for name, shape in arrays.of_numbers().items():
        sized = (dict(zip(axes, shape, strict=True)) for axes in orders(shape))
        fits = [fit for size in sized if (fit := _named(place, path, arrays, tables, size))]
        if fits:
            others = tuple(fit.axes for fit in fits[1:])
            return replace(fits[0], variable=name if len(arrays) > 1 else "", others=others)
    return None


def orders(shape: Sequence[int]) -> Iterator[tuple[str, ...]]:
    """Yield what the axes of an array may be, the usual first."""
    if len(shape) == 2:
        yield ("presentation", "unit")
        yield ("unit", "presentation")
    elif len(shape) == 3:
        yield ("presentation", "unit", "time")
        yield ("presentation", "time", "unit")
        yield ("unit", "presentation", "time")
    elif len(shape) == 4:
        yield ("presentation", "z", "y", "x")
        yield ("presentation", "x", "y", "z")
        yield ("x", "y", "z", "presentation")


def _named(
    place: Place,
    path: str,
    arrays: Variables,
    tables: Tables,
    size: Mapping[str, int],
) -> Fit | None:
    """Return what names the axes of an array, by how long each is; None where nothing does."""
    shown = rows_of(place, path, arrays, tables, size["presentation"])
    if shown is None:
        return None
    times = ""
    if "time" in size:
        times = nearest(
            path,
            (
                one
                for one, table in tables.items()
                if set(EDGES) <= set(table) and len(table) == size["time"]
            ),
        )
        if not times:
            return None
    units, regions = "", Counter[str]()
    names: tuple[str, ...] = ()
    masks: tuple[str, ...] = ()
    if "unit" in size:
        units = nearest(
            path,
            (
                one
                for one, table in tables.items()
                if COLUMNS in table and len(table) == size["unit"] and one != shown[1]
            ),
        )
        regions = Counter(one for one in tables[units][COLUMNS] if one) if units else regions
        if not units:
            names, regions = _names_of_units(path, arrays, size["unit"])
    else:
        masks = _masks(place, tuple(size[one] for one in "xyz"))
    if not units and not names and not masks:
        return None
    listed = (
        tables[shown[1]].items()
        if shown[1] in tables
        else ()
        if shown[1]
        else _texts(arrays, size["presentation"])
    )
    runs = next((str(name) for name, values in listed if _are_runs(str(name), values)), "")
    return Fit("", tuple(size), (), *shown, runs, dict(regions), units, names, masks, times)


def _are_runs(name: str, values: Iterable[str]) -> bool:
    """Tell whether a column says the runs of presentations, each of them known."""
    if _last(name) not in RUNS:
        return False
    labels = {str(one).strip() for one in values}
    return len(labels) > 1 and "" not in labels


def _last(name: str) -> str:
    return re.split(r"[/.]", name)[-1].casefold()


def rows_of(
    place: Place, path: str, arrays: Variables, tables: Tables, size: int
) -> tuple[Named, str] | None:
    """Return what names the stimulus of each row, and the table it stands in, '' for the file."""
    pictures = ids_of_all(place)
    found: dict[str, Named] = {}
    for one, table in tables.items():
        if len(table) == size:
            columns = {str(name): table[name].tolist() for name in table}
            named = [each for each in stimulus_columns(columns, pictures) if each.known]
            own = [each for each in named if each.column == ROWS]
            if named:
                found[one] = (own or named)[0]
    if table_path := nearest(path, iter(found)):
        return found[table_path], table_path
    for key, values in _texts(arrays, size):
        named = [one for one in stimulus_columns({key: values}, pictures) if one.known]
        if named:
            return named[0], ""
    for other in place.beside(*ENDINGS):
        if other != path and (places := _places(place, other, size)) is not None:
            return places, other
    return None


def _places(place: Place, path: str, size: int) -> Named | None:
    """Return what another file of arrays lists as places of images, one for each presentation."""
    try:
        arrays = read_variables(place.at(path), fields=True)
    except IsomorphError:
        return None  # a file of something else
    for key, shape in arrays.of_numbers().items():
        if arrays.sizes.get(key) != size or max(shape) != size:
            continue
        values = np.ravel(arrays[key])
        if (values != np.rint(values)).any() or values.min() not in (0, 1):
            continue
        first = int(values.min())
        images = images_of(place, size=int(values.max()) - first + 1)
        if images is not None and len(np.unique(values)) == len(images.ids):
            counts = Counter(images.ids[int(value) - first] for value in values)
            return Named(key, dict(counts), known=len(counts), places=first)
    return None


def _texts(arrays: Variables, size: int) -> Iterator[tuple[str, list[str]]]:
    """Yield the variables of a file that hold so many names."""
    for key in arrays:
        if arrays.sizes.get(key) != size:
            continue
        try:
            names = as_names(arrays[key])
        except IsomorphError:
            continue  # cells of something else
        if names is not None:
            yield key, names.tolist()


def _names_of_units(
    path: str, arrays: Variables, size: int
) -> tuple[tuple[str, ...], Counter[str]]:
    for key, values in _texts(arrays, size):
        if _last(key) in REGIONS:
            return (path, key), Counter(one for one in values if one)
    return (), Counter()


def _masks(place: Place, shape: tuple[int, ...]) -> tuple[str, ...]:
    """Return the volumes on a grid that mark regions; measured values mark none."""
    found = []
    for path in place.beside(*VOLUMES):
        try:
            alike = tuple(open_image(place.at(path)).shape) == shape
            if alike and regions_in(place.at(path), path):
                found.append(path)
        except IsomorphError:
            continue  # what is no image marks nothing
    return tuple(found)

"""A study of ready responses: arrays, and what says of their axes what was shown and where."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

import numpy as np

from isomorph.beginning.columns import Named, presentations, stimulus_columns
from isomorph.beginning.draft import MODELS, Draft, distance_for, groups_model
from isomorph.beginning.images import ids_of_all, images_of
from isomorph.beginning.place import Place, shared_pattern
from isomorph.beginning.setting import Setting
from isomorph.beginning.tables import Tables, is_table, nearest, tables_of
from isomorph.errors import IsomorphError
from isomorph.foreign.brain_images import open_image
from isomorph.responses.array_values import as_names
from isomorph.responses.named_arrays import Variables, read_variables
from isomorph.responses.times import EDGES
from isomorph.saying import count

ENDINGS = (".npy", ".npz", ".mat", ".h5", ".hdf5", ".hdf", ".nc")
VOLUMES = (".nii", ".nii.gz")

ROWS, COLUMNS = "stimulus", "region"
"""Columns that tables of presentations and of units have."""

REGIONS = ("region", "regions", "roi", "rois", "area", "areas", "brain_area")
"""What arrays that name the region of each unit are called."""


@dataclass(frozen=True)
class _Fit:
    """An array, and what says what its axes are.

    Attributes
    ----------
    variable : str
        '' for the only array of the file.
    axes : tuple of str
        Empty where presentations come before units.
    shown : Named
        What names the stimulus of each presentation.
    shown_in : str
        The table, or another file of arrays; '' for a variable of the file itself.
    regions : mapping of str to int
        Units by region, where that is known.
    units : str
        The table of units, '' for none.
    marks : tuple of dict
        Other files of regions: masks, or an array of names.
    times : str
        The table of time bins, '' for none.
    """

    variable: str
    axes: tuple[str, ...]
    shown: Named
    shown_in: str
    regions: dict[str, int]
    units: str
    marks: tuple[dict[str, str], ...]
    times: str


def recognise(place: Place) -> str:
    """Say how many arrays come with what names their rows and columns, '' for none."""
    arrays = place.ending(*ENDINGS)
    if not arrays:
        return ""
    tables = tables_of(place)
    fitting = any(_fit(place, path, tables, strict=False) for path in arrays[:3])
    return f"{count(len(arrays), 'array file')} with images" if fitting else ""


def draft(place: Place) -> Draft:
    """Look at arrays of responses and what names their rows and columns.

    Raises
    ------
    IsomorphError
        When a file cannot be read.
    """
    tables = tables_of(place)
    found = {path: _fit(place, path, tables, strict=True) for path in place.ending(*ENDINGS)}
    fitting = {path: fit for path, fit in found.items() if fit is not None}
    first = next(iter(fitting))
    pattern, subjects = shared_pattern(list(fitting), place.files) if len(fitting) > 1 else ("", ())
    if not subjects:
        pattern, subjects = first, (PurePosixPath(first).stem.split(".")[0],)
        fitting = {first: fitting[first]}
    one = fitting[first]
    counts = Counter[str]()
    regions = Counter[str]()
    for fit in fitting.values():
        counts.update(fit.shown.counts)
        regions.update(fit.regions)
    images = images_of(place, list(counts))
    assert images is not None, "what was shown names images that are here"

    def own(path: str) -> str:
        return path if pattern == first else path.replace(subjects[0], "{subject}")

    said = presentations(counts.values())
    marks = tuple(
        {**mark, "file": own(mark["file"])} | _named_apart(mark, subjects[0])
        for mark in one.marks
        if not any(other in mark["file"] for other in subjects[1:])
    )
    responses = (
        Setting("kind", "arrays"),
        Setting("responses", pattern, note=count(len(fitting), "array")),
        *((Setting("variable", one.variable),) if one.variable else ()),
        *((Setting("axes", list(one.axes)),) if one.axes else ()),
        _shown(one, own, said),
        *((Setting("units", own(one.units), note=_counted(regions)),) if one.units else ()),
        *((Setting("regions", tuple(
            tuple(Setting(key, value) for key, value in mark.items()) for mark in marks
        ), note=_counted(regions)),) if marks else ()),
        *((Setting("times", own(one.times)),) if one.times else ()),
    )  # fmt: skip
    read = [pattern, own(one.shown_in), own(one.units), own(one.times)]
    read += [mark["file"] for mark in marks]
    return Draft(
        found=(f"{count(len(fitting), 'array')} of {', '.join(subjects)}", said),
        subjects=subjects,
        files=tuple(dict.fromkeys(
            path.replace("{subject}", "*") for path in (*read, *images.files) if path)),
        stimuli=images.settings(),
        responses=responses,
        distances=distance_for(min(min(fit.shown.counts.values()) for fit in fitting.values())),
        models=MODELS,
        own_models=(groups_model(images.groups),) if images.groups else (),
        names=images.ids,
    )  # fmt: skip


def _shown(one: _Fit, own: Callable[[str], str], said: str) -> Setting:
    """Return where it stands what each presentation showed."""
    table = own(one.shown_in)
    if table and one.shown.column == ROWS:
        return Setting("presentations", table, note=said)
    order: dict[str, object] = {"file": table} if table else {}
    if is_table(table):
        order["column"] = one.shown.column
    else:
        order["variable"] = one.shown.column
    if one.shown.places is not None:
        order["counted_from"] = one.shown.places
    elif one.shown.naming != "{}":
        order["name"] = one.shown.naming
    choose = "where it stands what each presentation showed"
    if one.shown.places is not None:
        choose += ", as places in the images in the order of their names"
    return Setting("order", order, choose, said)


def _named_apart(mark: Mapping[str, str], subject: str) -> dict[str, str]:
    """Return the name of a mask without that of its subject."""
    if "name" not in mark:
        return {}
    words = [word for word in re.split(r"[_.]", mark["name"]) if word not in (subject, "mask")]
    return {"name": "_".join(words) or mark["name"]}


def _counted(regions: Counter[str]) -> str:
    return "units: " + ", ".join(f"{region} {n:,}" for region, n in sorted(regions.items())) \
        if regions else ""  # fmt: skip


def _fit(place: Place, path: str, tables: Tables, *, strict: bool) -> _Fit | None:
    """Return the first array of a file of which both axes are named, None where there is none."""
    try:
        arrays = read_variables(place.at(path))
    except IsomorphError:
        if strict and place.only:
            raise
        return None
    for name, shape in arrays.of_numbers().items():
        for axes in _orders(shape):
            fit = _named(place, path, arrays, tables, dict(zip(axes, shape, strict=True)))
            if fit is not None:
                return replace(fit, variable=name if len(arrays) > 1 else "")
    return None


def _orders(shape: Sequence[int]) -> Iterator[tuple[str, ...]]:
    """Yield what the axes of an array may be, the usual first."""
    if len(shape) == 2:
        yield ("presentation", "unit")
        yield ("unit", "presentation")
    elif len(shape) == 3:
        yield ("presentation", "unit", "time")
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
) -> _Fit | None:
    """Return what names the axes of an array, by how long each is; None where nothing does."""
    shown = _rows(place, path, arrays, tables, size["presentation"])
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
    marks: tuple[dict[str, str], ...] = ()
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
            marks, regions = _names_of_units(path, arrays, size["unit"])
    else:
        marks = _masks(place, tuple(size[one] for one in "xyz"))
    if not units and not marks:
        return None
    axes = () if tuple(size)[:2] == ("presentation", "unit") else tuple(size)
    return _Fit("", axes, *shown, dict(regions), units, marks, times)


def _rows(
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
        arrays = read_variables(place.at(path))
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
        if arrays.sizes.get(key) == size and (names := as_names(arrays[key])) is not None:
            yield key, names.tolist()


def _names_of_units(
    path: str, arrays: Variables, size: int
) -> tuple[tuple[dict[str, str], ...], Counter[str]]:
    for key, values in _texts(arrays, size):
        if key.rpartition("/")[2].casefold() in REGIONS:
            return ({"file": path, "variable": key},), Counter(one for one in values if one)
    return (), Counter()


def _masks(place: Place, shape: tuple[int, ...]) -> tuple[dict[str, str], ...]:
    """Return the volumes on a grid, each the mask of a region."""
    found = []
    for path in place.beside(*VOLUMES):
        try:
            image = open_image(place.at(path))
        except IsomorphError:
            continue  # what is no image marks nothing
        if tuple(image.shape) == shape:
            found.append({"file": path, "name": PurePosixPath(path).name.partition(".")[0]})
    return tuple(found)

"""A study of ready responses: arrays, and what says of their axes what was shown and where."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

import numpy as np

from isomorph.archives.patterns import matches
from isomorph.beginning.columns import Named, least_of, presentations, stimulus_columns
from isomorph.beginning.draft import MODELS, Draft, distance_for, groups_model
from isomorph.beginning.images import ids_of_all, images_of
from isomorph.beginning.masks import (
    MOST,
    Marked,
    for_anyone,
    is_of_another,
    region_name,
    regions_in,
)  # fmt: skip
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

RUNS = ("run", "runs", "run_number", "run_id", "run_index", "run_nr", "chunk", "chunks")
"""What columns and arrays that say the run of each presentation are called."""


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
    shown: Named
    shown_in: str
    runs: str
    regions: dict[str, int]
    units: str
    names: tuple[str, ...]
    masks: tuple[str, ...]
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
    else:  # what is beside a file is generalised from the file of the first subject
        first = matches(pattern.replace("{subject}", subjects[0]), fitting)[0]
    one = fitting[first]
    counts = Counter[str]()
    regions = Counter[str]()
    for fit in fitting.values():
        counts.update(fit.shown.counts)
        regions.update(fit.regions)
    images = images_of(place, list(counts))
    assert images is not None, "what was shown names images that are here"

    def own(path: str) -> str:
        return path if pattern == first else for_anyone(path, subjects[0])

    said = presentations(counts.values())
    marks: list[dict[str, object]] = (
        [{"file": own(one.names[0]), "variable": one.names[1]}] if one.names else []
    )
    masked: dict[str, list[Marked]] = {}
    for path in one.masks:
        if not is_of_another(path, subjects[0], subjects):
            masked[path] = regions_in(place.at(path), region_name(path, subjects[0]))
    marks += [
        {"file": own(path), "name": each.name}
        | ({} if each.value is None else {"values": [each.value]})
        for path, several in masked.items()
        for each in several
    ]
    if masked:
        regions = Counter(
            {each.name: each.units for several in masked.values() for each in several}
        )
    which = _which(masked)
    responses = (
        Setting("kind", "arrays"),
        Setting("responses", pattern, note=count(len(fitting), "array")),
        *((Setting("variable", one.variable),) if one.variable else ()),
        *((Setting("axes", list(one.axes)),) if one.axes else ()),
        _shown(one, own, said),
        *_runs(one, own),
        *((Setting("units", own(one.units), note=_counted(regions)),) if one.units else ()),
        *((Setting("regions", tuple(
            tuple(Setting(key, value) for key, value in mark.items()) for mark in marks
        ), which, _counted(regions)),) if marks else ()),
        *((Setting("times", own(one.times)),) if one.times else ()),
    )  # fmt: skip
    read = [pattern, own(one.shown_in), own(one.units), own(one.times)]
    read += [str(mark["file"]) for mark in marks]
    return Draft(
        found=(f"{count(len(fitting), 'array')} of {', '.join(subjects)}", said),
        subjects=subjects,
        files=tuple(dict.fromkeys(
            path.replace("{subject}", "*") for path in (*read, *images.files) if path)),
        stimuli=images.settings(),
        responses=responses,
        distances=distance_for(min(least_of(fit.shown.counts) for fit in fitting.values())),
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


def _runs(one: _Fit, own: Callable[[str], str]) -> tuple[Setting, ...]:
    """Return where it stands of which run each presentation is, nothing where a table says it."""
    if not one.runs or (one.shown_in and one.shown.column == ROWS):
        return ()
    where = {"file": own(one.shown_in)} if one.shown_in else {}
    key = "column" if is_table(one.shown_in) else "variable"
    choose = "of which run each presentation is; cross-validation crosses runs"
    return (Setting("runs", {**where, key: one.runs}, choose),)


def _which(masked: Mapping[str, list[Marked]]) -> str:
    """Return what is to be chosen about the labels of volumes, '' for nothing."""
    if any(each.value is not None for several in masked.values() for each in several):
        return "what each label is called; labels that are left out are no region"
    if any(len(several) == 1 and several[0].labels > MOST for several in masked.values()):
        return "`values: [1, 2]` takes some labels; here all of them are one region"
    return ""


def _counted(regions: Counter[str]) -> str:
    return "units: " + ", ".join(f"{region} {n:,}" for region, n in sorted(regions.items())) \
        if regions else ""  # fmt: skip


def _fit(place: Place, path: str, tables: Tables, *, strict: bool) -> _Fit | None:
    """Return the first array of a file of which both axes are named, None where there is none."""
    try:
        arrays = read_variables(place.at(path), fields=True)
    except IsomorphError:
        if strict and place.only:
            raise
        return None
    for name, shape in arrays.of_numbers().items():
        for axes in orders(shape):
            fit = _named(place, path, arrays, tables, dict(zip(axes, shape, strict=True)))
            if fit is not None:
                return replace(fit, variable=name if len(arrays) > 1 else "")
    return None


def orders(shape: Sequence[int]) -> Iterator[tuple[str, ...]]:
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
    axes = () if tuple(size)[:2] == ("presentation", "unit") else tuple(size)
    listed = (
        tables[shown[1]].items()
        if shown[1] in tables
        else ()
        if shown[1]
        else _texts(arrays, size["presentation"])
    )
    runs = next((str(name) for name, values in listed if _are_runs(str(name), values)), "")
    return _Fit("", axes, *shown, runs, dict(regions), units, names, masks, times)


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

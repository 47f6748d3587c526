"""A study of ready responses: arrays beside tables that say what their rows and columns are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import PurePosixPath

import pandas as pd

from isomorph.beginning.columns import presentations
from isomorph.beginning.draft import MODELS, Draft, ModelFile, distance_for, groups_model
from isomorph.beginning.images import Images, ids_of_all, images_of
from isomorph.beginning.place import Place, shared_pattern
from isomorph.beginning.setting import Setting
from isomorph.errors import IsomorphError
from isomorph.foreign import read_table
from isomorph.responses.named_arrays import FORMATS, read_variables
from isomorph.responses.times import EDGES
from isomorph.saying import count
from isomorph.stimuli.naming import id_of

ENDINGS = (".npy", ".npz", ".mat", ".h5", ".hdf5", ".hdf")

ROWS, COLUMNS = "stimulus", "region"
"""Columns of the table of presentations and of the table of units."""

Tables = dict[str, pd.DataFrame]


def recognise(place: Place) -> str:
    """Say how many arrays stand beside tables of presentations and units, '' for none."""
    arrays = place.ending(*ENDINGS)
    if not arrays:
        return ""
    shown, units, _ = _tables(place)
    return f"{count(len(arrays), 'array file')} with tables" if shown and units else ""


def draft(place: Place) -> Draft:
    """Look at arrays of responses and their tables.

    Raises
    ------
    IsomorphError
        When no array has as many rows and columns as two of the tables.
    """
    files = place.ending(*ENDINGS)
    shown, units, times = _tables(place)
    fitting = {path: fit for path in files if (fit := _fit(place, path, shown, units, times))}
    if not fitting:
        raise IsomorphError(
            f"{place.at(files[0])}: no array has as many rows as a table with a column "
            f"{ROWS} ({_lengths(shown)}) and as many columns as one with a column {COLUMNS} "
            f"({_lengths(units)})"
        )
    first = next(iter(fitting))
    variable, table, listed, edges, others = fitting[first]
    pattern, subjects = shared_pattern(list(fitting), place.files) if len(fitting) > 1 else ("", ())
    if not subjects:
        pattern, subjects = first, (PurePosixPath(first).stem.split(".")[0],)
        fitting = {first: fitting[first]}
    patterns = [_with_subject(one, subjects[0]) if pattern != first else one
                for one in (table, listed, *([edges] if edges else []))]  # fmt: skip
    counts = Counter[str]()
    regions = Counter[str]()
    for _, rows, columns, *_ in fitting.values():
        counts.update(one for one in shown[rows][ROWS] if one)
        regions.update(one for one in units[columns][COLUMNS] if one)
    images = images_of(place, list(counts)) if _pictured(place, counts) else None
    if images is None:
        raise IsomorphError(
            f"{place.folder}: no image is called like the stimuli of {table} "
            f"({', '.join(sorted(counts)[:3])}, …); put the folder of the images beside the arrays"
        )
    said = presentations(counts.values())
    counted = ", ".join(f"{region} {n:,}" for region, n in sorted(regions.items()))
    responses = (
        Setting("kind", "arrays"),
        Setting("responses", pattern, note="presentations by units"),
        *([Setting("variable", variable, f"which array; also there: {', '.join(others)}")]
          if others else []),
        Setting("presentations", patterns[0], note=said),
        Setting("units", patterns[1], note=f"units: {counted}"),
        *([Setting("times", patterns[2])] if edges else []),
    )  # fmt: skip
    each = min(_fewest(shown[rows]) for _, rows, *_ in fitting.values())
    return Draft(
        found=(f"{count(len(fitting), 'array')} of {', '.join(subjects)}", said),
        subjects=subjects,
        files=tuple(dict.fromkeys(
            one.replace("{subject}", "*") for one in (pattern, *patterns, *images.files))),
        stimuli=images.settings(),
        responses=responses,
        distances=distance_for(each),
        models=MODELS,
        own_models=_own_models(images),
        names=images.ids,
    )  # fmt: skip


def _own_models(images: Images) -> tuple[ModelFile, ...]:
    return (groups_model(images.groups),) if images.groups else ()


def _tables(place: Place) -> tuple[Tables, Tables, Tables]:
    """Return the tables of presentations, of units, and of time bins, by their paths."""
    shown: Tables = {}
    units: Tables = {}
    times: Tables = {}
    for path in place.beside(".csv", ".tsv"):
        try:
            table = read_table(place.at(path))
        except IsomorphError:
            continue  # a table of something else
        if ROWS in table:
            shown[path] = table
        if COLUMNS in table and ROWS not in table:
            units[path] = table
        if set(EDGES) <= set(table):
            times[path] = table
    return shown, units, times


def _fit(
    place: Place, path: str, shown: Tables, units: Tables, times: Tables
) -> tuple[str, str, str, str, list[str]] | None:
    """Return the variable of a file that two tables fit, these tables, and other variables."""
    if PurePosixPath(path).suffix.lower() not in FORMATS:
        return None
    variables = read_variables(place.at(path))
    found = []
    for name in variables:
        try:
            array = variables[name]
        except IsomorphError:
            continue
        if array.dtype.kind not in "iuf" or array.ndim not in (2, 3):
            continue
        rows = _nearest(path, (one for one, table in shown.items() if len(table) == len(array)))
        columns = _nearest(path, (one for one, table in units.items()
                                  if len(table) == array.shape[1] and one != rows))  # fmt: skip
        bins = [one for one, table in times.items() if len(table) == array.shape[-1]]
        if rows and columns and (array.ndim == 2 or bins):
            found.append((name, rows, columns, bins[0] if array.ndim == 3 else ""))
    if not found:
        return None
    return (*found[0], [one[0] for one in found[1:]])


def _nearest(path: str, tables: Iterator[str]) -> str:
    """Return the table whose name shares most with that of an array."""
    stem = PurePosixPath(path).stem

    def shared(table: str) -> tuple[bool, int]:
        name = PurePosixPath(table).name
        same = next((n for n, (a, b) in enumerate(zip(stem, name, strict=False)) if a != b),
                    min(len(stem), len(name)))  # fmt: skip
        return (name.startswith(stem), same)

    return max(tables, key=shared, default="")


def _with_subject(path: str, subject: str) -> str:
    """Return a table's path with `{subject}` for the name."""
    return path.replace(subject, "{subject}")


def _pictured(place: Place, names: Counter[str]) -> bool:
    known = ids_of_all(place)
    return any(id_of(name, known) for name in names)


def _fewest(table: pd.DataFrame) -> int:
    return min(Counter(one for one in table[ROWS] if one).values())


def _lengths(tables: Tables) -> str:
    return ", ".join(f"{path}: {len(table)}" for path, table in list(tables.items())[:4])

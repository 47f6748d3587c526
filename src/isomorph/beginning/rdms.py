"""A study of ready RDMs: squares, or vectors of pairs, beside the images they are about."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

import numpy as np
import numpy.typing as npt

from isomorph.beginning.draft import MODELS, Draft, groups_model
from isomorph.beginning.images import Images, images_of
from isomorph.beginning.place import Place
from isomorph.beginning.setting import ABSENT, Setting
from isomorph.beginning.tables import order_table
from isomorph.errors import IsomorphError
from isomorph.foreign.stored_array import SUBJECT_KEYS
from isomorph.responses.array_values import DESCRIPTORS, RSATOOLBOX, as_names, fields_of
from isomorph.responses.named_arrays import FORMATS, Variables, read_variables
from isomorph.responses.order import named_order
from isomorph.responses.rdms import SAID, read_source
from isomorph.responses.stacks import condensed
from isomorph.saying import count
from isomorph.stimuli.naming import ENDING
from isomorph.study import spec_from
from isomorph.study.responses import RdmSource

Array = npt.NDArray

ENDINGS = (".npy", ".npz", ".mat", ".h5", ".hdf5", ".hdf", ".nc", ".csv", ".tsv")
FEWEST = 3
"""Stimuli of an RDM that is worth comparing."""


@dataclass(frozen=True)
class Ready:
    """RDMs of one region in one file.

    Attributes
    ----------
    path, variable : str
    field : str
        Of a struct array, '' for a plain array.
    n_stimuli : int
    subjects, sessions : tuple of str
    largest : float
        The largest dissimilarity.
    measure : str
        The distance the file itself says.
    named_subjects : bool
        Whether the file names its subjects.
    alone : bool
        Whether it is the only array of its file that may be meant.
    region : str
        Told by what the files are called.
    """

    path: str
    variable: str
    field: str
    n_stimuli: int
    subjects: tuple[str, ...]
    sessions: tuple[str, ...]
    largest: float
    measure: str
    named_subjects: bool
    alone: bool
    region: str = ""

    @property
    def distance(self) -> str:
        """The distance they most likely hold."""
        said = SAID.get(self.measure.lower().replace("_", " "))
        if said:
            return said[0]
        return "correlation" if self.largest <= 2 else "euclidean"


def recognise(place: Place) -> str:
    """Say how many files of RDMs there are, '' for none."""
    found = {one.path for one in _ready(place)}
    return count(len(found), "file of RDMs", "files of RDMs") if found else ""


def draft(place: Place) -> Draft:
    """Look at ready RDMs.

    Raises
    ------
    IsomorphError
        When there are no images of as many stimuli.
    """
    ready = list(_ready(place))
    size = ready[0].n_stimuli
    taken = {one.path for one in ready}
    beside = replace(place, only="", files=tuple(one for one in place.files if one not in taken))
    images = images_of(beside, size=size)
    if images is None:
        raise IsomorphError(
            f"{place.at(ready[0].path)}: holds RDMs of {size} stimuli, and no folder beside it "
            f"has {size} images; put the images there, named in the order of the RDMs or by the "
            "names in the file"
        )
    ready = _with_regions([one for one in ready if one.n_stimuli == size], place.folder.name)
    refused = [_refusal(place, one, images) for one in ready]
    table = order_table(beside, images.ids)
    sources = tuple(
        _source(one, why, ("", "") if _names_stimuli(place, one, images) else table)
        for one, why in zip(ready, refused, strict=True)
    )
    subjects = tuple(dict.fromkeys(name for one in ready for name in one.subjects))
    distances = list(dict.fromkeys(one.distance for one in ready))
    own = (groups_model(images.groups),) if images.groups else ()
    said = f"{', '.join(one.region for one in ready)}: RDMs of {size} stimuli"
    return Draft(
        found=(said, count(len(subjects), "subject")),
        decide=() if table[0] else tuple(dict.fromkeys(why for why in refused if why)),
        subjects=subjects,
        files=(
            *dict.fromkeys(one.path for one in ready),
            *images.files,
            *([table[0]] if table[0] and table[0] != images.table else []),
        ),
        stimuli=images.settings(),
        responses=(Setting("kind", "rdms"), Setting("sources", sources)),
        distances=Setting("distances", distances, note="the RDMs' own"),
        models=MODELS,
        own_models=own,
        names=images.ids,
    )


def _with_regions(ready: list[Ready], folder: str) -> list[Ready]:
    """Return RDMs with a region each: what tells their files, or variables, from the others.

    One file that is called for nothing but RDMs is of what its folder is called.
    """
    names = [
        ENDING.sub("", PurePosixPath(one.path).name)
        + ("" if one.alone else f" {one.variable.rpartition('/')[2]}")
        for one in ready
    ]
    words = [[word for word in re.split(r"[\s_.-]+", name) if word] for name in names]
    shared = set.intersection(*map(set, words))
    if len(ready) == 1:
        shared = {word for word in words[0] if word.casefold() in ("rdm", "rdms")}
    short = [" ".join(word for word in one if word not in shared) for one in words]
    if short == [""] and folder:
        short = [folder]
    if not all(short) or len(set(short)) < len(short):
        short = names
    return [replace(one, region=name) for one, name in zip(ready, short, strict=True)]


def _source(one: Ready, refused: str, table: tuple[str, str]) -> tuple[Setting, ...]:
    by_file = "the distance the RDMs hold; the file says it"
    guess = (
        "the distance the RDMs hold: correlation (1 - r), euclidean, squared_euclidean or "
        f"euclidean_norm; nothing says it, and the largest is {one.largest:.3g}"
    )
    return (
        Setting("region", one.region, "what the region is called, here after its file"),
        Setting("file", one.path),
        *(() if one.alone else (Setting("variable", one.variable),)),
        *((Setting("field", one.field),) if one.field else ()),
        *((Setting("order", {"file": table[0], "column": table[1]},
                   "the stimuli in the order of the rows: those of this table, or `table`, the "
                   "order of the images' names"),) if table[0] else ()),
        *((Setting("order", ABSENT, refused + "; such as table, the order of the images' names"),)
          if refused and not table[0] else ()),
        Setting("subjects", list(one.subjects),
                "" if one.named_subjects or len(one.subjects) == 1
                else "along the first axis; the file does not name them"),
        *((Setting("sessions", list(one.sessions)),) if len(one.sessions) > 1 else ()),
        Setting("distance", one.distance, "" if one.measure else guess,
                by_file if one.measure else ""),
    )  # fmt: skip


def _names_stimuli(place: Place, one: Ready, images: Images) -> bool:
    """Tell whether the file of RDMs names its stimuli, so that no table need say their order."""
    variables = read_variables(place.at(one.path))
    ids = np.array(images.ids)
    return named_order(variables, one.variable, None, ids, one.path, "the images") is not None


def _refusal(place: Place, one: Ready, images: Images) -> str:
    """Return why the reader of RDMs would not take a source as it stands, '' where it would."""
    content = {
        "region": one.region, "file": one.path, "variable": one.variable,
        "field": one.field or None, "subjects": list(one.subjects),
        "sessions": list(one.sessions), "distance": one.distance,
    }  # fmt: skip
    source = spec_from(content, RdmSource, one.path)
    try:
        read_source(place.at(one.path), source, np.array(images.ids), "the images")
    except IsomorphError as error:
        return str(error)
    return ""


def _ready(place: Place) -> Iterator[Ready]:
    for path in place.ending(*ENDINGS):
        if PurePosixPath(path).suffix.lower() not in FORMATS:
            continue
        try:
            variables = read_variables(place.at(path))
        except IsomorphError:
            if place.only:
                raise
            continue  # a file of something else
        found = [one for name in variables for one in _of_variable(variables, name, path)]
        for name, field, stack, size in found:
            yield _described(variables, path, name, field, stack, size, len(found) == 1)


def _of_variable(
    variables: Variables, name: str, path: str
) -> Iterator[tuple[str, str, Array, int]]:
    """Yield the stacks of RDMs in a variable, with the field each is in and its stimuli."""
    if name.startswith((*DESCRIPTORS, "descriptors")):
        return
    try:
        values = variables[name]
    except IsomorphError:
        return
    for field in values.dtype.names or ("",):
        try:
            stack = fields_of(values, field, path) if field else values
        except (IsomorphError, ValueError):
            continue
        if (size := _stimuli_of(stack, name)) >= FEWEST:
            yield name, field, stack, size


def _stimuli_of(stack: Array, name: str) -> int:
    """Return how many stimuli an array has RDMs of, 0 where it holds none."""
    if stack.dtype.kind not in "iuf" or not 1 <= stack.ndim <= 4 or not stack.size:
        return 0
    size = stack.shape[-1]
    if stack.ndim >= 2 and stack.shape[-2] == size:
        pass
    elif name == RSATOOLBOX or any(word in name.casefold() for word in ("rdm", "dissim", "dist")):
        pairs, size = size, round((1 + np.sqrt(1 + 8 * size)) / 2)
        if size * (size - 1) // 2 != pairs:
            return 0
    else:
        return 0
    try:
        condensed(stack.astype(float), np.arange(size).astype(str), name)
    except IsomorphError:
        return 0
    return int(size)


def _described(
    variables: Variables, path: str, name: str, field: str, stack: Array, size: int, alone: bool
) -> Ready:
    square = stack.ndim >= 2 and stack.shape[-2:] == (size, size)
    outer = stack.shape[: -2 if square else -1]
    outer = tuple(length for length in outer if length > 1)
    named = _subjects(variables, outer[0]) if outer else ()
    subjects = named or tuple(f"p{n}" for n in range(1, outer[0] + 1)) if outer else ("pooled",)
    sessions = tuple(str(n) for n in range(1, outer[1] + 1)) if len(outer) > 1 else ("1",)
    finite = stack[np.isfinite(stack)]
    return Ready(
        path, name, field, size, subjects, sessions, float(finite.max(initial=0.0)),
        variables.measure, bool(named), alone,
    )  # fmt: skip


def _subjects(variables: Variables, size: int) -> tuple[str, ...]:
    for key in variables:
        if key in SUBJECT_KEYS or key.removeprefix(DESCRIPTORS[1]) in SUBJECT_KEYS:
            names = as_names(variables[key])
            if names is not None and len(set(names.tolist())) == size:
                return tuple(names.tolist())
    return ()

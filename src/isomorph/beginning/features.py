"""Features of the stimuli, computed elsewhere: models of whatever recording is beside them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

import numpy as np

from isomorph import built_in
from isomorph.beginning.draft import Draft, ModelFile
from isomorph.beginning.images import ids_of_all
from isomorph.beginning.place import Place
from isomorph.beginning.setting import ABSENT, Setting
from isomorph.beginning.tables import order_table
from isomorph.errors import IsomorphError
from isomorph.foreign.stored_array import STIMULUS_KEYS
from isomorph.responses.array_values import as_names
from isomorph.responses.named_arrays import Variables, read_variables
from isomorph.responses.order import is_numbered
from isomorph.saying import count
from isomorph.stimuli.naming import ENDING, id_of
from isomorph.study import DatasetSpec, StudyError, read_spec

ENDINGS = (".npy", ".npz", ".mat", ".h5", ".hdf5", ".hdf", ".nc", ".safetensors")

WORDS = ("feature", "activation", "embedding", "layer")
"""Parts of names of files that hold features."""


@dataclass(frozen=True)
class Features:
    """A file of features.

    Attributes
    ----------
    path : str
    layers : mapping of str to tuple of int
        Shapes by layer.
    n_rows : int
        Stimuli they are of.
    names : tuple of str
        The stimuli the file names, in its order; empty where it names none.
    named_in : str
        The variable that names them, '' where it is called as such variables are.
    """

    path: str
    layers: dict[str, tuple[int, ...]]
    n_rows: int
    names: tuple[str, ...]
    named_in: str = ""


def recognise(place: Place) -> str:
    """Say how many files of features there are, '' for none."""
    found = list(features_in(place))
    return count(len(found), "file of features", "files of features") if found else ""


def draft(place: Place) -> Draft:
    """Refuse features without a recording, unless a built-in one has as many stimuli.

    Raises
    ------
    IsomorphError
        Saying how many stimuli the features are of.
    """
    first = next(features_in(place))
    for name, n_stimuli in _built_in():
        if n_stimuli == first.n_rows:
            return Draft(
                found=(f"features of {first.n_rows} stimuli, as many as {name} has",),
                distances=Setting("distances", ["correlation"], note="the published RDMs' own"),
                models=(),
                dataset=name,
            )
    raise IsomorphError(
        f"{place.at(first.path)}: holds features of {first.n_rows} stimuli, and neither is a "
        "recording beside them nor has a built-in dataset as many; put the features beside the "
        "recording they are to be compared with"
    )


def added(place: Place, found: Draft) -> Draft:
    """Return a study with a model for each file of features of its stimuli."""
    known = set(found.names)
    own = [
        one
        for one in features_in(place)
        if not known or (known <= {id_of(name, known) for name in one.names}
                         if one.names else one.n_rows == len(known))
    ]  # fmt: skip
    if not own:
        return found
    said = f"features: {', '.join(one.path for one in own)}"
    table = order_table(place, sorted(found.names))
    models = tuple(_model(one, found, table, len(own) > 1) for one in own)
    decide = tuple(
        f"the order of the rows of {one.path}, which names no stimuli"
        for one in own
        if not (table[0] or _is_ordered(one, found))
    )
    return replace(
        found,
        found=(*found.found, said),
        own_models=(*found.own_models, *models),
        decide=(*found.decide, *decide),
    )


def features_in(place: Place) -> Iterator[Features]:
    """Yield the files of features: of a folder those called so, and any file that was named."""
    pictures = ids_of_all(place)
    for path in place.ending(*ENDINGS):
        stem = ENDING.sub("", PurePosixPath(path).name).casefold()
        if not (place.only or any(word in stem for word in WORDS)):
            continue
        try:
            arrays = read_variables(place.at(path), fields=True)
        except IsomorphError:
            if place.only:
                raise
            continue
        if (one := _described(path, arrays, pictures)) is not None:
            yield one


def _described(path: str, arrays: Variables, pictures: Collection[str]) -> Features | None:
    shapes = {
        name: shape
        for name, shape in arrays.of_numbers().items()
        if len(shape) >= 2 and shape[0] > 2 and not _is_square(arrays, name, shape)
    }
    if not shapes:
        return None
    rows = max(shapes.values(), key=lambda shape: list(shapes.values()).count(shape))[0]
    layers = {name: shape for name, shape in shapes.items() if shape[0] == rows}
    for key in arrays:
        usual = key.rpartition("/")[2] in STIMULUS_KEYS
        if not usual and (key in shapes or arrays.sizes.get(key) != rows):
            continue
        said = as_names(arrays[key])
        if said is not None and (usual or all(id_of(one, pictures) for one in said.tolist())):
            return Features(path, layers, rows, tuple(said.tolist()), "" if usual else key)
    return Features(path, layers, rows, ())


def _is_square(arrays: Variables, name: str, shape: tuple[int, ...]) -> bool:
    """Tell whether an array is rather an RDM."""
    if len(shape) < 2 or shape[-1] != shape[-2]:
        return False
    values = np.asarray(arrays[name], dtype=float)
    return bool(np.allclose(values, np.swapaxes(values, -1, -2), equal_nan=True))


def _is_ordered(one: Features, found: Draft) -> bool:
    """Tell whether the file, or the numbers in the ids, say which row is of which stimulus."""
    return bool(one.names) or is_numbered(sorted(found.names)) or bool(found.dataset)


def _model(one: Features, found: Draft, table: tuple[str, str], several: bool) -> ModelFile:
    stem = ENDING.sub("", PurePosixPath(one.path).name)
    called = "".join(sign if sign.isalnum() or sign in "._-" else "-" for sign in stem)
    layers = ", ".join(f"{name} {shape}" for name, shape in list(one.layers.items())[:6])
    options = _order(one, found, table)
    return ModelFile(
        name=called if several else "features",
        settings=(
            Setting("source", f"features/{{path}}/{one.path}", note=f"layers: {layers}"),
            *((Setting("options", (options,)),) if options else ()),
        ),
    )


def _order(one: Features, found: Draft, table: tuple[str, str]) -> Setting | None:
    """Return what says which row of a file is of which stimulus, None where the file does."""
    if one.names:
        return Setting("names", one.named_in) if one.named_in else None
    if found.dataset:
        meaning = f"the rows are taken to be in the order of the stimuli of {found.dataset}"
        return Setting("order", "table", meaning)
    if table[0]:
        order = (Setting("file", f"{{path}}/{table[0]}"), Setting("column", table[1]))
        return Setting("order", order, "the stimuli in the order of the rows")
    if _is_ordered(one, found):
        meaning = "which row is of which stimulus; the rows are taken to be in the order of the " \
            "numbers in the images' names"  # fmt: skip
        return Setting("order", "numbers", meaning)
    return Setting(
        "order", ABSENT,
        "which row is of which stimulus: table, the order of the images' names; numbers; a list of "
        "the ids; or {file: order.csv}",
    )  # fmt: skip


def _built_in() -> Iterator[tuple[str, int]]:
    """Yield the built-in datasets of which it is known how many stimuli they have."""
    for folder in built_in.members("datasets"):
        for file in sorted(folder.glob("*.yaml")):
            try:
                spec = read_spec(file, DatasetSpec)
            except StudyError:
                continue
            if spec.expected.stimuli:
                yield spec.name, spec.expected.stimuli

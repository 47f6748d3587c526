"""Features in a file: every array whose rows are stimuli is a layer."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from isomorph.errors import IsomorphError
from isomorph.foreign import read_table
from isomorph.foreign.array_files import READ_IN_PARTS, open_array
from isomorph.foreign.stored_array import STIMULUS_KEYS
from isomorph.models.folded import Activations, from_features
from isomorph.models.given.files import (
    TABLE,
    file_of,
    options_of,
    ordered,
    rows_by_name,
    stimuli_of,
)
from isomorph.models.kept import STEPS
from isomorph.models.layers import select
from isomorph.models.source import Inputs
from isomorph.responses.named_arrays import Shape, Variables, read_variables
from isomorph.saying import say
from isomorph.study.given import FeatureOptions

TABLES = (".csv", ".tsv", ".csv.gz", ".tsv.gz")
"""How names of tables end."""
LARGE = 2**27
"""Numbers of a layer from which its features are read some at a time, where the file allows."""
TIME = "time"
"""What a file calls the axis of time, where it names axes."""
ONLY = "array"
"""What the one array of an `.npy` file is called, which has no name of its own."""


def activations(inputs: Inputs) -> Activations:
    """Return the layers of a file of features, read one after the other.

    Every array of numbers with a row for each stimulus is a layer, called as the array is, in
    nested groups with the path; the one array of an `.npy` file and a table of columns are called
    as the file is. Axes behind the first are joined. What has other rows than the rest, and is one
    number or a vector, is no layer; nor, unless it is named, is a vector beside features.

    Parameters
    ----------
    inputs : Inputs
        Named `features/<file>`.

    Raises
    ------
    IsomorphError
        When the file is not there or holds features of other images, of more or fewer, in an order
        that nothing says, or numbers that are not finite.
    """
    file = file_of(inputs)
    layers = _of_table(inputs, file) if file.name.endswith(TABLES) else _of_arrays(inputs, file)
    found = from_features(layers, inputs.spec.layers or "all", inputs.instance, {},
                          inputs.spec.features)  # fmt: skip
    if len(found.layers) < len(layers):
        said = ", ".join(name for name in layers if name not in found.layers)
        say(f"{inputs.instance}: {file.name}: {len(found.layers)} layers are read, without {said}")
    if (time := options_of(inputs, FeatureOptions).time) is not None:
        every = layers.steps if isinstance(layers, Rows) else {}
        steps = {layer: n for layer, n in every.items() if layer in found.layers}
        if not steps:
            raise IsomorphError(
                f"{inputs.instance}: options.time: no layer that is read of {file.name} has an "
                f"axis {time} beside those of stimuli and features; leave it out"
            )
        found.attributes[STEPS] = json.dumps(steps)
    return found


class Columns:
    """A layer whose features are read from the file some at a time.

    Parameters
    ----------
    file, name : Path, str
        Where it is.
    rows : array of shape (stimulus,)
        The row of each stimulus.
    axis : int
        Which axis they are along.
    shape : (int, int)
        Of the array.
    inputs : Inputs
    """

    def __init__(
        self, file: Path, name: str, rows: NDArray[np.intp], axis: int, shape: Shape, inputs: Inputs
    ) -> None:
        self._file, self._name, self._rows, self._axis = file, name, rows, axis
        self._inputs, self._n_rows = inputs, shape[axis]
        self.shape = (len(rows), shape[1 - axis])
        with open_array(file, name) as one:
            self.dtype = one.dtype

    def __getitem__(self, part: tuple[slice, slice]) -> NDArray[Any]:
        every, some = slice(0, self._n_rows), slice(*part[1].indices(self.shape[1]))
        with open_array(self._file, self._name) as one:
            values = one.part((every, some) if self._axis == 0 else (some, every))
        values = np.moveaxis(values, self._axis, 0)[self._rows]
        return finite(values[part[0]], self._inputs, f"{self._file}: {self._name}")


class Rows(Mapping[str, "NDArray[Any] | Columns"]):
    """Layers of a file as features `(stimulus, feature)`, each read when it is asked for.

    Parameters
    ----------
    variables : Variables
    names : mapping of str to str
        The variable of each layer.
    rows : array of shape (stimulus,)
        The row of each stimulus.
    axis : int
        Which axis of the arrays they are along.
    inputs : Inputs
    file : Path
    time : int, optional
        Which axis is that of time, of arrays that have three or more; features are those of the
        first step, then those of the second, and so on.
    """

    def __init__(
        self,
        variables: Variables,
        names: Mapping[str, str],
        rows: NDArray[np.intp],
        axis: int,
        inputs: Inputs,
        file: Path,
        time: int | None = None,
    ) -> None:
        self._time = time
        self._variables, self._names, self._rows = variables, names, rows
        self._axis, self._inputs, self._file = axis, inputs, file

    def __getitem__(self, layer: str) -> NDArray[Any] | Columns:
        name, shape = self._names[layer], self._variables.shapes[self._names[layer]]
        where = f"{self._file}: {layer}"
        if len(shape) == 2 and math.prod(shape) > LARGE and self._file.suffix in READ_IN_PARTS:
            return Columns(self._file, name, self._rows, self._axis, shape, self._inputs)
        moved = [self._axis]
        if self._time is not None and layer in self.steps:
            moved.append(self._time)
        values = np.moveaxis(self._variables[name], moved, range(len(moved)))[self._rows]
        return finite(values.reshape(len(values), -1), self._inputs, where)

    @property
    def steps(self) -> dict[str, int]:
        """Time steps of each layer that has such an axis."""
        shapes = {layer: self._variables.shapes[name] for layer, name in self._names.items()}
        return {
            layer: int(shape[self._time])
            for layer, shape in shapes.items()
            if self._time is not None and len(shape) > max(2, self._time)
        }

    def __contains__(self, layer: object) -> bool:
        return layer in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def finite(values: NDArray[Any], inputs: Inputs, where: str) -> NDArray[Any]:
    """Return features of which every one is a finite number.

    Raises
    ------
    IsomorphError
        Naming the first stimulus that has another.
    """
    if values.dtype.kind not in "biuf":
        raise IsomorphError(f"{where}: holds {values.dtype}, expected real numbers")
    bad = np.flatnonzero(~np.isfinite(values).all(axis=1))
    if len(bad):
        name = stimuli_of(inputs)[bad[0]]
        more = f" and of {len(bad) - 1} other stimuli" if len(bad) > 1 else ""
        worst = values[bad[0]][~np.isfinite(values[bad[0]])][0]
        raise IsomorphError(
            f'{where}: a feature of "{name}"{more} is {worst}, expected finite numbers; leave the '
            "layer out with `layers`, or mend the file"
        )
    return values


def _of_arrays(inputs: Inputs, file: Path) -> Rows:
    options = options_of(inputs, FeatureOptions)
    arrays = read_variables(file, fields=True)
    rows, n_rows = ordered(inputs, arrays, options, file)
    names, other = {}, {}
    for name, shape in arrays.of_numbers().items():
        layer = file.stem if name == ONLY and len(arrays) == 1 else name
        if name == options.names or (
            name.rpartition("/")[2] in STIMULUS_KEYS and math.prod(shape) == n_rows
        ):
            continue
        if len(shape) > options.axis and shape[options.axis] == n_rows and (
            along(arrays.dims.get(name, ())) in (None, options.axis)
        ):  # fmt: skip
            names[layer] = name
        elif len(shape) > 1 and min(shape) > 1:
            other[layer] = shape
    if inputs.spec.layers in (None, "all"):
        names = _without_vectors(names, arrays, n_rows, inputs, file)
    chosen = select([*names, *other], inputs.spec.layers or "all", inputs.instance)
    unsure = [
        layer for layer in chosen if layer in names and _is_unsure(arrays, names[layer], n_rows)
    ]
    if unsure:
        say(
            f"{inputs.instance}: {file.name}: {', '.join(unsure)}: of axes that are all {n_rows} "
            f"long, axis {options.axis} is taken for that of the stimuli; options.axis names "
            "another"
        )
    asked = {one: other[one] for one in chosen if one in other}
    _refuse_others(inputs, file, asked, n_rows, arrays.dims)
    if not names:
        raise IsomorphError(
            f"{file}: holds no array of numbers with a row for each of {n_rows} stimuli, only "
            f"{', '.join(arrays) or 'nothing'}"
        )
    if options.time is not None:
        _refuse_other_time(inputs, file, arrays, names, options.time)
    return Rows(arrays, names, rows, options.axis, inputs, file, options.time)


def _refuse_other_time(
    inputs: Inputs, file: Path, arrays: Variables, names: Mapping[str, str], time: int
) -> None:
    """Refuse an axis of time where the file says that another one is."""
    for layer, name in names.items():
        dims = list(arrays.dims.get(name, ()))
        if TIME in dims and dims.index(TIME) != time:
            raise IsomorphError(
                f"{inputs.instance}: options.time: {time}, and {file.name} says that axis "
                f"{dims.index(TIME)} of {layer} is time; write {dims.index(TIME)}"
            )


def _is_unsure(arrays: Variables, name: str, n_rows: int) -> bool:
    """Tell whether several axes may be that of the stimuli, and the file does not say which is."""
    several = arrays.shapes[name].count(n_rows) > 1
    return several and along(arrays.dims.get(name, ())) is None


def along(dims: Sequence[str]) -> int | None:
    """Return which axis a file calls that of stimuli, None where it calls none so."""
    return next((at for at, name in enumerate(dims) if name in STIMULUS_KEYS), None)


def _without_vectors(
    names: dict[str, str], arrays: Variables, n_rows: int, inputs: Inputs, file: Path
) -> dict[str, str]:
    """Leave out single numbers for each stimulus beside features: labels, indices, ratings."""
    vectors = [one for one, name in names.items() if math.prod(arrays.shapes[name]) == n_rows]
    if not 0 < len(vectors) < len(names):
        return names
    say(
        f"{inputs.instance}: {file.name}: without {', '.join(vectors)}, one number for each "
        "stimulus beside features; what is a layer of its own is named by `layers`"
    )
    return {one: name for one, name in names.items() if one not in vectors}


def _refuse_others(
    inputs: Inputs,
    file: Path,
    other: Mapping[str, tuple[int, ...]],
    n_rows: int,
    dims: Mapping[str, Sequence[str]],
) -> None:
    """Refuse arrays that are asked for and have other rows."""
    for layer, shape in other.items():
        axis = next((at for at, length in enumerate(shape) if length == n_rows), None)
        axis = axis if (said := along(dims.get(layer, ()))) is None else said
        remedy = (
            f"name the layers that are, with `layers`, or say options.axis: {axis}"
            if axis is not None
            else "these are features of other images, or no features; name those that are, with "
            "`layers`"
        )
        raise IsomorphError(
            f"{file}: {layer}: is of shape {shape}, expected a row for each of the {n_rows} "
            f"stimuli of {inputs.instance if n_rows != len(inputs.stimuli) else TABLE}; {remedy}"
        )


def _of_table(inputs: Inputs, file: Path) -> dict[str, NDArray[np.float64]]:
    """Return the columns of numbers of a table as the features of one layer."""
    options = options_of(inputs, FeatureOptions)
    names = options.names or "stimulus"
    if options.order is not None:
        raise IsomorphError(
            f"{inputs.instance}: options.order: {file.name} is a table, whose column `{names}` "
            "names the stimuli; leave it out"
        )
    table = read_table(file, names)
    rows = rows_by_name(table[names].tolist(), stimuli_of(inputs), f"{file}: {names}")
    values = numbers(without_count(table, file).drop(columns=names).iloc[rows], str(file))
    return {file.name.partition(".")[0]: finite(values, inputs, str(file))}


def without_count(table: pd.DataFrame, file: Path) -> pd.DataFrame:
    """Return a table without the column of row numbers that pandas writes before the others.

    Raises
    ------
    IsomorphError
        When a column without a name holds something else.
    """
    if "" not in table:
        return table
    if table[""].tolist() != [str(row) for row in range(len(table))]:
        raise IsomorphError(f"{file}: has a column without a name; name it, or leave it out")
    return table.drop(columns="")


def numbers(table: Any, where: str) -> NDArray[np.float64]:
    """Return cells of text as numbers, of shape (row, column).

    Raises
    ------
    IsomorphError
        Naming the first cell that is none.
    """
    for column in table.columns:
        for cell in table[column]:
            try:
                float(cell)
            except ValueError:
                said = f'"{cell}"' if cell else "nothing"
                raise IsomorphError(
                    f"{where}: {column}: holds {said} where a number is expected"
                ) from None
    return table.to_numpy(dtype=np.float64)

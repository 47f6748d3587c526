"""The file a model is read from, and how its rows belong to the stimuli."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from isomorph.beside import by_name
from isomorph.errors import IsomorphError, did_you_mean
from isomorph.foreign.stored_array import STIMULUS_KEYS
from isomorph.models.source import Inputs, Request
from isomorph.own import SEED, seeded
from isomorph.responses.array_values import as_names
from isomorph.responses.named_arrays import Variables
from isomorph.responses.order import Names, named_order, order_of, ordered_as, refuse_unsure
from isomorph.stimuli.naming import ids_of
from isomorph.study import Spec, spec_from
from isomorph.study.stored import InOrder

TABLE = "the stimulus table"
"""What the stimuli are called in messages."""
SOME = 5
"""Names that a message lists at most."""

SpecT = TypeVar("SpecT", bound=Spec)


def file_of(request: Request) -> Path:
    """Return the file of a model, which stands beside the one that names it.

    Raises
    ------
    IsomorphError
        When it is not there.
    """
    name = seeded(request.name, request.seed)
    if found := by_name(request.beside, name):
        return found[0]
    raise absent(request.spec.source.partition("/")[0], name, request.beside)


def check(head: str, name: str, beside: Path) -> None:
    """Refuse the name of a file that is not there; of one for each seed some must be.

    Parameters
    ----------
    head : str
        First word of the source, for the message.
    name : str
        What stands behind it.
    beside : Path
        Folder of the model's file.
    """
    there = list(beside.glob(name.replace(SEED, "*"))) if SEED in name else by_name(beside, name)
    if not there:
        raise absent(head, name, beside)


def absent(head: str, name: str, beside: Path) -> IsomorphError:
    """Return what to raise where a file is not there, with those of a name like it."""
    folder = (beside / name).parent
    near = sorted(file.name for file in folder.iterdir() if file.is_file()) if (
        folder.is_dir()) else []  # fmt: skip
    last = Path(name).name
    means = did_you_mean(last, near) if near else "which holds no file"
    return IsomorphError(f'{head}/{name}: no file "{last}" in {folder}, {means}')


def options_of(request: Request, kind: type[SpecT]) -> SpecT:
    """Return the options of a model, typed."""
    return spec_from(request.spec.options, kind, f"{request.instance}: options")


def stimuli_of(inputs: Inputs) -> Names:
    """Return the ids of the stimuli: array of str of shape (stimulus,)."""
    return inputs.stimuli["stimulus"].to_numpy(dtype=np.str_)


def place_of_seed(inputs: Inputs, n: int, what: str) -> int:
    """Return which of several an instance takes: its place among the model's seeds.

    Parameters
    ----------
    inputs : Inputs
    n : int
        How many there are.
    what : str
        What they are, for the message: `RDMs`, `participants`.

    Raises
    ------
    IsomorphError
        When there are no seeds, or not as many.
    """
    seeds = inputs.spec.seeds
    if len(seeds) != n:
        raise IsomorphError(
            f"{inputs.instance}: seeds: are {len(seeds)}, and {file_of(inputs)} holds {n} {what}; "
            f"give each a seed, {list(range(1, n + 1)) if n <= SOME else f'1 to {n}'}"
        )
    assert inputs.seed is not None, "there are seeds"
    return seeds.index(inputs.seed)


def rows_by_name(names: Sequence[str], stimuli: Names, where: str) -> NDArray[np.intp]:
    """Return the row of each stimulus by the names of the rows, passing over those of others.

    Parameters
    ----------
    names : sequence of str
        Of the rows; ids, or files that are called so.
    stimuli : array of str of shape (stimulus,)
    where : str
        File and variable, for messages.

    Raises
    ------
    IsomorphError
        When a stimulus has no row, or two.
    """
    ids = ids_of(names, stimuli.tolist())
    twice = [one for one, times in Counter(filter(None, ids)).items() if times > 1]
    if twice:
        raise IsomorphError(f'{where}: names "{twice[0]}" twice, expected each stimulus once')
    place = {one: at for at, one in enumerate(ids)}
    if lacking := [one for one in stimuli.tolist() if one not in place]:
        raise IsomorphError(
            f"{where}: names {len(names)} stimuli, and {len(lacking)} of the {len(stimuli)} of "
            f'{TABLE} are not among them, "{lacking[0]}" for one; these are other images, or go '
            "by other names"
        )
    return np.array([place[one] for one in stimuli.tolist()], dtype=np.intp)


def ordered(
    inputs: Inputs, variables: Variables, options: InOrder, file: Path
) -> tuple[NDArray[np.intp], int]:
    """Return the row of each stimulus in the arrays of a file, and how many rows these have.

    Names in the file may be of more images than the stimuli are. Without names the rows are those
    of the stimuli alone, in the order that is stated or that numbered ids say.

    Parameters
    ----------
    inputs : Inputs
    variables : Variables
        The arrays of the file.
    options : InOrder
    file : Path

    Raises
    ------
    IsomorphError
        When a stimulus is not named, or named twice, names and the stated order disagree, or
        nothing says the order.
    """
    stimuli, where = stimuli_of(inputs), str(file)
    stated = stated_order(inputs, options)
    key = options.names if options.names in variables else _naming(variables)
    if key is None:
        named = named_order(variables, "", options.names, stimuli, where, TABLE)
        if stated is None and named is None:
            refuse_unsure(variables, "", stimuli, where)
        order = order_of(stated, named, stimuli, where)
        return rows_by_name(order.tolist(), stimuli, where), len(stimuli)
    names = as_names(variables[key])
    if names is None:
        raise IsomorphError(f"{where}: {key}: holds no names, expected one per stimulus")
    rows = rows_by_name(names.tolist(), stimuli, f"{where}: {key}")
    order_of(stated, stimuli[np.argsort(rows)], stimuli, where)  # which refuses another order
    return rows, len(names)


def _naming(variables: Variables) -> str | None:
    """Return the variable that names stimuli in words, by what it is called; None without one."""
    for key in variables:
        if key.rpartition("/")[2] in STIMULUS_KEYS:
            names = as_names(variables[key])
            if names is not None and not all(map(str.isdecimal, names.tolist())):
                return key
    return None


def stated_order(inputs: Inputs, options: InOrder) -> Names | None:
    """Return the stimuli in the order that the options state, None where they state none.

    Raises
    ------
    IsomorphError
        When that is not an order of the stimuli, or its table is not there.
    """

    def find(name: str) -> Path:
        if found := by_name(inputs.beside, name):
            return found[0]
        raise absent("options.order.file", name, inputs.beside)

    stimuli, where = stimuli_of(inputs), f"{inputs.instance}: options.order"
    return ordered_as(options.order, stimuli, TABLE, where, find)[0]

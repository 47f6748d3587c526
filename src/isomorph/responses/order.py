"""The order of stimuli in ready arrays: told by the names in the file, or stated in the study."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError, did_you_mean
from isomorph.foreign import read_table
from isomorph.foreign.natural import by_number
from isomorph.foreign.stored_array import STIMULUS_KEYS, SUBJECT_KEYS
from isomorph.responses.array_values import DESCRIPTORS, as_names
from isomorph.responses.named_arrays import Variables
from isomorph.stimuli.dataset_files import DatasetFiles
from isomorph.stimuli.naming import ids_of, path_id
from isomorph.study.responses import RdmSource
from isomorph.study.stored import OrderTable

Array = npt.NDArray
Names = npt.NDArray[np.str_]
Order = str | Sequence[str] | OrderTable | None


def stated_order(
    files: DatasetFiles, source: RdmSource, stimuli: Names, table: str
) -> tuple[Names | None, list[Path]]:
    """Return the stimuli in the order a study states for a source.

    Parameters
    ----------
    files : DatasetFiles
    source : RdmSource
        Whose `order`.
    stimuli : array of str of shape (stimulus,)
        Ids of the stimulus table.
    table : str
        The stimulus table, for messages.

    Returns
    -------
    ids : array of str of shape (stimulus,) or None
        The first that of the first row of the RDMs; None where the study states no order.
    read : list of Path
        The table that states it, where one does.

    Raises
    ------
    IsomorphError
        When the order is not one of the dataset's stimuli, each once.
    """
    where = f"{files.where}: responses.sources: {source.region}: order"
    return ordered_as(
        source.order,
        stimuli,
        table,
        where,
        lambda name: files.table(name, "responses.sources.order.file"),
    )


def ordered_as(
    order: Order, stimuli: Names, table: str, where: str, find: Callable[[str], Path]
) -> tuple[Names | None, list[Path]]:
    """Return the stimuli in the order that settings state, and the table that states it.

    Parameters
    ----------
    order : str, sequence of str, OrderTable or None
    stimuli, table
        See `stated_order`.
    where : str
        The setting, for messages.
    find : callable
        Returns the table of a name.

    Raises
    ------
    IsomorphError
        When the order is not one of the stimuli, each once.
    """
    if order is None or order == "table":
        return None if order is None else stimuli, []
    if order == "numbers":
        if lacking := [name for name in stimuli if not any(map(str.isdecimal, name))]:
            raise IsomorphError(
                f'{where}: "{lacking[0]}" holds no number to order it by; give a list of the ids'
            )
        return np.array(sorted(stimuli.tolist(), key=by_number), dtype=np.str_), []
    if isinstance(order, OrderTable):
        file = find(order.file)
        names = read_table(file, order.column)[order.column].to_numpy(dtype=np.str_)
        return matched(names, stimuli, f"{file}: {order.column}", table), [file]
    return matched(np.array(order, dtype=np.str_), stimuli, where, table), []


def named_order(
    variables: Variables, besides: str, named: str | None, stimuli: Names, where: str, table: str
) -> Names | None:
    """Return the stimuli in the order in which a file names them, None where it names none.

    Parameters
    ----------
    variables : Variables
        The arrays of the file.
    besides : str
        The one that holds the RDMs.
    named : str or None
        The variable that names them; unless given, those of `STIMULUS_KEYS`, and any other that
        holds the ids, whatever it is called. Ids that are mere numbers may be a rank as well, so
        that they name stimuli under those keys alone.
    stimuli : array of str of shape (stimulus,)
        Ids of the stimulus table.
    where, table : str
        The file and the stimulus table, for messages.

    Returns
    -------
    array of str of shape (stimulus,) or None
        Ids, the first that of the first row of the RDMs.

    Raises
    ------
    IsomorphError
        When the names are not those of the stimuli, each once, or two variables disagree.
    """
    if named is not None and named not in variables:
        raise IsomorphError(f'{where}: no variable "{named}", {did_you_mean(named, variables)}')
    found: dict[str, Names] = {}
    for key in [named] if named is not None else _naming(variables, besides, len(stimuli)):
        names = as_names(variables[key])
        if names is None:
            if named is not None:
                raise IsomorphError(f"{where}: {key}: holds no names, expected one per stimulus")
            continue
        own = key.rpartition("/")[2] in STIMULUS_KEYS
        ids = _are(names, stimuli) and (_describes_stimuli(key) or not _numbers(names))
        if ids or key == named or (own and not only_counts(names)):
            found[key] = matched(names, stimuli, f"{where}: {key}", table)
    first = next(iter(found), None)
    for key, order in found.items():
        if (order != found[str(first)]).any():
            raise IsomorphError(
                f"{where}: {first} and {key} name the stimuli in different orders; say which "
                "counts with `names`"
            )
    return None if first is None else found[first]


def refuse_unsure(variables: Variables, besides: str, stimuli: Names, where: str) -> None:
    """Refuse a file that may say the order of the stimuli in another way than is understood.

    By numbers that may be ids and stand in another order than the table's, or by texts, all
    different and one for each row, that are no stimuli's names.

    Raises
    ------
    IsomorphError
        When nothing else says the order, and the study must say whether these do.
    """
    for key in _naming(variables, besides, len(stimuli)):
        names = as_names(variables[key])
        if names is None or only_counts(names):
            continue
        if not _are(names, stimuli):
            if _describes_stimuli(key) or _numbers(names) or _of_others(key):
                continue
            if len(set(names.tolist())) == len(stimuli):
                ids = dict(
                    zip(names.tolist(), ids_of(names.tolist(), stimuli.tolist()), strict=True)
                )
                odd = next((one for one in ids if not ids[one]), str(names[0]))
                raise IsomorphError(
                    f'{where}: {key} holds a text for each of {len(stimuli)} stimuli, and "{odd}" '
                    "is none of their names; where these name the stimuli call them as the "
                    "stimulus table does, else state the `order`"
                )
        elif ids_of(names.tolist(), stimuli.tolist()) != stimuli.tolist():
            raise IsomorphError(
                f"{where}: {key} holds the ids of all stimuli in another order than the stimulus "
                f"table; state `names: {key}` where that is the order of the rows, or else `order`"
            )


def _of_others(key: str) -> bool:
    """Tell whether a variable names subjects or RDMs."""
    return key in SUBJECT_KEYS or key.startswith(DESCRIPTORS[1])


def _naming(variables: Variables, besides: str, n_stimuli: int) -> Iterator[str]:
    """Yield the variables that may name stimuli."""
    for key in variables:
        if _describes_stimuli(key) or (key != besides and variables.sizes[key] == n_stimuli):
            yield key


def _describes_stimuli(key: str) -> bool:
    return key in STIMULUS_KEYS or key.startswith(DESCRIPTORS[0])


def _numbers(names: Names) -> bool:
    """Tell whether names are mere numbers."""
    return all(map(str.isdecimal, names.tolist()))


def _are(names: Names, stimuli: Names) -> bool:
    """Tell whether names are those of all the stimuli, each once."""
    return sorted(ids_of(names.tolist(), stimuli.tolist())) == sorted(stimuli.tolist())


def only_counts(names: Names) -> bool:
    """Tell whether names do no more than count up, from 0 or from 1: that says no order."""
    return any(names.tolist() == [str(first + n) for n in range(len(names))] for first in (0, 1))


def matched(names: Names, stimuli: Names, where: str, table: str) -> Names:
    """Return the id of each name; the names must be those of all the stimuli, each once.

    Raises
    ------
    IsomorphError
        Saying which is not, or how many there are.
    """
    if len(names) != len(stimuli):
        raise IsomorphError(
            f"{where}: names {len(names)} stimuli, expected the {len(stimuli)} of {table}"
        )
    ids = ids_of(names.tolist(), stimuli.tolist())
    times = Counter(ids)
    for name, one in zip(names.tolist(), ids, strict=True):
        if not one:
            raise IsomorphError(
                f'{where}: "{name}" is not a stimulus of {table}, '
                f"{did_you_mean(path_id(name), stimuli.tolist()[:2000])}"
            )
        if times[one] > 1:
            raise IsomorphError(f'{where}: names "{one}" twice, expected each stimulus once')
    return np.array(ids, dtype=np.str_)


def order_of(stated: Names | None, named: Names | None, stimuli: Names, where: str) -> Names:
    """Return the stimuli in the order of the RDMs of a file.

    Ids that are numbered through, such as im01 to im12, say their order themselves. Others, and
    numbers without leading zeros, which stand otherwise by name than by number, do not.

    Parameters
    ----------
    stated, named : arrays of str of shape (stimulus,) or None
        The order the study states, and that of the names in the file.
    stimuli : array of str of shape (stimulus,)
        Ids of the stimulus table.
    where : str
        The file, for messages.

    Raises
    ------
    IsomorphError
        When the two disagree, or there is neither and ids do not say it.
    """
    if stated is not None and named is not None and (stated != named).any():
        place = int(np.argmax(stated != named))
        raise IsomorphError(
            f'{where}: names "{named[place]}" as stimulus {place + 1}, where `order` says '
            f'"{stated[place]}"; leave `order` out, the names in the file are enough'
        )
    given = named if named is not None else stated
    if given is not None:
        return given
    if is_numbered(stimuli.tolist()):
        return stimuli
    numbered = sorted(stimuli.tolist(), key=by_number)
    differs = [(a, b) for a, b in zip(stimuli.tolist(), numbered, strict=True) if a != b]
    why = f'; by name "{differs[0][0]}" comes where by number "{differs[0][1]}" does' if (
        differs and _one_series(numbered)) else ""  # fmt: skip
    raise IsomorphError(
        f"{where}: names no stimuli, so nothing says in which order it has them{why}; state "
        "it with `order` (table, numbers, a list of ids or a table), or keep the names in the file "
        f"({STIMULUS_KEYS[1]})"
    )


def is_numbered(stimuli: Sequence[str]) -> bool:
    """Tell whether ids are one series of numbers, and stand in its order."""
    return _one_series(stimuli) and sorted(stimuli, key=by_number) == list(stimuli)


def _one_series(stimuli: Sequence[str]) -> bool:
    """Tell whether ids differ in one number alone."""
    pieces = [by_number(name) for name in stimuli]
    if len({len(one) for one in pieces}) != 1:
        return False
    varied = [place for place, values in enumerate(zip(*pieces, strict=True))
              if len(set(values)) > 1]  # fmt: skip
    return len(varied) == 1 and all(one[varied[0]][0] == 0 for one in pieces)


def subjects_first(
    variables: Mapping[str, Array], subjects: Sequence[str]
) -> npt.NDArray[np.int64] | None:
    """Return the place of each subject in a file that names the same subjects, else None."""
    for key in variables:
        if key in SUBJECT_KEYS or key.removeprefix(DESCRIPTORS[1]) in SUBJECT_KEYS:
            names = as_names(variables[key])
            if names is not None and sorted(names.tolist()) == sorted(subjects):
                return np.array([names.tolist().index(one) for one in subjects])
    return None

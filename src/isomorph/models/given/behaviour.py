"""Judgements of people in a table, as the RDM that a model would predict of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from isomorph.errors import IsomorphError, did_you_mean
from isomorph.foreign import read_table
from isomorph.foreign.natural import by_number
from isomorph.models.given.arrangements import rdm_of_arrangements
from isomorph.models.given.files import file_of, options_of, place_of_seed, stimuli_of
from isomorph.models.given.ratings import rdm_of_ratings
from isomorph.models.given.ready import ReadyRdms
from isomorph.models.given.triplets import rdm_of_triplets
from isomorph.models.source import Inputs, Request
from isomorph.registry import Registry
from isomorph.stimuli.naming import ids_or_names
from isomorph.study.given import AS_GIVEN, BehaviourOptions


@dataclass(frozen=True)
class Task:
    """What people did, and how an RDM comes of it.

    Attributes
    ----------
    title : str
    rdm : callable
        From a table, the names of the stimuli and the options of the model to a matrix with these.
    stimuli : tuple of str
        Columns that name stimuli.
    columns : tuple of str
        Others that it must have.
    known : tuple of str
        Others that it may have.
    """

    title: str
    rdm: Callable[[pd.DataFrame, list[str], BehaviourOptions], pd.DataFrame]
    stimuli: tuple[str, ...]
    columns: tuple[str, ...] = ()
    known: tuple[str, ...] = ("participant",)


LOOKED_AT = 20_000_000
"""Bytes of a table that is read before anything runs."""

TASKS: Registry[Task] = Registry(
    "task",
    {
        "ratings": Task(
            "pairs rated, the mean over raters",
            lambda table, names, said: rdm_of_ratings(
                table, names, scale=said.scale, most=said.most
            ),
            ("first", "second"),
            ("rating",),
        ),
        "triplets": Task(
            "odd one out of three, 1 - P(the pair that is left | both shown)",
            lambda table, names, _: rdm_of_triplets(table, names),
            ("first", "second", "odd"),
            known=("third", "participant"),
        ),
        "arrangement": Task(
            "multiple arrangements, the evidence-weighted average of rescaled distances",
            lambda table, names, _: rdm_of_arrangements(table, names),
            ("stimulus",),
            ("trial", "x", "y"),
        ),
    },
    "isomorph.tasks",
    Task,
)
"""From judgements to RDMs, by the option `task`."""


def look(request: Request) -> None:
    """Refuse a table without the columns of its task; of a long one only a run finds out.

    Raises
    ------
    IsomorphError
        Naming the column and those that there are.
    """
    file, said = file_of(request), options_of(request, BehaviourOptions)
    if file.stat().st_size <= LOOKED_AT:
        _table(file, TASKS[said.task], said)


def rdms(inputs: Inputs) -> ReadyRdms:
    """Return the RDM of a table of judgements.

    Parameters
    ----------
    inputs : Inputs
        Named `behaviour/<table>`, a row per judgement.

    Raises
    ------
    IsomorphError
        When the table is not there or not of the task, pairs of stimuli have no judgement, or
        participants and seeds are not as many.
    """
    file, said = file_of(inputs), options_of(inputs, BehaviourOptions)
    task = TASKS[said.task]
    table = _table(file, task, said)
    names = stimuli_of(inputs).tolist()
    shown = [*task.stimuli, *(one for one in ("third",) if one in table)]
    for column in shown:
        table[column] = ids_or_names(table[column], names)
    if said.by_seed:
        if "participant" not in table:
            raise IsomorphError(
                f'{file}: no column "participant", which participants: seeds asks for, '
                f"{did_you_mean('participant', table.columns)}"
            )
        people = sorted(table["participant"].unique().tolist(), key=by_number)
        who = people[place_of_seed(inputs, len(people), "participants")]
        table = table[table["participant"] == who].reset_index(drop=True)
    try:
        square = task.rdm(table, names, said)
    except IsomorphError as error:
        raise IsomorphError(f"{file}: {error}") from error
    vector = square.to_numpy()[np.triu_indices(len(names), k=1)]
    return ReadyRdms({said.task: vector}, AS_GIVEN, {"judged": task.title})


def _table(file: Path, task: Task, said: BehaviourOptions) -> pd.DataFrame:
    """Return the table with its columns called as the task calls them."""
    own = (*task.stimuli, *task.columns, *task.known)
    if stray := [name for name in said.columns if name not in own]:
        raise IsomorphError(
            f'{file}: options.columns: "{stray[0]}" is nothing that {said.task} takes, '
            f"{did_you_mean(stray[0], own)}"
        )
    needed = [said.columns.get(name, name) for name in (*task.stimuli, *task.columns)]
    table = read_table(file, *needed)
    if lacking := [name for name in said.columns.values() if name not in table]:
        raise IsomorphError(
            f'{file}: options.columns: no column "{lacking[0]}", '
            f"{did_you_mean(lacking[0], table.columns)}"
        )
    taken = set(said.columns.values())
    read = {name: said.columns.get(name, name) for name in own
            if name in said.columns or name not in task.known or name not in taken}  # fmt: skip
    if twice := [one for one, times in Counter(read.values()).items() if times > 1]:
        raise IsomorphError(
            f'{file}: options.columns: "{twice[0]}" is read twice, as '
            f"{' and as '.join(name for name in read if read[name] == twice[0])}; each has a "
            "column of its own"
        )
    renamed = {value: key for key, value in said.columns.items()}
    return table[[name for name in read.values() if name in table]].rename(columns=renamed)

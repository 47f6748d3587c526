"""Tables of events of a BIDS folder: what was shown, how often, and in how many runs."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from isomorph.beginning.columns import (
    Named,
    groups_of,
    least_of,
    presentations,
    said_of_one,
    stimulus_columns,
)
from isomorph.beginning.draft import MODELS, ModelFile, groups_model, groups_wanted
from isomorph.beginning.images import Images, ids_of_all, images_of
from isomorph.beginning.place import Place
from isomorph.beginning.setting import Setting
from isomorph.errors import IsomorphError
from isomorph.foreign import read_tsv
from isomorph.foreign.entities import parse

if TYPE_CHECKING:
    import pandas as pd

ENDING = "_events.tsv"
MOST = 400
"""Tables of events that are read; where there are more, the others are taken to be alike."""

TIMES = frozenset({"onset", "duration", "sample", "response_time", "trial", "trial_number", "run"})
"""Columns of events that name no stimulus, whatever is in them."""


@dataclass(frozen=True)
class Events:
    """What tables of events say.

    Attributes
    ----------
    tables : mapping of str to DataFrame
        By path.
    columns : mapping of str to list of str
        Those that may name stimuli, all tables one after another.
    named : Named
        The one that most likely does.
    others : tuple of str
        Columns that may as well.
    """

    tables: Mapping[str, pd.DataFrame]
    columns: Mapping[str, list[str]]
    named: Named
    others: tuple[str, ...]

    @property
    def said(self) -> str:
        """How many presentations there are, of how many stimuli, and how often they come."""
        said = presentations(self.named.counts.values())
        gaps = [np.diff(np.sort(_numbers(table["onset"]))) for table in self.tables.values()]
        every = np.concatenate(gaps)
        every = every[every > 0]
        return said + (f", one every {np.median(every):.3g} s" if len(every) else "")

    @property
    def in_runs(self) -> int:
        """In how many tables of one person the stimulus of fewest stands."""
        return self._least(set)

    @property
    def repetitions(self) -> int:
        """How often one person is shown the stimulus that comes least often."""
        return self._least(list)

    def _least(self, once: Callable[[Iterable[str]], Iterable[str]]) -> int:
        people: dict[str, Counter[str]] = defaultdict(Counter)
        for path, table in self.tables.items():
            shown = (str(one).strip() for one in table[self.named.column])
            people[str(parse(path).entities.get("sub", ""))].update(
                one for one in once(shown) if one in self.named.counts
            )
        return min((least_of(one) for one in people.values() if one), default=0)

    @property
    def choose(self) -> str:
        """What else may name the stimuli, for the comment."""
        if not self.others:
            return ""
        return f"the column that names the stimuli; also there: {', '.join(self.others)}"


@dataclass(frozen=True)
class Conditions:
    """Stimuli that events name, with images or without.

    Attributes
    ----------
    images : Images or None
    stimuli : tuple of Setting
    models : tuple of str
    own : tuple of ModelFile
    tables : mapping of str to str
        To be written.
    decide : tuple of str
    names : tuple of str
        Ids of the stimuli.
    """

    images: Images | None
    stimuli: tuple[Setting, ...]
    models: tuple[str, ...]
    own: tuple[ModelFile, ...]
    tables: Mapping[str, str]
    decide: tuple[str, ...]
    names: tuple[str, ...]


def events_of(place: Place, task: str | int | None) -> Events:
    """Read the tables of events of a task.

    Raises
    ------
    IsomorphError
        When there are none, or none of their columns names stimuli.
    """
    tables = {
        path: read_tsv(place.at(path), "onset")
        for path in place.beside(ENDING)[:MOST]
        if task is None or parse(path).entities.get("task") == task
    }
    if not tables:
        of = "" if task is None else f" of task {task}"
        raise IsomorphError(
            f"{place.folder}: holds no table of events{of} (*_events.tsv); put them beside the "
            "recordings, as BIDS has it"
        )
    shared = set.intersection(*(set(map(str, table)) for table in tables.values()))
    columns = {
        name: [cell for one in tables.values() for cell in one[name]]
        for name in sorted(shared - TIMES)
    }
    candidates = stimulus_columns(columns, ids_of_all(place))
    if not candidates:
        raise IsomorphError(
            f"{place.at(next(iter(tables)))}: no column names two stimuli "
            f"({', '.join(sorted(shared))}); {said_of_one(columns) or 'add trial_type'}"
        )
    return Events(tables, columns, candidates[0], tuple(one.column for one in candidates[1:]))


def conditions_of(place: Place, events: Events, pattern: str) -> Conditions:
    """Return the stimuli of events: images that are called so, else the conditions themselves.

    Parameters
    ----------
    place : Place
    events : Events
    pattern : str
        Of the tables, with `{subject}`.
    """
    named = events.named
    images = images_of(place, list(named.counts)) if named.known else None
    if images is not None:
        own = (groups_model(images.groups),) if images.groups else ()
        return Conditions(images, images.settings(), MODELS, own, {}, (), images.ids)
    names = tuple(sorted(named.counts))
    stimuli = (
        Setting("kind", "conditions"),
        Setting("files", pattern, note="no images are here, so stimuli are the conditions that "
                "events name; put the folder of the images beside them to compare networks"),
        Setting("column", named.column),
        *((Setting("without", list(named.blank)),) if named.blank else ()),
    )  # fmt: skip
    if groups := groups_of(events.columns, named.column, named.blank):
        fields = Setting("fields", groups, note="what else events say of a condition")
        return Conditions(None, (*stimuli, fields), (), (groups_model(groups),), {}, (), names)
    model, tables, decide = groups_wanted(names)
    described = Setting("descriptions", "{name}.stimuli.csv", decide)
    return Conditions(None, (*stimuli, described), (), (model,), tables, (decide,), names)


def _numbers(column: pd.Series) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    import pandas as pd

    return pd.to_numeric(column, errors="coerce").dropna().to_numpy(dtype=float)

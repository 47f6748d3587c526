"""The stimulus table: one row per stimulus, each under a name of its own, duplicates marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from isomorph.errors import IsomorphError
from isomorph.saying import say
from isomorph.shown import is_plain
from isomorph.stimuli.near_duplicates import Thumbnail, near_duplicates
from isomorph.stimuli.stimulus import Stimulus, renamed


def refuse_odd(stimuli: Sequence[Stimulus], source: str) -> None:
    """Refuse stimuli of which there are none, or two of one name, or one that cannot be seen.

    Parameters
    ----------
    stimuli : sequence of Stimulus
    source : str
        The file that says which they are, for messages.

    Raises
    ------
    IsomorphError
        Naming the first such name.
    """
    if not stimuli:
        raise IsomorphError(f"{source}: stimuli: there is not one stimulus")
    for one in stimuli:
        if not is_plain(one.name):
            raise IsomorphError(
                f'{source}: stimuli: "{one.name}" holds a character that cannot be seen, which no '
                "name of a stimulus may; rename it"
            )
    names = pd.Series([one.name for one in stimuli])
    if len(twice := names[names.duplicated()]):
        raise IsomorphError(
            f'{source}: stimuli: two are named "{twice.iloc[0]}"; the name of each must be its own'
        )


def with_own_columns(stimuli: Sequence[Stimulus], dataset: str) -> list[Stimulus]:
    """Return stimuli none of whose descriptive columns is one isomorph writes, and say which was.

    Columns keep the place they have.
    """
    every = dict.fromkeys(name for one in stimuli for name in one.described)
    others = renamed(every, dataset)
    for name, other in others.items():
        say(
            f'{dataset}: the column "{name}" is kept as "{other}", for isomorph writes one of that '
            "name itself"
        )
    return [
        replace(one, described={others.get(k, k): value for k, value in one.described.items()})
        for one in stimuli
    ]


def stimulus_table(
    rows: Sequence[dict[str, object]],
    thumbnails: Sequence[Thumbnail | None],
    dataset: str,
    within: str = "",
) -> pd.DataFrame:
    """Return the table of all stimuli, with duplicates marked and reported.

    Frames of one film look alike as long as nothing moves, and are told apart by their time:
    marked as duplicates they would all become one group. Frames of two films are marked.

    Parameters
    ----------
    rows : sequence of dict
        A row per stimulus, in stimulus order.
    thumbnails : sequence of ndarray or None
        Of each image, see `isomorph.stimuli.near_duplicates.thumbnail`.
    dataset : str
        Its name, for what is said.
    within : str, optional
        Column of the film that each stimulus is a frame of.
    """
    table = pd.DataFrame(rows).astype({"width": "Int64", "height": "Int64"})
    film = table[within] if within else table["stimulus"]
    first = table.groupby("sha256")["stimulus"].transform("first")
    again = (table["sha256"] != "") & (first != table["stimulus"])
    again &= film.groupby(table["sha256"]).transform("first") != film
    table["duplicate_of"] = first.where(again, "")
    _say_pairs(dataset, table, "duplicate_of", "have exactly the pixels of another")
    table["near_duplicate_of"] = _near(
        thumbnails, again.tolist(), table["stimulus"].tolist(), film.tolist()
    )
    _say_pairs(dataset, table, "near_duplicate_of", "look like another")
    return table


def _near(
    thumbnails: Sequence[Thumbnail | None],
    again: Sequence[bool],
    names: Sequence[str],
    films: Sequence[str],
) -> list[str]:
    """Return the stimulus each looks like, '' for none; exact duplicates have that said already."""
    near = [""] * len(names)
    seen = {
        place: small
        for place, (small, twice) in enumerate(zip(thumbnails, again, strict=True))
        if small is not None and not twice
    }
    if seen:
        places = list(seen)
        film = np.unique(np.array(films)[places], return_inverse=True)[1]
        found = near_duplicates(np.stack(list(seen.values())), film)
        for place, other in zip(places, found, strict=True):
            near[place] = names[places[other]] if other >= 0 else ""
    return near


def _say_pairs(dataset: str, table: pd.DataFrame, column: str, what: str) -> None:
    """Say which stimuli are like another; '' marks those that are like none."""
    both = zip(table["stimulus"], table[column], strict=True)
    pairs = [f"{one} = {other}" for one, other in both if other]
    if pairs:
        say(
            f"{dataset}: {len(pairs)} stimuli {what}: "
            + ", ".join(pairs[:5])
            + (", …" if len(pairs) > 5 else "")
        )

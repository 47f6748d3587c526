"""The images that were shown, and the table that describes them, where they stand in a folder."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from isomorph.beginning.columns import groups_of
from isomorph.beginning.place import Place
from isomorph.beginning.setting import Setting
from isomorph.errors import IsomorphError
from isomorph.foreign import read_table
from isomorph.saying import count
from isomorph.stimuli.naming import IMAGE_ENDINGS, composed, id_of

FEWEST = 3
"""Images below it are an illustration, no set of stimuli."""


@dataclass(frozen=True)
class Images:
    """Images of one kind in one folder.

    Attributes
    ----------
    pattern : str
        Glob pattern of their files.
    ids : tuple of str
        What the stimuli are called.
    table : str
        The table that describes each of them, '' for none.
    id : str
        Its column of ids.
    groups : tuple of str
        Its columns whose values several stimuli share.
    others : tuple of str
        Patterns of other images here.
    """

    pattern: str
    ids: tuple[str, ...]
    table: str = ""
    id: str = "stimulus"
    groups: tuple[str, ...] = ()
    others: tuple[str, ...] = ()

    def settings(self) -> tuple[Setting, ...]:
        """Return the `stimuli` of a dataset."""
        said = f"{count(len(self.ids), 'image')}, {self.ids[0]} to {self.ids[-1]}"
        other = f"which images were shown; also here: {', '.join(self.others)}"
        found = [
            Setting("kind", "folder"),
            Setting("files", self.pattern, other if self.others else "", said),
        ]
        if self.table:
            found.append(Setting("table", self.table))
            found += [Setting("id", self.id)] if self.id != "stimulus" else []
        return tuple(found)

    @property
    def files(self) -> list[str]:
        """Patterns of what they are read from."""
        return [self.pattern, *([self.table] if self.table else [])]


def images_of(place: Place, names: Collection[str] = (), size: int = 0) -> Images | None:
    """Return the images that were shown, None where none are here.

    Parameters
    ----------
    place : Place
    names : collection of str
        What a recording calls them; the images that have most of these names are taken, and none
        where no image has one. Unless given, those of which there are most.
    size : int
        How many there must be; any number unless given.
    """
    groups = _groups(place)
    if size:
        groups = {pattern: ids for pattern, ids in groups.items() if len(ids) == size}
    if names:
        named = {
            pattern: sum(bool(id_of(name, set(ids))) for name in names)
            for pattern, ids in groups.items()
        }
        groups = {pattern: ids for pattern, ids in groups.items() if named[pattern]}
        best = max(groups, key=lambda one: (named[one], -len(groups[one])), default=None)
    else:
        best = max(groups, key=lambda one: len(groups[one]), default=None)
    if best is None:
        return None
    others = tuple(sorted(one for one in groups if one != best))
    ids = groups[best]
    for table, column, shared in _tables(place, ids):
        return Images(best, ids, table, column, shared, others)
    return Images(best, ids, others=others)


def ids_of_all(place: Place) -> set[str]:
    """Return the ids that any images here would have."""
    return {one for ids in _groups(place).values() for one in ids}


def _groups(place: Place) -> dict[str, tuple[str, ...]]:
    """Return ids of the images by the pattern of their files, those of few left out."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in place.beside(*IMAGE_ENDINGS):
        pure = PurePosixPath(path)
        parent = "" if str(pure.parent) == "." else f"{pure.parent}/"
        found[f"{parent}*{pure.suffix}"].add(composed(pure.stem))
    return {
        pattern: tuple(sorted(ids)) for pattern, ids in sorted(found.items()) if len(ids) >= FEWEST
    }


def _tables(place: Place, ids: tuple[str, ...]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Yield tables with a row for each of the stimuli, and their columns of ids and of groups."""
    known = set(ids)
    for path in place.beside(".csv", ".tsv"):
        try:
            table = read_table(place.at(path))
        except IsomorphError:
            continue  # a table of something else
        if len(table) != len(ids) or len(table.columns) < 2:
            continue
        for column in table:
            if {id_of(one, known) or composed(one) for one in table[column]} == known:
                columns = {str(name): table[name].tolist() for name in table}
                yield path, str(column), tuple(groups_of(columns, str(column)))
                break

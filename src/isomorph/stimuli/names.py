"""What the names in a dataset's recordings stand for, and which of them are misspelt."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from isomorph.errors import IsomorphError
from isomorph.stimuli.naming import Naming, Texts, path_id

FEWEST = 4
"""Letters of a word in which one wrong letter is a slip and not another word."""


@dataclass(frozen=True)
class Names:
    """What the names that the recordings of one subject use stand for.

    Attributes
    ----------
    naming : Naming or None
        Stimulus by name; None where nobody knows yet, and every name is taken for a stimulus.
    stimuli : array of str of shape (stimulus,)
        Ids of the stimulus table, in its order; empty where nobody knows yet.
    table : str
        The stimulus table, for messages.
    rows : DataFrame or None
        The stimulus table with what describes the stimuli, such as the ends of bins; None where
        nobody knows yet.
    asked : dict of str to (str, Path)
        Every name that was asked for so far, with its stimulus ('' for none) and the first file
        that used it.
    """

    naming: Naming | None
    stimuli: npt.NDArray
    table: str
    rows: pd.DataFrame | None = field(default=None, compare=False, repr=False)
    asked: dict[str, tuple[str, Path]] = field(default_factory=dict, compare=False, repr=False)

    def ids(self, file: Path, names: npt.NDArray) -> Texts:
        """Return the stimulus of each name in a file, see `isomorph.stimuli.naming.Naming.ids`."""
        given = np.asarray(names, dtype=np.str_)
        found = given if self.naming is None else self.naming.ids(file, given)
        for name, stimulus in dict(zip(given.tolist(), found.tolist(), strict=True)).items():
            if name:
                self.asked.setdefault(name, (stimulus, file))
        return found

    def ids_or_names(self, file: Path, names: npt.NDArray) -> Texts:
        """Return the stimulus of each name in a file, or the name itself where it is of none.

        A name that is kept can be shown where presentations are counted and refused.
        """
        ids = self.ids(file, names)
        return np.where(ids != "", ids, names)

    def has(self, labels: npt.NDArray) -> npt.NDArray[np.bool_]:
        """Tell which labels are stimuli of the set (presentation,)."""
        return labels != "" if self.naming is None else np.isin(labels, self.stimuli)

    def afresh(self) -> Names:
        """Return the same with nothing asked yet, for another subject."""
        return Names(self.naming, self.stimuli, self.table, self.rows)

    def lacking(self) -> list[str]:
        """Return the names that were asked for and are those of no stimulus."""
        return [name for name, (stimulus, _) in self.asked.items() if not stimulus]

    def refuse_misspelt(self) -> None:
        """Refuse names that are a slip away from a stimulus that is never shown.

        Presentations of other stimuli than those of the set do not count, so that a slip would
        silently take them away. Images inside recordings have a table of names; a name that is not
        in it was left out on purpose.

        Raises
        ------
        IsomorphError
            Naming the first, and the stimulus it may mean.
        """
        if self.naming is None or self.naming.by_file:
            return
        shown = {stimulus for stimulus, _ in self.asked.values()}
        unseen = [one for one in self.stimuli.tolist() if one not in shown]
        _refuse(misspelt(self.lacking(), unseen), lambda name: self.asked[name][1], self.table)


def refuse_misspelt(labels: npt.NDArray, stimuli: npt.NDArray, file: Path, table: str) -> None:
    """Refuse labels of presentations that are a slip away from a stimulus that is never shown.

    Parameters
    ----------
    labels : array of str of shape (presentation,)
        Ids of stimuli, '' for none.
    stimuli : array of str of shape (stimulus,)
        Ids of the stimulus table.
    file : Path
        Whose labels they are, for the message.
    table : str
        The stimulus table, for the message.

    Raises
    ------
    IsomorphError
        See `Names.refuse_misspelt`.
    """
    shown, known = set(labels.tolist()) - {""}, stimuli.tolist()
    unseen = [one for one in known if one not in shown]
    _refuse(misspelt(sorted(shown - set(known)), unseen), lambda _: file, table)


def _refuse(slips: Mapping[str, str], file_of: Callable[[str], Path], table: str) -> None:
    for name, meant in slips.items():
        more = f", and likewise for {len(slips) - 1} other names" if len(slips) > 1 else ""
        raise IsomorphError(
            f'{file_of(name)}: shows "{name}", which is not a stimulus of {table}, and never '
            f'"{meant}", which is one{more}; did you mean "{meant}"? If not, leave its '
            "presentations out of the table, or by `blank`, `without` or `where`"
        )


def unknown(table: str) -> Names:
    """Return names of which nobody knows yet what they stand for."""
    return Names(None, np.zeros(0, dtype=np.str_), table)


def names_from(ids: Iterable[str], table: str, rows: pd.DataFrame | None = None) -> Names:
    """Return what names stand for where a name is the id of a stimulus, or the path of its image.

    Parameters
    ----------
    ids : iterable of str
        All stimuli, in their order.
    table : str
        The stimulus table, for messages.
    rows : DataFrame, optional
        The table itself.
    """
    known = np.array(list(ids), dtype=np.str_)
    return Names(Naming(frozenset(known.tolist()), {}, {}, Path(), table), known, table, rows)


def misspelt(names: Iterable[str], stimuli: Iterable[str]) -> dict[str, str]:
    """Return the names that are a slip away from a stimulus, each with that stimulus.

    A slip is another case, other signs between words, leading zeros, or one letter of a word too
    many, too few, wrong or in its neighbour's place. Other numbers are not slips: `face_12` is
    another face than `face_11`.

    Parameters
    ----------
    names : iterable of str
        Names of no stimulus.
    stimuli : iterable of str
        Stimuli they may mean.

    Examples
    --------
    >>> misspelt(["Face_1.png", "chiar", "face_12"], ["face_01", "chair", "face_11"])
    {'Face_1.png': 'face_01', 'chiar': 'chair'}
    """
    meant: dict[object, str] = {}
    for one in stimuli:
        for key in _keys(one):
            meant.setdefault(key, one)
    found = {}
    for name in names:
        near = next((meant[key] for key in _keys(name) if key in meant), None)
        if near is not None:
            found[name] = near
    return found


def _keys(name: str) -> Iterator[object]:
    """Yield what a name shares with each that is a slip away."""
    plain = path_id(name).casefold()
    numbers = tuple(number.lstrip("0") for number in re.findall(r"\d+", plain))
    words = re.findall(r"[^\W\d_]+", plain)
    yield numbers, "".join(words)
    for place, word in enumerate(words):
        others = (*words[:place], "", *words[place + 1 :])
        if len(word) >= FEWEST - 1:
            yield numbers, others, word
        if len(word) >= FEWEST:
            for letter in range(len(word)):
                yield numbers, others, word[:letter] + word[letter + 1 :]

"""Names recordings use, and the stimuli they stand for; the two need not agree between files."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from isomorph.errors import IsomorphError, did_you_mean
from isomorph.saying import say

Texts = npt.NDArray[np.str_]


@dataclass(frozen=True)
class Naming:
    """Which stimulus each name stands for.

    Attributes
    ----------
    stimuli : frozenset of str
        Ids of the stimulus table.
    by_file : mapping of str to mapping of str to str
        Stimulus by name, by file relative to `root`; empty where a name is its own id.
    common : mapping of str to str
        Stimulus by name in a file that holds no images itself; '' where the others disagree.
    root : Path
        The folder the files of the dataset stand in.
    where : str
        The table of names, for messages.
    """

    stimuli: frozenset[str]
    by_file: Mapping[str, Mapping[str, str]]
    common: Mapping[str, str]
    root: Path
    where: str

    def ids(self, file: Path, names: npt.NDArray) -> Texts:
        """Return the stimulus each name stands for in one file.

        Parameters
        ----------
        file : Path
            The recording that uses the names, as `find_files` gives it.
        names : array of str of shape (presentation,)
            Names, '' for none.

        Returns
        -------
        array of str of shape (presentation,)
            Stimulus ids; '' where a name is not a stimulus of the set.

        Raises
        ------
        IsomorphError
            When the file holds no images of its own and one of its names stands for different
            images in others.
        """
        plain = [composed(str(name)) for name in np.asarray(names, dtype=np.str_)]
        distinct, place = np.unique(np.array(plain, dtype=np.str_), return_inverse=True)
        found = np.array([self._id(file, str(name)) for name in distinct], dtype=np.str_)
        self._say_missing(file, distinct[(distinct != "") & (found == "")])
        return found[place.reshape(-1)]

    def _say_missing(self, file: Path, names: Texts) -> None:
        """Say which names have no stimulus, and what the nearest are called."""
        if not len(names):
            return
        shown = ", ".join(f'"{name}"' for name in names[:3]) + (", …" if len(names) > 3 else "")
        near = did_you_mean(path_id(str(names[0])), sorted(self.stimuli)[:2000])
        if self.by_file:  # an image that was left out on purpose: nothing else was meant
            near = "their presentations do not count"
        elif not near.startswith("did"):
            near = f'stimuli are called "{min(self.stimuli)}" and so on'
        say(f"{file}: {len(names)} names are those of no stimulus of {self.where}: {shown}; {near}")

    def _id(self, file: Path, name: str) -> str:
        if not self.by_file:
            return next((one for one in (name, path_id(name)) if one in self.stimuli), "")
        try:
            own = self.by_file.get(file.relative_to(self.root).as_posix())
        except ValueError:  # a recording of another dataset that borrows these stimuli
            own = None
        if own is not None:
            return own.get(name, "")
        stimulus = self.common.get(name)
        if stimulus == "":
            raise IsomorphError(
                f'{file}: uses the name "{name}", which stands for different images in different '
                f"files of {self.where}, and holds no images itself; name it in stimuli.files if "
                "it has some, or leave it out of responses.files"
            )
        return stimulus or ""


def naming(stimuli: Iterable[str], table: pd.DataFrame, root: Path, where: str) -> Naming:
    """Return what the names stand for that recordings give to the images inside them.

    Parameters
    ----------
    stimuli : iterable of str
        Ids of the stimulus table.
    table : DataFrame
        What each `file` calls the stimuli: its `name`, the `stimulus`.
    root : Path
        The folder the files' paths count from.
    where : str
        The table, for messages.
    """
    table = table.assign(name=[composed(str(name)) for name in table["name"]])
    common = {
        str(name): str(ids.iloc[0]) if ids.nunique() == 1 else ""
        for name, ids in table.groupby("name")["stimulus"]
    }
    by_file = {
        str(path): dict(zip(rows["name"], rows["stimulus"], strict=True))
        for path, rows in table.groupby("file")
    }
    return Naming(frozenset(stimuli), by_file, common, root, where)


IMAGE_ENDINGS = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
"""Endings that are not part of a name. Any other dot is: 2766534.015976 is a name."""


ENDING = re.compile(r"\.[A-Za-z][^.]*$")
"""Any file's ending. What follows a dot without a letter is a decimal fraction: 0.5 is not 0."""


def composed(text: str) -> str:
    """Return a text in the one Unicode form ids have: an accent and its letter are one character.

    Names from a Mac's folders have them apart, and look the same.
    """
    return unicodedata.normalize("NFC", text)


def path_id(path: str) -> str:
    r"""Return a path as an id: without an image's ending, slashes as dashes.

    Parameters
    ----------
    path : str
        With slashes or backslashes: `faces\f01.bmp` becomes `faces-f01`.
    """
    plain = composed(path).replace("\\", "/").strip("/ ")
    ending = next((one for one in IMAGE_ENDINGS if plain.lower().endswith(one)), "")
    return plain.removesuffix(plain[len(plain) - len(ending) :]).replace("/", "-")


def alike(names: Sequence[str]) -> list[tuple[str, str]]:
    """Return pairs of names that differ in case, or in zeros of a number, alone: `1` and `01.0`."""
    first: dict[str, str] = {}
    found = []
    for name in names:
        key = re.sub(r"(?<![\d.])0+(?=\d)|(\.0+)(?!\d)", "", name.casefold())
        if (other := first.setdefault(key, name)) != name:
            found.append((other, name))
    return found


def id_of(name: str, stimuli: Collection[str]) -> str:
    """Return the id a name stands for: itself, or what is left of a file's path; '' for none."""
    plain = composed(name)
    forms = (plain, path_id(plain), ENDING.sub("", Path(plain).name))
    return next((one for one in forms if one in stimuli), "")


def ids_of(names: Iterable[str], stimuli: Iterable[str]) -> list[str]:
    """Return the id each of several names stands for, '' for none, see `id_of`."""
    given, known = list(names), set(stimuli)
    ids = {name: id_of(name, known) for name in set(given)}
    return [ids[name] for name in given]


def ids_or_names(names: Iterable[str], stimuli: Iterable[str]) -> list[str]:
    """Return the id each of several names stands for, or the name itself where it is of none."""
    given = list(names)
    return [one or name for one, name in zip(ids_of(given, stimuli), given, strict=True)]


def named(values: npt.NDArray, template: str, blank: Sequence[str] = ()) -> Texts:
    """Return the name of a stimulus for each value, '' for blanks.

    Parameters
    ----------
    values : array of str of shape (presentation,)
        Values as they are written; spaces around them do not count.
    template : str
        How a value becomes a name: `{}` stands for it, `{stem}` for the last part of a path (with
        slashes or backslashes) without its ending.
    blank : sequence of str
        Values that are not stimuli.
    """
    distinct, place = np.unique(np.char.strip(values.astype(np.str_)), return_inverse=True)
    names = [
        composed(_named(str(value), template)) if value not in blank else "" for value in distinct
    ]
    return np.array(names, dtype=np.str_)[place.reshape(-1)]


def _named(value: str, template: str) -> str:
    if not value:
        return ""
    stem = ENDING.sub("", re.split(r"[\\/]", value)[-1])
    return template.replace("{stem}", stem).replace("{}", value)

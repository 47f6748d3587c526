"""A new study: begun from a recording as it stands, with what is in it filled in."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from isomorph.beginning.demo import demonstration
from isomorph.beginning.draft import Draft
from isomorph.beginning.features import added
from isomorph.beginning.kinds import KINDS, kind_in
from isomorph.beginning.place import Place, place_of
from isomorph.beginning.writing import files_of, write
from isomorph.errors import IsomorphError

__all__ = ["KINDS", "Begun", "begin"]

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True)
class Begun:
    """A study that was written.

    Attributes
    ----------
    study : Path
        Its file.
    files : tuple of Path
        All files that were written.
    draft : Draft
        What was found.
    kind : str
        What it was begun from, '' for the built-in data.
    """

    study: Path
    files: tuple[Path, ...]
    draft: Draft
    kind: str


def begin(
    name: str, source: Path | None = None, *, kind: str | None = None, to: Path | None = None
) -> Begun:
    """Write a study of what stands somewhere, or of data that come with isomorph.

    Parameters
    ----------
    name : str
        Of the study, its dataset and their files.
    source : Path, optional
        The recording: a folder or a file.
    kind : str, optional
        Which recording is meant where a folder holds several, see `KINDS`.
    to : Path, optional
        Where the study's file is written. Unless given, the folder `config` beside the recording,
        or in the current folder where that is, or holds, the recording or there is none.

    Raises
    ------
    IsomorphError
        When nothing known is there, several kinds are, or a file of that name is.
    """
    if not NAME.fullmatch(name):
        raise IsomorphError(
            f'"{name}": a name is made of letters, digits, dot, dash and underscore, and begins '
            "with a letter or digit"
        )
    if source is None:
        if kind is not None:
            raise IsomorphError(f"--as {kind}: goes with --from, which says where the recording is")
        draft, found, root = demonstration(), "", Path()
    else:
        place = place_of(source)
        found = kind_in(place, kind)
        draft, root = _draft(place, found), place.folder
    folder = to if to is not None else _beside(source)
    files = files_of(name, draft, folder, root)
    write(files)
    return Begun(next(iter(files)), tuple(files), draft, found)


def _draft(place: Place, kind: str) -> Draft:
    """Return what was found, with a model for each file of features of the stimuli.

    The file that was named may be the recording itself, or features of one that stands beside it.
    """
    if KINDS[kind].adds:
        return added(place, KINDS[kind].draft(place))
    others = replace(place, only="", files=tuple(one for one in place.files if one != place.only))
    if not place.only or KINDS[kind].recognise(place):
        return added(others, KINDS[kind].draft(place))
    return added(place, KINDS[kind].draft(others))


def _beside(source: Path | None) -> Path:
    """Return the folder of settings that belongs to a recording."""
    if source is None or Path.cwd().resolve().is_relative_to(source.resolve()):
        return Path("config")
    return source.parent / "config"

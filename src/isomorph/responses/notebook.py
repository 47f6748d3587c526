"""From the keywords and paths of a notebook to settings, files and what is read from them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar, get_args

import numpy as np
import pandas as pd
import xarray as xr

from isomorph.errors import IsomorphError, did_you_mean
from isomorph.responses.sessions import refuse_too_large
from isomorph.responses.subject_files import subject_files
from isomorph.stimuli.dataset_files import DatasetFiles, files_in
from isomorph.stimuli.names import Names, names_from, unknown
from isomorph.study import Spec, spec_from

Files = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]
Sessions = xr.Dataset | dict[str, xr.Dataset]
SpecT = TypeVar("SpecT", bound=Spec)

GIVEN = "<given>"
"""Stands in the settings for the files that were given themselves."""


def given_only(**keywords: Any) -> dict[str, Any]:
    """Return the keywords that were given."""
    return {key: value for key, value in keywords.items() if value is not None}


def windows_between(edges: Sequence[float] | None, where: str) -> dict[str, Any]:
    """Return the settings of time bins between edges: one window cut evenly, else a window each.

    Parameters
    ----------
    edges : sequence of float or None
        Seconds from onset; none, no settings.
    where : str
        The function they were given to, for messages.

    Raises
    ------
    IsomorphError
        When they do not ascend.
    """
    if edges is None:
        return {}
    at = np.asarray(edges, dtype=float)
    if at.ndim != 1 or len(at) < 2 or not (np.diff(at) > 0).all():
        raise IsomorphError(f"{where}: edges: must be two numbers or more, ascending")
    start, stop = float(at[0]), float(at[-1])
    lengths = np.diff(at)
    if len(lengths) == 1:
        return {"window": (start, stop)}
    length = (stop - start) / len(lengths)
    if np.allclose(lengths, length, rtol=0, atol=1e-9):
        return {"window": (start, stop), "bins": length}
    pairs = zip(at[:-1].tolist(), at[1:].tolist(), strict=True)
    return {"windows": {f"bin-{n}": pair for n, pair in enumerate(pairs, 1)}}


def spec_of(kind: type[SpecT], given: Mapping[str, Any], where: str, **nested: type[Spec]) -> SpecT:
    """Return the settings that keywords say.

    Parameters
    ----------
    kind : type
        The settings.
    given : mapping
        Their keys, and those of the nested part, by name.
    where : str
        The function they were given to, for messages.
    **nested : type
        One part of the settings, by its key, whose own keys may be given beside the others.

    Raises
    ------
    IsomorphError
        When a keyword is unknown or its value wrong.
    """
    own = kind.model_fields
    place, part = next(iter(nested.items()), ("", None))
    inner = {} if part is None else part.model_fields
    content: dict[str, Any] = {"kind": get_args(own["kind"].annotation)[0]}
    if "files" in own:
        content["files"] = GIVEN
    laid_in: dict[str, Any] = dict(given.get(place) or {})
    for key, value in given.items():
        if key == place:
            continue
        if key in own and key not in ("kind", "files"):
            content[key] = value
        elif key in inner:
            laid_in[key] = value
        else:
            known = [one for one in (*own, *inner) if one not in ("kind", "files")]
            raise IsomorphError(f"{where}: {key}: unknown keyword, {did_you_mean(key, known)}")
    if place:
        content[place] = laid_in
    return spec_from(content, kind, where)


def paths_of(files: Files, where: str) -> list[Path]:
    """Return the files given, which must be there, once each.

    Raises
    ------
    IsomorphError
        When there are none, or one is not there.
    """
    several = [files] if isinstance(files, str | os.PathLike) else files
    paths = [Path(one).absolute() for one in several]
    if not paths:
        raise IsomorphError(f"{where}: files: names no file")
    for path in paths:
        if not path.exists():
            raise IsomorphError(f"{where}: {path}: no such file")
    return sorted(dict.fromkeys(paths))


def files_around(paths: Sequence[Path], where: str) -> DatasetFiles:
    """Return the files of the dataset that some files belong to.

    Its root is the folder above them that describes a BIDS dataset, else the one they share.
    Patterns count from there, and may be paths of files themselves.
    """
    shared = Path(os.path.commonpath([path.parent for path in paths]))
    root = next(
        (one for one in (shared, *shared.parents) if (one / "dataset_description.json").is_file()),
        shared,
    )
    inside = files_in(root, where=where)

    def find(pattern: str, folders: tuple[str, ...] = ()) -> list[Path]:
        if pattern == GIVEN:
            return list(paths)
        return [Path(pattern)] if Path(pattern).is_file() else inside.find(pattern, folders)

    return replace(inside, find=find)


def read_of(
    spec: Any,
    files: DatasetFiles,
    stimuli: Iterable[str] | pd.DataFrame | None,
    *,
    where: str,
    subject: str = "",
    atlases: Path = Path(),
) -> Sessions:
    """Return what was read: the one session there is, or all by name.

    Parameters
    ----------
    spec : Spec
        Settings of a kind of responses.
    files : DatasetFiles
    stimuli : iterable of str, DataFrame or None
        Those that count, or their table; None for all that the recordings name.
    where : str
        The function that was called, for messages.
    subject : str, optional
        Whom `{subject}` stands for.
    atlases : Path, optional
        Folder of atlases.
    """
    from isomorph.responses.kinds import RESPONSES

    told = f"the stimuli given to {where}"
    own = subject_files(
        files,
        subject=subject,
        names=_names(stimuli, told),
        atlases=atlases,
        scratch=Path(tempfile.gettempdir()),
    )
    found = RESPONSES[spec.kind].read(own, spec).sessions
    refuse_too_large(found, where)
    sessions = {name: data.assign_attrs(session=name) for name, data in found.items()}
    return next(iter(sessions.values())) if len(sessions) == 1 else sessions


def _names(stimuli: Iterable[str] | pd.DataFrame | None, told: str) -> Names:
    """Return what names stand for, of stimuli that are told by name or in a table."""
    if stimuli is None:
        return unknown(told)
    if not isinstance(stimuli, pd.DataFrame):
        return names_from(stimuli, told)
    if "stimulus" not in stimuli:
        near = did_you_mean("stimulus", map(str, stimuli.columns))
        raise IsomorphError(f'{told}: their table has no column "stimulus", {near}')
    return names_from(stimuli["stimulus"].astype(str), told, stimuli)

"""Images inside recordings: told apart by their pixels, and named afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import h5py
import numpy as np

from isomorph.errors import IsomorphError, did_you_mean
from isomorph.foreign import reading
from isomorph.foreign.nwb import Nwb, open_nwb
from isomorph.saying import Seldom, say
from isomorph.stimuli.dataset_files import DatasetFiles
from isomorph.stimuli.folder import describe
from isomorph.stimuli.frames import Frame, FrameSource, find_sources, nearest_place
from isomorph.stimuli.identity import (
    Described,
    Use,
    constant_fields,
    group_uses,
    held_by_enough,
)
from isomorph.stimuli.looks import Look, read_pixels
from isomorph.stimuli.naming import path_id
from isomorph.stimuli.partners import partners
from isomorph.stimuli.pixels import pixel_digest
from isomorph.stimuli.rows import chosen, columns_of, onsets
from isomorph.stimuli.stimulus import Pixels, Stimulus
from isomorph.study.stimuli import NamedBy, NwbStimuli


def list_stimuli(files: DatasetFiles, spec: NwbStimuli) -> list[Stimulus]:
    """List the images in recordings, by name, numbers in the order of their value.

    Every image is read once to be told apart by its hash, and again when it is written. What has
    no name, or one name for several images in one file, is counted and left out.

    Parameters
    ----------
    files : DatasetFiles
    spec : NwbStimuli
        Where in which files images and names are.

    Raises
    ------
    IsomorphError
        When no file matches, one holds no images where they are said to be, or a descriptive field
        is not constant for a stimulus.
    """
    source, recordings = files.where, files.of_everybody(spec.files)
    uses = [
        use
        for file in _with_progress(recordings, files.dataset)
        for use in read_uses(file, file.relative_to(files.root).as_posix(), spec)
    ]
    named = group_uses(uses)
    for name in spec.without:
        if name not in named:
            raise IsomorphError(
                f'{source}: stimuli.without: no stimulus "{name}", {did_you_mean(name, named)}'
            )
        del named[name]
    if spec.shared is not None:
        named = held_by_enough(named, len(recordings), spec.shared, f"{source}: stimuli.shared")
    described = describe(files, spec.table, spec.id, list(named), "stimuli.table")
    where = f"{source}: stimuli.named_by.fields: stimulus"
    return [
        Stimulus(
            name,
            partial(_read_again, group[0].frame, group[0].look, group[0].digest),
            described=constant_fields(group, f'{where}: stimulus "{name}"')
            | described.get(name, {}),
            names=tuple((use.file, use.name) for use in group),
        )
        for name, group in named.items()
    ]


def look(files: DatasetFiles, spec: NwbStimuli) -> None:
    """Refuse recordings that hold no images where they are said to be, or no names for them.

    Pixels are not read.

    Raises
    ------
    IsomorphError
        See `list_stimuli`.
    """
    for file in files.of_everybody(spec.files):
        with open_nwb(file) as nwb:
            for source in _sources(nwb, spec, read=False):
                _names(source, nwb, spec.named_by)


def _sources(nwb: Nwb, spec: NwbStimuli, *, read: bool) -> list[FrameSource]:
    """Return all images of one file."""
    seen = Look(transposed=spec.transposed, bgr=spec.channels == "bgr")
    found = [one for place in spec.images for one in find_sources(nwb, place, seen, read=read)]
    if not found:
        raise IsomorphError(
            f'{nwb.path}: holds nothing at "{spec.images[0]}", which stimuli.images names; '
            f"{nearest_place(nwb, spec.images[0])}"
        )
    return found


def read_uses(file: Path, path: str, spec: NwbStimuli) -> list[Use]:
    """Return which image each name stands for in one file.

    Parameters
    ----------
    file : Path
        The recording.
    path : str
        Its path relative to the root of the archive's files.
    spec : NwbStimuli
        Where its images and names are.

    Raises
    ------
    IsomorphError
        See `list_stimuli`.
    """
    uses: dict[tuple[str, str], Use] = {}
    unnamed = holes = 0
    with open_nwb(file) as nwb:
        for source in _sources(nwb, spec, read=True):
            names, described = _names(source, nwb, spec.named_by)
            holes += len(names) if source.look.holes else 0
            for frame, name, fields in zip(source.frames, names, described, strict=True):
                if not path_id(name):
                    unnamed += 1
                    continue
                data = nwb.dataset(frame.place)
                pixels = read_pixels(data, frame.index, source.look, str(frame))
                key = name, pixel_digest(pixels)
                use = uses.setdefault(key, Use(path, *key, frame, source.look))
                use.described.extend([fields] if fields else [])
    meanings = Counter(name for name, _ in uses)
    unclear = sorted(name for name, count in meanings.items() if count > 1)
    _say(file, unnamed, "images without a name, left out")
    _say(file, len(unclear), "names that stand for several images each, left out", unclear)
    _say(file, holes, "images with pixels that have no value (NaN), laid on mid grey")
    return [use for (name, _), use in uses.items() if meanings[name] == 1]


def _names(
    source: FrameSource, nwb: Nwb, spec: NamedBy | None
) -> tuple[list[str], list[Described]]:
    """Return the name of each frame, '' for none, and what describes it."""
    file = nwb.path
    if source.names is not None:
        return source.names, [{} for _ in source.names]
    place = f"{file}: {source.frames[0].place if source.frames else 'a series'}"
    if spec is None or source.times is None:
        raise IsomorphError(
            f"{place}: its frames have no names of their own; say in stimuli.named_by which table "
            "names them"
        )
    columns = tuple(dict.fromkeys((spec.onset, spec.column, *spec.fields)))
    every = tuple(dict.fromkeys((*columns, *spec.where)))
    rows = chosen(columns_of(nwb, spec.table, every), columns, spec.where).reset_index(drop=True)
    onset = onsets(rows[spec.onset], f'{file}: {spec.table}: column "{spec.onset}"')
    row = partners(source.times, onset, spec.tolerance)
    found = row >= 0
    times = source.times
    known = min(int(np.isfinite(times).sum()), int(np.isfinite(onset).sum()))
    if 2 * found.sum() < known or not found.any():
        few = f"only {found.sum()} of {known} frames stand" if found.any() else "no frame stands"
        raise IsomorphError(
            f"{place}: {few} within {spec.tolerance:g} s of an onset of {spec.table}; frames lie "
            f"between {np.nanmin(times):g} and {np.nanmax(times):g} s, onsets between "
            f"{np.nanmin(onset):g} and {np.nanmax(onset):g} s; both must be on one clock"
        )
    _say(file, int((~found).sum()), f"images that no row of {spec.table} shows")
    _say(file, len(rows) - int(found.sum()), f"rows of {spec.table} that show no image")
    names = [str(rows[spec.column].iloc[place]) if place >= 0 else "" for place in row]
    fields = [
        {name: str(rows[name].iloc[place]) for name in spec.fields} if place >= 0 else {}
        for place in row
    ]
    return names, fields


def _read_again(frame: Frame, look: Look, digest: str) -> Pixels:
    # What it leads to was looked at when it was listed; the digest tells whether it still does.
    with reading(frame.file, "an HDF5 file"):
        file = h5py.File(frame.file, "r")
    with file:
        with reading(str(frame), "an image in HDF5"):
            data = file[frame.place]
        pixels = read_pixels(data, frame.index, look, str(frame))
    if pixel_digest(pixels) != digest:
        raise IsomorphError(f"{frame}: changed while it was read; run again")
    return pixels


def _with_progress(files: Sequence[Path], dataset: str) -> Iterator[Path]:
    seldom = Seldom()
    for done, file in enumerate(files):
        seldom(f"{dataset}: images of {done} of {len(files)} files read")
        yield file


def _say(file: Path, count: int, what: str, names: Sequence[str] = ()) -> None:
    if count:
        shown = f": {', '.join(names[:3])}" if names else ""
        say(f"{file}: {count} {what}{shown}")

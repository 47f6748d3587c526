"""Betas of one subject, found and opened: which unit is where, and which stimulus a map is of."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError
from isomorph.foreign import MISSING, read_tsv, reading
from isomorph.foreign.array_files import is_array_file
from isomorph.foreign.entities import in_order, labels_of_runs, parse, refuse_same_recording
from isomorph.foreign.inheritance import partner
from isomorph.responses.betas.beta_regions import RegionsOfMaps, find_regions
from isomorph.responses.betas.maps import Maps, open_maps
from isomorph.responses.presentations import usable
from isomorph.responses.stored.shown import Shown, sessions_of, shown_in
from isomorph.responses.stored.stored_maps import StoredMaps, open_stored
from isomorph.responses.subject_files import SubjectFiles
from isomorph.stimuli.names import Names
from isomorph.stimuli.naming import named
from isomorph.study.betas import BetaRegion, BetaResponses, groups_of

Array = npt.NDArray
Find = Callable[[str], list[Path]]
AnyMaps = Maps | StoredMaps


class Labels:
    """The stimulus of each map, from label files or the maps themselves, checked by events."""

    def __init__(self, settings: BetaResponses, known: Names, find: Find) -> None:
        self.settings = settings
        self.known = known
        self.labels = find(settings.labels) if settings.labels else []
        self.events = find(settings.events.files) if settings.events else []
        self.files: list[Path] = []

    def shown(self, runs: Sequence[AnyMaps]) -> Shown:
        """Return the stimulus of each map of all runs, and of which run and session it is.

        Raises
        ------
        IsomorphError
            When names are missing or not those of the run.
        """
        counts = [len(one) for one in runs]
        files = [one.file for one in runs]
        stimulus = np.concatenate([self._of(run) for run in runs])
        session = np.repeat([str(parse(file).entities.get("ses", 1)) for file in files], counts)
        run: Array | None = np.repeat(np.array(labels_of_runs(files), dtype=np.str_), counts)
        if isinstance(runs[0], StoredMaps) and not all("run" in parse(file).entities
                                                       for file in files):  # fmt: skip
            run, session = None, np.repeat(sessions_of(files), counts)
        if self.settings.fields_from is not None:
            told = {key: np.concatenate([self._field(one, key) for one in runs])
                    for key in groups_of(self.settings.fields_from)}  # fmt: skip
            run, session = told.get("run", run), told.get("session", session)
        where = f"{files[0]} and {len(files) - 1} other runs" if len(files) > 1 else str(files[0])
        return Shown(stimulus, session.astype(np.str_), run, tuple(self.files), where)

    def _of(self, run: AnyMaps) -> Array:
        """Return the stimulus of each map of a run (map,) of str."""
        own = self._stimuli(run.file, self._field(run, "stimulus"))
        if not self.labels:
            if "" in run.names:
                what = "order, or labels" if isinstance(run, StoredMaps) else "labels"
                raise IsomorphError(
                    f"{run.file}: its maps have no names; give responses.{what}, a list of them"
                )
            stimuli, source = own, run.file
        else:
            source = partner(run.file, self.labels, "files of labels")
            self.files.append(source)
            stimuli = self._stimuli(source, np.array(_lines(source, len(run)), dtype=np.str_))
            _refuse_other_names(run, own, stimuli, source, self.known)
        if self.settings.events is not None:
            events = partner(run.file, self.events, "tables of events")
            self.files.append(events)
            column = read_tsv(events, self.settings.events.column)
            shown = self._stimuli(events, column[self.settings.events.column].to_numpy(np.str_))
            _refuse_other_events(stimuli, shown, source, events)
        return stimuli

    def _field(self, run: AnyMaps, key: str) -> Array:
        """Return what `fields_from` finds in the name of each map; the names without it."""
        pattern = self.settings.fields_from
        if pattern is None:
            return np.array(run.names, dtype=np.str_)
        found = [re.search(pattern, name) for name in run.names]
        for name, one in zip(run.names, found, strict=True):
            if one is None and name not in self.settings.blank:
                raise IsomorphError(
                    f'{run.file}: fields_from finds nothing in the name "{name}" of a map; fix the '
                    "pattern, or name it as blank"
                )
        return np.array(["" if one is None else one[key] or "" for one in found], dtype=np.str_)

    def _stimuli(self, file: Path, values: Array) -> Array:
        blank = (MISSING, *self.settings.blank)
        names = named(values, self.settings.name, blank)
        return self.known.ids_or_names(file, names)


@dataclass(frozen=True)
class SubjectMaps:
    """The betas of one subject, opened and not yet read.

    Attributes
    ----------
    settings : BetaResponses
        What is done within a run.
    runs : list of Maps or StoredMaps
        The open files, in order.
    regions : RegionsOfMaps
        Where their units are.
    shown : Shown
        What each of their maps is of.
    known : Names
        What names stand for.
    """

    settings: BetaResponses
    runs: list[AnyMaps]
    regions: RegionsOfMaps
    shown: Shown
    known: Names

    @property
    def inputs(self) -> list[Path]:
        """Every file that was read."""
        runs = [file for run in self.runs for file in run.files]
        return [*runs, *self.shown.files, *self.regions.files]

    def usable(self) -> tuple[npt.NDArray[np.bool_], dict[str, int]]:
        """Tell which maps are of a stimulus of the set, and how many are not, by reason.

        Raises
        ------
        IsomorphError
            When none is.
        """
        label, known = self.shown.stimulus, self.known
        return usable(
            label, np.zeros(len(label)), known.stimuli, self.shown.where, known.table,
            known.has(label),
        )  # fmt: skip


def gather(own: SubjectFiles, settings: BetaResponses) -> SubjectMaps:
    """Find and open the betas of one subject.

    Parameters
    ----------
    own : SubjectFiles
    settings : BetaResponses
        Which files are betas, and which regions and labels.

    Raises
    ------
    IsomorphError
        When a file is not there or not what it must be, or files do not fit each other.
    """
    files = in_order(own.own(settings.files))
    refuse_same_recording(files, "responses.files")
    regions = [(spec, only(own.own_or_beside(spec.file), spec)) for spec in settings.regions]
    stored, used = _stored(own, settings, files)
    runs: list[AnyMaps] = [*stored] or [open_maps(file) for file in files]
    for other in runs[1:]:
        if not runs[0].place.is_same(other.place):
            raise IsomorphError(
                f"{other.file}: has {len(other.place)} units that are not those of "
                f"{runs[0].file}, which has {len(runs[0].place)}; all runs must have the same"
            )
    found = find_regions(runs[0].place, regions)
    if settings.order is None:
        shown = Labels(settings, own.names, own.own).shown(runs)
    else:
        shown = shown_in(own, settings, stored)
    return SubjectMaps(
        settings, runs, found, replace(shown, files=(*shown.files, *used)), own.names
    )


def _stored(
    own: SubjectFiles, settings: BetaResponses, files: Sequence[Path]
) -> tuple[list[StoredMaps], list[Path]]:
    """Open files of arrays; return them, none where these are images, and what else was read."""
    arrays = [is_array_file(file) for file in files]
    if not all(arrays):
        for key in ("variable", "axes", "grayordinates", "scale", "order", "unfinished"):
            if key in settings.model_fields_set and getattr(settings, key):
                raise IsomorphError(
                    f"{files[arrays.index(False)]}: responses.{key}: is of files of arrays, and "
                    "this is none"
                )
        return [], []
    place, used = None, []
    if settings.grayordinates is not None:
        used = own.own_or_beside(settings.grayordinates)
        place = open_maps(used[0]).place
    return [open_stored(file, settings, place, narrow=True) for file in files], used[:1]


def _lines(file: Path, expected: int) -> list[str]:
    with reading(file, "text"):
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    lines = [line.strip() for line in lines]
    while lines and not lines[-1]:
        lines.pop()
    if len(lines) != expected:
        raise IsomorphError(f"{file}: names {len(lines)} maps, the betas have {expected}")
    return lines


def _refuse_other_names(
    run: AnyMaps, own: Array, stimuli: Array, source: Path, known: Names
) -> None:
    """Refuse label files that give a map another stimulus than the map's own name does."""
    clash = (own != stimuli) & np.isin(own, known.stimuli)
    if clash.any():
        place = int(np.flatnonzero(clash)[0])
        raise IsomorphError(
            f'{source}: calls map {place} "{stimuli[place]}", {run.file} itself "{own[place]}"; '
            "one of them is of another run, or in another order"
        )


def _refuse_other_events(stimuli: Array, shown: Array, source: Path, events: Path) -> None:
    """Refuse betas of other stimuli than the run's events show."""
    one, two = set(stimuli.tolist()) - {""}, set(shown.tolist()) - {""}
    if one != two:
        odd = sorted(one ^ two)
        raise IsomorphError(
            f"{source}: names {len(one)} stimuli, {events} {len(two)}, and {len(odd)} such as "
            f'"{odd[0]}" only one of the two; they are not of one run'
        )


def only(files: Sequence[Path], spec: BetaRegion) -> Path:
    """Return the one file of a region."""
    if len(files) != 1:
        raise IsomorphError(
            f"{files[0]}: {len(files)} files match the regions' file {spec.file}, expected one"
        )
    return files[0]

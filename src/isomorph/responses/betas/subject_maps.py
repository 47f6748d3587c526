"""Betas of one subject, found and opened: which unit is where, and which stimulus a map is of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError
from isomorph.foreign import MISSING, read_tsv, reading
from isomorph.foreign.entities import in_order, refuse_same_recording
from isomorph.foreign.inheritance import partner
from isomorph.responses.betas.beta_regions import RegionsOfMaps, find_regions
from isomorph.responses.betas.maps import Maps, open_maps
from isomorph.responses.presentations import usable
from isomorph.responses.subject_files import SubjectFiles
from isomorph.stimuli.names import Names
from isomorph.stimuli.naming import named
from isomorph.study.betas import BetaRegion, BetaResponses

Array = npt.NDArray
Find = Callable[[str], list[Path]]


class Labels:
    """The stimulus of each map, from label files or the maps themselves, checked by events."""

    def __init__(self, settings: BetaResponses, known: Names, find: Find) -> None:
        self.settings = settings
        self.known = known
        self.labels = find(settings.labels) if settings.labels else []
        self.events = find(settings.events.files) if settings.events else []
        self.files: list[Path] = []

    def __call__(self, run: Maps) -> Array:
        own = self._stimuli(run.file, np.array(run.names))
        if not self.labels:
            if "" in run.names:
                raise IsomorphError(
                    f"{run.file}: its maps have no names; give responses.labels, a list of them"
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
    runs : list of Maps
        The open files, in order.
    regions : RegionsOfMaps
        Where their units are.
    label : callable
        Gives the stimulus of each map of a run (map,) of str.
    known : Names
        What names stand for.
    """

    settings: BetaResponses
    runs: list[Maps]
    regions: RegionsOfMaps
    label: Labels
    known: Names

    @property
    def inputs(self) -> list[Path]:
        """Every file that was read."""
        runs = [file for run in self.runs for file in run.files]
        return [*runs, *self.label.files, *self.regions.files]


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
    regions = [(spec, _only(own.own(spec.file), spec)) for spec in settings.regions]
    label = Labels(settings, own.names, own.own)
    runs = [open_maps(file) for file in files]
    for other in runs[1:]:
        if not runs[0].place.is_same(other.place):
            raise IsomorphError(
                f"{other.file}: has {len(other.place)} units that are not those of "
                f"{runs[0].file}, which has {len(runs[0].place)}; all runs must have the same"
            )
    found = find_regions(runs[0].place, regions)
    return SubjectMaps(settings, runs, found, label, own.names)


def label_maps(found: SubjectMaps) -> tuple[Array, Array, dict[str, int], str]:
    """Return the stimulus of each map of all runs, and which maps count.

    Parameters
    ----------
    found : SubjectMaps
        The open files.

    Returns
    -------
    label : array of str of shape (map,)
    keep : array of bool of shape (map,)
    dropped : dict of str to int
        How many are left out, by reason.
    where : str
        The files, for messages.

    Raises
    ------
    IsomorphError
        When names are missing or not those of the run, or none is a stimulus of the set.
    """
    runs, known = found.runs, found.known
    label = np.concatenate([found.label(run) for run in runs])
    where = f"{runs[0].file} and {len(runs) - 1} other runs" if len(runs) > 1 else str(runs[0].file)
    keep, dropped = usable(
        label, np.zeros(len(label)), known.stimuli, where, known.table, known.has(label)
    )
    return label, keep, dropped, where


def _lines(file: Path, expected: int) -> list[str]:
    with reading(file, "text"):
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    lines = [line.strip() for line in lines]
    while lines and not lines[-1]:
        lines.pop()
    if len(lines) != expected:
        raise IsomorphError(f"{file}: names {len(lines)} maps, the betas have {expected}")
    return lines


def _refuse_other_names(run: Maps, own: Array, stimuli: Array, source: Path, known: Names) -> None:
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


def _only(files: Sequence[Path], spec: BetaRegion) -> Path:
    if len(files) != 1:
        raise IsomorphError(
            f"{files[0]}: {len(files)} files match the regions' file {spec.file}, expected one"
        )
    return files[0]

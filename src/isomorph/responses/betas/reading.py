"""From files of betas to the responses of one subject."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import xarray as xr

from isomorph.archives.manifest import find_files
from isomorph.errors import IsomorphError
from isomorph.foreign import MISSING, read_tsv, reading
from isomorph.layout import Layout
from isomorph.responses.betas.maps import Maps, open_maps
from isomorph.responses.betas.regions import Regions, find_regions
from isomorph.responses.entities import (
    in_order,
    labels_of_runs,
    partner,
    refuse_same_recording,
)
from isomorph.responses.names import named, stimulus_of
from isomorph.responses.presentations import repetitions, usable
from isomorph.responses.sessions import session_data, stimulus_ids, summary, write_sessions
from isomorph.stimuli.naming import Naming, naming
from isomorph.study.betas import BetaRegion, BetaResponses

Array = npt.NDArray
Find = Callable[[str], list[Path]]


def prepare(layout: Layout, dataset: str, subject: str) -> None:
    """Read a subject's betas and write them as one session.

    Parameters
    ----------
    layout : Layout
        Paths of the study.
    dataset, subject : str
        Whose betas.

    Raises
    ------
    IsomorphError
        When a file or name is not there, or files do not fit each other. Nothing is written then.
    """
    settings = layout.study.dataset(dataset).responses
    assert isinstance(settings, BetaResponses)

    def find(pattern: str) -> list[Path]:
        return find_files(layout, dataset, pattern.replace("{subject}", subject))

    files = in_order(find(settings.files))
    refuse_same_recording(files, "responses.files")
    regions = [(spec, _only(find(spec.file), spec)) for spec in settings.regions]
    names = _Names(settings, naming(layout, dataset), find)
    runs = [open_maps(file) for file in files]
    stimuli = stimulus_ids(layout, dataset)
    data = read_betas(runs, names, regions, stimuli, settings, str(layout.stimuli(dataset)))
    print(f"responses {dataset} {subject}: {summary(data)}", file=sys.stderr, flush=True)
    inputs = [*files, *names.files, *dict.fromkeys(file for _, file in regions)]
    write_sessions(layout, dataset, subject, {"1": data}, inputs)


def read_betas(
    runs: Sequence[Maps],
    names: Callable[[Maps], Array],
    regions: Sequence[tuple[BetaRegion, Path]],
    stimuli: Array,
    settings: BetaResponses,
    table: str,
) -> xr.Dataset:
    """Read the units of all regions from every run.

    Parameters
    ----------
    runs : sequence of Maps
        The open files, in order.
    names : callable
        Gives the stimulus of each map of a run (map,) of str.
    regions : sequence of (BetaRegion, Path)
        Each with its file.
    stimuli : ndarray (stimulus,) of str
        Ids of the stimulus table.
    settings : BetaResponses
        What is done within a run.
    table : str
        The stimulus table, for messages.

    Returns
    -------
    Dataset
        See `isomorph.responses.sessions.session_data`.
    """
    for other in runs[1:]:
        if not runs[0].place.is_same(other.place):
            raise IsomorphError(
                f"{other.file}: has {len(other.place)} units that are not those of "
                f"{runs[0].file}, which has {len(runs[0].place)}; all runs must have the same"
            )
    found = find_regions(runs[0].place, regions)
    labels = [names(run) for run in runs]
    run = np.repeat(
        np.array(labels_of_runs([one.file for one in runs]), dtype=np.str_),
        [len(one) for one in runs],
    )
    label = np.concatenate(labels)
    where = f"{runs[0].file} and {len(runs) - 1} other runs" if len(runs) > 1 else str(runs[0].file)
    keep, dropped = usable(label, np.zeros(len(label)), stimuli, where, table)
    ends = np.cumsum([len(one) for one in runs])
    kept = np.split(keep, ends[:-1])
    read = [one.read(found.position)[rows] for one, rows in zip(runs, kept, strict=True)
            if rows.any()]  # fmt: skip
    parts = [WITHIN_RUN[settings.within_run](_measured(betas)) for betas in read]
    response = np.concatenate(parts)
    good, left_out = _good(response, found, where)
    label = label[keep]
    data = session_data(
        response[:, good],
        stimulus=label,
        repetition=repetitions(label, np.arange(len(label))),
        unit=_unit_names(runs[0], found)[good],
        region=found.region[good],
        stimuli=stimuli,
        dropped={**dropped, **left_out},
        extra={"run": ("presentation", run[keep].astype(object))},
    )
    noted = {**json.loads(data.attrs["noted"]), "units that count in two regions": found.twice}
    return data.assign_attrs(noted=json.dumps(noted))


class _Names:
    """The stimulus of each map, from label files or the maps themselves, checked by events."""

    def __init__(self, settings: BetaResponses, known: Naming, find: Find) -> None:
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
        return stimulus_of(self.known, file, names)


def _lines(file: Path, expected: int) -> list[str]:
    with reading(file, "text"):
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    lines = [line.strip() for line in lines]
    while lines and not lines[-1]:
        lines.pop()
    if len(lines) != expected:
        raise IsomorphError(f"{file}: names {len(lines)} maps, the betas have {expected}")
    return lines


def _refuse_other_names(run: Maps, own: Array, stimuli: Array, source: Path, known: Naming) -> None:
    """Refuse label files that give a map another stimulus than the map's own name does."""
    clash = (own != stimuli) & np.isin(own, list(known.stimuli))
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


def _unit_names(run: Maps, found: Regions) -> Array:
    """Return a name per unit; with its region, since a unit may count in two."""
    names = run.place.names()[found.position]
    return np.char.add(np.char.add(found.region, " "), names)


def _good(response: Array, found: Regions, where: str) -> tuple[Array, dict[str, int]]:
    good = np.isfinite(response).all(axis=0)
    if not good.any():
        raise IsomorphError(f"{where}: no unit of any region has a beta in every map")
    reason = "units with a beta that is not a number, or the same in a whole run"
    return good, {
        reason: int((~good).sum()),
        "units of a region without betas": found.absent,
    }


def _measured(betas: Array) -> Array:
    """Return the betas (map, unit) of a run, NaN for units that were not measured in it.

    Those have one value, most often 0, in all of its maps.
    """
    if len(betas) < 2:
        return betas
    with np.errstate(invalid="ignore"):  # of units with infinite betas
        return np.where(np.ptp(betas, axis=0) == 0, np.float32(np.nan), betas)


def _centred(betas: Array) -> Array:
    return (betas - betas.mean(axis=0, dtype=np.float64)).astype(np.float32)


def _z_scored(betas: Array) -> Array:
    """Return betas (map, unit) with mean 0 and standard deviation 1, NaN where all are one."""
    centred = betas - betas.mean(axis=0, dtype=np.float64)
    spread = np.sqrt(np.square(centred).mean(axis=0))
    constant = spread <= 1e-6 * np.abs(betas).max(axis=0)
    spread[constant] = np.nan
    return (centred / spread).astype(np.float32)


WITHIN_RUN: dict[str, Callable[[Array], Array]] = {
    "none": lambda betas: betas,
    "centre": _centred,
    "z_score": _z_scored,
}
"""What is done to the betas (map, unit) of a run, by `within_run`."""

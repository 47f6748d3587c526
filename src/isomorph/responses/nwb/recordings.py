"""Recordings of one subject: a file for a session, each read alike whatever it holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import xarray as xr

from isomorph.errors import IsomorphError
from isomorph.foreign.nwb import WAY_OUT_OF_ZARR, ZARR, Nwb, open_nwb
from isomorph.responses.clocks import clock_hint
from isomorph.responses.nwb.companions import companion_of, refuse_other_clock
from isomorph.responses.nwb.count_windows import all_windows, said_windows
from isomorph.responses.nwb.observed import without_invalid
from isomorph.responses.nwb.shown_stimuli import ShownInRecording, read_shown
from isomorph.responses.presentations import repetitions
from isomorph.responses.region_names import Listed, grouped, read_listed
from isomorph.responses.sessions import session_data
from isomorph.responses.subject_files import SubjectFiles
from isomorph.study.recorded import Recorded, RegionName, RegionTable
from isomorph.study.responses import Windowed

Array = npt.NDArray


@dataclass(frozen=True)
class Everywhere:
    """The one region of all units.

    Attributes
    ----------
    name : str
        Of the region.
    """

    name: str

    def of(self, recording: Path, units: Array) -> Array:
        """Return the region of each unit of a recording (unit,)."""
        return np.full(len(units), self.name)


@dataclass(frozen=True)
class Recording:
    """One open recording.

    Attributes
    ----------
    nwb : Nwb
        The recording.
    listed : Listed, Everywhere or None
        What says where its units stand, when it is not the recording.
    """

    nwb: Nwb
    listed: Listed | Everywhere | None = field(default=None, kw_only=True)

    @property
    def path(self) -> Path:
        """The file."""
        return self.nwb.path

    def regions_of(self, units: Array) -> Array:
        """Return the region of each unit (unit,) of str, from what is not the recording."""
        assert self.listed is not None
        return self.listed.of(self.path, units)


@dataclass(frozen=True)
class Open(Recording):
    """One open recording, and what was shown in it.

    Attributes
    ----------
    shown : ShownInRecording
        What was shown when.
    stimuli : array of str of shape (stimulus,)
        Ids of the stimulus table.
    """

    shown: ShownInRecording
    stimuli: Array


def opened(
    files: SubjectFiles, settings: Recorded
) -> Iterator[tuple[Recording, Nwb, tuple[Path, ...]]]:
    """Open a subject's recordings, one after another.

    Parameters
    ----------
    files : SubjectFiles
    settings : Recorded
        Which files.

    Yields
    ------
    recording : Recording
        Open until the next is asked for.
    holder : Nwb
        The file that holds what was shown, or the variables: its companion, or the recording.
    files : tuple of Path
        All files it is read from.

    Raises
    ------
    IsomorphError
        When a file or table is not there or cannot be used, or a companion has another clock.
    """
    refuse_zarr(settings.files, f"{files.where}: responses.files")
    found, within = files.own(settings.files), files.root
    listed = _elsewhere(files, getattr(settings, "region", None))
    taken: dict[Path, Path] = {}
    for path in found:
        with ExitStack() as stack:
            nwb = stack.enter_context(open_nwb(path, within))
            holder = nwb
            if settings.companion is not None:
                beside = companion_of(nwb, settings.companion, files.subject, within, taken)
                holder = stack.enter_context(open_nwb(beside, within))
                refuse_other_clock(nwb, holder)
            about = [listed.file] if isinstance(listed, Listed) else []
            yield Recording(nwb, listed=listed), holder, (path, *about, holder.path)


def recordings(files: SubjectFiles, settings: Windowed) -> Iterator[tuple[Open, tuple[Path, ...]]]:
    """Open a subject's recordings, one after another, and read what was shown in them.

    Parameters
    ----------
    files : SubjectFiles
    settings : Windowed
        Which files, and what was shown when.

    Yields
    ------
    recording : Open
        Open until the next is asked for.
    files : tuple of Path
        All files it is read from.

    Raises
    ------
    IsomorphError
        When a file, table or column is not there or cannot be used.
    """
    for recording, holder, read_from in opened(files, settings):
        shown = read_shown(holder, settings.presentations, files.names)
        for one in {recording.path: recording.nwb, holder.path: holder}.values():
            shown = without_invalid(one, shown, all_windows(settings))
        names = files.names.stimuli
        yield Open(recording.nwb, shown, names, listed=recording.listed), read_from


def refuse_zarr(pattern: str, where: str) -> None:
    """Refuse a pattern of NWB files in the Zarr form, each of which is a folder.

    Raises
    ------
    IsomorphError
        Saying how they become HDF5.
    """
    if pattern.rstrip("/").endswith(ZARR) or f"{ZARR}/" in pattern:
        raise IsomorphError(
            f'{where}: "{pattern}" are recordings in the Zarr form, and only HDF5 is read; '
            f"{WAY_OUT_OF_ZARR}"
        )


def _elsewhere(
    files: SubjectFiles, region: str | RegionTable | RegionName | None
) -> Listed | Everywhere | None:
    if isinstance(region, RegionTable):
        return read_listed(files, region)
    return Everywhere(region.name) if isinstance(region, RegionName) else None


def session_names(ids: Sequence[str], files: Sequence[Path]) -> list[str]:
    """Return a unique name per recording: its `session_id`, or file stems where two agree.

    Parameters
    ----------
    ids : sequence of str
        `session_id` of each recording, '' where it has none.
    files : sequence of Path
        The recordings.

    Raises
    ------
    IsomorphError
        When neither tells the files apart.
    """
    stems = [file.stem for file in files]
    # A session is a group of the netCDF file, in whose name a slash would open a subgroup.
    named = [
        session.strip().replace("/", "-") or stem for session, stem in zip(ids, stems, strict=True)
    ]
    for names in (named, stems):
        if len(set(names)) == len(names):
            return names
    raise IsomorphError(
        f"{files[0]}: shares its session_id and its file name with another file of the subject; "
        "give each session its own"
    )


def region_reasons(
    names: Array, settings: Recorded, unknown: str = "units without a region"
) -> tuple[Array, dict[str, Array]]:
    """Return the region of each unit under the study's names, and which units have none.

    Parameters
    ----------
    names : array of str of shape (unit,)
        Regions as the recording calls them, '' for none.
    settings : Recorded
        How regions are grouped.
    unknown : str
        The reason given for units without a region.

    Returns
    -------
    regions : array of str of shape (unit,)
    reasons : dict of str to array of bool of shape (unit,)
        Units to leave out, by reason.
    """
    regions, left = grouped(names, settings.regions, settings.others)
    reasons = {unknown: names == ""}
    if left:
        shown = sorted(left, key=lambda name: -left[name])
        said = ", ".join(shown[:8]) + (", …" if len(shown) > 8 else "")
        reasons[f"units of other regions ({said})"] = (names != "") & (regions == "")
    return regions, reasons


def session_of(
    responses: Array,
    units: Array,
    regions: Array,
    recording: Open,
    dropped: Mapping[str, int],
    measured: tuple[str, str],
    settings: Windowed,
) -> xr.Dataset:
    """Lay responses out as a session, several windows as time bins.

    Parameters
    ----------
    responses : array of shape (window, presentation, unit)
        Responses in each window.
    units, regions : arrays of str of shape (unit,)
        Id and region of each unit.
    recording : Open
        What was shown.
    dropped : mapping of str to int
        What was left out of it, by reason.
    measured : tuple (unit of measurement, description)
        What a response is.
    settings : Windowed
        The same windows.

    Returns
    -------
    Dataset
        `response (presentation, unit[, time])` with its coordinates, see
        `isomorph.responses.sessions.session_data`.
    """
    shown = recording.shown
    stimulus, onset = shown.stimulus, shown.onset
    binned = len(responses) > 1
    data = session_data(
        np.moveaxis(responses, 0, 2) if binned else responses[0],
        stimulus=stimulus,
        repetition=repetitions(stimulus, onset),
        unit=units,
        region=regions,
        stimuli=recording.stimuli,
        dropped={**shown.dropped, **dropped},
        times=settings.times if binned else settings.times[0],
        extra={"onset": ("presentation", onset)},
    )
    data["onset"].attrs = {"units": "s"}
    data["response"].attrs = {"units": measured[0], "long_name": measured[1]}
    return data


def refuse_silent(
    counts: Array, recording: Open, settings: Windowed, between: tuple[float, float]
) -> None:
    """Refuse a recording in which no unit fires in any window: its clocks differ.

    Parameters
    ----------
    counts : array of shape (window, presentation, unit)
        Spikes.
    recording : Open
        What was shown.
    settings : Windowed
        Windows.
    between : tuple (float, float)
        First and last time of the recording.

    Raises
    ------
    IsomorphError
        Saying where spikes and onsets lie.
    """
    if counts.any():
        return
    onset = recording.shown.onset
    raise IsomorphError(
        f"{recording.path}: every unit is silent {said_windows(settings)}: spikes lie between "
        f"{between[0]:g} and {between[1]:g}, onsets between {onset.min():g} and {onset.max():g}; "
        f"{clock_hint(between, onset)}, and responses.window too"
    )

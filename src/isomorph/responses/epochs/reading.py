"""From recordings to the responses of one subject."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from isomorph.archives.manifest import find_files, own_files, read_manifest
from isomorph.archives.patterns import matches
from isomorph.errors import IsomorphError
from isomorph.layout import Layout
from isomorph.responses.entities import inherited, labels_of_runs, parse, partner
from isomorph.responses.epochs.cutting import Cut, cut
from isomorph.responses.epochs.events import Events, read_events
from isomorph.responses.epochs.noise import Moments, normaliser, residual_moments
from isomorph.responses.epochs.recording import (
    Channels,
    choose_channels,
    files_of,
    filtered,
    open_recordings,
    scale_of,
)
from isomorph.responses.presentations import repetitions
from isomorph.responses.sessions import (
    placed_in_time,
    session_data,
    stimulus_ids,
    summary,
    write_sessions,
)
from isomorph.stimuli.naming import Naming, naming
from isomorph.study.epochs import EpochResponses

Array = npt.NDArray


@dataclass(frozen=True)
class Names:
    """What names in events tables may stand for.

    Attributes
    ----------
    naming : Naming
        Stimulus by name.
    stimuli : ndarray (stimulus,) of str
        Ids of the stimulus table.
    table : str
        The stimulus table, for messages.
    """

    naming: Naming
    stimuli: Array
    table: str


@dataclass(frozen=True)
class Recording:
    """One recording and the tables that belong to it.

    Attributes
    ----------
    file : Path
        Its file, or the folder that is one.
    raw : mne.io.BaseRaw
        The same, opened.
    events : Path
    channels : Path or None
    """

    file: Path
    raw: Any
    events: Path
    channels: Path | None

    @property
    def files(self) -> list[Path]:
        """Every file that is read."""
        tables = [self.events, *([self.channels] if self.channels else [])]
        return [*files_of(self.file, self.raw), *tables]


def prepare(layout: Layout, dataset: str, subject: str) -> None:
    """Cut a subject's recordings into epochs and write them, a group per session.

    Parameters
    ----------
    layout : Layout
        Paths of the study.
    dataset, subject : str
        Whose recordings.

    Raises
    ------
    IsomorphError
        When a file, column or channel is not there, or no epoch is left. Nothing is written then.
    """
    settings = layout.study.dataset(dataset).responses
    assert isinstance(settings, EpochResponses)
    pattern = settings.files.replace("{subject}", subject)
    recordings = _with_tables(
        layout,
        dataset,
        open_recordings(find_files(layout, dataset, pattern, settings.folders)),
        settings.presentations.files and settings.presentations.files.replace("{subject}", subject),
    )
    names = Names(naming(layout, dataset), stimulus_ids(layout, dataset),
                  str(layout.stimuli(dataset)))  # fmt: skip
    sessions = {}
    for name, runs in _by_session(recordings).items():
        sessions[name] = read_session(runs, settings, names)
        line = f"responses {dataset} {subject} session {name}: {summary(sessions[name])}"
        print(line, file=sys.stderr, flush=True)
    inputs = [file for one in recordings for file in one.files]
    write_sessions(layout, dataset, subject, sessions, list(dict.fromkeys(inputs)))


def _with_tables(
    layout: Layout, dataset: str, opened: Mapping[Path, Any], pattern: str | None
) -> list[Recording]:
    """Return recordings, each with the tables of events and channels that belong to it."""
    manifest = read_manifest(layout, dataset)
    known = [record.path for record in own_files(layout, dataset, manifest)]

    def tables(ending: str) -> list[Path]:
        return [manifest.root / path for path in matches(f"**/*{ending}.tsv", known)]

    listed = find_files(layout, dataset, pattern) if pattern else []
    events, channels = tables("events"), tables("channels")
    found = []
    for file, raw in opened.items():
        table = (
            partner(file, listed, "tables of events")
            if pattern
            else inherited(file, events, "tables of events")
        )
        if table is None:
            raise IsomorphError(
                f"{file}: none of the {len(events)} tables of events (*events.tsv) belongs to it; "
                "it must stand beside the recording or in a folder above, and be among "
                "archive.files, or be matched by responses.presentations.files"
            )
        found.append(Recording(file, raw, table, inherited(file, channels, "tables of channels")))
    return found


def read_session(runs: Sequence[Recording], spec: EpochResponses, names: Names) -> xr.Dataset:
    """Cut the recordings of one session.

    Parameters
    ----------
    runs : sequence of Recording
        One per run.
    spec : EpochResponses
        Channels, windows and what is done to epochs.
    names : Names
        What names in events tables may stand for.

    Returns
    -------
    Dataset
        See `isomorph.responses.sessions.session_data`.
    """
    files = [run.file for run in runs]
    chosen = [choose_channels(run.raw, run.file, run.channels, spec) for run in runs]
    channels = _good_in_all(chosen, files)
    scale, unit = scale_of(channels, chosen[0].types, files[0])
    if "," in unit and spec.noise is None:
        raise IsomorphError(
            f"{files[0]}: the channels are in {unit}, which cannot stand side by side; pick one "
            "type, or give responses.noise"
        )
    events, cuts = [], []
    for run in runs:
        shown = read_events(
            run.events,
            spec.presentations,
            names.naming,
            names.stimuli,
            names.table,
            float(run.raw.info["sfreq"]),
        )
        ready = filtered(run.raw, channels, spec.filter, run.file)
        cuts.append(cut(ready, scale, shown.onset, spec, run.file))
        events.append(shown)
    return _session(files, channels, chosen, events, cuts, spec, names, unit)


def _session(
    files: Sequence[Path],
    channels: Sequence[str],
    chosen: Sequence[Channels],
    events: Sequence[Events],
    cuts: Sequence[Cut],
    spec: EpochResponses,
    names: Names,
    unit: str,
) -> xr.Dataset:
    label = np.concatenate([e.stimulus[c.kept] for e, c in zip(events, cuts, strict=True)])
    onset = np.concatenate([e.onset[c.kept] for e, c in zip(events, cuts, strict=True)])
    run = np.repeat(np.array(labels_of_runs(files)), [int(c.kept.sum()) for c in cuts])
    values = {window: np.concatenate([c.values[window] for c in cuts]) for window in spec.windows}
    if spec.noise is not None:
        values = _normalised(values, label, cuts, spec, str(files[0]))
        unit = "standard deviations of the noise"
    response, units, regions = _as_units(values, channels, cuts[0].times)
    # Runs follow each other, and within a run the order is that of the onsets.
    order = np.lexsort((onset, np.repeat(np.arange(len(cuts)), [int(c.kept.sum()) for c in cuts])))
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    data = session_data(
        response.astype(np.float32),
        stimulus=label,
        repetition=repetitions(label, place),
        unit=units,
        region=regions,
        stimuli=names.stimuli,
        dropped=_counted(channels, chosen, events, cuts),
        extra={
            "onset": ("presentation", onset),
            "run": ("presentation", run.astype(object)),
            **placed_in_time(
                np.full(len(regions), _kinds(channels, chosen[0])),
                np.array([spec.windows[window] for window in regions]),
            ),
        },
    )
    data["onset"].attrs = {"units": "s"}
    kind = "mean over the window" if spec.units == "channels" else "sample"
    data["response"].attrs = {"units": unit, "long_name": f"{kind} of a channel"}
    return data


def _normalised(
    values: Mapping[str, Array], label: Array, cuts: Sequence[Cut], spec: EpochResponses, where: str
) -> dict[str, Array]:
    """Return values (epoch, channel, sample) by window in units of their noise."""
    assert spec.noise is not None
    baseline: Moments | None = None
    if spec.noise.of == "baseline":
        for one in cuts:
            assert one.baseline is not None
            if baseline is None:
                baseline = Moments(len(one.baseline.products))
            baseline.join(one.baseline)
    done = {}
    for window, epochs in values.items():
        moments = baseline or residual_moments(epochs, label)
        matrix = normaliser(spec.noise.kind, moments, where)
        done[window] = np.moveaxis(np.tensordot(matrix, epochs, axes=(1, 1)), 0, 1)
    return done


def _as_units(
    values: Mapping[str, Array], channels: Sequence[str], times: Mapping[str, Array]
) -> tuple[Array, Array, Array]:
    """Return responses (epoch, unit), the name of each unit, and its region: the window."""
    flat, units, regions = [], [], []
    for window, epochs in values.items():
        flat.append(epochs.reshape(len(epochs), -1))
        at = [f"{time:.4g} s" for time in times[window]] or [window]
        units += [f"{channel} {when}" for channel in channels for when in at]
        regions += [window] * flat[-1].shape[1]
    return np.concatenate(flat, axis=1), np.array(units), np.array(regions)


def _kinds(channels: Sequence[str], chosen: Channels) -> str:
    """Return the types of channels, which stand where an area would: `eeg`, `grad, mag`."""
    return ", ".join(sorted({chosen.types[name] for name in channels}))


def _good_in_all(chosen: Sequence[Channels], files: Sequence[Path]) -> list[str]:
    """Return the channels good in every run, in the order of the first."""
    common = [name for name in chosen[0].names if all(name in one.names for one in chosen)]
    if not common:
        raise IsomorphError(
            f"{files[0]}: shares no good channel with the {len(files) - 1} other runs of its "
            "session"
        )
    return common


def _counted(
    channels: Sequence[str],
    chosen: Sequence[Channels],
    events: Sequence[Events],
    cuts: Sequence[Cut],
) -> dict[str, int]:
    asked = {name for one in chosen for name in one.types}
    bad = {name for one in chosen for name in one.bad}
    total = {"channels called bad": len(bad), "channels not in every run": 0}
    total["channels not in every run"] = len(asked - bad - set(channels))
    for one in (*(e.dropped for e in events), *(c.dropped for c in cuts)):
        for reason, count in one.items():
            total[reason] = total.get(reason, 0) + count
    return total


def _by_session(recordings: Sequence[Recording]) -> dict[str, list[Recording]]:
    """Group recordings by their `ses-`, runs in order; "1" where names have none."""
    found: dict[str, list[Recording]] = {}
    for one in recordings:
        found.setdefault(str(parse(one.file).entities.get("ses", "1")), []).append(one)
    return found

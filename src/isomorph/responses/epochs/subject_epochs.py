"""From recordings to the responses of one subject."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import xarray as xr

from isomorph.foreign.entities import labels_of_runs
from isomorph.responses.epochs.cutting import Cut, cut, place
from isomorph.responses.epochs.noise import Moments, normaliser, residual_moments
from isomorph.responses.epochs.recording import Channels, filtered, refuse_edge
from isomorph.responses.epochs.recording_files import Ready, by_session, gather, ready
from isomorph.responses.epochs.stimulus_events import Events
from isomorph.responses.presentations import repetitions
from isomorph.responses.sessions import session_data, summary
from isomorph.responses.subject_files import Read, SubjectFiles
from isomorph.study.epochs import EpochResponses

Array = npt.NDArray


def read(files: SubjectFiles, settings: EpochResponses) -> Read:
    """Cut a subject's recordings into epochs, session by session.

    Parameters
    ----------
    files : SubjectFiles
    settings : EpochResponses
        Which files are recordings, channels, windows and what is done to epochs.

    Raises
    ------
    IsomorphError
        When a file, column or channel is not there, or no epoch is left.
    """
    recordings, names = gather(files, settings), files.names
    sessions = {}
    for name, runs in by_session(recordings).items():
        sessions[name] = read_session(ready(runs, settings, names), settings, names.stimuli)
        files.say(f"session {name}: {summary(sessions[name])}")
    names.refuse_misspelt()
    inputs = [file for one in recordings for file in one.files]
    return Read(sessions, list(dict.fromkeys(inputs)))


def look(files: SubjectFiles, settings: EpochResponses) -> None:
    """Open a subject's recordings and refuse what `read` would.

    Tables, channels, names of stimuli and windows are looked at, and no sample is read.
    """
    for runs in by_session(gather(files, settings)).values():
        session = ready(runs, settings, files.names)
        for run, shown in zip(runs, session.events, strict=True):
            refuse_edge(run.raw, settings.filter, run.file)
            place(run.raw, shown.onset, settings, run.file)
    files.names.refuse_misspelt()


def read_session(session: Ready, spec: EpochResponses, stimuli: Array) -> xr.Dataset:
    """Cut the recordings of one session.

    Parameters
    ----------
    session : Ready
        Its runs, channels and events.
    spec : EpochResponses
        Windows and what is done to epochs.
    stimuli : array of str of shape (stimulus,)
        Ids of the stimulus table.

    Returns
    -------
    Dataset
        See `isomorph.responses.sessions.session_data`.
    """
    cuts = []
    for run, shown in zip(session.runs, session.events, strict=True):
        kept = filtered(run.raw, session.channels, spec.filter, run.file)
        cuts.append(cut(kept, session.scale, shown.onset, spec, run.file))
    return _session(session, cuts, spec, stimuli)


def _session(
    session: Ready, cuts: Sequence[Cut], spec: EpochResponses, stimuli: Array
) -> xr.Dataset:
    files = [run.file for run in session.runs]
    channels, chosen, events = session.channels, session.chosen, session.events
    unit = session.unit
    label = np.concatenate([e.stimulus[c.kept] for e, c in zip(events, cuts, strict=True)])
    onset = np.concatenate([e.onset[c.kept] for e, c in zip(events, cuts, strict=True)])
    run = np.repeat(np.array(labels_of_runs(files)), [int(c.kept.sum()) for c in cuts])
    in_order = sorted(spec.windows, key=spec.windows.__getitem__)
    values = {window: np.concatenate([c.values[window] for c in cuts]) for window in in_order}
    if spec.noise is not None:
        values = _normalised(values, label, cuts, spec, str(files[0]))
        unit = "standard deviations of the noise"
    response, units = _as_units(values, channels, cuts[0].times)
    # Runs follow each other, and within a run the order is that of the onsets.
    order = np.lexsort((onset, np.repeat(np.arange(len(cuts)), [int(c.kept.sum()) for c in cuts])))
    position = np.empty(len(order), dtype=np.int64)
    position[order] = np.arange(len(order))
    data = session_data(
        response.astype(np.float32),
        stimulus=label,
        repetition=repetitions(label, position),
        unit=units,
        region=np.full(len(units), _kinds(channels, chosen[0])),
        stimuli=stimuli,
        dropped=_counted(channels, chosen, events, cuts),
        times=spec.times if len(spec.times) > 1 else spec.times[0],
        extra={
            "onset": ("presentation", onset),
            "run": ("presentation", run.astype(object)),
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
) -> tuple[Array, Array]:
    """Return responses (epoch, unit[, time]), and the name of each unit.

    Units are the same in every window, so of several windows samples are counted from their start.
    """
    stacked = np.stack([one.reshape(len(one), -1) for one in values.values()], axis=2)
    samples = next(iter(times.values()))
    if len(values) == 1:
        at = [f" {time:.4g} s" for time in samples]
    else:
        at = [f" sample {number}" for number in range(1, len(samples) + 1)]
    units = np.array([f"{channel}{when}" for channel in channels for when in at or [""]])
    return (stacked if len(values) > 1 else stacked[..., 0]), units


def _kinds(channels: Sequence[str], chosen: Channels) -> str:
    """Return the types of channels, which are the region: `eeg`, `grad, mag`."""
    return ", ".join(sorted({chosen.types[name] for name in channels}))


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

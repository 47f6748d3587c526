"""Cutting epochs: values of channels in windows around each onset, block by block."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError
from isomorph.foreign import reading
from isomorph.responses.clocks import refuse_windows
from isomorph.responses.epochs.noise import Moments
from isomorph.study.epochs import EpochResponses

Array = npt.NDArray

BLOCK = 20.0
"""Seconds of a recording held at a time."""
LARGEST = 2**24
"""Values of epochs held at a time; epochs overlap where stimuli follow fast."""
BREAKS = ("boundary", "edge", "new segment")
"""How EEGLAB, MNE-Python and BrainVision begin the names of places where samples that follow each
other were not recorded one after the other."""

SLACK = 1e-6
"""Samples by which a window's edge may miss a sample by rounding."""


@dataclass(frozen=True)
class Cut:
    """The epochs of one recording.

    Attributes
    ----------
    kept : array of bool of shape (event,)
        Which events became epochs.
    values : dict of str to array of shape (epoch, channel, sample)
        By window; one sample, the mean, unless samples are asked for.
    times : dict of str to array of shape (sample,)
        Seconds from onset, by window; empty for means.
    baseline : Moments or None
        Of the samples of all baselines, where noise is measured there.
    dropped : dict of str to int
        Epochs left out, by reason.
    """

    kept: Array
    values: dict[str, Array]
    times: dict[str, Array]
    baseline: Moments | None
    dropped: dict[str, int]


def samples_of(window: tuple[float, float], rate: float, name: str, where: str) -> tuple[int, int]:
    """Return the first sample of a half-open window and the one after its last, from onset.

    Raises
    ------
    IsomorphError
        When no sample lies in it.
    """
    first, after = (int(np.ceil(edge * rate - SLACK)) for edge in window)
    if first >= after:
        raise IsomorphError(
            f"{where}: no sample lies in the window {name} {list(window)} s at {rate:g} Hz"
        )
    return first, after


@dataclass(frozen=True)
class Places:
    """Where the epochs of one recording lie.

    Attributes
    ----------
    spans : dict of str to (first, after)
        Samples of each window, from onset.
    baseline : tuple (first, after) or None
        The same of the baseline.
    start : array of shape (event,)
        Sample of each onset.
    inside, clean, whole : arrays of bool of shape (event,)
        Whether an epoch lies inside the recording, in no segment marked bad, and not across a
        break.
    """

    spans: dict[str, tuple[int, int]]
    baseline: tuple[int, int] | None
    start: Array
    inside: Array
    clean: Array
    whole: Array

    @property
    def usable(self) -> Array:
        """Whether an epoch can be cut (event,)."""
        return self.inside & self.clean & self.whole

    @property
    def edges(self) -> tuple[int, int]:
        """First sample of an epoch and the one after its last, from onset."""
        every = [*self.spans.values(), *([self.baseline] if self.baseline else [])]
        return min(edge[0] for edge in every), max(edge[1] for edge in every)


def place(raw: Any, onset: Array, spec: EpochResponses, file: Path) -> Places:
    """Return where epochs lie; no sample is read.

    Parameters
    ----------
    raw : mne.io.BaseRaw
        The recording, filtered or not yet.
    onset : array of shape (event,)
        Seconds from its first sample.
    spec : EpochResponses
        Windows and what is done to epochs.
    file : Path
        The recording, for messages.

    Raises
    ------
    IsomorphError
        When no sample lies in a window, windows are plainly in milliseconds or outlast the
        recording, too few samples would be left, or no epoch lies where it can be used.
    """
    rate, where = float(raw.info["sfreq"]), str(file)
    spans = {name: samples_of(w, rate, name, where) for name, w in spec.windows.items()}
    base = samples_of(spec.baseline, rate, "baseline", where) if spec.baseline else None
    windows = [*spec.windows.values(), *([spec.baseline] if spec.baseline else [])]
    refuse_windows(windows, onset, where)
    _refuse_unlike(_times(spans, spec, rate), where)
    _check_decimation(raw, spec, rate, where)
    start = np.rint(onset * rate).astype(np.int64)
    empty = np.zeros(len(start), dtype=bool)
    found = Places(spans, base, start, empty, empty, empty)
    first, after = found.edges
    inside = (start + first >= 0) & (start + after <= raw.n_times)
    clean = ~_in_bad_segment(raw, start + first, start + after, rate)
    whole = ~_across_a_break(raw, start + first, start + after, rate)
    found = Places(spans, base, start, inside, clean, whole)
    if not found.usable.any():
        _refuse_none(inside, where, (first / rate, after / rate), raw.n_times / rate)
    return found


def cut(raw: Any, scale: Array, onset: Array, spec: EpochResponses, file: Path) -> Cut:
    """Cut a recording around onsets.

    Parameters
    ----------
    raw : mne.io.BaseRaw
        The recording with only the channels that count, filtered if asked.
    scale : array of shape (channel,)
        Factor to the unit of the responses.
    onset : array of shape (event,)
        Seconds from the recording's first sample.
    spec : EpochResponses
        Windows and what is done to epochs.
    file : Path
        The recording, for messages.

    Returns
    -------
    Cut
    """
    rate, where = float(raw.info["sfreq"]), str(file)
    places = place(raw, onset, spec, file)
    spans, base, start = places.spans, places.baseline, places.start
    inside, clean, whole = places.inside, places.clean, places.whole
    first, after = places.edges
    kept = places.usable
    moments = Moments(len(scale)) if spec.noise and spec.noise.of == "baseline" else None
    quiet = np.ones(len(start), dtype=bool)
    parts: dict[str, list[Array]] = {name: [] for name in spans}
    before = slice(base[0] - first, base[1] - first) if base else None
    for events, held in _blocks(raw, scale, np.flatnonzero(kept), start, (first, after), file):
        epochs = _referenced(held, before, spec)
        if spec.reject is not None:
            quiet[events] = (np.ptp(epochs, axis=2) <= spec.reject).all(axis=1)
            epochs = epochs[quiet[events]]
        if moments is not None and before is not None:
            moments.add(_baseline_noise(epochs[:, :, before]))
        for name, (begin, end) in spans.items():
            values = epochs[:, :, begin - first : end - first : spec.decimate]
            means = spec.units == "channels"
            parts[name].append(values.mean(axis=2, keepdims=True) if means else values.copy())
    noisy = int((kept & ~quiet).sum())
    kept &= quiet
    if not kept.any():
        raise IsomorphError(
            f"{where}: in every one of the {noisy} epochs a channel goes over responses.reject, "
            f"{spec.reject:g} from peak to peak; raise it or leave the channel out"
        )
    return Cut(
        kept,
        {name: np.concatenate(part) for name, part in parts.items()},
        _times(spans, spec, rate),
        moments,
        {
            "epochs that reach outside the recording": int((~inside).sum()),
            "epochs in a segment marked bad": int((inside & ~clean).sum()),
            "epochs across a break in the recording": int((inside & clean & ~whole).sum()),
            "epochs above the peak-to-peak limit": noisy,
        },
    )


def _referenced(epochs: Array, baseline: slice | None, spec: EpochResponses) -> Array:
    """Return epochs (epoch, channel, sample) in the reference asked for, baselines taken off."""
    if spec.reference == "average":
        epochs = epochs - epochs.mean(axis=1, keepdims=True)
    if baseline is not None:
        epochs = epochs - epochs[:, :, baseline].mean(axis=2, keepdims=True)
    return epochs


def _baseline_noise(baselines: Array) -> Array:
    """Return the samples (sample, channel) of baselines (epoch, channel, sample) as noise.

    Their mean was taken off, and a share of their variance with it.
    """
    length = baselines.shape[2]
    lost = np.sqrt(length / max(length - 1, 1))
    return lost * np.moveaxis(baselines, 1, 2).reshape(-1, baselines.shape[1])


def _blocks(
    raw: Any, scale: Array, events: Array, start: Array, edges: tuple[int, int], file: Path
) -> Iterator[tuple[Array, Array]]:
    """Yield events in their own order and their epochs (epoch, channel, sample), some at a time."""
    first, after = edges
    most = max(1, int(BLOCK * float(raw.info["sfreq"])))
    within = np.arange(first, after)
    at = 0
    while at < len(events):
        ahead = start[events[at:]]
        low, high = np.minimum.accumulate(ahead), np.maximum.accumulate(ahead)
        few = high - low <= most
        few[max(1, LARGEST // (len(within) * len(scale))) :] = False
        count = len(few) if few.all() else int(np.argmin(few))
        block = events[at : at + count]
        begin = int(start[block].min()) + first
        with reading(file, "a whole recording"):
            samples = raw[:, begin : int(start[block].max()) + after][0]
        data = samples * scale[:, None]
        bad = data.size - int(np.isfinite(data).sum())
        if bad:
            raise IsomorphError(
                f"{file}: holds {bad} values that are not finite near {begin / most * BLOCK:.1f} s"
            )
        index = (start[block] - begin)[:, None] + within
        yield block, np.moveaxis(data[:, index], 1, 0)
        at += count


def _in_bad_segment(raw: Any, begin: Array, end: Array, rate: float) -> Array:
    """Tell which epochs overlap an annotation that begins with "bad", as MNE-Python has it."""
    hit = np.zeros(len(begin), dtype=bool)
    for note in raw.annotations:
        if str(note["description"]).lower().startswith("bad"):
            first = (float(note["onset"]) - float(raw.first_time)) * rate
            hit |= (begin < first + float(note["duration"]) * rate) & (end > first)
    return hit


def _across_a_break(raw: Any, begin: Array, end: Array, rate: float) -> Array:
    """Tell which epochs have samples on both sides of a place where something was cut out.

    The length that EEGLAB notes is that of what is gone.
    """
    across = np.zeros(len(begin), dtype=bool)
    for note in raw.annotations:
        if str(note["description"]).lower().startswith(BREAKS):
            at = (float(note["onset"]) - float(raw.first_time)) * rate
            across |= (begin < at - SLACK) & (end - 1 >= at - SLACK)
    return across


def _refuse_none(inside: Array, where: str, window: tuple[float, float], length: float) -> NoReturn:
    if inside.any():
        raise IsomorphError(
            f"{where}: all {len(inside)} epochs lie in segments marked bad or across a break"
        )
    if window[1] - window[0] > length:
        raise IsomorphError(
            f"{where}: epochs from {window[0]:g} to {window[1]:g} s outlast the recording of "
            f"{length:g} s; windows are in seconds"
        )
    raise IsomorphError(
        f"{where}: none of the {len(inside)} epochs lies inside the recording of {length:g} s; "
        "presentations.clock must be the units of the onset column in a second"
    )


def _refuse_unlike(times: Mapping[str, Array], where: str) -> None:
    """Refuse windows of different numbers of samples, which would differ in units in time bins."""
    counts = {name: len(samples) for name, samples in times.items()}
    if len(set(counts.values())) > 1:
        said = ", ".join(f"{name} {count}" for name, count in counts.items())
        raise IsomorphError(
            f"{where}: responses.windows hold different numbers of samples ({said}), so that with "
            "units: samples their units are not the same; make them equally long, take units: "
            "channels, or make each window a dataset"
        )


def _check_decimation(raw: Any, spec: EpochResponses, rate: float, where: str) -> None:
    if spec.decimate == 1:
        return
    highest = float(raw.info["lowpass"])
    if spec.filter is not None and spec.filter.high is not None:
        highest = min(highest, spec.filter.high)
    allowed = rate / spec.decimate / 3
    if highest > allowed * (1 + 1e-9):
        raise IsomorphError(
            f"{where}: responses.decimate leaves {rate / spec.decimate:g} Hz, which takes a "
            f"recording with nothing above {allowed:g} Hz, and this has up to {highest:g} Hz; set "
            f"responses.filter.high to {allowed:g} or less"
        )


def _times(
    spans: Mapping[str, tuple[int, int]], spec: EpochResponses, rate: float
) -> dict[str, Array]:
    if spec.units == "channels":
        return {name: np.zeros(0) for name in spans}
    return {name: np.arange(*span, spec.decimate) / rate for name, span in spans.items()}

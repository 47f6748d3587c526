"""Continuous recordings: opened by MNE-Python, their channels chosen."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError, did_you_mean
from isomorph.foreign import read_tsv, reading
from isomorph.foreign.entities import in_order, parse, refuse_same_recording
from isomorph.foreign.outside import refuse_outside_files
from isomorph.foreign.trial import try_first
from isomorph.saying import say
from isomorph.study.epochs import BandPass, EpochResponses

Array = npt.NDArray

WHAT = "a recording"

COMPANIONS: Mapping[str, Sequence[str]] = {
    ".vhdr": (".eeg", ".vmrk"), ".ahdr": (".eeg", ".amrk"), ".set": (".fdt",),
}  # fmt: skip
"""Endings of the files that a header of that ending needs beside it."""

BIDS_TYPES = {
    "eeg": "eeg", "eog": "eog", "veog": "eog", "heog": "eog", "ecg": "ecg", "emg": "emg",
    "megmag": "mag", "megrefmag": "ref_meg", "meggradaxial": "mag", "meggradplanar": "grad",
    "ecog": "ecog", "seeg": "seeg", "misc": "misc", "trig": "stim", "ref": "misc",
}  # fmt: skip
"""MNE-Python's type of a channel by the type in a BIDS channels table, case aside."""

_MICROVOLT = (1e6, "µV")
SCALES = {
    **dict.fromkeys(("eeg", "eog", "ecg", "emg", "ecog", "seeg"), _MICROVOLT),
    "mag": (1e15, "fT"),
    "grad": (1e13, "fT/cm"),
}
"""Factor from SI units to the unit of the responses, and that unit, by type of channel."""


@dataclass(frozen=True)
class Channels:
    """The channels of a recording that were asked for.

    Attributes
    ----------
    names : tuple of str
        Good ones, in the recording's order.
    types : dict of str to str
        Type of each channel asked for, good or bad.
    bad : tuple of str
        Those the channels table or the recording itself calls bad.
    """

    names: tuple[str, ...]
    types: dict[str, str]
    bad: tuple[str, ...]


@contextmanager
def listening(file: Path) -> Iterator[None]:
    """Say what MNE-Python warns of in one line each, once, with the file's name."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    for message in dict.fromkeys(" ".join(str(one.message).split()) for one in caught):
        say(f"{file}: {message}")


def open_recording(file: Path) -> Any:
    """Open a recording of any format MNE-Python reads, its samples left on disk.

    Raises
    ------
    IsomorphError
        When it cannot be read, says no rate, or names a file of samples outside its own folder.
    """
    import mne

    # A damaged FIF file, whose tags lead back to one another, is never read to its end.
    try_first(lambda: mne.io.read_raw(file, preload=False, verbose="error"), file, WHAT)
    with listening(file), reading(file, WHAT):
        raw = mne.io.read_raw(file, preload=False, verbose="warning")
    rate = float(raw.info["sfreq"])
    if not 0 < rate < math.inf:
        raise IsomorphError(f"{file}: says that it has {rate:g} samples per second")
    named = [Path(one) for one in raw.filenames if one is not None]
    own = (file.absolute(), file.resolve())
    if not file.is_dir():
        refuse_outside_files(file, [one for one in named if one.absolute() not in own])
    return raw


def open_recordings(files: Iterable[Path]) -> dict[Path, Any]:
    """Open recordings, runs in order; files that MNE-Python reads as a part of another are none.

    Parameters
    ----------
    files : iterable of Path
        Files, or folders that stand for one.

    Returns
    -------
    dict of Path to mne.io.BaseRaw

    Raises
    ------
    IsomorphError
        When one cannot be read, is a later part of a recording whose first is not there, or two
        are of one run.
    """
    opened = {file: open_recording(file) for file in in_order(files)}
    later = {
        Path(part)
        for file, raw in opened.items()
        for part in raw.filenames
        if part is not None and Path(part) != file.absolute()
    }
    recordings = {file: raw for file, raw in opened.items() if file.absolute() not in later}
    for file in recordings:
        number = parse(file).entities.get("split", 1)
        if number != 1:
            raise IsomorphError(
                f"{file}: is part {number} of a recording of which no part before is there; "
                "responses.files must match the first, and all must stand in one folder"
            )
    refuse_same_recording(recordings, "responses.files")
    return recordings


def files_of(file: Path, raw: Any) -> list[Path]:
    """Return every file a recording is made of: parts, samples, markers, all of a folder."""
    if file.is_dir():
        return sorted(one for one in file.rglob("*") if one.is_file())
    parts = {Path(part) for part in raw.filenames if part is not None}
    beside = {file.with_suffix(ending) for ending in COMPANIONS.get(file.suffix, ())}
    others = {one for one in {*parts, *beside} if one.absolute() != file.absolute()}
    return [file, *sorted(one for one in others if one.is_file())]


def choose_channels(raw: Any, file: Path, table: Path | None, spec: EpochResponses) -> Channels:
    """Return the channels of the types or names asked for, the bad ones apart.

    Parameters
    ----------
    raw : mne.io.BaseRaw
        The open recording.
    file : Path
        Its file.
    table : Path or None
        Its `…_channels.tsv`, where there is one.
    spec : EpochResponses
        What is asked for.

    Raises
    ------
    IsomorphError
        When a pick is neither a type nor a name, or no good channel is left.
    """
    with reading(file, WHAT):
        types = dict(zip(raw.ch_names, raw.get_channel_types(), strict=True))
    bad = set(raw.info["bads"])
    if table is not None:
        rows = read_tsv(table, "name")
        known = rows[rows["name"].isin(raw.ch_names)]
        if known.empty:
            raise IsomorphError(
                f'{table}: names no channel of {file.name}, such as "{raw.ch_names[0]}"'
            )
        if "type" in known:
            told = zip(known["name"], known["type"].str.lower(), strict=True)
            types |= {name: BIDS_TYPES[kind] for name, kind in told if kind in BIDS_TYPES}
        if "status" in known:
            bad |= set(known["name"][known["status"].str.lower() == "bad"])
    for pick in (*spec.picks, *spec.leave_out):
        if not any(_is_picked(name, kind, pick) for name, kind in types.items()):
            raise IsomorphError(
                f'{file}: no channel is of type or name "{pick}", '
                f"{did_you_mean(pick, [*sorted(set(types.values())), *types])}"
            )
    asked = [
        name
        for name, kind in types.items()
        if any(_is_picked(name, kind, pick) for pick in spec.picks)
        and not any(_is_picked(name, kind, one) for one in spec.leave_out)
    ]
    good = tuple(name for name in asked if name not in bad)
    if not good:
        raise IsomorphError(f"{file}: none of the {len(asked)} channels asked for is good")
    return Channels(
        good, {name: types[name] for name in asked}, tuple(n for n in asked if n in bad)
    )


def _is_picked(name: str, kind: str, pick: str) -> bool:
    return kind == pick or fnmatchcase(name, pick)


def scale_of(channels: Sequence[str], types: dict[str, str], file: Path) -> tuple[Array, str]:
    """Return the factor of each channel to the unit of the responses, and that unit.

    Raises
    ------
    IsomorphError
        When a channel is of a type without a unit.
    """
    kinds = [types[name] for name in channels]
    for name, kind in zip(channels, kinds, strict=True):
        if kind not in SCALES:
            raise IsomorphError(
                f'{file}: channel "{name}" is of type {kind}, which is not a recording of a brain; '
                f"responses are made of {', '.join(SCALES)}"
            )
    factors = np.array([SCALES[kind][0] for kind in kinds])
    return factors, ", ".join(dict.fromkeys(SCALES[kind][1] for kind in kinds))


def filtered(raw: Any, channels: Sequence[str], band: BandPass | None, file: Path) -> Any:
    """Return the recording with only some channels, filtered in memory where asked.

    Raises
    ------
    IsomorphError
        When the filter's edge is not below half of the sampling rate.
    """
    with reading(file, WHAT):
        kept = raw.copy().pick(list(channels), verbose="error")
    if band is None:
        return kept
    refuse_edge(raw, band, file)
    with listening(file), reading(file, WHAT):
        kept.load_data(verbose="error")
        return kept.filter(band.low, band.high, picks="all", verbose="warning")


def refuse_edge(raw: Any, band: BandPass | None, file: Path) -> None:
    """Refuse a filter that a recording is sampled too slowly for.

    Raises
    ------
    IsomorphError
        When the filter's edge is not below half of the sampling rate.
    """
    if band is None:
        return
    half = float(raw.info["sfreq"]) / 2
    edge = band.high if band.high is not None else band.low
    assert edge is not None
    if edge >= half:
        raise IsomorphError(
            f"{file}: is sampled at {2 * half:g} Hz, so responses.filter must stay below "
            f"{half:g} Hz, not {edge:g}"
        )

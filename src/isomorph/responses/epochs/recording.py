"""Continuous recordings: opened by MNE-Python, their channels chosen."""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError, did_you_mean
from isomorph.foreign import read_tsv
from isomorph.study.epochs import BandPass, EpochResponses

Array = npt.NDArray

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
        print(f"{file}: {message}", file=sys.stderr, flush=True)


def open_recording(file: Path) -> Any:
    """Open a recording of any format MNE-Python reads, its samples left on disk.

    Raises
    ------
    IsomorphError
        When it cannot be read.
    """
    import mne

    with listening(file), _as_sentence(file):
        return mne.io.read_raw(file, preload=False, verbose="warning")


@contextmanager
def _as_sentence(file: Path) -> Iterator[None]:
    try:
        yield
    except (
        *(OSError, ValueError, KeyError, TypeError, IndexError),
        *(RuntimeError, AttributeError, NotImplementedError, UnicodeDecodeError),
    ) as error:
        said = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise IsomorphError(f"{file}: cannot be read as a recording ({said[:200]})") from error


def choose_channels(raw: Any, file: Path, spec: EpochResponses) -> Channels:
    """Return the channels of the types or names asked for, the bad ones apart.

    Parameters
    ----------
    raw : mne.io.BaseRaw
        The open recording.
    file : Path
        Its file; `…_channels.tsv` beside it counts where there is one.
    spec : EpochResponses
        What is asked for.

    Raises
    ------
    IsomorphError
        When a pick is neither a type nor a name, or no good channel is left.
    """
    types = dict(zip(raw.ch_names, raw.get_channel_types(), strict=True))
    bad = set(raw.info["bads"])
    table = beside(file, "channels")
    if table.is_file():
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


def beside(file: Path, what: str) -> Path:
    """Return the BIDS table that stands beside a recording: `…_events.tsv`, `…_channels.tsv`."""
    return file.with_name(f"{re.sub(r'_[a-zA-Z]+$', '', file.stem)}_{what}.tsv")


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
                f'{file}: channel "{name}" is of type {kind}, which is no recording of a brain; '
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
    kept = raw.copy().pick(list(channels), verbose="error")
    if band is None:
        return kept
    half = float(raw.info["sfreq"]) / 2
    edge = band.high if band.high is not None else band.low
    assert edge is not None
    if edge >= half:
        raise IsomorphError(
            f"{file}: is sampled at {2 * half:g} Hz, so responses.filter must stay below "
            f"{half:g} Hz, not {edge:g}"
        )
    with listening(file), _as_sentence(file):
        kept.load_data(verbose="error")
        return kept.filter(band.low, band.high, picks="all", verbose="warning")

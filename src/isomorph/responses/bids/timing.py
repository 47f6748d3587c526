"""When the volumes of a run were taken."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError
from isomorph.foreign import reading
from isomorph.foreign.inheritance import sidecars
from isomorph.study.bids import BidsResponses

Array = npt.NDArray

SETTING = "responses.repetition_time"

SAME = 0.01
"""Share by which two repetition times may differ by rounding."""


@dataclass(frozen=True)
class Timing:
    """When the volumes of a run were taken.

    Attributes
    ----------
    repetition : float
        Seconds between volumes.
    start : float
        When the first was taken, seconds.
    source : Path or str
        Where the repetition time comes from: a JSON file, a setting or the run itself.
    files : tuple of Path
        JSON files that speak of the run, the one that counts most last.
    """

    repetition: float
    start: float
    source: Path | str = ""
    files: tuple[Path, ...] = ()

    def frames(self, n_scans: int) -> Array:
        """Return the time of each volume, seconds: (scan,)."""
        return self.start + self.repetition * np.arange(n_scans)


def timing(
    file: Path,
    known: Sequence[Path],
    settings: BidsResponses,
    repetition: float | None = None,
    start: float | None = None,
    header: float | None = None,
) -> Timing:
    """Return when the volumes of a run were taken: from JSON files, the settings, or the run.

    Parameters
    ----------
    file : Path
        The run.
    known : sequence of Path
        All JSON files of the dataset.
    settings : BidsResponses
        `repetition_time` and `start_time`, for what no JSON file says.
    repetition, start : float, optional
        What the run itself says, seconds, for what neither says.
    header : float, optional
        The repetition time in the header of volumes, seconds, which is only compared.

    Raises
    ------
    IsomorphError
        When nothing says the repetition time, it is not a positive number, two sources differ and
        the settings do not decide, or volumes were taken at unequal times.
    """
    own, elsewhere = sidecars(file, known)
    files, said, unsure = own, _contents(own), False
    if not {"RepetitionTime", "VolumeTiming"} & {*said}:
        files = [*elsewhere, *own]
        unsure = _differ_elsewhere(file, elsewhere, settings)
        said = _contents(files)
    if "RepetitionTime" not in said and "VolumeTiming" in said:
        said |= _from_volumes(file, said["VolumeTiming"], said.get("StartTime", 0.0))
    told = said.get("RepetitionTime")
    source: Path | str = next((one for one in reversed(files) if told is not None
                               and _contents([one]).keys() & {"RepetitionTime", "VolumeTiming"}),
                              "")  # fmt: skip
    if _differ(told, header):
        if settings.repetition_time is None:
            raise IsomorphError(
                f"{file}: its header says a repetition time of {header:g} s, {source} one of "
                f"{told:g} s; say which with {SETTING}"
            )
        unsure = True
    if unsure or told is None:
        told = None
        source = "the file itself" if settings.repetition_time is None else SETTING
    found = {
        "RepetitionTime": _first(told, settings.repetition_time, repetition),
        "StartTime": _first(said.get("StartTime"), settings.start_time, start, 0.0),
    }
    if found["RepetitionTime"] is None:
        raise IsomorphError(
            f"{file}: no JSON file beside or above it gives RepetitionTime; give "
            f"{SETTING} in seconds"
        )
    for key, least in (("RepetitionTime", 0.01), ("StartTime", 0.0)):
        value = found[key]
        if not _is_number(value) or not least <= value < 100:
            raise IsomorphError(f"{file}: {key} is {value!r}, expected seconds")
    return Timing(float(found["RepetitionTime"]), float(found["StartTime"]), source, tuple(files))


def _contents(files: Sequence[Path]) -> dict[str, Any]:
    """Return what JSON files say together, the last of them counting most."""
    said: dict[str, Any] = {}
    for file in files:
        with reading(file, "a JSON file"):
            content = json.loads(file.read_text(encoding="utf-8-sig"))
        if isinstance(content, dict):
            said |= {key: value for key, value in content.items() if value is not None}
    return said


def _differ_elsewhere(file: Path, elsewhere: Sequence[Path], settings: BidsResponses) -> bool:
    """Tell whether other datasets differ in the repetition time; refused unless settings have one.

    Either may be meant.
    """
    times = {one: _contents([one]).get("RepetitionTime") for one in elsewhere}
    told = [(one, time) for one, time in times.items() if time is not None]
    for one, time in told[1:]:
        if not _differ(told[0][1], time):
            continue
        if settings.repetition_time is None:
            raise IsomorphError(
                f"{file}: no JSON file beside or above it gives RepetitionTime, and elsewhere "
                f"{told[0][0]} says {told[0][1]} s, {one} {time} s; say which with {SETTING}"
            )
        return True
    return False


def _from_volumes(file: Path, times: Any, start: Any) -> dict[str, float]:
    """Return the repetition time and the start of volumes whose times are listed one by one.

    Raises
    ------
    IsomorphError
        When they are not times, or not equally far apart.
    """
    with reading(file, "a run whose VolumeTiming lists times"):
        listed = np.asarray(times, dtype=np.float64)
    steps = np.diff(listed)
    if listed.ndim != 1 or len(steps) < 1 or not np.ptp(steps) <= 1e-3 * steps[0]:
        raise IsomorphError(
            f"{file}: its VolumeTiming has volumes at unequal times, and only runs with one "
            "repetition time can be modelled; leave the run out"
        )
    first = float(listed[0]) + (float(start) if _is_number(start) else 0.0)
    return {"RepetitionTime": float(steps.mean()), "StartTime": first}


def _differ(one: Any, other: Any) -> bool:
    """Tell whether two repetition times are more than rounding apart."""
    return _is_number(one) and _is_number(other) and abs(one - other) > SAME * max(one, other)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _first(*values: Any) -> Any:
    """Return the first value that is one."""
    return next((value for value in values if value is not None), None)

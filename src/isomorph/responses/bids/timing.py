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
from isomorph.responses.entities import sidecars
from isomorph.study.bids import BidsResponses

Array = npt.NDArray

SETTING = "responses.repetition_time"


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

    Raises
    ------
    IsomorphError
        When nothing says the repetition time, or it is no positive number.
    """
    said: dict[str, Any] = {}
    source: Path | str = ""
    files = sidecars(file, known)
    for other in files:
        with reading(other, "a JSON file"):
            content = json.loads(other.read_text(encoding="utf-8-sig"))
        if isinstance(content, dict):
            said |= {key: value for key, value in content.items() if value is not None}
            source = other if content.get("RepetitionTime") is not None else source
    if "RepetitionTime" not in said:
        source = "the file itself" if settings.repetition_time is None else SETTING
    found = {
        "RepetitionTime": _first(said.get("RepetitionTime"), settings.repetition_time, repetition),
        "StartTime": _first(said.get("StartTime"), settings.start_time, start, 0.0),
    }
    if found["RepetitionTime"] is None:
        raise IsomorphError(
            f"{file}: no JSON file beside or above it gives RepetitionTime; give "
            f"{SETTING} in seconds"
        )
    for key, least in (("RepetitionTime", 0.01), ("StartTime", 0.0)):
        value = found[key]
        if not isinstance(value, int | float) or not least <= value < 100:
            raise IsomorphError(f"{file}: {key} is {value!r}, expected seconds")
    return Timing(float(found["RepetitionTime"]), float(found["StartTime"]), source, tuple(files))


def _first(*values: Any) -> Any:
    """Return the first value that is one."""
    return next((value for value in values if value is not None), None)

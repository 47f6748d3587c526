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
from isomorph.responses.entities import sidecars
from isomorph.study.bids import BidsResponses

Array = npt.NDArray


@dataclass(frozen=True)
class Timing:
    """When the volumes of a run were taken.

    Attributes
    ----------
    repetition : float
        Seconds between volumes.
    start : float
        When the first was taken, seconds.
    """

    repetition: float
    start: float

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
    for other in sidecars(file, known):
        try:
            content = json.loads(other.read_text(encoding="utf-8-sig"))
        except (OSError, ValueError) as error:
            raise IsomorphError(f"{other}: is not a JSON file ({error})") from error
        if isinstance(content, dict):
            said |= content
    found = {
        "RepetitionTime": _first(said.get("RepetitionTime"), settings.repetition_time, repetition),
        "StartTime": _first(said.get("StartTime"), settings.start_time, start, 0.0),
    }
    if found["RepetitionTime"] is None:
        raise IsomorphError(
            f"{file}: no JSON file beside or above it gives RepetitionTime; give "
            "responses.repetition_time in seconds"
        )
    for key, least in (("RepetitionTime", 0.01), ("StartTime", 0.0)):
        value = found[key]
        if not isinstance(value, int | float) or not least <= value < 100:
            raise IsomorphError(f"{file}: {key} is {value!r}, expected seconds")
    return Timing(float(found["RepetitionTime"]), float(found["StartTime"]))


def _first(*values: Any) -> Any:
    """Return the first value that is one."""
    return next((value for value in values if value is not None), None)

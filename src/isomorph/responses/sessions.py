"""Sessions of one subject: what each holds, also in words."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import xarray as xr

from isomorph.errors import IsomorphError
from isomorph.responses.times import time_coordinates

Array = npt.NDArray

LARGEST = 1e60
"""Responses beyond it, to the fourth power and summed, are not double-precision numbers."""


def session_data(
    response: Array,
    *,
    stimulus: Array,
    repetition: Array,
    unit: Array,
    region: Array,
    stimuli: Array,
    dropped: Mapping[str, int],
    times: npt.ArrayLike | None = None,
    extra: Mapping[str, tuple[str, Array]] | None = None,
) -> xr.Dataset:
    """Gather one session as the dataset that is written.

    Parameters
    ----------
    response : array of shape (presentation, unit) or (presentation, unit, time)
        The responses.
    stimulus, repetition : arrays of shape (presentation,)
        Which stimulus was shown, and which repetition of it this was.
    unit, region : arrays of str of shape (unit,)
        Id and region of each unit.
    stimuli : array of str of shape (stimulus,)
        Ids of the stimulus table.
    dropped : mapping of str to int
        What was left out, by reason.
    times : array of shape (2,) or (time, 2), optional
        Start and stop of the window, or of every time bin, seconds from onset.
    extra : mapping, optional
        Further coordinates as `(dimension, values)`.

    Returns
    -------
    Dataset
        With `dropped` and `noted` (kept, but worth a word) as JSON attributes.
    """
    silent = (0, 2)[: response.ndim - 1]
    noted = {
        "units silent in every window": int((~np.any(response, axis=silent)).sum()),
        "stimuli never shown": int((~np.isin(stimuli, stimulus)).sum()),
    }
    return xr.Dataset(
        {"response": (("presentation", "unit", "time")[: response.ndim], response)},
        coords={
            "stimulus": ("presentation", stimulus.astype(object)),
            "repetition": ("presentation", repetition),
            "unit": ("unit", unit.astype(object)),
            "region": ("unit", region.astype(object)),
            **({} if times is None else time_coordinates(times)),
            **(extra or {}),
        },
        attrs={"dropped": json.dumps(dict(dropped)), "noted": json.dumps(noted)},
    )


def summary(data: xr.Dataset) -> str:
    """Say in one line what a session holds and what was left out of it."""
    regions, counts = np.unique(data["region"].values.astype(str), return_counts=True)
    held = ", ".join(f"{region} {count}" for region, count in zip(regions, counts, strict=True))
    bins = f" × {data.sizes['time']} time bins" if "time" in data.dims else ""
    line = (
        f"{data.sizes['presentation']} presentations × {data.sizes['unit']} units ({held})"
        f"{bins}, {np.unique(data['stimulus'].values.astype(str)).size} stimuli"
    )
    for words, attribute in (("left out", "dropped"), ("kept", "noted")):
        counted = json.loads(data.attrs[attribute])
        said = ", ".join(f"{reason}: {count}" for reason, count in counted.items() if count)
        line += f"; {words} {said}" if said else ""
    return line


def refuse_too_large(sessions: Mapping[str, xr.Dataset], whose: str) -> None:
    """Refuse responses whose squares are not numbers.

    Parameters
    ----------
    sessions : mapping of str to Dataset
    whose : str
        Dataset and subject, for messages.
    """
    for name, data in sessions.items():
        largest = float(np.abs(data["response"].values).max(initial=0))
        if largest > LARGEST:
            raise IsomorphError(
                f"{whose} session {name}: a response is {largest:.3g}, too large for "
                "the squares that distances are made of; is it a mark of something missing?"
            )


def fewest_repetitions(sessions: Mapping[str, xr.Dataset], stimuli: Array) -> int:
    """Return how often the stimulus shown least often in any session is shown in it."""
    fewest = []
    for data in sessions.values():
        shown = Counter(data["stimulus"].values.astype(str).tolist())
        fewest.append(min(shown[one] for one in stimuli.tolist()))
    return min(fewest)

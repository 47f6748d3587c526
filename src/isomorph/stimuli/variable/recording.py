"""One open recording, and the series it holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from isomorph.errors import IsomorphError
from isomorph.foreign.nwb import Nwb, NwbContainer, measured, part, read_clock, series_at, stored
from isomorph.stimuli.dataset_files import DatasetFiles
from isomorph.stimuli.variable.signal import Signal, clean


@dataclass(frozen=True)
class Recording:
    """One open recording, and the files it may have tables beside it in.

    Attributes
    ----------
    nwb : Nwb
    files : DatasetFiles
    """

    nwb: Nwb
    files: DatasetFiles


def series(recording: Recording, place: str, missing: Sequence[float] | None = None) -> Signal:
    """Return a series with all its components, in its unit.

    Parameters
    ----------
    recording : Recording
    place : str
        HDF5 path of the series, or of a container that holds no other.
    missing : sequence of float, optional
        Values that mean that nothing is known, see `isomorph.stimuli.variable.signal.clean`.

    Raises
    ------
    IsomorphError
        When there is no such series, it holds no numbers, or its times cannot be used.
    """
    nwb = recording.nwb
    found = _inner(nwb, place)
    where = f"{nwb.path}: {place}"
    data = stored(found.data)
    shape = np.shape(data)
    if np.dtype(getattr(data, "dtype", "f8")).kind not in "iuf" or len(shape) not in (1, 2):
        raise IsomorphError(
            f"{where}: its data are {getattr(data, 'dtype', 'values')} of shape {shape}, expected "
            "numbers (time,) or (time, component)"
        )
    clock = read_clock(found, shape[0], where)
    values = part(data, (), where).astype(np.float64).reshape(shape[0], -1)
    unit = str(getattr(found, "unit", "") or "")
    return clean(Signal(clock.times(), measured(found, values), where, unit), missing)


def _inner(nwb: Nwb, place: str) -> NwbContainer:
    """Return the series at a path, or the only one in the container that stands there."""
    found = nwb.container(place)
    held = getattr(found, "spatial_series", None) or getattr(found, "time_series", None)
    if getattr(found, "data", None) is not None or not isinstance(held, Mapping):
        return series_at(nwb, place)
    if len(held) > 1:
        raise IsomorphError(
            f"{nwb.path}: {place} holds {len(held)} series, {', '.join(sorted(held))}; name one: "
            f"{place}/{min(held)}"
        )
    return next(iter(held.values()))

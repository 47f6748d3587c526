"""Bins: the product of equal parts of every variable, and which of them each sample is in."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

import numpy as np
import numpy.typing as npt
import pandas as pd

from isomorph.stimuli.variable.track import Track
from isomorph.study.variable import Variable

Array = npt.NDArray

NEAR = 1e-9
"""Share of a bin by which a value and an edge may miss each other and still be one."""

ABOVE = 1e-6
"""Share of a bin by which the last reaches beyond the greatest value, which thereby is in it."""


def edges_of(variable: Variable, found: tuple[float, float] | None = None) -> Array:
    """Return the edges of the bins of one variable (bin + 1,).

    Parameters
    ----------
    variable : Variable
        Its settings.
    found : tuple (least, greatest), optional
        Values in all recordings, where the settings give no ends.
    """
    if variable.period is not None:
        start = variable.begins
        stop = start + variable.period
    elif variable.range is not None:
        start, stop = variable.range
    else:
        assert found is not None
        start, stop = found
        stop += ABOVE * (stop - start) / variable.bins
    edges = start + (stop - start) / variable.bins * np.arange(variable.bins + 1)
    return np.array([float(f"{edge:.12g}") for edge in edges])


def closed(values: Array, variable: Variable) -> Array:
    """Return values (sample,) of which those at the very end of a range are in its last bin.

    Trackers that keep a position within an arena say so of every sample at its wall.
    """
    if variable.period is not None or variable.range is None:
        return values
    start, stop = variable.range
    width = (stop - start) / variable.bins
    return np.where(np.abs(values - stop) <= NEAR * width, stop - ABOVE * width, values)


def grid(edges: Mapping[str, Array], periods: Mapping[str, float | None]) -> pd.DataFrame:
    """Return the product of the bins of all variables, the last variable changing fastest.

    Parameters
    ----------
    edges : mapping of str to array of shape (bin + 1,)
        By variable.
    periods : mapping of str to float or None
        By variable.

    Returns
    -------
    DataFrame
        A row per bin with `stimulus` (`heading_005`; of several variables `x_03_y_11`), and for
        each variable its centre by its name, `<name>_start`, `<name>_stop` and `<name>_period`,
        None where it has none.
    """
    least = 3 if len(edges) == 1 else 2
    numbered = {
        name: [f"{name}_{place:0{max(least, len(str(len(ends) - 2)))}d}" for place in range(n)]
        for name, ends in edges.items()
        for n in [len(ends) - 1]
    }
    places = np.indices([len(one) for one in numbered.values()]).reshape(len(edges), -1)
    names = ["_".join(one) for one in product(*numbered.values())]
    columns: dict[str, object] = {"stimulus": names}
    for (name, ends), place in zip(edges.items(), places, strict=True):
        start, stop = ends[:-1][place], ends[1:][place]
        columns |= {
            name: [float(f"{centre:.12g}") for centre in (start + stop) / 2],
            f"{name}_start": start,
            f"{name}_stop": stop,
            f"{name}_period": periods[name],
        }
    return pd.DataFrame(columns)


def bins_of(track: Track, table: pd.DataFrame) -> Array:
    """Return the stimulus that each sample is in, as its row in the stimulus table (sample,).

    Parameters
    ----------
    track : Track
        One recording.
    table : DataFrame
        `<name>_start` and `<name>_stop` of every variable of the track, a row per stimulus. The
        bins are half-open, and some of their product may be left out.

    Returns
    -------
    array of int64 of shape (sample,)
        -1 where a variable is not known, the sample does not count, or no stimulus is there.
    """
    if not len(table):
        return np.full(len(track.times), -1)
    inside = track.counts & (track.lasts > 0)
    of_samples = np.zeros(len(track.times), dtype=np.int64)
    of_rows = np.zeros(len(table), dtype=np.int64)
    for name, values in zip(track.names, track.values.T, strict=True):
        starts, stops = (table[f"{name}_{end}"].to_numpy(np.float64) for end in ("start", "stop"))
        begins, first, row = np.unique(starts, return_index=True, return_inverse=True)
        ends = stops[first]
        near = NEAR * (ends - begins)
        place = np.searchsorted(begins - near, values, side="right") - 1  # NaN: the last
        inside &= (place >= 0) & (values < (ends - near)[place])
        of_samples = of_samples * len(begins) + place
        of_rows = of_rows * len(begins) + row.reshape(-1)
    order = np.argsort(of_rows, kind="stable")
    found = np.searchsorted(of_rows[order], of_samples)
    row = order[np.minimum(found, len(order) - 1)]
    return np.where(inside & (of_rows[row] == of_samples), row, -1)

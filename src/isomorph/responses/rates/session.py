"""Rates in each bin and repetition, laid out as a session of responses."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr
from scipy import sparse

from isomorph.errors import IsomorphError
from isomorph.responses.rates.smoothing import bin_widths, refuse_strangers, smoothing_of
from isomorph.responses.rates.visits import Visits
from isomorph.responses.sessions import session_data
from isomorph.study.rates import RateResponses

Array = npt.NDArray


def rates(counts: Array, dwell: Array, spread: sparse.csr_array | None = None) -> Array:
    """Return spikes per second: smoothed spikes over smoothed time.

    Parameters
    ----------
    counts : array of shape (..., bin)
        Spikes.
    dwell : array of shape (..., bin)
        Seconds; what it lacks of the dimensions of `counts` is broadcast.
    spread : csr_array of shape (bin, bin), optional
        How each bin is spread, see `isomorph.responses.rates.smoothing.spreading`.

    Returns
    -------
    array of shape (..., bin)
        NaN in bins without time.
    """
    visited = dwell > 0
    if spread is not None:
        counts, dwell = _spread(counts, spread), _spread(dwell, spread)
    found = np.full(np.broadcast_shapes(counts.shape, dwell.shape), np.nan)
    np.divide(counts, dwell, out=found, where=np.broadcast_to(visited, found.shape))
    return found


def _spread(values: Array, spread: sparse.csr_array) -> Array:
    flat = values.reshape(-1, values.shape[-1])
    return np.asarray((spread.T @ flat.T).T).reshape(values.shape)


def session_of(
    visits: Visits, settings: RateResponses, table: pd.DataFrame, where: str
) -> xr.Dataset:
    """Return the rates of one recording as a session of responses.

    Parameters
    ----------
    visits : Visits
    settings : RateResponses
        Smoothing, and for how long a bin must be visited.
    table : DataFrame
        The stimulus table, a row per bin.
    where : str
        The dataset's file, for messages.

    Returns
    -------
    Dataset
        `response (presentation, unit)` in spikes per second, with `stimulus`, `repetition`, `run`
        (the repetition again: repetitions are of blocks of time apart) and `dwell` of each
        presentation, see `isomorph.responses.sessions.session_data`.

    Raises
    ------
    IsomorphError
        When a repetition has no bin that was visited long enough.
    """
    spikes, track = visits.spikes, visits.spikes.track
    dwell = visits.dwell.T  # (repetition, bin)
    there = (dwell > 0) & (dwell >= settings.minimum)
    if not (enough := there.any(axis=1)).all():
        raise IsomorphError(
            f"{track.where}: in repetition {int(np.argmin(enough))} no bin is visited for "
            f"{settings.minimum:g} s (responses.minimum); the variable counts for "
            f"{dwell.sum():.4g} s in all, so ask for fewer stimuli.repetitions, shorter blocks "
            "(stimuli.block) or fewer bins"
        )
    refuse_strangers(table, settings, where)
    spread = smoothing_of(table, settings, dwell.sum(axis=0) > 0, where)
    found = rates(visits.counts, dwell, spread)  # (unit, repetition, bin)
    repetition, place = np.nonzero(there)
    short = int((~there).sum())
    outside = float(track.lasts[track.counts & (visits.bins < 0)].sum())
    stimuli = table["stimulus"].to_numpy(dtype=np.str_)
    data = session_data(
        found[:, there].T,
        stimulus=stimuli[place],
        repetition=repetition,
        unit=spikes.ids,
        region=spikes.regions,
        stimuli=stimuli,
        dropped={
            **spikes.dropped,
            "seconds in no bin of the stimuli": round(outside),
            "bins visited too shortly in a repetition": short,
        },
        extra={
            "run": ("presentation", repetition.astype(str).astype(object)),
            "dwell": ("presentation", dwell[there]),
        },
    )
    data["dwell"].attrs = {"units": "s"}
    data["response"].attrs = {"units": "spikes/s", "long_name": _named(table, settings, where)}
    return data


def _named(table: pd.DataFrame, settings: RateResponses, where: str) -> str:
    widths = {name: width for name, width in bin_widths(table, settings, where).items() if width}
    if not widths:
        return "spikes per second in each bin"
    said = ", ".join(f"{width:.3g} bins of {name}" for name, width in widths.items())
    return f"spikes per second in each bin, smoothed by a Gaussian of {said}"

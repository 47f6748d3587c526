"""The activity of a population over time: rates in short bins, smoothed, and the variables then."""

from __future__ import annotations

import json

import numpy as np
import numpy.typing as npt
import xarray as xr
from scipy.ndimage import gaussian_filter1d

from isomorph.errors import IsomorphError
from isomorph.responses.rates.spikes import Spikes
from isomorph.stimuli.variable import Track

Array = npt.NDArray

REACH = 4
"""Standard deviations that a Gaussian reaches."""
TAKEN = ("time", "segment", "unit", "region", "rate")
"""Names in a population that are none of a variable: the time of a film is another."""


def stretches_of(track: Track) -> tuple[Array, Array]:
    """Return when the stretches of time that count begin and end (stretch,), seconds."""
    inside = np.flatnonzero(track.counts & (track.lasts > 0))
    if not len(inside):
        return np.zeros(0), np.zeros(0)
    segment = track.segments()[inside]
    new = np.concatenate([[True], (np.diff(inside) > 1) | (np.diff(segment) > 0)])
    last = np.concatenate([new[1:], [True]])
    return track.starts[inside[new]], track.stops[inside[last]]


def population_of(spikes: Spikes, width: float, smoothing: float) -> xr.Dataset:
    """Return the rates of all units over time.

    Every stretch of time that counts is cut into bins from where it begins; what remains at its end
    is left out. Smoothing stays within a stretch: at its ends the Gaussian is cut off and what is
    left of it weighs the more.

    Parameters
    ----------
    spikes : Spikes
        Of one recording, and the time that counts.
    width : float
        Of the bins, seconds.
    smoothing : float
        Standard deviation of the Gaussian, seconds; 0 smooths nothing.

    Returns
    -------
    Dataset
        `rate (time, unit)` in spikes per second, with `time` (the middles of the bins), `segment`
        (the number of the stretch), `unit`, `region`, and each variable by its name, NaN where it
        is not known; the `time` of a film is `film_time`.

    Raises
    ------
    IsomorphError
        When no stretch is as long as a bin.
    """
    track = spikes.track
    starts, stops = stretches_of(track)
    n_bins = np.floor((stops - starts) / width + 1e-6).astype(np.int64)
    held = float((stops - starts).sum())
    starts, n_bins = starts[n_bins > 0], n_bins[n_bins > 0]
    if not len(starts):
        raise IsomorphError(
            f"{track.where}: the {held:.4g} s that count come in stretches shorter than a bin of "
            f"{width:g} s (topology.bin)"
        )
    segment = np.repeat(np.arange(len(starts)), n_bins)
    within = np.arange(len(segment)) - np.repeat(np.cumsum(n_bins) - n_bins, n_bins)
    time = starts[segment] + (within + 0.5) * width
    counts = _counts(spikes, starts, n_bins, width)
    rate = smoothed(counts, segment, smoothing / width) / np.float32(width)
    short = round(held - len(segment) * width)
    at = track.at(time)
    values = np.where((at >= 0)[:, None], track.values[at], np.nan)
    variables = {
        name if name not in TAKEN else f"film_{name}": ("time", own)
        for name, own in zip(track.names, values.T, strict=True)
    }
    return xr.Dataset(
        {"rate": (("time", "unit"), rate)},
        coords={
            "time": ("time", time),
            "segment": ("time", segment.astype(np.int32)),
            "unit": ("unit", spikes.ids.astype(object)),
            "region": ("unit", spikes.regions.astype(object)),
            **variables,
        },
        attrs={
            "variables": json.dumps([*variables]),
            "dropped": json.dumps({**spikes.dropped, "seconds in parts of bins": short}),
        },
    )


def _counts(spikes: Spikes, starts: Array, n_bins: Array, width: float) -> Array:
    """Return the spikes in each bin of each stretch (bin, unit)."""
    place = np.searchsorted(starts, spikes.times, side="right") - 1
    into = np.floor((spikes.times - starts[place]) / width).astype(np.int64)
    inside = (place >= 0) & (into < n_bins[place])
    first = np.cumsum(n_bins) - n_bins
    size = int(n_bins.sum()), len(spikes.ids)
    cell = (first[place] + into)[inside] * size[1] + spikes.owner[inside]
    return np.bincount(cell, minlength=size[0] * size[1]).reshape(size)


def smoothed(values: Array, segment: Array, sigma: float) -> Array:
    """Smooth values within segments, see `population_of`.

    Parameters
    ----------
    values : array of shape (time, unit)
    segment : array of int of shape (time,)
        Ascending.
    sigma : float
        Standard deviation, in bins.

    Returns
    -------
    array of float32 of shape (time, unit)
        What a segment holds in all stays nearly the same, and a constant is unchanged.
    """
    if sigma <= 0:
        return values.astype(np.float32)
    # Segments are laid apart by more than the Gaussian reaches, and are smoothed at one go.
    apart = int(np.ceil(REACH * sigma)) + 1
    place = np.arange(len(segment)) + apart * (segment - segment[0])
    laid = np.zeros((int(place[-1]) + 1, values.shape[1]), dtype=np.float32)
    there = np.zeros(len(laid), dtype=np.float32)
    laid[place], there[place] = values, 1
    options = {"mode": "constant", "truncate": float(REACH)}
    weight = gaussian_filter1d(there, sigma, **options)[place]
    found: Array = gaussian_filter1d(laid, sigma, axis=0, **options)[place] / weight[:, None]
    return found

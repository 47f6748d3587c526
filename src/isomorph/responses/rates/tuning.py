"""How the units of a recording are tuned to variables, and whether that is more than chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from isomorph.responses.rates.along import Along, every_along
from isomorph.responses.rates.session import rates
from isomorph.responses.rates.shifts import LEAST, strung
from isomorph.responses.rates.tuned import information, mean_vector
from isomorph.responses.rates.visits import Visits
from isomorph.saying import count
from isomorph.study.rates import RateResponses

Array = npt.NDArray

FEWEST = 10
"""Spikes a unit must have to be tested."""


@dataclass(frozen=True)
class Tuning:
    """How units are tuned along one variable, or all together.

    Attributes
    ----------
    rows : DataFrame
        A row per unit.
    statistic : array of shape (unit,)
        Information in standard deviations above the mean of the shifts; NaN where not tested.
    null : array of shape (draw, unit)
        The same after each shift.
    """

    rows: pd.DataFrame
    statistic: Array
    null: Array


def tuning_of(
    visits: Visits,
    settings: RateResponses,
    table: pd.DataFrame,
    draws: int,
    rng: np.random.Generator,
    where: str,
) -> list[Tuning]:
    """Return how the units of one recording are tuned, along each variable and all together.

    Parameters
    ----------
    visits : Visits
        The spikes, and the bin of each.
    settings : RateResponses
        How rates are smoothed.
    table : DataFrame
        The stimulus table.
    draws : int
        Shifts of all spikes against the variables.
    rng : Generator
        Draws them.
    where : str
        The dataset's file, for messages.
    """
    spikes, dwell, counts = visits.spikes, visits.dwell.T, visits.counts
    along = every_along(table, settings, dwell.sum(axis=0) > 0, where)
    ticks = strung(visits)
    observed = [_information(one, ticks.counts(), ticks.dwell) for one in along]
    shifts = draws if ticks.can_be_shifted else 0
    null = np.full((len(along), shifts, len(spikes.ids)), np.nan)
    for draw, shifted in enumerate(ticks.shifted(shifts, rng)):
        for place, one in enumerate(along):
            null[place, draw] = _information(one, shifted, ticks.dwell)
    total = counts.sum(axis=(1, 2))
    reason = np.full(len(total), "", dtype=object)
    if not draws:
        reason[:] = "no permutations are asked for"
    elif not shifts:
        reason[:] = f"the time that counts is too short to be shifted by {LEAST:g} s or more"
    few = total < FEWEST
    reason[few] = [f"{count(int(n), 'spike')}, expected {FEWEST} or more" for n in total[few]]
    reason[total == 0] = "silent while the variable counts"
    found = []
    for one, own, shuffled in zip(along, observed, null, strict=True):
        rows = _described(one, counts, dwell, reason, total)
        tested = reason == ""
        # A shift that leaves no spike in any bin counts as one as large.
        p = (1 + (~(shuffled < own - 1e-9)).sum(axis=0)) / (1 + shifts)
        rows["p"] = np.where(tested, p, np.nan)
        rows["n_shifts"] = shifts
        mean, spread = _moments(shuffled)
        rows["information_by_chance"] = mean
        rows.insert(0, "unit", spikes.ids)
        rows.insert(0, "region", spikes.regions)
        rows.insert(2, "variable", one.name)
        statistic = np.where(tested, (own - mean) / spread, np.nan)
        found.append(Tuning(rows, statistic, np.where(tested, (shuffled - mean) / spread, np.nan)))
    return found


def _moments(shuffled: Array) -> tuple[Array, Array]:
    """Return mean and standard deviation of information over shifts (unit,)."""
    if len(shuffled) < 2:
        nothing = np.full(shuffled.shape[1], np.nan)
        return nothing, nothing
    known = np.ma.masked_invalid(shuffled)
    mean, spread = known.mean(axis=0).filled(np.nan), known.std(axis=0).filled(np.nan)
    return mean, np.where(spread > 0, spread, np.nan)


def _information(one: Along, counts: Array, dwell: Array) -> Array:
    """Return the information of units (unit,) of counts (unit, stimulus) and times (stimulus,)."""
    time = one.of(dwell)
    return information(rates(one.of(counts), time, one.spread), time)


def _described(
    one: Along, counts: Array, dwell: Array, reason: Array, total: Array
) -> pd.DataFrame:
    """Return what is said of units along a variable, tests aside (unit,)."""
    together, time = one.of(counts.sum(axis=1)), one.of(dwell.sum(axis=0))
    curve = rates(together, time, one.spread)  # (unit, bin)
    peak = np.nanargmax(np.nan_to_num(curve, nan=-1.0), axis=1)
    length, direction = np.full((2, len(curve)), np.nan)
    if one.angles is not None:
        length, direction = mean_vector(curve, one.angles)
    places = [_place(one, at) if n else "" for at, n in zip(peak, total, strict=True)]
    return pd.DataFrame(
        {
            "information": information(curve, time),
            "information_by_chance": np.nan,
            "vector_length": length,
            "preferred": direction / (2 * np.pi) * one.period,
            "peak_rate": curve[np.arange(len(curve)), peak],
            "peak_at": places,
            "mean_rate": total / dwell.sum(),
            "reliability": halves_agree(one, counts, dwell),
            "n_spikes": total,
            "n_bins": int((time > 0).sum()),
            "seconds": dwell.sum(),
            "status": np.select([total == 0, reason != ""], ["undefined", "untested"], "ok"),
            "reason": reason,
        }
    )


def _place(one: Along, row: int) -> str:
    """Return the centre of a bin as it is written: `1.57`, or `0.25, 0.75` of two variables."""
    names = [name for name in one.bins.columns if f"{name}_start" in one.bins]
    return ", ".join(f"{one.bins[name].iloc[row]:.6g}" for name in names)


def halves_agree(one: Along, counts: Array, dwell: Array) -> Array:
    """Return how well the rates of units in one half of the repetitions agree with the other.

    Parameters
    ----------
    one : Along
    counts : array of shape (unit, repetition, stimulus)
        Spikes.
    dwell : array of shape (repetition, stimulus)
        Seconds.

    Returns
    -------
    array of shape (unit,)
        Correlation over bins that both visited, of even repetitions with odd ones; NaN where there
        is one repetition, or a half does not vary.
    """
    if len(dwell) < 2:
        return np.full(len(counts), np.nan)
    added = [(counts[:, half::2].sum(axis=1), dwell[half::2].sum(axis=0)) for half in (0, 1)]
    halves = [rates(one.of(spikes), one.of(time), one.spread) for spikes, time in added]
    both = np.isfinite(halves[0]).all(axis=0) & np.isfinite(halves[1]).all(axis=0)
    first, second = (half[:, both] - half[:, both].mean(axis=1, keepdims=True) for half in halves)
    norms = np.sqrt((first**2).sum(axis=1) * (second**2).sum(axis=1))
    products = (first * second).sum(axis=1)
    return np.divide(products, norms, out=np.full(len(norms), np.nan), where=norms > 1e-12)

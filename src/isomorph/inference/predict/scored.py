"""What held-out predictions of the units of a region are worth, and how that varies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from isomorph.inference.bootstrap import Resampled, resampled_means
from isomorph.inference.predict.made import AtOnce, UnitByUnit
from isomorph.inference.predict.recorded import Population, Recorded
from isomorph.measures import Counts, Floats
from isomorph.prediction import correlations, explained, moments

STIMULI_AND_UNITS = "stimuli and units"

QUARTILES = (25, 50, 75)


@dataclass(frozen=True)
class Drawn:
    """Draws that all methods and layers share.

    Attributes
    ----------
    stimuli : array of shape (resample, stimulus)
        Whole groups are drawn.
    units : sequence of array of shape (resample, unit)
        Of each population, places of the units that are drawn.
    subjects : mapping of str to array of shape (resample, subject) or None
        By region and time bin; None where there are too few.
    orders : array of shape (shuffle, stimulus)
    n_groups : int
    """

    stimuli: Counts
    units: Sequence[Counts]
    subjects: dict[str, Counts | None]
    orders: Counts
    n_groups: int


@dataclass(frozen=True)
class UnitScores:
    """Scores of single units: arrays of shape (unit,)."""

    r: Floats
    r2: Floats
    normalised: Floats
    penalty: Floats


@dataclass(frozen=True)
class Scores:
    """What a layer, or a model at chosen layers, predicts of one region in one time bin.

    Attributes
    ----------
    each : array of shape (subject,)
        The median over units; in reverse the correlation of all components at once.
    drawn : array of shape (resample, subject)
        Under draws of stimuli.
    by_units, by_both : arrays of shape (resample, subject) or None
        Under draws of units, and of both; None in reverse.
    pooled : array of shape (subject,)
        The correlation of all units at once.
    pooled_drawn : array of shape (resample, subject)
    units : UnitScores or None
        None in reverse.
    n_units : int
    penalty : float
        The median over units and parts.
    """

    each: Floats
    drawn: Floats
    by_units: Floats | None
    by_both: Floats | None
    pooled: Floats
    pooled_drawn: Floats
    units: UnitScores | None
    n_units: int
    penalty: float

    @property
    def estimate(self) -> float:
        """The mean over subjects."""
        return float(self.each.mean())

    def resampled(self, subject_draws: Counts | None, n_groups: int) -> Resampled:
        """Return the estimate under every kind of draw, of one thing.

        Stimuli are drawn, and subjects with them, or units where subjects are too few.

        Parameters
        ----------
        subject_draws : array of shape (resample, subject) or None
        n_groups : int
            Of stimuli.
        """
        if subject_draws is not None:
            return resampled_means(
                self.drawn[..., None], self.each[:, None], subject_draws, n_groups
            )
        over_stimuli = self.drawn.mean(axis=1)[:, None]
        if self.by_units is None or self.by_both is None or self.n_units < 2:
            return Resampled(over_stimuli, None, None, n_groups, len(self.each))
        by_units, by_both = (one.mean(axis=1)[:, None] for one in (self.by_units, self.by_both))
        return Resampled(
            over_stimuli, by_units, by_both, n_groups, self.n_units, both=STIMULI_AND_UNITS
        )


def scores_of_units(
    held: UnitByUnit,
    whole: Sequence[AtOnce] | None,
    recorded: Recorded,
    populations: Sequence[Population],
    drawn: Drawn,
) -> Scores:
    """Return the scores of the units of one region and time bin.

    Parameters
    ----------
    held : UnitByUnit
        Of all units.
    whole : sequence of AtOnce or None
        Of every population, with one penalty for all its units; None where that is not asked for.
    recorded : Recorded
    populations : sequence of Population
        Of one region and time bin, a subject each.
    drawn : Drawn
    """
    each, draws, by_units, by_both, pools, pools_drawn = ([] for _ in range(6))
    parts: list[UnitScores] = []
    for one in populations:
        own = held.held.units(one.at)
        sums, r_drawn = moments(own), held.units(one.at).r(drawn.stimuli)
        r = correlations(sums)[0]
        reliability = recorded.reliability[one.at]
        with np.errstate(invalid="ignore"):
            root = np.sqrt(np.where(reliability > 0, reliability, np.nan))
        known = np.isfinite(own.penalty).any(axis=0)
        penalty = np.full(len(r), np.nan)
        if known.any():
            penalty[known] = np.nanmedian(own.penalty[:, known], axis=0)
        parts.append(UnitScores(r, explained(sums)[0], r / root, penalty))
        population = recorded.populations.index(one)
        places = drawn.units[population]
        each.append(medians(r[None])[0])
        draws.append(medians(r_drawn))
        by_units.append(medians(r[places]))
        by_both.append(medians(np.take_along_axis(r_drawn, places, axis=1)))
        pool = None if whole is None else whole[population]
        pools.append(np.nan if pool is None else pool.estimate)
        n_draws = len(drawn.stimuli)
        pools_drawn.append(np.full(n_draws, np.nan) if pool is None else pool.r(drawn.stimuli))
    units = UnitScores(
        *(np.concatenate([getattr(part, name) for part in parts])
          for name in ("r", "r2", "normalised", "penalty"))
    )  # fmt: skip
    return Scores(
        np.array(each), np.stack(draws, axis=1), np.stack(by_units, axis=1),
        np.stack(by_both, axis=1), np.array(pools), np.stack(pools_drawn, axis=1), units,
        int(np.isfinite(units.r).sum()), float(medians(units.penalty[None])[0]),
    )  # fmt: skip


def scores_in_reverse(
    pools: Sequence[AtOnce], penalty: float, n_units: int, drawn: Drawn
) -> Scores:
    """Return the scores of a layer that is predicted from one region in one time bin.

    Parameters
    ----------
    pools : sequence of AtOnce
        Of every subject.
    penalty : float
    n_units : int
        Of the region, which predict.
    drawn : Drawn
    """
    each = np.array([pool.estimate for pool in pools])
    draws = np.stack([pool.r(drawn.stimuli) for pool in pools], axis=1)
    return Scores(each, draws, None, None, each, draws, None, n_units, penalty)


def medians(values: Floats) -> Floats:
    """Return medians over units with a value: `(row,)` of `(row, unit)`, NaN where none has."""
    known = np.isfinite(values)
    if known.all() and values.shape[1]:
        found: Floats = np.median(values, axis=1)
        return found
    some = known.any(axis=1)
    found = np.full(len(values), np.nan)
    found[some] = np.nanmedian(np.where(known, values, np.nan)[some], axis=1)
    return found


def quartiles(values: Floats) -> tuple[float, float, float]:
    """Return the quartiles of what is known, NaN of nothing."""
    known = values[np.isfinite(values)]
    if not len(known):
        return np.nan, np.nan, np.nan
    low, middle, high = np.percentile(known, QUARTILES)
    return float(low), float(middle), float(high)

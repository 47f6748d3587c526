"""The units that are predicted: side by side, with whose they are and how reliable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isomorph.inference.estimated import PLACE
from isomorph.inference.featured import Features
from isomorph.measures import Floats
from isomorph.prediction import Fold
from isomorph.responses.split_halves import spearman_brown, split_half
from isomorph.study.windows import in_time

SPLITS = 50
"""Halvings of the repetitions from which the reliability of a unit is found."""

VARIES = 1e-12
"""Share of its largest response by which a unit must vary to vary at all."""


@dataclass(frozen=True)
class Population:
    """Units of one region of one subject, in one time bin where there are several.

    Attributes
    ----------
    region, subject : str
    time_start, time_stop : float
        NaN where there are no bins.
    units : tuple of str
        Names.
    at : slice
        Which of all units they are.
    """

    region: str
    subject: str
    time_start: float
    time_stop: float
    units: tuple[str, ...]
    at: slice

    @property
    def label(self) -> str:
        """Region and time bin in words."""
        return in_time(self.region, self.time_start, self.time_stop)

    @property
    def columns(self) -> dict[str, Any]:
        """What rows of tables say of where and when it is."""
        return dict(zip(PLACE, (self.region, self.time_start, self.time_stop), strict=True))


@dataclass(frozen=True)
class Recorded:
    """What is predicted.

    Attributes
    ----------
    values : array of shape (stimulus, unit)
        Means over repetitions.
    populations : sequence of Population
        That have a unit to predict.
    reliability : array of shape (unit,)
        What halves of the repetitions predict of the correlation of two such means; NaN where
        there are none.
    kept : array of shape (part, unit)
        Whether a unit is reliable enough on the stimuli that predict the part.
    left_out : sequence of (Population, str)
        Those that have nothing to predict, and why.
    """

    values: Floats
    populations: Sequence[Population]
    reliability: Floats
    kept: NDArray[np.bool_]
    left_out: Sequence[tuple[Population, str]] = ()

    @property
    def places(self) -> dict[str, list[Population]]:
        """Populations by region and time bin."""
        found: dict[str, list[Population]] = {}
        for one in self.populations:
            found.setdefault(one.label, []).append(one)
        return found


def recorded(
    features: Features, folds: Sequence[Fold], minimum: float | None, rng: np.random.Generator
) -> Recorded:
    """Return the units of all regions and subjects.

    Where units are equalised, those of the first draw.

    Parameters
    ----------
    features : Features
    folds : sequence of Fold
    minimum : float or None
        Reliability below which a unit is left out of what these stimuli predict.
    rng : Generator
        Halves the repetitions.

    Returns
    -------
    Recorded
        Without populations where nothing can be predicted.
    """
    values, reliable, kept, populations = [], [], [], []
    left_out, start = list[tuple[Population, str]](), 0
    edges = [(np.nan, np.nan)] if features.times is None else features.times.tolist()
    for region in sorted(features.brain):
        for subject, means in features.brain[region].items():
            drawn = features.draws.get(region, {}).get(subject, ())
            some = drawn[0] if len(drawn) else np.arange(means.shape[1])
            names = features.units[region][subject]
            trials = features.repetitions.get(region, {}).get(subject)
            for time, (begin, end) in enumerate(edges):
                own = _at(means, time, 2)[:, some]
                single = None if trials is None else _at(trials, time, 3)[..., some]
                inside = _kept(single, own.shape[1], folds, minimum, rng)
                population = Population(
                    region, subject, begin, end, tuple(names[at] for at in some),
                    slice(start, start + own.shape[1]),
                )  # fmt: skip
                if why := _nothing(own, inside, repeated=single is not None):
                    left_out.append((population, why))
                    continue
                populations.append(population)
                values.append(own)
                reliable.append(unit_reliability(single, None, own.shape[1], rng))
                kept.append(inside)
                start += own.shape[1]
    if not populations:
        nothing = np.zeros((0, 0))
        return Recorded(nothing, (), np.zeros(0), nothing.astype(bool), left_out)
    return Recorded(
        np.concatenate(values, axis=1), populations, np.concatenate(reliable),
        np.concatenate(kept, axis=1), left_out,
    )  # fmt: skip


def unit_reliability(
    repetitions: Floats | None,
    stimuli: NDArray[np.intp] | None,
    n_units: int,
    rng: np.random.Generator,
) -> Floats:
    """Return what halves of the repetitions say of means over all of them: `(unit,)`.

    Halves are of whole repetitions of all stimuli, as what one of them shares is no agreement.

    Parameters
    ----------
    repetitions : array of shape (stimulus, repetition, unit) or None
        NaN is returned without.
    stimuli : array of shape (chosen,) or None
        Which are looked at; all unless given.
    n_units : int
    rng : Generator
    """
    if repetitions is None or repetitions.shape[1] < 2:
        return np.full(n_units, np.nan)
    chosen = repetitions if stimuli is None else repetitions[stimuli]
    n_stimuli, n, _ = chosen.shape
    name = np.repeat(np.arange(n_stimuli), n).astype(str)
    again = np.tile(np.arange(n), n_stimuli).astype(str)
    flat = chosen.reshape(n_stimuli * n, -1)
    found = split_half(flat, name, rng, SPLITS, run=again)
    whole: Floats = spearman_brown(found.correlation, n / (found.presentations or 1))
    return whole


def _kept(
    repetitions: Floats | None,
    n_units: int,
    folds: Sequence[Fold],
    minimum: float | None,
    rng: np.random.Generator,
) -> NDArray[np.bool_]:
    """Return which units are reliable on the stimuli of each fold: `(part, unit)`."""
    if minimum is None:
        return np.ones((len(folds), n_units), dtype=bool)
    return np.array(
        [unit_reliability(repetitions, one.train, n_units, rng) >= minimum for one in folds]
    ).reshape(len(folds), n_units)


def _nothing(values: Floats, kept: NDArray[np.bool_], *, repeated: bool) -> str:
    """Return why a population has nothing to predict; empty where it has."""
    varies = np.ptp(values, axis=0) > VARIES * np.abs(values).max(axis=0)
    if not varies.any():
        return "no unit varies between stimuli"
    if not (kept & varies).any():
        if not repeated:
            return "nothing tells how reliable units are that were shown every stimulus once"
        return "no unit is reliable enough"
    return ""


def _at(values: Floats, time: int, ndim: int) -> Floats:
    return values[..., time] if values.ndim > ndim else values

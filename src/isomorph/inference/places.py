"""Where stimuli stand along axes: which film or course each is of, and how far along it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from isomorph.errors import IsomorphError, did_you_mean
from isomorph.inference.groups import Labels, column_labels, joined_groups
from isomorph.measures import Floats
from isomorph.study.axes import StimulusAxis

ROUNDING = 1e-6
"""Share of a step, or of a period, by which a value may miss its place."""

FEWEST = 2
"""Stimuli an axis has at least, or nothing follows anything."""


@dataclass(frozen=True)
class Places:
    """Stimuli along one or several axes.

    Attributes
    ----------
    axes : tuple of StimulusAxis
    values : array of shape (stimulus, axis)
        In the unit of each axis.
    course : array of shape (stimulus,)
        Which film, or other course, each stimulus is of; all are of one where axes name none.
    steps : array of shape (axis,)
        How far neighbours are apart, mostly.
    """

    axes: tuple[StimulusAxis, ...]
    values: Floats
    course: Labels
    steps: Floats

    @cached_property
    def starts(self) -> Floats:
        """The least value of the course of each stimulus: `(stimulus, axis)`."""
        found = np.full((int(self.course.max()) + 1, len(self.axes)), np.inf)
        np.minimum.at(found, self.course, self.values)
        return found[self.course]

    @cached_property
    def at(self) -> Labels:
        """How many steps each stimulus is from the first of its course: `(stimulus, axis)`."""
        return np.rint((self.values - self.starts) / self.steps).astype(np.intp)

    @cached_property
    def sizes(self) -> Labels:
        """Steps of the course of each stimulus, once around where there is a period: likewise."""
        last = np.zeros((int(self.course.max()) + 1, len(self.axes)), dtype=np.intp)
        np.maximum.at(last, self.course, self.at)
        found = last[self.course] + 1
        for number, axis in enumerate(self.axes):
            if axis.period is not None:
                around = max(1, round(axis.period / float(self.steps[number])))
                found[:, number] = np.maximum(found[:, number], around)
        return found

    @cached_property
    def order(self) -> Labels:
        """The stimuli course by course, each along its axes: `(stimulus,)`."""
        return np.lexsort((*self.values.T[::-1], self.course))

    def neighbours(self, axis: int, lag: int) -> tuple[Labels, Labels]:
        """Return pairs of stimuli so many steps apart on one axis, and none on the others.

        Parameters
        ----------
        axis : int
        lag : int
        """
        around = self.axes[axis].period is not None
        ahead = self.at.copy()
        ahead[:, axis] += lag
        if around:
            ahead[:, axis] %= self.sizes[:, axis]
        limits = [int(self.course.max()) + 1, *(self.sizes.max(axis=0) + lag + 1).tolist()]
        own = np.ravel_multi_index((self.course, *self.at.T), limits)
        sought = np.ravel_multi_index((self.course, *ahead.T), limits)
        by_code = np.argsort(own, kind="stable")
        found = np.minimum(np.searchsorted(own[by_code], sought), len(own) - 1)
        there = own[by_code][found] == sought
        first, second = np.flatnonzero(there), by_code[found[there]]
        apart = first != second
        return first[apart], second[apart]

    def some(self, kept: NDArray[np.bool_]) -> Places:
        """Return the places of some stimuli `(stimulus,)`."""
        course = np.unique(self.course[kept], return_inverse=True)[1]
        return Places(self.axes, self.values[kept], course, self.steps)


def places_of(table: pd.DataFrame, axes: Sequence[StimulusAxis], where: str) -> Places:
    """Return where stimuli stand.

    Parameters
    ----------
    table : DataFrame
        The stimulus table, a row per stimulus, with the columns of the axes.
    axes : sequence of StimulusAxis
        At least one.
    where : str
        The study's file, for messages.

    Raises
    ------
    IsomorphError
        When a column is not there, a stimulus has no number in it, or values do not fit a period.
    """
    names = table["stimulus"].astype(str).tolist()
    values = np.stack([_numbers(table, axis, where) for axis in axes], axis=1)
    named = [column_labels(table, one, f"{where}: axis of the stimuli") for one in
             dict.fromkeys(axis.within for axis in axes if axis.within)]  # fmt: skip
    everything = np.zeros(len(table), dtype=np.intp)
    course = joined_groups(named, len(table)) if named else everything
    steps = np.array([_step(values[:, at], course) for at in range(len(axes))])
    for number, axis in enumerate(axes):
        if axis.period is None:
            continue
        least, most = (f(values[:, number]) for f in (np.min, np.max))
        if most - least > axis.period * (1 + ROUNDING):
            raise IsomorphError(
                f'{where}: "{axis.column}" has the period {axis.period:g}, and its values run from '
                f"{least:g} to {most:g}; expected them within one period"
            )
    found = Places(tuple(axes), values, course, steps)
    _, first, times = np.unique(
        np.column_stack([course, values]), axis=0, return_index=True, return_counts=True
    )
    if (times > 1).any():
        twice = names[int(first[times > 1][0])]
        raise IsomorphError(
            f'{where}: another stimulus stands where "{twice}" does on '
            f"{', '.join(axis.column for axis in axes)}; expected one at each place"
        )
    return found


def _numbers(table: pd.DataFrame, axis: StimulusAxis, where: str) -> Floats:
    """Return the values of an axis, of which every stimulus has one."""
    if axis.column not in table.columns:
        raise IsomorphError(
            f'{where}: no column "{axis.column}" in the stimulus table to follow stimuli along, '
            f"{did_you_mean(axis.column, map(str, table.columns))}"
        )
    values = pd.to_numeric(table[axis.column], errors="coerce").to_numpy(dtype=float)
    if not np.isfinite(values).all():
        at = int(np.flatnonzero(~np.isfinite(values))[0])
        raise IsomorphError(
            f'{where}: column "{axis.column}" of the stimulus table holds '
            f'"{table[axis.column].iloc[at]}" for "{table["stimulus"].iloc[at]}", expected a number'
        )
    return values


def _step(values: Floats, course: Labels) -> float:
    """Return the median distance of neighbours on one axis, within courses."""
    apart = [np.diff(np.unique(values[course == one])) for one in np.unique(course)]
    between = np.concatenate(apart)
    known = between[between > ROUNDING * max(float(np.abs(values).max(initial=0.0)), 1e-300)]
    return float(np.median(known)) if len(known) else 1.0

"""Folds: the responses of one region in one session, by run, session or repetition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from isomorph.geometry import Floats, fold_gram
from isomorph.rdms.baselines import adjusted_means, as_products, within_folds
from isomorph.rdms.transforms import TRANSFORMS
from isomorph.responses.division import Division, divide


@dataclass(frozen=True)
class Folds:
    """What the units of a region did in every fold, noise being independent between folds.

    Attributes
    ----------
    values : array of shape (repetition, stimulus, unit)
        Responses, 0 where a stimulus was not shown.
    seen : array of shape (repetition, stimulus)
        Whether it was shown.
    fold : array of int of shape (repetition,) or None
        The fold of each repetition, ascending from 0: noise may be shared by repetitions of one.
        None where each is a fold of its own.
    together : bool
        Whether what one fold shows was recorded together, so that a baseline of its own is in all
        of it: folds are single runs or sessions.
    """

    values: Floats
    seen: NDArray[np.bool_]
    fold: NDArray[np.intp] | None = None
    together: bool = False

    def __len__(self) -> int:
        """Return how many folds there are."""
        return len(self.seen) if self.fold is None else int(self.fold.max(initial=-1)) + 1

    @property
    def complete(self) -> bool:
        """Whether every stimulus was shown in some fold."""
        return bool(self.seen.any(axis=0).all())

    @cached_property
    def counts(self) -> NDArray[np.integer]:
        """Presentations of every stimulus: `(fold, stimulus)`."""
        return self.seen.astype(int) if self.fold is None else self._summed(self.seen.astype(int))

    @property
    def by_fold(self) -> Folds:
        """The means of every fold in place of its repetitions."""
        if self.fold is None:
            return self
        means = self.sums / np.maximum(self.counts, 1)[:, :, None]
        return Folds(means, self.counts > 0, None, self.together)

    @property
    def lacking(self) -> bool:
        """Whether baselines of folds would tell stimuli apart, as some are not in all alike."""
        return self.together and bool((self.counts != self.counts[:, :1]).any())

    @property
    def means(self) -> Floats:
        """Means over the presentations of a stimulus: `(stimulus, unit)`, NaN where there is none.

        Where some folds lack stimuli, those of least squares, without the baselines of folds.
        """
        adjusted = self.adjusted_means
        return self.plain_means if adjusted is None else adjusted

    @property
    def adjusted_means(self) -> Floats | None:
        """Means without the baselines of folds, None where none are needed or can be had."""
        if not self.lacking or not self.complete:
            return None
        return adjusted_means(self.sums, self.counts)

    @property
    def sums(self) -> Floats:
        """Sums over the presentations of a stimulus in every fold: `(fold, stimulus, unit)`."""
        return self.values if self.fold is None else self._summed(self.values)

    @property
    def plain_means(self) -> Floats:
        """Means over the presentations of a stimulus with folds' baselines: `(stimulus, unit)`."""
        with np.errstate(invalid="ignore"):
            means: Floats = self.values.sum(axis=0) / self.seen.sum(axis=0)[:, None]
        return means

    @property
    def level(self) -> Floats:
        """Mean over all presentations: `(unit,)`."""
        level: Floats = self.values.sum(axis=(0, 1)) / self.seen.sum()
        return level

    @property
    def centred(self) -> Folds:
        """Folds less the mean over all presentations.

        What a unit does alike for all stimuli is in no distance. Where a presentation is missing,
        pairs of stimuli rest on different couples of folds, and products of it would not cancel;
        and where it dwarfs what differs, digits would be lost.
        """
        values = self.values - self.level
        if not self.seen.all():
            values[~self.seen] = 0.0
        return replace(self, values=values)

    def repetitions(self, of_folds: NDArray) -> NDArray:
        """Return what each repetition has of its fold: `(repetition,)` from `(fold,)`."""
        return of_folds if self.fold is None else of_folds[self.fold]

    def of(self, which: slice | NDArray[np.bool_]) -> Folds:
        """Return some of the folds."""
        if self.fold is None:
            return replace(self, values=self.values[which], seen=self.seen[which])
        chosen = np.zeros(len(self), dtype=bool)
        chosen[which] = True
        rows = self.repetitions(chosen)
        fold = np.unique(self.fold[rows], return_inverse=True)[1]
        return replace(self, values=self.values[rows], seen=self.seen[rows], fold=fold)

    def of_stimuli(self, which: NDArray[np.intp]) -> Folds:
        """Return the folds of some stimuli."""
        return replace(self, values=self.values[:, which], seen=self.seen[:, which])

    def _summed(self, values: NDArray) -> NDArray:
        """Return sums over the repetitions `(repetition, ...)` of every fold: `(fold, ...)`."""
        assert self.fold is not None
        return np.add.reduceat(values, np.searchsorted(self.fold, np.arange(len(self))), axis=0)


def crossed_gram(folds: Folds) -> Floats:
    """Return the cross-validated inner products of folds of one repetition each.

    Returns
    -------
    array of shape (stimulus, stimulus)
        NaN where two stimuli share no couple of different folds.
    """
    values, seen = folds.values, folds.seen
    if not folds.lacking:
        return fold_gram(values, seen)
    couples = (((r, s), values[r], values[s]) for r, s in combinations(range(len(seen)), 2))
    return as_products(within_folds(couples, seen), lambda: fold_gram(values, seen))


def folds_of(
    session: xr.Dataset,
    region: str,
    stimuli: Sequence[str],
    transform: str,
    division: Division | None = None,
) -> Folds:
    """Return the folds of a region in a session, see `folds_of_units`."""
    units = np.flatnonzero((session["region"] == region).values)
    return folds_of_units(session, units, stimuli, transform, division)


def folds_of_units(
    session: xr.Dataset,
    units: NDArray[np.intp],
    stimuli: Sequence[str],
    transform: str,
    division: Division | None = None,
) -> Folds:
    """Return the folds of some units of a session.

    Parameters
    ----------
    session : Dataset
        `response (presentation, unit)`, of one time bin; presentations of other stimuli do not
        count.
    units : array of int of shape (unit,)
        Their places.
    stimuli : sequence of str
        The stimuli in order.
    transform : str
        Name in `TRANSFORMS`.
    division : Division, optional
        Of the session, see `isomorph.responses.division.divide`.
    """
    division = division or divide(session, stimuli)
    response = session["response"].values[:, units]
    values = TRANSFORMS[transform](response.astype(float))
    position = {stimulus: index for index, stimulus in enumerate(stimuli)}
    known = np.flatnonzero(division.fold >= 0)
    shown = np.array([position[s] for s in session["stimulus"].values[known].tolist()], dtype=int)
    place = division.fold[known] * len(stimuli) + shown
    order = np.argsort(place, kind="stable")
    cells, starts, counts = np.unique(place[order], return_index=True, return_counts=True)
    # Repetitions of a fold stand one after another, as many as its stimulus shown most has.
    again = np.arange(len(known)) - np.repeat(starts, counts)
    most = np.zeros(len(division), dtype=int)
    np.maximum.at(most, cells // len(stimuli), counts)
    row = (np.cumsum(most) - most)[place[order] // len(stimuli)] + again
    folds = np.zeros((most.sum(), len(stimuli), values.shape[1]))
    seen = np.zeros(folds.shape[:2], dtype=bool)
    column = shown[order]
    folds[row, column] = values[known[order]]
    seen[row, column] = True
    fold = None if (most == 1).all() else np.repeat(np.arange(len(most)), most)
    return Folds(folds, seen, fold, division.together)

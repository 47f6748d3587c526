"""Folds: the responses of one region in one session, by repetition or by run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from isomorph.errors import IsomorphError
from isomorph.rdms.geometry import Floats
from isomorph.rdms.transforms import TRANSFORMS


@dataclass(frozen=True)
class Folds:
    """What the units of a region did in every fold, noise being independent between folds.

    Attributes
    ----------
    values : (fold, stimulus, unit)
        Responses, 0 where a stimulus was not shown.
    seen : (fold, stimulus)
        Whether it was shown.
    """

    values: Floats
    seen: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.seen)

    @property
    def complete(self) -> bool:
        """Whether every stimulus was shown in some fold."""
        return bool(self.seen.any(axis=0).all())

    @property
    def means(self) -> Floats:
        """Means over the folds that showed a stimulus: `(stimulus, unit)`, NaN where none did."""
        with np.errstate(invalid="ignore"):
            means: Floats = self.values.sum(axis=0) / self.seen.sum(axis=0)[:, None]
        return means

    @property
    def level(self) -> Floats:
        """Mean over all showings: `(unit,)`."""
        level: Floats = self.values.sum(axis=(0, 1)) / self.seen.sum()
        return level

    @property
    def centred(self) -> Folds:
        """Folds less the mean over all showings.

        What a unit does alike for all stimuli is in no distance. Where a showing is missing, pairs
        of stimuli rest on unlike couples of folds, and products of it would not cancel; and where
        it dwarfs what differs, digits would be lost.
        """
        values = self.values - self.level
        if not self.seen.all():
            values[~self.seen] = 0.0
        return Folds(values, self.seen)

    def of(self, which: slice | NDArray[np.bool_]) -> Folds:
        """Return some of the folds."""
        return Folds(self.values[which], self.seen[which])


def folds_of(
    session: xr.Dataset,
    region: str,
    stimuli: Sequence[str],
    transform: str,
    across: str = "repetition",
) -> Folds:
    """Return the folds of a region in a session, see `folds_of_units`."""
    units = np.flatnonzero((session["region"] == region).values)
    return folds_of_units(session, units, stimuli, transform, across)


def folds_of_units(
    session: xr.Dataset,
    units: NDArray[np.intp],
    stimuli: Sequence[str],
    transform: str,
    across: str = "repetition",
) -> Folds:
    """Return the folds of some units of a session.

    Parameters
    ----------
    session : Dataset
        `response (presentation, unit)`; presentations of other stimuli do not count.
    units : (unit,) of int
        Their places.
    stimuli : sequence of str
        The stimuli in order.
    transform : str
        Name in `TRANSFORMS`.
    across : {"repetition", "run"}
        The coordinate that numbers folds; several showings in one are averaged.

    Raises
    ------
    IsomorphError
        When the session does not say in which run its presentations stood.
    """
    if across not in session.coords:
        raise IsomorphError(
            f"session {session.attrs.get('session', '')}: noise.per: run needs to know the run of "
            "every presentation, and the responses do not say it; use others or session"
        )
    response = session["response"].values[:, units]
    values = TRANSFORMS[transform](response.astype(float))
    position = {stimulus: index for index, stimulus in enumerate(stimuli)}
    shown = np.array([position.get(s, -1) for s in session["stimulus"].values.tolist()])
    known = np.flatnonzero(shown >= 0)
    numbers = session[across].values[known]
    if across == "repetition":
        fold, size = numbers.astype(int), int(numbers.max()) + 1
    else:
        names, fold = np.unique(numbers.astype(str), return_inverse=True)
        size = len(names)
    place = fold * len(stimuli) + shown[known]
    order = known[np.argsort(place, kind="stable")]
    where, starts, counts = np.unique(np.sort(place), return_index=True, return_counts=True)
    folds = np.zeros((size * len(stimuli), values.shape[1]))
    if (counts == 1).all():
        folds[where] = values[order]
    else:
        folds[where] = np.add.reduceat(values[order], starts, axis=0) / counts[:, None]
    seen = np.zeros(size * len(stimuli), dtype=bool)
    seen[where] = True
    return Folds(
        folds.reshape(size, len(stimuli), values.shape[1]), seen.reshape(size, len(stimuli))
    )

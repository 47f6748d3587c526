"""Design matrices: what each stimulus or trial predicts, and what is of no interest."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from isomorph.study.bids import BidsResponses

Array = npt.NDArray
EMPTY = 1e-10
"""A regressor that is nowhere larger is one of zeros."""

STEPS, EARLIEST = 50, -24.0
"""Steps of a repetition time in which nilearn makes a regressor, and how long before the first
volume it begins, seconds."""


@dataclass(frozen=True)
class Design:
    """The design of one run.

    Attributes
    ----------
    interest : array of shape (scan, estimate)
        A column for each amplitude asked for.
    nuisance : array of shape (scan, regressor)
        Confounds, drifts, the constant, and trials of stimuli that are not in the set.
    left_out : tuple of int
        Scans before which volumes are left out.
    """

    interest: Array
    nuisance: Array
    left_out: tuple[int, ...] = ()

    @property
    def matrix(self) -> Array:
        """All columns, those of interest first: (scan, regressor)."""
        return np.column_stack([self.interest, self.nuisance])

    @property
    def linked(self) -> Array:
        """Which scans but the first were taken right after the one before: (scan - 1,) of bool."""
        return ~np.isin(np.arange(1, len(self.interest)), self.left_out)

    def at(self, kept: Array) -> Design:
        """Return the design of the volumes that count: (scan,) of bool."""
        jumps = np.flatnonzero(np.diff(np.flatnonzero(kept)) > 1) + 1
        return Design(self.interest[kept], self.nuisance[kept], tuple(jumps.tolist()))


def make_design(
    trials: pd.DataFrame,
    estimate: Array,
    frames: Array,
    settings: BidsResponses,
    confounds: Array | None = None,
) -> Design:
    """Return the design of one run.

    Parameters
    ----------
    trials : DataFrame
        `onset` and `duration` of each trial, seconds.
    estimate : array of int of shape (trial,)
        To which amplitude each trial belongs, counted from 0; -1 for trials of no interest.
    frames : array of shape (scan,)
        When each volume was taken, seconds.
    settings : BidsResponses
        Response function and drift.
    confounds : array of shape (scan, confound), optional
        Further regressors of no interest.
    """
    from nilearn.glm.first_level import make_first_level_design_matrix

    # Two things of no interest at once are one event.
    events = trials[["onset", "duration"]].assign(estimate=estimate).drop_duplicates()
    onset, duration = (events[name].to_numpy(np.float64) for name in ("onset", "duration"))
    which = events["estimate"].to_numpy()
    conditions = (onset, duration, _weights(onset, duration, frames))
    is_shifted = settings.estimate == "shifted"
    regressor = _volumes_after if is_shifted else _regressor
    with warnings.catch_warnings():
        # columns that cannot be told apart are found by `isomorph.responses.bids.glm.estimable`,
        # and counted
        warnings.filterwarnings("ignore", message=".*[Ss]ingular", category=UserWarning)
        warnings.filterwarnings("ignore", message="divide by zero", category=RuntimeWarning)
        warnings.filterwarnings("ignore", message=".*not considered in", category=UserWarning)
        columns = {
            number: regressor([values[which == number] for values in conditions], frames, settings)
            for number in np.unique(which).tolist()
        }
        others = make_first_level_design_matrix(
            frames,
            drift_model="cosine" if settings.drift == "cosine" else None,
            high_pass=settings.high_pass,
            add_regs=confounds if confounds is not None and confounds.size else None,
        )
    unwanted = [columns.pop(-1)] if -1 in columns else []
    if is_shifted:  # marks of volumes explain nothing
        unwanted = []
    interest = np.column_stack([columns[number] for number in sorted(columns)])
    return Design(interest, np.column_stack([*unwanted, others.to_numpy(dtype=np.float64)]))


def _regressor(condition: Sequence[Array], frames: Array, settings: BidsResponses) -> Array:
    """Return what trials of some onsets, durations and strengths predict together: (scan,)."""
    from nilearn.glm.first_level import compute_regressor

    found, _ = compute_regressor(
        condition, settings.hrf, frames, oversampling=STEPS, min_onset=EARLIEST
    )
    column: Array = found[:, 0]
    # one of zeros, of trials after the run, comes with rounding errors
    return np.where(np.abs(column).max() > EMPTY, column, 0.0)


def _volumes_after(condition: Sequence[Array], frames: Array, settings: BidsResponses) -> Array:
    """Mark the volumes taken while trials lasted, a lag later: (scan,)."""
    onset, duration, _ = condition
    start = onset + settings.lag
    stop = start + np.maximum(duration, frames[1] - frames[0])  # an impulse has one volume
    inside = (frames[:, None] >= start - EMPTY) & (frames[:, None] < stop - EMPTY)
    return inside.any(axis=1).astype(np.float64)


def _weights(onset: Array, duration: Array, frames: Array) -> Array:
    """Return the factors that make each trial as strong as it is long: (trial,).

    nilearn lets a trial last a whole number of its steps, one at least, so that one of 50 ms at a
    repetition time of 2 s is one or two steps of 40 ms, by its onset alone. An impulse would be
    one step, whose length depends on the repetition time; it gets the strength of one second.
    """
    repetition = frames[1] - frames[0]
    count = (len(frames) - 1) / (frames[-1] - frames[0]) * STEPS
    last = frames[-1] * (1 + 1 / (len(frames) - 1))
    steps = np.linspace(
        frames[0] + EARLIEST, last, int(np.rint((last - frames[0] - EARLIEST) * count)) + 1
    )
    step = steps[1] - steps[0]
    more = np.arange(1, np.ceil(max(float(duration.max(initial=0.0)), repetition) / step) + 2)
    steps = np.concatenate([steps, steps[-1] + step * more])
    first, after = np.searchsorted(steps, onset), np.searchsorted(steps, onset + duration)
    lasts = step * np.maximum(after - first, 1)
    # what began before the steps do has passed by the first volume
    return np.where(onset < steps[0], 0.0, np.where(duration > 0, duration, 1.0) / lasts)

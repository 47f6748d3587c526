"""Design matrices: what each stimulus or trial predicts, and what is of no interest."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from isomorph.study.bids import BidsResponses

Array = npt.NDArray
EMPTY = 1e-10
"""A column this small beside the largest is one of zeros."""


@dataclass(frozen=True)
class Design:
    """The design of one run.

    Attributes
    ----------
    interest : ndarray (scan, estimate)
        A column for each amplitude asked for.
    nuisance : ndarray (scan, regressor)
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
    estimate : ndarray (trial,) of int
        To which amplitude each trial belongs, counted from 0; -1 for trials of no interest.
    frames : ndarray (scan,)
        When each volume was taken, seconds.
    settings : BidsResponses
        Response function and drift.
    confounds : ndarray (scan, confound), optional
        Further regressors of no interest.
    """
    from nilearn.glm.first_level import make_first_level_design_matrix

    # Names that sort as the amplitudes count, for nilearn sorts them; `~` sorts last.
    label = [f"e{number:06d}" if number >= 0 else "~" for number in estimate]
    events = pd.DataFrame(
        {
            "onset": trials["onset"].to_numpy(),
            "duration": trials["duration"].to_numpy(),
            "trial_type": label,
        }
    )
    # Two things of no interest at once are one event.
    events = events.drop_duplicates()
    with warnings.catch_warnings():
        # Trials of no duration are impulses, as BIDS means them; columns that cannot be told
        # apart are found by `isomorph.responses.bids.glm.estimable`, and counted.
        warnings.filterwarnings("ignore", message=".*null duration", category=UserWarning)
        warnings.filterwarnings("ignore", message=".*[Ss]ingular", category=UserWarning)
        warnings.filterwarnings("ignore", message="divide by zero", category=RuntimeWarning)
        warnings.filterwarnings("ignore", message=".*not considered in", category=UserWarning)
        matrix = make_first_level_design_matrix(
            frames,
            events,
            hrf_model=settings.hrf,
            drift_model="cosine" if settings.drift == "cosine" else None,
            high_pass=settings.high_pass,
            add_regs=confounds if confounds is not None and confounds.size else None,
        )
    of_interest = [str(name).startswith("e0") for name in matrix.columns]
    values = matrix.to_numpy(dtype=np.float64)
    # nilearn fills a column of zeros, of trials after the run, with rounding errors
    norms = np.linalg.norm(values, axis=0)
    values = np.where(norms > EMPTY * norms.max(), values, 0)
    return Design(values[:, of_interest], values[:, np.logical_not(of_interest)])

"""Along what units may be tuned: each variable by itself, and all of them together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from isomorph.responses.rates.smoothing import refuse_strangers, smoothing_of, variables_of
from isomorph.study.rates import RateResponses

Array = npt.NDArray

TOGETHER = " × "
"""Stands between the names of variables taken together."""


@dataclass(frozen=True)
class Along:
    """A variable, or all together, along which tuning is asked about.

    Attributes
    ----------
    name : str
        `heading`; of several `x × y`.
    bins : DataFrame
        A row per bin along it, as in the stimulus table.
    members : csr_array of shape (stimulus, bin)
        1 where a stimulus is part of a bin.
    spread : csr_array of shape (bin, bin) or None
        How rates are smoothed along it.
    angles : array of shape (bin,) or None
        Centres as angles, radians, where it is one variable with a period.
    period : float
        Of that variable; NaN where there is none.
    """

    name: str
    bins: pd.DataFrame
    members: sparse.csr_array
    spread: sparse.csr_array | None
    angles: Array | None
    period: float

    def of(self, values: Array) -> Array:
        """Return counts or times of stimuli (..., stimulus) added up for each bin (..., bin)."""
        flat = values.reshape(-1, values.shape[-1])
        return np.asarray(flat @ self.members).reshape(*values.shape[:-1], len(self.bins))


def every_along(
    table: pd.DataFrame, settings: RateResponses, visited: Array, where: str
) -> list[Along]:
    """Return each variable of a stimulus table, and all together where there are several.

    Parameters
    ----------
    table : DataFrame
        The stimulus table, a row per bin.
    settings : RateResponses
        How rates are smoothed.
    visited : array of bool of shape (bin,)
        Which bins were.
    where : str
        The dataset's file, for messages.
    """
    refuse_strangers(table, settings, where)
    names = variables_of(table)
    asked = [(name,) for name in names] + ([tuple(names)] if len(names) > 1 else [])
    found = []
    for some in asked:
        columns = [f"{name}{end}" for name in some for end in ("", "_start", "_stop", "_period")]
        starts = [f"{name}_start" for name in some]
        group = table.groupby(starts, sort=True).ngroup().to_numpy()
        bins = table[columns].iloc[np.unique(group, return_index=True)[1]].reset_index(drop=True)
        ones = np.ones(len(table))
        members = sparse.csr_array((ones, (np.arange(len(table)), group)))
        own = np.asarray(visited @ members) > 0
        period = pd.to_numeric(bins[f"{some[0]}_period"], errors="coerce").iloc[0]
        turns = len(some) == 1 and np.isfinite(period)
        found.append(
            Along(
                TOGETHER.join(some),
                bins,
                members,
                smoothing_of(bins, settings, own, where),
                bins[some[0]].to_numpy(np.float64) / period * 2 * np.pi if turns else None,
                float(period) if turns else np.nan,
            )
        )
    return found

"""Ranks with ties, as `scipy.stats.rankdata` gives them; to import that takes longer than jobs."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def rankdata(values: NDArray[Any], axis: int | None = None) -> NDArray[np.float64]:
    """Return ranks from 1; what is equal shares the mean of its ranks.

    Parameters
    ----------
    values : array
    axis : int, optional
        Along which they are ranked, all together unless given.

    Returns
    -------
    array
        Of the shape of `values`, flat unless an axis is given; NaN where one of those ranked
        together is NaN.

    Examples
    --------
    >>> rankdata(np.array([3.0, 1.0, 3.0, 2.0])).tolist()
    [3.5, 1.0, 3.5, 2.0]
    """
    values = np.asarray(values)
    if axis is None:
        values, axis = values.ravel(), 0
    last = np.moveaxis(values, axis, -1)
    rows = last.reshape(-1, last.shape[-1]) if last.size else last.reshape(0, 0)
    ranks = np.empty(rows.shape)
    for row, found in zip(rows, ranks, strict=True):
        found[:] = _ranks_of(row)
    return np.ascontiguousarray(np.moveaxis(ranks.reshape(last.shape), -1, axis))


def _ranks_of(row: NDArray[Any]) -> NDArray[np.float64]:
    order = np.argsort(row, kind="stable")
    ordered = row[order]
    ranks = np.empty(len(row))
    if ordered[-1] != ordered[-1]:
        ranks[:] = np.nan
        return ranks
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    ends = np.concatenate([starts[1:], [len(row)]])
    ranks[order] = np.repeat((starts + ends + 1) / 2, ends - starts)
    return ranks

"""Categories of stimuli: which column tells them, and the order in which they stand together."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

OF_FILES = (
    "stimulus", "file", "sha256", "width", "height", "duplicate_of", "near_duplicate_of", "group",
)  # fmt: skip
"""Columns of a stimulus table that say nothing of what is shown."""

PREFERRED = "category"
"""The column that is taken wherever it serves."""

MOST = 20
"""Categories that can be named along an RDM."""


class Run(NamedTuple):
    """A category and the first and last place it fills in the order of categories."""

    name: str
    first: int
    last: int


def category_column(stimuli: pd.DataFrame) -> str | None:
    """Return the column that sorts stimuli into categories, None where there is none.

    It has between 2 and 20 values, of which most have several stimuli. The one called `category`
    goes first, then words, then numbers.

    Parameters
    ----------
    stimuli : DataFrame
        A stimulus table, a row per stimulus.
    """
    fit = []
    for column in stimuli.columns.difference(list(OF_FILES), sort=False):
        counts = stimuli[column].astype(str).value_counts()
        if 2 <= len(counts) <= MOST and (counts > 1).mean() > 0.5 and (counts.index != "").all():
            words = not pd.api.types.is_numeric_dtype(stimuli[column])
            fit.append((column != PREFERRED, not words, str(column)))
    return min(fit, key=lambda one: one[:2])[2] if fit else None


def category_order(stimuli: pd.DataFrame) -> tuple[np.ndarray, list[Run]]:
    """Return the order that puts stimuli of a category together, and where each category is.

    Parameters
    ----------
    stimuli : DataFrame
        A stimulus table, a row per stimulus.

    Returns
    -------
    order : array of shape (stimulus,)
        Rows of the table; as they are where there are no categories. Categories stand in the order
        in which they first appear.
    runs : list of Run
        Empty where there are no categories.
    """
    column = category_column(stimuli)
    if column is None:
        return np.arange(len(stimuli)), []
    codes, names = pd.factorize(stimuli[column].astype(str))
    order = np.argsort(codes, kind="stable")
    ends = np.cumsum(np.bincount(codes))
    starts = [0, *ends[:-1].tolist()]
    # "yes" and "no" say nothing without the name of their column.
    told = {"yes": column, "1": column, "no": f"not {column}", "0": f"not {column}"}
    titles = [told.get(str(name), str(name)) for name in names]
    runs = [Run(str(name), int(start), int(stop) - 1)
            for name, start, stop in zip(titles, starts, ends, strict=True)]  # fmt: skip
    return order, runs


def category_of_each(stimuli: pd.DataFrame) -> np.ndarray:
    """Return the category of every row of a stimulus table, empty where there are none."""
    order, runs = category_order(stimuli)
    found = np.full(len(stimuli), "", dtype=object)
    for run in runs:
        found[order[run.first : run.last + 1]] = run.name
    return found

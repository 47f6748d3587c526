"""Groups of stimuli: near-duplicates and what a study keeps together, drawn and split as one.

Variants of one object are not independent samples of what could have been shown. Resamples draw
whole groups, permutations exchange whole groups, and splits keep them on one side.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import lgamma, log

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from isomorph.errors import IsomorphError, did_you_mean
from isomorph.measures import Counts

Labels = NDArray[np.intp]

FEWEST_GROUPS = 8
"""Groups below which neither a resample nor a permutation tells how far chance reaches.
Stimuli that stand for themselves are not refused: intervals of five to seven are wide and hold."""

FEWEST_ORDERS = 10_000
"""Different orders of the groups below which a permutation test has too few."""

DUPLICATES = ("duplicate_of", "near_duplicate_of")


def groups_of(table: pd.DataFrame, keep_together: Sequence[str], where: str) -> Labels:
    """Return the group of every stimulus: duplicates, near-duplicates, and equal values.

    Parameters
    ----------
    table : DataFrame
        The stimulus table, a row per stimulus: `stimulus` and, where known, `duplicate_of` and
        `near_duplicate_of`.
    keep_together : sequence of str
        Columns; stimuli with the same value belong together.
    where : str
        The study's file, for messages.

    Returns
    -------
    array of shape (stimulus,)

    Raises
    ------
    IsomorphError
        When the table has no such column.
    """
    labels = [value_or_self(table, name) for name in DUPLICATES if name in table]
    labels += [column_labels(table, name, f"{where}: inference.keep_together") for name in
               keep_together]  # fmt: skip
    return joined_groups(labels, len(table))


def joined_groups(labels: Sequence[Labels], n_stimuli: int) -> Labels:
    """Return groups such that stimuli that share any label, also through others, share one.

    Parameters
    ----------
    labels : sequence of arrays of shape (stimulus,)
        Each a way to say which stimuli belong together.
    n_stimuli : int
    """
    stimuli, nodes, offset = [], [], n_stimuli
    for label in labels:
        stimuli.append(np.arange(n_stimuli))
        nodes.append(offset + label)
        offset += int(label.max()) + 1
    row, column = (np.concatenate(part) if part else np.empty(0, int) for part in (stimuli, nodes))
    links = coo_matrix((np.ones(len(row)), (row, column)), shape=(offset, offset))
    _, component = connected_components(links, directed=False)
    return np.unique(component[:n_stimuli], return_inverse=True)[1]


def group_count(groups: Labels) -> int:
    """Return how many groups there are."""
    return len(np.unique(groups))


def draw_groups(groups: Labels, n_resamples: int, rng: np.random.Generator) -> Counts:
    """Return how often each stimulus is drawn when whole groups are: `(resample, stimulus)`.

    Parameters
    ----------
    groups : array of shape (stimulus,)
    n_resamples : int
    rng : Generator
    """
    n = group_count(groups)
    counts = rng.multinomial(n, np.full(n, 1 / n), size=n_resamples)
    return counts[:, np.unique(groups, return_inverse=True)[1]]


def exchanged(groups: Labels, n: int, rng: np.random.Generator) -> Counts:
    """Return random orders of the stimuli in which whole groups of equal size change places.

    The order within a group stays, so a difference between variants that all groups share, such
    as a view, is not part of the null (Winkler et al. 2015,
    https://doi.org/10.1016/j.neuroimage.2015.05.092).

    Parameters
    ----------
    groups : array of shape (stimulus,)
    n : int
    rng : Generator

    Returns
    -------
    array of shape (order, stimulus)
    """
    members = [np.flatnonzero(groups == group) for group in np.unique(groups)]
    orders = np.tile(np.arange(len(groups)), (n, 1))
    for size in {len(own) for own in members}:
        places = np.stack([own for own in members if len(own) == size])
        shuffled = rng.permuted(np.tile(np.arange(len(places)), (n, 1)), axis=1)
        orders[:, places.ravel()] = places[shuffled].reshape(n, places.size)
    return orders


def too_few_groups(groups: Labels) -> str:
    """Return why so few groups allow no inference; empty where there are enough."""
    n = group_count(groups)
    if n >= FEWEST_GROUPS or n == len(groups):
        return ""
    return (
        f"{n} group{'s' if n > 1 else ''} of stimuli cannot tell how far other stimuli would move "
        f"it, at least {FEWEST_GROUPS} are needed"
    )


def too_few_orders(groups: Labels) -> str:
    """Return why a permutation of groups tests nothing; empty where there are enough orders."""
    if group_count(groups) == len(groups):
        return ""
    if few := too_few_groups(groups):
        return few
    sizes = np.unique(np.unique(groups, return_counts=True)[1], return_counts=True)[1]
    if sum(lgamma(count + 1) for count in sizes.tolist()) >= log(FEWEST_ORDERS):
        return ""
    return (
        "groups of stimuli differ in size, and too few of one size are left to change places, so "
        "there is no permutation test"
    )


def value_or_self(table: pd.DataFrame, column: str) -> Labels:
    """Return labels of a column's values; a stimulus without a value stands for itself.

    Parameters
    ----------
    table : DataFrame
    column : str
    """
    values = table[column].astype("string").fillna("")
    named = values.where(values != "", table["stimulus"].astype("string"))
    return np.unique(named.to_numpy(dtype=str), return_inverse=True)[1]


def column_labels(table: pd.DataFrame, name: str, where: str) -> Labels:
    """Return labels of a column that must be there; a stimulus without a value is alone.

    Parameters
    ----------
    table : DataFrame
    name : str
    where : str
        File and key, for the message.

    Raises
    ------
    IsomorphError
    """
    if name not in table.columns:
        raise IsomorphError(
            f'{where}: no column "{name}" in the stimulus table, '
            f"{did_you_mean(name, map(str, table.columns))}"
        )
    values = table[name].astype("string").fillna("")
    alone = "\0" + table["stimulus"].astype("string")
    named = values.where(values != "", alone)
    return np.unique(named.to_numpy(dtype=str), return_inverse=True)[1]

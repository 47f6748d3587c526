"""Splits of the stimuli: on one part a layer is chosen, on the other it is scored."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, ward
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import pdist
from scipy.stats import rankdata

from isomorph.errors import IsomorphError, did_you_mean
from isomorph.measures import Counts, Floats, stimulus_count
from isomorph.measures.pairs import squareform
from isomorph.registry import Registry
from isomorph.study.inference import Selection

FEWEST = 4
"""Stimuli on either side of a split; the six distances of four are the fewest every measure
takes."""

ENOUGH = 8
"""Stimuli in a part, on average, below which there are fewer parts."""

DUPLICATES = ("duplicate_of", "near_duplicate_of")

Labels = NDArray[np.intp]


@dataclass(frozen=True)
class Splits:
    """Splits of the stimuli in two.

    Attributes
    ----------
    chosen_on, scored_on : (split, stimulus)
        1 where a stimulus is on that side; no stimulus is on both.
    told : str
        How they were made, in words.
    reason : str
        Why there are none; empty where there are.
    """

    chosen_on: Counts
    scored_on: Counts
    told: str
    reason: str = ""


@dataclass(frozen=True)
class Stimuli:
    """What is known of the stimuli beside their responses.

    Attributes
    ----------
    table : DataFrame
        The stimulus table, a row per stimulus in the order of the RDMs.
    rdms : sequence of (layer, pair)
        Of every model, for clusters of stimuli.
    where : str
        The study's file, for messages.
    """

    table: pd.DataFrame
    rdms: Sequence[Floats]
    where: str


def make_splits(stimuli: Stimuli, selection: Selection, rng: np.random.Generator) -> Splits:
    """Split the stimuli into parts, each of which in turn is scored on.

    Parameters
    ----------
    stimuli : Stimuli
    selection : Selection
    rng : Generator

    Raises
    ------
    IsomorphError
        When the stimulus table lacks a column the selection names.
    """
    n_stimuli = len(stimuli.table)
    together = [_value_or_self(stimuli.table, name) for name in DUPLICATES if name in stimuli.table]
    for name in selection.keep_together:
        together.append(_column(stimuli, name, "keep_together"))
    n_folds = max(2, min(selection.folds, n_stimuli // ENOUGH))
    together += KINDS[selection.kind](stimuli, selection, n_folds)
    groups = joined_groups(together, n_stimuli)
    n_groups = int(groups.max()) + 1
    n_folds = min(n_folds, n_groups)
    # As many parts as groups are the same parts however often they are drawn.
    repeats = 1 if n_folds == n_groups else selection.repeats
    none = np.zeros((0, n_stimuli), dtype=int)
    if n_folds < 2:
        reason = "undefined: all stimuli belong together, so none are left to score on"
        return Splits(none, none, selection.kind, reason)
    parts = np.stack([deal(groups, n_folds, rng) for _ in range(repeats)])
    scored_on = (parts[:, None, :] == np.arange(n_folds)[None, :, None]).reshape(-1, n_stimuli)
    enough = np.minimum(scored_on.sum(axis=1), (~scored_on).sum(axis=1)) >= FEWEST
    if not enough.any():
        reason = (
            f"undefined: too few stimuli to choose a layer on some and score it on others, "
            f"{FEWEST} on either side"
        )
        return Splits(none, none, selection.kind, reason)
    scored_on = scored_on[enough]
    told = f"{selection.kind}, {n_folds} parts"
    told += f" drawn {repeats} times" if repeats > 1 else ""
    return Splits((~scored_on).astype(int), scored_on.astype(int), told)


def deal(groups: Labels, n_folds: int, rng: np.random.Generator) -> Labels:
    """Deal whole groups into parts of about equal size: the part of every stimulus.

    Large groups come first, each to the smallest part so far, ties in random order.

    Parameters
    ----------
    groups : (stimulus,)
    n_folds : int
    rng : Generator
    """
    sizes = np.bincount(groups)
    shuffle = rng.permutation(len(sizes))
    part = np.empty(len(sizes), dtype=np.intp)
    filled = np.zeros(n_folds)
    for group in shuffle[np.argsort(-sizes[shuffle], kind="stable")]:
        smallest = np.flatnonzero(filled == filled.min())
        part[group] = rng.choice(smallest)
        filled[part[group]] += sizes[group]
    return part[groups]


def joined_groups(labels: Sequence[Labels], n_stimuli: int) -> Labels:
    """Return groups such that stimuli that share any label, also through others, share one.

    Parameters
    ----------
    labels : sequence of (stimulus,)
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


def clusters(rdms: Sequence[Floats], n_clusters: int) -> Labels:
    """Return clusters of stimuli that models find alike, by Ward's method.

    Distances are ranked within each layer, averaged over a model's layers and then over models,
    so each model counts once. No response enters, so the parts know nothing of what is scored.
    There are fewer clusters where one would be smaller than a part may be.

    Parameters
    ----------
    rdms : sequence of (layer, pair)
        Of every model.
    n_clusters : int

    Returns
    -------
    (stimulus,)
    """
    mean = np.mean([rankdata(one, axis=1).mean(axis=0) for one in rdms], axis=0)
    n_stimuli = stimulus_count(len(mean))
    # Each stimulus is described by its distances to all: Ward's method asks for a space.
    tree = ward(pdist(squareform(mean[None], n_stimuli)[0]))
    for number in range(n_clusters, 1, -1):
        found = fcluster(tree, number, criterion="maxclust") - 1
        if np.bincount(found).min() >= FEWEST:
            break
    return np.asarray(found, dtype=np.intp)


def _by_category(stimuli: Stimuli, selection: Selection, _: int) -> list[Labels]:
    return [_column(stimuli, selection.column, "column")]


def _by_cluster(stimuli: Stimuli, _: Selection, n_folds: int) -> list[Labels]:
    return [clusters(stimuli.rdms, n_folds)]


KINDS: Registry[Callable[[Stimuli, Selection, int], list[Labels]]] = Registry(
    "kind of split",
    {
        "random": lambda *_: [],
        "category": _by_category,
        "cluster": _by_cluster,
    },
)
"""What stays together in each kind of split, beside what always does."""


def _value_or_self(table: pd.DataFrame, column: str) -> Labels:
    """Return labels of a column's values; a stimulus without a value stands for itself."""
    values = table[column].astype("string").fillna("")
    named = values.where(values != "", table["stimulus"].astype("string"))
    return np.unique(named.to_numpy(dtype=str), return_inverse=True)[1]


def _column(stimuli: Stimuli, name: str, key: str) -> Labels:
    """Return labels of a column that must be there; no value is a group by itself each time."""
    if name not in stimuli.table.columns:
        raise IsomorphError(
            f'{stimuli.where}: inference.selection.{key}: no column "{name}" in the stimulus '
            f"table, {did_you_mean(name, map(str, stimuli.table.columns))}"
        )
    values = stimuli.table[name].astype("string").fillna("")
    alone = "\0" + stimuli.table["stimulus"].astype("string")
    named = values.where(values != "", alone)
    return np.unique(named.to_numpy(dtype=str), return_inverse=True)[1]

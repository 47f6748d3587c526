"""Splits of the stimuli: on one part a layer is chosen or fitted, on the other it is scored.

`make_splits` deals all stimuli, and those of resamples, into parts each of which is scored once;
`halves` and `halved` into two, for statistics that need many pairs on either side.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from isomorph.inference.groups import Labels, column_labels, joined_groups
from isomorph.inference.on_axes import OnAxes
from isomorph.inference.ties import Indices
from isomorph.measures import Counts, Floats, stimulus_count
from isomorph.measures.pairs import pair_indices, squareform
from isomorph.measures.tied import rankdata
from isomorph.registry import Registry
from isomorph.study.inference import Selection

FEWEST = 4
"""Stimuli on either side of a split; the six distances of four are the fewest every measure
takes."""

FEWEST_OF_HALF = 6
"""Stimuli of a half: 15 pairs. With fewer there is nothing to choose a layer on."""

TOO_FEW = "too few stimuli to choose a layer on some and score it on others"

ENOUGH = 8
"""Stimuli in a part, on average, below which there are fewer parts."""

SHORT = 2
"""Cross-validations in each resample: the fewest that tell how far one differs from another."""

FEWEST_PARTS = 3
"""Parts of a resample where the stimuli themselves are split into as many or more. A resample holds
about 63 % of the stimuli; halves of them would waver less between layers than parts of all do."""


Half = tuple[Indices, Indices]
"""Stimuli to choose and fit on, stimuli to score on; both sorted, nothing in common."""


@dataclass(frozen=True)
class Sides:
    """Both sides of every split, of all stimuli or of every resample, or what is scored on them.

    Attributes
    ----------
    chosen_on, scored_on : arrays of shape (resample, repeat, part, ...)
        `(stimulus,)`: how often each is on that side; no stimulus is on both. `(subject,
        candidate)`: scores on that side. Nothing, or NaN, where a resample has fewer parts.
    """

    chosen_on: NDArray[Any]
    scored_on: NDArray[Any]

    def mapped(self, function: Callable[[NDArray[Any]], NDArray[Any]]) -> Sides:
        """Return something of either side."""
        return Sides(function(self.chosen_on), function(self.scored_on))


@dataclass(frozen=True)
class StimulusSplits:
    """Splits of the stimuli in two.

    Attributes
    ----------
    sides : Sides
        Of all stimuli: one resample, every stimulus once.
    redrawn : Sides
        Of the first resamples of the stimuli, with `SHORT` repeats.
    told : str
        How they were made, in words.
    reason : str
        Why there are none; empty where there are.
    """

    sides: Sides
    redrawn: Sides
    told: str
    reason: str = ""


@dataclass(frozen=True)
class Stimuli:
    """What is known of the stimuli beside their responses.

    Attributes
    ----------
    table : DataFrame
        The stimulus table, a row per stimulus in the order of the RDMs.
    rdms : sequence of arrays of shape (layer, pair)
        Of every model, for clusters of stimuli.
    where : str
        The study's file, for messages.
    groups : array of shape (stimulus,)
        Which stimuli are drawn and split as one.
    along : OnAxes or None
        Where stimuli follow one another: parts have gaps between them.
    """

    table: pd.DataFrame
    rdms: Sequence[Floats]
    where: str
    groups: Labels
    along: OnAxes | None = None


def make_splits(
    stimuli: Stimuli, selection: Selection, drawn: Counts, rng: np.random.Generator
) -> StimulusSplits:
    """Split the stimuli into parts, each of which in turn is scored on; and those of resamples.

    Copies of a stimulus, and stimuli of a group, are always on one side.

    Parameters
    ----------
    stimuli : Stimuli
    selection : Selection
    drawn : array of shape (resample, stimulus)
        How often each stimulus was drawn; the first `selection.resamples` are split.
    rng : Generator

    Raises
    ------
    IsomorphError
        When the stimulus table lacks a column the selection names.
    """
    n_stimuli = len(stimuli.table)
    n_folds = max(2, min(selection.folds, n_stimuli // ENOUGH))
    groups = together(stimuli, selection, n_folds)
    n_groups = int(groups.max()) + 1
    n_folds = min(n_folds, n_groups)
    # As many parts as groups are the same parts however often they are drawn.
    repeats = 1 if n_folds == n_groups else selection.repeats
    none = Sides(*2 * [np.zeros((0, repeats, n_folds, n_stimuli), dtype=int)])
    if n_folds < 2:
        reason = "all stimuli belong together, so none are left to score on"
        return StimulusSplits(none, none, selection.kind, reason)
    along, whole = stimuli.along, np.ones((1, n_stimuli), dtype=int)
    sides = sides_of(whole, groups, n_folds, repeats, rng, along)
    if not sides.scored_on.any():
        return StimulusSplits(none, none, selection.kind, f"{TOO_FEW}, {FEWEST} on either side")
    redrawn = sides_of(drawn[: selection.resamples], groups, n_folds, SHORT, rng, along)
    kind = selection.kind if along is None else f"{selection.kind}, of blocks with gaps"
    told = f"{kind}, {n_folds} parts"
    told += f" drawn {repeats} times" if repeats > 1 else ""
    return StimulusSplits(sides, redrawn, told)


def together(stimuli: Stimuli, selection: Selection, n_folds: int) -> Labels:
    """Return which stimuli stay in one part, along axes in their order: `(stimulus,)`.

    Parameters
    ----------
    stimuli : Stimuli
    selection : Selection
    n_folds : int

    Raises
    ------
    IsomorphError
        When the stimulus table lacks a column the selection names.
    """
    labels = [stimuli.groups, *KINDS[selection.kind](stimuli, selection, n_folds)]
    if stimuli.along is not None:
        return stimuli.along.joined(labels)
    return joined_groups(labels, len(stimuli.table))


def sides_of(
    counts: Counts,
    groups: Labels,
    n_folds: int,
    repeats: int,
    rng: np.random.Generator,
    along: OnAxes | None = None,
    *,
    stretched: bool = False,
) -> Sides:
    """Split the stimuli of resamples into parts, again and again.

    Parameters
    ----------
    counts : array of shape (resample, stimulus)
    groups : array of shape (stimulus,)
        Stimuli that stay in one part.
    n_folds : int
        Parts; of resamples with few different stimuli, fewer.
    repeats : int
    rng : Generator
    along : OnAxes, optional
        Where stimuli follow one another: what is within a gap of a part is not chosen on.
    stretched : bool
        Whether parts are stretches along axes, which lose least to gaps. Scores on these know
        nothing of distances between stimuli far apart, so they cannot stand for scores on all.
    """
    shape = (len(counts), repeats, n_folds, counts.shape[1])
    chosen_on, scored_on = (np.zeros(shape, dtype=counts.dtype) for _ in range(2))
    for resample, count in enumerate(counts):
        drawn = np.flatnonzero(count)
        present = np.unique(groups[drawn], return_inverse=True)[1]
        n_present = int(present.max()) + 1
        folds = min(n_folds, max(FEWEST_PARTS, len(drawn) // ENOUGH))
        if n_present <= n_folds:  # a category each, say
            folds = n_present
        if folds < 2:
            continue
        for repeat in range(repeats):
            part = dealt(present, folds, rng, along if stretched else None)
            for fold in range(folds):
                inside, outside = part == fold, part != fold
                if along is not None:
                    held = np.zeros(len(count), dtype=bool)
                    held[drawn[inside]] = True
                    outside &= ~along.near.beside(held)[drawn]
                if min(inside.sum(), outside.sum()) >= FEWEST:
                    scored_on[resample, repeat, fold, drawn[inside]] = count[drawn[inside]]
                    chosen_on[resample, repeat, fold, drawn[outside]] = count[drawn[outside]]
    return Sides(chosen_on, scored_on)


def dealt(
    groups: Labels, n_folds: int, rng: np.random.Generator, along: OnAxes | None = None
) -> Labels:
    """Deal whole groups into parts of about equal size: at random, or in stretches along axes.

    Parameters
    ----------
    groups : array of shape (stimulus,)
        Counted from 0; along axes in their order.
    n_folds : int
    rng : Generator
    along : OnAxes, optional
    """
    if along is None:
        return deal(groups, n_folds, rng)
    sizes = np.bincount(groups)
    # From a random group on, so that parts differ when they are dealt again.
    turn = np.roll(np.arange(len(sizes)), -int(rng.integers(len(sizes))))
    middle = np.cumsum(sizes[turn]) - sizes[turn] / 2
    part = np.empty(len(sizes), dtype=np.intp)
    part[turn] = np.minimum(n_folds * middle / sizes.sum(), n_folds - 1).astype(np.intp)
    return part[groups]


def deal(groups: Labels, n_folds: int, rng: np.random.Generator) -> Labels:
    """Deal whole groups into parts of about equal size: the part of every stimulus.

    Large groups come first, each to the smallest part so far, ties in random order.

    Parameters
    ----------
    groups : array of shape (stimulus,)
    n_folds : int
    rng : Generator
    """
    sizes = np.bincount(groups)
    shuffle = rng.permutation(len(sizes))
    part = np.empty(len(sizes), dtype=np.intp)
    if (sizes == sizes[0]).all():
        part[shuffle] = _in_turn(len(sizes), n_folds, rng)
        return part[groups]
    filled = np.zeros(n_folds)
    for group in shuffle[np.argsort(-sizes[shuffle], kind="stable")]:
        smallest = np.flatnonzero(filled == filled.min())
        part[group] = rng.choice(smallest)
        filled[part[group]] += sizes[group]
    return part[groups]


def _in_turn(n: int, n_folds: int, rng: np.random.Generator) -> Labels:
    """Return parts for `n` groups of one size, in rounds in which every part gets one."""
    rounds = -(-n // n_folds)
    left = np.tile(np.arange(n_folds), (rounds, 1))
    drawn = np.zeros(rounds * n_folds, dtype=np.intp)
    drawn[:n] = rng.integers(0, np.tile(np.arange(n_folds, 0, -1), rounds)[:n])
    found = np.empty((rounds, n_folds), dtype=np.intp)
    for turn, own in enumerate(drawn.reshape(rounds, n_folds).T):
        found[:, turn] = left[np.arange(rounds), own]
        kept = np.arange(left.shape[1]) != own[:, None]
        left = left[kept].reshape(rounds, -1)
    return found.ravel()[:n]


def clusters(rdms: Sequence[Floats], n_clusters: int) -> Labels:
    """Return clusters of stimuli that are similar to the models, by Ward's method.

    Distances are ranked within each layer, averaged over a model's layers and then over models,
    so each model counts once. No response enters, so the parts know nothing of what is scored.
    There are fewer clusters where one would be smaller than a part may be.

    Parameters
    ----------
    rdms : sequence of arrays of shape (layer, pair)
        Of every model.
    n_clusters : int

    Returns
    -------
    array of shape (stimulus,)
    """
    from scipy.cluster.hierarchy import fcluster, ward
    from scipy.spatial.distance import pdist

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
    where = f"{stimuli.where}: inference.selection.column"
    return [column_labels(stimuli.table, selection.column, where)]


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


def halves(
    groups: Labels, n_splits: int, rng: np.random.Generator, along: OnAxes | None = None
) -> list[Half]:
    """Return random halvings of the stimuli, each used in both directions.

    Parameters
    ----------
    groups : array of shape (stimulus,)
        Stimuli of one group stay together.
    n_splits : int
    rng : Generator
    along : OnAxes, optional
        Where stimuli follow one another: halves are stretches, and what is within a gap of the half
        that is scored is not fitted on.

    Returns
    -------
    list of Half
        Twice as many as splits; empty where the stimuli are too few to be halved.
    """
    if along is not None:
        return _stretched(groups, n_splits, rng, along)
    members = [np.flatnonzero(groups == group) for group in np.unique(groups)]
    found: list[Half] = []
    for _ in range(n_splits):
        sides: tuple[list[int], list[int]] = ([], [])
        for number in rng.permutation(len(members)):
            min(sides, key=len).extend(members[number].tolist())
        first, second = (np.array(sorted(side), dtype=np.intp) for side in sides)
        if min(len(first), len(second)) < FEWEST_OF_HALF:
            return []
        found += [(first, second), (second, first)]
    return found


def _stretched(
    groups: Labels, n_splits: int, rng: np.random.Generator, along: OnAxes
) -> list[Half]:
    """Return halvings into stretches along axes, with gaps."""
    found: list[Half] = []
    present = np.unique(groups, return_inverse=True)[1]
    for _ in range(n_splits):
        part = dealt(present, 2, rng, along)
        for scored in (1, 0):
            held = part == scored
            fitted, on = np.flatnonzero(~along.near.beside(held)), np.flatnonzero(held)
            if min(len(fitted), len(on)) < FEWEST_OF_HALF:
                return []
            found.append((fitted, on))
    return found


def halved(
    drawn: Counts, groups: Labels, rng: np.random.Generator, along: OnAxes | None = None
) -> Counts:
    """Return two halves of every resample: `(resample, half, stimulus)`.

    Copies of a stimulus, and stimuli of a group, stay in one half; nothing where a resample holds
    too few different stimuli.

    Parameters
    ----------
    drawn : array of shape (resample, stimulus)
        How often each stimulus was drawn.
    groups : array of shape (stimulus,)
    rng : Generator
    along : OnAxes, optional
    """
    return sides_of(drawn, groups, 2, 1, rng, along, stretched=True).chosen_on[:, 0]


def pairs_among(stimuli: Counts, n_stimuli: int) -> Indices:
    """Return which pairs of an RDM are those among some of its stimuli, in their order.

    Parameters
    ----------
    stimuli : array of shape (..., chosen)
        Some of the stimuli, or all of them in another order.
    n_stimuli : int
        Of the RDM.

    Returns
    -------
    array of shape (..., pair)
        In the order of the chosen stimuli's own RDM.
    """
    first, second = pair_indices(stimuli.shape[-1])
    one, other = stimuli[..., first], stimuli[..., second]
    low, high = np.minimum(one, other), np.maximum(one, other)
    # Rows of the upper triangle get shorter by one each.
    return np.asarray(low * (2 * n_stimuli - low - 1) // 2 + high - low - 1)

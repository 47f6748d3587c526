"""From judgements of people to an RDM, by stated formulas.

Every function takes a table with a row per judgement and gives a matrix with the names of the
stimuli, which `isomorph.compare` takes as it is.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from isomorph.errors import IsomorphError, did_you_mean

Floats = NDArray[np.float64]

ENOUGH = 1e-9
"""Largest change of an RDM of norm 1 at which rescaling ends."""
MOST_STEPS = 10_000
"""Rescaling steps after which an arrangement that does not settle is refused."""


def rdm_of_ratings(
    ratings: pd.DataFrame,
    stimuli: Sequence[str] | None = None,
    *,
    scale: str = "dissimilarity",
    most: float | None = None,
) -> pd.DataFrame:
    r"""Return the RDM of pairwise ratings.

    $$d_{ij} = \frac{1}{|R_{ij}|} \sum_{r \in R_{ij}} \bar{x}_{rij}$$ where $R_{ij}$ are the raters
    of a pair and $\bar{x}_{rij}$ is the mean of a rater's ratings of it, whichever stimulus came
    first; each rater counts once. Of a similarity scale $x = m - s$, with $m$ the top of the scale.

    Parameters
    ----------
    ratings : DataFrame
        `first` and `second`, the stimuli of a pair; `rating`; and `participant`, where there are
        several.
    stimuli : sequence of str, optional
        In which order; those of the table, sorted, unless given. Ratings of others are left out.
    scale : {"dissimilarity", "similarity"}
        What a high rating means.
    most : float, optional
        Top of a similarity scale; the highest rating unless given.

    Returns
    -------
    DataFrame
        Of shape (stimulus, stimulus), 0 on the diagonal.

    Raises
    ------
    IsomorphError
        When a pair was rated by nobody, a rating is no number or above the top of the scale, or a
        stimulus is rated against itself.

    Examples
    --------
    >>> import pandas as pd
    >>> from isomorph.models import rdm_of_ratings
    >>> told = pd.DataFrame({"first": list("aab"), "second": list("bcc"), "rating": [1, 4, 2]})
    >>> rdm_of_ratings(told).loc["a"].tolist()
    [0.0, 1.0, 4.0]
    """
    names = _stimuli(ratings, ("first", "second"), stimuli)
    ratings = _among(ratings, ("first", "second"), names)
    first, second = (_places(ratings, column, names) for column in ("first", "second"))
    _refuse_same(ratings, first, second)
    values = _numbers(ratings, "rating")
    if scale == "similarity":
        top = float(values.max()) if most is None else most
        if values.max() > top:
            raise IsomorphError(f"rating: is {values.max():g}, above the {top:g} of most")
        values = top - values
    elif scale != "dissimilarity":
        raise IsomorphError(
            f'scale: "{scale}", {did_you_mean(scale, ("dissimilarity", "similarity"))}'
        )
    if values.min() < 0:
        raise IsomorphError(
            f"rating: makes a dissimilarity of {values.min():g}, expected none below 0"
        )
    low, high = np.minimum(first, second), np.maximum(first, second)
    rated = pd.DataFrame({"who": _who(ratings), "low": low, "high": high, "value": values})
    of_rater = rated.groupby(["who", "low", "high"])["value"].mean()
    of_pair = of_rater.groupby(["low", "high"]).mean()
    square = np.full((len(names), len(names)), np.nan)
    square[tuple(of_pair.index.to_frame().to_numpy().T)] = of_pair.to_numpy()
    return _whole(square, names, "was rated by nobody")


def rdm_of_triplets(triplets: pd.DataFrame, stimuli: Sequence[str] | None = None) -> pd.DataFrame:
    r"""Return the RDM of odd-one-out choices among three.

    $$d_{ij} = 1 - \frac{\#\{\text{i and j shown, and the third chosen as odd}\}}
    {\#\{\text{i and j shown}\}}$$ the share of triplets with both in which they were not the pair
    that was left (Hebart et al. 2020, https://doi.org/10.1038/s41562-020-00951-3). Triplets of all
    participants count alike. Two that were never left together are 1 apart, two that always were
    are 0.

    Parameters
    ----------
    triplets : DataFrame
        `first`, `second` and `odd`: the two that were left, and the one chosen as odd. With a
        column `third` the three that were shown are `first`, `second` and `third`, and `odd` is
        one of them.
    stimuli : sequence of str, optional
        In which order; those of the table, sorted, unless given. Triplets with others are used as
        well, since a pair's similarity is a mean over whatever stood beside it.

    Returns
    -------
    DataFrame
        Of shape (stimulus, stimulus), 0 on the diagonal.

    Raises
    ------
    IsomorphError
        When a pair was never shown together, the odd one is none of the three, or a triplet shows
        a stimulus twice.

    Examples
    --------
    >>> import pandas as pd
    >>> from isomorph.models import rdm_of_triplets
    >>> told = pd.DataFrame({"first": list("aab"), "second": list("bbc"), "odd": list("cca")})
    >>> rdm_of_triplets(told).round(2).values.tolist()
    [[0.0, 0.33, 1.0], [0.33, 0.0, 0.67], [1.0, 0.67, 0.0]]
    """
    shown = ("first", "second", "third") if "third" in triplets else ("first", "second", "odd")
    every = _stimuli(triplets, shown, None)
    places = np.stack([_places(triplets, column, every) for column in shown])
    odd = _places(triplets, "odd", every)
    is_odd = places == odd
    if (bad := np.flatnonzero(is_odd.sum(axis=0) != 1)).size:
        row = triplets.iloc[bad[0]]
        raise IsomorphError(
            f'odd: "{row["odd"]}" is not one of the three stimuli shown, '
            f"{', '.join(str(row[one]) for one in shown)}, each of them once"
        )
    left = places.T[~is_odd.T].reshape(-1, 2)
    if (bad := np.flatnonzero(left[:, 0] == left[:, 1])).size:
        raise IsomorphError(f'a triplet shows "{every[left[bad[0], 0]]}" twice')
    n = len(every)
    chosen, together = np.zeros((n, n)), np.zeros((n, n))
    np.add.at(chosen, tuple(np.sort(left, axis=1).T), 1)
    for a, b in ((0, 1), (0, 2), (1, 2)):
        np.add.at(together, tuple(np.sort(places[[a, b]], axis=0)), 1)
    with np.errstate(invalid="ignore"):
        square = 1 - chosen / together
    names = every if stimuli is None else [str(one) for one in stimuli]
    kept = _kept(names, every)
    square = np.triu(square, 1) + np.triu(square, 1).T
    return _whole(square[np.ix_(kept, kept)], names, "was never shown in one triplet")


def rdm_of_arrangements(
    arrangements: pd.DataFrame, stimuli: Sequence[str] | None = None
) -> pd.DataFrame:
    r"""Return the RDM of multiple arrangements, inverse multidimensional scaling.

    People place stimuli on a screen so that distances between them say how unlike they are, some
    of the stimuli at a time. With $D_t$ the distances on the screen in trial $t$, each trial's are
    scaled to the same sum of squares as the estimate has over the same pairs, and averaged with
    weights $D_t^2$, as far pairs are placed with less error in proportion: $$d_{ij} =
    \frac{\sum_t D_{tij}^2 \; s_t D_{tij}}{\sum_t D_{tij}^2}, \quad s_t = \sqrt{\frac{\sum_{ij \in
    t} d_{ij}^2}{\sum_{ij \in t} D_{tij}^2}}$$ repeated, with $d$ scaled to a root mean square of 1,
    until it no longer changes (Kriegeskorte & Mur 2012, https://doi.org/10.3389/fpsyg.2012.00245).
    Trials of all participants are averaged alike.

    Parameters
    ----------
    arrangements : DataFrame
        `trial`, `stimulus`, `x` and `y`, a row for every stimulus of a trial; and `participant`,
        where there are several, whose trials are numbered each for themselves.
    stimuli : sequence of str, optional
        In which order; those of the table, sorted, unless given. What is not among them is left
        out of every trial.

    Returns
    -------
    DataFrame
        Of shape (stimulus, stimulus), 0 on the diagonal.

    Raises
    ------
    IsomorphError
        When a pair was never placed together, a trial places a stimulus twice or all in one spot,
        or trials share no pairs by which their scales could be matched.

    Examples
    --------
    >>> import pandas as pd
    >>> from isomorph.models import rdm_of_arrangements
    >>> told = pd.DataFrame({"trial": [1] * 3, "stimulus": list("abc"), "x": [0, 1, 3], "y": 0})
    >>> rdm = rdm_of_arrangements(told)
    >>> (rdm / rdm.loc["a", "b"]).loc["a"].round(6).tolist()
    [0.0, 1.0, 3.0]
    """
    names = _stimuli(arrangements, ("stimulus",), stimuli)
    kept = _among(arrangements, ("stimulus",), names)
    place, xy = _places(kept, "stimulus", names), np.stack(
        [_numbers(kept, "x"), _numbers(kept, "y")], axis=1
    )  # fmt: skip
    if "trial" not in kept:
        raise _no_column(kept, "trial")
    n, (a, b) = len(names), np.triu_indices(len(names), k=1)
    trials = []
    keys = pd.DataFrame({"who": _who(kept), "trial": kept["trial"].astype(str)})
    for rows in keys.groupby(["who", "trial"]).indices.values():
        own = place[rows]
        said = " of ".join(filter(None, keys.iloc[rows[0]][["trial", "who"]]))
        if len(set(own.tolist())) < len(own):
            twice = names[next(one for one in own if (own == one).sum() > 1)]
            raise IsomorphError(f'trial {said}: places "{twice}" twice')
        if len(own) < 2:
            continue
        at = np.full((n, 2), np.nan)
        at[own] = xy[rows]
        distances = np.hypot(*(at[a] - at[b]).T)
        if np.nansum(distances) == 0:
            raise IsomorphError(f"trial {said}: places all stimuli in one spot")
        trials.append(distances)
    square = np.full((n, n), np.nan)
    square[a, b] = _rescaled(np.array(trials).reshape(-1, len(a)))
    return _whole(square, names, "was never placed in one trial")


def _rescaled(trials: Floats) -> Floats:
    """Return the average of distances (trial, pair), NaN where a trial lacks a pair."""
    there = np.isfinite(trials)
    apart, _ = connected_components(there.astype(float) @ there.T > 0)
    if apart > 1:
        raise IsomorphError(
            f"the trials fall into {apart} parts that share no pair of stimuli, so nothing says "
            "how large one is beside another; leave out those that share none"
        )
    known = there.any(axis=0)
    values = np.where(there, trials, 0.0)
    squares = values**2
    norms = np.sqrt(squares.sum(axis=1, keepdims=True))
    weights = squares.sum(axis=0)
    scaled = values / norms
    estimate = scaled.sum(axis=0) / np.maximum(there.sum(axis=0), 1)
    estimate /= np.linalg.norm(estimate) or 1.0
    for _ in range(MOST_STEPS):
        before = estimate
        fit = np.sqrt((there * before**2).sum(axis=1, keepdims=True))
        total = (squares * scaled * fit).sum(axis=0)
        estimate = np.divide(total, weights, out=np.zeros_like(total), where=weights > 0)
        estimate /= np.linalg.norm(estimate) or 1.0
        if np.linalg.norm(estimate - before) < ENOUGH:
            break
    else:
        raise IsomorphError(
            f"the scales of the trials do not settle within {MOST_STEPS:,} steps; leave out trials "
            "that hardly share pairs of stimuli with others"
        )
    size = np.sqrt(known.sum()) if known.any() else 1.0
    return np.where(known, estimate * size, np.nan)


def _stimuli(
    table: pd.DataFrame, columns: Sequence[str], stimuli: Sequence[str] | None
) -> list[str]:
    """Return the stimuli in the order that is asked for, else those of some columns, sorted."""
    for column in columns:
        if column not in table:
            raise _no_column(table, column)
    if not len(table):
        raise IsomorphError("the table of judgements has no row")
    if stimuli is not None:
        return [str(one) for one in stimuli]
    return sorted({str(one) for column in columns for one in table[column]})


def _among(table: pd.DataFrame, columns: Sequence[str], names: Sequence[str]) -> pd.DataFrame:
    """Return the judgements of some stimuli alone."""
    there = table[list(columns)].astype(str).isin(list(names)).all(axis=1)
    if not there.any():
        raise IsomorphError(
            f"no judgement is of the {len(names)} stimuli: the table names "
            f'"{table[columns[0]].iloc[0]}" and the like, the stimuli are "{names[0]}" and the like'
        )
    return table[there].reset_index(drop=True)


def _no_column(table: pd.DataFrame, column: str) -> IsomorphError:
    return IsomorphError(f'no column "{column}", {did_you_mean(column, map(str, table.columns))}')


def _places(table: pd.DataFrame, column: str, names: Sequence[str]) -> NDArray[np.intp]:
    """Return the place of every stimulus in a column among the names."""
    if column not in table:
        raise _no_column(table, column)
    place = {name: at for at, name in enumerate(names)}
    found = []
    for value in table[column].astype(str):
        if value not in place:
            raise IsomorphError(
                f'{column}: "{value}" is not a stimulus, {did_you_mean(value, names)}'
            )
        found.append(place[value])
    return np.array(found, dtype=np.intp)


def _kept(names: Sequence[str], every: Sequence[str]) -> NDArray[np.intp]:
    place = {name: at for at, name in enumerate(every)}
    if lacking := [name for name in names if name not in place]:
        raise IsomorphError(
            f'{len(lacking)} of {len(names)} stimuli are in no judgement, "{lacking[0]}" for one'
        )
    return np.array([place[name] for name in names], dtype=np.intp)


def _refuse_same(table: pd.DataFrame, first: NDArray[np.intp], second: NDArray[np.intp]) -> None:
    if (same := np.flatnonzero(first == second)).size:
        raise IsomorphError(
            f'"{table["first"].iloc[same[0]]}" is rated against itself, expected pairs of two '
            "stimuli; leave such rows out"
        )


def _numbers(table: pd.DataFrame, column: str) -> Floats:
    """Return a column as finite numbers."""
    if column not in table:
        raise _no_column(table, column)
    found: Floats = pd.to_numeric(table[column], errors="coerce").to_numpy(dtype=np.float64)
    if (bad := np.flatnonzero(~np.isfinite(found))).size:
        raise IsomorphError(
            f'{column}: "{table[column].iloc[bad[0]]}" in row {bad[0] + 1} is not a finite number; '
            "leave rows without an answer out"
        )
    return found


def _who(table: pd.DataFrame) -> list[str]:
    return (
        table["participant"].astype(str).tolist() if "participant" in table else [""] * len(table)
    )


def _whole(square: Floats, names: Sequence[str], lacks: str) -> pd.DataFrame:
    """Return a matrix filled in from its upper triangle, of which no pair may be lacking."""
    a, b = np.triu_indices(len(names), k=1)
    values = square[a, b]
    if (missing := np.flatnonzero(~np.isfinite(values))).size:
        one, other = names[a[missing[0]]], names[b[missing[0]]]
        raise IsomorphError(
            f"{len(missing):,} of {len(values):,} pairs have no value: that of "
            f'"{one}" and "{other}" {lacks}; leave stimuli without out'
        )
    whole = np.zeros((len(names), len(names)))
    whole[a, b] = whole[b, a] = values
    return pd.DataFrame(whole, index=list(names), columns=list(names))

"""Stimuli that people arranged on a screen, as an RDM: inverse multidimensional scaling."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.sparse.csgraph import connected_components

from isomorph.errors import IsomorphError
from isomorph.models.given.judgements import (
    Floats,
    among,
    column_of,
    numbers_in,
    participants_of,
    places_of,
    stimuli_in,
    symmetric,
)

ENOUGH = 1e-9
"""Largest change of an RDM of norm 1 at which rescaling ends."""
MOST_STEPS = 10_000
"""Rescaling steps after which an arrangement that does not settle is refused."""


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
    names = stimuli_in(arrangements, ("stimulus",), stimuli)
    kept = among(arrangements, ("stimulus",), names)
    place = places_of(kept, "stimulus", names)
    xy = np.stack([numbers_in(kept, "x"), numbers_in(kept, "y")], axis=1)
    trial = column_of(kept, "trial").astype(str)
    n, (a, b) = len(names), np.triu_indices(len(names), k=1)
    trials = []
    keys = pd.DataFrame({"who": participants_of(kept), "trial": trial})
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
    return symmetric(square, names, "was never placed in one trial")


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

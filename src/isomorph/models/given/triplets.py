"""Odd-one-out choices among three stimuli, as an RDM."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from isomorph.errors import IsomorphError
from isomorph.models.given.judgements import (
    places_of,
    stimuli_in,
    symmetric,
)


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
    every = stimuli_in(triplets, shown, None)
    places = np.stack([places_of(triplets, column, every) for column in shown])
    odd = places_of(triplets, "odd", every)
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
    return symmetric(square[np.ix_(kept, kept)], names, "was never shown in one triplet")


def _kept(names: Sequence[str], every: Sequence[str]) -> NDArray[np.intp]:
    place = {name: at for at, name in enumerate(every)}
    if lacking := [name for name in names if name not in place]:
        raise IsomorphError(
            f'{len(lacking)} of {len(names)} stimuli are in no judgement, "{lacking[0]}" for one'
        )
    return np.array([place[name] for name in names], dtype=np.intp)

"""Pairs of stimuli rated by people, as an RDM."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from isomorph.errors import IsomorphError, did_you_mean
from isomorph.models.given.judgements import (
    among,
    numbers_in,
    participants_of,
    places_of,
    stimuli_in,
    symmetric,
)


def rdm_of_ratings(
    ratings: pd.DataFrame,
    stimuli: Sequence[str] | None = None,
    *,
    scale: str = "dissimilarity",
    most: float | None = None,
) -> pd.DataFrame:
    r"""Return the RDM of pairwise ratings.

    $$d_{ij} = \frac{1}{n_{ij}} \sum_{r \in R_{ij}} \bar{x}_{rij}$$ where $R_{ij}$ are the $n_{ij}$
    raters of a pair and $\bar{x}_{rij}$ is the mean of a rater's ratings of it, whichever stimulus
    came first; each rater counts once. Of a similarity scale $x = m - s$, with $m$ the top of the
    scale.

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
    names = stimuli_in(ratings, ("first", "second"), stimuli)
    ratings = among(ratings, ("first", "second"), names)
    first, second = (places_of(ratings, column, names) for column in ("first", "second"))
    _refuse_same(ratings, first, second)
    values = numbers_in(ratings, "rating")
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
    rated = pd.DataFrame(
        {"who": participants_of(ratings), "low": low, "high": high, "value": values}
    )
    of_rater = rated.groupby(["who", "low", "high"])["value"].mean()
    of_pair = of_rater.groupby(["low", "high"]).mean()
    square = np.full((len(names), len(names)), np.nan)
    square[tuple(of_pair.index.to_frame().to_numpy().T)] = of_pair.to_numpy()
    return symmetric(square, names, "was rated by nobody")


def _refuse_same(table: pd.DataFrame, first: NDArray[np.intp], second: NDArray[np.intp]) -> None:
    if (same := np.flatnonzero(first == second)).size:
        raise IsomorphError(
            f'"{table["first"].iloc[same[0]]}" is rated against itself, expected pairs of two '
            "stimuli; leave such rows out"
        )

"""Families of questions: which p-values are corrected together, and by what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from isomorph.inference.multiplicity import MAX_T, by_largest, corrected
from isomorph.measures import Floats
from isomorph.registry import Registry
from isomorph.study import Inference


@dataclass(frozen=True)
class Questions:
    """Rows that each ask a question, about one region under one distance and measure.

    Attributes
    ----------
    rows : DataFrame
        With `p`, `distance`, `measure`, and `region` unless they are about all regions.
    statistic : (row,)
        On a scale that all questions of a table share, larger where p is smaller.
    largest : (draw,)
        The largest statistic of the rows in every draw from the null; draws of the same number
        are of the same stimuli everywhere.
    """

    rows: pd.DataFrame
    statistic: Floats
    largest: Floats


FAMILIES: Registry[tuple[str, ...]] = Registry(
    "family",
    {
        "region": ("region", "distance", "measure"),
        "dataset": ("distance", "measure"),
        "settings": (),
    },
)
"""Columns whose values a family shares; between families nothing is corrected."""


def answered(parts: Sequence[Questions], inference: Inference) -> pd.DataFrame:
    """Join the rows of one table, with corrected p-values over each family.

    Adds `p_corrected`, `correction`, `family` and `family_size`.

    Parameters
    ----------
    parts : sequence of Questions
        Of one dataset.
    inference : Inference
    """
    filled = [part for part in parts if len(part.rows)]
    if not filled:
        return pd.DataFrame()
    keys = FAMILIES[inference.family]
    families: dict[tuple[str, ...], list[int]] = {}
    for place, part in enumerate(filled):
        first = part.rows.iloc[0]
        key = tuple(str(first.get(name, "")) for name in keys)
        families.setdefault(key, []).append(place)
    tables = [part.rows for part in filled]
    for places in families.values():
        p = np.concatenate([filled[place].rows["p"].to_numpy(dtype=float) for place in places])
        if inference.correction == MAX_T:
            statistic = np.concatenate([filled[place].statistic for place in places])
            largest = np.max([filled[place].largest for place in places], axis=0)
            found = by_largest(np.where(np.isfinite(p), statistic, np.nan), largest)
            found = np.fmax(found, p)  # draws are a finite number, p may know better
        else:
            found = corrected(p, inference.correction)
        ends = np.cumsum([len(filled[place].rows) for place in places])[:-1]
        for place, own in zip(places, np.split(found, ends), strict=True):
            tables[place] = filled[place].rows.assign(
                p_corrected=own, correction=inference.correction, family=inference.family,
                family_size=int(np.isfinite(p).sum()),
            )  # fmt: skip
    return pd.concat(tables, ignore_index=True)

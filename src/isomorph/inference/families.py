"""Families of tests: which p-values are corrected together, and by what."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from isomorph.inference.estimated import PLACE
from isomorph.measures import Floats
from isomorph.registry import Registry
from isomorph.study import Inference


def holm(p: Floats) -> Floats:
    """Return p-values corrected for the chance of any false claim (Holm 1979)."""
    order = np.argsort(p)
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    corrected = np.empty_like(p)
    corrected[order] = np.minimum(stepped, 1)
    return corrected


def false_discovery(p: Floats) -> Floats:
    """Return p-values corrected for the share of false claims (Benjamini & Hochberg 1995)."""
    order = np.argsort(p)
    stepped = p[order] * len(p) / np.arange(1, len(p) + 1)
    corrected = np.empty_like(p)
    corrected[order] = np.minimum(np.minimum.accumulate(stepped[::-1])[::-1], 1)
    return corrected


def false_discovery_of_any(p: Floats) -> Floats:
    """Return the same however tests depend on each other (Benjamini & Yekutieli 2001)."""
    widened = p * np.sum(1 / np.arange(1, len(p) + 1))
    return false_discovery(widened)


def bonferroni(p: Floats) -> Floats:
    """Return p-values corrected for the chance of any false claim (Bonferroni 1936)."""
    corrected: Floats = np.minimum(p * len(p), 1)
    return corrected


MAX_T = "max_t"

LEVEL = 0.05
"""Corrected p-values below it are called significant."""

CORRECTIONS: Registry[Callable[[Floats], Floats]] = Registry(
    "correction",
    {
        "fdr_bh": false_discovery,
        "fdr_by": false_discovery_of_any,
        "bonferroni": bonferroni,
        "holm": holm,
        MAX_T: holm,
    },
)
"""False discovery rate (Benjamini & Hochberg 1995; Benjamini & Yekutieli 2001), Bonferroni, Holm,
or the largest statistic, see `by_largest`; of p-values alone Holm's stands for it."""


def by_p_alone(correction: str) -> str:
    """Return the name of what `corrected` does: Holm's correction where max-T is asked for."""
    return "holm" if correction == MAX_T else correction


def corrected(p: Floats, correction: str) -> Floats:
    """Correct the p-values of one family; NaN are not part of it and stay NaN."""
    p = np.asarray(p, dtype=float)
    known = np.isfinite(p)
    result = np.full(p.shape, np.nan)
    if known.any():
        result[known] = CORRECTIONS[correction](p[known])
    return result


def multiplier(n: int, correction: str) -> float:
    """Return by how much a small p of one test of `n` is multiplied where no other helps."""
    every = np.ones(n)
    every[0] = 1e-12
    return float(CORRECTIONS[correction](every)[0] / every[0])


def by_largest(statistic: Floats, largest: Floats) -> Floats:
    """Return p-values corrected by the null distribution of the largest statistic.

    Single-step max-T (Westfall & Young 1993; Nichols & Holmes 2002,
    https://doi.org/10.1002/hbm.1058): it holds the chance of any false claim at its level however
    the tests depend on each other, and loses nothing to layers that say the same. With one
    test it is that test's own p.

    Parameters
    ----------
    statistic : array of shape (test,)
        On a scale all tests share; NaN where there is none.
    largest : array of shape (draw,)
        The largest of the tests' statistics in every draw from the null.

    Returns
    -------
    array of shape (test,)
    """
    ordered = np.sort(largest)
    as_large = len(ordered) - np.searchsorted(ordered, statistic - 1e-9)
    p: Floats = np.where(np.isnan(statistic), np.nan, (1 + as_large) / (1 + len(ordered)))
    return p


@dataclass(frozen=True)
class Masses:
    """Clusters in time that rows belong to.

    Attributes
    ----------
    mass : array of shape (row,)
        Of the row's cluster; NaN for none.
    largest : array of shape (draw,)
        Of all clusters of the row's region in every draw from the null.
    """

    mass: Floats
    largest: Floats


@dataclass(frozen=True)
class Hypotheses:
    """Rows of one table, a hypothesis each, and what their p is corrected by.

    Where there are draws from the null, the rows are about one region (or about all) under one
    distance and measure.

    Attributes
    ----------
    rows : DataFrame
        With `p`, `distance`, `measure`, and `region` unless they are about all regions.
    statistic : array of shape (row,) or None
        On a scale that all tests of a table share, larger where p is smaller.
    largest : array of shape (draw,) or None
        The largest statistic, in every draw from the null, of the rows that have a p; draws of the
        same number are of the same stimuli everywhere.
    smallest : float
        The smallest p that the test can give; 0 where it is not counted among the draws.
    clusters : Masses or None
    permuted : bool
        Whether draws are orders of the stimuli; otherwise they are resamples.
    """

    rows: pd.DataFrame
    statistic: Floats | None = None
    largest: Floats | None = None
    smallest: float = 0.0
    clusters: Masses | None = None
    permuted: bool = False

    @classmethod
    def tested(
        cls,
        rows: pd.DataFrame,
        statistic: Floats,
        draws: Floats,
        *,
        smallest: float = 0.0,
        clusters: Masses | None = None,
        permuted: bool = False,
    ) -> Hypotheses:
        """Return hypotheses of which those without a p have no part in the largest statistic.

        Parameters
        ----------
        rows : DataFrame
        statistic : array of shape (row,)
        draws : array of shape (draw, row)
            The same statistics in every draw from the null.
        smallest : float
        clusters : Masses or None
        permuted : bool
        """
        known = np.isfinite(rows["p"].to_numpy(dtype=float))
        return cls(rows, statistic, largest_among(draws, known), smallest, clusters, permuted)


def largest_among(draws: Floats, known: NDArray[np.bool_]) -> Floats:
    """Return the largest statistic in every draw of the tests that have a p.

    Parameters
    ----------
    draws : array of shape (draw, test)
    known : array of shape (test,)

    Returns
    -------
    array of shape (draw,)
        Below everything where no test has a p.
    """
    own = draws[:, known]
    return np.where(np.isfinite(own), own, -np.inf).max(axis=1, initial=-np.inf)


APART = {"partial": "statistic", "weighted": "kind", "partition": "kind", "tuning": "variable"}
"""By table, the column that tells apart kinds of test, which are never corrected together."""

FAMILIES: Registry[tuple[str, ...]] = Registry(
    "family",
    {
        "region": (*PLACE, "distance", "measure"),
        "dataset": ("distance", "measure"),
        "settings": (),
    },
)
"""Columns whose values a family shares; between families, and between tables, nothing is
corrected. Pairs of regions, which are about no single one, make the same family under `region` as
under `dataset`. Time bins are as regions are; a cluster in time belongs to its region."""


def answered(parts: Sequence[Hypotheses], inference: Inference, kind: str = "") -> pd.DataFrame:
    """Join the rows of one table, with corrected p-values over each family.

    Adds `p_corrected`, `correction`, `family`, `family_size`, to `p_note` what the correction
    cannot give, and `p_cluster_corrected` where rows belong to clusters. Where rows have no draws
    from a null, or none were made, Holm's correction stands for the largest statistic.

    Parameters
    ----------
    parts : sequence of Hypotheses
        Of one dataset.
    inference : Inference
    kind : str
        Of table, see `APART`.
    """
    filled = [part for part in parts if len(part.rows)]
    if not filled:
        return pd.DataFrame()
    table = pd.concat([part.rows for part in filled], ignore_index=True)
    for name, missing in (("p", np.nan), ("p_note", "")):
        if name not in table:
            table[name] = missing
    part_of = np.repeat(np.arange(len(filled)), [len(part.rows) for part in filled])
    p = table["p"].to_numpy(dtype=float)
    statistic = np.concatenate([_or_nan(part.statistic, part) for part in filled])
    found, size = np.full(len(table), np.nan), np.zeros(len(table), dtype=int)
    correction = np.full(len(table), by_p_alone(inference.correction), dtype=object)
    note = np.array(table["p_note"], dtype=object)
    keys, apart = FAMILIES[inference.family], [APART[kind]] if kind in APART else []
    for rows in _members(table, [*keys, *apart]):
        own = [filled[at] for at in np.unique(part_of[rows])]
        known = np.isfinite(p[rows])
        size[rows] = known.sum()
        largest = _largest([part.largest for part in own])
        drawn = largest is not None and (len(largest) > 0 or not known.any())
        if inference.correction == MAX_T and largest is not None and drawn:
            correction[rows] = MAX_T
            by_draws = by_largest(np.where(known, statistic[rows], np.nan), largest)
            found[rows] = np.fmax(by_draws, p[rows])  # draws are a finite number, p may know better
        else:
            found[rows] = corrected(p[rows], inference.correction)
        if largest is None:
            continue
        for part in np.unique(part_of[rows[known]]):
            # The largest of all is among as many draws as every part has, a p among its own.
            alike = own if inference.correction == MAX_T else [filled[part]]
            mine = known & (part_of[rows] == part)
            if said := _too_few(alike, known.sum(), inference):
                note[rows] = np.where(mine, _joined(note[rows], said), note[rows])
    table = table.assign(
        p_corrected=found, correction=correction, family=inference.family, family_size=size,
        p_note=note,
    )  # fmt: skip
    if any(part.clusters for part in filled):
        over_time = [key for key in keys if key not in PLACE[1:]]
        table["p_cluster_corrected"] = _clusters(table, filled, part_of, over_time)
    return table


def _clusters(
    table: pd.DataFrame, parts: Sequence[Hypotheses], part_of: NDArray[np.intp], keys: Sequence[str]
) -> Floats:
    """Return the p of every row's cluster against the largest of its family."""
    mass = np.concatenate(
        [_or_nan(part.clusters.mass if part.clusters else None, part) for part in parts]
    )
    p = np.full(len(mass), np.nan)
    timed = np.array([part.clusters is not None for part in parts])[part_of]
    for rows in _members(table, keys):
        own = rows[timed[rows]]
        masses = [parts[at].clusters for at in np.unique(part_of[own])]
        largest = _largest([one.largest for one in masses if one is not None])
        if largest is not None:
            p[own] = by_largest(mass[own], largest)
    return p


def _members(table: pd.DataFrame, keys: Sequence[str]) -> Iterator[NDArray[np.intp]]:
    """Yield the rows of each family, in order of appearance."""
    known = [key for key in keys if key in table]
    if not known:
        yield np.arange(len(table))
        return
    place = table.groupby(known, sort=False, dropna=False).ngroup().to_numpy()
    for number in range(place.max() + 1):
        yield np.flatnonzero(place == number)


def _largest(draws: Sequence[Floats | None]) -> Floats | None:
    """Return the largest in every draw of all parts, None where a part has no draws.

    A part in which nothing could be tested has nothing to add to the others.
    """
    known = [one for one in draws if one is not None]
    if not known or len(known) < len(draws):
        return None
    drawn = [one for one in known if len(one)] or known
    # Costly measures have fewer draws, which are the first of all.
    n_draws = min(map(len, drawn))
    return reduce(np.maximum, [one[:n_draws] for one in drawn])


def _or_nan(values: Floats | None, part: Hypotheses) -> Floats:
    return np.full(len(part.rows), np.nan) if values is None else values


def _too_few(own: Sequence[Hypotheses], size: int, inference: Inference) -> str:
    """Say that so few draws cannot make a test of the family significant; nothing if they can.

    Draws of tests that are not counted among them are resamples. A part without draws has no p,
    and no say in those of the others.
    """
    drawn = [part for part in own if part.largest is not None and len(part.largest)]
    if not size or not drawn:
        return ""
    counted = max(part.smallest for part in drawn)
    n_draws = min(len(part.largest) for part in drawn if part.largest is not None)
    if inference.correction == MAX_T:
        least = max(1 / (1 + n_draws), counted)
    else:
        least = counted * multiplier(size, inference.correction)
    if least < LEVEL - 1e-9:
        return ""
    permuted = counted > 0 or any(part.permuted for part in drawn)
    draws = "permutations" if permuted else "resamples"
    if permuted and n_draws < inference.permutations:
        draws = "costly permutations"
    needed = int(least / LEVEL * (1 + n_draws) + 1e-9)
    told = f"{min(least, 1.0):.2f}".removeprefix("0")
    if inference.correction == MAX_T:
        return (
            f"{_counted(n_draws, draws)} cannot give a corrected p below {told}: ask for at least "
            f"{needed}"
        )
    tail = "" if inference.tail == "pareto" else " or for tail: pareto"
    return (
        f"{_counted(n_draws, draws)} cannot give one question among {size} a corrected p below "
        f"{told}: ask for at least {needed}, for correction: {MAX_T}{tail}"
    )


def _counted(n: int, draws: str) -> str:
    return f"{n} {draws.removesuffix('s') if n == 1 else draws}"


def _joined(notes: NDArray[np.object_], said: str) -> list[str]:
    return [f"{note}; {said}" if note else said for note in notes]

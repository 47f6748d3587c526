"""Smoothing over the bins of variables, along the way from bin to bin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse
from scipy.sparse.linalg import expm_multiply

from isomorph.errors import IsomorphError, did_you_mean
from isomorph.study.rates import RateResponses

Array = npt.NDArray

NOTHING = 1e-6
"""Share of what a bin holds below which no other is given any of it."""
WIDEST = 0.25
"""Standard deviation, as a share of all bins along a variable, above which smoothing is refused:
around a period it leaves less than a third of the slowest wave."""
COLUMNS = 512
"""Bins spread at a time."""


def refuse_strangers(table: pd.DataFrame, settings: RateResponses, where: str) -> None:
    """Refuse to smooth along what is no variable of a stimulus table.

    Parameters
    ----------
    table : DataFrame
        All of it: where tuning to one variable is asked about, the others may be smoothed too.
    settings : RateResponses
    where : str
        The dataset's file, for messages.

    Raises
    ------
    IsomorphError
    """
    names, own = variables_of(table), settings.smoothing
    for name in own if isinstance(own, dict) else ():
        if name not in names:
            raise IsomorphError(
                f'{where}: responses.smoothing: no variable "{name}", {did_you_mean(name, names)}'
            )


def bin_widths(table: pd.DataFrame, settings: RateResponses, where: str) -> dict[str, float]:
    """Return the standard deviation along each variable, in bins.

    Parameters
    ----------
    table : DataFrame
        The stimulus table: `<name>_start` and `<name>_stop` of every variable.
    settings : RateResponses
        How far each is smoothed.
    where : str
        The dataset's file, for messages.

    Raises
    ------
    IsomorphError
        When a variable is smoothed so widely that nothing of it would be left.
    """
    found = {}
    for name in variables_of(table):
        asked = settings.smoothed(name)
        width = float(np.median(table[f"{name}_stop"] - table[f"{name}_start"]))
        found[name] = asked.width if asked.in_bins else asked.width / width
        extent = period_of(table, name) or float(
            table[f"{name}_stop"].max() - table[f"{name}_start"].min()
        )
        n_bins = round(extent / width)
        if found[name] > WIDEST * n_bins:
            raise IsomorphError(
                f"{where}: responses.smoothing: {name}: a standard deviation of {found[name]:.4g} "
                f"bins of {width:.4g}, of {n_bins} in all, would leave nothing of the variable; "
                f"expected at most {WIDEST * n_bins * width:.4g} in its unit"
            )
    return found


def variables_of(table: pd.DataFrame) -> list[str]:
    """Return the variables whose bins a stimulus table lists, in its order."""
    return [name for name in table.columns if {f"{name}_start", f"{name}_stop"} <= {*table.columns}]


def period_of(table: pd.DataFrame, name: str) -> float | None:
    """Return the period that a stimulus table says a variable has, None where it has none."""
    said = pd.to_numeric(table[f"{name}_period"], errors="coerce").iloc[0]
    return float(said) if pd.notna(said) else None


def neighbours(table: pd.DataFrame, name: str, period: float | None) -> sparse.csr_array:
    """Return which bins lie beside each other along one variable, all others being equal.

    Parameters
    ----------
    table : DataFrame
        A row per bin, see `isomorph.stimuli.variable.bins.grid`; some may be left out.
    name : str
        The variable.
    period : float or None
        After which it comes back to where it was.

    Returns
    -------
    csr_array of shape (bin, bin)
        1 where two are neighbours, symmetric.
    """
    start, stop = (table[f"{name}_{end}"].to_numpy(np.float64) for end in ("start", "stop"))
    width = float(np.median(stop - start))
    place = np.rint((start - start.min()) / width).astype(np.int64)
    count = None if period is None else round(period / width)
    rest = [table[f"{other}_start"] for other in variables_of(table) if other != name]
    keys = pd.concat(rest, axis=1) if rest else None
    group = np.zeros(len(table)) if keys is None else keys.groupby([*keys]).ngroup().to_numpy()
    at = {(int(g), int(p)): row for row, (g, p) in enumerate(zip(group, place, strict=True))}
    pairs = set()
    for (g, p), row in at.items():
        after = p + 1 if count is None else (p + 1) % count
        other = at.get((g, after))
        if other is not None and other != row:
            pairs.add((min(row, other), max(row, other)))
    one, two = np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2).T
    ones = np.ones(2 * len(one))
    rows, columns = np.concatenate([one, two]), np.concatenate([two, one])
    return sparse.csr_array((ones, (rows, columns)), shape=(len(table), len(table)))


def spreading(
    beside: Sequence[sparse.csr_array], widths: Sequence[float], visited: Array
) -> sparse.csr_array | None:
    """Return by how much each bin is spread over the others.

    What a bin holds diffuses to its neighbours, which makes of it a Gaussian (its variance along
    each variable is exactly that asked for, away from edges) that wraps where bins do, stays within
    the bins that were visited, and reaches what lies beyond others by the way round them alone.

    Parameters
    ----------
    beside : sequence of csr_array of shape (bin, bin)
        Neighbours along each variable, see `neighbours`.
    widths : sequence of float
        Standard deviation along each, in bins.
    visited : array of bool of shape (bin,)
        Which bins were.

    Returns
    -------
    csr_array of shape (bin, bin), or None
        Symmetric; rows add up to 1. None where nothing is smoothed.
    """
    n = len(visited)
    if not any(width > 0 for width in widths):
        return None
    inside = sparse.diags_array(visited.astype(float))
    flow = sparse.csr_array((n, n))
    for one, width in zip(beside, widths, strict=True):
        links = inside @ one @ inside
        flow = flow + width**2 / 2 * (links - sparse.diags_array(links.sum(axis=1)))
    flow = sparse.csr_array(flow)
    blocks = []
    for first in range(0, n, COLUMNS):
        chosen = np.arange(first, min(first + COLUMNS, n))
        single = np.zeros((n, len(chosen)))
        single[chosen, np.arange(len(chosen))] = 1
        spread = expm_multiply(flow, single, traceA=float(flow.trace()))
        spread[np.abs(spread) < NOTHING] = 0
        blocks.append(sparse.csr_array(spread))
    whole = sparse.csr_array(sparse.hstack(blocks))
    return sparse.csr_array(sparse.diags_array(1 / whole.sum(axis=1)) @ whole)


def smoothing_of(
    table: pd.DataFrame, settings: RateResponses, visited: Array, where: str
) -> sparse.csr_array | None:
    """Return how the bins of a stimulus table are smoothed, see `spreading`.

    Parameters
    ----------
    table : DataFrame
        A row per bin.
    settings : RateResponses
    visited : array of bool of shape (bin,)
    where : str
        The dataset's file, for messages.
    """
    widths: Mapping[str, float] = bin_widths(table, settings, where)
    beside = [neighbours(table, name, period_of(table, name)) for name in widths]
    return spreading(beside, list(widths.values()), visited)

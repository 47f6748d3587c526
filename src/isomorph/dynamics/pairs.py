"""Dynamics of regions against each other: which pairs there are, and what is said of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import Any

import numpy as np
import pandas as pd

from isomorph.dynamics.comparing import dsa
from isomorph.dynamics.linear import Floats, coordinates
from isomorph.errors import IsomorphError


@dataclass(frozen=True)
class Asked:
    """How pairs of regions are compared, see `dsa`.

    Attributes
    ----------
    delays, rank : int
        The rank is less where regions do not determine so many coordinates.
    distance : str
    shuffles, resamples : int
    """

    delays: int
    rank: int
    distance: str = "angular"
    shuffles: int = 0
    resamples: int = 0


@dataclass(frozen=True)
class System:
    """A region of one recording, or a layer of a model, which then has no region.

    Attributes
    ----------
    region, subject, session : str
    stimuli : tuple of str
    trajectories : array of shape (stimulus, time, unit)
    model, layer : str
    """

    region: str
    subject: str
    session: str
    stimuli: tuple[str, ...]
    trajectories: Floats
    model: str = ""
    layer: str = ""


def pairs_of(systems: Sequence[System]) -> Iterator[tuple[System, System]]:
    """Yield what is compared: regions with each other, and each with every layer.

    That is every two regions of a recording, and each region with itself in other recordings.
    """
    brain = [one for one in systems if not one.model]
    layers = [one for one in systems if one.model]
    for one, other in combinations(brain, 2):
        together = (one.subject, one.session) == (other.subject, other.session)
        if together or one.region == other.region:
            yield one, other
    yield from product(brain, layers)


def dynamics_rows(
    systems: Sequence[System],
    asked: Asked,
    *,
    seed: int = 0,
    said: Callable[[str], None] = lambda _: None,
) -> pd.DataFrame:
    """Return a row per two regions, or region and layer, that are compared.

    Parameters
    ----------
    systems : sequence of System
    asked : Asked
    seed : int
    said : callable
        Told how much there is to do.

    Returns
    -------
    DataFrame
        Empty without a pair. `p_corrected` is Holm's over all rows: shuffles of one pair are none
        of another, so that there is no largest of all.
    """
    pairs = [*pairs_of(systems)]
    searches = len(pairs) * (1 + asked.shuffles + asked.resamples)
    said(f"{len(pairs)} pairs of systems, {searches:,} distances between laws")
    rows = [_row(one, other, asked, seed) for one, other in pairs]
    table = pd.DataFrame(rows)
    if table.empty:
        return table
    p = table["p"].to_numpy(dtype=float)
    return table.assign(
        p_corrected=_holm(p), correction="holm", family="dataset",
        family_size=int(np.isfinite(p).sum()),
    )  # fmt: skip


def fewest_shuffles(n_pairs: int) -> int:
    """Return how many shuffles let one of several pairs have a corrected p below .05."""
    return 20 * n_pairs


def _holm(p: Floats) -> Floats:
    """Return p-values corrected for the chance of any false claim; NaN are no part of it."""
    found, known = np.full(len(p), np.nan), np.flatnonzero(np.isfinite(p))
    order = known[np.argsort(p[known], kind="stable")]
    stepped = np.maximum.accumulate(p[order] * np.arange(len(order), 0, -1))
    found[order] = np.minimum(stepped, 1)
    return found


def _row(one: System, other: System, asked: Asked, seed: int) -> dict[str, Any]:
    row: dict[str, Any] = {
        "region_a": one.region, "subject_a": one.subject, "session_a": one.session,
        "region_b": other.region, "subject_b": other.subject, "session_b": other.session,
        "model_b": other.model, "layer_b": other.layer,
        "field_distance": asked.distance, "delays": asked.delays,
        "n_units_a": one.trajectories.shape[2], "n_units_b": other.trajectories.shape[2],
        "n_bins": one.trajectories.shape[1],
        "n_steps": float(other.trajectories.shape[1]) if other.model else np.nan,
        "n_shuffles": asked.shuffles,
    }  # fmt: skip
    common = [name for name in one.stimuli if name in set(other.stimuli)]
    row["n_stimuli"] = len(common)
    nothing = {
        **dict.fromkeys(("rank", "estimate", "standard_error", "p", "shuffled"), np.nan),
        **dict.fromkeys(("fit_a", "fit_b", "variance_a", "variance_b"), np.nan),
    }
    if not common:
        why = "the recordings have no stimulus in common"
        return {**row, **nothing, "status": "undefined", "reason": why}
    x, y = (
        np.array([own.trajectories[own.stimuli.index(name)] for name in common])
        for own in (one, other)
    )
    resamples = asked.resamples if len(common) > 1 else 0
    try:
        found = dsa(
            x, y, delays=asked.delays, rank=_rank(x, y, asked), distance=asked.distance,
            shuffles=asked.shuffles, resamples=resamples, seed=seed,
        )  # fmt: skip
    except IsomorphError as error:
        return {**row, **nothing, "status": "undefined", "reason": str(error)}
    first, second = found.fields
    return {
        **row, "rank": found.rank, "estimate": found.distance, "standard_error": found.se,
        "p": found.p, "shuffled": float(np.median(found.shuffled)) if asked.shuffles else np.nan,
        "fit_a": first.fit, "fit_b": second.fit, "variance_a": first.variance,
        "variance_b": second.variance, "status": "ok" if asked.shuffles else "untested",
        "reason": "" if asked.shuffles else "no shuffles were asked for",
    }  # fmt: skip


def _rank(x: Floats, y: Floats, asked: Asked) -> int:
    """Return the rank asked for, less where either region does not determine so much."""
    most = [asked.rank]
    for own, what in ((x, "first"), (y, "second")):
        every, share = coordinates(own, asked.delays, what)
        most += [len(share), every.shape[0] * (every.shape[1] - 1) - 1]
    return max(1, min(most))

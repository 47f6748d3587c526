"""Regions and candidates of one dataset, lined up for comparison."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from isomorph.errors import IsomorphError
from isomorph.measures import Counts, Floats


@dataclass(frozen=True)
class Region:
    """RDMs of one region under one distance.

    Attributes
    ----------
    name : str
    rdms : (subject, pair)
        Sessions of a subject averaged; draws of units too, where they are equalised.
    subjects : tuple of str
    n_units : int or None
        Units over all subjects, None where they are not published.
    halves : (halving, half, subject, pair) or None
        RDMs of halves of the runs or repetitions, where every subject has them. Regions of a
        subject are halved alike, so halvings of the same number belong together; NaN where one has
        no RDM.
    half_norm : (subject, stimulus) or None
        What brings `1 - halves` to the scale of the whole, see `isomorph.rdms.halves`.
    no_halves : str
        Why there are no halves; empty where that is not known.
    noise_note : str
        What a reader must know of the noise its distances are weighed by, and of the runs they
        rest on; mostly nothing.
    fold : str
        What was crossed and halved, whole ones: `run`, `session` or `repetition`; empty where that
        is not known.
    n_folds : int or None
        How many there are, in the subject with the fewest.
    area : str
        The region without its time bin; its name where it has none.
    time_start, time_stop : float
        Of the time bin, seconds from stimulus onset; NaN where there is none.
    subject_units : tuple of int or None
        Units of each subject, None where they are not published.
    draws : tuple of Region
        The region in each draw of equally many units; none where units are not equalised.
    n_recorded : int
        Of the subject with the fewest, the units the draws are from; 0 without draws.
    """

    name: str
    rdms: Floats
    subjects: tuple[str, ...]
    n_units: int | None
    halves: Floats | None
    area: str = ""
    time_start: float = np.nan
    time_stop: float = np.nan
    subject_units: tuple[int | None, ...] = ()
    draws: tuple[Region, ...] = ()
    n_recorded: int = 0
    half_norm: Floats | None = None
    no_halves: str = ""
    noise_note: str = ""
    fold: str = ""
    n_folds: int | None = None

    @property
    def measured(self) -> tuple[Region, ...]:
        """What scores are means over: the region in every draw of units, or as it is."""
        return self.draws or (self,)

    @property
    def folds(self) -> str:
        """What was crossed and halved, in words: `runs`, `repetitions`."""
        return "s or ".join((self.fold or "repetition").split(", ")) + "s"

    @property
    def halvings(self) -> NDArray[np.intp]:
        """The halvings that have RDMs."""
        if self.halves is None:
            return np.empty(0, dtype=np.intp)
        return np.flatnonzero(np.isfinite(self.halves[..., 0]).all(axis=(1, 2)))


@dataclass(frozen=True)
class Candidates:
    """Layers to compare regions with, under one distance.

    Attributes
    ----------
    table : DataFrame
        `model`, `layer`, `depth`, a row per candidate.
    rdms : (candidate, pair)
    """

    table: pd.DataFrame
    rdms: Floats


def regions_of(brain: xr.Dataset, distance: str) -> list[Region]:
    """Return the regions that have RDMs of a distance, in alphabetical order."""
    chosen = brain.isel(representation=(brain["distance"] == distance).values)
    notes = json.loads(brain.attrs.get("left_out", "{}"))
    regions = []
    for name in sorted(set(chosen["region"].values.tolist())):
        rows = chosen.isel(representation=(chosen["region"] == name).values)
        if "draw" not in rows.coords:
            regions.append(_region(name, rows, notes))
            continue
        number = rows["draw"].values
        draws = tuple(
            _region(name, rows.isel(representation=number == one), notes)
            for one in np.unique(number)
        )
        mean = np.mean([one.rdms for one in draws], axis=0)
        halves = [one.halves for one in draws if one.halves is not None]
        regions.append(
            replace(
                draws[0],
                rdms=mean,
                halves=np.mean(halves, axis=0) if len(halves) == len(draws) else None,
                draws=draws,
                n_recorded=int(rows["n_recorded"].min()),
            )
        )
    return regions


def over_draws(
    regions: Sequence[Region], score: Callable[[Floats], tuple[Floats, ...]]
) -> tuple[Floats, ...]:
    """Return the means over draws of units of what is computed from RDMs.

    Distances between few units are noisy and their mean over draws is not, so the mean of scores
    is that of few units, while the score of the mean RDM would be that of all.

    Parameters
    ----------
    regions : sequence of Region
        With as many draws each.
    score : callable
        Of the RDMs of all regions, one after the other: `(region × subject, pair)`.
    """
    draws = zip(*(region.measured for region in regions), strict=True)
    total: tuple[Floats, ...] = ()
    for draw in draws:
        found = score(np.concatenate([region.rdms for region in draw]))
        total = tuple(map(np.add, total, found)) if total else found
    n = len(regions[0].measured)
    return total if n == 1 else tuple(values / n for values in total)


def _region(name: str, rows: xr.Dataset, notes: Mapping[str, str]) -> Region:
    """Return the region of some rows, one draw of units at most."""
    subject = rows["subject"].values
    subjects = tuple(dict.fromkeys(subject.tolist()))
    rdms = np.stack([rows["rdm"].values[subject == one].mean(axis=0) for one in subjects])
    units = tuple(_units(rows["n_units"].values[subject == one]) for one in subjects)
    known = [count for count in units if count is not None]
    total = sum(known) if len(known) == len(units) else None
    more = {**_halves(rows, subjects), **_place(rows), **_folds(rows)}
    distance = str(rows["distance"].values[0])
    told = [notes.get(f"{name} | {one} | {distance} | noise", "") for one in subjects]
    more["noise_note"] = "; ".join(dict.fromkeys(note for note in told if note))
    return Region(name, rdms, subjects, total, subject_units=units, **more)


def _units(counts: Counts) -> int | None:
    """Return the units of one subject's sessions together, None where any is not known."""
    return int(counts.sum()) if (counts >= 0).all() else None


def _halves(rows: xr.Dataset, subjects: Sequence[str]) -> dict[str, Any]:
    """Return the halves of the rows of one region, or why some subject has none."""
    if "half_status" not in rows.coords:
        return {"halves": None}
    reasons = [status for status in rows["half_status"].values.tolist() if status != "ok"]
    if reasons or "rdm_half" not in rows:
        return {"halves": None, "no_halves": str(next(iter(reasons), ""))}
    of = [rows["subject"].values == one for one in subjects]
    halves = np.stack([rows["rdm_half"].values[:, :, own].mean(axis=2) for own in of], axis=2)
    norm = np.stack([rows["half_norm"].values[own].mean(axis=0) for own in of])
    return {"halves": halves, "half_norm": norm}


def _folds(rows: xr.Dataset) -> dict[str, Any]:
    """Return what was crossed and halved, nothing where that is not known."""
    if "fold" not in rows.coords:
        return {}
    kinds = dict.fromkeys(rows["fold"].values.tolist())
    return {"fold": ", ".join(kinds), "n_folds": int(rows["n_folds"].min())}


def _place(rows: xr.Dataset) -> dict[str, Any]:
    """Return the area and time bin of the rows of one region, nothing where there is none."""
    if "area" not in rows.coords:
        return {}
    area = str(rows["area"].values[0])
    times = {name: float(rows[name].values[0]) for name in ("time_start", "time_stop")}
    return {"area": area, **times}


def candidates_of(models: Sequence[xr.Dataset], distance: str) -> Candidates:
    """Return every layer of every model that has an RDM of a distance.

    Raises
    ------
    IsomorphError
        When there is none.
    """
    chosen = [model.isel(representation=(model["distance"] == distance).values) for model in models]
    if not any(part.sizes["representation"] for part in chosen):
        raise IsomorphError(f"no layer of any model has an RDM with distance {distance}")
    table = pd.concat(
        [
            pd.DataFrame({name: part[name].values for name in ("model", "layer", "depth")})
            for part in chosen
        ],
        ignore_index=True,
    )
    return Candidates(table, np.concatenate([part["rdm"].values for part in chosen]))

"""Regions and candidates of one dataset, lined up for comparison."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from isomorph.errors import IsomorphError
from isomorph.inference.estimated import PLACE
from isomorph.measures import Floats, Stack
from isomorph.rdms.collection import available, distances_of
from isomorph.rdms.paired import of_brain, of_layers
from isomorph.rdms.rdm_rows import Status
from isomorph.responses.times import bins_of
from isomorph.study.windows import in_time


@dataclass(frozen=True)
class Region:
    """RDMs of one region under one distance, in one time bin where there are several.

    Attributes
    ----------
    name : str
    rdms : array of shape (subject, pair)
        Sessions of a subject averaged; draws of units too, where they are equalised.
    subjects : tuple of str
    n_units : int or None
        Units over all subjects, None where they are not published.
    halves : array of shape (halving, half, subject, pair) or None
        RDMs of halves of the runs or repetitions, where every subject has them. Regions of a
        subject are halved alike, so halvings of the same number belong together; NaN where one has
        no RDM.
    half_norm : array of shape (subject, stimulus) or None
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
    facts : mapping of str to sequence
        What is known of each subject beside RDMs, see `isomorph.measures.Stack`.
    time_start, time_stop : float
        Of the time bin, seconds from stimulus onset; NaN where there are no bins.
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
    facts: Mapping[str, Sequence[Floats]] = field(default_factory=dict)

    @cached_property
    def stack(self) -> Stack:
        """What measures are given of it, a representation per subject."""
        return Stack(self.rdms, facts=self.facts)

    def told(self, fact: str, values: NDArray[Any]) -> Region:
        """Return the region with a fact about its stimuli, in every draw of units.

        Parameters
        ----------
        fact : {"labels", "groups"}
        values : array of shape (stimulus,)
        """
        return replace(
            self,
            facts={**self.facts, fact: [values] * len(self.rdms)},
            draws=tuple(draw.told(fact, values) for draw in self.draws),
        )

    @property
    def label(self) -> str:
        """Name and time bin in words, which tell it from all others: `V1 50 to 60 ms`."""
        return in_time(self.name, self.time_start, self.time_stop)

    @property
    def columns(self) -> dict[str, Any]:
        """What rows of tables say of where and when it is."""
        return dict(zip(PLACE, (self.name, self.time_start, self.time_stop), strict=True))

    def at_the_time_of(self, other: Region) -> bool:
        """Whether two regions are in the same time bin, or there are none."""
        mine, theirs = ((one.time_start, one.time_stop) for one in (self, other))
        return bool(np.isnan(self.time_start)) or mine == theirs

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
    rdms : array of shape (candidate, pair)
    facts : mapping of str to sequence
        What is known of each beside its RDM, see `isomorph.measures.Stack`.
    """

    table: pd.DataFrame
    rdms: Floats
    facts: Mapping[str, Sequence[Floats]] = field(default_factory=dict)

    @cached_property
    def stack(self) -> Stack:
        """What measures are given of them."""
        return Stack(self.rdms, facts=self.facts)

    def told(self, fact: str, values: NDArray[Any]) -> Candidates:
        """Return the layers with a fact about their stimuli, see `Region.told`."""
        return replace(self, facts={**self.facts, fact: [values] * len(self.rdms)})


def regions_of(brain: xr.Dataset, distance: str) -> list[Region]:
    """Return the regions that have RDMs of a distance, by name, each in every time bin.

    Of a pair of distances it is the brain's.
    """
    distance = of_brain(distance)
    if distance not in brain:
        return []
    names = brain["region"].values
    regions = []
    for name in sorted(set(names.tolist())):
        for rows in bins_of(brain.isel(representation=np.flatnonzero(names == name))):
            there = available(rows, distance)
            known = rows.isel(representation=there if there.ndim == 1 else there.all(axis=1))
            if known.sizes["representation"]:
                regions.append(_with_draws(name, known, distance, binned="time" in brain.dims))
    return regions


def _with_draws(name: str, rows: xr.Dataset, distance: str, *, binned: bool) -> Region:
    """Return a region in one time bin, with every draw of its units where these are equalised."""
    times: dict[str, Any] = {}
    if binned:
        times = {edge: float(rows[edge]) for edge in PLACE[1:]}
    if "draw" not in rows.dims:
        return _region(name, rows, distance, times)
    draws = tuple(
        _region(name, rows.isel(draw=draw), distance, times) for draw in range(rows.sizes["draw"])
    )
    halves = [one.halves for one in draws if one.halves is not None]
    return replace(
        draws[0],
        rdms=np.mean([one.rdms for one in draws], axis=0),
        halves=np.mean(halves, axis=0) if len(halves) == len(draws) else None,
        draws=draws,
        n_recorded=int(rows["n_recorded"].min()),
    )


def in_draws(regions: Sequence[Region]) -> list[Stack]:
    """Return the representations of all regions, one after the other, in every draw of units.

    Parameters
    ----------
    regions : sequence of Region
        With as many draws each.
    """
    draws = zip(*(region.measured for region in regions), strict=True)
    return [Stack.joined([region.stack for region in draw]) for draw in draws]


def over_draws(
    draws: Sequence[Stack], score: Callable[[Stack], tuple[Floats, ...]]
) -> tuple[Floats, ...]:
    """Return the means over draws of units of what is computed from representations.

    Distances between few units are noisy and their mean over draws is not, so the mean of scores
    is that of few units, while the score of the mean RDM would be that of all.

    Parameters
    ----------
    draws : sequence of Stack
        See `in_draws`.
    score : callable
        Of all representations of a draw.
    """
    total: tuple[Floats, ...] = ()
    for draw in draws:
        found = score(draw)
        total = tuple(map(np.add, total, found)) if total else found
    n = len(draws)
    return total if n == 1 else tuple(values / n for values in total)


def _region(name: str, rows: xr.Dataset, distance: str, times: dict[str, Any]) -> Region:
    """Return the region of some rows `(representation, pair)`, in one draw of units at most."""
    subject = rows["subject"].values
    subjects = tuple(dict.fromkeys(subject.tolist()))
    of = [subject == one for one in subjects]
    units: tuple[int | None, ...] = (None,) * len(subjects)
    if "n_units" in rows.coords:
        units = tuple(int(rows["n_units"].values[own].sum()) for own in of)
    counts = [count for count in units if count is not None]
    notes = rows[f"{distance}_note"].values.tolist() if f"{distance}_note" in rows else []
    return Region(
        name,
        np.stack([rows[distance].values[own].mean(axis=0) for own in of]),
        subjects,
        sum(counts) if counts else None,
        subject_units=units,
        noise_note="; ".join(dict.fromkeys(note for note in notes if note)),
        **times,
        **_halves(rows, distance, of),
        **_folds(rows),
    )


def _halves(rows: xr.Dataset, distance: str, of: Sequence[NDArray[np.bool_]]) -> dict[str, Any]:
    """Return the halves of the rows of one region, or why some subject has none."""
    lacking = (rows[f"{distance}_status"] == Status.NO_HALVES).values
    if lacking.any() or f"{distance}_half" not in rows:
        reasons = rows[f"{distance}_reason"].values[lacking].tolist()
        return {"halves": None, "no_halves": next(iter(reasons), "")}
    values, norms = rows[f"{distance}_half"].values, rows[f"{distance}_half_norm"].values
    return {
        "halves": np.stack([values[:, :, own].mean(axis=2) for own in of], axis=2),
        "half_norm": np.stack([norms[own].mean(axis=0) for own in of]),
    }


def _folds(rows: xr.Dataset) -> dict[str, Any]:
    """Return what was crossed and halved, nothing where that is not known."""
    if "fold" not in rows.coords:
        return {}
    kinds = dict.fromkeys(rows["fold"].values.tolist())
    return {"fold": ", ".join(kinds), "n_folds": int(rows["n_folds"].min())}


def candidates_of(models: Sequence[xr.Dataset], distance: str) -> Candidates:
    """Return every layer of every model that has an RDM of the distance that layers have.

    Parameters
    ----------
    models : sequence of Dataset
    distance : str
        What brain and models are compared under, of a pair the name of both.

    Raises
    ------
    IsomorphError
        When there is none.
    """
    distance = of_layers(distance)
    chosen = [
        model.isel(layer=np.flatnonzero(available(model, distance)))
        for model in models
        if distance in model
    ]
    if not any(part.sizes["layer"] for part in chosen):
        have = sorted({name for model in models for name in distances_of(model)})
        raise IsomorphError(
            f"no layer of any model has an RDM with distance {distance}, only with "
            f"{', '.join(have)}, and the brain's call for it; make it, or leave those out"
        )
    table = pd.concat(
        [
            pd.DataFrame(
                {
                    "model": part["model"].item(),
                    "layer": part["layer"].values,
                    "depth": part["depth"].values,
                }
            )
            for part in chosen
        ],
        ignore_index=True,
    )
    return Candidates(table, np.concatenate([part[distance].values for part in chosen]))

"""Every region against every layer: estimate, interval, ceilings, p, and what is made of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from isomorph.inference.ceilings import ceiling
from isomorph.inference.chosen_layers import ON_BOTH, ON_STIMULI, members_of, selection_rows
from isomorph.inference.clusters import clusters_of, neighbours
from isomorph.inference.confidence_sets import LEVEL, p_best, set_row
from isomorph.inference.differences import differences
from isomorph.inference.estimated import Row, estimated, no_chance, unsure_of
from isomorph.inference.families import Hypotheses, Masses
from isomorph.inference.gather import Candidates, Region
from isomorph.inference.independence import against_independence
from isomorph.inference.members import ModelFamily
from isomorph.inference.nested import ChosenLayers, choose_all
from isomorph.inference.permutation import Null, Shuffling, calibrated
from isomorph.inference.preferences import preferences
from isomorph.inference.scores import Scores, scores_of
from isomorph.inference.setting import Draws, Setting
from isomorph.inference.subjects import chance_of, over_subjects, subject_rows
from isomorph.inference.ties import Indices, rounded
from isomorph.inference.time_map import map_p
from isomorph.measures import Floats, Measure, Stack

SHUFFLED = 2**26
"""Shuffled values of regions and candidates that are held at once (512 MiB)."""


@dataclass
class Compared:
    """What comparing regions with candidates under some settings gives, by table.

    Attributes
    ----------
    comparisons, differences, contrasts : list of Hypotheses
        A member per region.
    preferences : list of Hypotheses
        A member per two regions.
    selection, layers_in_set : list of dict
        Rows.
    subjects : list of DataFrame
        Rows of a region.
    """

    comparisons: list[Hypotheses] = field(default_factory=list)
    differences: list[Hypotheses] = field(default_factory=list)
    contrasts: list[Hypotheses] = field(default_factory=list)
    preferences: list[Hypotheses] = field(default_factory=list)
    selection: list[Row] = field(default_factory=list)
    layers_in_set: list[Row] = field(default_factory=list)
    subjects: list[pd.DataFrame] = field(default_factory=list)


def compare(
    regions: Sequence[Region],
    candidates: Candidates,
    families: Sequence[ModelFamily],
    draws: Draws,
    setting: Setting,
    into: Compared,
) -> None:
    """Compare regions with candidates under one distance and measure.

    Parameters
    ----------
    regions, candidates
        Lined up over the same stimuli.
    families : sequence of ModelFamily
        The models of the candidates.
    draws : Draws
    setting : Setting
    into : Compared
        What is found is added to it.
    """
    scores = scores_of(regions, candidates.stack, draws, setting.measure)
    members = members_of(candidates.table["model"].tolist())
    into.preferences += preferences(regions, scores, candidates, draws, setting)
    for together, nulls in _nulls(regions, candidates, draws, setting.measure):
        bins = [regions[at] for at in together]
        clusters = _over_time(bins, nulls, members, setting.inference.sides)
        for place, (at, null) in enumerate(zip(together, nulls, strict=True)):
            own = _OneRegion(regions[at], candidates, scores[at], null, members, draws, setting)
            columns, masses = clusters[place]
            rows = own.rows().assign(**columns)
            into.subjects.append(
                subject_rows(regions[at], candidates, scores[at].estimate, own.by_chance, setting)
            )
            into.comparisons.append(against_independence(rows, null, setting.inference, masses))
            into.layers_in_set += own.sets((rows["in_set"] == "yes").to_numpy())
            own.chosen(families, into)


def _nulls(
    regions: Sequence[Region], candidates: Candidates, draws: Draws, measure: Measure
) -> Iterator[tuple[list[int], list[Null]]]:
    """Yield the places of the time bins of every region, and their nulls.

    As many regions are shuffled at once as there is room for what they are given.
    """
    orders = draws.orders_for(measure)
    shuffling = Shuffling(
        candidates.stack, measure, orders, exact=draws.exact_for(measure), lag=draws.lag
    )
    room = SHUFFLED // max(1, len(orders) * len(candidates.table))
    waiting: list[list[int]] = []
    for group in [*_bins(regions), None]:
        places = [at for own in waiting for at in own]
        if waiting and (group is None or len(places) + len(group) > room):
            nulls = iter(
                shuffling.nulls(
                    [Stack.joined([one.stack for one in regions[at].measured]) for at in places]
                )
            )
            for own in waiting:
                yield own, [next(nulls) for _ in own]
            waiting = []
        if group is not None:
            waiting.append(group)


def _bins(regions: Sequence[Region]) -> list[list[int]]:
    """Return the places of the time bins of every region, by time."""
    groups: dict[str, list[int]] = {}
    for place, region in enumerate(regions):
        groups.setdefault(region.name, []).append(place)
    return [sorted(group, key=lambda at: regions[at].time_start) for group in groups.values()]


def _over_time(
    bins: Sequence[Region], nulls: Sequence[Null], members: dict[str, Indices], sides: str
) -> list[tuple[Row, Masses | None]]:
    """Return what is tested over all bins of a region, by bin; nothing for one without bins.

    Columns, of clusters in time and of the map of time and layers, and the clusters' masses.
    """
    if not np.isfinite(bins[0].time_start):
        return [({}, None) for _ in bins]
    start, stop = (
        np.array([getattr(one, f"time_{end}") for one in bins]) for end in ("start", "stop")
    )
    joined = neighbours(start, stop)
    observed, shuffled = zip(*(null.standardised() for null in nulls), strict=True)
    found = clusters_of(np.stack(observed), shuffled, joined)
    p, largest = found.p(members), found.largest.max(axis=1, initial=0.0)
    of_map = map_p(np.stack(observed), shuffled, members, sides=sides)
    return [
        (
            {"cluster": found.number[at], "p_cluster": p[at], "p_map": of_map[at]},
            Masses(found.mass[at], largest),
        )
        for at in range(len(bins))
    ]


@dataclass(frozen=True)
class _OneRegion:
    """One region against all candidates, and what is said of it."""

    region: Region
    candidates: Candidates
    scores: Scores
    null: Null
    members: dict[str, Indices]
    draws: Draws
    setting: Setting

    @property
    def about(self) -> Row:
        return {**self.setting.columns, **self.region.columns}

    @property
    def counted(self) -> Row:
        n_subjects = len(self.region.subjects)
        return {**self.about, "n_stimuli": self.scores.n_stimuli, "n_subjects": n_subjects}

    @cached_property
    def by_chance(self) -> Floats:
        return chance_of(self.region, self.candidates.stack, self.setting.measure)

    def p_best(self) -> Floats:
        """Return the p of each candidate against the claim that no layer of its model is better."""
        found = np.full(self.scores.plain.shape[1], np.nan)
        if self.setting.measure.known_chance:
            estimate, drawn = self.scores.plain.mean(axis=0), self.scores.calibrated()
            for layers in self.members.values():
                own = drawn.mapped(partial(np.take, indices=layers, axis=1))
                found[layers] = p_best(estimate[layers], own)
        return found

    def rows(self) -> pd.DataFrame:
        """Return a row per candidate."""
        scores, setting, region, best = self.scores, self.setting, self.region, self.p_best()
        estimate: Floats = scores.estimate.mean(axis=0)
        resampled, coverage = scores.estimates(), setting.inference.interval
        usable, unsure = unsure_of(resampled.over_stimuli, self.draws.unsure)
        limits = setting.measure.range
        told = estimated(
            estimate, resampled.spread(limits), coverage, limits,
            unsure=unsure, untested=self.draws.untested(setting.measure),
            no_value=setting.measure.no_value,
        )  # fmt: skip
        sound, model = unsure == "", self.candidates.table["model"]
        bounds = ceiling(region, setting.of_brain, setting.measure, self.draws, coverage)
        known = sound & np.isfinite(scores.plain.mean(axis=0))
        # Of a model's layers the only one that has a number is its best.
        alone = known & (pd.Series(known).groupby(model).transform("sum") == 1)
        inside = np.where(alone | (best > LEVEL), "yes", np.where(np.isfinite(best), "no", ""))
        return self.candidates.table.assign(
            **self.counted,
            invariances=" ".join(setting.measure.invariances),
            estimate=rounded(estimate),
            chance=self.null.chance,
            calibrated=calibrated(self.null.observed, self.null.shuffled, setting.measure),
            **told,
            spread="bootstrap" if scores.of_pairs is None else "jackknife",
            n_resamples=usable,
            n_groups=scores.n_groups,
            n_units=region.n_units,
            n_unit_draws=len(region.draws),
            noise_note=region.noise_note,
            **bounds.columns(estimate, told["interval_low"], resampled, coverage),
            p_best=np.where(sound, best, np.nan),
            in_set=np.where(sound, inside, ""),
            **over_subjects(scores.estimate, self.by_chance, setting),
        )

    def sets(self, inside: NDArray[np.bool_]) -> list[Row]:
        """Return a row per model: the layers of which any may be its best."""
        reason = self.draws.unsure or no_chance(self.setting.measure)
        estimate, common = self.scores.plain.mean(axis=0), self.counted
        common["scheme"] = self.scores.calibrated().scheme
        table = self.candidates.table
        return [
            {**common, "model": model,
             **set_row(table.iloc[layers], estimate[layers], inside[layers], reason)}
            for model, layers in self.members.items()
        ]  # fmt: skip

    def chosen(self, families: Sequence[ModelFamily], into: Compared) -> None:
        """Add what is found of models, each at the layer chosen for it."""
        reason = self.draws.splits.reason or no_chance(self.setting.measure)
        common, table = {**self.counted, "split": self.draws.splits.told}, self.candidates.table
        found = {}
        enough = len(self.region.subjects) >= self.setting.inference.minimum_subjects
        for chosen_on in (ON_STIMULI, ON_BOTH) if enough else (ON_STIMULI,):
            others = chosen_on == ON_BOTH
            found[chosen_on] = (
                ChosenLayers(dict.fromkeys(self.members, reason))
                if reason
                else choose_all(self.scores, self.members, other_subjects=others)
            )
            into.selection += selection_rows(
                self.scores, table, self.null, found[chosen_on], self.setting,
                {**common, "chosen_on": chosen_on},
            )  # fmt: skip
        every, against = differences(
            found[ON_STIMULI], families, table["layer"].tolist(), self.setting, self.about
        )
        into.differences.append(every)
        into.contrasts.append(against)

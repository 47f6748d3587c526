"""Every region against every layer: estimate, interval, ceilings, p, and what is made of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from isomorph.inference.bootstrap import Resampled, resampled_means
from isomorph.inference.ceilings import ceiling
from isomorph.inference.clusters import cluster_p, neighbours
from isomorph.inference.differences import ModelFamily, differences
from isomorph.inference.families import Questions
from isomorph.inference.gather import Candidates, Region
from isomorph.inference.layers import p_beaten
from isomorph.inference.permutation import Null, permutation_null
from isomorph.inference.selection import (
    ON_BOTH,
    ON_STIMULI,
    Indices,
    Scores,
    choose_all,
    members_of,
    selection_rows,
)
from isomorph.inference.setting import Draws, Setting
from isomorph.measures import Floats


@dataclass
class Compared:
    """What comparing regions with candidates under some settings gives, by table.

    Attributes
    ----------
    comparisons, differences, contrasts : list of Questions
        A member per region.
    selection : list of dict
        Rows.
    """

    comparisons: list[Questions] = field(default_factory=list)
    differences: list[Questions] = field(default_factory=list)
    contrasts: list[Questions] = field(default_factory=list)
    selection: list[dict[str, Any]] = field(default_factory=list)


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
    scores = _scores(regions, candidates.rdms, draws, setting)
    members = members_of(candidates.table["model"].tolist())
    for together in _areas(regions):
        nulls = [
            permutation_null(regions[at].rdms, candidates.rdms, setting.measure, draws.orders)
            for at in together
        ]
        clusters = _clusters([regions[at] for at in together], nulls, members)
        for place, (at, null) in enumerate(zip(together, nulls, strict=True)):
            region, own = regions[at], scores[at]
            rows = _region_rows(region, candidates, own, null, members, draws, setting)
            statistic, shuffled = null.standardised()
            largest = shuffled.max(axis=1, initial=-np.inf)
            into.comparisons.append(Questions(rows.assign(**clusters[place]), statistic, largest))
            _chosen(region, candidates, own, null, members, families, draws, setting, into)


def _scores(
    regions: Sequence[Region], rdms: Floats, draws: Draws, setting: Setting
) -> list[Scores]:
    """Return the scores of every region under all draws and splits, in one pass each."""
    measure, stacked = setting.measure, np.concatenate([region.rdms for region in regions])
    counts = np.concatenate([draws.stimuli, draws.splits.chosen_on, draws.splits.scored_on])
    plain, all_drawn = measure.compare(stacked, rdms), measure.resampled(stacked, rdms, counts)
    n, n_splits = len(draws.stimuli), len(draws.splits.chosen_on)
    ends = np.cumsum([len(region.rdms) for region in regions])[:-1]
    return [
        Scores(
            region_plain,
            drawn[:n],
            drawn[n : n + n_splits],
            drawn[n + n_splits :],
            draws.subjects[region.name],
            draws.stimuli.shape[1],
        )
        for region, region_plain, drawn in zip(
            regions, np.split(plain, ends), np.split(all_drawn, ends, axis=1), strict=True
        )
    ]


def _areas(regions: Sequence[Region]) -> list[list[int]]:
    """Return the places of regions that are time bins of one area, by time; others stand alone."""
    groups: dict[str, list[int]] = {}
    for place, region in enumerate(regions):
        timed = np.isfinite(region.time_start)
        groups.setdefault(f"area {region.area}" if timed else f"region {region.name}", []).append(
            place
        )
    return [sorted(group, key=lambda at: regions[at].time_start) for group in groups.values()]


def _clusters(
    bins: Sequence[Region], nulls: Sequence[Null], members: dict[str, Indices]
) -> list[dict[str, Any]]:
    """Return the columns of clusters in time of each bin; none for a region without bins."""
    if not np.isfinite(bins[0].time_start):
        return [{} for _ in bins]
    start, stop = (
        np.array([getattr(one, f"time_{end}") for one in bins]) for end in ("start", "stop")
    )
    joined = neighbours(start, stop)
    observed, shuffled = zip(*(null.standardised() for null in nulls), strict=True)
    cluster, p = cluster_p(np.stack(observed), shuffled, joined, members)
    return [
        {
            "area": one.area,
            "time_start": one.time_start,
            "time_stop": one.time_stop,
            "cluster": cluster[at],
            "p_cluster": p[at],
        }
        for at, one in enumerate(bins)
    ]


def resampled_of(scores: Scores) -> Resampled:
    """Return a region's estimates for all candidates under every kind of draw."""
    return resampled_means(scores.drawn, scores.plain, scores.subject_draws, scores.n_stimuli)


def _region_rows(
    region: Region,
    candidates: Candidates,
    scores: Scores,
    null: Null,
    members: dict[str, Indices],
    draws: Draws,
    setting: Setting,
) -> pd.DataFrame:
    estimate: Floats = scores.plain.mean(axis=0)
    resampled = resampled_of(scores)
    spread = resampled.spread()
    n_usable = np.asarray(np.isfinite(scores.drawn).all(axis=1).sum(axis=0))
    sound = 2 * n_usable > len(scores.drawn)
    error = np.where(sound, spread.standard_error, np.nan)
    low, high = replace(spread, standard_error=error).interval(
        estimate, setting.inference.interval, setting.measure.range
    )
    coverage = setting.inference.interval
    bounds = ceiling(region, setting.distance, setting.measure, draws, coverage)
    beaten = np.full(len(estimate), np.nan)
    for layers in members.values():
        beaten[layers] = p_beaten(
            estimate[layers], resampled.mapped(partial(np.take, indices=layers, axis=1))
        )
    return candidates.table.assign(
        **setting.columns,
        region=region.name,
        invariances=" ".join(setting.measure.invariances),
        estimate=estimate,
        standard_error=error,
        interval_low=low,
        interval_high=high,
        scheme=spread.scheme,
        n_resamples=n_usable,
        n_stimuli=scores.n_stimuli,
        n_subjects=len(region.subjects),
        n_units=region.n_units,
        **bounds.columns(estimate, low, resampled, coverage),
        p=null.p,
        p_beaten=beaten,
        status=np.where(sound, "ok", "half of the resamples or more are degenerate"),
    )


def _chosen(
    region: Region,
    candidates: Candidates,
    scores: Scores,
    null: Null,
    members: dict[str, Indices],
    families: Sequence[ModelFamily],
    draws: Draws,
    setting: Setting,
    into: Compared,
) -> None:
    """Add what is found of models, each at the layer chosen for it."""
    common = {**setting.columns, "region": region.name, "reason": draws.splits.reason}
    counted = {
        **common,
        "split": draws.splits.told,
        "n_stimuli": scores.n_stimuli,
        "n_subjects": len(region.subjects),
    }
    chosen = choose_all(scores, members, other_subjects=False)
    into.selection += selection_rows(
        scores, candidates.table, null, chosen, setting, {**counted, "chosen_on": ON_STIMULI}
    )
    if len(region.subjects) >= setting.inference.minimum_subjects:
        by_others = choose_all(scores, members, other_subjects=True)
        into.selection += selection_rows(
            scores, candidates.table, null, by_others, setting, {**counted, "chosen_on": ON_BOTH}
        )
    every, against = differences(
        scores, chosen, families, candidates.table["layer"].tolist(), setting, common
    )
    into.differences.append(every)
    into.contrasts.append(against)

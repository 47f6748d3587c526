"""Every region against every layer: estimate, interval, ceilings, p, and what is made of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from isomorph.inference.ceilings import ceiling
from isomorph.inference.clusters import clusters_of, neighbours
from isomorph.inference.differences import differences
from isomorph.inference.families import Masses, Questions
from isomorph.inference.gather import Candidates, Region
from isomorph.inference.independence import against_independence
from isomorph.inference.layers import LEVEL, p_best, set_row
from isomorph.inference.members import ModelFamily
from isomorph.inference.nested import Chosen, Indices, choose_all
from isomorph.inference.permutation import Null, calibrated, permutation_null
from isomorph.inference.preferences import preferences
from isomorph.inference.scores import Scores, scores_of
from isomorph.inference.selection import ON_BOTH, ON_STIMULI, members_of, selection_rows
from isomorph.inference.setting import Draws, Setting
from isomorph.inference.subjects import chance_of, over_subjects, subject_rows
from isomorph.inference.ties import rounded
from isomorph.measures import Floats

NO_CHANCE = (
    "the chance level of this measure is not known, so values are not set against each other"
)


@dataclass
class Compared:
    """What comparing regions with candidates under some settings gives, by table.

    Attributes
    ----------
    comparisons, differences, contrasts : list of Questions
        A member per region.
    preferences : list of Questions
        A member per two regions.
    selection, layers_in_set : list of dict
        Rows.
    subjects : list of DataFrame
        Rows of a region.
    """

    comparisons: list[Questions] = field(default_factory=list)
    differences: list[Questions] = field(default_factory=list)
    contrasts: list[Questions] = field(default_factory=list)
    preferences: list[Questions] = field(default_factory=list)
    selection: list[dict[str, Any]] = field(default_factory=list)
    layers_in_set: list[dict[str, Any]] = field(default_factory=list)
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
    scores = scores_of(regions, candidates.rdms, draws, setting.measure)
    members = members_of(candidates.table["model"].tolist())
    into.preferences += preferences(regions, scores, candidates, draws, setting)
    for together in _bins(regions):
        nulls = [
            permutation_null(
                np.concatenate([one.rdms for one in regions[at].measured]),
                candidates.rdms,
                setting.measure,
                draws.orders,
            )
            for at in together
        ]
        clusters = _clusters([regions[at] for at in together], nulls, members)
        for place, (at, null) in enumerate(zip(together, nulls, strict=True)):
            region, own = regions[at], scores[at]
            best = _p_best(own, members, setting)
            by_chance = chance_of(region, candidates.rdms, setting.measure)
            rows = _region_rows(region, candidates, own, null, best, draws, setting).assign(
                **over_subjects(own.estimate, by_chance, setting)
            )
            into.subjects.append(subject_rows(region, candidates, own.estimate, by_chance, setting))
            columns, masses = clusters[place]
            into.comparisons.append(
                against_independence(rows.assign(**columns), null, setting.inference, masses)
            )
            inside = (rows["in_set"] == "yes").to_numpy()
            into.layers_in_set += _sets(region, candidates, own, inside, members, draws, setting)
            _chosen(region, candidates, own, null, members, families, draws, setting, into)


def _bins(regions: Sequence[Region]) -> list[list[int]]:
    """Return the places of the time bins of every region, by time."""
    groups: dict[str, list[int]] = {}
    for place, region in enumerate(regions):
        groups.setdefault(region.name, []).append(place)
    return [sorted(group, key=lambda at: regions[at].time_start) for group in groups.values()]


def _clusters(
    bins: Sequence[Region], nulls: Sequence[Null], members: dict[str, Indices]
) -> list[tuple[dict[str, Any], Masses | None]]:
    """Return columns and masses of clusters in time of each bin; none for a region without bins."""
    if not np.isfinite(bins[0].time_start):
        return [({}, None) for _ in bins]
    start, stop = (
        np.array([getattr(one, f"time_{end}") for one in bins]) for end in ("start", "stop")
    )
    joined = neighbours(start, stop)
    observed, shuffled = zip(*(null.standardised() for null in nulls), strict=True)
    found = clusters_of(np.stack(observed), shuffled, joined)
    p, largest = found.p(members), found.largest.max(axis=1, initial=0.0)
    return [
        (
            {"cluster": found.number[at], "p_cluster": p[at]},
            Masses(found.mass[at], largest),
        )
        for at in range(len(bins))
    ]


def _p_best(scores: Scores, members: dict[str, Indices], setting: Setting) -> Floats:
    """Return the p of every candidate against the claim that no layer of its model does better."""
    found = np.full(scores.plain.shape[1], np.nan)
    if setting.measure.known_chance:
        estimate, drawn = scores.plain.mean(axis=0), scores.calibrated()
        for layers in members.values():
            own = drawn.mapped(partial(np.take, indices=layers, axis=1))
            found[layers] = p_best(estimate[layers], own)
    return found


def _region_rows(
    region: Region,
    candidates: Candidates,
    scores: Scores,
    null: Null,
    best: Floats,
    draws: Draws,
    setting: Setting,
) -> pd.DataFrame:
    estimate: Floats = scores.estimate.mean(axis=0)
    resampled = scores.estimates()
    spread = resampled.spread(setting.measure.range)
    n_usable = np.asarray(np.isfinite(scores.resampled).all(axis=1).sum(axis=0))
    sound = (2 * n_usable > len(scores.resampled)) & (not draws.unsure)
    error = np.where(sound, spread.standard_error, np.nan)
    low, high = replace(spread, standard_error=error).interval(
        estimate, setting.inference.interval, setting.measure.range
    )
    coverage = setting.inference.interval
    bounds = ceiling(region, setting.distance, setting.measure, draws, coverage)
    known = sound & np.isfinite(scores.plain.mean(axis=0))
    # Of a model's layers the only one that has a number is its best.
    alone = known & (pd.Series(known).groupby(candidates.table["model"]).transform("sum") == 1)
    inside = np.where(alone | (best > LEVEL), "yes", np.where(np.isfinite(best), "no", ""))
    return candidates.table.assign(
        **setting.columns,
        **region.columns,
        invariances=" ".join(setting.measure.invariances),
        estimate=rounded(estimate),
        chance=null.chance,
        calibrated=calibrated(null.observed, null.shuffled, setting.measure),
        standard_error=error,
        interval_low=low,
        interval_high=high,
        scheme=spread.scheme,
        n_resamples=n_usable,
        n_stimuli=scores.n_stimuli,
        n_groups=scores.n_groups,
        n_subjects=len(region.subjects),
        n_units=region.n_units,
        n_unit_draws=len(region.draws),
        noise_note=region.noise_note,
        **bounds.columns(estimate, low, resampled, coverage),
        p_best=np.where(sound, best, np.nan),
        in_set=np.where(sound, inside, ""),
        status=np.where(
            sound, draws.untested or "ok",
            draws.unsure or "half of the resamples or more are degenerate",
        ),
    )  # fmt: skip


def _sets(
    region: Region,
    candidates: Candidates,
    scores: Scores,
    inside: NDArray[np.bool_],
    members: dict[str, Indices],
    draws: Draws,
    setting: Setting,
) -> list[dict[str, Any]]:
    """Return a row per model: the layers of which any may be its best."""
    status = draws.unsure or ("ok" if setting.measure.known_chance else NO_CHANCE)
    estimate, spread = scores.plain.mean(axis=0), scores.calibrated()
    return [
        {
            **setting.columns,
            **region.columns,
            "model": model,
            "scheme": spread.scheme,
            "n_stimuli": scores.n_stimuli,
            "n_subjects": len(region.subjects),
            **set_row(candidates.table.iloc[layers], estimate[layers], inside[layers], status),
        }
        for model, layers in members.items()
    ]


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
    reason = draws.splits.reason or ("" if setting.measure.known_chance else NO_CHANCE)
    common = {**setting.columns, **region.columns, "reason": reason}
    counted = {
        **common,
        "split": draws.splits.told,
        "n_stimuli": scores.n_stimuli,
        "n_subjects": len(region.subjects),
    }

    def chosen(*, other_subjects: bool) -> Chosen:
        if reason:
            return Chosen(dict.fromkeys(members, reason))
        return choose_all(scores, members, other_subjects=other_subjects)

    on_stimuli = chosen(other_subjects=False)
    into.selection += selection_rows(
        scores, candidates.table, null, on_stimuli, setting, {**counted, "chosen_on": ON_STIMULI}
    )
    if len(region.subjects) >= setting.inference.minimum_subjects:
        into.selection += selection_rows(
            scores, candidates.table, null, chosen(other_subjects=True), setting,
            {**counted, "chosen_on": ON_BOTH},
        )  # fmt: skip
    every, against = differences(
        on_stimuli, families, candidates.table["layer"].tolist(), setting, common
    )
    into.differences.append(every)
    into.contrasts.append(against)

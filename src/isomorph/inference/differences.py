"""Models against each other, each at the layer chosen for it on other stimuli."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm

from isomorph.inference.bootstrap import Resampled
from isomorph.inference.families import Questions
from isomorph.inference.members import Member, ModelFamily, scored, with_seeds
from isomorph.inference.nested import Chosen
from isomorph.inference.setting import Setting
from isomorph.measures import Floats

NO_SEEDS = "one seed says nothing of other seeds"
ALIKE = "the two score the same in every resample, so nothing tells them apart"

ROUNDING = 1e-9
"""Difference of scores that is rounding error: RDMs are kept to 1e-12."""


def differences(
    chosen: Chosen,
    families: Sequence[ModelFamily],
    layers: Sequence[str],
    setting: Setting,
    common: dict[str, Any],
) -> tuple[Questions, Questions]:
    """Compare every two families, and trained models with their untrained twins.

    A family scores the mean of its instances, each at its own chosen layer. Trained models and
    their twins are compared among the contrasts alone: one question, one p.

    Parameters
    ----------
    chosen : Chosen
        Every instance at its chosen layer.
    families : sequence of ModelFamily
    layers : sequence of str
        Layer of every candidate.
    setting : Setting
    common : dict
        Columns all rows share.

    Returns
    -------
    differences, contrasts : Questions
        Rows of the two tables.
    """
    known = chosen.known()
    members = scored(families, chosen, layers)
    lost = [one for one in families if not set(one.instances) <= set(known)]
    trained = {member.family.name: place for place, member in enumerate(members)}
    twins = [
        (trained[member.family.twin_of], place)
        for place, member in enumerate(members)
        if member.family.twin_of in trained
    ]
    asked = {tuple(sorted(pair)) for pair in twins}
    others = [pair for pair in combinations(range(len(members)), 2) if pair not in asked]
    rows, largest = compared(chosen, members, others, setting)
    contrasts, largest_contrast = compared(chosen, members, twins, setting)
    why = {one.name: _reason(one, chosen, common["reason"]) for one in lost}
    without: list[dict[str, Any]] = [
        {"a": first, "b": second, "status": why.get(first.name) or why[second.name]}
        for first, second in combinations(families, 2)
        if first.name in why or second.name in why
    ]
    rest = {key: value for key, value in common.items() if key != "reason"}
    twins_of = {one.name: one.twin_of for one in families}
    unlike = [
        row
        for row in without
        if row["a"].name != twins_of[row["b"].name] and row["b"].name != twins_of[row["a"].name]
    ]
    return (
        Questions(
            pd.DataFrame([{**rest, **_pair_row(row)} for row in [*rows, *unlike]]),
            _statistic(rows, len(unlike)),
            largest,
        ),
        _contrast_questions(rest, contrasts, without, largest_contrast),
    )


def _contrast_questions(
    rest: dict[str, Any],
    rows: Sequence[dict[str, Any]],
    without: Sequence[dict[str, Any]],
    largest: Floats,
) -> Questions:
    """Return rows of trained models against twins, the trained one first."""
    lost = []
    for row in without:
        first, second = row["a"], row["b"]
        if second.twin_of == first.name:
            lost.append(row)
        elif first.twin_of == second.name:
            lost.append({**row, "a": second, "b": first})
    table = [{**rest, **_contrast_row(row)} for row in [*rows, *lost]]
    return Questions(pd.DataFrame(table), _statistic(rows, len(lost)), largest)


def compared(
    chosen: Chosen,
    members: Sequence[Member],
    pairs: Sequence[tuple[int, int]],
    setting: Setting,
) -> tuple[list[dict[str, Any]], Floats]:
    """Return what is found of pairs of members, and the largest statistic in every resample.

    Parameters
    ----------
    chosen : Chosen
    members : sequence of Member
    pairs : sequence of (int, int)
        Places of the members to compare.
    setting : Setting
    """
    if not pairs:
        return [], np.zeros(0)
    known = list(chosen.known())
    weights = np.zeros((len(known), len(members)))
    for column, member in enumerate(members):
        for name in member.family.instances:
            weights[known.index(name), column] = 1 / len(member.family.instances)
    first, second = np.array(pairs).T
    drawn = chosen.resampled().mapped(
        lambda means: means @ (weights[:, first] - weights[:, second])
    )
    difference = np.array([members[a].score - members[b].score for a, b in pairs])
    sampling = drawn.spread()
    alike = (sampling.standard_error <= ROUNDING) & (np.abs(difference) <= ROUNDING)
    difference = np.where(alike, 0.0, difference)
    sampling = replace(sampling, standard_error=np.where(alike, 0.0, sampling.standard_error))
    spread, unknown = with_seeds(sampling, [(members[a], members[b]) for a, b in pairs])
    low, high = spread.interval(
        difference, setting.inference.interval, setting.range_of_differences
    )
    p = spread.two_sided_p(difference)
    scheme = np.where(
        [bool(len(members[a].seeds) > 1 or len(members[b].seeds) > 1) for a, b in pairs],
        f"{spread.scheme} and seeds", spread.scheme,
    )  # fmt: skip
    rows = [
        {
            "a": members[a], "b": members[b], "difference": difference[at],
            "standard_error": spread.standard_error[at], "interval_low": low[at],
            "interval_high": high[at], "scheme": str(scheme[at]), "p": p[at],
            "status": _status(bool(unknown[at]), bool(alike[at]), bool(np.isfinite(p[at]))),
        }
        for at, (a, b) in enumerate(pairs)
    ]  # fmt: skip
    return rows, largest_of(drawn, np.isfinite(p))


def _status(unknown: bool, alike: bool, sure: bool) -> str:
    if unknown:
        return NO_SEEDS
    if sure:
        return "ok"
    return ALIKE if alike else "the resamples do not tell how far the difference would vary"


def largest_of(drawn: Resampled, asked: NDArray[np.bool_]) -> Floats:
    """Return the largest standardised distance of any thing from its mean in every resample.

    Resamples centred on what was found stand for what chance does to differences that are 0, with
    all their dependence (Westfall & Young 1993).

    Parameters
    ----------
    drawn : Resampled
    asked : (thing,)
        Things that have a p; others have no part in the largest.

    Returns
    -------
    (resample,)
    """
    draws = drawn.widest[:, asked]
    with np.errstate(invalid="ignore", divide="ignore"):
        known = np.isfinite(draws).any(axis=0)
        draws = draws[:, known]
        deviation = np.nanstd(draws, axis=0)
        width = np.where(deviation > ROUNDING, deviation, np.inf)
        standard = np.abs(draws - np.nanmean(draws, axis=0)) / width
    return np.where(np.isfinite(standard), standard, 0.0).max(axis=1, initial=0.0)


def statistic_of(p: Floats) -> Floats:
    """Return two-sided p-values on the scale of `largest_of`, whatever their t distribution."""
    return np.asarray(norm.isf(np.asarray(p, dtype=float) / 2))


def _reason(family: ModelFamily, chosen: Chosen, reason: str) -> str:
    said = [chosen.choices.get(name, "has no RDM of this distance") for name in family.instances]
    return reason or next(one for one in said if isinstance(one, str))


def _statistic(rows: Sequence[dict[str, Any]], n_without: int) -> Floats:
    p = np.array([row["p"] for row in rows] + [np.nan] * n_without, dtype=float)
    return statistic_of(p)


NUMBERS = ("difference", "standard_error", "interval_low", "interval_high", "p")


def _numbers(row: dict[str, Any]) -> dict[str, Any]:
    return {
        **{name: row.get(name, np.nan) for name in NUMBERS},
        "scheme": row.get("scheme", ""),
        "status": row["status"],
    }


def _of(one: Member | ModelFamily) -> tuple[ModelFamily, float, str, float]:
    if isinstance(one, ModelFamily):
        return one, np.nan, "", np.nan
    several = len(one.family.instances) > 1
    return one.family, one.score, "" if several else one.layer, one.share


def _pair_row(row: dict[str, Any]) -> dict[str, Any]:
    (first, score_a, layer_a, _), (second, score_b, layer_b, _) = _of(row["a"]), _of(row["b"])
    return {
        "model_a": first.name, "model_b": second.name,
        "n_seeds_a": len(first.instances), "n_seeds_b": len(second.instances),
        "layer_a": layer_a, "layer_b": layer_b, "score_a": score_a, "score_b": score_b,
        **_numbers(row),
    }  # fmt: skip


def _contrast_row(row: dict[str, Any]) -> dict[str, Any]:
    (trained, score, layer, share), (twins, twin_score, _, _) = _of(row["a"]), _of(row["b"])
    return {
        "model": trained.name, "twins": twins.name, "n_seeds": len(twins.instances),
        "score": score, "twin_score": twin_score, "chosen_layer": layer, "chosen_share": share,
        **_numbers(row),
    }  # fmt: skip

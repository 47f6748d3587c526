"""Models against each other, each at the layer chosen for it on other stimuli."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from isomorph.inference.bootstrap import Resampled
from isomorph.inference.estimated import Row, estimated, records, without
from isomorph.inference.families import Hypotheses
from isomorph.inference.members import Member, ModelFamily, scored, with_seeds
from isomorph.inference.nested import ChosenLayers
from isomorph.inference.setting import Setting
from isomorph.measures import Floats

NO_SEEDS = "one seed says nothing of other seeds"
SAME_SCORES = "the two score the same in every resample, so nothing tells them apart"
UNTOLD = "the resamples do not tell how far the difference would vary"

Families = tuple[ModelFamily, ModelFamily]

ROUNDING = 1e-7
"""Difference of scores, or its standard error, that is rounding error: RDMs of large sets are kept
in single precision, which moves a correlation by 1e-9 and its standard error by 1e-8."""


def differences(
    chosen: ChosenLayers,
    families: Sequence[ModelFamily],
    layers: Sequence[str],
    setting: Setting,
    common: Row,
) -> tuple[Hypotheses, Hypotheses]:
    """Compare every two families, and trained models with their untrained controls.

    A family scores the mean of its instances, each at its own chosen layer. Trained models and
    their controls are compared among the contrasts alone: one hypothesis, one p.

    Parameters
    ----------
    chosen : ChosenLayers
        Every instance at its chosen layer.
    families : sequence of ModelFamily
    layers : sequence of str
        Layer of every candidate.
    setting : Setting
    common : dict
        Columns all rows share.

    Returns
    -------
    differences, contrasts : Hypotheses
        Rows of the two tables.
    """
    members = {one.family.name: one for one in scored(families, chosen, layers)}
    pairs = [(b, a) if a.control_of == b.name else (a, b) for a, b in combinations(families, 2)]
    place = {one.name: at for at, one in enumerate(families)}
    contrasts = sorted(
        (pair for pair in pairs if pair[1].control_of == pair[0].name),
        key=lambda pair: place[pair[1].name],
    )

    def hypotheses(
        pairs: Sequence[Families], columns: Callable[[ModelFamily, ModelFamily], Row]
    ) -> Hypotheses:
        sound = [pair for pair in pairs if all(one.name in members for one in pair)]
        told, largest = compared(
            chosen, [(members[a.name], members[b.name]) for a, b in sound], setting
        )
        rows = [{**common, **columns(*pair), **row} for pair, row in zip(sound, told, strict=True)]
        rows += [
            {**common, **columns(*pair), "p": np.nan, **without(_reason(pair, chosen, members))}
            for pair in pairs
            if pair not in sound
        ]
        p = np.array([row["p"] for row in rows], dtype=float)
        return Hypotheses(pd.DataFrame(rows), statistic_of(p), largest)

    def side(family: ModelFamily) -> tuple[float, str, float]:
        own = members.get(family.name)
        if own is None:
            return np.nan, "", np.nan
        return own.score, own.layer if len(family.instances) == 1 else "", own.share

    def of_two(first: ModelFamily, second: ModelFamily) -> Row:
        row: Row = {}
        for end, family in (("a", first), ("b", second)):
            score, layer, _ = side(family)
            row |= {f"model_{end}": family.name, f"n_seeds_{end}": len(family.instances),
                    f"layer_{end}": layer, f"score_{end}": score}  # fmt: skip
        return row

    def of_control(trained: ModelFamily, control: ModelFamily) -> Row:
        score, layer, share = side(trained)
        return {
            "model": trained.name, "control": control.name, "n_seeds": len(control.instances),
            "score": score, "control_score": side(control)[0],
            "chosen_layer": layer, "chosen_share": share,
        }  # fmt: skip

    others = [pair for pair in pairs if pair not in contrasts]
    return hypotheses(others, of_two), hypotheses(contrasts, of_control)


def compared(
    chosen: ChosenLayers, pairs: Sequence[tuple[Member, Member]], setting: Setting
) -> tuple[list[Row], Floats]:
    """Return what is found of pairs of members, and the largest statistic in every resample.

    Parameters
    ----------
    chosen : ChosenLayers
    pairs : sequence of (Member, Member)
    setting : Setting
    """
    if not pairs:
        return [], np.zeros(0)
    known = list(chosen.known())
    weights = np.zeros((len(known), len(pairs)))
    for column, pair in enumerate(pairs):
        for sign, member in zip((1, -1), pair, strict=True):
            for name in member.family.instances:
                weights[known.index(name), column] += sign / len(member.family.instances)
    drawn = chosen.resampled().mapped(lambda means: means @ weights)
    difference = np.array([a.score - b.score for a, b in pairs])
    sampling = drawn.spread()
    same = (sampling.standard_error <= ROUNDING) & (np.abs(difference) <= ROUNDING)
    difference = np.where(same, 0.0, difference)
    sampling = replace(sampling, standard_error=np.where(same, 0.0, sampling.standard_error))
    spread, unknown = with_seeds(sampling, pairs)
    p = spread.two_sided_p(difference)
    seeded = [len(a.seeds) > 1 or len(b.seeds) > 1 for a, b in pairs]
    sure, tested = np.isfinite(spread.standard_error), np.isfinite(p)
    told = estimated(
        difference,
        spread,
        setting.inference.interval,
        setting.range_of_differences,
        unsure=np.where(unknown, NO_SEEDS, np.where(sure, "", UNTOLD)),
        untested=np.where(tested, "", np.where(same, SAME_SCORES, UNTOLD)),
    )
    told |= {
        "difference": difference,
        "p": p,
        "scheme": np.where(seeded, f"{spread.scheme} and seeds", spread.scheme),
    }
    return records(told, len(pairs)), largest_of(drawn, tested)


def largest_of(drawn: Resampled, asked: NDArray[np.bool_]) -> Floats:
    """Return the largest standardised distance of any thing from its mean in every resample.

    Resamples centred on what was found stand for what chance does to differences that are 0, with
    all their dependence (Westfall & Young 1993).

    Parameters
    ----------
    drawn : Resampled
    asked : array of shape (thing,)
        Things that have a p; others have no part in the largest.

    Returns
    -------
    array of shape (resample,)
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
    return np.asarray(-ndtri(np.asarray(p, dtype=float) / 2))


def _reason(pair: Families, chosen: ChosenLayers, members: Collection[str]) -> str:
    """Return why one of a pair has no score."""
    lost = next(one for one in pair if one.name not in members)
    said = [chosen.choices.get(name, "has no RDM of this distance") for name in lost.instances]
    return next(one for one in said if isinstance(one, str))

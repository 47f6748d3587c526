"""Areas: models and their differences, averaged over the datasets whose regions stand for one."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import combinations
from typing import Any

import pandas as pd

from isomorph.errors import IsomorphError, did_you_mean
from isomorph.figures import main_rows
from isomorph.figures.dataset_results import DatasetResults
from isomorph.figures.main_rows import SURE, MainRows
from isomorph.inference.estimated import RowStatus
from isomorph.inference.families import by_p_alone, corrected
from isomorph.inference.random_effects import Pooled, pooled
from isomorph.report.cells import held_out
from isomorph.report.columns import Record
from isomorph.report.common_stimuli import Shared
from isomorph.report.summary import Row, row_of
from isomorph.study import Study

Contrast = tuple[str, str, str]
"""What is averaged: `model`, `training` or `difference`, and the two models; none as the second of
a `model`."""

MODEL, TRAINING, DIFFERENCE = "model", "training", "difference"

NOT_COMPARED = "not compared there"
NO_RELIABILITY = "the reliability of the region is not known"
NO_ERROR = "has no standard error beyond rounding"
ROUNDING = 1e-9
"""Share of an effect below which its error is rounding, and its weight would be without bound."""
SEVERAL_SEEDS = "several seeds have no common standard error; see their contrasts"


@dataclass(frozen=True)
class Effects:
    """What one region gives for the average: effects with their errors, or why there is none.

    Attributes
    ----------
    known : mapping of contrast to (float, float)
        Effect and standard error, both divided by the square root of the region's reliability.
    lacking : mapping of contrast to str
        Why the others have none.
    highest : str
        The model with the highest score on held-out stimuli, empty without any.
    distance : str
        Under which distance.
    reason : str
        Why the region gives nothing at all, empty where it does.
    """

    known: Mapping[Contrast, tuple[float, float]] = field(default_factory=dict)
    lacking: Mapping[Contrast, str] = field(default_factory=dict)
    highest: str = ""
    distance: str = ""
    reason: str = ""


def areas_of(study: Study, found: Sequence[DatasetResults], shared: Shared) -> pd.DataFrame:
    """Return a row per area, measure and contrast.

    Parameters
    ----------
    study : Study
    found : sequence of DatasetResults
        Of the datasets that have results.
    shared : callable
        From two datasets to why they are not independent, see `isomorph.report.common_stimuli`.

    Raises
    ------
    IsomorphError
        When an area names a region that a dataset does not have.
    """
    by_name = {results.dataset: results for results in found}
    rows: list[dict[str, Any]] = []
    for area, members in study.spec.areas.items():
        for measure in study.spec.measures:
            effects = {
                member: _effects(study, by_name, f"areas.{area}.{place}", member, measure)
                for place, member in enumerate(members)
            }
            own = [_row(study, effects, contrast, shared) for contrast in _contrasts(effects)]
            rows += _corrected([{"area": area, "measure": measure, **row} for row in own], study)
    return pd.DataFrame(rows)


def normaliser(row: Row) -> tuple[float, str]:
    """Return the square root of a region's reliability; NaN with the reason where there is none."""
    first = row.shown.rows.iloc[0]
    reliability = float(first["reliability"])
    if str(first.get("normalised_status", "ok")) != "ok":
        return math.nan, str(first.get("normalised_reason", "")) or NO_RELIABILITY
    if not reliability > 0:
        return math.nan, str(first["ceiling_reason"]) or NO_RELIABILITY
    return math.sqrt(reliability), ""


def _effects(
    study: Study, found: Mapping[str, DatasetResults], key: str, member: str, measure: str
) -> Effects:
    """Return what the region of an area gives under a measure and the first distance it has."""
    dataset, _, region = member.partition("/")
    results = found.get(dataset)
    if results is None:
        return Effects(reason="not computed yet")
    comparisons = results.table("comparisons")
    known = list(dict.fromkeys(map(str, comparisons["region"])))
    if region not in known:
        raise IsomorphError(
            f'{study.path}: {key}: {dataset} has no region "{region}", '
            f"{did_you_mean(region, known)}"
        )
    own = comparisons[(comparisons["region"] == region) & (comparisons["measure"] == measure)]
    if len(places := set(main_rows.places(own))) > 1:
        return Effects(reason=f"has {len(places)} time bins, of which none stands for the region")
    shown = main_rows.main(own, places.pop(), [measure], study.spec.distances) if places else None
    if shown is None:
        why = next((str(one) for one in own["reason"] if one), NOT_COMPARED)
        return Effects(reason=why)
    return _effects_in(row_of(results, shown), shown)


def _effects_in(row: Row, shown: MainRows) -> Effects:
    by, reason = normaliser(row)
    if reason:
        return Effects(reason=reason)
    known: dict[Contrast, tuple[float, float]] = {}
    lacking: dict[Contrast, str] = {}
    for contrast, value, one in _listed(row):
        effect, error = (float(one[name]) / by for name in (value, "standard_error"))
        if one["status"] in SURE and math.isfinite(effect) and error > ROUNDING * abs(effect):
            known[contrast] = effect, error
        else:
            lacking[contrast] = str(one["reason"]) or NO_ERROR
    for name, cell in row.cells.items():
        if len(cell.family.instances) > 1:
            lacking[MODEL, name, ""] = SEVERAL_SEEDS
    scored = {n: c.score for n, c in row.cells.items() if c.held_out and math.isfinite(c.score)}
    return Effects(
        known, lacking, max(scored, key=lambda name: scored[name], default=""), shown.distance
    )


def _listed(row: Row) -> Iterator[tuple[Contrast, str, Record]]:
    """Yield every score, training contrast and difference of a region with its row and column."""
    for name, cell in row.cells.items():
        if len(cell.family.instances) == 1:
            for one in held_out(row.tables["selection"], cell.family).to_dict("records"):
                yield (MODEL, name, ""), "score", one
    for one in row.tables["contrasts"].to_dict("records"):
        yield (TRAINING, one["model"], one["control"]), "difference", one
    for one in row.tables["differences"].to_dict("records"):
        yield (DIFFERENCE, one["model_a"], one["model_b"]), "difference", one


def _contrasts(effects: Mapping[str, Effects]) -> list[Contrast]:
    """Return what some region has an effect of, scores first."""
    every = dict.fromkeys(one for each in effects.values() for one in (*each.known, *each.lacking))
    order = (MODEL, TRAINING, DIFFERENCE)
    return sorted(every, key=lambda one: order.index(one[0]))


def _row(
    study: Study, effects: Mapping[str, Effects], contrast: Contrast, shared: Shared
) -> dict[str, Any]:
    """Return one average, with what it is an average of."""
    inside = {member: one.known[contrast] for member, one in effects.items()
              if contrast in one.known}  # fmt: skip
    left_out = {
        member: one.reason or one.lacking.get(contrast, NOT_COMPARED)
        for member, one in effects.items()
        if member not in inside
    }
    about, model, other = contrast
    average = _average(list(inside), inside, study.spec.inference.interval, shared)
    return {
        "about": about,
        "model_a": model,
        "model_b": other,
        "n_positive": sum(effect > 0 for effect, _ in inside.values()),
        "n_highest": (
            sum(one.highest == model for one in effects.values()) if about == MODEL else math.nan
        ),
        "datasets": "; ".join(f"{one} ({effects[one].distance})" for one in inside),
        "effects": "; ".join(f"{effect:.4g}" for effect, _ in inside.values()),
        "left_out": "; ".join(f"{member}: {why}" for member, why in left_out.items()),
        **asdict(average),
    }


def _average(
    members: Sequence[str],
    inside: Mapping[str, tuple[float, float]],
    coverage: float,
    shared: Shared,
) -> Pooled:
    """Return the average of regions; of datasets that are not independent, the estimate alone."""
    values = [inside[member] for member in members]
    average = pooled([one for one, _ in values], [error for _, error in values], coverage)
    datasets = [member.partition("/")[0] for member in members]
    common = [why for pair in combinations(datasets, 2) if (why := shared(*pair))]
    if not common:
        return average
    return Pooled(
        average.n_datasets,
        average.estimate,
        status=RowStatus.UNSURE,
        reason=f"{'; '.join(common)}: their errors are not independent, so that no interval holds",
    )


def _corrected(rows: Sequence[dict[str, Any]], study: Study) -> Iterator[dict[str, Any]]:
    """Yield the rows of one area and measure, p of contrasts corrected, of scores left out."""
    correction = by_p_alone(study.spec.inference.correction)
    p = pd.Series([math.nan if one["about"] == MODEL else one["p"] for one in rows], dtype=float)
    several = corrected(p.to_numpy(), correction)
    for row, plain, by in zip(rows, p, several, strict=True):
        untested = row["status"] == RowStatus.OK and row["about"] == MODEL
        yield {
            **row,
            "p": plain,
            "p_corrected": float(by),
            "correction": correction,
            "family_size": int(p.notna().sum()),
            **({"status": RowStatus.UNTESTED, "reason": "a score has no p"} if untested else {}),
        }

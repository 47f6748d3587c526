"""Every region against every layer: estimate, interval, ceilings, p and corrected p."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from isomorph.inference.bootstrap import (
    Spread,
    draw,
    mean_over_drawn,
    spread_over_both,
    spread_over_stimuli,
)
from isomorph.inference.ceilings import ceiling
from isomorph.inference.contrasts import Resampled, contrast
from isomorph.inference.gather import Candidates, Region
from isomorph.inference.multiplicity import corrected
from isomorph.inference.permutation import permutation_p
from isomorph.measures import Counts, Floats, Measure, stimulus_count
from isomorph.study import Inference


@dataclass(frozen=True)
class Setting:
    """What one comparison is made under.

    Attributes
    ----------
    dataset : str
    simulated : bool
    distance : str
    measure : Measure
    inference : Inference
    """

    dataset: str
    simulated: bool
    distance: str
    measure: Measure
    inference: Inference

    @property
    def columns(self) -> dict[str, Any]:
        """Columns every row of this setting shares."""
        return {
            "dataset": self.dataset,
            "simulated": self.simulated,
            "distance": self.distance,
            "measure": self.measure.name,
        }


@dataclass(frozen=True)
class Draws:
    """Resamples shared by every distance and measure of a dataset, so they can be compared.

    Attributes
    ----------
    stimuli : (resample, stimulus)
    subjects : dict of str to (resample, subject) or None
        By region; None where subjects are too few to resample.
    """

    stimuli: Counts
    subjects: Mapping[str, Counts | None]


def make_draws(
    regions: Mapping[str, int], n_stimuli: int, inference: Inference, rng: np.random.Generator
) -> Draws:
    """Draw stimuli, and subjects of every region that has enough of them.

    Parameters
    ----------
    regions : mapping of str to int
        Number of subjects by region.
    n_stimuli : int
    inference : Inference
    rng : Generator
    """
    n = inference.resamples
    stimuli = draw(n_stimuli, n, rng)
    subjects = {
        region: draw(count, n, rng) if count >= inference.minimum_subjects else None
        for region, count in regions.items()
    }
    return Draws(stimuli, subjects)


def compare(
    regions: Sequence[Region],
    candidates: Candidates,
    twins: Mapping[str, Sequence[str]],
    draws: Draws,
    setting: Setting,
    rng: np.random.Generator,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Compare regions with candidates under one distance and measure.

    Parameters
    ----------
    regions, candidates
        Lined up over the same stimuli.
    twins : mapping of str to sequence of str
        Untrained instances by trained model.
    draws : Draws
    setting : Setting
    rng : Generator
        For the permutations.

    Returns
    -------
    comparisons, contrasts : DataFrame
        Rows of the two tables.
    """
    measure, stacked = setting.measure, np.concatenate([region.rdms for region in regions])
    plain = measure.compare(stacked, candidates.rdms)
    drawn = measure.resampled(stacked, candidates.rdms, draws.stimuli)
    left_out = (
        measure.resampled(stacked, candidates.rdms, (draws.stimuli == 0).astype(int))
        if twins
        else drawn
    )
    ends = np.cumsum([len(region.rdms) for region in regions])[:-1]
    rows, contrasts = [], []
    for region, region_plain, region_drawn, region_left_out in zip(
        regions, np.split(plain, ends), np.split(drawn, ends, 1), np.split(left_out, ends, 1),
        strict=True,
    ):  # fmt: skip
        resampled = Resampled(
            region_plain,
            region_drawn,
            region_left_out,
            subject_draws=draws.subjects[region.name],
            n_stimuli=stimulus_count(stacked.shape[1]),
        )
        rows.append(_region_rows(region, candidates, resampled, setting, rng))
        contrasts += _contrast_rows(region, candidates, twins, resampled, setting)
    table = pd.concat(rows, ignore_index=True)
    table["p_corrected"] = corrected(table["p"].to_numpy(), setting.inference.correction)
    table["correction"] = setting.inference.correction
    table["family_size"] = int(table["p"].notna().sum())
    against = pd.DataFrame(contrasts)
    if len(against):
        against["p_corrected"] = corrected(against["p"].to_numpy(), setting.inference.correction)
        against["correction"] = setting.inference.correction
    return table, against


def region_spread(resampled: Resampled) -> Spread:
    """Return the spread of a region's estimates for all candidates."""
    over_stimuli = resampled.drawn.mean(axis=1)
    if resampled.subject_draws is None:
        return spread_over_stimuli(over_stimuli, resampled.n_stimuli)
    draws = resampled.subject_draws
    plain = np.broadcast_to(resampled.plain, resampled.drawn.shape)
    return spread_over_both(
        mean_over_drawn(resampled.drawn, draws),
        mean_over_drawn(plain, draws),
        over_stimuli,
        draws.shape[1],
        resampled.n_stimuli,
    )


def _region_rows(
    region: Region,
    candidates: Candidates,
    resampled: Resampled,
    setting: Setting,
    rng: np.random.Generator,
) -> pd.DataFrame:
    estimate: Floats = resampled.plain.mean(axis=0)
    spread = region_spread(resampled)
    n_usable = np.asarray(np.isfinite(resampled.drawn).all(axis=1).sum(axis=0))
    sound = 2 * n_usable > len(resampled.drawn)
    error = np.where(sound, spread.standard_error, np.nan)
    low, high = replace(spread, standard_error=error).interval(estimate, setting.inference.interval)
    bounds = ceiling(region, setting.measure)
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
        n_stimuli=resampled.n_stimuli,
        n_subjects=len(region.subjects),
        n_units=region.n_units,
        ceiling_lower=bounds.lower,
        ceiling_upper=bounds.upper,
        ceiling_status=bounds.status,
        p=permutation_p(
            region.rdms, candidates.rdms, setting.measure, setting.inference.permutations, rng
        ),
        status=np.where(sound, "ok", "half of the resamples or more are degenerate"),
    )


def _contrast_rows(
    region: Region,
    candidates: Candidates,
    twins: Mapping[str, Sequence[str]],
    resampled: Resampled,
    setting: Setting,
) -> list[dict[str, Any]]:
    rows = []
    members = {
        model: np.flatnonzero(candidates.table["model"] == model)
        for model in candidates.table["model"].unique()
    }
    for model, named in twins.items():
        instances = [name for name in named if name in members]
        if model not in members or not instances:
            continue  # none of their layers has an RDM of this distance
        result = contrast(resampled, members[model], {name: members[name] for name in instances})
        row: dict[str, Any] = {
            **setting.columns,
            "region": region.name,
            "model": model,
            "twins": instances[0].rsplit("-seed", 1)[0],
            "n_seeds": len(instances),
        }
        if isinstance(result, str):
            undefined = dict.fromkeys(
                ("score", "twin_score", "difference", "standard_error", "interval_low",
                 "interval_high", "p", "chosen_share"), np.nan
            )  # fmt: skip
            rows.append({**row, **undefined, "scheme": "", "chosen_layer": "", "status": result})
            continue
        low, high = result.spread.interval(np.array(result.difference), setting.inference.interval)
        rows.append(
            {
                **row,
                "score": result.score,
                "twin_score": result.twin_score,
                "difference": result.difference,
                "standard_error": float(result.spread.standard_error.item()),
                "interval_low": float(low.item()),
                "interval_high": float(high.item()),
                "scheme": result.spread.scheme,
                "p": float(result.spread.two_sided_p(np.array(result.difference)).item()),
                "chosen_layer": candidates.table["layer"].iloc[result.chosen],
                "chosen_share": result.chosen_share,
                "status": "ok" if len(instances) > 1 else "one seed says nothing of other seeds",
            }
        )
    return rows

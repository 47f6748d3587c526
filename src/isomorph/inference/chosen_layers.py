"""Models at the layer chosen for them: the nested score, and the plain maximum beside it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from isomorph.inference.estimated import Row, estimated, records, without
from isomorph.inference.nested import ChosenLayers
from isomorph.inference.permutation import Null, calibrated, one_sided
from isomorph.inference.scores import Scores
from isomorph.inference.setting import Setting
from isomorph.inference.ties import Indices, first_best

ON_STIMULI = "other stimuli"
ON_BOTH = "other stimuli and subjects"

AGAINST_CHANCE = (
    "set against chance, (value - chance) / (1 - chance), as what unrelated geometries score under "
    "this measure differs between layers: 0 for unrelated, 1 at best"
)
"""Said of scores under measures that are positive by chance."""

UNSPLIT = "half of the resamples or more have too few stimuli to choose a layer on some of them"


def members_of(models: Sequence[str]) -> dict[str, Indices]:
    """Return the places of every model's candidates, models in order of appearance."""
    names = np.asarray(models)
    return {str(name): np.flatnonzero(names == name) for name in dict.fromkeys(models)}


def selection_rows(
    scores: Scores,
    candidates: pd.DataFrame,
    null: Null,
    chosen: ChosenLayers,
    setting: Setting,
    common: Row,
) -> list[Row]:
    """Return a row per model: nested score, chosen layer, and the plain maximum beside them.

    Parameters
    ----------
    scores : Scores
    candidates : DataFrame
        `model`, `layer`, a row per candidate.
    null : Null
        Of the same region and candidates, for what the maximum over layers is by chance.
    chosen : ChosenLayers
    setting : Setting
    common : dict
        Columns all rows share.
    """
    known, layer_of = chosen.known(), candidates["layer"].tolist()
    sure: dict[str, Row] = {}
    if known:
        score, spread = np.array([own.score for own in known.values()]), chosen.resampled().spread()
        told = estimated(
            score, spread, setting.inference.interval, setting.measure.calibrated_range,
            unsure=np.where(np.isfinite(spread.standard_error), "", UNSPLIT),
        )  # fmt: skip
        sure = dict(zip(known, records(told, len(known)), strict=True))
    note = AGAINST_CHANCE if setting.measure.against_chance else ""
    rows = []
    for name, layers in members_of(candidates["model"].tolist()).items():
        place, maximum = _maximum(scores, null, layers, setting)
        row = {**common, "model": name, "n_layers": len(layers), **maximum,
               "maximum_layer": layer_of[place]}  # fmt: skip
        own = chosen.choices[name]
        if isinstance(own, str):
            rows.append({**row, "score": np.nan, "score_calibrated": np.nan,
                         "chosen_layer": "", "n_splits": 0,
                         "score_note": "", **without(own)})  # fmt: skip
            continue
        favourite, share = own.favourite
        rows.append(
            {
                **row,
                "score": own.score,
                "score_calibrated": _calibrated(own.score, null, favourite, setting),
                "n_splits": own.n_splits,
                "chosen_layer": layer_of[favourite],
                "chosen_share": share,
                "optimism": own.optimism,
                "score_note": note,
                **sure[name],
            }
        )
    return rows


def _calibrated(score: float, null: Null, layer: int, setting: Setting) -> float:
    """Return a score from the chance of the layer chosen most often (0) to a perfect match (1).

    A score that is set against chance is taken back to the scale of the measure first, on which
    shuffled stimuli are.
    """
    measure, value = setting.measure, score
    if measure.against_chance and measure.with_itself is not None:
        chance = float(null.chance[layer])
        value = chance + score * (measure.with_itself - chance)
    return calibrated(np.array([value]), null.shuffled[:, [layer]], measure).item()


def _maximum(scores: Scores, null: Null, layers: Indices, setting: Setting) -> tuple[int, Row]:
    """Return the best layer, its plain value, and what that is when stimuli are shuffled."""
    estimate = scores.estimate.mean(axis=0)
    place = int(layers[first_best(estimate[layers])])
    maximum, largest = float(estimate[place]), null.shuffled[:, layers].max(axis=1)
    observed = np.array([maximum])
    return place, {
        "maximum": maximum,
        "maximum_chance": float(np.quantile(largest, 0.95)) if len(largest) else np.nan,
        "maximum_p": float(one_sided(observed, largest[:, None])[0]),
        "maximum_calibrated": calibrated(observed, largest[:, None], setting.measure).item(),
    }

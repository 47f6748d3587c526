"""Models at the layer chosen for them: the nested score, and the plain maximum beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from isomorph.inference.nested import Chosen, Indices
from isomorph.inference.permutation import Null, calibrated, one_sided
from isomorph.inference.scores import Scores
from isomorph.inference.setting import Setting
from isomorph.inference.ties import rounded

ON_STIMULI = "other stimuli"
ON_BOTH = "other stimuli and subjects"

AGAINST_CHANCE = (
    "set against chance, (value - chance) / (1 - chance), as what unrelated geometries score under "
    "this measure differs between layers: 0 for unrelated, 1 at best"
)
"""Said of scores under measures that are positive by chance."""

UNSPLIT = "half of the resamples or more have too few stimuli to choose a layer on some of them"

NUMBERS = ("score", "standard_error", "interval_low", "interval_high", "chosen_share", "maximum",
           "maximum_chance", "maximum_p", "optimism")  # fmt: skip


def members_of(models: Sequence[str]) -> dict[str, Indices]:
    """Return the places of every model's candidates, models in order of appearance."""
    names = np.asarray(models)
    return {str(name): np.flatnonzero(names == name) for name in dict.fromkeys(models)}


def selection_rows(
    scores: Scores,
    candidates: pd.DataFrame,
    null: Null,
    chosen: Chosen,
    setting: Setting,
    common: dict[str, Any],
) -> list[dict[str, Any]]:
    """Return a row per model: nested score, chosen layer, and the plain maximum beside them.

    Parameters
    ----------
    scores : Scores
    candidates : DataFrame
        `model`, `layer`, a row per candidate.
    null : Null
        Of the same region and candidates, for what the maximum over layers is by chance.
    chosen : Chosen
    setting : Setting
    common : dict
        Columns all rows share.
    """
    known = chosen.known()
    spread = low = high = None
    score = np.array([choice.score for choice in known.values()])
    if known:
        spread = chosen.resampled().spread()
        low, high = spread.interval(score, setting.inference.interval, setting.measure.range)
    places = {name: place for place, name in enumerate(known)}
    rows = []
    for name, layers in members_of(candidates["model"].tolist()).items():
        row = {
            **common,
            "model": name,
            "n_layers": len(layers),
            **_maximum(scores, null, layers, setting),
        }
        row["maximum_layer"] = candidates["layer"].iloc[row.pop("place")]
        choice = chosen.choices[name]
        if isinstance(choice, str) or spread is None or low is None or high is None:
            nothing = dict.fromkeys(NUMBERS[:5], np.nan)
            reason = common["reason"] or choice
            empty = {
                "chosen_layer": "",
                "scheme": "",
                "n_splits": 0,
                "optimism": np.nan,
                "score_note": "",
            }
            rows.append({**row, **nothing, **empty, "status": reason})
            continue
        place, share = choice.favourite
        at = places[name]
        rows.append(
            {
                **row,
                "score": score[at],
                "standard_error": spread.standard_error[at],
                "interval_low": low[at],
                "interval_high": high[at],
                "scheme": spread.scheme,
                "n_splits": choice.n_splits,
                "chosen_layer": candidates["layer"].iloc[place],
                "chosen_share": share,
                "optimism": choice.optimism,
                "score_note": "" if setting.measure.independence == "0" else AGAINST_CHANCE,
                "status": "ok" if np.isfinite(spread.standard_error[at]) else UNSPLIT,
            }
        )
    return [{key: value for key, value in row.items() if key != "reason"} for row in rows]


def _maximum(scores: Scores, null: Null, layers: Indices, setting: Setting) -> dict[str, Any]:
    """Return the plain maximum over layers, and what it is when stimuli are shuffled."""
    estimate = scores.estimate[:, layers].mean(axis=0)
    place = int(layers[rounded(np.where(np.isfinite(estimate), estimate, -np.inf)).argmax()])
    maximum = float(scores.estimate[:, place].mean())
    largest = null.shuffled[:, layers].max(axis=1)
    observed = np.array([maximum])
    return {
        "place": place,
        "maximum": maximum,
        "maximum_chance": float(np.quantile(largest, 0.95)) if len(largest) else np.nan,
        "maximum_p": float(one_sided(observed, largest[:, None])[0]),
        "maximum_calibrated": calibrated(observed, largest[:, None], setting.measure).item(),
    }

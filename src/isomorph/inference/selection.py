"""Layer selection, nested: chosen on some stimuli, scored on the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from isomorph.inference.bootstrap import Resampled, resampled_means
from isomorph.inference.permutation import Null, one_sided
from isomorph.inference.setting import Setting
from isomorph.inference.ties import rounded
from isomorph.measures import Counts, Floats

Indices = NDArray[np.intp]

ON_STIMULI = "other stimuli"
ON_BOTH = "other stimuli and subjects"

HIGHER = (
    "this measure is the higher the fewer the stimuli: score and interval are those of parts, not "
    "to be set against estimates on all stimuli"
)
"""Said of scores under measures that are positive by chance."""

NUMBERS = ("score", "standard_error", "interval_low", "interval_high", "chosen_share", "maximum",
           "maximum_chance", "maximum_p", "optimism")  # fmt: skip


@dataclass(frozen=True)
class Scores:
    """One region against all candidates, under every draw and split.

    Attributes
    ----------
    plain : (subject, candidate)
        On all stimuli.
    drawn : (resample, subject, candidate)
        On the stimuli each resample drew.
    chosen_on, scored_on : (split, subject, candidate)
        On either side of each split of the stimuli; what chooses is `ties.rounded`.
    subject_draws : (resample, subject) or None
        None where subjects are too few to resample.
    n_stimuli : int
    """

    plain: Floats
    drawn: Floats
    chosen_on: Floats
    scored_on: Floats
    subject_draws: Counts | None
    n_stimuli: int


@dataclass(frozen=True)
class Choice:
    """The layer of one model, chosen on some stimuli and scored on the others.

    Attributes
    ----------
    layers : (layer,)
        Candidates chosen in any split.
    share : (subject, layer)
        How often each was, for each subject; over layers the shares add up to 1.
    score : (subject,)
        Mean over splits.
    optimism : float
        By how much the layer that is best on all stimuli scores more on the same held-out parts,
        because they had a say in choosing it; 0 for a model with one layer.
    n_splits : int
    """

    layers: Indices
    share: Floats
    score: Floats
    optimism: float
    n_splits: int

    @property
    def favourite(self) -> tuple[int, float]:
        """The candidate most often chosen, and how often."""
        share = self.share.mean(axis=0)
        return int(self.layers[share.argmax()]), float(share.max())

    def resampled(self, scores: Scores) -> tuple[Floats, Floats]:
        """Return the model's score in every resample `(resample, subject)`, and on all stimuli.

        Each layer counts as often as it was chosen. So the spread is that of a score averaged
        over all choices the splits could have led to, without the noise of single choices, which
        Schütt et al. (2023, https://doi.org/10.7554/eLife.82566) subtract from their bootstrap of
        cross-validated scores.
        """
        drawn = np.einsum("bsl,sl->bs", scores.drawn[:, :, self.layers], self.share)
        return drawn, (scores.plain[:, self.layers] * self.share).sum(axis=1)


def choose(scores: Scores, members: Indices, *, other_subjects: bool = False) -> Choice | str:
    """Choose a model's layer on one side of every split and score it on the other.

    Parameters
    ----------
    scores : Scores
    members : (layer,)
        The model's candidates.
    other_subjects : bool
        Whether the layer a subject is scored at is chosen by the other subjects alone.

    Returns
    -------
    Choice or str
        Why there is none: no layer has a number in half of the splits.
    """
    if not len(scores.chosen_on):
        return "no split of the stimuli"
    chosen_on, scored_on = scores.chosen_on[:, :, members], scores.scored_on[:, :, members]
    finite = np.asarray(np.isfinite(chosen_on + scored_on).all(axis=1))
    # A layer that is undefined in most splits, such as one with a constant RDM, cannot win.
    defined = finite.mean(axis=0) > 1 / 2
    if not defined.any():
        return "a model has no layer that can be scored"
    enough = np.asarray(finite[:, defined].all(axis=1))
    if 2 * enough.sum() < len(enough):
        return "too few stimuli to choose a layer on some and score it on others"
    chosen_on = chosen_on[enough][:, :, defined]
    scored_on = scored_on[enough][:, :, defined]
    if other_subjects:
        total = chosen_on.sum(axis=1, keepdims=True)
        criterion = (total - chosen_on) / (chosen_on.shape[1] - 1)
    else:
        criterion = np.broadcast_to(chosen_on.mean(axis=1, keepdims=True), chosen_on.shape)
    best = criterion.argmax(axis=2)
    score = np.take_along_axis(scored_on, best[:, :, None], axis=2)[:, :, 0].mean(axis=0)
    share = (best[:, :, None] == np.arange(criterion.shape[2])).mean(axis=0)
    used = share.any(axis=0)
    best_of_all = rounded(scores.plain[:, members[defined]].mean(axis=0)).argmax()
    optimism = float(scored_on[:, :, best_of_all].mean() - score.mean())
    return Choice(members[defined][used], share[:, used], score, optimism, int(enough.sum()))


@dataclass(frozen=True)
class Chosen:
    """Every model at its chosen layer, in one region.

    Attributes
    ----------
    choices : dict of str to Choice or str
        By model, or why there is none.
    """

    choices: dict[str, Choice | str]

    def known(self) -> dict[str, Choice]:
        """Return the models that have a choice."""
        return {name: one for name, one in self.choices.items() if not isinstance(one, str)}

    def resampled(self, scores: Scores) -> Resampled:
        """Return the known models' scores under every kind of draw, in their order."""
        pairs = [choice.resampled(scores) for choice in self.known().values()]
        return resampled_means(
            np.stack([drawn for drawn, _ in pairs], axis=2),
            np.stack([plain for _, plain in pairs], axis=1),
            scores.subject_draws,
            scores.n_stimuli,
        )


def members_of(models: Sequence[str]) -> dict[str, Indices]:
    """Return the places of every model's candidates, models in order of appearance."""
    names = np.asarray(models)
    return {str(name): np.flatnonzero(names == name) for name in dict.fromkeys(models)}


def choose_all(scores: Scores, members: dict[str, Indices], *, other_subjects: bool) -> Chosen:
    """Choose the layer of every model."""
    return Chosen(
        {
            name: choose(scores, layers, other_subjects=other_subjects)
            for name, layers in members.items()
        }
    )


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
    score = np.array([choice.score.mean() for choice in known.values()])
    if known:
        spread = chosen.resampled(scores).spread()
        low, high = spread.interval(score, setting.inference.interval, setting.measure.range)
    places = {name: place for place, name in enumerate(known)}
    rows = []
    for name, layers in members_of(candidates["model"].tolist()).items():
        row = {**common, "model": name, "n_layers": len(layers), **_maximum(scores, null, layers)}
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
                "score_note": "" if setting.measure.independence == "0" else HIGHER,
                "status": "ok",
            }
        )
    return [{key: value for key, value in row.items() if key != "reason"} for row in rows]


def _maximum(scores: Scores, null: Null, layers: Indices) -> dict[str, Any]:
    """Return the plain maximum over layers, and what it is when stimuli are shuffled."""
    estimate = scores.plain[:, layers].mean(axis=0)
    place = int(layers[rounded(np.where(np.isfinite(estimate), estimate, -np.inf)).argmax()])
    maximum = float(scores.plain[:, place].mean())
    largest = null.shuffled[:, layers].max(axis=1)
    return {
        "place": place,
        "maximum": maximum,
        "maximum_chance": float(np.quantile(largest, 0.95)) if len(largest) else np.nan,
        "maximum_p": float(one_sided(np.array([maximum]), largest[:, None])[0]),
    }

"""Tables of predictions: layers and models, single units, models against each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from isomorph.inference.analysis import Analysis
from isomorph.inference.bootstrap import Resampled, joined, resampled_means
from isomorph.inference.differences import compared, statistic_of
from isomorph.inference.estimated import Row, estimated, records, unsure_of, without
from isomorph.inference.families import Hypotheses, answered
from isomorph.inference.independence import against_independence
from isomorph.inference.members import scored
from isomorph.inference.nested import ChosenLayers, Nested
from isomorph.inference.permutation import Null
from isomorph.inference.predict.predicting import Chosen, Predicted, Task
from isomorph.inference.predict.recorded import Population
from isomorph.inference.predict.scored import Scores, quartiles
from isomorph.inference.setting import Setting
from isomorph.inference.ties import rounded
from isomorph.measures import FEATURES, MEASURES

MOST_ROWS = 50_000
"""Rows of single units up to which they are told at every layer, not at the chosen ones alone."""

LIMITS = (-1.0, 1.0)

DIFFERENT = (-2.0, 2.0)
"""What a difference of two correlations can be."""

LAYER, CHOSEN = "layer", "chosen"

NO_CHOICE = "no layer could be judged within the stimuli that predict"

NOT_SHUFFLED = "the layers are tested one by one"


@dataclass(frozen=True)
class Tables:
    """Turns what was found into rows.

    Attributes
    ----------
    analysis : Analysis
    task : Task
    unsure, untested : str
        Why resamples, or shuffles, tell nothing; empty where they do.
    """

    analysis: Analysis
    task: Task
    unsure: str
    untested: str

    def all(self, found: Sequence[Predicted]) -> dict[str, pd.DataFrame]:
        """Return `predictions`, `units` and `prediction_differences`."""
        rows, differences, units = list[Hypotheses](), list[Hypotheses](), list[pd.DataFrame]()
        reverse = next((one for one in found if one.method.reverse), None)
        for one in found:
            for place in self.task.recorded.places:
                other = None if reverse is None or one is reverse else reverse
                rows += self._rows(one, place, other)
                differences.append(self._differences(one, place))
                if not one.method.reverse:
                    units += self._units(one, place)
            rows.append(self._left_out(one.method.name))
        inference = self.analysis.inference
        return {
            "predictions": answered(rows, inference),
            "units": pd.concat(units, ignore_index=True) if units else pd.DataFrame(),
            "prediction_differences": answered(differences, inference),
        }

    def about(self, one: Predicted, place: str) -> Row:
        """Return what all rows about a region and time bin say."""
        populations = self.task.recorded.places[place]
        return {
            "dataset": self.analysis.dataset, "simulated": self.analysis.simulated,
            **populations[0].columns, "measure": one.method.name,
            "n_stimuli": len(self.task.recorded.values), "n_subjects": len(populations),
            "n_parts": len(self.task.folds),
        }  # fmt: skip

    def resampled(self, scores: Scores, place: str) -> Resampled:
        """Return an estimate under every kind of draw."""
        drawn = self.task.drawn
        return scores.resampled(drawn.subjects[place], drawn.n_groups)

    def _rows(self, one: Predicted, place: str, reverse: Predicted | None) -> list[Hypotheses]:
        common, table = self.about(one, place), self.task.candidates.table
        every = one.layers[place]
        layers = pd.DataFrame(
            [{**common, **row, "kind": LAYER, **self._told(scores),
              **self._asymmetry(scores, reverse.layers[place][at] if reverse else None, place)}
             for at, (scores, row) in enumerate(zip(every, table.to_dict("records"), strict=True))]
        )  # fmt: skip
        null = Null(
            np.array([scores.estimate for scores in every]),
            np.stack(one.shuffled[place], axis=1),
        )
        layers = layers.assign(**self._sure([*every], place), chance=null.chance)
        tested = against_independence(layers, null, self.analysis.inference)
        chosen = [
            self._chosen(common, model, own, place)
            for model, own in one.chosen[place].items()
        ]  # fmt: skip
        # Those of models at chosen layers have no p, and no part in the largest statistic.
        return [tested, Hypotheses(pd.DataFrame(chosen), None, np.zeros(0))]

    def _left_out(self, measure: str) -> Hypotheses:
        """Return a row for every region of a subject in which nothing can be predicted."""
        rows = [
            {"dataset": self.analysis.dataset, "simulated": self.analysis.simulated,
             **one.columns, "measure": measure, "kind": CHOSEN, "p": np.nan, "n_resamples": 0,
             **without(f"{one.subject}: {why}")}
            for one, why in self.task.recorded.left_out
        ]  # fmt: skip
        return Hypotheses(pd.DataFrame(rows), None, np.zeros(0))

    def _told(self, scores: Scores) -> Row:
        """Return what a row says of its units."""
        row: Row = {
            "estimate": rounded(np.array([scores.estimate]))[0], "pooled": scores.pooled.mean(),
            "penalty": scores.penalty, "n_units": scores.n_units,
        }  # fmt: skip
        names = ("r", "r2", "normalised")
        for name in names:
            known = (np.nan,) * 3
            if scores.units is not None:
                known = quartiles(getattr(scores.units, name))
            row |= {f"{name}_lower": known[0], f"{name}_median": known[1],
                    f"{name}_upper": known[2]}  # fmt: skip
        return row

    def _sure(self, several: Sequence[Scores], place: str) -> Row:
        """Return columns of how sure estimates are: `(thing,)`."""
        drawn = [self.resampled(scores, place) for scores in several]
        estimate = np.array([scores.estimate for scores in several])
        whole = _joined(drawn)
        usable, unsure = unsure_of(whole.over_stimuli, self.unsure)
        told = estimated(
            estimate, whole.spread(LIMITS), self.analysis.inference.interval, LIMITS,
            unsure=unsure, untested=self.untested,
        )  # fmt: skip
        return {**told, "n_resamples": usable}

    def _chosen(self, common: Row, model: str, own: Chosen, place: str) -> Row:
        layer, share = own.favourite
        row = {**common, "model": model, "kind": CHOSEN, "p": np.nan, "p_note": NOT_SHUFFLED}
        if layer < 0:
            return {**row, **without(NO_CHOICE), "n_resamples": 0}
        told = self.task.candidates.table.iloc[layer]
        sure = records(self._sure([own.scores], place), 1)[0]
        return {
            **row, "layer": told["layer"], "depth": told["depth"], "chosen_share": share,
            **self._told(own.scores), **sure,
        }  # fmt: skip

    def _asymmetry(self, scores: Scores, other: Scores | None, place: str) -> Row:
        """Return by how much more a region is predicted from a layer than the layer from it."""
        nothing = dict.fromkeys(("asymmetry", "asymmetry_low", "asymmetry_high"), np.nan)
        if other is None or not np.isfinite(scores.pooled).all():
            return nothing
        each, drawn = scores.pooled - other.pooled, scores.pooled_drawn - other.pooled_drawn
        draws = self.task.drawn
        means = resampled_means(
            drawn[..., None], each[:, None], draws.subjects[place], draws.n_groups
        )
        told = estimated(
            np.array([each.mean()]), means.spread(), self.analysis.inference.interval, DIFFERENT,
            unsure=self.unsure,
        )  # fmt: skip
        return {
            "asymmetry": each.mean(), "asymmetry_low": told["interval_low"][0],
            "asymmetry_high": told["interval_high"][0],
        }  # fmt: skip

    def _differences(self, one: Predicted, place: str) -> Hypotheses:
        """Compare every two families of models, each at its chosen layers, on the same draws."""
        analysis, common = self.analysis, self.about(one, place)
        choices: dict[str, Nested | str] = {
            model: self._nested(own, place) for model, own in one.chosen[place].items()
        }
        chosen = ChosenLayers(choices)
        layers = self.task.candidates.table["layer"].tolist()
        members = {own.family.name: own for own in scored(analysis.families, chosen, layers)}
        pairs = list(combinations(analysis.families, 2))
        sound = [pair for pair in pairs if all(own.name in members for own in pair)]
        setting = Setting(
            analysis.dataset, analysis.simulated, FEATURES, MEASURES[one.method.name],
            analysis.inference,
        )  # fmt: skip
        told, largest = compared(
            chosen, [(members[a.name], members[b.name]) for a, b in sound], setting
        )
        rows = []
        for (a, b), row in zip(sound, told, strict=True):
            sides: dict[str, Any] = {}
            for end, family in (("a", a), ("b", b)):
                own = members[family.name]
                sides |= {f"model_{end}": family.name, f"n_seeds_{end}": len(family.instances),
                          f"layer_{end}": own.layer if len(family.instances) == 1 else "",
                          f"score_{end}": own.score}  # fmt: skip
            rows.append({**common, **sides, **row})
        for a, b in pairs:
            if (a, b) not in sound:
                rows.append({**common, "model_a": a.name, "model_b": b.name, "p": np.nan,
                             **without(NO_CHOICE)})  # fmt: skip
        p = np.array([row["p"] for row in rows], dtype=float)
        return Hypotheses(pd.DataFrame(rows), statistic_of(p), largest)

    def _nested(self, own: Chosen, place: str) -> Nested | str:
        layer, share = own.favourite
        if layer < 0 or not np.isfinite(own.scores.estimate):
            return NO_CHOICE
        draws = self.resampled(own.scores, place)
        n_parts = len(own.layers)
        return Nested(
            np.array([layer]), np.array([share]), own.scores.estimate, 0.0, n_parts, draws
        )

    def _units(self, one: Predicted, place: str) -> list[pd.DataFrame]:
        """Return a row per unit at the chosen layer of each model, and at every layer if few."""
        common, table = self.about(one, place), self.task.candidates.table
        populations = self.task.recorded.places[place]
        found = []
        for model, own in one.chosen[place].items():
            layer, _ = own.favourite
            if layer >= 0:
                name = table["layer"].iloc[layer]
                about = {**common, "model": model, "layer": name, "kind": CHOSEN}
                found.append(self._each(about, own.scores, populations))
        n_units = sum(len(own.units) for own in self.task.recorded.populations)
        if len(table) * n_units <= MOST_ROWS:
            for at, scores in enumerate(one.layers[place]):
                own_row = {str(key): value for key, value in table.iloc[at].items()}
                about = {**common, **own_row, "kind": LAYER}
                found.append(self._each(about, scores, populations))
        return found

    def _each(self, about: Row, scores: Scores, populations: Sequence[Population]) -> pd.DataFrame:
        units = scores.units
        assert units is not None, "units are predicted"
        reliability = np.concatenate(
            [self.task.recorded.reliability[one.at] for one in populations]
        )
        names = [(one.subject, unit) for one in populations for unit in one.units]
        subject, unit = zip(*names, strict=True)
        known = np.isfinite(units.r)
        kept = np.concatenate(
            [self.task.recorded.kept[:, one.at].any(axis=0) for one in populations]
        )
        why = np.where(kept, "the unit or its prediction does not vary", "not reliable enough")
        return pd.DataFrame(
            {
                **about, "subject": subject, "unit": unit, "r": units.r, "r2": units.r2,
                "reliability": reliability, "normalised": units.normalised,
                "penalty": units.penalty, "status": np.where(known, "ok", "undefined"),
                "reason": np.where(known, "", why),
            }
        )  # fmt: skip


def _joined(several: Sequence[Resampled]) -> Resampled:
    """Return several things under the same draws as one; the widest kind that all have."""
    kinds = {one.over_both is None for one in several}
    if len(kinds) > 1:
        several = [
            Resampled(one.over_stimuli, None, None, one.n_stimuli, one.n_subjects)
            for one in several
        ]
    return joined(several)


def nothing_there(analysis: Analysis, names: Sequence[str], why: str) -> dict[str, pd.DataFrame]:
    """Return tables that say why nothing was predicted: a row per method and model."""
    rows = [
        {"dataset": analysis.dataset, "simulated": analysis.simulated, "measure": name,
         "model": model, "kind": CHOSEN, "p": np.nan, "n_resamples": 0, **without(why)}
        for name in names
        for family in analysis.families
        for model in family.instances
    ]  # fmt: skip
    return {
        "predictions": answered([Hypotheses(pd.DataFrame(rows))], analysis.inference),
        "units": pd.DataFrame(),
        "prediction_differences": pd.DataFrame(),
        "prediction_partition": pd.DataFrame(),
    }

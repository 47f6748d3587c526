"""What explanations are made of: regions, layers by model, halves, and what rows have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from isomorph.inference.bootstrap import Resampled, mean_over_drawn
from isomorph.inference.explain.splits import Half, Indices, pairs_among
from isomorph.inference.gather import Candidates, Region
from isomorph.inference.groups import group_count, too_few_groups
from isomorph.inference.spread import UNLIMITED, Spread
from isomorph.measures import Counts, Floats
from isomorph.study import Inference, Study

STAND_INS = {"rho_a": "spearman"}
"""Measures of which a residual has no sense, and what is computed in their place. rho-a charges
for ties that a model predicts, and a residual predicts none; without ties it is Spearman's."""

TOO_FEW = "too few stimuli to choose a layer on some and score it on others"


@dataclass(frozen=True)
class Roles:
    """Which model instances are explained with, held constant, and shared out.

    Attributes
    ----------
    models : tuple of str
        Each is asked what it explains beyond the controls.
    controls : tuple of str
    partitions : tuple of tuple of str
        Groups of two to four models whose shares of the variance are told apart.
    """

    models: tuple[str, ...]
    controls: tuple[str, ...]
    partitions: tuple[tuple[str, ...], ...]


def roles_of(study: Study, dataset: str) -> Roles:
    """Return the roles of a dataset's models, by the settings or by what the models are.

    A family of seeds is represented by its first. Models that speak of other datasets have no
    role here.
    """
    chosen = study.spec.inference.explain
    compared = [(name, model) for name, model, _ in study.instances_for(dataset)]
    first: dict[str, str] = {}
    for name, model in compared:
        first.setdefault(model.name, name)
    known = {**{name: name for name, _ in compared}, **first}

    def named(wanted: Sequence[str], otherwise: Sequence[str]) -> tuple[str, ...]:
        if not wanted:
            return tuple(otherwise)
        return tuple(dict.fromkeys(known[name] for name in wanted if name in known))

    spec = {name: study.models[family] for family, name in first.items()}
    baselines = [name for name, model in spec.items() if model.source.startswith("baseline/")]
    models = named(chosen.models, list(spec))
    controls = named(chosen.controls, baselines)
    trained = [
        name
        for name in models
        if name in spec
        and name not in controls
        and not (spec[name].twin_of or spec[name].source.startswith(("untrained/", "baseline/")))
    ]
    if chosen.partition:
        groups = [named(chosen.partition, ())]
    else:
        groups = [(name, *controls[:3]) for name in trained] or [controls[:4]]
    return Roles(models, controls, tuple(group for group in groups if len(group) > 1))


@dataclass(frozen=True)
class Material:
    """One dataset under one distance: what every explanation starts from.

    Attributes
    ----------
    regions : sequence of Region
    candidates : Candidates
        Every layer of every model.
    halves : list of Half
    stimulus_draws : (resample, stimulus)
        Whole groups are drawn.
    redrawn : (resample, half, stimulus)
        Halves of every resample, to choose on; see `halved`.
    subject_draws : mapping of str to (resample, subject) or None
        By region, or time bin of it: by label.
    groups : (stimulus,)
        Which stimuli are drawn as one.
    inference : Inference
    columns : dict
        What every row says: dataset, simulated, distance.
    """

    regions: Sequence[Region]
    candidates: Candidates
    halves: Sequence[Half]
    stimulus_draws: Counts
    redrawn: Counts
    subject_draws: Mapping[str, Counts | None]
    groups: Indices
    inference: Inference
    columns: Mapping[str, Any]

    @property
    def n_stimuli(self) -> int:
        return self.stimulus_draws.shape[1]

    @property
    def n_groups(self) -> int:
        return group_count(self.groups)

    @cached_property
    def subjects(self) -> Floats:
        """RDMs of all subjects of all regions, one below the other: `(subject, pair)`."""
        return np.concatenate([region.rdms for region in self.regions])

    @cached_property
    def rows(self) -> dict[str, slice]:
        """Which of `subjects` are a region's."""
        ends = np.cumsum([0, *(len(region.rdms) for region in self.regions)]).tolist()
        return {
            region.label: slice(start, end)
            for region, start, end in zip(self.regions, ends[:-1], ends[1:], strict=True)
        }

    @cached_property
    def places(self) -> dict[str, dict[str, Any]]:
        """What rows of tables say of where and when a region is, by label."""
        return {region.label: region.columns for region in self.regions}

    @cached_property
    def layers(self) -> dict[str, Indices]:
        """Candidates of each model instance, in depth order."""
        table = self.candidates.table.reset_index(drop=True)
        return {
            str(model): own.sort_values("depth", kind="stable").index.to_numpy()
            for model, own in table.groupby("model", sort=False)
        }

    @cached_property
    def half_pairs(self) -> list[tuple[Indices, Indices]]:
        """Pairs among the stimuli of each half."""
        return [
            (pairs_among(fitted, self.n_stimuli), pairs_among(scored, self.n_stimuli))
            for fitted, scored in self.halves
        ]

    def layer_name(self, candidate: int) -> str:
        return str(self.candidates.table["layer"].iloc[candidate])

    @property
    def unsure(self) -> str:
        """Why resamples tell nothing; empty where they do."""
        return too_few_groups(self.groups)

    def resampled(
        self,
        region: str,
        drawn: Floats,
        by_drawn: Floats | None = None,
        by_subjects: Floats | None = None,
    ) -> Resampled:
        """Average over subjects under every kind of draw.

        Parameters
        ----------
        region : str
        drawn : (resample, subject, statistic)
            In the first resamples of the stimuli.
        by_drawn, by_subjects : likewise, or None
            As the subjects each resample drew have it, in the resample and on the stimuli as they
            are; None where subjects are not resampled.
        """
        over_stimuli, draws = drawn.mean(axis=1), self.subject_draws[region]
        if draws is None or by_drawn is None or by_subjects is None:
            return Resampled(over_stimuli, None, None, self.n_groups, drawn.shape[1])
        over_both, over_subjects = (
            mean_over_drawn(values, draws[: len(values)]) for values in (by_drawn, by_subjects)
        )
        return Resampled(over_stimuli, over_subjects, over_both, self.n_groups, drawn.shape[1])

    def told(
        self,
        estimate: Floats,
        resampled: Resampled,
        limits: tuple[float, float] = UNLIMITED,
        no_p: str = "",
        halves: Floats | None = None,
    ) -> list[dict[str, Any]]:
        """Return what rows say of how sure estimates are.

        Parameters
        ----------
        estimate : (statistic,)
        resampled : Resampled
            The same under every kind of draw.
        limits : tuple of float
            What a statistic can be.
        no_p : str
            Why there is no p; empty where there is.
        halves : (half, statistic), optional
            What estimates are the means of, the two halves of a halving one after another. How far
            random halvings differ is added to the spread.
        """
        spread = resampled.spread(limits)
        if halves is not None:
            spread = _wider(spread, luck_of_halvings(halves))
        low, high = spread.interval(estimate, self.inference.interval, limits)
        p = np.full(len(estimate), np.nan) if no_p else spread.two_sided_p(estimate)
        usable = np.isfinite(resampled.over_stimuli).sum(axis=0)
        n_draws = len(resampled.over_stimuli)
        rows = []
        for number, numbers in enumerate(zip(spread.standard_error, low, high, p, strict=True)):
            status = self.unsure
            if not status and 2 * usable[number] <= n_draws:
                status = "half of the resamples or more are degenerate"
            sound = not status and np.isfinite(estimate[number])
            named = zip(("standard_error", "interval_low", "interval_high", "p"), numbers,
                        strict=True)  # fmt: skip
            rows.append(
                {
                    **{name: value if sound else np.nan for name, value in named},
                    "scheme": spread.scheme,
                    "p_note": no_p,
                    "n_resamples": int(usable[number]),
                    "status": status or "ok",
                }
            )
        return rows


def luck_of_halvings(halves: Floats) -> Floats:
    """Return the variance `(statistic,)` that a mean over random halvings has because they are few.

    Parameters
    ----------
    halves : (half, statistic)
        The two halves of a halving one after another. One halving alone cannot tell.
    """
    means = halves.reshape(-1, 2, halves.shape[1]).mean(axis=1)
    if len(means) < 2:
        return np.zeros(halves.shape[1])
    luck: Floats = means.var(axis=0, ddof=1) / len(means)
    return luck


def _wider(spread: Spread, variance: Floats) -> Spread:
    """Add variance to a spread, on Fisher's scale in proportion."""
    error = np.sqrt(spread.standard_error**2 + variance)
    if spread.fisher_error is None:
        return replace(spread, standard_error=error)
    ratio = np.divide(
        error, spread.standard_error, out=np.ones_like(error), where=spread.standard_error > 0
    )
    return replace(spread, standard_error=error, fisher_error=spread.fisher_error * ratio)

"""What explanations are made of: regions, layers by model, halves, and what rows have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from isomorph.inference.bootstrap import Resampled, draw, mean_over_drawn
from isomorph.inference.estimated import Row, estimated, records, unsure_of, without
from isomorph.inference.explain.layer_choice import (
    ChoosingScores,
    LayerChoice,
    choosing_scores,
    of_choices,
)
from isomorph.inference.gather import Candidates, Region
from isomorph.inference.groups import Labels, draw_groups, group_count, too_few_groups
from isomorph.inference.on_axes import OnAxes
from isomorph.inference.setting import Setting, signs_where_enough
from isomorph.inference.spread import UNLIMITED, Spread
from isomorph.inference.stimulus_splits import Half, halved, halves, pairs_among
from isomorph.inference.ties import Indices
from isomorph.measures import Counts, Floats, Measure


@dataclass(frozen=True)
class Roles:
    """Which model instances are explained with, held constant, and shared out.

    Attributes
    ----------
    models : tuple of str
        Each is asked what it explains beyond the controls.
    controls : tuple of str
    partitions : tuple of tuple of str
        Groups of two to four models whose shares of the variance are separated.
    """

    models: tuple[str, ...]
    controls: tuple[str, ...]
    partitions: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Material:
    """One dataset under one distance: what every explanation starts from.

    Attributes
    ----------
    regions : sequence of Region
    candidates : Candidates
        Every layer of every model.
    halves : list of Half
    stimulus_draws : array of shape (resample, stimulus)
        Whole groups are drawn.
    redrawn : array of shape (resample, half, stimulus)
        Halves of every resample, to choose on; see `halved`.
    subject_draws : mapping of str to array of shape (resample, subject) or None
        By region, or time bin of it: by label.
    groups : array of shape (stimulus,)
        Which stimuli are drawn as one.
    setting : Setting
        Its measure is replaced by each that explains.
    signs : array of shape (stimulus, stimulus) or None
        See `isomorph.inference.setting.Draws`.
    along : OnAxes or None
        Where stimuli follow one another.
    """

    regions: Sequence[Region]
    candidates: Candidates
    halves: Sequence[Half]
    stimulus_draws: Counts
    redrawn: Counts
    subject_draws: Mapping[str, Counts | None]
    groups: Labels
    setting: Setting
    signs: Floats | None = None
    along: OnAxes | None = None

    @property
    def n_stimuli(self) -> int:
        return self.stimulus_draws.shape[1]

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
    def places(self) -> dict[str, Row]:
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

    def choosing(self, measure: Measure) -> ChoosingScores:
        """Return what layers are chosen by under a measure."""
        choosing = [pairs for pairs, _ in self.half_pairs]
        return choosing_scores(
            self.subjects, self.candidates.rdms, choosing, self.redrawn, measure, self.signs
        )

    def choose(self, by: ChoosingScores, region: str, candidates: Indices) -> LayerChoice | str:
        """Return the choice among some layers in a region, or why there is none."""
        return by.choose(self.rows[region], candidates, self.subject_draws[region])

    def columns(self, region: str) -> Row:
        """Return what every row about a region says."""
        rows = self.rows[region]
        shared = {key: value for key, value in self.setting.columns.items() if key != "measure"}
        return {**shared, **self.places[region], "n_stimuli": self.n_stimuli,
                "n_subjects": rows.stop - rows.start}  # fmt: skip

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
        drawn : array of shape (resample, subject, statistic)
            In the first resamples of the stimuli.
        by_drawn, by_subjects : likewise, or None
            As the subjects each resample drew have it, in the resample and on the stimuli as they
            are; None where subjects are not resampled.
        """
        over_stimuli, draws = drawn.mean(axis=1), self.subject_draws[region]
        over_both = over_subjects = None
        if draws is not None and by_drawn is not None and by_subjects is not None:
            over_both, over_subjects = (
                mean_over_drawn(values, draws[: len(values)]) for values in (by_drawn, by_subjects)
            )
        n_groups = group_count(self.groups)
        return Resampled(over_stimuli, over_subjects, over_both, n_groups, drawn.shape[1])

    def choices_resampled(
        self,
        region: str,
        choices: Sequence[LayerChoice],
        drawn: Callable[[Indices], Floats],
        whole: Callable[[Indices], Floats],
    ) -> Resampled:
        """Return statistics of the chosen layers under every kind of draw.

        Parameters
        ----------
        region : str
        choices : sequence of LayerChoice
            Of the models a statistic is about.
        drawn, whole : callable
            Of layers `(resample, model)`, statistics `(resample, subject, statistic)`, in the
            resample of the stimuli or on the stimuli as they are.
        """
        values = of_choices(choices, "drawn", drawn)
        if self.subject_draws[region] is None:
            return self.resampled(region, values)
        by_drawn = of_choices(choices, "by_drawn", drawn)
        return self.resampled(region, values, by_drawn, of_choices(choices, "by_subjects", whole))

    def told(
        self,
        estimate: Floats,
        resampled: Resampled,
        limits: tuple[float, float] = UNLIMITED,
        no_p: str = "",
        halves: Floats | None = None,
    ) -> list[Row]:
        """Return what rows say of how sure estimates are.

        Parameters
        ----------
        estimate : array of shape (statistic,)
        resampled : Resampled
            The same under every kind of draw.
        limits : tuple of float
            What a statistic can be.
        no_p : str
            Why there is no p; empty where there is.
        halves : array of shape (half, statistic), optional
            What estimates are the means of, the two halves of a halving one after another. How far
            random halvings differ is added to the spread.
        """
        spread = resampled.spread(limits)
        if halves is not None:
            spread = _wider(spread, luck_of_halvings(halves))
        usable, unsure = unsure_of(resampled.over_stimuli, too_few_groups(self.groups))
        coverage = self.setting.inference.interval
        told = estimated(estimate, spread, coverage, limits, unsure=unsure)
        p = np.where(np.isfinite(told["standard_error"]), spread.two_sided_p(estimate), np.nan)
        told |= {"p": np.nan if no_p else p, "p_note": no_p, "n_resamples": usable}
        return records(told, len(estimate))


def no_estimate(reason: str) -> Row:
    """Return what a row says that has no number, and why."""
    return {"p_note": "", "n_resamples": 0, **without(reason)}


def material_of(
    regions: Sequence[Region],
    candidates: Candidates,
    groups: Labels,
    setting: Setting,
    rng: np.random.Generator,
    along: OnAxes | None = None,
) -> Material:
    """Return regions and candidates with all draws and halves that explanations share.

    Parameters
    ----------
    regions, candidates
        Lined up over the same stimuli.
    groups : array of shape (stimulus,)
    setting : Setting
    rng : Generator
    along : OnAxes, optional
        Where stimuli follow one another.
    """
    inference, asked = setting.inference, setting.inference.explain
    drawn = draw_groups(groups, asked.resamples, rng)
    both = halves(groups, asked.splits, rng, along)
    redrawn = halved(drawn, groups, rng, along)
    subjects = {
        region.label: draw(len(region.subjects), asked.resamples, rng)
        if len(region.subjects) >= inference.minimum_subjects
        else None
        for region in regions
    }
    signs = signs_where_enough(groups, inference, along)
    return Material(
        regions, candidates, both, drawn, redrawn, subjects, groups, setting, signs, along
    )


def luck_of_halvings(halves: Floats) -> Floats:
    """Return the variance `(statistic,)` that a mean over random halvings has because they are few.

    Parameters
    ----------
    halves : array of shape (half, statistic)
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

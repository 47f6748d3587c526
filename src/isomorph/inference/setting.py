"""What comparisons are made under, and the draws they all share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isomorph.inference.bootstrap import draw
from isomorph.inference.groups import Labels, draw_groups, group_count, too_few_groups
from isomorph.inference.on_axes import NOT_TOLD, OnAxes, orders_of, untested_of
from isomorph.inference.stimulus_splits import Stimuli, StimulusSplits, make_splits
from isomorph.measures import Counts, Floats, Measure
from isomorph.measures.first_order import signs_of
from isomorph.rdms.paired import of_brain, of_layers
from isomorph.study import Inference

ENOUGH = 100
"""Stimuli, or groups of them, from which values vary as the jackknife says, unless asked otherwise:
in simulations of several kinds its standard errors are .92 to 1.05 of the true ones there, those of
the bootstrap .96 to 1.74; of 40 stimuli they are .90 to 1.09, and intervals hold .90 to .96."""

UNSHUFFLED = "stimuli in groups change places together, and so many are not shuffled"

UNSURE = (
    "so many stimuli that follow one another are not drawn again, and without that intervals would "
    "be too narrow"
)

UNSEEN = "the measure does not see which stimulus is which, so shuffling them tests nothing"


@dataclass(frozen=True)
class Setting:
    """What one comparison is made under.

    Attributes
    ----------
    dataset : str
    simulated : bool
    distance : str
        Of a pair of distances the name of both.
    measure : Measure
    inference : Inference
    """

    dataset: str
    simulated: bool
    distance: str
    measure: Measure
    inference: Inference

    @property
    def of_brain(self) -> str:
        """The distance of the RDMs of regions."""
        return of_brain(self.distance)

    @property
    def columns(self) -> dict[str, Any]:
        """Columns every row of this setting shares."""
        return {
            "dataset": self.dataset,
            "simulated": self.simulated,
            **columns_of_distance(self.distance),
            "measure": self.measure.name,
        }

    @property
    def columns_of_regions(self) -> dict[str, Any]:
        """Columns of rows about regions alone, which have one distance."""
        return {
            "dataset": self.dataset,
            "simulated": self.simulated,
            "distance": self.of_brain,
            "measure": self.measure.name,
        }

    @property
    def range_of_differences(self) -> tuple[float, float]:
        """What the difference of two values of the measure, each set against chance, can be."""
        low, high = self.measure.calibrated_range
        return low - high, high - low


def columns_of_distance(name: str) -> dict[str, str]:
    """Return what every row says of the distance it is under, and of either side of it."""
    return {
        "distance": name, "distance_brain": of_brain(name), "distance_model": of_layers(name)
    }  # fmt: skip


@dataclass(frozen=True)
class Draws:
    """Draws shared by every distance and measure of a dataset, so they can be compared.

    Attributes
    ----------
    stimuli : array of shape (resample, stimulus)
        Whole groups are drawn.
    subjects : dict of str to array of shape (resample, subject) or None
        By region; None where subjects are too few to resample. Regions with as many subjects
        share them.
    orders : array of shape (shuffle, stimulus)
        Whole groups change places; none where there are too few for a test.
    splits : StimulusSplits
    groups : array of shape (stimulus,)
    n_costly : int
        How many of the orders are for measures that are computed anew for each.
    signs : array of shape (stimulus, stimulus) or None
        To tell what is of pairs of stimuli alone, see `isomorph.measures.first_order`; None where
        everything is computed again in every resample.
    exact : bool
        Whether p comes from the moments of all orders, of measures that have an embedding.
    many : bool
        Whether there are too many stimuli to shuffle, and how values vary with them is known.
    along : OnAxes or None
        Where stimuli follow one another: which orders they may stand in, and what these leave.
    """

    stimuli: Counts
    subjects: Mapping[str, Counts | None]
    orders: Counts
    splits: StimulusSplits
    groups: Labels
    n_costly: int = 0
    signs: Floats | None = None
    exact: bool = False
    many: bool = False
    along: OnAxes | None = None

    def orders_for(self, measure: Measure) -> Counts:
        """Return the orders of the stimuli that a measure is asked for: `(shuffle, stimulus)`.

        Of a costly measure they are the first of all, unless shuffles of its matrices are cheap.
        """
        if not measure.sees_stimuli or not self._tells(measure):
            return self.orders[:0]
        return self.orders[: self.n_costly] if measure.shuffled_anew else self.orders

    def exact_for(self, measure: Measure) -> bool:
        """Tell whether p comes from the moments of all orders, which groups would restrict."""
        free = self.along is None and self.n_groups == len(self.groups)
        return self.exact and measure.embed is not None and free

    @property
    def lag(self) -> NDArray[np.intp] | None:
        """Which pairs are as far apart along axes, see `isomorph.inference.on_axes.OnAxes`."""
        return None if self.along is None or self.many else self.along.lag

    def _tells(self, measure: Measure) -> bool:
        return self.along is None or self.many or self.along.tells(measure)

    def with_subjects(self, regions: Mapping[str, int], minimum: int, seed: Sequence[int]) -> Draws:
        """Return the draws for regions that may have other subjects than these are of.

        Regions with as many subjects as one of these share its draws.

        Parameters
        ----------
        regions : mapping of str to int
            Number of subjects by region.
        minimum : int
            Fewest that are resampled.
        seed : sequence of int
            Of draws of other numbers of subjects.
        """
        known = {own.shape[1]: own for own in self.subjects.values() if own is not None}
        for count in set(regions.values()) - set(known):
            if count >= minimum:
                rng = np.random.default_rng([*seed, 3, count])
                known[count] = draw(count, len(self.stimuli), rng)
        return replace(self, subjects={name: known.get(n) for name, n in regions.items()})

    @property
    def n_groups(self) -> int:
        """Groups of stimuli; as many as stimuli where each stands for itself."""
        return group_count(self.groups)

    @property
    def unsure(self) -> str:
        """Why resamples tell nothing; empty where they do."""
        if self.many and self.along is not None:
            return UNSURE
        return too_few_groups(self.groups)

    def untested(self, measure: Measure) -> str:
        """Return why shuffles test nothing; empty where they do."""
        if not measure.sees_stimuli:
            return UNSEEN
        if few := untested_of(self.groups, self.along):
            return few
        if not self._tells(measure):
            return NOT_TOLD
        if len(self.orders_for(measure)) or self.exact_for(measure):
            return ""
        if self.many:
            return UNSHUFFLED
        setting = "costly_permutations" if len(self.orders) else "permutations"
        return f"{setting} is 0, so nothing is shuffled"


def signs_where_enough(
    groups: Labels, inference: Inference, along: OnAxes | None = None
) -> Floats | None:
    """Return signs of pairs of stimuli where values vary as the jackknife says; else None.

    Over a dozen blocks of stimuli that follow one another it says too little: its intervals hold
    .88 of the time in simulations, those of the bootstrap .98. Blocks are drawn in any case.
    """
    if along is not None:
        return None
    enough = inference.spread == "auto" and group_count(groups) >= ENOUGH
    return signs_of(groups) if enough or inference.spread == "jackknife" else None


def make_draws(
    regions: Mapping[str, int],
    stimuli: Stimuli,
    inference: Inference,
    seed: Sequence[int],
    *,
    many: bool = False,
) -> Draws:
    """Draw stimuli, their splits and orders, and subjects of every region with enough of them.

    Parameters
    ----------
    regions : mapping of str to int
        Number of subjects by region.
    stimuli : Stimuli
    inference : Inference
    seed : sequence of int
    many : bool, optional
        See `Draws`; signs are not made then.

    Raises
    ------
    IsomorphError
        When the stimulus table lacks a column that splits need.
    """
    rng, groups = np.random.default_rng(list(seed)), stimuli.groups
    drawn = draw_groups(groups, inference.resamples, rng)
    enough = sorted({count for count in regions.values() if count >= inference.minimum_subjects})
    by_count = {count: draw(count, inference.resamples, rng) for count in enough}
    subjects = {region: by_count.get(count) for region, count in regions.items()}
    orders = orders_of(groups, stimuli.along, inference.permutations, rng)
    splits = make_splits(stimuli, inference.selection, drawn, np.random.default_rng([*seed, 2]))
    if reason := too_few_groups(groups):
        splits = replace(splits, reason=reason)
    signs = np.empty((0, 0)) if many else signs_where_enough(groups, inference, stimuli.along)
    exact, n_costly = inference.tail == "pearson", inference.costly_permutations
    return Draws(
        drawn, subjects, orders, splits, groups, n_costly, signs, exact, many, stimuli.along
    )

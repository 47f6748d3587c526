"""What comparisons are made under, and the draws they all share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from isomorph.inference.bootstrap import draw
from isomorph.inference.permutation import make_orders
from isomorph.inference.splits import Splits
from isomorph.measures import Counts, Measure
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

    @property
    def range_of_differences(self) -> tuple[float, float]:
        """What the difference of two values of the measure can be."""
        width = self.measure.range[1] - self.measure.range[0]
        return -width, width


@dataclass(frozen=True)
class Draws:
    """Draws shared by every distance and measure of a dataset, so they can be compared.

    Attributes
    ----------
    stimuli : (resample, stimulus)
    subjects : dict of str to (resample, subject) or None
        By region; None where subjects are too few to resample. Regions with as many subjects
        share them.
    orders : (shuffle, stimulus)
    splits : Splits
    """

    stimuli: Counts
    subjects: Mapping[str, Counts | None]
    orders: Counts
    splits: Splits


def make_draws(
    regions: Mapping[str, int], splits: Splits, inference: Inference, rng: np.random.Generator
) -> Draws:
    """Draw stimuli, orders of them, and subjects of every region that has enough of them.

    Parameters
    ----------
    regions : mapping of str to int
        Number of subjects by region.
    splits : Splits
        Of the stimuli.
    inference : Inference
    rng : Generator
    """
    n_stimuli = splits.chosen_on.shape[1]
    stimuli = draw(n_stimuli, inference.resamples, rng)
    enough = sorted({count for count in regions.values() if count >= inference.minimum_subjects})
    by_count = {count: draw(count, inference.resamples, rng) for count in enough}
    subjects = {region: by_count.get(count) for region, count in regions.items()}
    return Draws(stimuli, subjects, make_orders(n_stimuli, inference.permutations, rng), splits)

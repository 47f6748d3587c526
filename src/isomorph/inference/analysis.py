"""What is compared with what, and how: RDMs, stimuli and settings of one analysis."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import xarray as xr

from isomorph.inference.featured import Features
from isomorph.inference.gather import Region
from isomorph.inference.groups import Labels, column_labels, groups_of
from isomorph.inference.likeness import lags_of_rdms, lags_of_responses
from isomorph.inference.many_stimuli import ManyStimuli
from isomorph.inference.members import ModelFamily
from isomorph.inference.on_axes import OnAxes, on_axes
from isomorph.inference.places import Places
from isomorph.inference.setting import Draws, Setting, make_draws
from isomorph.inference.stimulus_splits import Stimuli
from isomorph.measures import MEASURES, Floats
from isomorph.rdms.collection import available, distances_of
from isomorph.saying import say
from isomorph.study import Inference
from isomorph.study.axes import StimulusAxis


@dataclass(frozen=True)
class Analysis:
    """What is compared with what, and how.

    Attributes
    ----------
    brain : Dataset
        RDMs of the regions.
    models : sequence of Dataset
        RDMs of the layers of every model, over the same stimuli in the same order.
    families : sequence of ModelFamily
        The models.
    stimuli : DataFrame
        The stimulus table, a row per stimulus in the order of the RDMs.
    distances, measures : sequence of str
    inference : Inference
    dataset : str
        What the rows of the tables say they are about. The draws depend on it.
    simulated : bool
        Whether the data are simulated.
    where : str
        The study's file, for messages.
    said : callable
        Told what is computed next.
    features : Features or None
        What measures compare that no RDM is enough for; None where no measure asks for it.
    waits : callable
        Told what takes long before it is computed.
    many : ManyStimuli or None
        What is compared without RDMs, where there are too many stimuli for these.
    axes : tuple of StimulusAxis
        What stimuli follow one another along, as their data set says it; where it says nothing,
        `inference.blocks.along` may.
    """

    brain: xr.Dataset
    models: Sequence[xr.Dataset]
    families: Sequence[ModelFamily]
    stimuli: pd.DataFrame
    distances: Sequence[str]
    measures: Sequence[str]
    inference: Inference
    dataset: str = ""
    simulated: bool = False
    where: str = ""
    said: Callable[[str], None] = lambda _: None
    features: Features | None = None
    waits: Callable[[str], None] = lambda what: say(f"isomorph: {what}")
    many: ManyStimuli | None = None
    axes: tuple[StimulusAxis, ...] = ()

    @property
    def labels(self) -> Labels | None:
        """Categories of the stimuli, `(stimulus,)`: of the column that `inference.selection` names.

        A stimulus without one is a category of its own. None where there is no such column.
        """
        column = self.inference.selection.column
        if column not in self.stimuli.columns:
            return None
        return column_labels(self.stimuli, column, self.where)

    @property
    def groups(self) -> Labels:
        """Which stimuli are drawn and split as one: array of shape (stimulus,)."""
        if self.along is not None:
            return self.along.groups
        return groups_of(self.stimuli, self.inference.keep_together, self.where)

    @cached_property
    def along(self) -> OnAxes | None:
        """What follows from stimuli following one another; None where they do not.

        Raises
        ------
        IsomorphError
            When the stimulus table or the settings do not fit.
        """
        axes = self.axes or tuple(one.axis for one in self.inference.blocks.along)
        if not axes:
            return None
        found = on_axes(self.stimuli, axes, self.inference, self._lags, self.where)
        self.said(found.told["words"])
        return found

    def _lags(self, places: Places) -> list[int]:
        """Return after how many steps along every axis stimuli are answered unlike."""
        if self.many is not None:
            return lags_of_responses(self.many.brain, places)
        if distances_of(self.brain):
            return lags_of_rdms(self.brain, places)
        features = self.features
        return lags_of_responses({} if features is None else features.brain, places)

    @property
    def seed(self) -> list[int]:
        """What everything that is drawn depends on."""
        return [self.inference.seed, zlib.crc32(self.dataset.encode())]

    def draws(self) -> Draws:
        """Return all that is drawn for every distance and measure, drawn once."""
        rdms = [every_rdm(model) for model in self.models]
        stimuli = Stimuli(self.stimuli, rdms, self.where, self.groups, self.along)
        counts, many = subject_counts(self.brain), self.many is not None
        return make_draws(counts, stimuli, self.inference, self.seed, many=many)

    def draws_of(self, draws: Draws, regions: Sequence[Region]) -> Draws:
        """Return the draws for some regions, which may lack subjects that others have."""
        counts = {region.name: len(region.subjects) for region in regions}
        return draws.with_subjects(counts, self.inference.minimum_subjects, self.seed)

    def setting(self, distance: str, measure: str) -> Setting:
        """Return what one comparison is made under.

        Neighbouring shifts of stimuli are no independent draws, and those there are may be all, so
        no tail is fitted to them.
        """
        inference = self.inference
        if self.along is not None and self.along.exchange == "shifts":
            inference = inference.model_copy(update={"tail": "none"})
        return Setting(self.dataset, self.simulated, distance, MEASURES[measure], inference)


def every_rdm(model: xr.Dataset) -> Floats:
    """Return the RDMs of all layers of a model under all distances: `(layer, pair)`."""
    return np.concatenate(
        [model[name].values[available(model, name)] for name in distances_of(model)]
    )


def subject_counts(brain: xr.Dataset) -> Mapping[str, int]:
    """Return the number of subjects of every region."""
    pairs = set(zip(brain["region"].values.tolist(), brain["subject"].values.tolist(), strict=True))
    regions = sorted({region for region, _ in pairs})
    return {region: sum(region == r for r, _ in pairs) for region in regions}

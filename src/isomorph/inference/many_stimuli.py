"""Responses and features of so many stimuli that they are compared without RDMs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from isomorph.errors import IsomorphError
from isomorph.inference.gather import Candidates, Region
from isomorph.inference.groups import Labels
from isomorph.inference.tabled import Tabled, Tables, numbered
from isomorph.measures import MEASURES, Floats
from isomorph.measures.first_order import Signs
from isomorph.measures.tiled import Representation, compared
from isomorph.rdms.paired import of_brain, of_layers

MANY = 3000
"""Stimuli beyond which no RDM of responses and features is made: one of 3000 takes 36 MB."""

NO_HALVES = "halves of the repetitions of so many stimuli are not compared"
NO_PAIRS = "regions of so many stimuli are not compared with each other"

Arrays = Mapping[str, Mapping[str, Floats]]


@dataclass(frozen=True)
class ManyStimuli:
    """Responses of regions and features of layers, all over the same stimuli in the same order.

    Attributes
    ----------
    brain : mapping of region to mapping of subject to array of shape (stimulus, unit)
        Means over repetitions.
    layers : mapping of model to mapping of layer to array of shape (stimulus, feature)
    """

    brain: Arrays
    layers: Arrays

    @property
    def subjects(self) -> xr.Dataset:
        """Regions and subjects, a representation each, without RDMs."""
        pairs = [(region, one) for region, own in self.brain.items() for one in own]
        regions, subjects = (np.array(names, dtype=object) for names in zip(*pairs, strict=True))
        return xr.Dataset(
            coords={"region": ("representation", regions), "subject": ("representation", subjects)}
        )

    def compared(
        self, distance: str, measures: Sequence[str], groups: Labels
    ) -> tuple[list[Region], Candidates, list[Tabled]]:
        """Return regions and layers by number, and what measures say of them.

        Parameters
        ----------
        distance : str
        measures : sequence of str
            Those that take the distance.
        groups : array of shape (stimulus,)
            Which stimuli are drawn as one.
        """
        rows = [
            {"model": model, "layer": layer, "depth": depth}
            for model, own in self.layers.items()
            for depth, layer in enumerate(own)
        ]
        layers = [
            _representation(values, of_layers(distance), f'model "{model}", layer "{layer}"')
            for model, own in self.layers.items()
            for layer, values in own.items()
        ]
        subjects = [
            [
                _representation(
                    values, of_brain(distance), f'brain "{region}", subject "{subject}"'
                )
                for subject, values in self.brain[region].items()
            ]
            for region in sorted(self.brain)
        ]
        known = [MEASURES[name] for name in measures]
        found = compared(layers, subjects, known, Signs(groups))
        sizes = tuple(map(len, subjects))
        tabled = [Tabled.of(one, Tables(found[one.name], sizes)) for one in known]
        regions = [
            self._region(name, numbers)
            for name, numbers in zip(sorted(self.brain), tabled[0].found.regions, strict=True)
        ]
        return regions, Candidates(pd.DataFrame(rows), numbered(range(len(layers)))), tabled

    def _region(self, name: str, numbers: range) -> Region:
        own = self.brain[name]
        units = tuple(values.shape[1] for values in own.values())
        return Region(
            name, numbered(numbers), tuple(own), sum(units), None, subject_units=units,
            no_halves=NO_HALVES,
        )  # fmt: skip


def _representation(values: Floats, distance: str, what: str) -> Representation:
    try:
        return Representation(values, distance)
    except IsomorphError as error:
        raise IsomorphError(f"{what}: {error}") from error

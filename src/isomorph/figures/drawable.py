"""What figures of one dataset are drawn from, and a figure with what is said of it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from isomorph.figures.dataset_results import DatasetResults
from isomorph.figures.style import slug
from isomorph.figures.titles import correction, distance_title, measure_title
from isomorph.measures import FEATURES

CAPTIONS = tomllib.loads(files(__package__).joinpath("captions.toml").read_text("utf-8"))
"""Title and caption of every kind of figure."""

COMPARED = {
    False: {"compared": "RDM", "those": "that"},
    True: {"compared": "features", "those": "those"},
}
"""What a measure compares, in words, by whether it takes features."""


@dataclass(frozen=True)
class Drawable:
    """What the figures of a dataset are drawn from.

    Attributes
    ----------
    results : DatasetResults
        Its tables.
    brain : Dataset
        RDMs of its regions.
    models : mapping of str to Dataset
        RDMs of layers, by model instance.
    stimuli : DataFrame
        The stimulus table, a row for each stimulus of the RDMs.
    images : sequence of arrays of shape (pixel, pixel, 3)
        Thumbnails of the stimuli, where there are images and few enough.
    representations : Dataset or None
        Similarities of all regions and layers, where they were computed.
    recordings : mapping of str to mapping of str to Dataset
        Responses by subject and session, where they are of units.
    """

    results: DatasetResults
    brain: xr.Dataset
    models: Mapping[str, xr.Dataset] = field(default_factory=dict)
    stimuli: pd.DataFrame = field(default_factory=pd.DataFrame)
    images: Sequence[np.ndarray] = ()
    representations: xr.Dataset | None = None
    recordings: Mapping[str, Mapping[str, xr.Dataset]] = field(default_factory=dict)


@dataclass(frozen=True)
class Drawing:
    """A figure and what is said of it.

    Attributes
    ----------
    kind : str
        One of `captions.toml`.
    figure : Figure
    facts : mapping
        What title and caption leave open.
    data : DataFrame
        The rows it shows.
    finding : str
        What it finds, one sentence.
    region : str
        Empty where it is not about one.
    part : str
        What tells it from others of its kind and region, for the name of its files.
    """

    kind: str
    figure: Figure
    facts: Mapping[str, Any]
    data: pd.DataFrame
    finding: str
    region: str = ""
    part: str = ""

    @property
    def stem(self) -> str:
        """Name of its files, without what says their format."""
        parts = [slug(one)[:80] for one in (self.region, self.part) if one]
        return "_".join([self.kind, *parts])

    @property
    def title(self) -> str:
        """What it shows."""
        return CAPTIONS[self.kind]["title"].format(**self.facts)

    @property
    def caption(self) -> str:
        """What stands below it."""
        return CAPTIONS[self.kind]["caption"].format(**self.facts)


def facts_of(data: Drawable, rows: pd.DataFrame, **more: Any) -> dict[str, Any]:
    """Return what captions say of the rows of a figure."""
    first = rows.iloc[0]
    corrected = correction(rows) if "correction" in rows else ""
    return {
        "measure": measure_title(first["measure"]),
        "distance": distance_title(first["distance"]) if "distance" in first else "",
        **COMPARED[first.get("distance") == FEATURES],
        "interval": f"{data.results.coverage} interval",
        "filled": f"p\N{NO-BREAK SPACE}<\N{NO-BREAK SPACE}.05 after {corrected}",
        **more,
    }

"""Listing: the ways in which a dataset says what was shown, by kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from isomorph.registry import Registry
from isomorph.stimuli import conditions, folder, matlab_structs, nwb
from isomorph.stimuli.dataset_files import DatasetFiles
from isomorph.stimuli.film import listing as film
from isomorph.stimuli.stimulus import Stimulus
from isomorph.stimuli.variable import listing as variable


@dataclass(frozen=True)
class StimulusKind:
    """A way in which a dataset says what was shown.

    Attributes
    ----------
    listing : callable
        From files and settings to the stimuli in the dataset's own order; pixels are read later,
        one at a time.
    look : callable or None
        Refuses what the listing would refuse without reading a pixel, where the listing itself
        reads them.
    """

    listing: Callable[[DatasetFiles, Any], Sequence[Stimulus]]
    look: Callable[[DatasetFiles, Any], None] | None = None


STIMULI: Registry[StimulusKind] = Registry(
    "kind of stimuli",
    {
        "folder": StimulusKind(folder.list_stimuli),
        "matlab": StimulusKind(matlab_structs.list_stimuli),
        "nwb": StimulusKind(nwb.list_stimuli, nwb.look),
        "film": StimulusKind(film.list_stimuli),
        "conditions": StimulusKind(conditions.list_stimuli),
        "variable": StimulusKind(variable.list_stimuli),
    },
)
"""Listings by the `kind` of a dataset's stimuli, where these are its own."""

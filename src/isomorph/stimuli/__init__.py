"""Stimuli: from a dataset's files to one table of what was shown, and the images beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from isomorph.layout import Layout
from isomorph.making import require
from isomorph.registry import Registry
from isomorph.stimuli.images import read_images, read_stimuli
from isomorph.stimuli.stimulus import Stimulus

__all__ = ["STIMULI", "ListStimuli", "Stimulus", "read_images", "read_stimuli", "run"]

ListStimuli = Callable[[Layout, str], Sequence[Stimulus]]
"""List the stimuli of a dataset in its own order; pixels are read later, one at a time."""


def _folder(layout: Layout, dataset: str) -> Sequence[Stimulus]:
    from isomorph.stimuli import folder

    return folder.list_stimuli(layout, dataset)


def _matlab(layout: Layout, dataset: str) -> Sequence[Stimulus]:
    from isomorph.stimuli import matlab

    return matlab.list_stimuli(layout, dataset)


def _conditions(layout: Layout, dataset: str) -> Sequence[Stimulus]:
    from isomorph.stimuli import conditions

    return conditions.list_stimuli(layout, dataset)


def _nwb(layout: Layout, dataset: str) -> Sequence[Stimulus]:
    from isomorph.stimuli import nwb

    return nwb.list_stimuli(layout, dataset)


def _like(layout: Layout, dataset: str) -> Sequence[Stimulus]:
    from isomorph.stimuli import stimulus

    return stimulus.refuse_borrowed(layout, dataset)


STIMULI: Registry[ListStimuli] = Registry(
    "kind of stimuli",
    {
        "folder": _folder,
        "matlab": _matlab,
        "nwb": _nwb,
        "conditions": _conditions,
        "like": _like,
    },
)
"""Listings by the `kind` of a dataset's stimuli."""


def run(layout: Layout, dataset: str) -> None:
    """Write the stimulus table of a dataset, and its images in `images/` beside it.

    The columns are `stimulus`, `file` (relative to the table's folder, empty without an image),
    `sha256` of the pixels (see `isomorph.stimuli.pixels.pixel_digest`), `width` and `height` in
    pixels, `duplicate_of` (the first stimulus with the very same pixels), `near_duplicate_of` (the
    first that looks the same, see `isomorph.stimuli.near_duplicates`), and whatever describes the
    stimuli. The rows stand in the dataset's own stimulus order, which every later file keeps.
    Where recordings hold the images, `names.csv` beside it says what each calls them, see
    `isomorph.stimuli.naming`.

    Parameters
    ----------
    layout : Layout
        The study's paths.
    dataset : str
        Name of a dataset that has stimuli of its own.

    Raises
    ------
    IsomorphError
        When a file, variable, column or image is missing or cannot be read, when there are not as
        many stimuli as expected, when the dataset borrows its stimuli, or when its manifest is not
        what the study now says.
    """
    from isomorph.stimuli import writing

    if layout.study.stimulus_set(dataset) == dataset:
        require(layout, "stimuli", dataset)
    stimuli = STIMULI[layout.study.dataset(dataset).stimuli.kind](layout, dataset)
    writing.write_stimuli(layout, dataset, stimuli)

"""Stimuli: from a dataset's files to one table of what was shown, and the images beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from isomorph.layout import Layout
from isomorph.making import require
from isomorph.registry import Registry
from isomorph.stimuli.images import read_images, read_stimuli
from isomorph.stimuli.names import Names, names_from
from isomorph.stimuli.stimulus import Stimulus

__all__ = [
    "STIMULI",
    "ListStimuli",
    "Stimulus",
    "look",
    "read_images",
    "read_stimuli",
    "run",
]

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


def _look_at_list(layout: Layout, dataset: str) -> Names:
    from isomorph.stimuli import writing

    listed = STIMULI[layout.study.dataset(dataset).stimuli.kind](layout, dataset)
    writing.refuse_odd(layout, dataset, listed)
    return names_from([one.name for one in listed], str(layout.stimuli(dataset)))


def _look_at_recordings(layout: Layout, dataset: str) -> None:
    from isomorph.stimuli import nwb

    nwb.look(layout, dataset)


def _look_at_nothing(layout: Layout, dataset: str) -> None:
    """Look at nothing: the stimuli are those of another dataset."""


LOOKS: Registry[Callable[[Layout, str], Names | None]] = Registry(
    "kind of stimuli",
    {
        "folder": _look_at_list,
        "matlab": _look_at_list,
        "nwb": _look_at_recordings,
        "conditions": _look_at_list,
        "like": _look_at_nothing,
    },
)
"""What is looked at, by the `kind` of a dataset's stimuli."""


def look(layout: Layout, dataset: str) -> Names | None:
    """Look at the stimuli of a dataset before they are made; no pixel is read.

    Parameters
    ----------
    layout : Layout
        The study's paths.
    dataset : str
        Name of a dataset that has stimuli of its own.

    Returns
    -------
    Names or None
        What names of stimuli will stand for; None where only the pixels of all recordings tell.

    Raises
    ------
    IsomorphError
        As `run` would; nothing is written.
    """
    return LOOKS[layout.study.dataset(dataset).stimuli.kind](layout, dataset)


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

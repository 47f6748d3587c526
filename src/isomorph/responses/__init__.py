"""Responses: from a dataset's files to what each unit did when each stimulus was shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from isomorph.archives.asked import refuse_absent_of
from isomorph.errors import IsomorphError, did_you_mean
from isomorph.layout import Layout
from isomorph.making import require
from isomorph.registry import Registry
from isomorph.responses import arrays, betas, bids, epochs, nwb, rdms
from isomorph.responses.nwb import rasters, traces
from isomorph.responses.nwb.looking import look as look_at_recordings
from isomorph.responses.reliability import run_reliability
from isomorph.stimuli.names import Names

__all__ = ["RESPONSES", "Kind", "look", "run", "run_reliability"]


@dataclass(frozen=True)
class Kind:
    """A way in which responses come.

    Attributes
    ----------
    prepare : callable
        Makes and writes the responses of one subject.
    look : callable
        Opens the same files, makes nothing, and refuses what `prepare` would refuse, in the same
        words.
    """

    prepare: Callable[[Layout, str, str], None]
    look: Callable[[Layout, str, str, Names], None]


RESPONSES: Registry[Kind] = Registry(
    "kind of responses",
    {
        "nwb": Kind(nwb.prepare, look_at_recordings),
        "traces": Kind(traces.prepare, look_at_recordings),
        "rasters": Kind(rasters.prepare, look_at_recordings),
        "arrays": Kind(arrays.prepare, arrays.look),
        "rdms": Kind(rdms.prepare, rdms.look),
        "bids": Kind(bids.prepare, bids.look),
        "betas": Kind(betas.prepare, betas.look),
        "epochs": Kind(epochs.prepare, epochs.look),
    },
)
"""How responses come, by the `kind` in the dataset's file."""


def run(layout: Layout, dataset: str, subject: str) -> None:
    """Prepare the responses of one subject.

    Parameters
    ----------
    layout : Layout
        Paths of the study.
    dataset, subject : str
        Whose responses.

    Raises
    ------
    IsomorphError
        When the subject is not the dataset's, its files are not as the dataset says, or stimuli
        and manifest are not what the study now says.
    """
    spec = layout.study.dataset(dataset)
    if subject not in spec.subjects:
        raise IsomorphError(
            f'{layout.study.dataset_files[dataset]}: subjects: no "{subject}", '
            f"{did_you_mean(subject, spec.subjects)}"
        )
    refuse_absent_of(layout, dataset, subject)
    require(layout, "responses", dataset, subject)
    RESPONSES[spec.responses.kind].prepare(layout, dataset, subject)


def look(layout: Layout, dataset: str, subject: str, names: Names) -> None:
    """Look at the files of one subject before anything is made of them.

    Parameters
    ----------
    layout : Layout
        Paths of the study.
    dataset, subject : str
        Whose files.
    names : Names
        What names in them stand for.

    Raises
    ------
    IsomorphError
        As `run` would; nothing is written.
    """
    refuse_absent_of(layout, dataset, subject)
    RESPONSES[layout.study.dataset(dataset).responses.kind].look(layout, dataset, subject, names)

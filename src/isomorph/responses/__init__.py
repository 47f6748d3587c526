"""Responses: from a dataset's files to what each unit did when each stimulus was shown."""

from __future__ import annotations

from collections.abc import Callable

from isomorph.archives.asked import refuse_absent_of
from isomorph.errors import IsomorphError, did_you_mean
from isomorph.layout import Layout
from isomorph.making import require
from isomorph.registry import Registry
from isomorph.responses import arrays, betas, bids, epochs, nwb, rdms
from isomorph.responses.nwb import rasters, traces
from isomorph.responses.reliability import run_reliability

__all__ = ["RESPONSES", "run", "run_reliability"]

RESPONSES: Registry[Callable[[Layout, str, str], None]] = Registry(
    "kind of responses",
    {
        "nwb": nwb.prepare,
        "traces": traces.prepare,
        "rasters": rasters.prepare,
        "arrays": arrays.prepare,
        "rdms": rdms.prepare,
        "bids": bids.prepare,
        "betas": betas.prepare,
        "epochs": epochs.prepare,
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
    RESPONSES[spec.responses.kind](layout, dataset, subject)

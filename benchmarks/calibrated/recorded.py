"""Regions recorded at once, from responses to RDMs as the stages make them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from isomorph.inference.gather import Region, regions_of
from isomorph.measures import Floats
from isomorph.rdms import brain_rdms
from isomorph.rdms.brain import rdms_of_responses
from isomorph.rdms.collection import notes_of, undefined_of


def names(n_stimuli: int) -> list[str]:
    """Return names of stimuli, in order."""
    return [f"s{place:04d}" for place in range(n_stimuli)]


def session_of(regions: Mapping[str, Floats]) -> xr.Dataset:
    """Return a session in which regions `(repetition, stimulus, unit)` were recorded at once."""
    response = np.concatenate(list(regions.values()), axis=2)
    n_repetitions, n_stimuli, _ = response.shape
    return xr.Dataset(
        {"response": (("presentation", "unit"), response.reshape(n_repetitions * n_stimuli, -1))},
        coords={
            "stimulus": ("presentation", np.tile(names(n_stimuli), n_repetitions)),
            "repetition": ("presentation", np.repeat(np.arange(n_repetitions), n_stimuli)),
            "region": ("unit", np.repeat(list(regions), [r.shape[2] for r in regions.values()])),
        },
    )


def brain_and_notes(
    subjects: Mapping[str, Mapping[str, Floats]], distance: str, **settings: Any
) -> tuple[list[Region], dict[str, str]]:
    """Return regions as the stage `compare` meets them, and what is said of them.

    Parameters
    ----------
    subjects : mapping of str to mapping of str to array of shape (repetition, stimulus, unit)
        Responses by subject and region.
    distance : str
    **settings
        Of `rdms_of_responses`.

    Returns
    -------
    regions : list of Region
    notes : dict of str to str
        What has no RDM, and what a reader must know of the RDMs there are.
    """
    n_stimuli = next(iter(next(iter(subjects.values())).values())).shape[1]
    rows, notes = [], dict[str, str]()
    for number, (subject, regions) in enumerate(subjects.items()):
        found, said = rdms_of_responses(
            {"1": session_of(regions)}, names(n_stimuli), [distance], subject=subject,
            number=number, **{"transform": "none", **settings},
        )  # fmt: skip
        rows += found
        notes |= said
    data = brain_rdms(rows, names(n_stimuli), left_out=notes)
    return regions_of(data, distance), undefined_of(data) | notes_of(data)


def brain_of(
    subjects: Mapping[str, Mapping[str, Floats]], distance: str, **settings: Any
) -> list[Region]:
    """Return the regions of `brain_and_notes`."""
    return brain_and_notes(subjects, distance, **settings)[0]

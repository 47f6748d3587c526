"""Sessions of one subject: what each holds, in words, and writing them together."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import xarray as xr

from isomorph.archives.manifest import check_unchanged, read_manifest
from isomorph.artefacts import Provenance, read_table, write_responses
from isomorph.errors import IsomorphError
from isomorph.expected import check_expected
from isomorph.layout import Layout
from isomorph.making import stamp
from isomorph.responses.times import time_coordinates

Array = npt.NDArray

LARGEST = 1e60
"""Responses beyond it, to the fourth power and summed, are no double-precision numbers."""


def stimulus_ids(layout: Layout, dataset: str) -> Array:
    """Return the ids of a dataset's stimulus table, in its order: ndarray (stimulus,) of str."""
    return read_table(layout.stimuli(dataset), "stimuli")["stimulus"].to_numpy(dtype=np.str_)


def session_data(
    response: Array,
    *,
    stimulus: Array,
    repetition: Array,
    unit: Array,
    region: Array,
    stimuli: Array,
    dropped: Mapping[str, int],
    times: npt.ArrayLike | None = None,
    extra: Mapping[str, tuple[str, Array]] | None = None,
) -> xr.Dataset:
    """Gather one session as the dataset that is written.

    Parameters
    ----------
    response : ndarray (presentation, unit) or (presentation, unit, time)
        The responses.
    stimulus, repetition : ndarray (presentation,)
        Which stimulus was shown, for the how-manieth time.
    unit, region : ndarray (unit,) of str
        Id and region of each unit.
    stimuli : ndarray (stimulus,) of str
        Ids of the stimulus table.
    dropped : mapping of str to int
        What was left out, by reason.
    times : array of shape (2,) or (time, 2), optional
        Start and stop of the window, or of every time bin, seconds from onset.
    extra : mapping, optional
        Further coordinates as `(dimension, values)`.

    Returns
    -------
    Dataset
        With `dropped` and `noted` (kept, but worth a word) as JSON attributes.
    """
    silent = (0, 2)[: response.ndim - 1]
    noted = {
        "units silent in every window": int((~np.any(response, axis=silent)).sum()),
        "stimuli never shown": int((~np.isin(stimuli, stimulus)).sum()),
    }
    return xr.Dataset(
        {"response": (("presentation", "unit", "time")[: response.ndim], response)},
        coords={
            "stimulus": ("presentation", stimulus.astype(object)),
            "repetition": ("presentation", repetition),
            "unit": ("unit", unit.astype(object)),
            "region": ("unit", region.astype(object)),
            **({} if times is None else time_coordinates(times)),
            **(extra or {}),
        },
        attrs={"dropped": json.dumps(dict(dropped)), "noted": json.dumps(noted)},
    )


def summary(data: xr.Dataset) -> str:
    """Say in one line what a session holds and what was left out of it."""
    regions, counts = np.unique(data["region"].values.astype(str), return_counts=True)
    held = ", ".join(f"{region} {count}" for region, count in zip(regions, counts, strict=True))
    bins = f" × {data.sizes['time']} time bins" if "time" in data.dims else ""
    line = (
        f"{data.sizes['presentation']} presentations × {data.sizes['unit']} units ({held})"
        f"{bins}, {np.unique(data['stimulus'].values.astype(str)).size} stimuli"
    )
    for words, attribute in (("left out", "dropped"), ("kept", "noted")):
        counted = json.loads(data.attrs[attribute])
        said = ", ".join(f"{reason}: {count}" for reason, count in counted.items() if count)
        line += f"; {words} {said}" if said else ""
    return line


def signed(layout: Layout, dataset: str, subject: str, inputs: Sequence[Path]) -> Provenance:
    """Return the provenance of a subject's responses or ready RDMs.

    Raises
    ------
    IsomorphError
        When a file of the archive among the inputs is not the one that was fetched.
    """
    hashes = check_unchanged(layout, dataset, inputs)
    source = read_manifest(layout, dataset).provenance.source
    return stamp(layout, "responses", dataset, subject, source=source, also=hashes)


def root_attributes(layout: Layout, dataset: str, subject: str) -> dict[str, str]:
    """Return the attributes that say whose responses a file holds."""
    simulated = layout.study.dataset(dataset).simulated
    return {"dataset": dataset, "subject": subject, "simulated": str(simulated).lower()}


def write_sessions(
    layout: Layout,
    dataset: str,
    subject: str,
    sessions: Mapping[str, xr.Dataset],
    inputs: Sequence[Path],
) -> None:
    """Check the sessions of one subject against the figures expected and write them.

    Raises
    ------
    IsomorphError
        When a response is too large to be one; see `isomorph.expected.check_expected` too.
    """
    for name, data in sessions.items():
        largest = float(np.abs(data["response"].values).max(initial=0))
        if largest > LARGEST:
            raise IsomorphError(
                f"{dataset} {subject} session {name}: a response is {largest:.3g}, too large for "
                "the squares that distances are made of; is it a mark of something missing?"
            )
    stimuli = stimulus_ids(layout, dataset)
    fewest = min(
        int((stimuli[:, None] == data["stimulus"].values.astype(str)).sum(axis=1).min())
        for data in sessions.values()
    )
    found = {
        f"sessions.{subject}": len(sessions),
        f"presentations.{subject}": sum(d.sizes["presentation"] for d in sessions.values()),
        f"repetitions.{subject}": fewest,
    }
    check_expected(layout, dataset, found)
    named = {name: data.assign_attrs(session=name) for name, data in sessions.items()}
    write_responses(
        layout.responses(dataset, subject),
        named,
        root_attributes(layout, dataset, subject),
        signed(layout, dataset, subject, inputs),
    )

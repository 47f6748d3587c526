"""Recordings as a dataset's settings ask for them: what RDMs and features are both made from."""

from __future__ import annotations

from collections.abc import Mapping

import xarray as xr

from isomorph.layout import Layout
from isomorph.rdms.level import Level, regrouped
from isomorph.rdms.unit_choice import reliable_units
from isomorph.responses.division import recordings_of


def compared_sessions(
    layout: Layout, dataset: str, subject: str, recorded: Mapping[str, xr.Dataset], level: Level
) -> tuple[dict[str, xr.Dataset], dict[str, str]]:
    """Return the sessions of a subject at the level that is compared, with the units asked for.

    Parameters
    ----------
    layout : Layout
    dataset, subject : str
    recorded : mapping of str to Dataset
        The responses by session.
    level : Level

    Returns
    -------
    sessions : dict of str to Dataset
    left_out : dict of str to str
        Which units are not in them, and why.

    Raises
    ------
    IsomorphError
        When units cannot be chosen as the dataset's file asks.
    """
    spec = layout.study.dataset(dataset)
    recordings = recordings_of(recorded, spec.responses)
    sessions = {name: regrouped(one, level) for name, one in recordings.items()}
    if spec.units is None or spec.units.minimum_reliability is None:
        return sessions, {}
    return reliable_units(
        sessions, level.names, spec.units, subject=subject, number=spec.subjects.index(subject),
        where=str(layout.study.dataset_files[dataset]),
    )  # fmt: skip

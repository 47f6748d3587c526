"""From files of betas to the responses of one subject."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import xarray as xr

from isomorph.errors import IsomorphError
from isomorph.foreign.entities import labels_of_runs
from isomorph.responses.betas.beta_regions import RegionsOfMaps
from isomorph.responses.betas.maps import Maps
from isomorph.responses.betas.subject_maps import SubjectMaps, gather, label_maps
from isomorph.responses.presentations import repetitions
from isomorph.responses.sessions import session_data, summary
from isomorph.responses.subject_files import Read, SubjectFiles
from isomorph.responses.whole import refuse_cut_short
from isomorph.study.betas import BetaResponses

Array = npt.NDArray


def read(files: SubjectFiles, settings: BetaResponses) -> Read:
    """Read a subject's betas as one session.

    Parameters
    ----------
    files : SubjectFiles
    settings : BetaResponses
        Which files are betas, and which regions and labels.

    Raises
    ------
    IsomorphError
        When a file or name is not there, or files do not fit each other.
    """
    found = gather(files, settings)
    data = read_betas(found)
    files.names.refuse_misspelt()
    files.say(summary(data))
    return Read({"1": data}, list(dict.fromkeys(found.inputs)))


def look(files: SubjectFiles, settings: BetaResponses) -> None:
    """Open a subject's betas and refuse what `read` would.

    Of betas the headers are read, of regions, labels and events all.
    """
    found = gather(files, settings)
    for run in found.runs:
        refuse_cut_short(run.file, run.image)
    label_maps(found)
    files.names.refuse_misspelt()


def read_betas(found: SubjectMaps) -> xr.Dataset:
    """Read the units of all regions from every run.

    Parameters
    ----------
    found : SubjectMaps
        The open files.

    Returns
    -------
    Dataset
        See `isomorph.responses.sessions.session_data`.
    """
    runs, regions = found.runs, found.regions
    label, keep, dropped, where = label_maps(found)
    run = np.repeat(
        np.array(labels_of_runs([one.file for one in runs]), dtype=np.str_),
        [len(one) for one in runs],
    )
    ends = np.cumsum([len(one) for one in runs])
    kept = np.split(keep, ends[:-1])
    read = [one.read(regions.position)[rows] for one, rows in zip(runs, kept, strict=True)
            if rows.any()]  # fmt: skip
    parts = [WITHIN_RUN[found.settings.within_run](_measured(betas)) for betas in read]
    response = np.concatenate(parts)
    good, left_out = _good(response, regions, where)
    label = label[keep]
    data = session_data(
        response[:, good],
        stimulus=label,
        repetition=repetitions(label, np.arange(len(label))),
        unit=_unit_names(runs[0], regions)[good],
        region=regions.region[good],
        stimuli=found.known.stimuli,
        dropped={**dropped, **left_out},
        extra={"run": ("presentation", run[keep].astype(object))},
    )
    noted = {**json.loads(data.attrs["noted"]), "units that count in two regions": regions.twice}
    return data.assign_attrs(noted=json.dumps(noted))


def _unit_names(run: Maps, found: RegionsOfMaps) -> Array:
    """Return a name per unit; with its region, since a unit may count in two."""
    names = run.place.names(found.position)
    return np.array([f"{region}:{name}" for region, name in zip(found.region, names, strict=True)])


def _good(response: Array, found: RegionsOfMaps, where: str) -> tuple[Array, dict[str, int]]:
    good = np.isfinite(response).all(axis=0)
    if not good.any():
        raise IsomorphError(f"{where}: no unit of any region has a beta in every map")
    reason = "units with a beta that is not a number, or the same in a whole run"
    return good, {
        reason: int((~good).sum()),
        "units of a region without betas": found.absent,
    }


def _measured(betas: Array) -> Array:
    """Return the betas (map, unit) of a run, NaN for units that were not measured in it.

    Those have one value, most often 0, in all of its maps.
    """
    if len(betas) < 2:
        return betas
    with np.errstate(invalid="ignore"):  # of units with infinite betas
        return np.where(np.ptp(betas, axis=0) == 0, np.float32(np.nan), betas)


def _centred(betas: Array) -> Array:
    return (betas - betas.mean(axis=0, dtype=np.float64)).astype(np.float32)


def _z_scored(betas: Array) -> Array:
    """Return betas (map, unit) with mean 0 and standard deviation 1, NaN where all are one."""
    centred = betas - betas.mean(axis=0, dtype=np.float64)
    spread = np.sqrt(np.square(centred).mean(axis=0))
    constant = spread <= 1e-6 * np.abs(betas).max(axis=0)
    spread[constant] = np.nan
    return (centred / spread).astype(np.float32)


WITHIN_RUN: dict[str, Callable[[Array], Array]] = {
    "none": lambda betas: betas,
    "centre": _centred,
    "z_score": _z_scored,
}
"""What is done to the betas (map, unit) of a run, by `within_run`."""

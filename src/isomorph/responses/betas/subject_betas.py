"""From files of betas to the responses of one subject."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import xarray as xr

from isomorph.errors import IsomorphError
from isomorph.responses.betas.beta_regions import RegionsOfMaps
from isomorph.responses.betas.maps import Maps
from isomorph.responses.betas.subject_maps import SubjectMaps, gather
from isomorph.responses.places import Place
from isomorph.responses.presentations import repetitions
from isomorph.responses.sessions import session_data, summary
from isomorph.responses.stored.cells import in_space_of as in_space
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
        if isinstance(run, Maps):
            refuse_cut_short(run.file, run.image)
    found.usable()
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
    regions, shown, settings = found.regions, found.shown, found.settings
    keep, dropped = found.usable()
    standardised = {"within_run": settings.within_run, "sessions": settings.sessions}
    scaled = any(how != "none" for how in standardised.values())
    used = shown.stimulus != "" if scaled else keep
    response = _read(found, used)
    session = shown.session
    run = session if shown.run is None else np.char.add(np.char.add(session, "|"), shown.run)
    within = {"within_run": run, "sessions": session}
    for key, how in standardised.items():
        if how != "none":
            _by_group(response, within[key][used], STANDARDISED[how])
    response = response[keep[used]]
    good, left_out = _good(response, regions, shown.where)
    label = shown.stimulus[keep]
    parts = {} if shown.run is None else {"run": shown.run}
    parts |= {"session": session} if len(np.unique(session)) > 1 else {}
    place = found.runs[0].place
    at, grid = in_space(place, regions.position, regions.grid)
    data = session_data(
        response[:, good],
        stimulus=label,
        repetition=repetitions(label, np.arange(len(label))),
        unit=unit_names(place, regions)[good],
        region=regions.region[good],
        stimuli=found.known.stimuli,
        dropped={**dropped, **left_out},
        extra={
            **{key: ("presentation", said[keep].astype(object)) for key, said in parts.items()},
            **{axis: (dim, values[good]) for axis, (dim, values) in at.items()},
        },
    )
    noted = {**json.loads(data.attrs["noted"]), "units that count in two regions": regions.twice}
    noted |= {f"maps {WORDS[how]} {WITHIN[key]}": int(keep.sum())
              for key, how in standardised.items() if how != "none"}  # fmt: skip
    return data.assign_attrs(noted=json.dumps(noted), **grid)


def _read(found: SubjectMaps, used: Array) -> Array:
    """Return the betas of some maps (map, unit), run by run."""
    response = np.empty((int(used.sum()), len(found.regions.position)), np.float32)
    first = row = 0
    for one in found.runs:
        rows = used[first : first + len(one)]
        if rows.any():
            count = int(rows.sum())
            response[row : row + count] = _measured(one.read(found.regions.position))[rows]
            row += count
        first += len(one)
    return response


def _by_group(response: Array, group: Array, change: Callable[[Array], Array]) -> None:
    """Change the rows of each group in place."""
    for name in dict.fromkeys(group.tolist()):
        rows = group == name
        response[rows] = change(response[rows])


def unit_names(place: Place, found: RegionsOfMaps) -> Array:
    """Return a name per unit; with its region, since a unit may count in two."""
    names = place.names(found.position)
    return np.array([f"{region}:{name}" for region, name in zip(found.region, names, strict=True)])


def _good(response: Array, found: RegionsOfMaps, where: str) -> tuple[Array, dict[str, int]]:
    good = np.isfinite(response).all(axis=0)
    if not good.any():
        raise IsomorphError(f"{where}: no unit of any region has a beta in every map")
    reason = "units with a beta that is not a number, or the same in a whole file"
    return good, {
        reason: int((~good).sum()),
        "units of a region without betas": found.absent,
    }


def _measured(betas: Array) -> Array:
    """Return the betas (map, unit) of a file, NaN for units that were not measured in it.

    Those have one value, most often 0, in all of its maps, also in those that do not count: of
    whole numbers few may be the same by chance.
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


STANDARDISED: dict[str, Callable[[Array], Array]] = {"centre": _centred, "z_score": _z_scored}
"""What is done to the betas (map, unit) of a run or session, by `within_run` or `sessions`."""

WORDS = {"centre": "centred", "z_score": "z-scored"}
WITHIN = {"within_run": "within their run", "sessions": "within their session"}
"""The same in words."""

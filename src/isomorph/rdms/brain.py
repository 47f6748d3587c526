"""RDMs of brain regions, from responses or as their authors published them."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import xarray as xr

from isomorph.geometry import Contribution, Geometry, UndefinedDistanceError, joined
from isomorph.rdms.distances import DISTANCES
from isomorph.rdms.fold_geometry import USUAL, geometry_of_folds
from isomorph.rdms.fold_remarks import FoldRemarks
from isomorph.rdms.folds import Folds, folds_of
from isomorph.rdms.halves import Halves, halves_of
from isomorph.rdms.halvings import HALVINGS, Halving, draw_halvings
from isomorph.rdms.rdm_rows import RdmRow, Status
from isomorph.rdms.transforms import TRANSFORMS
from isomorph.rdms.unit_choice import equal_units
from isomorph.responses.division import Division, divide
from isomorph.responses.times import bins_of
from isomorph.study.dataset import NoiseSpec, UnitFilter


def rdms_of_responses(
    sessions: Mapping[str, xr.Dataset],
    stimuli: Sequence[str],
    distances: Sequence[str],
    *,
    subject: str,
    transform: str,
    noise: NoiseSpec = USUAL,
    units: UnitFilter | None = None,
    number: int = 0,
    halvings: int = HALVINGS,
) -> tuple[list[RdmRow], dict[str, str]]:
    """Return the RDMs of every region and time bin of one subject, sessions pooled.

    The units of all sessions stand side by side in one population, each described by its own
    session's presentations and weighed by its own session's noise. What each adds is summed, so
    that the folds of one region in one session are held at a time.

    Parameters
    ----------
    sessions : mapping of str to Dataset
        `response (presentation, unit[, time])` by session, of the same time bins.
    stimuli : sequence of str
        The stimuli in order; a session that lacks one is left out.
    distances : sequence of str
        Names in `DISTANCES`.
    subject : str
    transform : str
        Name in `TRANSFORMS`.
    noise : NoiseSpec, optional
        What the noise is taken to be.
    units : UnitFilter, optional
        Where it equalises units, every draw of them has its own RDM.
    number : int
        The subject's place among the subjects, see `equal_units`.
    halvings : int, optional
        Most halvings of the runs or repetitions. All regions of the subject are halved alike, so
        that of regions recorded together different halves share no noise.

    Returns
    -------
    rows : list of RdmRow
        Of every region, distance, time bin and draw of units, with or without an RDM.
    left_out : dict of str to str
        What has no RDM under any distance, and why.
    """
    TRANSFORMS[transform]
    complete, left_out = complete_sessions(sessions, stimuli, subject)
    regions = regions_of(complete)
    equal = units if units is not None and units.equalise is not None else None
    levels = {DISTANCES[name].level for name in distances} - {"", *distances}
    divisions = [divide(one, stimuli) for one in complete.values()]
    remarks = FoldRemarks.of_sessions(list(complete.values()), divisions, stimuli)
    halved = _halved(remarks, halvings, np.random.default_rng(zlib.crc32(subject.encode())))
    rows: list[RdmRow] = []
    for region in regions:
        places = [at for at, one in enumerate(complete.values()) if (one["region"] == region).any()]
        holding = [list(complete.values())[at] for at in places]
        drawn: list[list[tuple[int, xr.Dataset]]] | str = [list(enumerate(holding))]
        if equal is not None:
            drawn = equal_units(holding, region, equal, number)
        if isinstance(drawn, str):
            left_out[f"{region} | {subject}"] = drawn
            continue
        recorded = sum(int((one["region"] == region).sum()) for one in holding)
        about = remarks.of(places).row(
            RdmRow(region, subject, "", n_recorded=None if equal is None else recorded)
        )
        found: dict[tuple[str, int], list[RdmRow]] = {}
        for draw, population in enumerate(drawn):
            own = [places[at] for at, _ in population]
            here = remarks.of(own)
            for time, data in enumerate(zip(*(bins_of(one) for _, one in population), strict=True)):
                folds = partial(_folds, data, here.divisions, region, stimuli, transform)
                whole = _whole(folds(), [*distances, *levels], noise)
                halves = halves_of(
                    folds, halved(own), len(stimuli), whole, distances, noise, here.counted
                )
                this = replace(about, draw=draw, time=time, n_units=whole.n_features)
                for name in distances:
                    row = _row(replace(this, distance=name), whole, halves[name], here)
                    found.setdefault((name, time), []).append(row)
        for draws in found.values():
            rows += _all_or_none(draws)
    return rows, left_out


def complete_sessions(
    sessions: Mapping[str, xr.Dataset], stimuli: Sequence[str], subject: str
) -> tuple[dict[str, xr.Dataset], dict[str, str]]:
    """Return the sessions of a subject that show every stimulus, and why others are left out."""
    left_out: dict[str, str] = {}
    complete: dict[str, xr.Dataset] = {}
    for name, session in sessions.items():
        missing = sorted(set(stimuli) - set(session["stimulus"].values.tolist()))
        if missing:
            left_out[f"{subject} | session {name}"] = (
                f"{len(missing)} of {len(stimuli)} stimuli were never shown, such as {missing[0]}"
            )
        else:
            complete[name] = session
    return complete, left_out


def regions_of(sessions: Mapping[str, xr.Dataset]) -> list[str]:
    """Return the regions of all sessions, sorted."""
    return sorted({str(r) for session in sessions.values() for r in session["region"].values})


def _all_or_none(draws: Sequence[RdmRow]) -> list[RdmRow]:
    """Return the RDMs of all draws of units, or, where one has none, why none is used."""
    reasons = [row.reason for row in draws if row.rdm is None]
    if not reasons:
        return list(draws)
    drawn = draws[0].n_recorded is not None
    share = f"in {len(reasons)} of {len(draws)} draws of units " if drawn else ""
    return [_undefined(row, share + reasons[0]) for row in draws]


def _undefined(row: RdmRow, reason: str) -> RdmRow:
    return replace(
        row, rdm=None, halves=None, half_norm=None, note="", status=Status.UNDEFINED, reason=reason
    )


def _halved(
    remarks: FoldRemarks, halvings: int, rng: np.random.Generator
) -> Callable[[Sequence[int]], list[Halving]]:
    """Return what gives the halvings of some sessions, all sessions being halved together."""
    able = [at for at, shown in enumerate(remarks.seen) if draw_halvings([shown], 1, rng)]
    halved = draw_halvings([remarks.seen[at] for at in able], halvings, rng)

    def of(places: Sequence[int]) -> list[Halving]:
        known = set(places) <= set(able)
        return [[one[able.index(at)] for at in places] for one in halved if known]

    return of


def _row(row: RdmRow, whole: Geometry, halves: Halves, remarks: FoldRemarks) -> RdmRow:
    """Return a row with its RDM and those of halves, or why there is none."""
    distance = DISTANCES[row.distance]
    try:
        rdm = distance.compute(whole)
    except UndefinedDistanceError as error:
        return _undefined(row, f"{error}{remarks.undefined(distance)}")
    part, notes = whole.parts.get(row.distance), remarks.noted(distance)
    if isinstance(part, Contribution):
        lost = whole.n_features - part.n_units
        silent = (
            f"{lost} of {whole.n_features} units do the same in every repetition of a stimulus and "
            "have no noise to be weighed by"
        )
        notes = [*([part.note] if part.note else []), *notes, *([silent] if lost > 0 else [])]
    return replace(
        row,
        rdm=rdm,
        halves=halves.rdms,
        half_norm=halves.norm,
        status=Status.NO_HALVES if halves.reason else Status.OK,
        reason=halves.reason,
        note="; ".join(notes),
    )


def _folds(
    sessions: Sequence[xr.Dataset],
    divisions: Sequence[Division],
    region: str,
    stimuli: Sequence[str],
    transform: str,
) -> Iterator[Folds]:
    """Yield the folds of a region, session by session."""
    for session, division in zip(sessions, divisions, strict=True):
        yield folds_of(session, region, stimuli, transform, division)


def _whole(sessions: Iterator[Folds], distances: Sequence[str], noise: NoiseSpec) -> Geometry:
    """Return the geometry of sessions side by side; complete ones show every stimulus."""
    found = [geometry_of_folds(folds, distances, noise) for folds in sessions]
    return joined([geometry for geometry in found if geometry is not None])

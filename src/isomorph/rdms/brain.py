"""RDMs of brain regions, from responses or as their authors published them."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import xarray as xr

from isomorph.rdms.distances import DISTANCES
from isomorph.rdms.fold_geometry import USUAL, geometry_of_folds
from isomorph.rdms.folds import Folds, folds_of, folds_of_units
from isomorph.rdms.geometry import Geometry, Part, UndefinedDistanceError, joined
from isomorph.rdms.halves import Halves, halves_of
from isomorph.rdms.halvings import HALVINGS, draw_halvings
from isomorph.rdms.table import RdmRow
from isomorph.rdms.transforms import TRANSFORMS
from isomorph.rdms.units import equal_units
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
    """Return the RDMs of every region of one subject, sessions pooled.

    The units of all sessions stand side by side in one population, each described by its own
    session's presentations and weighed by its own session's noise. What each adds is summed, so
    that the folds of one region in one session are held at a time.

    Parameters
    ----------
    sessions : mapping of str to Dataset
        `response (presentation, unit)` by session.
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
        Most halvings of the repetitions. All regions of the subject are halved alike, so that of
        regions recorded together different halves share no noise.

    Returns
    -------
    rows : list of RdmRow
    left_out : dict of str to str
        What has no RDM, and why; and what a reader must know of those that have one.
    """
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
    label = next(iter(complete)) if len(complete) == 1 else f"{len(complete)} pooled"
    regions = sorted({str(r) for s in complete.values() for r in s["region"].values})
    across = "run" if noise.per == "run" else "repetition"
    TRANSFORMS[transform]
    equal = units if units is not None and units.equalise is not None else None
    levels = {DISTANCES[name].level for name in distances} - {"", *distances}
    nobody = np.empty(0, dtype=np.intp)
    seen = [
        folds_of_units(one, nobody, stimuli, transform, across).seen for one in complete.values()
    ]
    rng = np.random.default_rng(zlib.crc32(subject.encode()))
    able = [at for at, shown in enumerate(seen) if draw_halvings([shown], 1, rng)]
    halved = draw_halvings([seen[at] for at in able], halvings, rng)
    rows = []
    for region in regions:
        places = [at for at, one in enumerate(complete.values()) if (one["region"] == region).any()]
        holding = [list(complete.values())[at] for at in places]
        drawn: list[list[xr.Dataset]] | str = [holding]
        if equal is not None:
            drawn = equal_units(holding, region, equal, number)
        if isinstance(drawn, str):
            left_out[f"{region} | {subject}"] = drawn
            continue
        own = [able.index(at) for at in places if at in able]
        n_folds = min(len(seen[at]) for at in places)
        halvings_here = [[one[at] for at in own] for one in halved if len(own) == len(places)]
        counted = f"{n_folds} {across}" + "s" * (n_folds != 1)
        about = RdmRow(f"{region} | {subject}", "", np.empty(0), region, subject, session=label)
        draws = []
        for population in drawn:
            folds = partial(_folds, population, region, stimuli, transform, across)
            whole = _whole(folds(), [*distances, *levels], noise)
            halves = halves_of(folds, halvings_here, len(stimuli), whole, distances, noise, counted)
            found, noted = _rows(about, whole, halves, _place(population, region), distances)
            draws.append(found)
            left_out |= noted
        n_recorded = sum(int((one["region"] == region).sum()) for one in holding)
        for name in distances:
            defined = [row for found in draws if isinstance(row := found[name], RdmRow)]
            if reasons := [row for found in draws if isinstance(row := found[name], str)]:
                share = (
                    "" if equal is None else f"in {len(reasons)} of {len(draws)} draws of units "
                )
                left_out[f"{region} | {subject} | {name}"] = share + reasons[0]
            elif equal is None:
                rows += defined
            else:
                rows += [
                    replace(
                        row,
                        representation=f"{row.representation} | draw {draw}",
                        draw=draw,
                        n_recorded=n_recorded,
                    )
                    for draw, row in enumerate(defined)
                ]
    return rows, left_out


def _rows(
    about: RdmRow,
    whole: Geometry,
    halves: Mapping[str, Halves],
    place: tuple[str, float, float],
    distances: Sequence[str],
) -> tuple[dict[str, RdmRow | str], dict[str, str]]:
    """Return a region's row under every distance, or why there is none; and what is noted."""
    rows: dict[str, RdmRow | str] = {}
    noted = {}
    for name in distances:
        try:
            rdm = DISTANCES[name].compute(whole)
        except UndefinedDistanceError as error:
            rows[name] = str(error)
            continue
        part = whole.parts.get(name)
        if isinstance(part, Part) and part.n_units < whole.n_features:
            noted[f"{about.representation} | {name} | units"] = (
                f"{whole.n_features - part.n_units} of {whole.n_features} units do the same "
                "in every repetition of a stimulus and have no noise to be weighed by"
            )
        if isinstance(part, Part) and part.note:
            noted[f"{about.representation} | {name} | noise"] = part.note
        rows[name] = replace(
            about,
            distance=name,
            rdm=rdm,
            n_units=whole.n_features,
            halves=halves[name].rdms,
            half_norm=halves[name].norm,
            half_status=halves[name].status,
            area=place[0],
            time_start=place[1],
            time_stop=place[2],
        )
    return rows, noted


def _folds(
    sessions: Sequence[xr.Dataset],
    region: str,
    stimuli: Sequence[str],
    transform: str,
    across: str,
) -> Iterator[Folds]:
    """Yield the folds of a region, session by session."""
    for session in sessions:
        yield folds_of(session, region, stimuli, transform, across)


def _whole(sessions: Iterator[Folds], distances: Sequence[str], noise: NoiseSpec) -> Geometry:
    """Return the geometry of sessions side by side; complete ones show every stimulus."""
    found = [geometry_of_folds(folds, distances, noise) for folds in sessions]
    return joined([geometry for geometry in found if geometry is not None])


def _place(sessions: Sequence[xr.Dataset], region: str) -> tuple[str, float, float]:
    """Return the area of a region without its window, and the window, seconds from onset.

    A region whose units do not agree about them has none: its own name, and NaN.
    """
    areas: set[str] = set()
    starts: set[float] = set()
    stops: set[float] = set()
    for session in sessions:
        inside = (session["region"] == region).values
        for found, name in ((areas, "area"), (starts, "time_start"), (stops, "time_stop")):
            if name in session.coords:
                found.update(np.unique(session[name].values[inside]).tolist())
    area = str(areas.pop()) if len(areas) == 1 else region
    one = len(starts) == len(stops) == 1
    return (area, starts.pop(), stops.pop()) if one else (area, np.nan, np.nan)

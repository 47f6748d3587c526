"""RDMs of brain regions, from responses or as their authors published them."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import xarray as xr

from isomorph.geometry import Geometry, Part, UndefinedDistanceError, joined
from isomorph.rdms.distances import DISTANCES
from isomorph.rdms.fold_geometry import USUAL, geometry_of_folds
from isomorph.rdms.folds import Folds, folds_of
from isomorph.rdms.halves import Halves, halves_of
from isomorph.rdms.halvings import HALVINGS, Halving, draw_halvings
from isomorph.rdms.table import RdmRow
from isomorph.rdms.told import Told
from isomorph.rdms.transforms import TRANSFORMS
from isomorph.rdms.units import equal_units
from isomorph.responses.division import Division, divide
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
        Most halvings of the runs or repetitions. All regions of the subject are halved alike, so
        that of regions recorded together different halves share no noise.

    Returns
    -------
    rows : list of RdmRow
    left_out : dict of str to str
        What has no RDM, and why; and what a reader must know of those that have one.
    """
    TRANSFORMS[transform]
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
    equal = units if units is not None and units.equalise is not None else None
    levels = {DISTANCES[name].level for name in distances} - {"", *distances}
    divisions = [divide(one, stimuli) for one in complete.values()]
    told = Told.of_sessions(list(complete.values()), divisions, stimuli)
    halved = _halved(told, halvings, np.random.default_rng(zlib.crc32(subject.encode())))
    rows = []
    for region in regions:
        places = [at for at, one in enumerate(complete.values()) if (one["region"] == region).any()]
        holding = [list(complete.values())[at] for at in places]
        drawn: list[list[tuple[int, xr.Dataset]]] | str = [list(enumerate(holding))]
        if equal is not None:
            drawn = equal_units(holding, region, equal, number)
        if isinstance(drawn, str):
            left_out[f"{region} | {subject}"] = drawn
            continue
        about = RdmRow(f"{region} | {subject}", "", np.empty(0), region, subject, session=label)
        draws = []
        for population in drawn:
            own = [places[at] for at, _ in population]
            data, here = [one for _, one in population], told.of(own)
            folds = partial(_folds, data, here.divisions, region, stimuli, transform)
            whole = _whole(folds(), [*distances, *levels], noise)
            halves = halves_of(
                folds, halved(own), len(stimuli), whole, distances, noise, here.counted
            )
            place = _place(data, region)
            found, noted = _rows(here.row(about), whole, halves, place, distances, here)
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


def _halved(
    told: Told, halvings: int, rng: np.random.Generator
) -> Callable[[Sequence[int]], list[Halving]]:
    """Return what gives the halvings of some sessions, all sessions being halved together."""
    able = [at for at, shown in enumerate(told.seen) if draw_halvings([shown], 1, rng)]
    halved = draw_halvings([told.seen[at] for at in able], halvings, rng)

    def of(places: Sequence[int]) -> list[Halving]:
        known = set(places) <= set(able)
        return [[one[able.index(at)] for at in places] for one in halved if known]

    return of


def _rows(
    about: RdmRow,
    whole: Geometry,
    halves: Mapping[str, Halves],
    place: tuple[str, float, float],
    distances: Sequence[str],
    told: Told,
) -> tuple[dict[str, RdmRow | str], dict[str, str]]:
    """Return a region's row under every distance, or why there is none; and what is noted."""
    rows: dict[str, RdmRow | str] = {}
    noted = {}
    for name in distances:
        distance = DISTANCES[name]
        try:
            rdm = distance.compute(whole)
        except UndefinedDistanceError as error:
            rows[name] = f"{error}{told.undefined(distance)}"
            continue
        part = whole.parts.get(name)
        if isinstance(part, Part) and part.n_units < whole.n_features:
            noted[f"{about.representation} | {name} | units"] = (
                f"{whole.n_features - part.n_units} of {whole.n_features} units do the same "
                "in every repetition of a stimulus and have no noise to be weighed by"
            )
        notes = told.noted(distance)
        if isinstance(part, Part) and part.note:
            notes = [part.note, *notes]
        if notes:
            noted[f"{about.representation} | {name} | noise"] = "; ".join(notes)
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

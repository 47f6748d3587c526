"""RDMs of brain regions, from responses or as their authors published them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import xarray as xr

from isomorph.rdms.distances import DISTANCES
from isomorph.rdms.folds import Folds, folds_of
from isomorph.rdms.geometry import Floats, Geometry, Part, UndefinedDistanceError, joined
from isomorph.rdms.gram import fold_gram, geometry_of_features
from isomorph.rdms.table import RdmRow
from isomorph.rdms.transforms import TRANSFORMS
from isomorph.rdms.units import equal_units
from isomorph.study.dataset import NoiseSpec, UnitFilter

USUAL = NoiseSpec()

NOTHING = Geometry(np.zeros((0, 0)), np.zeros(0), 0.0, np.zeros(0), 0)
"""Stands where no distance asks for Gram matrices of means."""


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
    rows = []
    for region in regions:
        holding = [one for one in complete.values() if (one["region"] == region).any()]
        drawn: list[list[xr.Dataset]] | str = [holding]
        if equal is not None:
            drawn = equal_units(holding, region, equal, number)
        if isinstance(drawn, str):
            left_out[f"{region} | {subject}"] = drawn
            continue
        about = RdmRow(f"{region} | {subject}", "", np.empty(0), region, subject, session=label)
        draws = []
        for population in drawn:
            folds = (folds_of(one, region, stimuli, transform, across) for one in population)
            found, noted = _rows(about, folds, _place(population, region), distances, noise)
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
    folds: Iterable[Folds],
    place: tuple[str, float, float],
    distances: Sequence[str],
    noise: NoiseSpec,
) -> tuple[dict[str, RdmRow | str], dict[str, str]]:
    """Return a region's row under every distance, or why there is none; and what is noted."""
    whole, halves = _geometries(folds, distances, noise)
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
            halves=_both_halves(name, halves),
            area=place[0],
            time_start=place[1],
            time_stop=place[2],
        )
    return rows, noted


def geometry_of_folds(
    folds: Folds, distances: Iterable[str] = (), noise: NoiseSpec = USUAL
) -> Geometry | None:
    """Return the geometry of one session, None when a stimulus has no showing.

    Parameters
    ----------
    folds : Folds
    distances : iterable of str, optional
        What the geometry must serve; all that need no more than Gram matrices unless given.
    noise : NoiseSpec, optional
    """
    if not folds.complete:
        return None
    wanted = [DISTANCES[name] for name in distances]
    crossed = None
    if not wanted or any(d.repetitions and d.gather is None for d in wanted):
        crossed = fold_gram(folds.centred.values, folds.seen)
    if not wanted or any("gram" in d.needs for d in wanted):
        plain = geometry_of_features(folds.means, crossed)
    else:
        plain = replace(NOTHING, n_features=folds.values.shape[2], fold_gram=crossed)
    parts: dict[str, Part | str] = {}
    for distance in wanted:
        if distance.gather is not None:
            try:
                parts[distance.name] = distance.gather(folds, noise)
            except UndefinedDistanceError as error:
                parts[distance.name] = str(error)
    return replace(plain, parts=parts)


def _geometries(
    sessions: Iterable[Folds], distances: Sequence[str], noise: NoiseSpec
) -> tuple[Geometry, list[Geometry | None]]:
    """Return the geometry of sessions side by side, and those of odd and of even folds."""
    found: list[list[Geometry | None]] = [[], [], []]
    for folds in sessions:
        # Of all folds, of every other from the first, and of every other from the second.
        for which, geometries in zip(
            (slice(None), slice(0, None, 2), slice(1, None, 2)), found, strict=True
        ):
            geometries.append(geometry_of_folds(folds.of(which), distances, noise))
    whole, *halves = [_joined(geometries) for geometries in found]
    assert whole is not None, "complete sessions show every stimulus"
    return whole, halves


def _joined(geometries: Sequence[Geometry | None]) -> Geometry | None:
    there = [geometry for geometry in geometries if geometry is not None]
    return joined(there) if len(there) == len(geometries) else None


def _both_halves(distance: str, halves: Sequence[Geometry | None]) -> Floats | None:
    """Return the RDMs of odd and even repetitions `(half, pair)`, None if either has none."""
    first, second = halves
    if first is None or second is None:
        return None
    try:
        return np.stack([DISTANCES[distance].compute(half) for half in (first, second)])
    except UndefinedDistanceError:
        return None


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

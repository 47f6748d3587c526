"""Which units RDMs are of: reliable ones, and equally many in every region.

Reliability is estimated from repetitions that the RDMs do not see, of whole runs where these are
known.

Chosen and compared on the same responses, units of pure noise whose repetitions happen to agree
would have cross-validated distances above 0, and with them cosines with any model above 0. So some
repetitions choose and the others are compared: given the choice, the noise of what is compared is
as if nothing had been chosen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import xarray as xr

from isomorph.errors import IsomorphError
from isomorph.responses.division import divide, runs_of
from isomorph.responses.split_halves import spearman_brown, split_half
from isomorph.study.dataset import UnitFilter

Array = npt.NDArray

FEWEST = 2
"""Runs or repetitions on either side: one has no halves, and no cross-validated distances."""


def reliable_units(
    sessions: Mapping[str, xr.Dataset],
    stimuli: Sequence[str],
    wanted: UnitFilter,
    *,
    subject: str,
    where: str,
    number: int = 0,
) -> tuple[dict[str, xr.Dataset], dict[str, str]]:
    """Return the reliable units of every session, on the repetitions that did not choose them.

    Parameters
    ----------
    sessions : mapping of str to Dataset
        `response (presentation, unit[, time])` by session. A unit is chosen once, by its
        reliability over all time bins together, so that bins compare the same units.
    stimuli : sequence of str
        What is compared; a session that lacks one is returned as it is.
    wanted : UnitFilter
        The bound on reliability, and which part of the repetitions chooses.
    subject : str
    where : str
        The dataset's file, for messages.
    number : int
        The subject's place among the subjects, so that each has draws of its own.

    Returns
    -------
    sessions : dict of str to Dataset
        With repetitions numbered again from 0; those of one number keep one number.
    left_out : dict of str to str
        How many units of each region are left out, and why.

    Raises
    ------
    IsomorphError
        When a stimulus was not shown often enough to choose on some repetitions and compare on
        others.
    """
    minimum = wanted.minimum_reliability or 0.0
    found = {}
    units: Counter[str] = Counter()
    kept: Counter[str] = Counter()
    for order, (name, session) in enumerate(sessions.items()):
        names = session["stimulus"].values.astype(str)
        known = np.isin(names, stimuli)
        distinct, presentations = np.unique(names[known], return_counts=True)
        if len(distinct) < len(stimuli):
            found[name] = session
            continue
        division = divide(session, stimuli)
        counts = [len(np.unique(division.fold[names == one])) for one in distinct]
        rarest, fewest = distinct[np.argmin(counts)], min(counts)
        if fewest < 2 * FEWEST:
            raise IsomorphError(
                f'{where}: units: "{rarest}" has {fewest} {division.kind}s in session {name} of '
                f"{subject}, expected {2 * FEWEST} or more, so that some choose units and others "
                "are compared; leave units out"
            )
        rng = np.random.default_rng([wanted.seed, number, order])
        choosing = training(division.fold[known], names[known], wanted.training, rng)
        chooses = known & np.isin(division.fold, choosing)
        reliable = reliability(session, chooses, int(presentations.min()), rng) >= minimum
        region = session["region"].values.astype(str)
        units.update(region.tolist())
        kept.update(region[reliable].tolist())
        found[name] = _compared(session, known & ~chooses, reliable)
    left_out = {
        f"{region} | {subject} | units": (
            f"{units[region] - kept[region]} of {units[region]} units are less reliable than "
            f"{minimum:g} on the repetitions that choose"
        )
        for region in sorted(units)
        if kept[region] < units[region]
    }
    return found, left_out


def training(fold: Array, stimulus: Array, share: float, rng: np.random.Generator) -> Array:
    """Return which folds choose: whole ones, as noise is shared within a fold.

    Presentations of one fold are those cross-validation takes to share their noise, runs where they
    are known, so none is on both sides, not even for different stimuli.

    Parameters
    ----------
    fold : array of int of shape (presentation,)
        Numbers of folds; one may show some stimuli only.
    stimulus : array of str of shape (presentation,)
        What was shown.
    share : float
        Which part of the folds of the stimulus shown in fewest chooses, for any stimulus;
        `FEWEST` at least are compared.
    rng : Generator
        Draws them.

    Returns
    -------
    array of shape (number,)
        Numbers of folds, ascending.
    """
    numbers, row = np.unique(fold, return_inverse=True)
    names, column = np.unique(stimulus, return_inverse=True)
    shows = np.zeros((len(numbers), len(names)), dtype=bool)
    shows[row, column] = True
    fewest = int(shows.sum(axis=0).min())
    size = int(np.clip(round(share * fewest), FEWEST, fewest - FEWEST))
    order = rng.permutation(len(numbers))
    # Those that show most come first, so that no stimulus is done before the others have theirs.
    order = order[np.argsort(-shows[order].sum(axis=1), kind="stable")]
    held = np.zeros(len(names), dtype=int)
    chosen = []
    for one in order.tolist():
        if (held[shows[one]] < size).all():
            held += shows[one]
            chosen.append(one)
    return numbers[np.sort(chosen)]


def reliability(
    session: xr.Dataset, chooses: Array, fewest: int, rng: np.random.Generator
) -> Array:
    """Return what the repetitions that choose predict of the mean over all of them.

    Parameters
    ----------
    session : Dataset
        `response (presentation, unit[, time])`.
    chooses : array of bool of shape (presentation,)
        Presentations that are looked at; no others are.
    fewest : int
        Number of presentations the reliability refers to, so that it does not depend on how many
        choose.
    rng : Generator
        Draws the halves.

    Returns
    -------
    array of shape (unit,)
        Spearman-Brown reliability, NaN for a unit that never varies.
    """
    rows = np.flatnonzero(chooses)
    stimulus = session["stimulus"].values[rows].astype(str)
    run = runs_of(session)
    halves = split_half(
        session["response"].values[rows], stimulus, rng, run=None if run is None else run[rows]
    )
    return spearman_brown(halves.correlation, fewest / (halves.presentations or 1))


def _compared(session: xr.Dataset, rows: Array, reliable: Array) -> xr.Dataset:
    """Return the rest of a session, its repetitions numbered again."""
    rest = session.isel(presentation=np.flatnonzero(rows), unit=np.flatnonzero(reliable))
    again = np.unique(rest["repetition"].values, return_inverse=True)[1]
    return rest.assign_coords(repetition=("presentation", again))


def equal_units(
    sessions: Sequence[xr.Dataset], region: str, wanted: UnitFilter, number: int
) -> list[list[tuple[int, xr.Dataset]]] | str:
    """Draw equally many units of a region from its sessions together, again and again.

    A draw is of the same units in all time bins.

    Parameters
    ----------
    sessions : sequence of Dataset
        `response (presentation, unit[, time])` of one subject.
    region : str
    wanted : UnitFilter
        How many units and draws.
    number : int
        The subject's place among the subjects, so that each has draws of its own.

    Returns
    -------
    list of list of (int, Dataset), or str
        The sessions in each draw, with their places among all, those without a drawn unit left
        out; or why there are none.
    """
    places = [np.flatnonzero((one["region"] == region).values) for one in sessions]
    owner = np.repeat(np.arange(len(places)), [len(some) for some in places])
    every = np.concatenate(places)
    drawn = drawn_units(len(every), wanted, number)
    if isinstance(drawn, str):
        return drawn
    return [
        [
            (k, sessions[k].isel(unit=every[chosen[owner[chosen] == k]]))
            for k in np.unique(owner[chosen]).tolist()
        ]
        for chosen in drawn
    ]


def drawn_units(n_units: int, wanted: UnitFilter, number: int) -> list[Array] | str:
    """Return the places of equally many units in every draw, or why there are none.

    Parameters
    ----------
    n_units : int
        Units of a region of one subject, those of all sessions side by side.
    wanted : UnitFilter
        How many units and draws.
    number : int
        The subject's place among the subjects.
    """
    size = wanted.equalise or 0
    if n_units < size:
        return f"{n_units} units are fewer than the {size} that units.equalise draws"
    rng = np.random.default_rng([wanted.seed, number])
    return [np.sort(rng.choice(n_units, size, replace=False)) for _ in range(wanted.draws)]

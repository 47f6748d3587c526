"""Features: what each unit of a region does for each stimulus, as it enters the RDMs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from isomorph.geometry import Floats
from isomorph.rdms.brain import complete_sessions, regions_of
from isomorph.rdms.folds import Folds, folds_of
from isomorph.rdms.unit_choice import drawn_units
from isomorph.rdms.unit_responses import UnitResponses
from isomorph.responses.division import divide
from isomorph.responses.times import bins_of
from isomorph.study.dataset import UnitFilter


def features_of_responses(
    sessions: Mapping[str, xr.Dataset],
    stimuli: Sequence[str],
    *,
    subject: str,
    transform: str = "none",
    units: UnitFilter | None = None,
    number: int = 0,
    repetitions: bool = False,
) -> dict[str, UnitResponses]:
    """Return the features of every region of one subject.

    Sessions, regions, units and means are those of `isomorph.rdms.brain.rdms_of_responses`.

    Parameters
    ----------
    sessions, stimuli, subject, transform, units, number
        See `isomorph.rdms.brain.rdms_of_responses`.
    repetitions : bool, optional
        Whether single repetitions are wanted beside the means.

    Returns
    -------
    dict of str to UnitResponses
        By region; one with fewer units than are drawn is not in it.
    """
    complete, _ = complete_sessions(sessions, stimuli, subject)
    divisions = {name: divide(session, stimuli) for name, session in complete.items()}
    equal = units if units is not None and units.equalise is not None else None
    found = {}
    for region in regions_of(complete):
        holding = {name: one for name, one in complete.items() if (one["region"] == region).any()}
        by_time = [
            [
                folds_of(session, region, stimuli, transform, divisions[name])
                for name, session in zip(holding, bins, strict=True)
            ]
            for bins in zip(*map(bins_of, holding.values()), strict=True)
        ]
        names = tuple(
            f"{name} | {unit}" if len(holding) > 1 else str(unit)
            for name, session in holding.items()
            for unit in session["unit"].values[(session["region"] == region).values].tolist()
        )
        draws = () if equal is None else drawn_units(len(names), equal, number)
        if isinstance(draws, str):
            continue
        timed = any("time" in session.dims for session in holding.values())
        means = [np.hstack([one.means for one in folds]) for folds in by_time]
        single = [_repetitions(folds) for folds in by_time] if repetitions else [None]
        known = [one for one in single if one is not None]
        found[region] = UnitResponses(
            np.stack(means, axis=-1) if timed else means[0],
            None if not known else np.stack(known, axis=-1) if timed else known[0],
            names,
            tuple(draws),
        )
    return found


def _repetitions(sessions: Sequence[Folds]) -> Floats | None:
    """Return the first presentations of every stimulus: `(stimulus, repetition, unit)`."""
    n = min(int(one.seen.sum(axis=0).min()) for one in sessions)
    if n < 2:
        return None
    parts = []
    for one in sessions:
        # Stable, so that presentations stay in their order and those never made come last.
        first = np.argsort(~one.seen, axis=0, kind="stable")[:n]
        parts.append(np.take_along_axis(one.values, first[:, :, None], axis=0))
    return np.concatenate(parts, axis=2).transpose(1, 0, 2)

"""Amplitudes of all runs, at the units that have a signal in every one."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError
from isomorph.responses.bids.bold import Bold, open_bold
from isomorph.responses.bids.files import RunFiles
from isomorph.responses.bids.noise import normaliser
from isomorph.responses.bids.regions import ALLOW_EMPTY, Regions
from isomorph.responses.bids.runs import Masked, Reader, Run
from isomorph.responses.bids.scratch import Scratch
from isomorph.study.bids import BidsResponses

Array = npt.NDArray


def read_runs(
    reader: Reader, runs: Sequence[RunFiles], units: Array, first: Bold, scratch: Scratch
) -> list[Masked]:
    """Read some units of every run, each file once and one in memory at a time.

    Parameters
    ----------
    reader : Reader
    runs : sequence of RunFiles
    units : ndarray (unit,)
        Positions of the units.
    first : Bold
        The first run, opened.
    scratch : Scratch
        Where values are left until they are used.

    Raises
    ------
    IsomorphError
        When a run has other units than the first.
    """
    masked = []
    for number, run in enumerate(runs):
        bold = open_bold(run.files) if number else first
        if not bold.place.is_that_of(first.place):
            raise IsomorphError(
                f"{run.bold}: has {bold.place}, the first run of the subject {first.place}; "
                "choose images in one space"
            )
        masked.append(reader.masked(run, bold, units, scratch))
    return masked


def with_signal(
    masked: Sequence[Masked], regions: Regions, settings: BidsResponses
) -> tuple[Regions, Array, dict[str, int]]:
    """Return regions without units that lack a signal in any run.

    Units must be the same in all runs, and one without a signal would make the covariance of its
    region singular.

    Parameters
    ----------
    masked : sequence of Masked
        The runs.
    regions : Regions
        The units that were read.
    settings : BidsResponses
        What becomes of a region that loses all.

    Returns
    -------
    regions : Regions
    units : ndarray (unit,)
        Which of the units that were read are left.
    silent : dict of str to int
        How many each region lost.
    """
    signal = np.logical_and.reduce([one.signal for one in masked])
    silent = {}
    members = {}
    place = np.cumsum(signal) - 1
    for name, member in regions.members.items():
        kept = member[signal[member]]
        if len(kept) < len(member):
            silent[f"voxels of {name} without a signal in some run"] = len(member) - len(kept)
        if len(kept):
            members[name] = place[kept]
        elif settings.regions.empty == "refuse" and signal.any():
            raise IsomorphError(
                f"{_faintest(masked, member)}: none of the {len(member)} voxels of {name} has a signal in every run"
                + ALLOW_EMPTY
            )
    if not members:
        everything = np.arange(len(signal))
        raise IsomorphError(
            f"{_faintest(masked, everything)}: none of the {len(signal)} voxels of "
            f"{', '.join(regions.members)} has a signal in every run"
        )
    units = np.flatnonzero(signal)
    return Regions(regions.units[units], members, regions.noted), units, silent


def _faintest(masked: Sequence[Masked], units: Array) -> Path:
    """Return the run in which the fewest of some units have a signal."""
    return min(masked, key=lambda one: int(one.signal[units].sum())).run.bold


def estimate(
    reader: Reader, runs: Sequence[Masked], regions: Regions, units: Array, who: str
) -> list[tuple[Run, Mapping[str, Array]]]:
    """Estimate the runs of one session and normalise their noise, region by region.

    Parameters
    ----------
    reader : Reader
    runs : sequence of Masked
    regions : Regions
    units : ndarray (unit,)
        Which of the units that were read are those of the regions.
    who : str
        Dataset and subject, for messages.

    Returns
    -------
    list of (Run, mapping of str to ndarray (estimate, unit))
        Each run, and its amplitudes by region.
    """
    settings = reader.settings
    found: list[tuple[Run, Mapping[str, Array]]] = []
    read: list[Run] = []
    for number, run in enumerate(runs):
        result = reader.read(run, units)
        print(f"responses {who}: run {number + 1} of {len(runs)}", file=sys.stderr, flush=True)
        if settings.covariance == "all_runs" and settings.noise != "none":
            read.append(result)
            continue
        normalised = _by_region([result], result, regions, settings, str(run.run.bold))
        found.append((_without_arrays(result), normalised))
    for result in read:
        found.append((result, _by_region(read, result, regions, settings, who)))
    return found


def _without_arrays(run: Run) -> Run:
    """Return a run without its volumes, so that one run's are in memory at a time."""
    nothing = np.zeros((0, 0))
    return replace(run, fit=replace(run.fit, amplitudes=nothing, residuals=nothing))


def _by_region(
    together: Sequence[Run], run: Run, regions: Regions, settings: BidsResponses, where: str
) -> dict[str, Array]:
    """Return the amplitudes of each region's voxels `(estimate, unit)`, noise normalised."""
    whole = run.fit.amplitudes
    if settings.centre == "run":
        whole = whole - whole.mean(axis=0)
    amplitudes = {name: whole[:, member] for name, member in regions.members.items()}
    if settings.noise == "none":
        return amplitudes
    return {
        name: normaliser(
            [one.fit.residuals[:, regions.members[name]] for one in together],
            [one.fit.freedom for one in together],
            settings.noise,
            settings.shrinkage,
            f"{where}: {name}",
        ).whiten(values)
        for name, values in amplitudes.items()
    }

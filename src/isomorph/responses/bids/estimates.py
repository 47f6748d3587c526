"""Amplitudes of all runs, at the units that have a signal in every one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError
from isomorph.responses.bids.bold import Bold, open_bold
from isomorph.responses.bids.events import refuse_some_impulses
from isomorph.responses.bids.regions import ALLOW_EMPTY, Regions
from isomorph.responses.bids.run_files import RunFiles
from isomorph.responses.bids.runs import Masked, Reader, Run
from isomorph.responses.bids.scratch import Scratch
from isomorph.responses.bids.voxel_noise import normaliser
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
    units : array of shape (unit,)
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
    return [reader.masked(run, bold, units, scratch) for run, bold in opened(runs, first)]


def opened(runs: Sequence[RunFiles], first: Bold) -> Iterator[tuple[RunFiles, Bold]]:
    """Open runs one after another.

    Parameters
    ----------
    runs : sequence of RunFiles
    first : Bold
        The first run, opened.

    Raises
    ------
    IsomorphError
        When a run has other units than the first.
    """
    for number, run in enumerate(runs):
        bold = open_bold(run.files) if number else first
        if not bold.place.is_same(first.place):
            raise IsomorphError(
                f"{run.bold}: has {bold.place}, the first run of the subject {first.place}; "
                "choose images in one space"
            )
        yield run, bold


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
    units : array of shape (unit,)
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
                f"{_faintest(masked, member)}: none of the {len(member)} voxels of {name} has a "
                "signal in every run" + ALLOW_EMPTY
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
    reader: Reader,
    runs: Sequence[Masked],
    regions: Regions,
    units: Array,
    who: str,
    say: Callable[[str], None] = lambda _: None,
) -> list[tuple[Run, Mapping[str, Array]]]:
    """Estimate the runs of one session and normalise their noise, region by region.

    Parameters
    ----------
    reader : Reader
    runs : sequence of Masked
    regions : Regions
    units : array of shape (unit,)
        Which of the units that were read are those of the regions.
    who : str
        Dataset and subject, for messages.
    say : callable, optional
        Told which run was read.

    Returns
    -------
    list of (Run, mapping of str to array of shape (estimate, unit))
        Each run, and its amplitudes by region.
    """
    settings = reader.settings
    found: list[tuple[Run, Mapping[str, Array]]] = []
    read: list[Run] = []
    durations: dict[Path, Array] = {}
    for number, run in enumerate(runs):
        result = reader.read(run, units)
        durations[run.run.events] = result.duration
        refuse_some_impulses(durations)
        say(f"run {number + 1} of {len(runs)}")
        if settings.covariance == "all_runs" and settings.noise != "none":
            read.append(result)
            continue
        normalised = _by_region([result], result, regions, settings, str(run.run.bold))
        found.append((_without_arrays(result), normalised))
    for result in read:
        found.append((result, _by_region(read, result, regions, settings, who)))
    return centred(found, who) if settings.centre == "run" else found


def centred(
    runs: Sequence[tuple[Run, Mapping[str, Array]]], who: str
) -> list[tuple[Run, Mapping[str, Array]]]:
    """Take each unit's mean over the stimuli that all runs showed off the amplitudes of a run.

    A mean over other stimuli in each run would be another one in each, and bend the distances
    between runs. Where no stimulus came in two runs there is nothing to compare between runs, and
    the mean is that of all the run showed; this is noted.

    Parameters
    ----------
    runs : sequence of (Run, mapping of str to array of shape (estimate, unit))
        Each run, and its amplitudes by region.
    who : str
        Dataset and subject, for messages.

    Raises
    ------
    IsomorphError
        When some stimuli came in several runs, but none in all.
    """
    shown = [set(run.stimulus.tolist()) for run, _ in runs]
    common, apart = shown_in_all(shown, who)
    unequal = any(one != common for one in shown)
    noted = {"stimuli in all runs, whose mean in each run is taken off": len(common)}
    if apart and unequal:
        noted = {"runs of stimuli of their own, whose mean is taken off": len(runs)}
    found: list[tuple[Run, Mapping[str, Array]]] = []
    for number, (run, by_region) in enumerate(runs):
        names = sorted(common or shown[number])
        # every stimulus counts once, however many trials it has
        weight = np.mean([(run.stimulus == name) / np.sum(run.stimulus == name) for name in names],
                         axis=0)  # fmt: skip
        taken = {name: values - weight @ values for name, values in by_region.items()}
        more = noted if unequal and number == 0 else {}
        found.append((replace(run, noted={**run.noted, **more}), taken))
    return found


def shown_in_all(shown: Sequence[set[str]], who: str) -> tuple[set[str], bool]:
    """Return the stimuli that came in every run, and whether none came in two.

    Parameters
    ----------
    shown : sequence of set of str
        Stimuli of each run.
    who : str
        Dataset and subject, for messages.

    Raises
    ------
    IsomorphError
        When some stimuli came in several runs, but none in all.
    """
    common, everything = set.intersection(*shown), set.union(*shown)
    apart = sum(map(len, shown)) == len(everything)
    if not common and not apart:
        raise IsomorphError(
            f"{who}: centre: run takes off the mean of stimuli that all {len(shown)} runs showed, "
            f"and none of {len(everything)} stimuli came in all of them; set responses.centre: none"
        )
    return common, apart


def _without_arrays(run: Run) -> Run:
    """Return a run without its volumes, so that one run's are in memory at a time."""
    nothing = np.zeros((0, 0))
    return replace(run, fit=replace(run.fit, amplitudes=nothing, residuals=nothing))


def _by_region(
    together: Sequence[Run], run: Run, regions: Regions, settings: BidsResponses, where: str
) -> dict[str, Array]:
    """Return the amplitudes of each region's voxels `(estimate, unit)`, noise normalised."""
    whole = run.fit.amplitudes
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

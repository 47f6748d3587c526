"""Runs: from the volumes and events of one run to an amplitude per stimulus or trial."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from isomorph.archives.manifest import find_files, read_manifest
from isomorph.archives.patterns import matches
from isomorph.errors import IsomorphError
from isomorph.layout import Layout
from isomorph.registry import Registry
from isomorph.responses.bids.bold import (
    Grid,
    has_variance,
    percent_change,
    read_voxels,
    timing,
)
from isomorph.responses.bids.confounds import read_confounds
from isomorph.responses.bids.design import Design, make_design
from isomorph.responses.bids.entities import parse, partner
from isomorph.responses.bids.events import read_events
from isomorph.responses.bids.glm import Fit, ar1, estimable, lss, ols, present, ridge
from isomorph.responses.names import stimulus_of
from isomorph.responses.presentations import usable
from isomorph.stimuli.naming import Naming
from isomorph.study.bids import BidsResponses

Array = npt.NDArray

FITS: Registry[Callable[[Design, Array, bool], Fit]] = Registry(
    "noise model", {"ols": ols, "ar1": ar1}
)

ESTIMATES: Registry[Callable[[Design, Array, BidsResponses, bool], Fit]] = Registry(
    "estimate",
    {
        "lsa": lambda design, volumes, settings, residuals: FITS[settings.noise_model](
            design, volumes, residuals
        ),
        "lss": lambda design, volumes, _, residuals: lss(design, volumes, residuals),
        "ridge": lambda design, volumes, settings, residuals: ridge(
            design, volumes, settings.penalty, residuals
        ),
    },
)
TOLD: Registry[Callable[[Design], Array]] = Registry(
    "estimate", {"lsa": estimable, "lss": present, "ridge": present}
)
"""Which amplitudes can be told: in one model from all others, else from what is of no interest."""


@dataclass(frozen=True)
class RunFiles:
    """The files of one run.

    Attributes
    ----------
    bold, events : Path
    session, run : str
        BIDS session, '' for none, and the run's number, '1' for none.
    """

    bold: Path
    events: Path
    session: str
    run: str


@dataclass(frozen=True)
class Run:
    """What one run gave.

    Attributes
    ----------
    stimulus : ndarray (estimate,) of str
    onset : ndarray (estimate,)
        Of the trial, or of the stimulus' first trial in the run, seconds.
    fit : Fit
        Amplitudes `(estimate, voxel)` and residuals `(scan, voxel)`.
    signal : ndarray (voxel,) of bool
        Voxels that have a signal.
    dropped : mapping of str to int
        What was left out, by reason.
    """

    stimulus: Array
    onset: Array
    fit: Fit
    signal: Array
    dropped: Mapping[str, int] = field(default_factory=dict)


def find_runs(
    layout: Layout, dataset: str, subject: str, settings: BidsResponses
) -> list[RunFiles]:
    """Return the runs of a subject, sessions and runs in order, each with its events.

    Raises
    ------
    IsomorphError
        When a run has no events of its own, or two files are of the same run.
    """
    volumes = find_files(layout, dataset, settings.bold.replace("{subject}", subject))
    events = find_files(layout, dataset, settings.events.files.replace("{subject}", subject))
    named = {file: parse(file) for file in volumes}
    ordered = sorted(
        volumes,
        key=lambda file: (
            str(named[file].entities.get("ses", "")),
            str(named[file].entities.get("task", "")),
            int(named[file].entities.get("run", 1)),
            file.name,
        ),
    )
    for one, other in pairwise(ordered):
        if named[one].recording == named[other].recording:
            raise IsomorphError(
                f"{other}: is of the same run as {one.name}; narrow responses.bold to one space "
                "and one kind of image"
            )
    return [
        RunFiles(
            file,
            partner(file, events, "tables of events"),
            str(named[file].entities.get("ses", "")),
            str(named[file].entities.get("run", 1)),
        )
        for file in ordered
    ]


def json_files(layout: Layout, dataset: str) -> list[Path]:
    """Return every JSON file of a dataset."""
    manifest = read_manifest(layout, dataset)
    known = [record.path for record in manifest.files]
    return [manifest.root / path for path in matches("**/*.json", known)]


@dataclass(frozen=True)
class Reader:
    """Reads runs of one subject.

    Attributes
    ----------
    settings : BidsResponses
    stimuli : ndarray (stimulus,) of str
        Ids of the stimulus table.
    table : str
        The stimulus table, for messages.
    naming : Naming
        From names in the events to stimuli.
    jsons, confounds : sequence of Path
        JSON files and tables of confounds to choose from.
    """

    settings: BidsResponses
    stimuli: Array
    table: str
    naming: Naming
    jsons: Sequence[Path]
    confounds: Sequence[Path]

    def volumes(self, run: RunFiles, voxels: Array, grid: Grid) -> tuple[Array, Array]:
        """Return the volumes of a run, scaled, and which voxels have a signal.

        Parameters
        ----------
        run : RunFiles
        voxels : ndarray (voxel, 3)
        grid : Grid

        Returns
        -------
        values : ndarray (scan, voxel)
            0 in voxels without a signal.
        signal : ndarray (voxel,) of bool
        """
        values = read_voxels(run.bold, voxels, grid)
        signal = has_variance(values)
        values[:, ~signal] = 0
        if self.settings.scale == "percent":
            values, positive = percent_change(values)
            if signal.any() and not (signal & positive).any():
                raise IsomorphError(
                    f"{run.bold}: no voxel has a mean above 0, so percent of the mean means "
                    "nothing; set responses.scale: none"
                )
            signal &= positive
        return values, signal

    def read(self, run: RunFiles, voxels: Array, grid: Grid) -> Run:
        """Estimate the amplitudes of one run.

        Parameters
        ----------
        run : RunFiles
        voxels : ndarray (voxel, 3)
            Indices of the voxels to read.
        grid : Grid
            The grid the indices count in.

        Raises
        ------
        IsomorphError
            When a file is not what it must be, or no amplitude can be estimated.
        """
        values, signal = self.volumes(run, voxels, grid)
        clock = timing(run.bold, self.jsons, self.settings)
        frames = clock.frames(len(values))
        trials, dropped = read_events(run.events, self.settings.events)
        label = stimulus_of(self.naming, run.events, trials["name"].to_numpy(dtype=np.str_))
        where = f"{run.events}: {self.settings.events.stimulus}"
        known, more = usable(label, trials["onset"].to_numpy(), self.stimuli, where, self.table)
        dropped |= more
        late = trials["onset"].to_numpy() >= frames[-1] + clock.repetition
        if late.any():
            dropped["events after the last volume"] = int(late.sum())
            trials, label, known = trials[~late], label[~late], known[~late]
            if not known.any():
                raise IsomorphError(
                    f"{run.events}: all trials begin after the last volume of {run.bold.name}, at "
                    f"{frames[-1]:g} s; check responses.events.clock and the repetition time"
                )
        amount, names, first = self._amplitudes(label, known)
        confounds = None
        if self.settings.confounds is not None:
            tables = list(self.confounds)
            confounds = read_confounds(run.bold, tables, self.settings.confounds, len(values))
        design = make_design(trials, amount, frames, self.settings, confounds)
        told = TOLD[self.settings.estimate](design)
        if not told.any():
            raise IsomorphError(
                f"{run.events}: the design tells none of {len(told)} amplitudes from the others "
                f"with {len(values)} volumes; use estimate: lss or fewer regressors"
            )
        dropped["amplitudes the design cannot tell apart"] = int((~told).sum())
        normalise = self.settings.noise != "none"
        fit = ESTIMATES[self.settings.estimate](design, values, self.settings, normalise)
        onset = trials["onset"].to_numpy()[first]
        kept = Fit(fit.amplitudes[told], fit.residuals, fit.freedom)
        return Run(names[told], onset[told], kept, signal, dropped)

    def _amplitudes(self, label: Array, known: Array) -> tuple[Array, Array, Array]:
        """Return to which amplitude each trial belongs, each one's stimulus and its first trial."""
        which = np.full(len(label), -1)
        if self.settings.per == "run":
            names, first, which[known] = np.unique(
                label[known], return_index=True, return_inverse=True
            )
            return which, names, np.flatnonzero(known)[first]
        which[known] = np.arange(known.sum())
        return which, label[known], np.flatnonzero(known)

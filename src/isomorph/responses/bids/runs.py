"""Runs: from the volumes and events of one run to an amplitude per stimulus or trial."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError
from isomorph.registry import Registry
from isomorph.responses.bids.bold import (
    Bold,
    Stored,
    has_variance,
    percent_change,
    refuse_empty_volumes,
)
from isomorph.responses.bids.confounds import Confounds, read_confounds
from isomorph.responses.bids.design import Design, make_design
from isomorph.responses.bids.glm import (
    Fit,
    ar1,
    estimable,
    lss,
    marks,
    ols,
    present,
    ridge,
    shifted,
)
from isomorph.responses.bids.run_files import RunFiles
from isomorph.responses.bids.scratch import Scratch
from isomorph.responses.bids.timing import Timing, timing
from isomorph.responses.bids.trials import Trials, read_trials
from isomorph.stimuli.names import Names
from isomorph.study.bids import BidsResponses

Array = npt.NDArray

CLOCKS = 0.1
"""How far the clocks of scanner and stimuli may be apart at the end of a run, seconds."""

CENTRED = 0.1
"""A mean below this share of the standard deviation is what is left where it was taken off."""

LEFT_OUT = "volumes flagged as not steady or censored"
"""How volumes are counted that no number comes from."""

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
        "shifted": lambda design, volumes, settings, residuals: shifted(design, volumes),
    },
)
TOLD: Registry[Callable[[Design], Array]] = Registry(
    "estimate", {"lsa": estimable, "lss": present, "ridge": present, "shifted": marks}
)
"""Which amplitudes can be estimated: in one model with all others, else beside nuisances alone."""


@dataclass(frozen=True)
class Masked:
    """The units of one run that stand in a region, read.

    Attributes
    ----------
    run : RunFiles
    stored : Stored
        Its values `(scan, unit)` of the volumes that count, left on disk.
    signal : array of bool of shape (unit,)
        Units that have a signal.
    confounds : Confounds
        Regressors of no interest, and which volumes count.
    repetition, start, header : float or None
        What the file itself says of its time, seconds; see `Bold`.
    files : tuple of Path
        All that it was read from.
    """

    run: RunFiles
    stored: Stored
    signal: Array
    confounds: Confounds
    repetition: float | None = None
    start: float | None = None
    header: float | None = None
    files: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Run:
    """What one run gave.

    Attributes
    ----------
    stimulus : array of str of shape (estimate,)
    onset : array of shape (estimate,)
        Of the trial, or of the stimulus' first trial in the run, seconds.
    fit : Fit
        Amplitudes `(estimate, unit)` and residuals `(scan, unit)`.
    clock : Timing
        When its volumes were taken.
    kept : array of bool of shape (scan,)
        Volumes that count.
    duration : array of shape (trial,)
        Of each trial of a stimulus, seconds.
    dropped, noted : mapping of str to int
        What was left out, and what was kept but is worth a word, by reason.
    """

    stimulus: Array
    onset: Array
    fit: Fit
    clock: Timing
    kept: Array
    duration: Array
    dropped: Mapping[str, int] = field(default_factory=dict)
    noted: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Reader:
    """Reads runs of one subject.

    Attributes
    ----------
    settings : BidsResponses
    names : Names
        From names in the events to stimuli.
    jsons, confounds : sequence of Path
        JSON files and tables of confounds to choose from.
    """

    settings: BidsResponses
    names: Names
    jsons: Sequence[Path]
    confounds: Sequence[Path]

    def masked(self, run: RunFiles, bold: Bold, units: Array, scratch: Scratch) -> Masked:
        """Read some units of a run, once, and leave them on disk.

        Parameters
        ----------
        run : RunFiles
        bold : Bold
            The same, opened.
        units : array of shape (unit,)
            Positions of the units in its place.
        scratch : Scratch
            Where values are left.

        Raises
        ------
        IsomorphError
            When the file is damaged, its confounds cannot be read, or a whole volume that counts
            is not a number.
        """
        stored = bold.read(units)
        confounds = read_confounds(run, self.confounds, self.settings.confounds, len(stored.values))
        counting = stored.at(confounds.kept)
        values = counting.scaled()
        refuse_empty_volumes(values, confounds.kept, run.bold)
        left = Stored(scratch.keep(counting.values), stored.slope, stored.intercept)
        signal = self.signal(values, run)
        times = (bold.repetition, bold.start, bold.header)
        return Masked(run, left, signal, confounds, *times, bold.files)

    def signal(self, values: Array, run: RunFiles) -> Array:
        """Tell which units have a signal that can be scaled: (unit,) of bool.

        Parameters
        ----------
        values : array of shape (scan, unit)
            As recorded.
        run : RunFiles

        Raises
        ------
        IsomorphError
            When units change over the run but most cannot be expressed as percent of their mean.
        """
        varies = has_variance(values)
        if self.settings.scale != "percent":
            return varies
        with np.errstate(invalid="ignore"):  # of units with infinite values, which do not vary
            mean = values.mean(axis=0)
            centred = np.abs(mean[varies]) < CENTRED * values[:, varies].std(axis=0)
        positive = mean > 0
        why = ""
        if varies.any() and centred.mean() > 0.5:
            why = (
                f"{int(centred.sum())} of {int(varies.sum())} voxels have a mean of about 0, as "
                "where it was taken off"
            )
        elif varies.any() and not (varies & positive).any():
            why = "no voxel has a mean above 0"
        if why:
            raise IsomorphError(
                f"{run.bold}: {why}, so percent of the mean means nothing; set "
                "responses.scale: none"
            )
        signal: Array = varies & positive
        return signal

    def read(self, masked: Masked, units: Array) -> Run:
        """Estimate the amplitudes of one run.

        Parameters
        ----------
        masked : Masked
            The run.
        units : array of shape (unit,)
            Which of its units count; all have a signal.

        Raises
        ------
        IsomorphError
            When a file is not what it must be, or no amplitude can be estimated.
        """
        run = masked.run
        values = masked.stored.scaled(units)
        if self.settings.scale == "percent":
            values, _ = percent_change(values)
        kept = masked.confounds.kept
        shown = self.trials(run, len(kept), masked.repetition, masked.start, masked.header)
        trials, label, known = shown.trials, shown.label, shown.known
        clock, frames, dropped = shown.clock, shown.frames, dict(shown.dropped)
        # Of volumes left off the beginning of a run nothing else tells.
        cut = int(np.sum(trials["onset"] + trials["duration"] > shown.end + CLOCKS))
        amount, names, first = self._amplitudes(label, known)
        whole = make_design(trials, amount, frames, self.settings, masked.confounds.regressors)
        design = whole.at(kept)
        self._refuse_crowded(run, design.matrix.shape[1], len(values))
        tell = TOLD[self.settings.estimate]
        told = tell(design)
        if not told.any():
            raise IsomorphError(
                f"{run.events}: the design tells none of {len(told)} amplitudes from the others "
                f"with {len(values)} volumes; use estimate: lss or fewer regressors"
            )
        unseen = ~told & (tell(whole) if not kept.all() else told)
        dropped["amplitudes seen only in volumes left out"] = int(unseen.sum())
        dropped["amplitudes the design cannot tell apart"] = int((~told & ~unseen).sum())
        dropped[LEFT_OUT] = int((~kept).sum())
        normalise = self.settings.noise != "none"
        fit = ESTIMATES[self.settings.estimate](design, values, self.settings, normalise)
        onset = trials["onset"].to_numpy()[first]
        fit = Fit(fit.amplitudes[told], fit.residuals, fit.freedom)
        noted = {
            "events that end after the last volume (is responses.events.shift right?)": cut,
            **masked.confounds.noted,
        }
        return Run(names[told], onset[told], fit, clock, kept, shown.duration, dropped, noted)

    def trials(
        self,
        run: RunFiles,
        n_scans: int,
        repetition: float | None,
        start: float | None,
        header: float | None,
    ) -> Trials:
        """Read the trials of one run, see `isomorph.responses.bids.trials.read_trials`.

        Parameters
        ----------
        run : RunFiles
        n_scans : int
            Its volumes.
        repetition, start, header : float or None
            What the file itself says of its time, seconds; see `Bold`.

        Raises
        ------
        IsomorphError
            When a JSON file is not what it must be; see `read_trials` too.
        """
        clock = timing(run.bold, self.jsons, self.settings, repetition, start, header)
        found = read_trials(run, clock, n_scans, self.settings.events, self.names)
        self._refuse_crowded(run, len(set(found.label[found.known].tolist())), n_scans)
        return found

    def _refuse_crowded(self, run: RunFiles, columns: int, n_scans: int) -> None:
        """Refuse a model of the frames of a film that has as many columns as there are volumes."""
        settings = self.settings
        if settings.events.film is not None and settings.estimate == "lsa" and columns >= n_scans:
            raise IsomorphError(
                f"{run.bold}: one model of a film takes {columns} columns or more, and there are "
                f"{n_scans} volumes; set responses.estimate: ridge or shifted, or stimuli.every "
                "to more seconds"
            )

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

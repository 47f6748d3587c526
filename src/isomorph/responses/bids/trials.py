"""Trials: what the events of one run say was shown, beside the times of its volumes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from isomorph.errors import IsomorphError
from isomorph.responses.bids.events import read_events
from isomorph.responses.bids.run_files import RunFiles
from isomorph.responses.bids.timing import Timing
from isomorph.responses.plays import films_of, shown_frames
from isomorph.responses.presentations import add_counts, refuse_repeated, usable
from isomorph.stimuli.names import Names
from isomorph.study.bids import BidsEvents
from isomorph.study.columns import column_names
from isomorph.study.film import FilmRows

Array = npt.NDArray


@dataclass(frozen=True)
class Trials:
    """The trials of one run beside the times of its volumes.

    Attributes
    ----------
    trials : DataFrame
        A row per trial, see `isomorph.responses.bids.events.read_events`.
    label : array of str of shape (trial,)
        Stimulus of each.
    known : array of bool of shape (trial,)
        Whether it is one of the set.
    clock : Timing
        When the volumes were taken.
    frames : array of shape (scan,)
        The time of each, seconds.
    dropped : dict of str to int
        Events left out, by reason.
    """

    trials: pd.DataFrame
    label: Array
    known: Array
    clock: Timing
    frames: Array
    dropped: dict[str, int]

    @property
    def end(self) -> float:
        """When the last volume ends, seconds."""
        return float(self.frames[-1] + self.clock.repetition)

    @property
    def duration(self) -> Array:
        """Of each trial of a stimulus of the set, seconds."""
        return self.trials["duration"].to_numpy(dtype=np.float64)[self.known]


def read_trials(
    run: RunFiles, clock: Timing, n_scans: int, events: BidsEvents, names: Names
) -> Trials:
    """Read the trials of one run and compare them with the time its volumes take.

    Parameters
    ----------
    run : RunFiles
    clock : Timing
        When its volumes were taken.
    n_scans : int
        Its volumes.
    events : BidsEvents
        Columns, and which rows count.
    names : Names
        From names in the events to stimuli.

    Raises
    ------
    IsomorphError
        When a table is not what it must be, no trial shows a stimulus of the set, or trials begin
        after the last volume.
    """
    frames = clock.frames(n_scans)
    trials, dropped = read_events(run.events, events)
    if events.film is not None:
        trials, left_out = _of_frames(trials, run, clock, events, events.film, names)
        dropped = add_counts(dropped, left_out)
    label = names.ids_or_names(run.events, trials["name"].to_numpy(dtype=np.str_))
    where = f"{run.events}: {' and '.join(column_names(events.stimulus))}"
    onset = trials["onset"].to_numpy()
    known, more = usable(label, onset, names.stimuli, where, names.table, names.has(label))
    found = Trials(trials, label, known, clock, frames, dropped | more)
    late = onset >= found.end
    if not late.any():
        return found
    worst = trials[late].iloc[0]
    if events.late == "refuse":
        raise IsomorphError(
            f"{run.events}: {worst['name']} begins at {worst['onset']:g} s, after the end "
            f"of {run.bold.name} at {found.end:g} s, as {late.sum()} "
            "of its trials do; check responses.events.clock and the repetition time, or "
            "set responses.events.late: drop"
        )
    if not known[~late].any():
        raise IsomorphError(
            f"{run.events}: all trials begin after the last volume of {run.bold.name}, at "
            f"{frames[-1]:g} s; check responses.events.clock and the repetition time"
        )
    counted = {**found.dropped, "events after the last volume": int(late.sum())}
    return Trials(trials[~late], label[~late], known[~late], clock, frames, counted)


def _of_frames(
    trials: pd.DataFrame,
    run: RunFiles,
    clock: Timing,
    events: BidsEvents,
    film: FilmRows,
    names: Names,
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Return a trial for each frame that was shown and is a stimulus, lasting until the next."""
    films = films_of(names, "responses.events.film")
    label, onset, lasts = (trials[name].to_numpy() for name in ("name", "onset", "duration"))
    where = f"{run.events}: {events.stimulus}"
    shown = shown_frames(label.astype(np.str_), onset, lasts, films, film, where)
    refuse_repeated(shown.stimulus, shown.onset, where)
    if (shortest := float(shown.lasts.min())) < clock.repetition * (1 - 1e-6):
        raise IsomorphError(
            f"{run.bold}: a volume is taken every {clock.repetition:g} s, and stimuli of the film "
            f"follow one another every {shortest:g} s; set stimuli.every: {clock.repetition:g} or "
            "more"
        )
    found = pd.DataFrame({"onset": shown.onset, "duration": shown.lasts, "name": shown.stimulus})
    return found.sort_values("onset", kind="stable").reset_index(drop=True), shown.dropped

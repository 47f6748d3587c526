"""Division: what of a recording was recorded apart, so that its noise is independent.

Presentations of one run share what a run has of its own: its baseline, drifts, adaptation, the
errors of one estimation. So what is crossed, halved or held back are whole runs where the recording
says them, else whole sessions, else repetitions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import xarray as xr

from isomorph.responses.presentations import repetitions
from isomorph.study import Spec
from isomorph.study.responses import ArrayResponses

Array = npt.NDArray

RUN, SESSION, REPETITION = KINDS = ("run", "session", "repetition")

ROWS = 1024
"""Stimuli whose pairs with all others are counted at a time."""


@dataclass(frozen=True)
class Division:
    """The folds of a recording.

    Attributes
    ----------
    kind : {"run", "session", "repetition"}
        What the folds are.
    fold : array of int of shape (presentation,)
        Fold of each presentation, from 0; -1 where it showed none of the stimuli.
    count : int
        Runs, sessions or repetitions there are.
    note : str
        What a reader must know of it; mostly nothing.
    unlike : str
        Runs or sessions, where these show different stimuli and are not the folds: what sets them
        apart is in the distances.
    """

    kind: str
    fold: Array
    count: int
    note: str = ""
    unlike: str = ""

    def __len__(self) -> int:
        """Return how many folds there are: runs without a stimulus in common make one."""
        return int(self.fold.max(initial=-1)) + 1

    @property
    def together(self) -> bool:
        """Whether what a fold shows was recorded together: it is one run or session."""
        return self.kind != REPETITION and len(self) == self.count


def divide(session: xr.Dataset, stimuli: Sequence[str]) -> Division:
    """Divide the presentations of a recording into folds.

    Runs serve where stimuli come again in other runs: where most of those shown twice or more do.
    A stimulus that stands in one run alone then has no cross-validated distance. Where most stand
    in one run alone, as in blocks of one set of stimuli each, repetitions serve, which is noted.
    Sessions stand for runs where these are not known.

    Runs that have no stimulus in common make one fold where they are parts of a round: where some
    two stimuli never share two runs. Their noise is independent of that of all other runs still,
    and a fold that shows more of the stimuli tells more of them apart.

    Parameters
    ----------
    session : Dataset
        `stimulus` and `repetition` of each presentation, and where known its `run` and `session`.
    stimuli : sequence of str
        What is compared; other presentations do not count.
    """
    place = {stimulus: index for index, stimulus in enumerate(stimuli)}
    shown = np.array([place.get(s, -1) for s in session["stimulus"].values.tolist()], dtype=int)
    known = np.flatnonzero(shown >= 0)
    fold = np.full(len(shown), -1)
    note = unlike = ""
    kind, label = recorded(session)
    if label is not None:
        number = np.unique(label[known], return_inverse=True)[1]
        if come_again_apart(shown[known], number):
            seen = np.zeros((number.max() + 1, len(stimuli)), dtype=bool)
            seen[number, shown[known]] = True
            apart = _pairs_apart(seen)
            fold[known] = rounds(seen)[number] if apart else number
            return Division(kind, fold, len(seen), _said(apart, len(stimuli), kind))
        if _unlike(shown[known], number):
            unlike = kind
        if number.max(initial=0) > 0 and len(np.unique(shown[known])) < len(known):
            note = (
                f"stimuli come again within one {kind} alone, so repetitions are crossed and "
                f"halved, and noise that a {kind} shares counts as signal"
            )
    fold[known] = np.unique(session["repetition"].values[known], return_inverse=True)[1]
    return Division(REPETITION, fold, int(fold.max(initial=-1)) + 1, note, unlike)


def recorded(session: xr.Dataset) -> tuple[str, Array | None]:
    """Return what is known to have been recorded apart: runs, or else sessions.

    Where runs are known, sessions say no more: what comes again in another session comes again in
    another run.

    Parameters
    ----------
    session : Dataset
        Where known, with the `run` and `session` of each presentation.

    Returns
    -------
    kind : {"run", "session", ""}
    label : array of str of shape (presentation,), or None
        The name of each one's run or session. Runs of the same name in different sessions are
        different runs.
    """
    known = {
        name: session[name].values.astype(str)
        for name in (SESSION, RUN)
        if name in session.coords and session[name].dims == ("presentation",)
    }
    if RUN in known:
        return RUN, known[RUN] if SESSION not in known else _paired(known[SESSION], known[RUN])
    return (SESSION, known[SESSION]) if SESSION in known else ("", None)


def _paired(first: Array, second: Array) -> Array:
    return np.char.add(np.char.add(first, "|"), second)


def runs_of(session: xr.Dataset) -> Array | None:
    """Return the run of each presentation, or its session where runs are not known, or None."""
    return recorded(session)[1]


def come_again_apart(stimulus: Array, label: Array) -> bool:
    """Tell whether most of the stimuli shown again are so in another run.

    Parameters
    ----------
    stimulus, label : arrays of shape (presentation,)
        Stimulus and run (or session) of each presentation.
    """
    names, code = np.unique(stimulus, return_inverse=True)
    labels, place = np.unique(label, return_inverse=True)
    cells = np.unique(code * len(labels) + place)
    in_runs = np.bincount(cells // max(len(labels), 1), minlength=len(names))
    again = np.bincount(code, minlength=len(names)) > 1
    return 2 * int((in_runs > 1).sum()) > int(again.sum())


def _unlike(stimulus: Array, label: Array) -> bool:
    """Tell whether some runs lack stimuli that others show."""
    pairs = np.unique(np.stack([stimulus, label]), axis=1).shape[1]
    return pairs < len(np.unique(stimulus)) * len(np.unique(label))


def recordings(sessions: Mapping[str, xr.Dataset]) -> dict[str, xr.Dataset]:
    """Return recordings of which each can be divided by itself, of sessions of the same units.

    Sessions whose runs repeat the stimuli stay apart. Else they are one recording, of which the
    sessions are what was recorded apart.

    Parameters
    ----------
    sessions : mapping of str to Dataset
        `response (presentation, unit)` by session, of the same units in the same order.
    """
    divided = (
        "run" in one.coords and come_again_apart(one["stimulus"].values, one["run"].values)
        for one in sessions.values()
    )
    if len(sessions) < 2 or all(divided):
        return dict(sessions)
    parts = [
        one.assign_coords(session=("presentation", np.full(one.sizes["presentation"], name)))
        for name, one in sessions.items()
    ]
    whole = xr.concat(
        parts, "presentation", data_vars="minimal", coords="minimal", compat="override",
        combine_attrs="override",
    )  # fmt: skip
    number = repetitions(whole["stimulus"].values.astype(str), np.arange(len(whole["stimulus"])))
    name = f"{len(sessions)} together"
    one = whole.assign_coords(repetition=("presentation", number)).assign_attrs(session=name)
    return {name: one}


def recordings_of(sessions: Mapping[str, xr.Dataset], responses: Spec) -> dict[str, xr.Dataset]:
    """Return the recordings of a subject, each divided by itself wherever it is read.

    Parameters
    ----------
    sessions : mapping of str to Dataset
        `response (presentation, unit)` by session.
    responses : Spec
        How they came. Sessions of ready arrays are of the same units, see `recordings`; those of
        any other kind have units of their own.
    """
    if isinstance(responses, ArrayResponses):
        return recordings(sessions)
    return dict(sessions)


def rounds(seen: Array) -> Array:
    """Put each run into the first fold with which it has no stimulus in common.

    Parameters
    ----------
    seen : array of bool of shape (run, stimulus)
        Which stimuli each run shows.

    Returns
    -------
    array of int of shape (run,)
        The fold of each, from 0.
    """
    folds: list[Array] = []
    number = np.zeros(len(seen), dtype=int)
    for run, shown in enumerate(seen):
        free = (place for place, held in enumerate(folds) if not (held & shown).any())
        number[run] = next(free, len(folds))
        if number[run] == len(folds):
            folds.append(np.zeros_like(shown))
        folds[number[run]] |= shown
    return number


def _pairs_apart(seen: Array) -> int:
    """Count the pairs of stimuli that share fewer than two runs, of those that each has two."""
    shown = seen[:, seen.sum(axis=0) > 1].astype(np.float32)
    apart = 0
    for start in range(0, shown.shape[1], ROWS):
        shared = shown[:, start : start + ROWS].T @ shown
        apart += int((shared < 2).sum())
    return apart // 2


def _said(apart: int, n_stimuli: int, kind: str) -> str:
    if not apart:
        return ""
    pairs = n_stimuli * (n_stimuli - 1) // 2
    return (
        f"{apart:,} of {pairs:,} pairs of stimuli share fewer than two {kind}s, so that what sets "
        f"{kind}s apart does not cancel in their distances"
    )

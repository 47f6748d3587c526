"""Listing: the bins of variables that every recording visits for long enough."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from isomorph.errors import IsomorphError
from isomorph.foreign.nwb import open_nwb
from isomorph.numerals import listed, percent
from isomorph.saying import Seldom, count, say
from isomorph.stimuli.dataset_files import DatasetFiles
from isomorph.stimuli.stimulus import Stimulus
from isomorph.stimuli.variable.bins import bins_of, edges_of, grid
from isomorph.stimuli.variable.deal import dwell, repetitions_of
from isomorph.stimuli.variable.reading import track_of
from isomorph.stimuli.variable.track import Track
from isomorph.stimuli.variable.wrap import plain_unit, refuse_narrow
from isomorph.study.variable import VariableStimuli

Array = npt.NDArray

FEWEST = 4
"""Bins that stimuli must at least be: three make three distances."""

PARTS = 720
"""Parts of a period in which it is noted whether there is a value."""


TOLD = 1e-3
"""Share of the time of recordings in which nothing is known above which it is said."""


@dataclass
class _Seen:
    """What all recordings hold, before they are cut into bins.

    Attributes
    ----------
    least, greatest : dict of str to float
        Values that count, by variable.
    reached : dict of str to array of bool of shape (part,)
        Parts of its period that hold a value, by variable.
    units : dict of str to dict of str to str
        A recording of each unit, by variable.
    lasted, known, counted : float
        Seconds from first to last sample, those in which a variable is known, and those of them
        that count.
    """

    least: dict[str, float] = field(default_factory=lambda: defaultdict(lambda: np.inf))
    greatest: dict[str, float] = field(default_factory=lambda: defaultdict(lambda: -np.inf))
    reached: dict[str, Array] = field(
        default_factory=lambda: defaultdict(lambda: np.zeros(PARTS, dtype=bool))
    )
    units: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    lasted: float = 0.0
    known: float = 0.0
    counted: float = 0.0


def list_stimuli(files: DatasetFiles, spec: VariableStimuli) -> list[Stimulus]:
    """List the bins of variables that are visited for long enough.

    Parameters
    ----------
    files : DatasetFiles
    spec : VariableStimuli
        Which variables of which files, and which bins.

    Returns
    -------
    list of Stimulus
        Without images, each described by its centre, ends and period along every variable, and by
        `dwell`, the seconds for which all recordings together are in it.

    Raises
    ------
    IsomorphError
        When a recording has not the variables, their units differ, a period does not fit, or too
        few bins are visited.
    """
    recordings = files.of_everybody(spec.files)
    _refuse_shared_table(spec, recordings, files.where)
    seen = _Seen()
    known = all(one.period is not None or one.range is not None for one in spec.every.values())
    table = _grid(spec, seen) if known else None
    visited = []
    for track in _tracks(files, recordings, spec):
        _note(track, spec, seen)
        if table is not None:
            visited.append(_visited(track, table, spec))
    _refuse_odd(seen, spec, files)
    if table is None:
        table = _grid(spec, seen)
        visited = [_visited(track, table, spec) for track in _tracks(files, recordings, spec)]
    times = np.stack(visited)  # (recording, bin, repetition)
    enough = np.all(times >= spec.minimum - 1e-9, axis=2)
    _refuse_few(enough, times, recordings, spec, files.where)
    kept = np.all(enough, axis=0)
    _say_lost(seen, spec, files.dataset)
    _say_kept(kept, times, seen, spec, files.dataset)
    rows = table[kept].assign(dwell=times.sum(axis=(0, 2))[kept])
    return [
        Stimulus(str(row.pop("stimulus")), described={str(key): one for key, one in row.items()})
        for row in rows.to_dict("records")
    ]


def _tracks(
    files: DatasetFiles, recordings: Sequence[Path], spec: VariableStimuli
) -> Iterator[Track]:
    seldom = Seldom()
    for done, file in enumerate(recordings):
        seldom(f"{files.dataset}: variables of {done} of {len(recordings)} files read")
        with open_nwb(file, files.root) as nwb:
            yield track_of(nwb, files, spec)


def _refuse_shared_table(spec: VariableStimuli, recordings: Sequence[Path], where: str) -> None:
    """Refuse one table for several recordings, each of which has a clock of its own."""
    for name, one in spec.every.items():
        if one.file is not None and "{stem}" not in one.file and len(recordings) > 1:
            raise IsomorphError(
                f'{where}: stimuli: {name}: "{one.file}" is one table for {len(recordings)} '
                "recordings; name one for each, with {stem} for the name of the recording"
            )


def _grid(spec: VariableStimuli, seen: _Seen) -> pd.DataFrame:
    """Return all bins, between the values that were seen where the settings give no ends."""
    every = spec.every
    edges = {
        name: edges_of(one, (seen.least[name], seen.greatest[name])) for name, one in every.items()
    }
    return grid(edges, {name: one.period for name, one in every.items()})


def _note(track: Track, spec: VariableStimuli, seen: _Seen) -> None:
    """Note what a recording holds."""
    inside = track.counts & (track.lasts > 0)
    seen.lasted += float(track.stops[-1] - track.starts[0])
    seen.known += float(track.lasts.sum())
    seen.counted += float(track.lasts[inside].sum())
    for name, unit, values in zip(track.names, track.units, track.values.T, strict=True):
        found = values[inside & np.isfinite(values)]
        seen.units[name].setdefault(plain_unit(unit), track.where)
        if not found.size:
            continue
        seen.least[name] = min(seen.least[name], float(found.min()))
        seen.greatest[name] = max(seen.greatest[name], float(found.max()))
        one = spec.every[name]
        if one.period is not None:
            place = ((found - one.begins) / one.period * PARTS).astype(np.int64)
            seen.reached[name][np.minimum(place, PARTS - 1)] = True


def _refuse_odd(seen: _Seen, spec: VariableStimuli, files: DatasetFiles) -> None:
    """Refuse variables of several units, of one value, or of another period; say found ends."""
    where = files.where
    for name, one in spec.every.items():
        if len(units := seen.units[name]) > 1:
            (unit, first), (other, second) = list(units.items())[:2]
            said = [f'in "{it}"' if it else "in no unit" for it in (unit, other)]
            raise IsomorphError(
                f"{second}: {name} is {said[1]}, and {said[0]} in {first}; its bins are the same "
                "in all recordings, so its unit must be"
            )
        least, greatest = seen.least[name], seen.greatest[name]
        if not least <= greatest:
            raise IsomorphError(f"{where}: stimuli: {name}: is not known at any time that counts")
        if not least < greatest:
            raise IsomorphError(
                f"{where}: stimuli: {name}: is {least:g} at all times that count, so that it has "
                "one value and no bins; leave it out"
            )
        refuse_narrow(seen.reached[name], one, name, where)
        if one.period is None and one.range is None:
            say(
                f"{files.dataset}: bins of {name} lie between {least:.6g} and {greatest:.6g}, its "
                "least and greatest value in any recording, as no range is given"
            )


def _visited(track: Track, table: pd.DataFrame, spec: VariableStimuli) -> Array:
    repetition = repetitions_of(track, spec.block, spec.repetitions)
    return dwell(bins_of(track, table), repetition, track.lasts, len(table), spec.repetitions)


def _refuse_few(
    enough: Array, times: Array, recordings: Sequence[Path], spec: VariableStimuli, where: str
) -> None:
    """Refuse fewer bins than stimuli can be, saying what would leave more."""
    if (left := int(enough.all(axis=0).sum())) >= FEWEST:
        return
    n_bins = enough.shape[1]
    once = (times.sum(axis=2) >= spec.minimum).sum(axis=1)
    each = enough.sum(axis=1)
    worst = int(np.argmin(each))
    said = (
        f"{where}: stimuli: {left} of {n_bins} bins are visited for {spec.minimum:g} s in each of "
        f"the {count(spec.repetitions, 'repetition')} of every recording, expected {FEWEST} or more"
    )
    if each[worst] < FEWEST <= once[worst]:
        raise IsomorphError(
            f"{said}; {recordings[worst]} visits {once[worst]} over all its time, so a shorter "
            f"`block` than {spec.block:g} s, fewer `repetitions` or less `minimum` would keep more"
        )
    raise IsomorphError(
        f"{said}; {recordings[worst]} visits {each[worst]}: give fewer `bins` or less `minimum`, "
        "or leave that recording out (archive.exclude)"
    )


def _say_lost(seen: _Seen, spec: VariableStimuli, dataset: str) -> None:
    """Say for how long nothing is known of variables that are sampled."""
    sampled = any(one.form() != "table" for one in spec.every.values())
    if sampled and (lost := seen.lasted - seen.known) > TOLD * seen.lasted:
        say(
            f"{dataset}: nothing is known of {' or '.join(spec.every)} for {lost:.4g} of "
            f"{seen.lasted:.6g} s between first and last sample ({percent(lost / seen.lasted)}): "
            "samples without a value, and gaps (stimuli.gap)"
        )


def _say_kept(
    kept: npt.NDArray[np.bool_],
    times: Array,
    seen: _Seen,
    spec: VariableStimuli,
    dataset: str,
) -> None:
    if seen.counted < seen.known * (1 - 1e-9):
        say(
            f"{dataset}: {seen.counted:.6g} of {seen.known:.6g} s in which "
            f"{' or '.join(spec.every)} is known count, by epochs and speed"
        )
    visited = float(times.sum())
    if visited < seen.counted * (1 - 1e-6):
        say(
            f"{dataset}: {percent(1 - visited / seen.counted)} of the time that counts is outside "
            "the bins"
        )
    bins, each = int(kept.sum()), times[:, kept].sum(axis=(0, 2))
    say(
        f"{dataset}: {count(bins, 'bin')} of {listed(list(spec.every))}, visited for "
        f"{each.min():.3g} to {each.max():.3g} s each, {np.median(each):.3g} s in the median"
    )
    if kept.all():
        return
    never = int((times.sum(axis=(0, 2)) == 0).sum())
    out = int((~kept).sum())
    share = float(times[:, ~kept].sum()) / visited
    say(
        f"{dataset}: {out} of {count(len(kept), 'bin')} left out, {never} that nobody visited and "
        f"{out - never} visited for less than {spec.minimum:g} s in a repetition of a recording; "
        f"{percent(share)} of the time is spent in them"
    )

"""Events tables: the trials of one run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from isomorph.errors import IsomorphError
from isomorph.foreign import MISSING, as_cells, read_tsv
from isomorph.responses.presentations import TOGETHER
from isomorph.stimuli.crossed import condition_names
from isomorph.study.bids import BidsEvents
from isomorph.study.columns import column_names

Array = npt.NDArray


def read_events(file: Path, spec: BidsEvents) -> tuple[pd.DataFrame, dict[str, int]]:
    """Read the trials of one run.

    Parameters
    ----------
    file : Path
        `…_events.tsv`.
    spec : BidsEvents
        Columns and filters.

    Returns
    -------
    trials : DataFrame
        A row per trial in order of onset: `onset` and `duration` in seconds, `name` of the
        stimulus.
    dropped : dict of str to int
        Rows left out, by reason.

    Raises
    ------
    IsomorphError
        When a column is missing, an onset or duration is not a number or negative, a trial stands
        twice, or no trial is left.
    """
    lasting = ("duration",) if spec.duration is None else ()
    table = read_tsv(file, "onset", *lasting, *column_names(spec.stimulus), *spec.where)
    counted = np.ones(len(table), dtype=bool)
    for column, allowed in spec.where.items():
        counted &= table[column].isin(as_cells(allowed)).to_numpy()
    name = condition_names(table, spec.stimulus, spec.name, empty=spec.empty, where=str(file))
    value = table[spec.stimulus] if isinstance(spec.stimulus, str) else pd.Series(name)
    shown = ~value.isin({"", *as_cells(spec.without)}).to_numpy()
    dropped = {
        "events left out by where": int((~counted).sum()),
        "events without a stimulus": int((counted & ~shown).sum()),
    }
    rows = table[counted & shown]
    if rows.empty:
        raise IsomorphError(
            f"{file}: none of its {len(table)} events has a stimulus in "
            f"{' and '.join(column_names(spec.stimulus))} and passes where; check responses.events"
        )
    onset = _seconds(rows["onset"], spec.clock, file) + spec.shift
    duration = (
        _seconds(rows["duration"], spec.clock, file)
        if spec.duration is None
        else np.full(len(rows), spec.duration)
    )
    if (duration < 0).any():
        worst = rows.index[duration < 0][0]
        raise IsomorphError(
            f"{file}: line {worst + 2}: duration is {rows['duration'][worst]}, expected 0 or more"
        )
    trials = pd.DataFrame(
        {
            "onset": onset,
            "duration": duration,
            "name": name[counted & shown],
        },
        index=rows.index,
    )
    named_first = trials.sort_values(["name", "onset"], kind="stable")
    twice = named_first["name"].eq(named_first["name"].shift())
    twice &= named_first["onset"].diff() < TOGETHER
    if twice.any():
        worst = twice.index[twice].min()
        raise IsomorphError(
            f"{file}: line {worst + 2}: {trials['name'][worst]} begins at "
            f"{trials['onset'][worst]:g} s twice; each trial must stand once"
        )
    trials = trials.sort_values("onset", kind="stable").reset_index(drop=True)
    return trials, dropped


def _seconds(column: pd.Series, clock: float, file: Path) -> Array:
    values = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64)
    if not np.isfinite(values).all():
        worst = column.index[~np.isfinite(values)][0]
        cure = "give responses.events.duration, or " if column.name == "duration" else ""
        raise IsomorphError(
            f'{file}: line {worst + 2}: {column.name} is "{column[worst] or MISSING}", expected a '
            f"number; {cure}leave the row out by where or without if it is not a trial"
        )
    return values / clock


def refuse_some_impulses(durations: Mapping[Path, Array]) -> None:
    """Refuse trials of which some have no duration: their amplitudes are in no common unit.

    Parameters
    ----------
    durations : mapping of Path to array of shape (trial,)
        By table of events, those of trials of stimuli, seconds.

    Raises
    ------
    IsomorphError
        Naming a table that has trials of 0, and one that has others.
    """
    with_impulses = next((file for file, own in durations.items() if (own == 0).any()), None)
    with_others = next((file for file, own in durations.items() if (own > 0).any()), None)
    if with_impulses is not None and with_others is not None:
        longest = max(float(own.max(initial=0.0)) for own in durations.values())
        also = "others" if with_others == with_impulses else f"those of {with_others.name}"
        raise IsomorphError(
            f"{with_impulses}: some trials have a duration of 0, {also} last up to {longest:g} s, "
            "so that their amplitudes cannot be compared; give responses.events.duration, seconds "
            "that all trials last"
        )

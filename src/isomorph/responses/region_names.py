"""Regions: which region each unit stands in, under the names a study compares."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError
from isomorph.foreign import read_table
from isomorph.foreign.nwb import text
from isomorph.stimuli.dataset_files import DatasetFiles
from isomorph.study.recorded import RegionTable

Array = npt.NDArray

NOWHERE = ("None", "nan", "NaN", "n/a")
"""Names archives give the region of a unit that stands in none, or outside the brain."""


def placed(names: Array) -> Array:
    """Return region names (unit,) with '' for every way of saying that there is none."""
    return np.where(np.isin(names, NOWHERE), "", names).astype(np.str_)


def grouped(
    names: Array, groups: Mapping[str, Sequence[str]], others: str = "drop"
) -> tuple[Array, dict[str, int]]:
    """Return the region of each unit under the names of a study.

    Parameters
    ----------
    names : array of str of shape (unit,)
        Regions as the recording calls them, '' for none.
    groups : mapping of str to sequence of str
        Glob patterns by region, in which case counts; the first region that matches holds. Empty:
        names stay as they are.
    others : {"drop", "keep"}
        What becomes of regions in no group: '' or their own name.

    Returns
    -------
    regions : array of str of shape (unit,)
        '' for units to leave out.
    left : dict of str to int
        How many units of each other region were left out, by its own name.
    """
    if not groups:
        return names, {}
    found = {}
    for name in np.unique(names):
        own = name if others == "keep" else ""
        matching = (
            group
            for group, patterns in groups.items()
            if any(fnmatchcase(name, pattern) for pattern in patterns)
        )
        found[str(name)] = next(matching, own) if name else ""
    regions = np.array([found[str(name)] for name in names], dtype=np.str_)
    left, counts = np.unique(names[(names != "") & (regions == "")], return_counts=True)
    return regions, dict(zip(map(str, left), map(int, counts), strict=True))


@dataclass(frozen=True)
class Listed:
    """A table that says where each unit stands.

    Attributes
    ----------
    file : Path
        The table, for messages.
    regions : mapping of (recording, unit) to region
        The recording is '' where a row is about every one.
    channels : int or None
        Channels of a bank, where units are banks.
    """

    file: Path
    regions: Mapping[tuple[str, str], str]
    channels: int | None

    def of(self, recording: Path, units: Array) -> Array:
        """Return the region of each unit of a recording (unit,), '' where it is not listed.

        Raises
        ------
        IsomorphError
            When the table lists none of the units, or a unit's name holds no channel.
        """
        keys = [_bank(str(unit), self.channels, recording) for unit in units]
        found = [
            self.regions.get((recording.stem, key), self.regions.get(("", key), "")) for key in keys
        ]
        if keys and not any(found):
            raise IsomorphError(
                f"{self.file}: lists none of the {len(keys)} units of {recording.name}, the first "
                f'of which is "{units[0]}"'
                + (f", of bank {keys[0]}" if self.channels is not None else "")
            )
        return placed(np.array(found, dtype=np.str_))


def _bank(unit: str, channels: int | None, recording: Path) -> str:
    """Return under which name a unit is listed: its own, or its bank's, counted from 0."""
    if channels is None:
        return unit
    channel = re.search(r"\d+", unit)
    if channel is None or int(channel[0]) < 1:
        raise IsomorphError(
            f'{recording}: unit "{unit}" names no channel, expected a number from 1 in its name'
        )
    return str((int(channel[0]) - 1) // channels)


def read_listed(files: DatasetFiles, spec: RegionTable) -> Listed:
    """Read a table of regions beside the dataset's file, or else in its archive.

    Raises
    ------
    IsomorphError
        When there is no such table or column, or it lists a unit under two regions.
    """
    file = files.table(spec.table, "responses.region.table")
    wanted = [spec.unit, spec.region] + ([spec.file] if spec.file is not None else [])
    table = read_table(file, *wanted)
    recordings = text(table[spec.file]) if spec.file is not None else [""] * len(table)
    regions: dict[tuple[str, str], str] = {}
    rows = zip(recordings, text(table[spec.unit]), text(table[spec.region]), strict=True)
    for recording, unit, region in rows:
        key = (str(recording), str(unit))
        if regions.setdefault(key, str(region)) != region:
            of = f" of {recording}" if recording else ""
            raise IsomorphError(
                f'{file}: lists unit "{unit}"{of} in "{regions[key]}" and in "{region}", expected '
                "one region for each"
            )
    return Listed(file, regions, spec.channels)

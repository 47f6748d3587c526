"""Regions: which units of the runs belong to which."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError, did_you_mean
from isomorph.foreign import read_tsv
from isomorph.registry import Registry
from isomorph.responses.betas.beta_regions import BACKGROUND
from isomorph.responses.bids.atlases import atlas_marks
from isomorph.responses.bids.labels import Marks, read_marks
from isomorph.responses.places import SIDES, Place
from isomorph.study.bids import AtlasRegions, LabelRegions, MaskRegions, WholeRegion

Array = npt.NDArray
Find = Callable[[str], list[Path]]
"""Return the files that match a pattern."""


@dataclass(frozen=True)
class Regions:
    """Units by region; a unit may stand in several.

    Attributes
    ----------
    units : array of shape (unit,)
        The union of all regions, in the order of the place.
    members : mapping of str to ndarray of int
        Places in `units`, by region.
    noted : mapping of str to int
        What is worth a word: units in two regions, regions without a unit.
    """

    units: Array
    members: Mapping[str, Array]
    noted: Mapping[str, int]

    def unit_ids(self, region: str, place: Place) -> list[str]:
        """Return the id of each unit of a region: `V1:12-30-7`, unique though regions overlap."""
        return [f"{region}:{name}" for name in place.names(self.units[self.members[region]])]


@dataclass(frozen=True)
class RegionSource:
    """Where regions come from.

    Attributes
    ----------
    find : callable
        Returns the files that match a pattern, `{subject}` and all.
    place : Place
        Where the units of the runs are.
    bold : Path
        A run; its name says in which space they are.
    atlases : Path
        Folder of atlases.
    used : list of Path
        Files that regions were read from, as they are read.
    """

    find: Find
    place: Place
    bold: Path = Path()
    atlases: Path = Path()
    used: list[Path] = field(default_factory=list)

    def marks(self, files: Sequence[Path], resample: bool) -> list[Marks]:
        """Read what files mark, see `isomorph.responses.bids.labels.read_marks`."""
        found = [read_marks(file, self.place, resample) for file in files]
        self.used.extend(file for one in found for file in one.files)
        return found


def read_regions(settings: Any, source: RegionSource) -> Regions:
    """Return the regions of a subject at the units of its runs.

    Parameters
    ----------
    settings : MaskRegions, LabelRegions, WholeRegion or AtlasRegions
        What the dataset's file says.
    source : RegionSource
        Where files are, and the units.

    Raises
    ------
    IsomorphError
        When a file is of another grid or surface and may not be resampled, a label is unknown, or
        a region has no unit.
    """
    masks, noted = KINDS[settings.kind](settings, source)
    empty = [name for name, mask in masks.items() if not mask.any()]
    if len(empty) == len(masks) or (empty and settings.empty == "refuse"):
        said = "none of the regions" if len(empty) > 1 else "region"
        has = "has a voxel" if len(empty) > 1 else "has no voxel"
        raise IsomorphError(
            f"{source.bold}: {said} {', '.join(sorted(empty))} {has} among the run's "
            f"{source.place}; fix responses.regions" + ALLOW_EMPTY
        )
    masks = {name: masks[name] for name in sorted(masks) if name not in empty}
    units = np.flatnonzero(np.logical_or.reduce(list(masks.values())))
    place = np.full(len(source.place), -1, dtype=np.int64)
    place[units] = np.arange(len(units))
    noted |= {f"region {name} without a voxel": 1 for name in empty}
    for (one, here), (other, there) in itertools.combinations(masks.items(), 2):
        noted[f"voxels in both {one} and {other}"] = int((here & there).sum())
    return Regions(units, {name: place[mask] for name, mask in masks.items()}, noted)


ALLOW_EMPTY = ", or set responses.regions.empty: drop where some people lack a region"


def _from_masks(
    settings: MaskRegions, source: RegionSource
) -> tuple[dict[str, Array], dict[str, int]]:
    files: dict[str, list[Path]] = {}
    if settings.files is not None:
        for file in source.find(settings.files):
            found = re.search(settings.region, file.name)
            if found is None:
                raise IsomorphError(
                    f"{file}: responses.regions.region finds no region in its name; narrow files "
                    "or fix the expression"
                )
            files.setdefault(found.group(1), []).append(file)
    for name, patterns in settings.named.items():
        files[name] = [file for pattern in patterns for file in source.find(pattern)]
    masks = {}
    for name, joined in files.items():
        marks = source.marks(joined, settings.resample)
        masks[name] = np.logical_or.reduce([_marked(one) for one in marks])
    return masks, {}


def _whole(settings: WholeRegion, source: RegionSource) -> tuple[dict[str, Array], dict[str, int]]:
    marks = source.marks(source.find(settings.file), settings.resample)
    _refuse_half(marks, source.place)
    covered = np.logical_or.reduce([one.covered for one in marks])
    everywhere = np.logical_and.reduce([_marked(one) | ~one.covered for one in marks])
    return {settings.region: covered & everywhere}, {}


def _from_labels(
    settings: LabelRegions, source: RegionSource
) -> tuple[dict[str, Array], dict[str, int]]:
    marks = source.marks(source.find(settings.file), settings.resample)
    _refuse_half(marks, source.place)
    if settings.table is not None:
        table = _one(source.find(settings.table), "responses.regions.table")
        names = _index(table)
        marks = [Marks(one.file, one.values, one.covered, names) for one in marks]
    for one in marks:
        table = table if settings.table is not None else one.file
        if not one.names:
            raise IsomorphError(
                f"{one.file}: has labels without names; give responses.regions.table, a table "
                "with index and name"
            )
    for one, other in itertools.combinations(marks, 2):
        both = one.covered & other.covered
        if not np.array_equal(one.values[both], other.values[both]):
            raise IsomorphError(
                f"{other.file}: differs from {one.file.name}; name one image of labels for all "
                "runs in responses.regions.file"
            )
    return _chosen(marks, settings.regions, str(table)), {}


def _from_atlas(
    settings: AtlasRegions, source: RegionSource
) -> tuple[dict[str, Array], dict[str, int]]:
    marks, noted = atlas_marks(settings, source.place, source.bold, source.atlases)
    return _chosen(marks, settings.regions, f"atlas {settings.atlas}"), noted


KINDS: Registry[Callable[[Any, RegionSource], tuple[dict[str, Array], dict[str, int]]]] = Registry(
    "kind of regions",
    {"masks": _from_masks, "labels": _from_labels, "whole": _whole, "atlas": _from_atlas},
)


def _chosen(
    marks: Sequence[Marks], regions: Mapping[str, Sequence[str]], where: str
) -> dict[str, Array]:
    """Return the units of each region: those whose label has one of the names asked for.

    A name is a label as it is written, or else a glob pattern, which the background never matches.
    """
    known = dict.fromkeys(name for one in marks for name in one.names.values())
    masks = {}
    for region, wanted in regions.items():
        names = set()
        for name in wanted:
            found = {name} & known.keys() or {
                one for one in known if fnmatchcase(one, name) and one.lower() not in BACKGROUND
            }
            if not found:
                raise IsomorphError(
                    f'{where}: has no "{name}", asked for by responses.regions.regions.{region}; '
                    f"{did_you_mean(name, list(known))}"
                )
            names |= found
        masks[region] = np.logical_or.reduce(
            [
                one.covered & np.isin(one.values, [k for k, n in one.names.items() if n in names])
                for one in marks
            ]
        )
    return masks


def _marked(marks: Marks) -> Array:
    """Tell which units a file marks: those of any label but the background's, or above 0."""
    if not marks.names:
        return marks.covered & (marks.values > 0)
    keys = [key for key, name in marks.names.items() if name.lower() not in BACKGROUND]
    return marks.covered & np.isin(marks.values, keys)


def _refuse_half(marks: Sequence[Marks], place: Place) -> None:
    """Refuse files that say nothing of one of two hemispheres."""
    covered = np.logical_or.reduce([one.covered for one in marks])
    for side in SIDES:
        cortex = place.hemisphere(side)
        if cortex is not None and len(cortex.units) and not covered[cortex.units].any():
            raise IsomorphError(
                f"{marks[0].file}: no file of the {side} hemisphere stands beside it; "
                "responses.regions.file must match those of both"
            )


def _index(table: Path) -> dict[int, str]:
    rows = read_tsv(table, "index", "name")
    names = {}
    for line, (index, name) in enumerate(zip(rows["index"], rows["name"], strict=True), 2):
        try:
            names[int(float(index))] = str(name)
        except (ValueError, OverflowError):
            raise IsomorphError(
                f'{table}: line {line}: index is "{index}", expected a number'
            ) from None
    return names


def _one(files: Sequence[Path], key: str) -> Path:
    if len(files) > 1:
        raise IsomorphError(
            f"{files[0]}: {key} matches {len(files)} files, {files[1].name} too; name one"
        )
    return files[0]

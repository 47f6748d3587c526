"""Regions: which voxels of the volumes belong to which."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError, did_you_mean
from isomorph.registry import Registry
from isomorph.responses.bids.bold import Grid, grid_of, open_image
from isomorph.responses.tables import read_tsv
from isomorph.study.bids import LabelRegions, MaskRegions, WholeRegion

Array = npt.NDArray
Find = Callable[[str], list[Path]]
"""Return the files of the archive that match a pattern."""


@dataclass(frozen=True)
class Regions:
    """Voxels by region; a voxel may stand in several.

    Attributes
    ----------
    voxels : ndarray (voxel, 3)
        Indices of the union of all regions.
    members : mapping of str to ndarray of int
        Places in `voxels`, by region.
    noted : mapping of str to int
        What is worth a word: voxels in two regions, regions without a voxel.
    """

    voxels: Array
    members: Mapping[str, Array]
    noted: Mapping[str, int]

    def unit_ids(self, region: str) -> list[str]:
        """Return the id of each unit of a region: `V1:12-30-7`, unique though regions overlap."""
        return [f"{region}:{x}-{y}-{z}" for x, y, z in self.voxels[self.members[region]].tolist()]


def read_regions(settings: Any, find: Find, grid: Grid) -> Regions:
    """Return the regions of a subject on the grid of its volumes.

    Parameters
    ----------
    settings : MaskRegions, LabelRegions or WholeRegion
        Where they come from.
    find : callable
        Returns the files that match a pattern, `{subject}` and all.
    grid : Grid
        Of the volumes.

    Raises
    ------
    IsomorphError
        When an image stands on another grid and may not be resampled, a label is unknown, or no
        region has a voxel.
    """
    masks = KINDS[settings.kind](settings, find, grid)
    empty = [name for name, mask in masks.items() if not mask.any()]
    if len(empty) == len(masks):
        raise IsomorphError(
            f"none of the regions {', '.join(sorted(masks))} has a voxel among the volumes' {grid}"
        )
    masks = {name: masks[name] for name in sorted(masks) if name not in empty}
    together = np.zeros(grid.shape, dtype=bool)
    for mask in masks.values():
        together |= mask
    voxels = np.argwhere(together)
    place = np.full(grid.shape, -1, dtype=np.int64)
    place[tuple(voxels.T)] = np.arange(len(voxels))
    noted = {f"region {name} without a voxel": 1 for name in empty}
    for (one, here), (other, there) in itertools.combinations(masks.items(), 2):
        noted[f"voxels in both {one} and {other}"] = int((here & there).sum())
    return Regions(voxels, {name: place[mask] for name, mask in masks.items()}, noted)


def _from_masks(settings: MaskRegions, find: Find, grid: Grid) -> dict[str, Array]:
    files: dict[str, list[Path]] = {}
    if settings.files is not None:
        for file in find(settings.files):
            found = re.search(settings.region, file.name)
            if found is None:
                raise IsomorphError(
                    f"{file}: responses.regions.region finds no region in its name; narrow files "
                    "or mend the expression"
                )
            files.setdefault(found.group(1), []).append(file)
    for name, patterns in settings.named.items():
        files[name] = [file for pattern in patterns for file in find(pattern)]
    return {
        name: np.logical_or.reduce([_mask(file, grid, settings.resample) for file in joined])
        for name, joined in files.items()
    }


def _from_labels(settings: LabelRegions, find: Find, grid: Grid) -> dict[str, Array]:
    table = _one(find(settings.table), "responses.regions.table")
    rows = read_tsv(table, "index", "name")
    index = dict(zip(rows["name"], rows["index"], strict=True))
    for region, names in settings.regions.items():
        for name in names:
            if name not in index:
                raise IsomorphError(
                    f'{table}: has no "{name}", asked for by responses.regions.regions.{region}; '
                    f"{did_you_mean(name, index)}"
                )
    images = find(settings.file)
    labels = _on_grid(images[0], grid, settings.resample)
    for other in images[1:]:
        if not np.array_equal(_on_grid(other, grid, settings.resample), labels):
            raise IsomorphError(
                f"{other}: differs from {images[0].name}; name one image of labels for all runs in "
                "responses.regions.file"
            )
    return {
        region: np.isin(labels, [float(index[name]) for name in names])
        for region, names in settings.regions.items()
    }


def _whole(settings: WholeRegion, find: Find, grid: Grid) -> dict[str, Array]:
    masks = [_mask(file, grid, settings.resample) for file in find(settings.file)]
    return {settings.region: np.logical_and.reduce(masks)}


KINDS: Registry[Callable[[Any, Find, Grid], dict[str, Array]]] = Registry(
    "kind of regions", {"masks": _from_masks, "labels": _from_labels, "whole": _whole}
)


def _one(files: Sequence[Path], key: str) -> Path:
    if len(files) > 1:
        raise IsomorphError(
            f"{files[0]}: {key} matches {len(files)} files, {files[1].name} too; name one"
        )
    return files[0]


def _mask(file: Path, grid: Grid, resample: bool) -> Array:
    mask: Array = _on_grid(file, grid, resample) > 0
    return mask


def _on_grid(file: Path, grid: Grid, resample: bool) -> Array:
    """Return an image's values at the voxels of a grid, 0 outside the image: (x, y, z)."""
    image = open_image(file)
    values = np.asarray(image.dataobj)
    while values.ndim > 3 and values.shape[-1] == 1:
        values = values[..., 0]
    own = grid_of(image)
    if values.ndim != 3:
        raise IsomorphError(f"{file}: is of shape {values.shape}, expected one volume (x, y, z)")
    if own.is_that_of(grid):
        return values
    if not resample:
        raise IsomorphError(
            f"{file}: has {own}, the BOLD volumes have {grid}; give an image on their grid, or set "
            "responses.regions.resample: true"
        )
    to_own = np.linalg.inv(own.affine) @ grid.affine
    x, y, z = np.indices(grid.shape).reshape(3, -1)
    places = np.rint(to_own[:3] @ np.stack([x, y, z, np.ones_like(x)])).astype(np.int64)
    inside = np.all((places >= 0) & (places < np.array(own.shape)[:, None]), axis=0)
    found = np.zeros(x.size, dtype=values.dtype)
    found[inside] = values[tuple(places[:, inside])]
    return found.reshape(grid.shape)

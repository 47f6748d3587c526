"""Regions of betas: which units each file of labels, scalars or mask marks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError, did_you_mean
from isomorph.responses.betas.maps import Maps
from isomorph.responses.betas.region_maps import RegionArray, open_region
from isomorph.responses.places import Grid, Place
from isomorph.study.betas import BetaRegion

Array = npt.NDArray

BACKGROUND = ("???", "unknown", "background", "none", "")
"""Labels that are not regions, case aside; so is the label of key 0."""


@dataclass(frozen=True)
class RegionsOfMaps:
    """The units of all regions, side by side.

    Attributes
    ----------
    position : array of shape (unit,)
        Where each unit stands in the betas' files.
    region : array of str of shape (unit,)
        Its region.
    absent : int
        Units the regions' files mark that have no betas.
    twice : int
        Units counted in a further region.
    files : tuple of Path
        All that they were read from.
    grid : Grid or None
        Voxels of the first region's volume, if it is one.
    """

    position: Array
    region: Array
    absent: int
    twice: int
    files: tuple[Path, ...]
    grid: Grid | None = None


def find_regions(place: Place, regions: Sequence[tuple[BetaRegion, Path]]) -> RegionsOfMaps:
    """Return the units of every region, in the order the regions are named.

    Parameters
    ----------
    place : Place
        Where the units of the betas are.
    regions : sequence of (BetaRegion, Path)
        Each with its file.

    Raises
    ------
    IsomorphError
        When a file is not over the units of the betas, or marks none of them.
    """
    members: dict[str, Array] = {}
    absent, grid = 0, None
    files: list[Path] = []
    for spec, file in regions:
        maps = open_region(file, spec, place)
        files += maps.files
        positions = place.positions_of(maps.place)
        grid = maps.place if grid is None and isinstance(maps.place, Grid) else grid
        marked = _marked(maps, spec)
        if not marked:
            raise IsomorphError(f"{file}: holds no label but the background's, expected regions")
        for name, mask in marked.items():
            here = positions[mask]
            absent += int((here < 0).sum())
            inside = here[here >= 0]
            if not inside.size:
                raise IsomorphError(
                    f'{file}: marks no unit of {place.file} as "{name}" ({int(mask.sum())} are '
                    f"marked in all); fix {'values' if spec.values else 'min and max'}, or leave "
                    "the region out"
                )
            members[name] = np.union1d(members.get(name, inside), inside)
    position = np.concatenate(list(members.values()))
    region = np.repeat(list(members), [len(units) for units in members.values()])
    twice = len(position) - len(np.unique(position))
    return RegionsOfMaps(
        position, region.astype(np.str_), absent, twice, tuple(dict.fromkeys(files)), grid
    )


def _marked(maps: Maps | RegionArray, spec: BetaRegion) -> dict[str, Array]:
    """Return which units of the file each region has: name to ndarray (unit,) of bool."""
    values, labels = maps.read_map(spec.map)
    strange = [one for one in spec.values if isinstance(one, str) and one not in labels.values()]
    if strange:
        raise IsomorphError(
            f'{maps.file}: no label "{strange[0]}", {did_you_mean(strange[0], labels.values())}'
        )
    if spec.name is not None:
        return {spec.name: _chosen(values, labels, spec)}
    if not labels:
        raise IsomorphError(
            f"{maps.file}: has no labels, so regions[].name must name the region it marks"
        )
    keys = values.astype(np.int64)
    regions: dict[str, Array] = {}
    for key, label in labels.items():
        mask = keys == key
        if key != 0 and label.lower() not in BACKGROUND and mask.any():
            regions[label] = mask | regions.get(label, np.zeros_like(mask))
    return regions


def _chosen(values: Array, labels: dict[int, str], spec: BetaRegion) -> Array:
    if spec.values:
        keys = {label: key for key, label in labels.items()}
        return np.isin(values, [keys[one] if isinstance(one, str) else one for one in spec.values])
    with np.errstate(invalid="ignore"):  # NaN satisfies no bound
        if spec.min is not None or spec.max is not None:
            low = -np.inf if spec.min is None else spec.min
            high = np.inf if spec.max is None else spec.max
            return (values >= low) & (values <= high)
    nothing = [key for key, label in labels.items() if label.lower() in BACKGROUND]
    return np.isfinite(values) & ~np.isin(values, [0, *nothing])

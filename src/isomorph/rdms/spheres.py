"""Searchlights: the RDM of the sphere around every voxel."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from isomorph.errors import IsomorphError
from isomorph.geometry import Floats, UndefinedDistanceError, joined
from isomorph.rdms.distances import DISTANCES
from isomorph.rdms.fold_geometry import USUAL, geometry_of_folds
from isomorph.rdms.folds import Folds, folds_of_units
from isomorph.study.dataset import NoiseSpec

BLOCK = 256
"""Centres whose RDMs are held at a time."""


@dataclass(frozen=True)
class Volume:
    """The voxels of one subject.

    Attributes
    ----------
    folds : tuple of Folds
        Responses of all voxels by session.
    positions : array of shape (voxel, 3)
        Millimetres.
    shape : tuple of int
        Voxels of the whole grid along x, y and z.
    affine : array of shape (4, 4)
        From voxels of the grid to millimetres.
    """

    folds: tuple[Folds, ...]
    positions: Floats
    shape: tuple[int, ...]
    affine: Floats

    def places(self) -> tuple[NDArray[np.int64], ...]:
        """Return the index of every voxel in the grid along each axis."""
        inverse = np.linalg.inv(self.affine)
        at = self.positions @ inverse[:3, :3].T + inverse[:3, 3]
        return tuple(np.rint(at).astype(np.int64).T)


@dataclass(frozen=True)
class Spheres:
    """Which voxels stand within a radius of which.

    Attributes
    ----------
    centres : array of int of shape (sphere,)
        Voxels with enough others about them.
    members : list of ndarray of int
        Voxels of each sphere, its centre among them.
    left_out : dict of str to int
        Voxels that are not centres, by reason.
    """

    centres: NDArray[np.int64]
    members: list[NDArray[np.int64]]
    left_out: dict[str, int]


def volume_of(
    sessions: Mapping[str, xr.Dataset],
    stimuli: Sequence[str],
    transform: str,
    where: str,
) -> Volume:
    """Return the voxels of a subject's sessions, each once though regions overlap.

    Parameters
    ----------
    sessions : mapping of str to Dataset
        `response (presentation, unit)` with `x`, `y`, `z` of every unit, millimetres.
    stimuli : sequence of str
        The stimuli in order; a session that lacks one does not count.
    transform : str
    where : str
        The file, for messages.

    Raises
    ------
    IsomorphError
        When units are not voxels, or sessions are of different ones.
    """
    complete = [
        one for one in sessions.values() if set(stimuli) <= set(one["stimulus"].values.tolist())
    ]
    if not complete:
        raise IsomorphError(f"{where}: no session shows all {len(stimuli)} stimuli")
    first = complete[0]
    if "grid" not in first.attrs or not {"x", "y", "z"} <= set(first.coords):
        raise IsomorphError(
            f"{where}: its units have no place in a volume; searchlights take responses of kind "
            "bids from volumes, and these may have to be made again"
        )
    grid = json.loads(first.attrs["grid"])
    every = [np.stack([one[axis].values for axis in "xyz"], axis=1) for one in complete]
    for other in every[1:]:
        if other.shape != every[0].shape or not np.allclose(other, every[0], atol=1e-3):
            raise IsomorphError(f"{where}: its sessions are of different voxels")
    _, once = np.unique(np.round(every[0], 3), axis=0, return_index=True)
    folds = tuple(folds_of_units(one, once, stimuli, transform) for one in complete)
    return Volume(folds, every[0][once], tuple(grid["shape"]), np.array(grid["affine"]))


def spheres(positions: Floats, radius: float, minimum: int) -> Spheres:
    """Return the sphere about every voxel, those cut by the edge of the mask too.

    Parameters
    ----------
    positions : array of shape (voxel, 3)
        Millimetres.
    radius : float
        Millimetres; a voxel at that distance is in.
    minimum : int
        Voxels a sphere must have; at the edge many have few.
    """
    from scipy.spatial import cKDTree

    tree = cKDTree(positions)
    found = tree.query_ball_point(positions, radius * (1 + 1e-9), return_sorted=True)
    enough = np.array([len(members) >= minimum for members in found])
    return Spheres(
        np.flatnonzero(enough),
        [np.array(found[centre]) for centre in np.flatnonzero(enough)],
        {f"voxels with fewer than {minimum} within {radius:g} mm": int((~enough).sum())},
    )


def sphere_rdms(
    volume: Volume, around: Spheres, distance: str, noise: NoiseSpec = USUAL
) -> Iterator[tuple[NDArray[np.int64], Floats, dict[str, int]]]:
    """Yield RDMs of spheres, block by block.

    Each is what the distance is of those voxels as a region: crossnobis with the noise of the
    sphere, from Gram matrices.

    Yields
    ------
    centres : array of shape (sphere,)
        Voxels whose sphere has an RDM.
    rdms : array of shape (sphere, pair)
    left_out : dict of str to int
        Spheres of the block without one, by reason.
    """
    for start in range(0, len(around.centres), BLOCK):
        centres, rdms = [], []
        left_out: dict[str, int] = {}
        for place in range(start, min(start + BLOCK, len(around.centres))):
            try:
                rdm = _rdm(volume, around.members[place], distance, noise)
            except UndefinedDistanceError as error:
                left_out[str(error)] = left_out.get(str(error), 0) + 1
                continue
            centres.append(around.centres[place])
            rdms.append(rdm)
        n_pairs = volume.folds[0].seen.shape[1] * (volume.folds[0].seen.shape[1] - 1) // 2
        stacked = np.stack(rdms) if rdms else np.empty((0, n_pairs))
        yield np.array(centres, dtype=np.int64), stacked, left_out


def _rdm(volume: Volume, members: NDArray[np.int64], distance: str, noise: NoiseSpec) -> Floats:
    parts = [
        geometry_of_folds(replace(folds, values=folds.values[..., members]), [distance], noise)
        for folds in volume.folds
    ]
    return DISTANCES[distance].compute(joined([part for part in parts if part is not None]))

"""Maps of one file, whatever its format: a value per unit, several times over."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from isomorph.errors import IsomorphError, did_you_mean
from isomorph.foreign import reading
from isomorph.foreign.brain_images import files_of, open_image
from isomorph.foreign.budget import afford
from isomorph.responses.grayordinates import Grayordinates
from isomorph.responses.places import Grid, Place

Array = npt.NDArray


@dataclass(frozen=True)
class Maps:
    """The maps of one file, not yet read.

    Attributes
    ----------
    file : Path
        The file.
    names : tuple of str
        Name of each map, '' where the format has none.
    place : Place
        Where the units are.
    labels : tuple of dict of int to str
        Label table of each map, empty for a file of scalars.
    image : nibabel image
        The open file.
    maps_first : bool
        Whether maps are the first axis of the data, as in CIFTI; else they are the last.
    """

    file: Path
    names: tuple[str, ...]
    place: Place
    labels: tuple[dict[int, str], ...]
    image: Any
    maps_first: bool

    def __len__(self) -> int:
        return len(self.names)

    @property
    def files(self) -> tuple[Path, ...]:
        """All that it is read from."""
        return files_of(self.file, self.image)

    def read(self, units: Array) -> Array:
        """Return the values of some units, (map, unit) of float32.

        Parameters
        ----------
        units : array of shape (unit,)
            Positions of the units.

        Raises
        ------
        IsomorphError
            When the file is damaged.
        """
        with reading(self.file, "a whole image"):
            values = np.asanyarray(self.image.dataobj)
        if self.maps_first:
            return np.asarray(values[:, units], dtype=np.float32)
        flat = values.reshape(-1, len(self))
        return np.ascontiguousarray(flat[units].T, dtype=np.float32)

    def read_map(self, which: int | str) -> tuple[Array, dict[int, str]]:
        """Return one map over all units and its label table.

        Parameters
        ----------
        which : int or str
            Its place counted from 0, or its name.

        Returns
        -------
        values : array of float32 of shape (unit,)
        labels : dict of int to str
            Empty for a file of scalars.

        Raises
        ------
        IsomorphError
            When there is no such map.
        """
        if isinstance(which, str):
            if which not in self.names:
                raise IsomorphError(
                    f'{self.file}: no map "{which}", {did_you_mean(which, self.names)}'
                )
            which = self.names.index(which)
        if not 0 <= which < len(self):
            raise IsomorphError(f"{self.file}: no map {which}, it has {len(self)}, counted from 0")
        values = self.read(np.arange(len(self.place)))[which]
        return values, self.labels[which] if self.labels else {}


def open_maps(file: Path) -> Maps:
    """Open a CIFTI or NIfTI file.

    Raises
    ------
    IsomorphError
        When it is neither.
    """
    import nibabel

    image = open_image(file, "a CIFTI or NIfTI file")
    afford(file, f"an image of shape {image.shape}", math.prod(image.shape) * 8)  # as it is scaled
    if isinstance(image, nibabel.Cifti2Image):
        return open_cifti(file, image)
    return _open_volume(file, image)


def open_cifti(file: Path, image: Any) -> Maps:
    """Describe the maps of a CIFTI file without reading them.

    Raises
    ------
    IsomorphError
        When it is not a file of scalars or labels over grayordinates.
    """
    from nibabel.cifti2 import BrainModelAxis, LabelAxis, ScalarAxis

    with reading(file, "a CIFTI file"):
        axes = [image.header.get_axis(number) for number in range(image.ndim)]
    if (
        len(axes) != 2
        or not isinstance(axes[0], ScalarAxis | LabelAxis)
        or not isinstance(axes[1], BrainModelAxis)
    ):
        kinds = " by ".join(type(axis).__name__.removesuffix("Axis").lower() for axis in axes)
        raise IsomorphError(
            f"{file}: is a CIFTI file of {kinds}, expected scalars or labels by grayordinates"
        )
    labels: tuple[dict[int, str], ...] = ()
    if isinstance(axes[0], LabelAxis):
        labels = tuple({key: name for key, (name, _) in table.items()} for table in axes[0].label)
    return Maps(
        file=file,
        names=tuple(str(name) for name in axes[0].name),
        place=Grayordinates(axes[1], file),
        labels=labels,
        image=image,
        maps_first=True,
    )


def _open_volume(file: Path, image: Any) -> Maps:
    """Describe the maps of a NIfTI volume without reading them: one, or one per fourth index.

    Raises
    ------
    IsomorphError
        When it has neither three axes nor four.
    """
    shape = tuple(int(length) for length in image.shape)
    if len(shape) not in (3, 4) or not hasattr(image, "affine"):
        raise IsomorphError(f"{file}: is of shape {shape}, expected (x, y, z) or (x, y, z, map)")
    return Maps(
        file=file,
        names=("",) * (shape[3] if len(shape) == 4 else 1),
        place=Grid(shape[:3], np.asarray(image.affine, dtype=np.float64), file),
        labels=(),
        image=image,
        maps_first=False,
    )

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
from isomorph.foreign.budget import afford
from isomorph.foreign.images import files_of, open_image
from isomorph.responses.grayordinates import Place

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
        units : ndarray (unit,)
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
        values : ndarray (unit,) of float32
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

    from isomorph.responses.betas import cifti, volumes

    image = open_image(file, "a CIFTI or NIfTI file")
    afford(file, f"an image of shape {image.shape}", math.prod(image.shape) * 8)  # as it is scaled
    if isinstance(image, nibabel.Cifti2Image):
        return cifti.open_cifti(file, image)
    return volumes.open_volume(file, image)

"""CIFTI files of maps: scalars or labels over grayordinates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from isomorph.errors import IsomorphError
from isomorph.foreign import reading
from isomorph.responses.betas.maps import Maps
from isomorph.responses.grayordinates import Grayordinates


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

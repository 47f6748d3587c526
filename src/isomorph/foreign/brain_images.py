"""Images of brains, opened by nibabel: shapes and sizes checked, the data left on disk."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any

from isomorph.errors import IsomorphError
from isomorph.foreign.budget import afford
from isomorph.foreign.guard import reading
from isomorph.foreign.outside import files_named_by, refuse_outside_files

HALVES = {
    ".img": (".hdr",),
    ".hdr": (".img",),
    ".mat": (".img", ".hdr"),
    ".brik": (".head",),
    ".head": (".brik",),
}
"""Endings of images that are read together with a file of an ending."""

PACKED = frozenset({".gz", ".bz2", ".zst"})
"""Endings that say how a file is compressed."""


def open_image(file: Path, what: str = "an image") -> Any:
    """Open a NIfTI, CIFTI, GIfTI or any other image that nibabel knows.

    Parameters
    ----------
    file : Path
    what : str, optional
        What it should be, for messages.

    Returns
    -------
    nibabel image

    Raises
    ------
    IsomorphError
        When it is not such an image, an axis of it is empty or does not fit its data, its values
        are colours or complex numbers or stand in a file outside its folder, they would take too
        much memory, or it is a MINC file of several volumes, whose axes nibabel gives in another
        order than those of all other formats.
    """
    import nibabel
    from nibabel.minc1 import Minc1Image

    with reading(file, what):
        image: Any = nibabel.load(file)
    refuse_outside_files(file, files_named_by(image))
    if not hasattr(image, "dataobj"):
        return image
    with reading(file, what):
        shape, kind = tuple(image.shape), image.get_data_dtype()
    if kind.kind not in "biuf":
        held = "complex numbers" if kind.kind == "c" else "colours"
        raise IsomorphError(
            f"{file}: holds {held}, expected one plain number for each voxel; write the part that "
            "is meant, such as the magnitude, into a file of its own"
        )
    if any(length < 1 for length in shape):
        raise IsomorphError(f"{file}: is of shape {shape}, which holds no value")
    if isinstance(image, Minc1Image) and len(shape) > 3:
        raise IsomorphError(
            f"{file}: is a MINC file of shape {shape}, whose first axis is not a place; convert it "
            "to NIfTI, as by mnc2nii"
        )
    afford(file, f"an image of shape {shape}", math.prod(shape) * kind.itemsize)
    if isinstance(image, nibabel.Cifti2Image):
        with reading(file, what):
            lengths = tuple(len(image.header.get_axis(place)) for place in range(image.ndim))
        if lengths != shape:
            raise IsomorphError(
                f"{file}: its axes are of lengths {lengths}, its data of shape {shape}; it is "
                "damaged"
            )
    return image


def files_of(file: Path, image: Any) -> tuple[Path, ...]:
    """Return all the files that an image is read from.

    Parameters
    ----------
    file : Path
    image : nibabel image
        The same, opened.

    Returns
    -------
    tuple of Path
        The file itself first. Analyze, NIfTI and AFNI may keep header and values apart, and a
        GIfTI file may name others that hold its values.
    """
    held = (getattr(one, "filename", None) for one in (image.file_map or {}).values())
    parts = [Path(name) for name in held if name is not None]
    named = [file.parent / name for name in files_named_by(image)]
    return tuple(dict.fromkeys([file, *(part for part in parts if part.is_file()), *named]))


def halves_of(path: str, others: Iterable[str]) -> list[str]:
    """Return those of other files that are images which a file is a part of, by their names.

    Parameters
    ----------
    path : str
        Relative path, such as `sub-01_bold.img`, which `sub-01_bold.hdr` is read with.
    others : iterable of str
        Relative paths.
    """
    stem, ending = _in_two(path)
    wanted = [(stem, one) for one in HALVES.get(ending, ())]
    return [other for other in others if _in_two(other) in wanted] if wanted else []


def _in_two(path: str) -> tuple[PurePosixPath, str]:
    """Return a path without its ending, and the ending; how it is compressed does not count."""
    whole = PurePosixPath(path)
    whole = whole.with_suffix("") if whole.suffix.lower() in PACKED else whole
    return whole.with_suffix(""), whole.suffix.lower()

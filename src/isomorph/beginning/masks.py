"""What volumes beside responses mark, and whose of several subjects a file is."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from isomorph.beginning.setting import Setting
from isomorph.foreign import reading
from isomorph.foreign.brain_images import open_image

MOST = 20
"""Labels of one volume that are regions each; of more, the user says which."""

SAID = re.compile(r"^(?:mask|roi|label|desc|region|area)-(.+)$", re.IGNORECASE)
PASSED_OVER = re.compile(r"^(?:mask|roi|(?:sub|ses|space|res)-.*)$", re.IGNORECASE)
"""Words of a mask's name that are no part of the region's."""


@dataclass(frozen=True)
class Marked:
    """A region in a volume.

    Attributes
    ----------
    name : str
    units : int
    value : int or None
        The label that marks it, None where any value but 0 does.
    labels : int
        How many labels mark it.
    """

    name: str
    units: int
    value: int | None = None
    labels: int = 1


def region_settings(file: str, region: Marked) -> tuple[Setting, ...]:
    """Return the settings that take one region from a volume."""
    values = () if region.value is None else (Setting("values", [region.value]),)
    return (Setting("file", file), Setting("name", region.name), *values)


def regions_in(file: Path, name: str) -> list[Marked]:
    """Return the regions that a volume marks, none where it holds measured values.

    Parameters
    ----------
    file : Path
    name : str
        Of the region where there is one; several are called by their labels as well.

    Examples
    --------
    A mask `V1.nii.gz` is the region "V1", an atlas with two labels "atlas-1" and "atlas-2".

    Raises
    ------
    IsomorphError
        When the file is no image.
    """
    image = open_image(file)
    with reading(file, "an image"):
        values = np.asanyarray(image.dataobj)
    if values.dtype.kind == "f" and not (np.isnan(values) | (values == np.rint(values))).all():
        return []
    labels, units = np.unique(values[np.nan_to_num(values) != 0], return_counts=True)
    if not len(labels) or (len(labels) > MOST and not _is_patchy(values)):
        return []
    if len(labels) == 1 or len(labels) > MOST:
        return [Marked(name, int(units.sum()), labels=len(labels))]
    return [
        Marked(f"{name}-{int(label)}", int(n), int(label))
        for label, n in zip(labels, units, strict=True)
    ]


def _is_patchy(values: np.ndarray) -> bool:
    """Tell labels, which most neighbours share, from an anatomical image in whole numbers."""
    inside = (values[1:] != 0) & (values[:-1] != 0)
    return bool((values[1:] == values[:-1])[inside].mean() > 0.5) if inside.any() else False


def region_name(path: str, subject: str) -> str:
    """Return the region a mask is called by, without what else its name says.

    Examples
    --------
    >>> region_name("sub-01/sub-01_space-T1w_mask-V1.nii.gz", "01")
    'V1'
    >>> region_name("s1_lh_V1_mask.nii", "s1")
    'lh_V1'
    """
    name = PurePosixPath(path).name.partition(".")[0]
    words = [
        SAID.sub(r"\1", word)
        for word in name.split("_")
        if word != subject and not PASSED_OVER.match(word)
    ]
    return "_".join(words) or name


def for_anyone(path: str, subject: str) -> str:
    """Return a path with `{subject}` wherever the subject is a word of it.

    Examples
    --------
    >>> for_anyone("sub-1/sub-1_V1.nii", "1")
    'sub-{subject}/sub-{subject}_V1.nii'
    """
    return _word(subject).sub("{subject}", path)


def is_of_another(path: str, subject: str, others: Collection[str]) -> bool:
    """Tell whether a file is that of another subject.

    Examples
    --------
    >>> is_of_another("sub-10/V1.nii", "1", ["2", "10"]), is_of_another("V2.nii", "1", ["2"])
    (True, False)
    """
    if _word(subject).search(path):
        return False
    return any(_word(other).search(path) for other in others if other != subject)


def _word(subject: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![A-Za-z0-9]){re.escape(subject)}(?![A-Za-z0-9])")

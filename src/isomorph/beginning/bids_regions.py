"""Where regions stand in a BIDS folder: masks, labels of FreeSurfer, or the whole brain."""

from __future__ import annotations

from pathlib import PurePosixPath

from isomorph.beginning.place import Place
from isomorph.beginning.setting import Setting
from isomorph.foreign.entities import parse

MASKS = (".nii", ".nii.gz")
FOLDERS = ("mask", "roi", "region", "label")
"""Parts of names of folders in which masks stand."""

BY_LABEL = r"(?:label|desc|roi)-([A-Za-z0-9]+)"
BY_NAME = r"^(?:sub-[^_]+_)?(.+?)(?:_mask)?\.nii(?:\.gz)?$"
"""The region in the name of a mask."""

APARC = "_desc-aparcaseg_dseg"
VENTRAL = {"fusiform": ["ctx-?h-fusiform"], "lateraloccipital": ["ctx-?h-lateraloccipital"]}
"""Labels of FreeSurfer that most studies of vision ask for."""


def regions_of(
    place: Place, subject: str, entities: dict[str, str | int]
) -> tuple[Setting, list[str], str]:
    """Return the regions of volumes, patterns of their files, and what is to be decided.

    Parameters
    ----------
    place : Place
    subject : str
        One of those recorded.
    entities : dict
        Of the volumes that were chosen: masks in another space are not theirs.
    """
    found = [path for path in place.beside(*MASKS) if _is_mask(path, entities)]
    own = [path for path in found if _of(path, subject)] or found
    brain = [path for path in own if "brain" in PurePosixPath(path).name]
    others = [path for path in own if path not in brain]
    value: dict[str, object]
    choose = "which voxels, by region; masks of regions, labels, an atlas or one mask"
    if others:
        pattern = _pattern(others, subject)
        named = all("label-" in PurePosixPath(path).name for path in others)
        value = {"kind": "masks", "files": pattern, "region": BY_LABEL if named else BY_NAME}
        names = ", ".join(sorted({PurePosixPath(path).name for path in others})[:6])
        return Setting("regions", value, choose, names), [_anybody(pattern)], ""
    labels = [path for path in place.beside(f"{APARC}.nii.gz") if _is_in(path, entities)]
    tables = place.beside(f"{APARC}.tsv")
    if labels and tables:
        pattern = _pattern(labels[:1], subject)
        value = {"kind": "labels", "file": pattern, "table": tables[0], "regions": VENTRAL}
        return Setting("regions", value, choose), [_anybody(pattern)], ""
    if brain:
        pattern = _pattern(brain, subject)
        value = {"kind": "whole", "file": pattern, "region": "brain"}
        say = choose + "; there is one mask, so all of it is one region: call it by its name"
        return Setting("regions", value, say), [_anybody(pattern)], ""
    value = {"kind": "masks", "files": "masks/sub-{subject}_*.nii.gz", "region": BY_NAME}
    decide = "no mask is here: put a mask for each region and subject where `regions` says"
    return Setting("regions", value, f"{choose}; {decide}"), [], decide


def _is_mask(path: str, entities: dict[str, str | int]) -> bool:
    pure = PurePosixPath(path)
    if pure.name.partition(".")[0].endswith(("_bold", "_T1w", "_T2w", "_sbref", "_boldref",
                                             "_dseg", "_probseg", "_xfm")):  # fmt: skip
        return False
    ends = pure.name.partition(".")[0].endswith("mask")
    inside = any(word in part.casefold() for part in pure.parts[:-1] for word in FOLDERS)
    return (ends or inside) and "func.gii" not in pure.name and _is_in(path, entities)


def _is_in(path: str, entities: dict[str, str | int]) -> bool:
    """Tell whether a file is in the space of the volumes."""
    said = parse(path).entities
    if "anat" in PurePosixPath(path).parts and "space" not in said:
        return entities.get("space") == "T1w"
    return said.get("space", entities.get("space")) == entities.get("space")


def _of(path: str, subject: str) -> bool:
    return f"sub-{subject}_" in path or f"sub-{subject}/" in path or f"sub-{subject}." in path


def _pattern(paths: list[str], subject: str) -> str:
    """Return the pattern of the masks of a subject, with `{subject}` for the name."""
    first = PurePosixPath(paths[0])
    generic = str(first).replace(f"sub-{subject}", "sub-{subject}")
    if len(paths) == 1:
        return generic
    parent = str(PurePosixPath(generic).parent)
    end = "".join(first.suffixes[-2:]) if first.name.endswith(".gz") else first.suffix
    tail = f"_mask{end}" if all(PurePosixPath(one).name.endswith(f"_mask{end}") for one in paths) \
        else end  # fmt: skip
    lead = "sub-{subject}_*" if first.name.startswith("sub-") else "*"
    return f"{parent}/{lead}{tail}" if parent != "." else f"{lead}{tail}"


def _anybody(pattern: str) -> str:
    return pattern.replace("{subject}", "*")

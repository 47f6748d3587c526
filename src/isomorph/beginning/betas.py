"""A study of ready betas: a map for each stimulus, regions in masks or labels, images beside."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from isomorph.beginning.columns import least_of, presentations, stimulus_columns
from isomorph.beginning.draft import MODELS, Draft, distance_for, groups_model
from isomorph.beginning.images import ids_of_all, images_of
from isomorph.beginning.masks import (
    for_anyone,
    is_of_another,
    region_name,
    region_settings,
    regions_in,
)
from isomorph.beginning.place import Place, shared_pattern
from isomorph.beginning.setting import Setting
from isomorph.errors import IsomorphError
from isomorph.foreign import reading
from isomorph.foreign.entities import parse
from isomorph.responses.betas.maps import Maps, open_maps
from isomorph.saying import count

SCALARS, LABELS = ".dscalar.nii", ".dlabel.nii"
VOLUMES = (".nii", ".nii.gz")
WORD = "beta"
"""Part of the names of files of betas."""

MOST = 40
"""Files that are opened; where there are more, the others are taken to be alike."""


def recognise(place: Place) -> str:
    """Say how many files of betas there are, '' for none."""
    found = _betas(place)
    return count(len(found), "file of betas", "files of betas") if found else ""


def draft(place: Place) -> Draft:
    """Look at ready betas.

    Raises
    ------
    IsomorphError
        When nothing names the stimulus of each map, no image is called so, or no mask is here.
    """
    paths = _betas(place)
    maps = {path: open_maps(place.at(path)) for path in paths[:MOST]}
    labels = {path: _labels(place, path, one) for path, one in maps.items()}
    first = paths[0]
    values = [name for path, one in maps.items() for name in _names(place, one, labels[path])]
    candidates = stimulus_columns({"stimulus": values}, ids_of_all(place))
    if not candidates or not candidates[0].known:
        said = f'"{values[0]}" and so on' if values and values[0] else "nothing"
        raise IsomorphError(
            f"{place.at(first)}: its {count(len(maps[first]), 'map')} are called {said}, which no "
            "image here is; put the images beside the betas, and for volumes a text file with the "
            "name of each map on a line of its own"
        )
    named = candidates[0]
    images = images_of(place, list(named.counts))
    assert images is not None, "the names are those of images"
    pattern, subjects = shared_pattern(paths, place.files)
    if not subjects:
        pattern = first if len(paths) == 1 else _wide(paths)
        subjects = (str(parse(first).entities.get("sub", "subject")),)
    regions = _regions(place, maps[first], paths, subjects)
    if not regions:
        raise IsomorphError(
            f"{place.at(first)}: no mask or label file beside it is on the same grid, so no region "
            "is known; put one there"
        )
    text = labels[first]
    by_text = (for_anyone(text, subjects[0]) if len(paths) == 1 else _text(text, subjects[0])) \
        if text else ""  # fmt: skip
    said = presentations(named.counts.values())
    shown: dict[str, Counter[str]] = defaultdict(Counter)
    for path, one in maps.items():
        whose = next((who for who in subjects if for_anyone(path, who) != path), "")
        shown[whose].update(n for n in _names(place, one, labels[path]) if n in named.counts)
    runs = min(least_of(own) for own in shown.values() if own)
    responses = (
        Setting("kind", "betas"),
        Setting("files", pattern, note=count(len(paths), "file")),
        *((Setting("labels", by_text, note="the name of each map"),) if text else ()),
        *((Setting("name", named.naming),) if named.naming != "{}" else ()),
        Setting("regions", tuple(regions), "where regions are among the units", said),
        Setting("within_run", "z_score" if runs < 2 else "none",
                "what is done to each unit within a run: none, centre or z_score"),
    )  # fmt: skip
    files = [pattern, *([by_text] if text else []), *(str(one[0].value) for one in regions)]
    return Draft(
        found=(f"{count(len(paths), 'file')} of betas of {', '.join(subjects)}", said),
        subjects=subjects,
        files=tuple(dict.fromkeys(
            one.replace("{subject}", "*") for one in (*files, *images.files))),
        stimuli=images.settings(),
        responses=responses,
        distances=distance_for(runs),
        models=MODELS,
        own_models=(groups_model(images.groups),) if images.groups else (),
        names=images.ids,
    )  # fmt: skip


def _betas(place: Place) -> list[str]:
    return [
        path
        for path in place.ending(SCALARS, *VOLUMES)
        if WORD in PurePosixPath(path).name.casefold() and not path.endswith(LABELS)
    ]


def _labels(place: Place, path: str, maps: Maps) -> str:
    """Return the text file with a line for each map, '' where there is none."""
    stem = PurePosixPath(path).name.partition(".")[0]
    near = [
        one
        for one in place.beside(".txt")
        if PurePosixPath(one).parent == PurePosixPath(path).parent
        and len(_lines(place.at(one))) == len(maps)
    ]

    def shared(one: str) -> int:
        name = PurePosixPath(one).name
        return next((n for n, (a, b) in enumerate(zip(stem, name, strict=False)) if a != b),
                    min(len(stem), len(name)))  # fmt: skip

    return max(near, key=shared, default="")


def _lines(file: Path) -> list[str]:
    with reading(file, "text"):
        return file.read_text(encoding="utf-8").splitlines()


def _names(place: Place, maps: Maps, labels: str) -> list[str]:
    return _lines(place.at(labels)) if labels else list(maps.names)


def _regions(
    place: Place, maps: Maps, betas: list[str], subjects: Sequence[str]
) -> list[tuple[Setting, ...]]:
    """Return the regions on the grid of the betas: their files, names and labels."""
    found: list[tuple[Setting, ...]] = []
    subject, cifti = subjects[0], maps.maps_first
    for path in place.beside(LABELS if cifti else ".nii", *(() if cifti else (".nii.gz",))):
        if (
            path in betas
            or is_of_another(path, subject, subjects)
            or ("sub-" in path and for_anyone(path, subject) == path)
        ):
            continue
        try:
            one = open_maps(place.at(path))
            alike = len(one.place) == len(maps.place) and (cifti or len(one) == 1)
            marked = [] if cifti or not alike else regions_in(
                place.at(path), region_name(path, subject))  # fmt: skip
        except IsomorphError:
            continue  # an image of something else
        if cifti and alike:
            found.append((Setting("file", for_anyone(path, subject)),))
        found += [region_settings(for_anyone(path, subject), each) for each in marked]
    return found


def _text(path: str, subject: str) -> str:
    """Return the pattern of the files of labels of all runs."""
    pure = PurePosixPath(for_anyone(path, subject))
    name = pure.name.rpartition("_")[2]
    parent = "**" if "/" in path else ""
    lead = "sub-{subject}" if "sub-{subject}" in str(pure) else ""
    return "/".join(part for part in (parent, f"{lead}*_{name}" if "_" in pure.name else name)
                    if part)  # fmt: skip


def _wide(paths: list[str]) -> str:
    end = paths[0][paths[0].index(".", paths[0].rfind("/") + 1):]  # fmt: skip
    return f"**/*{WORD}*{end}"

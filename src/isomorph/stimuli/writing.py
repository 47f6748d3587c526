"""Writing stimuli: all the images, and only then the table that names them."""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from isomorph.archives.manifest import read_manifest
from isomorph.artefacts import disk_errors, replace_synced, write_table
from isomorph.errors import IsomorphError
from isomorph.expected import check_expected
from isomorph.layout import Layout
from isomorph.making import stamp
from isomorph.shown import is_plain
from isomorph.stimuli.naming import alike
from isomorph.stimuli.near_duplicates import Thumbnail, near_duplicates, thumbnail
from isomorph.stimuli.pixels import pixel_digest
from isomorph.stimuli.stimulus import Stimulus, renamed

IMAGES = "images"
"""Folder of the images, beside the table."""

KEPT = frozenset({".png", ".jpg", ".jpeg", ".webp"})
"""Kinds of file that are copied as they are; any page can show them. Others become PNG."""


def write_stimuli(layout: Layout, dataset: str, stimuli: Sequence[Stimulus]) -> None:
    """Write images and table of a dataset; when anything fails, what stood before still stands.

    Raises
    ------
    IsomorphError
        When there are not as many stimuli as expected, two have one name, an image cannot be
        read, or the disk is full.
    """
    refuse_odd(layout, dataset, stimuli)
    _say_alike([one.name for one in stimuli], dataset)
    stimuli = _with_own_columns(stimuli, dataset)
    file = layout.stimuli(dataset)
    signed = stamp(
        layout, "stimuli", dataset, source=read_manifest(layout, dataset).provenance.source
    )
    with disk_errors(file), _gathering(file.parent) as gathered:
        rows, thumbnails = [], []
        for one in _with_progress(stimuli, dataset):
            row, small = _write(one, gathered)
            rows.append(row)
            thumbnails.append(small)
        table = _table(rows, thumbnails, dataset)
        # The old table goes first: no table ever names images that are not its own.
        file.unlink(missing_ok=True)
        for old in (names := layout.names(dataset), names.with_suffix(".json")):
            old.unlink(missing_ok=True)
        images = file.parent / IMAGES
        if images.exists():
            shutil.rmtree(images)
        if any(one.pixels for one in stimuli):
            replace_synced(gathered, images)
        if any(one.names for one in stimuli):
            write_table(names, _names(stimuli), "names", signed)
        write_table(file, table, "stimuli", signed)


def _say_alike(names: Sequence[str], dataset: str) -> None:
    """Say which stimuli may be one that was written in two ways."""
    if pairs := alike(names):
        one, other = pairs[0]
        more = f" (so do {len(pairs) - 1} more)" if len(pairs) > 1 else ""
        print(
            f'{dataset}: "{one}" and "{other}" are two stimuli, whose names differ in case or '
            f"zeros alone{more}; write both in one way if they are one",
            file=sys.stderr,
            flush=True,
        )


def refuse_odd(layout: Layout, dataset: str, stimuli: Sequence[Stimulus]) -> None:
    """Refuse stimuli of which there are none, or not as many as expected, or two of one name.

    Raises
    ------
    IsomorphError
        Naming the first such name, or both numbers.
    """
    source = layout.study.dataset_files[dataset]
    if not stimuli:
        raise IsomorphError(f"{source}: stimuli: there is not one stimulus")
    for one in stimuli:
        if not is_plain(one.name):
            raise IsomorphError(
                f'{source}: stimuli: "{one.name}" holds a character that cannot be seen, which no '
                "name of a stimulus may; rename it"
            )
    names = pd.Series([one.name for one in stimuli])
    if len(twice := names[names.duplicated()]):
        raise IsomorphError(
            f'{source}: stimuli: two are named "{twice.iloc[0]}"; the name of each must be its own'
        )
    check_expected(layout, dataset, {"stimuli": len(stimuli)})


def _with_own_columns(stimuli: Sequence[Stimulus], dataset: str) -> list[Stimulus]:
    """Return stimuli none of whose descriptive columns is one isomorph writes, and say which was.

    Columns keep the place they have.
    """
    every = dict.fromkeys(name for one in stimuli for name in one.described)
    others = renamed(every, dataset)
    for name, other in others.items():
        print(
            f'{dataset}: the column "{name}" is kept as "{other}", for isomorph writes one of that '
            "name itself",
            file=sys.stderr,
            flush=True,
        )
    return [
        replace(one, described={others.get(k, k): value for k, value in one.described.items()})
        for one in stimuli
    ]


@contextmanager
def _gathering(folder: Path) -> Iterator[Path]:
    """Yield a folder to gather images in, gone afterwards unless it was renamed."""
    folder.mkdir(parents=True, exist_ok=True)
    gathered = Path(tempfile.mkdtemp(dir=folder, prefix=f".{IMAGES}."))
    gathered.chmod(0o755)
    try:
        yield gathered
    finally:
        if gathered.exists():
            shutil.rmtree(gathered)


def _with_progress(stimuli: Sequence[Stimulus], dataset: str) -> Iterator[Stimulus]:
    said = time.monotonic()
    for done, one in enumerate(stimuli):
        if time.monotonic() - said > 5:
            said = time.monotonic()
            print(f"{dataset}: {done} of {len(stimuli)} stimuli", file=sys.stderr, flush=True)
        yield one


def _names(stimuli: Sequence[Stimulus]) -> pd.DataFrame:
    """Return what each file calls the stimuli, in the order of files and names."""
    rows = sorted((*pair, one.name) for one in stimuli for pair in one.names)
    return pd.DataFrame(rows, columns=["file", "name", "stimulus"])


def _write(stimulus: Stimulus, folder: Path) -> tuple[dict[str, object], Thumbnail | None]:
    """Write the image of a stimulus and return its row of the table, and a thumbnail."""
    row: dict[str, object] = {"stimulus": stimulus.name, "file": "", "sha256": ""}
    row |= {"width": None, "height": None, "duplicate_of": "", "near_duplicate_of": ""}
    if stimulus.pixels is None:
        return row | stimulus.described, None
    pixels = stimulus.pixels()
    if stimulus.original is not None and stimulus.original.suffix.lower() in KEPT:
        name = stimulus.name + stimulus.original.suffix
        shutil.copyfile(stimulus.original, folder / name)
    else:
        name = f"{stimulus.name}.png"
        Image.fromarray(pixels).save(folder / name, format="PNG")
    height, width, _ = pixels.shape
    row |= {"file": f"{IMAGES}/{name}", "sha256": pixel_digest(pixels)}
    return row | {"width": width, "height": height} | stimulus.described, thumbnail(pixels)


def _table(
    rows: Sequence[dict[str, object]], thumbnails: Sequence[Thumbnail | None], dataset: str
) -> pd.DataFrame:
    """Return the table of all stimuli, with duplicates marked and reported."""
    table = pd.DataFrame(rows).astype({"width": "Int64", "height": "Int64"})
    first = table.groupby("sha256")["stimulus"].transform("first")
    again = (table["sha256"] != "") & (first != table["stimulus"])
    table["duplicate_of"] = first.where(again, "")
    _say_pairs(dataset, table, "duplicate_of", "have the very pixels of another")
    table["near_duplicate_of"] = _near(thumbnails, again.tolist(), table["stimulus"].tolist())
    _say_pairs(dataset, table, "near_duplicate_of", "look like another")
    return table


def _near(
    thumbnails: Sequence[Thumbnail | None], again: Sequence[bool], names: Sequence[str]
) -> list[str]:
    """Return the stimulus each looks like, '' for none; exact duplicates have that said already."""
    near = [""] * len(names)
    seen = {
        place: small
        for place, (small, twice) in enumerate(zip(thumbnails, again, strict=True))
        if small is not None and not twice
    }
    if seen:
        places = list(seen)
        for place, other in zip(
            places, near_duplicates(np.stack(list(seen.values()))), strict=True
        ):
            near[place] = names[places[other]] if other >= 0 else ""
    return near


def _say_pairs(dataset: str, table: pd.DataFrame, column: str, what: str) -> None:
    """Say which stimuli are like another; '' marks those that are like none."""
    both = zip(table["stimulus"], table[column], strict=True)
    pairs = [f"{one} = {other}" for one, other in both if other]
    if pairs:
        print(
            f"{dataset}: {len(pairs)} stimuli {what}: "
            + ", ".join(pairs[:5])
            + (", …" if len(pairs) > 5 else ""),
            file=sys.stderr,
            flush=True,
        )

"""The stimuli of a dataset: all the images, and only then the table that names them."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
from PIL import Image

from isomorph.archives.manifest import read_manifest
from isomorph.artefacts import replace_synced, write_table
from isomorph.disk import disk_errors
from isomorph.errors import IsomorphError
from isomorph.expected import check_expected
from isomorph.layout import Layout
from isomorph.making import require, stamp
from isomorph.saying import Seldom, say
from isomorph.stages.datasets import files_of
from isomorph.stimuli.listed_images import joint_digest
from isomorph.stimuli.names import Names, names_from
from isomorph.stimuli.naming import alike
from isomorph.stimuli.near_duplicates import Thumbnail, thumbnail
from isomorph.stimuli.pixels import pixel_digest
from isomorph.stimuli.stimulus import Shot, Stimulus
from isomorph.stimuli.stimulus_kinds import STIMULI
from isomorph.stimuli.table import refuse_odd, stimulus_table, with_own_columns
from isomorph.study.axes import axes_of

IMAGES, CLIPS = "images", "clips"
"""Folders of the images, and of the frames of clips, beside the table."""

KEPT = frozenset({".png", ".jpg", ".jpeg", ".webp"})
"""Kinds of file that are copied as they are; any page can show them. Others become PNG."""


def run(layout: Layout, dataset: str) -> None:
    """Write the stimulus table of a dataset, and its images in `images/` beside it.

    The columns are `stimulus`, `file` (relative to the table's folder, empty without an image),
    `sha256` of the pixels (see `isomorph.stimuli.pixels.pixel_digest`), `width` and `height` in
    pixels, `duplicate_of` (the first stimulus with exactly the same pixels), `near_duplicate_of`
    (the first that looks the same, see `isomorph.stimuli.near_duplicates`), and whatever describes
    the stimuli. The rows stand in the dataset's own stimulus order, which every later file keeps.
    Where recordings hold the images, `names.csv` beside it says what each calls them, see
    `isomorph.stimuli.naming`.

    Where frames that lead up to each stimulus are asked for (`stimuli.clips`), they stand in
    `clips/`, each once, and the columns `clip` and `clip_sha256` say which, see
    `isomorph.stimuli.listed_images.list_clips`.

    Parameters
    ----------
    layout : Layout
        The study's paths.
    dataset : str
        Name of a dataset that has stimuli of its own.

    Raises
    ------
    IsomorphError
        When a file, variable, column or image is missing or cannot be read, when there are not as
        many stimuli as expected, when the dataset borrows its stimuli, or when its manifest is not
        what the study now says.
    """
    owner = layout.study.stimulus_set(dataset)
    if owner != dataset:
        raise IsomorphError(
            f'{layout.study.dataset_files[dataset]}: stimuli: are those of "{owner}"; make the '
            f'stimuli of "{owner}" instead'
        )
    require(layout, "stimuli", dataset)
    _write_all(layout, dataset, _listed(layout, dataset))


def look(layout: Layout, dataset: str) -> Names | None:
    """Look at the stimuli of a dataset before they are made; no pixel is read.

    Parameters
    ----------
    layout : Layout
        The study's paths.
    dataset : str
        Name of a dataset that has stimuli of its own.

    Returns
    -------
    Names or None
        What names of stimuli will stand for; None where only the pixels of all recordings tell.

    Raises
    ------
    IsomorphError
        As `run` would; nothing is written.
    """
    spec = layout.study.dataset(dataset).stimuli
    if (look_at := STIMULI[spec.kind].look) is not None:
        look_at(files_of(layout, dataset), spec)
        return None
    listed = _listed(layout, dataset)
    rows = pd.DataFrame([{"stimulus": one.name, **one.described} for one in listed])
    return names_from(rows["stimulus"], str(layout.stimuli(dataset)), rows)


def described(layout: Layout, dataset: str) -> tuple[int, set[str]] | None:
    """Return how many stimuli a dataset has and which columns of its table will say anything.

    None where only the pixels of all recordings tell.

    Parameters
    ----------
    layout : Layout
        The study's paths.
    dataset : str
        Name of a dataset that has stimuli of its own.

    Raises
    ------
    IsomorphError
        As `look`.
    """
    if STIMULI[layout.study.dataset(dataset).stimuli.kind].look is not None:
        return None
    listed = _listed(layout, dataset)
    said = {
        name
        for one in listed
        for name, value in one.described.items()
        if str(value) not in ("", "nan", "None")
    }
    return len(listed), said


def _listed(layout: Layout, dataset: str) -> Sequence[Stimulus]:
    """Return the stimuli of a dataset, as many as expected and each with a name of its own."""
    spec = layout.study.dataset(dataset).stimuli
    listed = STIMULI[spec.kind].listing(files_of(layout, dataset, unchanged=True), spec)
    refuse_odd(listed, str(layout.study.dataset_files[dataset]))
    check_expected(layout, dataset, {"stimuli": len(listed)})
    return listed


def _write_all(layout: Layout, dataset: str, stimuli: Sequence[Stimulus]) -> None:
    """Write images and table of a dataset; when anything fails, what stood before still stands.

    Raises
    ------
    IsomorphError
        When an image cannot be read, or the disk is full.
    """
    _say_alike([one.name for one in stimuli], dataset)
    stimuli = with_own_columns(stimuli, dataset)
    file = layout.stimuli(dataset)
    signed = stamp(
        layout, "stimuli", dataset, source=read_manifest(layout, dataset).provenance.source
    )
    within = next((one.within for one in axes_of(layout.study.dataset(dataset).stimuli)), "")
    with disk_errors(file), _gathering(file.parent) as gathered, _gathering(file.parent) as clips:
        rows, thumbnails, seldom = [], [], Seldom()
        for done, one in enumerate(stimuli):
            seldom(f"{dataset}: {done} of {len(stimuli)} stimuli")
            row, small = _write(one, gathered)
            rows.append(row)
            thumbnails.append(small)
        if any(one.clip for one in stimuli):
            digests = _write_clips({shot for one in stimuli for shot in one.clip}, clips, dataset)
            for row, one in zip(rows, stimuli, strict=True):
                row["clip"] = " ".join(str(shot.frame) for shot in one.clip)
                row["clip_sha256"] = joint_digest(digests[shot] for shot in one.clip)
        table = stimulus_table(rows, thumbnails, dataset, within)
        # The old table goes first: no table ever names images that are not its own.
        file.unlink(missing_ok=True)
        for old in (names := layout.names(dataset), names.with_suffix(".json")):
            old.unlink(missing_ok=True)
        for folder in (images := file.parent / IMAGES, kept := file.parent / CLIPS):
            if folder.exists():
                shutil.rmtree(folder)
        if any(one.pixels for one in stimuli):
            replace_synced(gathered, images)
        if any(one.clip for one in stimuli):
            replace_synced(clips, kept)
        if any(one.names for one in stimuli):
            write_table(names, _names(stimuli), "names", signed)
        write_table(file, table, "stimuli", signed)


def _say_alike(names: Sequence[str], dataset: str) -> None:
    """Say which stimuli may be one that was written in two ways."""
    if pairs := alike(names):
        one, other = pairs[0]
        more = f" (so do {len(pairs) - 1} more)" if len(pairs) > 1 else ""
        say(
            f'{dataset}: "{one}" and "{other}" are two stimuli, whose names differ in case or '
            f"zeros alone{more}; write both in one way if they are one"
        )


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


def _names(stimuli: Sequence[Stimulus]) -> pd.DataFrame:
    """Return what each file calls the stimuli, in the order of files and names."""
    rows = sorted((*pair, one.name) for one in stimuli for pair in one.names)
    return pd.DataFrame(rows, columns=["file", "name", "stimulus"])


def _write_clips(shots: Collection[Shot], folder: Path, dataset: str) -> dict[Shot, str]:
    """Write the frames that clips are made of, each once, and return their digests."""
    digests, seldom = {}, Seldom()
    for done, shot in enumerate(sorted(shots, key=lambda one: (one.film, one.frame))):
        seldom(f"{dataset}: {done} of {len(shots)} frames of clips")
        pixels = shot.pixels()
        Image.fromarray(pixels).save(folder / f"{shot.name}.png", format="PNG")
        digests[shot] = pixel_digest(pixels)
    return digests


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

"""Figures of a dataset: read what was computed, draw it, write and list the pictures."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from PIL import Image

from isomorph.artefacts import (
    read_array,
    read_responses,
    read_table,
    replacing,
    sha256,
    write_beside,
)
from isomorph.catalogue import CATALOGUE, is_asked, tables_of_results
from isomorph.figures.dataset_results import DatasetResults
from isomorph.foreign import reading
from isomorph.layout import Layout
from isomorph.making import require, stamp
from isomorph.rdms import indexed
from isomorph.saying import say
from isomorph.stages.levels import compared_stimuli
from isomorph.study.responses import RdmResponses

LISTING = "figures.json"
PICTURES = ("svg", "pdf")
FORMATS = (*PICTURES, "csv")
"""Of each figure, its files."""

UNREAD = {"subjects", "preferences"}
"""Tables of which no more is said than that they are there: they can be long."""

TABLES = tuple(one.name for one in tables_of_results() if one.name not in UNREAD)
"""The tables that figures and report are made from."""


def run(layout: Layout, dataset: str) -> list[dict[str, str]]:
    """Draw every figure of a dataset and list them in `figures.json`.

    Returns
    -------
    list of dict
        `kind`, `region` (empty where it is not about one), the files `svg`, `pdf` and `csv` (the
        rows that are drawn), `title`, `caption`, and `alt`, what the figure finds in a sentence.

    Raises
    ------
    IsomorphError
        When the comparisons or the RDMs are absent, or anything is not what the study now says.
    """
    from isomorph.figures.captioned import Drawable, drawings  # matplotlib is imported here
    from isomorph.stages.saving import save

    require(layout, "figures", dataset, partial=True)
    tables = read_tables(layout, dataset)
    if "comparisons" not in tables:
        tables["comparisons"] = read_table(layout.comparisons(dataset), "comparisons")
    models = {
        instance: indexed(read_array(file, "rdms"))
        for instance, _, _ in layout.study.instances_for(dataset)
        if (file := layout.model_rdms(dataset, instance)).is_file()
    }
    similarities, stimuli = layout.representations(dataset), compared_stimuli(layout, dataset)
    data = Drawable(
        DatasetResults(layout.study, dataset, tables),
        indexed(read_array(layout.brain_rdms(dataset), "rdms")),
        models,
        stimuli,
        thumbnails(stimuli, layout.stimuli(dataset).parent),
        read_array(similarities, "representations") if similarities.is_file() else None,
        recordings(layout, dataset),
    )
    folder = layout.figures(dataset)
    said = "Simulated data. " if data.results.simulated else ""
    entries = []
    taken: set[str] = set()
    for one in drawings(data):
        stem = free_name(one.stem, taken)
        files = {kind: f"{stem}.{kind}" for kind in FORMATS}
        entry = {
            "kind": one.kind, "region": one.region, **files, "title": one.title,
            "caption": said + one.caption, "alt": said + one.finding,
        }  # fmt: skip
        for kind in PICTURES:
            path = folder / files[kind]
            save(one.figure, path, title=one.title, description=entry["alt"])
        with replacing(folder / files["csv"]) as temporary:
            one.data.to_csv(temporary, index=False, float_format="%.6g", lineterminator="\n")
        say(f"figures {dataset}: {files['svg']}")
        entries.append(entry)
    with replacing(folder / LISTING) as temporary:
        text = json.dumps(entries, indent=2, ensure_ascii=False)
        temporary.write_text(text + "\n", encoding="utf-8")
    names = [LISTING, *(entry[kind] for entry in entries for kind in FORMATS)]
    contents = {name: sha256(folder / name) for name in names}
    write_beside(folder, stamp(layout, "figures", dataset), contents)
    return entries


def listed(layout: Layout, dataset: str) -> list[dict[str, str]]:
    """Return the figures of a dataset as `run` lists them; none before they are drawn.

    Raises
    ------
    IsomorphError
        When the list is damaged.
    """
    file = layout.figures(dataset) / LISTING
    if not file.is_file():
        return []
    with reading(file, "a list of figures"):
        entries: list[dict[str, str]] = json.loads(file.read_text(encoding="utf-8"))
    return entries


def free_name(stem: str, taken: set[str]) -> str:
    """Return a name of files that no other figure has, and take it: V1 and v1 are two regions."""
    number = next(n for n in count(1) if (stem if n == 1 else f"{stem}-{n}") not in taken)
    name = stem if number == 1 else f"{stem}-{number}"
    taken.add(name)
    return name


def read_tables(layout: Layout, dataset: str) -> dict[str, pd.DataFrame]:
    """Return the tables that the study asks for and that were written for a dataset, by kind."""
    return {
        kind: read_table(path, kind)
        for kind in TABLES
        if is_asked(layout.study, CATALOGUE[kind].stage, dataset)
        and (path := layout.path(kind, dataset)).is_file()
    }


class Recordings(Mapping[str, Mapping[str, xr.Dataset]]):
    """Responses by subject and session, each subject read when it is asked for and not kept."""

    def __init__(self, files: Mapping[str, Path]) -> None:
        self.files = files

    def __getitem__(self, subject: str) -> Mapping[str, xr.Dataset]:
        return read_responses(self.files[subject])

    def __iter__(self) -> Iterator[str]:
        return iter(self.files)

    def __len__(self) -> int:
        return len(self.files)


def recordings(layout: Layout, dataset: str) -> Recordings:
    """Return the responses of a dataset by subject and session; none of ready RDMs."""
    spec = layout.study.dataset(dataset)
    if isinstance(spec.responses, RdmResponses):
        return Recordings({})
    files = {subject: layout.responses(dataset, subject) for subject in spec.subjects}
    return Recordings({name: file for name, file in files.items() if file.is_file()})


def thumbnails(stimuli: pd.DataFrame, folder: Path) -> list[np.ndarray]:
    """Return a small square image `(pixel, pixel, 3)` per stimulus.

    None when any has no image, or there are more than are drawn.
    """
    from isomorph.figures.rdm_pair import MOST_THUMBNAILS, THUMBNAIL

    files = [folder / name for name in stimuli["file"] if name]
    few = len(stimuli) <= MOST_THUMBNAILS
    if not few or len(files) < len(stimuli) or not all(file.is_file() for file in files):
        return []
    images = []
    for file in files:
        with Image.open(file) as image:
            small = image.convert("RGB").resize((THUMBNAIL, THUMBNAIL), Image.Resampling.LANCZOS)
            images.append(np.asarray(small))
    return images

"""Figures of a dataset: read what was computed, draw it, write and list the pictures."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from PIL import Image

from isomorph.artefacts import read_array, read_table, replacing, sha256, write_beside
from isomorph.catalogue import CATALOGUE, is_asked, tables_of_results
from isomorph.figures.dataset_results import DatasetResults
from isomorph.layout import Layout
from isomorph.making import require, stamp
from isomorph.rdms import indexed
from isomorph.saying import say
from isomorph.stages.levels import compared_stimuli

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LISTING = "figures.json"

UNREAD = {"subjects", "preferences"}
"""Tables of which no more is said than that they are there: they can be long."""

TABLES = tuple(one.name for one in tables_of_results() if one.name not in UNREAD)
"""The tables that figures and report are made from."""


def run(layout: Layout, dataset: str) -> list[dict[str, str]]:
    """Draw every figure of a dataset and list them in `figures.json`.

    Returns
    -------
    list of dict
        `title`, `caption`, `file`, `region` (empty where it is not about one) and `kind`.

    Raises
    ------
    IsomorphError
        When the comparisons or the RDMs are absent, or anything is not what the study now says.
    """
    from isomorph.figures.captioned import Drawable, drawings  # matplotlib is imported here

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
    )
    folder = layout.figures(dataset)
    said = "Simulated data. " if data.results.simulated else ""
    entries = []
    for one in drawings(data):
        save(one.figure, folder / one.file)
        say(f"figures {dataset}: {one.file}")
        entries.append(
            {"kind": one.kind, "region": one.region, "file": one.file, "title": one.title,
             "caption": said + one.caption}
        )  # fmt: skip
    with replacing(folder / LISTING) as temporary:
        text = json.dumps(entries, indent=2, ensure_ascii=False)
        temporary.write_text(text + "\n", encoding="utf-8")
    names = [LISTING, *(entry["file"] for entry in entries)]
    contents = {name: sha256(folder / name) for name in names}
    write_beside(folder, stamp(layout, "figures", dataset), contents)
    return entries


def read_tables(layout: Layout, dataset: str) -> dict[str, pd.DataFrame]:
    """Return the tables that the study asks for and that were written for a dataset, by kind."""
    return {
        kind: read_table(path, kind)
        for kind in TABLES
        if is_asked(layout.study, CATALOGUE[kind].stage)
        and (path := layout.path(kind, dataset)).is_file()
    }


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


def save(figure: Figure, path: Path) -> None:
    """Write a figure atomically; the same figure gives the same bytes."""
    from isomorph.figures.style import styled

    metadata = {"Date": None} if path.suffix == ".svg" else {"Software": None}
    with styled(), replacing(path) as temporary:
        figure.savefig(temporary, format=path.suffix[1:], metadata=metadata)
        SMALLER[path.suffix](temporary)


PLACES = re.compile(r'(?<= )(d|x|y)="([^"]*)"')
"""Attributes of an SVG that hold coordinates, in points; scales are none of them."""


def _rounded(path: Path) -> None:
    """Round the coordinates of an SVG to a hundredth of a point, each path in one line."""
    text = PLACES.sub(_hundredths, path.read_text(encoding="utf-8"))
    path.write_text(re.sub(r"\n +(?=<)", "\n", text), encoding="utf-8")


def _hundredths(match: re.Match[str]) -> str:
    places = re.sub(r"-?\d+\.\d+", lambda one: f"{float(one[0]):.2f}", match[2])
    return f'{match[1]}="{" ".join(places.split())}"'


def _in_palette(path: Path) -> None:
    """Keep 256 colours of a picture: RDMs in one map of colours, and thumbnails, need no more."""
    with Image.open(path) as picture:
        small = picture.convert("RGB").quantize(
            256, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.FLOYDSTEINBERG
        )
    small.save(path, format="PNG", optimize=True)


SMALLER = {".svg": _rounded, ".png": _in_palette}
"""How a written figure is made smaller, so that a page of many stays light."""

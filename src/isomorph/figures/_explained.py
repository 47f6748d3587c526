"""The figures of what else explains a likeness, and of models against models."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from isomorph.artefacts import read_array, read_table
from isomorph.artefacts.schemas import PLACE
from isomorph.figures import selection
from isomorph.figures.alike import draw_alike
from isomorph.figures.partial import draw_partial
from isomorph.figures.partition import draw_partition
from isomorph.figures.style import save, slug
from isomorph.figures.weighted import draw_weighted
from isomorph.figures.words import correction, distance_title, measure_label, measure_title
from isomorph.layout import Layout

Entry = dict[str, str]


def entries(layout: Layout, dataset: str, folder: Path) -> Iterator[Entry]:
    """Draw what the stage `explain` wrote; nothing where it did not run.

    Yields
    ------
    dict
        As `isomorph.figures.run` lists them.
    """
    said = "Simulated data. " if layout.study.dataset(dataset).simulated else ""
    coverage = f"{layout.study.spec.inference.interval:.0%}"
    for entry in (
        *_partial(layout, dataset, folder, coverage),
        *_partition(layout, dataset, folder, coverage),
        *_weighted(layout, dataset, folder, coverage),
        *_alike(layout, dataset, folder),
    ):
        yield {**entry, "caption": said + entry["caption"]}


def placed(layout: Layout, dataset: str, distance: str) -> tuple[xr.Dataset, str] | None:
    """Return every similarity of a dataset and the measure its map is drawn by, if any fits.

    It is the first under which everything has similarity 1 with itself, Pearson's before others.
    """
    file = layout.representations(dataset)
    if not file.is_file():
        return None
    data = read_array(file, "representations")
    if data.attrs["distance"] != distance:
        return None
    itself = np.diagonal(data["similarity"].values, axis1=1, axis2=2)
    measures = data["measure"].values.astype(str)
    fit = [str(name) for name, own in zip(measures, itself, strict=True) if np.allclose(own, 1)]
    return (data, min(fit, key=lambda name: name != "pearson")) if fit else None


def _table(layout: Layout, dataset: str, kind: str) -> pd.DataFrame:
    """Return a table under its first measure, empty where there is none."""
    file: Path = getattr(layout, kind)(dataset)
    if not file.is_file():
        return pd.DataFrame()
    table = read_table(file, kind)
    return table[table["measure"] == table["measure"].iloc[0]] if len(table) else table


def _partial(layout: Layout, dataset: str, folder: Path, coverage: str) -> Iterator[Entry]:
    table = _table(layout, dataset, "partial")
    if table.empty or not (table["status"] == "ok").any():
        return
    # Where a row stands for every layer, the layer with the highest partial similarity is drawn.
    part = table[table["statistic"] == "partial"]
    order = part.assign(value=part["estimate"].fillna(-2.0)).sort_values("value")
    best = order.groupby([*PLACE, "model"], sort=False, dropna=False)["layer"].last()
    keyed = pd.MultiIndex.from_frame(table[[*PLACE, "model"]])
    kept = pd.Series(best.reindex(keyed).to_numpy() == table["layer"].to_numpy(), table.index)
    families = selection.families(layout.study)
    measure, distance = table["measure"].iloc[0], table["distance"].iloc[0]
    save(draw_partial(table[kept], families, label=measure_label(measure)), folder / "partial.svg")
    titles = selection.titles(layout.study)
    names = sorted({name for text in table["controls"] for name in text.split("; ") if name})
    held = [titles.get(name, name) for name in names]
    by_seed = _first_seed(table["model"], layout)
    yield {
        "kind": "partial",
        "region": "",
        "file": "partial.svg",
        "title": "What is left once controls are accounted for?",
        "caption": (
            f"{measure_title(measure)} of each model with each region, plain (dots) and partial "
            f"(diamonds): with {', '.join(held) or 'no control'} taken out of both, all their "
            "layers at once, a control itself only against the others. "
            f"Distance: {distance_title(distance)}. Bars: {coverage} intervals; filled: "
            f"p\N{NO-BREAK SPACE}<\N{NO-BREAK SPACE}.05 after {correction(table)}. Layers were "
            "chosen on one half of the stimuli and scored on the other." + by_seed
        ),
    }


def _first_seed(models: pd.Series, layout: Layout) -> str:
    """Say that one seed stands for each family of seeds; nothing where there is no family."""
    several = {
        name
        for f in selection.families(layout.study)
        if len(f.instances) > 1
        for name in f.instances
    }
    return " Of a family of seeds, the first is drawn." if several & set(models) else ""


def _partition(layout: Layout, dataset: str, folder: Path, coverage: str) -> Iterator[Entry]:
    table = _table(layout, dataset, "partition")
    if table.empty:
        return
    families, titles = selection.families(layout.study), selection.titles(layout.study)
    for number, (group, rows) in enumerate(table.groupby("predictors", sort=False)):
        if not (rows["status"] == "ok").any():
            continue
        file = "partition.svg" if not number else f"partition_{slug(str(group))[:80]}.svg"
        save(draw_partition(rows, families), folder / file)
        yield {
            "kind": "partition",
            "region": "",
            "file": file,
            "title": "Shares of the variance: "
            + ", ".join(titles.get(name, name) for name in str(group).split("; ")),
            "caption": (
                f"Commonality analysis of {measure_title(rows['measure'].iloc[0])}: what each "
                "model explains that no other does (in colour), what exactly those named explain "
                "in common (grey), and all together. Adjusted by what shuffled stimuli explain. "
                "A negative shared part means that one model suppresses what hides another. "
                f"Lines: {coverage} intervals."
            ),
        }


def _weighted(layout: Layout, dataset: str, folder: Path, coverage: str) -> Iterator[Entry]:
    table = _table(layout, dataset, "weighted")
    if table.empty or not (table["status"] == "ok").any():
        return
    measure = table["measure"].iloc[0]
    figure = draw_weighted(table, selection.families(layout.study), label=measure_label(measure))
    save(figure, folder / "weighted.svg")
    yield {
        "kind": "weighted",
        "region": "",
        "file": "weighted.svg",
        "title": "Do layers together explain more than the best one?",
        "caption": (
            "Gain over the best single layer when layers are combined with weights that may not "
            "be negative, or when the components of that layer are reweighted. Weights and best "
            "layer come from one half of the stimuli, scores from the other (in grey: single → "
            f"combined, {measure_title(measure)}). Bars: {coverage} intervals; filled: "
            f"p\N{NO-BREAK SPACE}<\N{NO-BREAK SPACE}.05 after {correction(table)}."
            + _first_seed(table["model"], layout)
        ),
    }


def _alike(layout: Layout, dataset: str, folder: Path) -> Iterator[Entry]:
    table = _table(layout, dataset, "models")
    file = layout.representations(dataset)
    if table.empty or not file.is_file() or not (table["status"] == "ok").any():
        return
    measure = table["measure"].iloc[0]
    figure = draw_alike(
        table, read_array(file, "representations"), selection.families(layout.study),
        measure=measure, label=measure_label(measure),
    )  # fmt: skip
    save(figure, folder / "models.svg")
    yield {
        "kind": "models",
        "region": "",
        "file": "models.svg",
        "title": "Models against models",
        "caption": (
            f"{measure_title(measure)} between the RDMs of models on these stimuli. Left: mean "
            "over the layers of the model in the row of the similarity with the best match among "
            "the layers of the model in the column, matched on one half of the stimuli and scored "
            "on the other; a small model may be found whole in a large one and not the other way "
            "round. Right: every layer of one model against every layer of another."
            + _first_seed(pd.concat([table["model_a"], table["model_b"]]), layout)
        ),
    }

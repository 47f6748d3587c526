"""The figures of one dataset: what is drawn from which file, and the list the report reads."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from isomorph.artefacts import read_array, read_table, replacing, sha256, write_beside
from isomorph.figures import _explained, selection, timecourse
from isomorph.figures.geometry import layer_rdms, region_means
from isomorph.figures.map import draw_map, draw_representations
from isomorph.figures.overview import draw_overview
from isomorph.figures.profile import draw_profile
from isomorph.figures.rdm_pair import draw_rdm_pair
from isomorph.figures.reliability import CAPTION, draw_reliability, regions_told
from isomorph.figures.style import save, slug
from isomorph.figures.trust import TABLES, trust_figures
from isomorph.figures.words import correction, distance_title, measure_label, measure_title
from isomorph.layout import Layout
from isomorph.making import require, stamp
from isomorph.rdms import compared_stimuli, indexed

Entry = dict[str, str]
LISTING = "figures.json"
BELOW = "p\N{NO-BREAK SPACE}<\N{NO-BREAK SPACE}.05"


def run(layout: Layout, dataset: str) -> list[Entry]:
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
    require(layout, "figures", dataset, partial=True)
    comparisons = read_table(layout.comparisons(dataset), "comparisons")
    brain = indexed(read_array(layout.brain_rdms(dataset), "rdms"))
    table = compared_stimuli(layout, dataset)
    models: dict[str, xr.Dataset] = {}
    for instance, _, _ in layout.study.instances_for(dataset):
        if (file := layout.model_rdms(dataset, instance)).is_file():
            models[instance] = indexed(read_array(file, "rdms"))
    reliability = pd.DataFrame()
    if (file := layout.reliability(dataset)).is_file():
        reliability = read_table(file, "reliability")
    trust: dict[str, pd.DataFrame] = {}
    for kind in TABLES:
        if (file := getattr(layout, kind)(dataset)).is_file():
            trust[kind] = read_table(file, kind)
    folder = layout.figures(dataset)
    study = layout.study.spec
    panels = [
        shown
        for region in selection.regions(comparisons)
        if (shown := selection.main(comparisons, region, study.measures, study.distances))
    ]
    entries: list[Entry] = []
    images = layout.stimuli(dataset).parent
    for group in (
        _profiles(layout, dataset, panels, folder),
        _pairs(layout, dataset, panels, brain, models, table, folder, images),
        _overviews(layout, dataset, panels, folder),
        timecourse.entries(comparisons, panels, layout.study, folder, _said(layout, dataset)),
        _maps(layout, dataset, panels, brain, models, folder),
        _explained.entries(layout, dataset, folder),
        _reliability(layout, dataset, reliability, folder),
        _trust(layout, comparisons, trust, panels, folder),
    ):
        for entry in group:
            entries.append(entry)
            print(f"figures {dataset}: {entry['file']}", file=sys.stderr, flush=True)
    with replacing(folder / LISTING) as temporary:
        text = json.dumps(entries, indent=2, ensure_ascii=False)
        temporary.write_text(text + "\n", encoding="utf-8")
    names = [LISTING, *(entry["file"] for entry in entries)]
    contents = {name: sha256(folder / name) for name in names}
    write_beside(folder, stamp(layout, "figures", dataset), contents)
    return entries


def _said(layout: Layout, dataset: str) -> str:
    return "Simulated data. " if layout.study.dataset(dataset).simulated else ""


def _trust(
    layout: Layout,
    comparisons: pd.DataFrame,
    tables: dict[str, pd.DataFrame],
    panels: list[selection.Shown],
    folder: Path,
) -> Iterator[Entry]:
    groups = selection.families(layout.study)
    for figure, entry in trust_figures(comparisons, tables, panels, groups):
        save(figure, folder / entry["file"])
        yield entry


def _profiles(
    layout: Layout, dataset: str, panels: list[selection.Shown], folder: Path
) -> Iterator[Entry]:
    groups = selection.families(layout.study)
    coverage = f"{layout.study.spec.inference.interval:.0%}"
    for shown in panels:
        file = f"profile_{slug(shown.region)}.svg"
        save(draw_profile(shown.rows, groups, label=measure_label(shown.measure)), folder / file)
        bounds = selection.ceiling(shown.rows)
        above = (
            f"The noise ceiling is undefined: {bounds}."
            if isinstance(bounds, str)
            else "The grey band is the noise ceiling, lower to upper bound."
            if bounds.estimate is None
            else f"The grey band is the {coverage} interval of the noise ceiling."
        )
        yield {
            "kind": "profile",
            "region": shown.region,
            "file": file,
            "title": f"Which layer is like {shown.region}?",
            "caption": (
                f"{_said(layout, dataset)}{measure_title(shown.measure)} between the RDM of "
                f"{shown.region} and that of each layer, in depth order; "
                f"{distance_title(shown.distance)}. Bands and bars: {coverage} "
                f"intervals. Filled dots: {BELOW} after {correction(shown.rows)}; open dots: "
                f"not. {above} Baselines, which have no depth, stand at the right."
            ),
        }


def _pairs(
    layout: Layout,
    dataset: str,
    panels: list[selection.Shown],
    brain: xr.Dataset,
    models: dict[str, xr.Dataset],
    table: pd.DataFrame,
    folder: Path,
    images: Path,
) -> Iterator[Entry]:
    groups = selection.families(layout.study)
    stimuli = list(table["stimulus"])
    titles = {name: family.title for family in groups for name in family.instances}
    for shown in panels:
        best = selection.best_row(shown, groups)
        means = region_means(brain, shown.distance, stimuli)
        if best is None or best["model"] not in models or shown.region not in means:
            continue
        layers = layer_rdms(models[best["model"]], shown.distance, stimuli)
        if best["layer"] not in layers:
            continue
        trained = best["model"] in {n for f in groups if f.kind == "trained" for n in f.instances}
        of = "a trained network" if trained else "all models, none of them a trained network"
        mean, n = means[shown.region]
        subjects = f"mean of {n} subjects" if n > 1 else "one RDM"
        figure = draw_rdm_pair(
            mean,
            layers[best["layer"]],
            (f"{shown.region}, {subjects}", f"{titles[best['model']]}: {best['layer']}"),
            table,
            images,
        )
        file = f"rdms_{slug(shown.region)}.png"
        save(figure, folder / file)
        yield {
            "kind": "rdms",
            "region": shown.region,
            "file": file,
            "title": f"{shown.region} beside the best layer of {of}",
            "caption": (
                f"{_said(layout, dataset)}RDMs over {len(stimuli)} stimuli "
                f"({distance_title(shown.distance)}), each transformed to percentile ranks: "
                "dark pairs are alike, bright ones differ. "
                "Rows and columns follow the stimulus table"
                + ("; thumbnails stand in staggered rows." if all(table["file"]) else ".")
            ),
        }


def _overviews(
    layout: Layout, dataset: str, panels: list[selection.Shown], folder: Path
) -> Iterator[Entry]:
    if not panels:
        return
    groups = selection.families(layout.study)
    figure = draw_overview(
        panels, groups, labels=[measure_label(shown.measure) for shown in panels]
    )
    save(figure, folder / "overview.svg")
    yield {
        "kind": "overview",
        "region": "",
        "file": "overview.svg",
        "title": "Every model's best layer",
        "caption": (
            f"{_said(layout, dataset)}The highest layer of each model for each region with its "
            f"{layout.study.spec.inference.interval:.0%} interval; for families of seeds, a tick "
            f"per seed and a dot for their mean. Grey: noise ceiling. Filled: {BELOW} after "
            f"{correction(panels[0].rows)}. Choosing the highest layer on the same data flatters "
            "models with many layers; the tables below have their scores with "
            "layers chosen on other stimuli."
        ),
    }


def _maps(
    layout: Layout,
    dataset: str,
    panels: list[selection.Shown],
    brain: xr.Dataset,
    models: dict[str, xr.Dataset],
    folder: Path,
) -> Iterator[Entry]:
    stimuli = [str(name) for name in brain["stimulus"].values]
    if not panels or len(stimuli) < 3:
        return
    distance = panels[0].distance
    if (known := _explained.placed(layout, dataset, distance)) is not None:
        data, measure = known
        save(draw_representations(data, measure, selection.families(layout.study)),
             folder / "map.svg")  # fmt: skip
        yield _map_entry(layout, dataset, distance, f"{measure_title(measure)} s", "s", "pooled")
        return
    layers = {name: layer_rdms(data, distance, stimuli) for name, data in models.items()}
    regions = {name: mean for name, (mean, _) in region_means(brain, distance, stimuli).items()}
    everything = [*regions.values(), *(rdm for each in layers.values() for rdm in each.values())]
    if sum(bool(np.ptp(rdm) > 0) for rdm in everything) < 3:
        return
    figure = draw_map(regions, layers, selection.families(layout.study))
    save(figure, folder / "map.svg")
    yield _map_entry(layout, dataset, distance, "the Pearson correlation r", "r", "group means")


def _map_entry(
    layout: Layout, dataset: str, distance: str, similarity: str, letter: str, pooled: str
) -> Entry:
    return {
        "kind": "map",
        "region": "",
        "file": "map.svg",
        "title": "Regions and layers on one map",
        "caption": (
            f"{_said(layout, dataset)}Classical multidimensional scaling of all RDMs "
            f"({distance_title(distance)}); squared distance between two points is "
            f"1 - {letter}, from {similarity} of their RDMs. Lines join the layers of a model in "
            "depth order, dots growing with depth; squares are layers of models that are no "
            f"network; diamonds are regions ({pooled})."
        ),
    }


def _reliability(
    layout: Layout, dataset: str, table: pd.DataFrame, folder: Path
) -> Iterator[Entry]:
    told = regions_told(table) if len(table) else []
    if not told:  # ready RDMs, or nothing was shown twice
        return
    save(draw_reliability(told), folder / "reliability.svg")
    yield {
        "kind": "reliability",
        "region": "",
        "file": "reliability.svg",
        "title": "How reliable is a unit, and what would more showings give?",
        "caption": _said(layout, dataset) + CAPTION,
    }

"""The figures of one dataset: which are drawn from what is there, and what stands below each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from isomorph.figures import selection, timecourse
from isomorph.figures.alike import draw_alike
from isomorph.figures.confusion import draw_confusion
from isomorph.figures.geometry import layer_rdms, region_means
from isomorph.figures.map import draw_map, draw_representations
from isomorph.figures.multiverse import draw_multiverse, settings_of
from isomorph.figures.overview import draw_overview
from isomorph.figures.partial import draw_partial
from isomorph.figures.partition import draw_partition
from isomorph.figures.power import draw_power
from isomorph.figures.profile import draw_profile
from isomorph.figures.rdm_pair import draw_rdm_pair
from isomorph.figures.reliability import CAPTION, draw_reliability, regions_told
from isomorph.figures.results import Results
from isomorph.figures.style import slug
from isomorph.figures.weighted import draw_weighted
from isomorph.figures.words import correction, distance_title, measure_label, measure_title

BELOW = "p\N{NO-BREAK SPACE}<\N{NO-BREAK SPACE}.05"


@dataclass(frozen=True)
class Drawable:
    """What the figures of a dataset are drawn from.

    Attributes
    ----------
    results : Results
        Its tables.
    brain : Dataset
        RDMs of its regions.
    models : mapping of str to Dataset
        RDMs of layers, by model instance.
    stimuli : DataFrame
        The stimulus table, a row for each stimulus of the RDMs.
    images : Path
        Folder of the images that the table names.
    representations : Dataset or None
        Similarities of all regions and layers, where they were computed.
    """

    results: Results
    brain: xr.Dataset
    models: Mapping[str, xr.Dataset] = field(default_factory=dict)
    stimuli: pd.DataFrame = field(default_factory=pd.DataFrame)
    images: Path = Path()
    representations: xr.Dataset | None = None


@dataclass(frozen=True)
class Drawing:
    """A figure and what is said of it.

    Attributes
    ----------
    kind : str
    title, caption : str
    figure : Figure
    region : str
        Empty where it is not about one.
    part : str
        What tells it from others of its kind and region, for the name of its file.
    suffix : str
        The format of its file.
    """

    kind: str
    title: str
    caption: str
    figure: Figure
    region: str = ""
    part: str = ""
    suffix: str = ".svg"

    @property
    def file(self) -> str:
        """Name of its file."""
        return "_".join([self.kind, *(slug(one)[:80] for one in (self.region, self.part) if one)]
                        ) + self.suffix  # fmt: skip


def drawings(data: Drawable) -> Iterator[Drawing]:
    """Draw every figure there is something for, in the order of the page."""
    for draw in DRAWN:
        yield from draw(data)


def _profiles(data: Drawable) -> Iterator[Drawing]:
    results = data.results
    for shown in results.shown:
        bounds = selection.ceiling(shown.rows)
        above = (
            f"The noise ceiling is undefined: {bounds}."
            if isinstance(bounds, str)
            else "The grey band is the noise ceiling, from the lower to the upper bound."
            if bounds.estimate is None
            else f"The grey band is the {results.coverage} interval of the noise ceiling."
        )
        yield Drawing(
            "profile",
            f"How similar is each layer to {shown.region}?",
            f"{measure_title(shown.measure)} between the RDM of {shown.region} and that of each "
            f"layer, in order of depth; {distance_title(shown.distance)}. Bands and bars: "
            f"{results.coverage} intervals. Filled dots: {BELOW} after {correction(shown.rows)}. "
            f"{above} Baselines, which have no depth, are at the right.",
            draw_profile(shown.rows, results.families, label=measure_label(shown.measure)),
            shown.region,
        )


def _pairs(data: Drawable) -> Iterator[Drawing]:
    results, stimuli = data.results, list(data.stimuli["stimulus"])
    for shown in results.shown:
        best = selection.best_row(shown, results.families)
        means = region_means(data.brain, shown.distance, stimuli)
        if best is None or best["model"] not in data.models or shown.region not in means:
            continue
        layers = layer_rdms(data.models[best["model"]], shown.distance, stimuli)
        if best["layer"] not in layers:
            continue
        family = results.family(best["model"])
        trained = family is not None and family.kind == "trained"
        of = "a trained network" if trained else "all models, none of them a trained network"
        mean, n = means[shown.region]
        subjects = f"mean of {n} subjects" if n > 1 else "one RDM"
        titles = (
            f"{shown.region}, {subjects}",
            f"{family.title if family else best['model']}: {best['layer']}",
        )
        yield Drawing(
            "rdms",
            f"{shown.region} beside the best layer of {of}",
            f"RDMs of {len(stimuli)} stimuli ({distance_title(shown.distance)}), each transformed "
            "to percentile ranks: dark pairs are similar, bright pairs dissimilar. Rows and "
            "columns are in the order of the stimulus table"
            + ("; thumbnails are staggered." if all(data.stimuli["file"]) else "."),
            draw_rdm_pair(mean, layers[best["layer"]], titles, data.stimuli, data.images),
            shown.region,
            suffix=".png",
        )


def _overview(data: Drawable) -> Iterator[Drawing]:
    panels = data.results.shown
    if panels:
        labels = [measure_label(shown.measure) for shown in panels]
        yield Drawing(
            "overview",
            "Every model's best layer",
            f"The best layer of each model for each region with its {data.results.coverage} "
            "interval; of several seeds, a tick for each and a dot at their mean. Grey: noise "
            f"ceiling. Filled: {BELOW} after {correction(panels[0].rows)}. Choosing the best layer "
            "on the same data favours models with many layers; the tables below also give scores "
            "for layers chosen on other stimuli.",
            draw_overview(panels, data.results.families, labels=labels),
        )


def _timecourses(data: Drawable) -> Iterator[Drawing]:
    results = data.results
    for shown in timecourse.courses(results.table("comparisons"), results.shown):
        clusters = (
            f" Bars below: clusters of windows with p < {selection.SIGNIFICANT:g} by permutation "
            "of stimuli, corrected over windows."
            if timecourse.CLUSTER in shown.rows and shown.rows[timecourse.CLUSTER].notna().any()
            else ""
        )
        label = measure_label(shown.measure)
        yield Drawing(
            "timecourse",
            f"Similarity of {shown.region} and each model over time",
            f"{measure_title(shown.measure)} between the RDM of {shown.region} in each window and "
            "that of one layer of each model, the layer with the highest mean over windows; "
            f"{distance_title(shown.distance)}. Bands: {results.coverage} intervals; of several "
            f"seeds, the mean. Grey: noise ceiling of each window.{clusters}",
            timecourse.draw_timecourse(shown.rows, results.families, label=label),
            shown.region,
        )


def similarities(data: Drawable, distance: str) -> tuple[xr.Dataset, str] | None:
    """Return every similarity of a dataset and the measure its map is drawn by, if any fits.

    It is the first under which everything has similarity 1 with itself, Pearson's before others.
    """
    known = data.representations
    if known is None or known.attrs["distance"] != distance:
        return None
    itself = np.diagonal(known["similarity"].values, axis1=1, axis2=2)
    measures = known["measure"].values.astype(str)
    fit = [str(name) for name, own in zip(measures, itself, strict=True) if np.allclose(own, 1)]
    return (known, min(fit, key=lambda name: name != "pearson")) if fit else None


def _map(data: Drawable) -> Iterator[Drawing]:
    stimuli = [str(name) for name in data.brain["stimulus"].values]
    if not data.results.shown or len(stimuli) < 3:
        return
    families, distance = data.results.families, data.results.shown[0].distance
    if known := similarities(data, distance):
        figure = draw_representations(*known, families)
        how, regions = f"1 - s, where s is the {measure_title(known[1])}", "pooled over subjects"
    else:
        layers = {name: layer_rdms(rdms, distance, stimuli) for name, rdms in data.models.items()}
        means = region_means(data.brain, distance, stimuli)
        of_regions = {name: mean for name, (mean, _) in means.items()}
        every = [*of_regions.values(), *(rdm for one in layers.values() for rdm in one.values())]
        if sum(bool(np.ptp(rdm) > 0) for rdm in every) < 3:
            return
        figure = draw_map(of_regions, layers, families)
        how, regions = "1 - r, where r is the Pearson correlation", "group means"
    yield Drawing(
        "map",
        "Regions and layers on one map",
        f"Classical multidimensional scaling of all RDMs ({distance_title(distance)}); the squared "
        f"distance between two points is {how} of their RDMs. Lines join the layers of a model in "
        "order of depth, with dots that grow with depth; squares are layers of models other than "
        f"networks; diamonds are regions ({regions}).",
        figure,
    )


def _first_measure(data: Drawable, kind: str) -> pd.DataFrame:
    """Return a table under its first measure, empty where it has no number."""
    table = data.results.table(kind)
    if len(table):
        table = table[table["measure"] == table["measure"].iloc[0]]
    return table if len(table) and (table["status"] == "ok").any() else pd.DataFrame()


def _first_seed(data: Drawable, models: pd.Series) -> str:
    """Say that one seed stands for all of a network; nothing where none has several."""
    several = {
        name for one in data.results.families if len(one.instances) > 1 for name in one.instances
    }
    return " Of several seeds, the first is drawn." if several & set(models) else ""


def _partial(data: Drawable) -> Iterator[Drawing]:
    table = _first_measure(data, "partial")
    if table.empty:
        return
    # Where a row stands for every layer, the layer with the highest partial similarity is drawn.
    part = table[table["statistic"] == "partial"]
    order = part.assign(value=part["estimate"].fillna(-2.0)).sort_values("value")
    best = order.groupby([selection.places(order), "model"], sort=False)["layer"].last()
    keys = zip(selection.places(table), table["model"], table["layer"], strict=True)
    kept = [best.get((region, model)) == layer for region, model, layer in keys]
    measure, distance = table["measure"].iloc[0], table["distance"].iloc[0]
    names = sorted({name for text in table["controls"] for name in text.split("; ") if name})
    controls = ", ".join(data.results.title(name) for name in names) or "no control"
    yield Drawing(
        "partial",
        "How similar are models and regions once controls are accounted for?",
        f"{measure_title(measure)} of each model with each region, plain (dots) and partial "
        f"(diamonds): with {controls} taken out of both, all their layers at once, a control "
        f"itself only against the others. Distance: {distance_title(distance)}. Bars: "
        f"{data.results.coverage} intervals; filled: {BELOW} after {correction(table)}. Layers "
        "were chosen on one half of the stimuli and scored on the other."
        + _first_seed(data, table["model"]),
        draw_partial(table[kept], data.results.families, label=measure_label(measure)),
    )


def _partition(data: Drawable) -> Iterator[Drawing]:
    table = _first_measure(data, "partition")
    groups = table.groupby("predictors", sort=False) if len(table) else ()
    for number, (predictors, rows) in enumerate(groups):
        if (rows["status"] == "ok").any():
            names = [data.results.title(name) for name in str(predictors).split("; ")]
            yield Drawing(
                "partition",
                f"Shares of the variance: {', '.join(names)}",
                f"Commonality analysis of {measure_title(rows['measure'].iloc[0])}: what each "
                "model explains that no other does (in colour), what exactly those named explain "
                "in common (grey), and all together, adjusted by what shuffled stimuli explain. A "
                "negative shared part means that one model suppresses what hides another. Lines: "
                f"{data.results.coverage} intervals.",
                draw_partition(rows, data.results.families),
                part=str(predictors) if number else "",
            )


def _weighted(data: Drawable) -> Iterator[Drawing]:
    table = _first_measure(data, "weighted")
    if table.empty:
        return
    measure = table["measure"].iloc[0]
    yield Drawing(
        "weighted",
        "Do layers together explain more than the best one?",
        "Gain over the best single layer when layers are combined with non-negative weights, or "
        "when the components of that layer are reweighted. Weights and best layer come from one "
        f"half of the stimuli, scores from the other (in grey: single → combined, "
        f"{measure_title(measure)}). Bars: {data.results.coverage} intervals; filled: {BELOW} "
        f"after {correction(table)}." + _first_seed(data, table["model"]),
        draw_weighted(table, data.results.families, label=measure_label(measure)),
    )


def _models(data: Drawable) -> Iterator[Drawing]:
    table = _first_measure(data, "models")
    if table.empty or data.representations is None:
        return
    measure = table["measure"].iloc[0]
    yield Drawing(
        "models",
        "Models against models",
        f"{measure_title(measure)} between the RDMs of models on these stimuli. Left: for each "
        "layer of the model in the row, the best match among the layers of the model in the "
        "column, matched on one half of the stimuli and scored on the other; mean over layers. A "
        "small model may be contained in a large one but not the other way round. Right: every "
        "layer of one model against every layer of another."
        + _first_seed(data, pd.concat([table["model_a"], table["model_b"]])),
        draw_alike(table, data.representations, data.results.families, measure=measure,
                   label=measure_label(measure)),
    )  # fmt: skip


def _reliability(data: Drawable) -> Iterator[Drawing]:
    table = data.results.table("reliability")
    if told := regions_told(table) if len(table) else []:  # none of ready RDMs, or single trials
        title = "How reliable are the units, and what would more repetitions give?"
        yield Drawing("reliability", title, CAPTION, draw_reliability(told))


def _confusion(data: Drawable) -> Iterator[Drawing]:
    for shown in data.results.shown:
        rows = data.results.simulations("confusion", shown)
        if rows.empty:
            continue
        planted = rows["planted_model"] != ""
        n, shuffled = (
            int(rows.loc[of, "n_simulations"].max()) if of.any() else 0
            for of in (planted, ~planted)
        )
        yield Drawing(
            "confusion",
            f"Would the true layer be found in {shown.region}?",
            "Rows: the planted layer, from which data as reliable as the measured were simulated, "
            f"{n} times each. Columns: the layer with the highest estimate, by the number of its "
            f"row, and the other layers of the same model, in percent ({_setting(shown)}). "
            f"Framed: planted layer found. Last row: stimuli shuffled, {shuffled} times, so that "
            "there is nothing to find.",
            draw_confusion(rows, data.results.families),
            shown.region,
        )


def _power(data: Drawable) -> Iterator[Drawing]:
    for shown in data.results.shown:
        rows = data.results.simulations("power", shown)
        if len(rows) and len(rows[["n_stimuli", "n_subjects"]].drop_duplicates()) > 1:
            yield Drawing(
                "power",
                f"Power with fewer stimuli or subjects in {shown.region}",
                "Simulated data. Top: how often the planted layer has the highest estimate of all "
                "layers. Bottom: how often it is significantly above the best layer of every other "
                "model (two-sided t-test over stimuli). Bars: standard error of the simulation "
                f"({_setting(shown)}).",
                draw_power(rows, data.results.families),
                shown.region,
            )


def _multiverse(data: Drawable) -> Iterator[Drawing]:
    agreement = data.results.table("agreement")
    for shown in data.results.shown if len(agreement) else ():
        rows = selection.rows_of(data.results.table("comparisons"), shown.region)
        if len(settings_of(rows)) > 1:
            own = selection.rows_of(agreement, shown.region)
            yield Drawing(
                "multiverse",
                f"Do other distances and measures lead to the same conclusion for {shown.region}?",
                "Top: the estimate of each model's best layer under every distance (lines) and "
                "measure (columns), as a share of that of the best model, which is framed; seeds "
                "of a network are averaged. Bottom: Kendall's tau-b between the orders of the "
                "models under two settings, each seed a model: 1 is the same order, 0 no relation.",
                draw_multiverse(rows, own, data.results.families),
                shown.region,
            )


def _setting(shown: selection.MainRows) -> str:
    return f"{measure_title(shown.measure)}; {distance_title(shown.distance)}"


DRAWN: tuple[Callable[[Drawable], Iterator[Drawing]], ...] = (
    _profiles, _pairs, _overview, _timecourses, _map, _partial, _partition, _weighted, _models,
    _reliability, _confusion, _power, _multiverse,
)  # fmt: skip
"""What draws the figures, in the order of the page."""

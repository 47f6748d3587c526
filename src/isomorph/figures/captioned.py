"""The figures of one dataset: which are drawn from what is there, and what stands below each."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from isomorph.figures import main_rows, timecourse
from isomorph.figures.alike import draw_alike
from isomorph.figures.confusion import draw_confusion
from isomorph.figures.dataset_results import DatasetResults
from isomorph.figures.geometry import layer_rdms, region_means
from isomorph.figures.map import draw_map, draw_representations
from isomorph.figures.multiverse import agreement_of, draw_multiverse
from isomorph.figures.overview import draw_overview
from isomorph.figures.partial import draw_partial
from isomorph.figures.partition import draw_partition
from isomorph.figures.power import draw_power
from isomorph.figures.prediction import draw_prediction
from isomorph.figures.profile import draw_profile
from isomorph.figures.rdm_pair import draw_rdm_pair
from isomorph.figures.reliability_curves import LOWEST, MOST_DOTS, draw_reliability, regions_told
from isomorph.figures.style import slug
from isomorph.figures.titles import correction, distance_title, measure_label, measure_title
from isomorph.figures.weighted import draw_weighted
from isomorph.measures import FEATURES
from isomorph.responses.reliability import TARGET

CAPTIONS = tomllib.loads(files(__package__).joinpath("captions.toml").read_text("utf-8"))
"""Title and caption of every kind of figure."""

COMPARED = {
    False: {"compared": "RDM", "those": "that"},
    True: {"compared": "features", "those": "those"},
}
"""What a measure compares, in words, by whether it takes features."""


@dataclass(frozen=True)
class Drawable:
    """What the figures of a dataset are drawn from.

    Attributes
    ----------
    results : DatasetResults
        Its tables.
    brain : Dataset
        RDMs of its regions.
    models : mapping of str to Dataset
        RDMs of layers, by model instance.
    stimuli : DataFrame
        The stimulus table, a row for each stimulus of the RDMs.
    images : sequence of arrays of shape (pixel, pixel, 3)
        Thumbnails of the stimuli, where there are images and few enough.
    representations : Dataset or None
        Similarities of all regions and layers, where they were computed.
    """

    results: DatasetResults
    brain: xr.Dataset
    models: Mapping[str, xr.Dataset] = field(default_factory=dict)
    stimuli: pd.DataFrame = field(default_factory=pd.DataFrame)
    images: Sequence[np.ndarray] = ()
    representations: xr.Dataset | None = None


@dataclass(frozen=True)
class Drawing:
    """A figure and what is said of it.

    Attributes
    ----------
    kind : str
        One of `captions.toml`.
    figure : Figure
    facts : mapping
        What title and caption leave open.
    region : str
        Empty where it is not about one.
    part : str
        What tells it from others of its kind and region, for the name of its file.
    suffix : str
        The format of its file.
    """

    kind: str
    figure: Figure
    facts: Mapping[str, Any]
    region: str = ""
    part: str = ""
    suffix: str = ".svg"

    @property
    def file(self) -> str:
        """Name of its file."""
        parts = [slug(one)[:80] for one in (self.region, self.part) if one]
        return "_".join([self.kind, *parts]) + self.suffix

    @property
    def title(self) -> str:
        """What it shows."""
        return CAPTIONS[self.kind]["title"].format(**self.facts)

    @property
    def caption(self) -> str:
        """What stands below it."""
        return CAPTIONS[self.kind]["caption"].format(**self.facts)


def drawings(data: Drawable) -> Iterator[Drawing]:
    """Draw every figure there is something for, in the order of the page."""
    for draw in DRAWN:
        yield from draw(data)


def _facts(data: Drawable, rows: pd.DataFrame, **more: Any) -> dict[str, Any]:
    """Return what captions say of the rows of a figure."""
    first = rows.iloc[0]
    corrected = correction(rows) if "correction" in rows else ""
    return {
        "measure": measure_title(first["measure"]),
        "distance": distance_title(first["distance"]) if "distance" in first else "",
        **COMPARED[first.get("distance") == FEATURES],
        "interval": f"{data.results.coverage} interval",
        "filled": f"p\N{NO-BREAK SPACE}<\N{NO-BREAK SPACE}.05 after {corrected}",
        **more,
    }


def _profiles(data: Drawable) -> Iterator[Drawing]:
    for shown in data.results.shown:
        bounds = main_rows.ceiling(shown.rows)
        above = (
            f"The noise ceiling is undefined: {bounds}."
            if isinstance(bounds, str)
            else "The grey band is the noise ceiling, from the lower to the upper bound."
            if bounds.estimate is None
            else f"The grey band is the {data.results.coverage} interval of the noise ceiling."
        )
        label = measure_label(shown.measure)
        figure = draw_profile(shown.rows, data.results.families, label=label)
        facts = _facts(data, shown.rows, region=shown.region, ceiling=above)
        yield Drawing("profile", figure, facts, shown.region)


def _pairs(data: Drawable) -> Iterator[Drawing]:
    results, stimuli = data.results, list(data.stimuli["stimulus"])
    for shown in results.shown:
        best = main_rows.best_row(shown, results.families)
        means = region_means(data.brain, shown.distance, stimuli)
        if best is None or best["model"] not in data.models or shown.region not in means:
            continue
        layers = layer_rdms(data.models[best["model"]], shown.distance, stimuli)
        if best["layer"] not in layers:
            continue
        family = results.family(best["model"])
        trained = family is not None and family.kind == "trained"
        mean, n = means[shown.region]
        subjects = f"mean of {n} subjects" if n > 1 else "one RDM"
        title = family.title if family else best["model"]
        titles = (f"{shown.region}, {subjects}", f"{title}: {best['layer']}")
        figure = draw_rdm_pair(mean, layers[best["layer"]], titles, data.stimuli, data.images)
        facts = _facts(
            data, shown.rows, region=shown.region, n=len(stimuli),
            models="a trained network" if trained else "all models, none of them a trained network",
            thumbnails="; thumbnails are staggered" if len(data.images) else "",
        )  # fmt: skip
        yield Drawing("rdms", figure, facts, shown.region, suffix=".png")


def _overview(data: Drawable) -> Iterator[Drawing]:
    if panels := data.results.shown:
        labels = [measure_label(shown.measure) for shown in panels]
        figure = draw_overview(panels, data.results.families, labels=labels)
        yield Drawing("overview", figure, _facts(data, panels[0].rows))


def _timecourses(data: Drawable) -> Iterator[Drawing]:
    for shown in timecourse.courses(data.results.table("comparisons"), data.results.shown):
        clusters = (
            f" Bars below: clusters of windows with p < {main_rows.SIGNIFICANT:g} by permutation "
            "of stimuli, corrected over windows."
            if timecourse.CLUSTER in shown.rows and shown.rows[timecourse.CLUSTER].notna().any()
            else ""
        )
        label = measure_label(shown.measure)
        figure = timecourse.draw_timecourse(shown.rows, data.results.families, label=label)
        facts = _facts(data, shown.rows, region=shown.region, clusters=clusters)
        yield Drawing("timecourse", figure, facts, shown.region)


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
    # Where a region's main rows compare features, the map is that of the study's first RDMs.
    drawn = [one.distance for one in data.results.shown if one.distance != FEATURES]
    distance = next(iter([*drawn, *data.results.study.spec.distances]))
    families = data.results.families
    if known := similarities(data, distance):
        figure = draw_representations(*known, families)
        how, pooled = measure_title(known[1]), "pooled over subjects"
    else:
        layers = {name: layer_rdms(rdms, distance, stimuli) for name, rdms in data.models.items()}
        means = region_means(data.brain, distance, stimuli)
        of_regions = {name: mean for name, (mean, _) in means.items()}
        every = [*of_regions.values(), *(rdm for one in layers.values() for rdm in one.values())]
        if sum(bool(np.ptp(rdm) > 0) for rdm in every) < 3:
            return
        figure = draw_map(of_regions, layers, families)
        how, pooled = "Pearson correlation", "group means"
    facts = _facts(data, data.results.shown[0].rows, similarity=how, pooled=pooled,
                   distance=distance_title(distance))  # fmt: skip
    yield Drawing("map", figure, facts)


def _first_measure(data: Drawable, kind: str) -> pd.DataFrame:
    """Return a table under its first measure, empty where it has no number."""
    table = data.results.table(kind)
    if len(table):
        table = table[table["measure"] == table["measure"].iloc[0]]
    return table if len(table) and (table["status"] == "ok").any() else pd.DataFrame()


def _first_seed(data: Drawable, *models: pd.Series) -> str:
    """Say that one seed stands for all of a network; nothing where none has several."""
    families = (one.instances for one in data.results.families if len(one.instances) > 1)
    drawn = {name for names in models for name in names}
    several = any(drawn & set(instances) for instances in families)
    return " Of several seeds, the first is drawn." if several else ""


def _partial(data: Drawable) -> Iterator[Drawing]:
    table = _first_measure(data, "partial")
    if table.empty:
        return
    # Where a row stands for every layer, the layer with the highest partial similarity is drawn.
    part = table[table["statistic"] == "partial"]
    order = part.assign(value=part["estimate"].fillna(-2.0)).sort_values("value")
    best = order.groupby([main_rows.places(order), "model"], sort=False)["layer"].last()
    keys = zip(main_rows.places(table), table["model"], table["layer"], strict=True)
    kept = [best.get((region, model)) == layer for region, model, layer in keys]
    names = sorted({name for text in table["controls"] for name in text.split("; ") if name})
    controls = ", ".join(data.results.title(name) for name in names) or "no control"
    label = measure_label(table["measure"].iloc[0])
    figure = draw_partial(table[kept], data.results.families, label=label)
    seed = _first_seed(data, table["model"])
    yield Drawing("partial", figure, _facts(data, table, controls=controls, seed=seed))


def _partition(data: Drawable) -> Iterator[Drawing]:
    table = _first_measure(data, "partition")
    groups = table.groupby("predictors", sort=False) if len(table) else ()
    for number, (predictors, rows) in enumerate(groups):
        if (rows["status"] == "ok").any():
            names = ", ".join(data.results.title(name) for name in str(predictors).split("; "))
            figure = draw_partition(rows, data.results.families)
            part = str(predictors) if number else ""
            yield Drawing("partition", figure, _facts(data, rows, models=names), part=part)


def _weighted(data: Drawable) -> Iterator[Drawing]:
    table = _first_measure(data, "weighted")
    if len(table):
        label = measure_label(table["measure"].iloc[0])
        figure = draw_weighted(table, data.results.families, label=label)
        seed = _first_seed(data, table["model"])
        yield Drawing("weighted", figure, _facts(data, table, seed=seed))


def _models(data: Drawable) -> Iterator[Drawing]:
    table = _first_measure(data, "models")
    if len(table) and data.representations is not None:
        measure = table["measure"].iloc[0]
        figure = draw_alike(
            table, data.representations, data.results.families, measure=measure,
            label=measure_label(measure),
        )  # fmt: skip
        seed = _first_seed(data, table["model_a"], table["model_b"])
        yield Drawing("models", figure, _facts(data, table, seed=seed))


def _predictions(data: Drawable) -> Iterator[Drawing]:
    """Draw every region by the first method that predicts units, or by the first there is."""
    table = _first_measure(data, "predictions")
    if table.empty:
        return
    units = data.results.table("units")
    for region in main_rows.regions(table):
        rows = main_rows.rows_of(table, region)
        if not np.isfinite(rows["estimate"].astype(float)).any():
            continue
        measure = str(rows["measure"].iloc[0])
        own = main_rows.rows_of(units, region) if len(units) else units
        if len(own):
            own = own[(own["kind"] == "chosen") & (own["measure"] == measure)]
        facts = _facts(
            data, rows, region=region, parts=int(rows["n_parts"].iloc[0]),
            units=" Middle: every unit at the layer chosen within the stimuli that predict, with "
            "quartiles and median." if len(own) else "",
            asymmetry=" Right: everything of one side predicted from the other with one penalty, "
            "on the same parts; below the dashed line layers hold more than the region."
            if rows["asymmetry"].notna().any() else "",
        )  # fmt: skip
        label = "held-out correlation"
        figure = draw_prediction(rows, own, data.results.families, label=label)
        yield Drawing("prediction", figure, facts, region)


def _reliability(data: Drawable) -> Iterator[Drawing]:
    table = data.results.table("reliability")
    if told := regions_told(table) if len(table) else []:  # none of ready RDMs, or single trials
        facts = {"dots": MOST_DOTS, "lowest": LOWEST, "target": TARGET}
        yield Drawing("reliability", draw_reliability(told), facts)


def _confusion(data: Drawable) -> Iterator[Drawing]:
    for shown in data.results.shown:
        rows = data.results.simulations("confusion", shown)
        if len(rows):
            planted = rows["planted_model"] != ""
            times = {"n": planted, "shuffled": ~planted}
            numbers = {name: rows["n_simulations"].where(of, 0).max() for name, of in times.items()}
            counts = {name: f"{n:.0f}" for name, n in numbers.items()}
            figure = draw_confusion(rows, data.results.families)
            facts = _facts(data, rows, region=shown.region, **counts)
            yield Drawing("confusion", figure, facts, shown.region)


def _power(data: Drawable) -> Iterator[Drawing]:
    for shown in data.results.shown:
        rows = data.results.simulations("power", shown)
        if len(rows) and len(rows[["n_stimuli", "n_subjects"]].drop_duplicates()) > 1:
            facts = _facts(data, rows, region=shown.region)
            yield Drawing("power", draw_power(rows, data.results.families), facts, shown.region)


def _multiverse(data: Drawable) -> Iterator[Drawing]:
    results = data.results
    for shown in results.shown:
        scores, winners, agreement = (
            main_rows.rows_of(table, shown.region) if len(table) else table
            for table in (results.scores, results.winners, results.table("agreement"))
        )
        if len(agreement) and len(winners) > 1:
            figure = draw_multiverse(scores, winners, agreement, results.families)
            several = scores["family"].nunique() > 1
            below = "families of measures, the mean over their settings" if several else "settings"
            told = f" Below: Kendall's tau-b between the orders of the models under two {below}."
            facts = {
                "region": shown.region,
                "grouped": ", by family" if several else "",
                "below": told if agreement_of(agreement) else "",
            }
            yield Drawing("multiverse", figure, facts, shown.region)


DRAWN: tuple[Callable[[Drawable], Iterator[Drawing]], ...] = (
    _profiles, _pairs, _overview, _timecourses, _map, _partial, _partition, _weighted, _models,
    _predictions, _reliability, _confusion, _power, _multiverse,
)  # fmt: skip
"""What draws the figures, in the order of the page."""

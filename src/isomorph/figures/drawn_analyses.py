"""Figures of what was asked beyond the comparisons of one dataset, and of what can be trusted."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from isomorph.figures import depth, findings, main_rows
from isomorph.figures.alike import draw_alike
from isomorph.figures.confusion import draw_confusion
from isomorph.figures.distributions import MOST_DOTS
from isomorph.figures.drawable import Drawable, Drawing, facts_of
from isomorph.figures.multiverse import agreement_of, draw_multiverse
from isomorph.figures.partial import draw_partial
from isomorph.figures.partition import draw_partition
from isomorph.figures.power import draw_power
from isomorph.figures.prediction import draw_prediction, prediction_points
from isomorph.figures.reliability_curves import LOWEST, draw_reliability, regions_told, told_rows
from isomorph.figures.style import short_titles
from isomorph.figures.titles import measure_label
from isomorph.figures.weighted import draw_weighted
from isomorph.responses.reliability import TARGET


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


def partials(data: Drawable) -> Iterator[Drawing]:
    """Draw similarities once controls are accounted for."""
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
    shown = table[kept]
    figure = draw_partial(shown, data.results.families, label=label)
    facts = facts_of(data, table, controls=controls, seed=_first_seed(data, table["model"]))
    rest = shown[shown["statistic"] == "partial"]
    found = findings.best_by_region(rest, data.results.titles, "similarity beside the controls")
    yield Drawing("partial", figure, facts, shown, found)


def partitions(data: Drawable) -> Iterator[Drawing]:
    """Draw the shares of the variance of every set of models."""
    table = _first_measure(data, "partition")
    groups = table.groupby("predictors", sort=False) if len(table) else ()
    for number, (predictors, rows) in enumerate(groups):
        if (rows["status"] == "ok").any():
            names = ", ".join(data.results.title(name) for name in str(predictors).split("; "))
            figure = draw_partition(rows, data.results.families)
            part = str(predictors) if number else ""
            found = findings.partition(rows[rows["status"] == "ok"], data.results.titles)
            facts = facts_of(data, rows, models=names)
            yield Drawing("partition", figure, facts, rows, found, part=part)


def weighted(data: Drawable) -> Iterator[Drawing]:
    """Draw what combining layers gains."""
    table = _first_measure(data, "weighted")
    if len(table):
        label = measure_label(table["measure"].iloc[0])
        figure = draw_weighted(table, data.results.families, label=label)
        facts = facts_of(data, table, seed=_first_seed(data, table["model"]))
        titles = {**data.results.titles, "": "all models together"}
        found = findings.best_by_region(table, titles, "gain by weights", "gain")
        yield Drawing("weighted", figure, facts, table, found)


def models_alike(data: Drawable) -> Iterator[Drawing]:
    """Draw models against models."""
    table = _first_measure(data, "models")
    if len(table) and data.representations is not None:
        measure = table["measure"].iloc[0]
        figure = draw_alike(
            table, data.representations, data.results.families, measure=measure,
            label=measure_label(measure),
        )  # fmt: skip
        facts = facts_of(data, table, seed=_first_seed(data, table["model_a"], table["model_b"]))
        found = findings.models(table, data.results.titles)
        yield Drawing("models", figure, facts, table, found)


def predictions(data: Drawable) -> Iterator[Drawing]:
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
        facts = facts_of(
            data, rows, region=region, parts=int(rows["n_parts"].iloc[0]),
            units=" Below: every unit at the layer chosen within the stimuli that predict, with "
            "quartiles and median." if len(own) else "",
            asymmetry=" Below, right: everything of one side predicted from the other with one "
            "penalty, on the same parts; below the dashed line layers hold more than the region."
            if rows["asymmetry"].notna().any() else "",
        )  # fmt: skip
        label = "held-out correlation"
        families = data.results.families
        figure = draw_prediction(rows, own, families, label=label)
        points, scores = prediction_points(rows, families)
        found = findings.profile(points, scores, families, None, region)
        shown = depth.drawn_rows(points, scores, region)
        yield Drawing("prediction", figure, facts, shown, found, region)


def reliabilities(data: Drawable) -> Iterator[Drawing]:
    """Draw the reliability of units, where there are any."""
    table = data.results.table("reliability")
    if told := regions_told(table) if len(table) else []:  # none of ready RDMs, or single trials
        facts = {"dots": MOST_DOTS, "lowest": LOWEST, "target": TARGET}
        found = findings.reliability(told)
        yield Drawing("reliability", draw_reliability(told), facts, told_rows(told), found)


def confusions(data: Drawable) -> Iterator[Drawing]:
    """Draw which layers are found where others were planted."""
    for shown in data.results.shown:
        rows = data.results.simulations("confusion", shown)
        if not len(rows):
            continue
        planted = rows["planted_model"] != ""
        # Where one layer alone was planted there is nothing that it could be taken for.
        if len(rows.loc[planted, ["planted_model", "planted_layer"]].drop_duplicates()) > 1:
            times = {"n": planted, "shuffled": ~planted}
            numbers = {name: rows["n_simulations"].where(of, 0).max() for name, of in times.items()}
            counts = {name: f"{n:.0f}" for name, n in numbers.items()}
            figure = draw_confusion(rows, data.results.families)
            facts = facts_of(data, rows, region=shown.region, **counts)
            found = findings.confusion(rows, data.results.titles, shown.region)
            yield Drawing("confusion", figure, facts, rows, found, shown.region)


def powers(data: Drawable) -> Iterator[Drawing]:
    """Draw how often a planted layer is found with fewer data."""
    for shown in data.results.shown:
        rows = data.results.simulations("power", shown)
        if len(rows) and len(rows[["n_stimuli", "n_subjects"]].drop_duplicates()) > 1:
            facts = facts_of(data, rows, region=shown.region)
            figure = draw_power(rows, data.results.families)
            found = findings.power(rows, shown.region)
            yield Drawing("power", figure, facts, rows, found, shown.region)


def multiverses(data: Drawable) -> Iterator[Drawing]:
    """Draw models under every distance and measure, where there are several."""
    results = data.results
    for shown in results.shown:
        scores, winners, agreement = (
            main_rows.rows_of(table, shown.region) if len(table) else table
            for table in (results.scores, results.winners, results.table("agreement"))
        )
        several_models = len(scores) and scores["candidate"].nunique() > 1
        if len(agreement) and len(winners) > 1 and several_models:
            figure = draw_multiverse(scores, winners, agreement, results.families)
            several = scores["family"].nunique() > 1
            below = "families of measures, the mean over their settings" if several else "settings"
            told = f" Below: Kendall's tau-b between the orders of the models under two {below}."
            facts = {
                "region": shown.region,
                "grouped": ", by family" if several else "",
                "below": told if agreement_of(agreement) else "",
            }
            titles = short_titles(results.families)
            found = findings.multiverse(winners, titles, shown.region)
            yield Drawing("multiverse", figure, facts, scores, found, shown.region)

"""The rows of the page's tables, every cell a finished text."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from isomorph.figures import selection
from isomorph.figures.words import distance_title, measure_label
from isomorph.layout import Layout
from isomorph.report.answers import main_recovery
from isomorph.report.numbers import (
    NONE,
    count,
    interval,
    number,
    p_value,
    percent,
)
from isomorph.report.tables import Results

Row = tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A table of the page.

    Attributes
    ----------
    head : tuple of str
        Column names.
    rows : sequence of tuple of str
        Cells.
    strong : sequence of bool
        Rows set in bold: what is significant, what was found.
    words : int
        How many leading columns hold words; the others are set as numbers.
    """

    head: Row
    rows: Sequence[Row]
    strong: Sequence[bool]
    words: int


def small_p_wide_interval(rows: pd.DataFrame) -> bool:
    """Tell whether some interval holds 0 although its p is small, which asks for a word."""
    wide = (rows["interval_low"] < 0) & (rows["interval_high"] > 0)
    return bool((wide & selection.significant(rows)).any())


def best_layers(layout: Layout, shown: selection.Shown) -> Table:
    """Return each model's best layer for a region; families of seeds are one row."""
    bounds = selection.ceiling(shown.rows)
    above = (
        "undefined" if isinstance(bounds, str) else f"{number(bounds[0])} to {number(bounds[1])}"
    )
    rows: list[Row] = []
    strong = []
    for family in selection.families(layout.study):
        best = selection.best_layers(shown.rows[shown.rows["model"].isin(family.instances)])
        if best.empty:
            continue
        p = best["p_corrected"].astype(float)
        if len(best) == 1:
            row = best.iloc[0]
            layer, value = str(row["layer"]), number(row["estimate"])
            spread = interval(row["interval_low"], row["interval_high"])
        else:
            layers = list(dict.fromkeys(best["layer"]))
            layer = layers[0] if len(layers) == 1 else f"{count(len(layers), 'layer')}, by seed"
            value = f"{number(best['estimate'].mean())} mean of {len(best)}"
            spread = f"{number(best['estimate'].min())} to {number(best['estimate'].max())} (seeds)"
        worst = float(p.max()) if p.notna().all() else float("nan")
        rows.append((family.title, layer, value, spread, above, p_value(worst)))
        strong.append(worst < selection.SIGNIFICANT)
    coverage = percent(layout.study.spec.inference.interval)
    head = ("model", "best layer", measure_label(shown.measure), f"{coverage} interval",
            "noise ceiling", "p, corrected")  # fmt: skip
    return Table(head, rows, strong, 2)


def every_layer(rows: pd.DataFrame) -> list[tuple[str, Table]]:
    """Return a region's comparisons per distance: a row per layer, a column per measure."""
    tables = []
    for distance, inside in rows.groupby("distance", sort=False):
        measures = list(dict.fromkeys(inside["measure"]))
        cells = {
            (row["model"], row["layer"], row["measure"]): _cell(row)
            for row in inside.to_dict("records")
        }
        layers = list(dict.fromkeys(zip(inside["model"], inside["layer"], strict=True)))
        body = [
            (model, layer, *(cells.get((model, layer, measure), NONE) for measure in measures))
            for model, layer in layers
        ]
        head = ("model", "layer", *(measure_label(measure) for measure in measures))
        tables.append((distance_title(str(distance)), Table(head, body, [False] * len(body), 2)))
    return tables


def _cell(row: Mapping[Hashable, Any]) -> str:
    """Return one comparison in a cell, or why it has no number or no interval."""
    if row["status"] != "ok":
        estimate = number(float(row["estimate"]))
        why = str(row["status"])
        return why if estimate == NONE else f"{estimate}, no interval: {why}"
    value, low, high, p = (
        float(row[key]) for key in ("estimate", "interval_low", "interval_high", "p_corrected")
    )
    star = "*" if p < selection.SIGNIFICANT else ""
    return f"{number(value)}{star} {interval(low, high)}"


def contrasts(results: Results) -> list[tuple[str, Table]]:
    """Return trained models against their untrained twins, a table per distance."""
    head = ("region", "measure", "layer chosen on left-out stimuli (how often)", "resampled",
            "trained", "twins", "difference", "interval", "p, corrected")  # fmt: skip
    tables = []
    for (distance, model), inside in _groups(results, "contrasts", ["distance", "model"]):
        rows: list[Row] = []
        for row in inside:
            start = (str(row["region"]), measure_label(str(row["measure"])))
            if row["status"] != "ok":
                rows.append((*start, str(row["status"]), *[NONE] * 6))
                continue
            rows.append(
                (
                    *start,
                    f"{row['chosen_layer']} ({percent(row['chosen_share'])})",
                    str(row["scheme"]).replace(" and ", ", "),
                    number(row["score"]), number(row["twin_score"]),
                    number(row["difference"]),
                    interval(row["interval_low"], row["interval_high"]),
                    p_value(row["p_corrected"]),
                )
            )  # fmt: skip
        seeds = count(int(inside[0]["n_seeds"]), "untrained twin")
        title = f"{model} against {seeds}; {distance_title(distance)}"
        tables.append((title, Table(head, rows, _sure(inside), 4)))
    return tables


def regions(results: Results) -> list[tuple[str, Table]]:
    """Return a dataset's regions against each other, a table per distance."""
    head = ("regions", "measure", "resampled", "estimate", "interval", "p, corrected")
    tables = []
    for (distance,), inside in _groups(results, "regions", ["distance"]):
        rows: list[Row] = []
        for row in inside:
            start = (
                f"{row['region_a']} against {row['region_b']}", measure_label(str(row["measure"]))
            )  # fmt: skip
            if row["status"] != "ok":
                rows.append((*start, str(row["status"]), *[NONE] * 3))
                continue
            rows.append(
                (
                    *start, str(row["scheme"]).replace(" and ", ", "), number(row["estimate"]),
                    interval(row["interval_low"], row["interval_high"]),
                    p_value(row["p_corrected"]),
                )
            )  # fmt: skip
        tables.append((distance_title(distance), Table(head, rows, _sure(inside), 3)))
    return tables


Record = dict[Hashable, Any]


def _groups(
    results: Results, kind: str, keys: list[str]
) -> list[tuple[tuple[str, ...], list[Record]]]:
    """Return the rows of a table group by group, inside each sorted by what they compare."""
    table = results.tables.get(kind)
    if table is None or table.empty:
        return []
    subject = ["region_a", "region_b"] if kind == "regions" else ["region"]
    ordered = table.sort_values(subject, kind="stable")
    # The order of the groups is that of the table as written, where the main distance is first.
    first_seen = dict.fromkeys(zip(*(table[key] for key in keys), strict=True))
    return [
        (group, ordered[(ordered[keys] == list(group)).all(axis=1)].to_dict("records"))
        for group in first_seen
    ]


def _sure(rows: Sequence[Record]) -> list[bool]:
    return [row["status"] == "ok" and row["p_corrected"] < selection.SIGNIFICANT for row in rows]


def recovery(layout: Layout, results: Results, *, everything: bool) -> list[tuple[str, Table]]:
    """Return planted layers and where they were found, a table per distance.

    Parameters
    ----------
    layout : Layout
    results : Results
    everything : bool
        Every distance and measure, or only the main ones.
    """
    table = results.tables.get("recovery") if everything else main_recovery(results)
    if table is None or table.empty:
        return []
    titles = {name: f.title for f in selection.families(layout.study) for name in f.instances}
    head = ("region", "measure", "planted", "found", "recovered", "rank of the planted",
            "estimate of the planted", "of the found")  # fmt: skip
    tables = []
    for distance, inside in table.groupby("distance", sort=False):
        rows: list[Row] = []
        records = inside.to_dict("records")
        for row in records:
            planted = f"{titles.get(row['planted_model'], row['planted_model'])}: "
            start = (
                str(row["region"]), measure_label(str(row["measure"])),
                planted + str(row["planted_layer"]),
            )  # fmt: skip
            if row["status"] != "ok":
                rows.append((*start, str(row["status"]), *[NONE] * 4))
                continue
            found = f"{titles.get(row['found_model'], row['found_model'])}: {row['found_layer']}"
            rows.append(
                (
                    *start, found, str(row["recovered"]),
                    f"{int(row['rank'])} of {int(row['n_candidates'])}",
                    number(row["planted_estimate"]), number(row["found_estimate"]),
                )
            )  # fmt: skip
        exact = [row["recovered"] == "exact" for row in records]
        tables.append((distance_title(str(distance)), Table(head, rows, exact, 5)))
    return tables


def reliability(results: Results) -> Table | None:
    """Return the reliability of each region: medians over units or subjects."""
    table = results.tables.get("reliability")
    if table is None or table.empty:
        return None
    rows: list[Row] = []
    for region, inside in table.groupby("region", sort=False):
        of_units = bool((inside["unit"] != "").any())
        if of_units:
            inside = inside[inside["unit"] != ""]  # noqa: PLW2901  rows of a whole region aside
        known = inside["spearman_brown"].astype(float).dropna()
        halves = inside["split_half"].astype(float).dropna()
        n = len(known) if of_units else inside["subject"].nunique()
        quarters = known.quantile([0.25, 0.75]).tolist() if len(known) else [float("nan")] * 2
        missing = inside[inside["spearman_brown"].isna()]
        reasons = "; ".join(
            f"{int(times)} without: {why}"
            for why, times in missing["status"].value_counts().items()
        )
        rows.append(
            (
                str(region), count(n, "unit" if of_units else "subject's RDM", "" if of_units
                                   else "subjects' RDMs"),
                reasons or "none without", number(halves.median()) if len(halves) else NONE,
                number(known.median()) if len(known) else NONE, interval(*quarters),
            )
        )  # fmt: skip
    head = ("region", "of", "left out", "split half, median", "Spearman-Brown, median",
            "middle half")  # fmt: skip
    return Table(head, rows, [False] * len(rows), 3)

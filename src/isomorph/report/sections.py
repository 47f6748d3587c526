"""The rows of the page's tables, every cell a finished text."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from isomorph.artefacts.schemas import PLACE, PLACES
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
Record = dict[Hashable, Any]


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


def best_layers(layout: Layout, results: Results, shown: selection.Shown) -> Table:
    """Return each model's best layer beside its score at layers chosen on other stimuli.

    Families of seeds are one row: the mean over seeds, and the lowest and highest of them.
    """
    held_out = chosen_elsewhere(results, shown)
    rows: list[Row] = []
    strong = []
    for family in selection.families(layout.study):
        best = selection.best_layers(shown.rows[shown.rows["model"].isin(family.instances)])
        if best.empty:
            continue
        p = best["p_corrected"].astype(float)
        layers = list(dict.fromkeys(best["layer"].astype(str)))
        layer = layers[0] if len(layers) == 1 else f"{count(len(layers), 'layer')}, by seed"
        several = f" ({count(len(best), 'seed')})" if len(best) > 1 else ""
        worst = float(p.max()) if p.notna().all() else float("nan")
        cells: Row = (
            family.title + several, layer, *_mean_and_spread(best, "estimate"), p_value(worst)
        )  # fmt: skip
        if held_out is not None:
            own = held_out[held_out["model"].isin(family.instances)]
            cells += _mean_and_spread(own, "score")
        rows.append(cells)
        strong.append(worst < selection.SIGNIFICANT)
    coverage = percent(layout.study.spec.inference.interval)
    head: Row = ("model", "best layer", measure_label(shown.measure), f"{coverage} interval",
            "p, corrected")  # fmt: skip
    if held_out is not None:
        head += ("on held-out stimuli", "interval")
    return Table(head, rows, strong, 2)


def chosen_elsewhere(results: Results, shown: selection.Shown) -> pd.DataFrame | None:
    """Return a region's scores at layers chosen on other stimuli, None where there are none."""
    table = results.usable("selection", "score")
    if table is None:
        return None
    rows = selection.matching(selection.rows_of(table, shown.region), shown)
    rows = rows[rows["chosen_on"] == "other stimuli"]
    return rows if len(rows) else None


def _mean_and_spread(rows: pd.DataFrame, value: str) -> tuple[str, str]:
    """Return a value and its interval; of several seeds their mean, lowest and highest."""
    if rows.empty:
        return NONE, NONE
    if len(rows) == 1:
        row = rows.iloc[0]
        return number(row[value]), interval(row["interval_low"], row["interval_high"])
    values = rows[value].astype(float)
    return number(values.mean()), f"{number(values.min())} to {number(values.max())}"


def every_layer(layout: Layout, rows: pd.DataFrame) -> list[tuple[str, Table]]:
    """Return a region's comparisons per distance: a row per layer, a column per measure."""
    tables = []
    titles = selection.titles(layout.study)
    for distance, inside in rows.groupby("distance", sort=False):
        measures = list(dict.fromkeys(inside["measure"]))
        cells = {
            (row["model"], row["layer"], row["measure"]): _cell(row)
            for row in inside.to_dict("records")
        }
        layers = list(dict.fromkeys(zip(inside["model"], inside["layer"], strict=True)))
        body = [
            (
                titles.get(model, model),
                layer,
                *(cells.get((model, layer, measure), NONE) for measure in measures),
            )
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


def contrasts(layout: Layout, results: Results) -> list[tuple[str, Table]]:
    """Return trained models against their untrained twins: as the page shows regions, then all."""
    head = ("region", "measure", "layer chosen on other stimuli (how often)", "resampled",
            "trained", "twins", "difference", "interval", "p, corrected")  # fmt: skip
    titles = {family.name: family.title for family in selection.families(layout.study)}
    main: list[tuple[str, Table]] = []
    everything: list[tuple[str, Table]] = []
    for (distance, model), inside in _groups(results, "contrasts", ["distance", "model"]):
        seeds = count(int(inside[0]["n_seeds"]), "untrained twin")
        who = f"{titles.get(model, model)}, against {seeds}"
        for rows, title, tables in (
            (_as_shown(results, inside, "region"), who, main),
            (inside, f"{who}; {distance_title(distance)}", everything),
        ):
            if rows:
                body = [_contrast(row) for row in rows]
                tables.append((title, Table(head, body, _sure(rows), 4)))
    return _main_first(main, everything)


def _contrast(row: Record) -> Row:
    start = (selection.place_of(row), measure_label(str(row["measure"])))
    if row["status"] != "ok":
        return (*start, str(row["status"]), *[NONE] * 6)
    return (
        *start, f"{row['chosen_layer']} ({percent(row['chosen_share'])})",
        str(row["scheme"]).replace(" and ", ", "), number(row["score"]),
        number(row["twin_score"]), number(row["difference"]),
        interval(row["interval_low"], row["interval_high"]), p_value(row["p_corrected"]),
    )  # fmt: skip


def regions(results: Results) -> list[tuple[str, Table]]:
    """Return a dataset's regions against each other: as the page shows them, then all."""
    head = ("regions", "measure", "resampled", "estimate", "interval", "p, corrected")
    main: list[tuple[str, Table]] = []
    everything: list[tuple[str, Table]] = []
    for (distance,), inside in _groups(results, "regions", ["distance"]):
        for rows, tables in ((_as_shown(results, inside, "region_a"), main), (inside, everything)):
            if rows:
                body = [_two_regions(row) for row in rows]
                tables.append((distance_title(distance), Table(head, body, _sure(rows), 3)))
    return _main_first(main, everything)


def _two_regions(row: Record) -> Row:
    both = f"{row['region_a']} against {selection.place_of(row, 'region_b')}"
    start = (both, measure_label(str(row["measure"])))
    if row["status"] != "ok":
        return (*start, str(row["status"]), *[NONE] * 3)
    return (
        *start, str(row["scheme"]).replace(" and ", ", "), number(row["estimate"]),
        interval(row["interval_low"], row["interval_high"]), p_value(row["p_corrected"]),
    )  # fmt: skip


def _as_shown(results: Results, rows: Sequence[Record], region: str) -> list[Record]:
    """Return the rows under the distance and measure by which the page shows their region."""
    shown = {one.region: (one.distance, one.measure) for one in results.shown}
    return [
        row
        for row in rows
        if (row["distance"], row["measure"]) == shown.get(selection.place_of(row, region))
    ]


def _main_first(
    main: list[tuple[str, Table]], everything: list[tuple[str, Table]]
) -> list[tuple[str, Table]]:
    """Return the main tables and then the full ones, where those hold more."""
    n_main = sum(len(table.rows) for _, table in main)
    if n_main == sum(len(table.rows) for _, table in everything):
        return everything
    full = [(f"Under every measure: {title}", table) for title, table in everything]
    return [*main, *full]


def _groups(
    results: Results, kind: str, keys: list[str]
) -> list[tuple[tuple[str, ...], list[Record]]]:
    """Return the rows of a table group by group, inside each sorted by what they compare."""
    table = results.tables.get(kind)
    if table is None or table.empty:
        return []
    subject = [*(PLACES if kind == "regions" else PLACE)]
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
    titles = selection.titles(layout.study)
    head = ("region", "measure", "planted", "found", "recovered", "rank of the planted",
            "estimate of the planted", "of the found")  # fmt: skip
    tables = []
    for distance, inside in table.groupby("distance", sort=False):
        rows: list[Row] = []
        records = inside.to_dict("records")
        for row in records:
            planted = f"{titles.get(row['planted_model'], row['planted_model'])}: "
            start = (
                selection.place_of(row), measure_label(str(row["measure"])),
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
    for region, inside in table.groupby(selection.places(table), sort=False):
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

"""The three sentences that matter, made from the tables and from nothing else."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from isomorph.figures import selection
from isomorph.figures.words import correction, distance_title, measure_label
from isomorph.layout import Layout
from isomorph.report.numbers import count, interval, listed, number, p_said, percent
from isomorph.report.tables import Results, read_results


def headline(layout: Layout) -> list[str]:
    """Return three sentences: the best layer, what training does, what planted layers show.

    Parameters
    ----------
    layout : Layout
        Of the study. What is not computed yet is said to be so.
    """
    found = [read_results(layout, dataset) for dataset in layout.study.datasets]
    return sentences(layout, [results for results in found if results])


def sentences(layout: Layout, found: Sequence[Results]) -> list[str]:
    """Return the three sentences from results already read."""
    chosen = main_region(layout, found)
    return [
        _best_layer(layout, found, chosen),
        _training(layout, found, chosen),
        _recovery(layout, found),
    ]


def main_region(layout: Layout, found: Sequence[Results]) -> tuple[Results, selection.Shown] | None:
    """Return the region the headline is about: of real data if any, with a ceiling if any."""
    rivals = [(results, shown) for results in found for shown in results.shown]
    return min(
        rivals,
        key=lambda rival: (
            layout.study.dataset(rival[0].dataset).simulated,
            isinstance(selection.ceiling(rival[1].rows), str),
        ),
        default=None,
    )


def _best_layer(
    layout: Layout, found: Sequence[Results], chosen: tuple[Results, selection.Shown] | None
) -> str:
    if chosen is None:
        return "No region has been compared with any model yet."
    results, shown = chosen
    families = selection.families(layout.study)
    best = selection.best_row(shown, families)
    if best is None:
        return f"No layer of any model has a number for {shown.region}."
    title = next(f.title for f in families if best["model"] in f.instances)
    n_layers = int((shown.rows["model"] == best["model"]).sum())
    bounds = selection.ceiling(shown.rows)
    against = (
        f"its noise ceiling is undefined ({bounds})"
        if isinstance(bounds, str)
        else f"noise ceiling {number(bounds[0])} to {number(bounds[1])}"
    )
    simulated = _simulated(layout, results.dataset)
    of = f"Of the {n_layers} layers of {title}," if n_layers > 1 else f"{title}:"
    sure = bool(best["p_corrected"] < selection.SIGNIFICANT)
    like = "is most like" if sure else "has the highest number, but is not told from chance, for"
    return (
        f"{of} {best['layer']} {like} {simulated}{shown.region}{_among(found, results)}: "
        f"{measure_label(shown.measure)} {number(best['estimate'])} "
        f"{interval(best['interval_low'], best['interval_high'])} "
        f"({percent(layout.study.spec.inference.interval)} interval over {best['scheme']}), "
        f"{against}, {p_said(best['p_corrected'])} after {_correction(shown.rows)}."
    )


def _among(found: Sequence[Results], results: Results) -> str:
    """Say how many regions a sentence about one of them is silent on; nothing if on none."""
    regions = [len(one.shown) for one in found if one.shown]
    if sum(regions) < 2:
        return ""
    if len(regions) == 1:
        return f", one of {regions[0]} regions"
    return f" of {results.dataset}, one of {sum(regions)} regions in {len(regions)} datasets"


def _training(
    layout: Layout, found: Sequence[Results], chosen: tuple[Results, selection.Shown] | None
) -> str:
    if chosen is None:
        return "Trained and untrained networks have not been compared yet."
    results, shown = chosen
    if not any(family.kind == "twins" for family in selection.families(layout.study)):
        return "Whether training matters is not asked: the study has no untrained twins."
    contrasts = results.usable("contrasts", "difference")
    rows = None if contrasts is None else selection.matching(contrasts, shown)
    if rows is None or rows[rows["region"] == shown.region].empty:
        return f"Trained and untrained networks have no comparison for {shown.region}."
    row = rows[rows["region"] == shown.region].iloc[0]
    sure = bool(row["p_corrected"] < selection.SIGNIFICANT)
    others = [_difference(other) for _, other in rows[rows["region"] != shown.region].iterrows()]
    also = f"; likewise tested, {listed(others[:2])}" if others else ""
    return (
        f"With the layer chosen on left-out stimuli, the trained network scores "
        f"{number(row['score'])} in {_simulated(layout, results.dataset)}{shown.region} and its "
        f"{count(int(row['n_seeds']), 'untrained twin')} {number(row['twin_score'])}, a difference "
        f"of {number(row['difference'])} {interval(row['interval_low'], row['interval_high'])} "
        f"that is {'' if sure else 'not '}significant ({p_said(row['p_corrected'])} after "
        f"{_correction(rows)}){also}."
    )


def _difference(row: pd.Series) -> str:
    return (
        f"{row['region']} gives {number(row['difference'])} "
        f"{interval(row['interval_low'], row['interval_high'])} ({p_said(row['p_corrected'])})"
    )


def main_recovery(results: Results) -> pd.DataFrame | None:
    """Return the recovery of each region under its main measure and distance."""
    table = results.tables.get("recovery")
    if table is None:
        return None
    rows = [
        selection.matching(table[table["region"] == shown.region], shown) for shown in results.shown
    ]
    filled = [part for part in rows if len(part)]
    return pd.concat(filled, ignore_index=True) if filled else table.head(0)


def _recovery(layout: Layout, found: Sequence[Results]) -> str:
    simulated = [name for name, spec in layout.study.datasets.items() if spec.simulated]
    if not simulated:
        return "No layers were planted: the study has no simulated recording."
    parts = [
        part
        for results in found
        if results.dataset in simulated
        and (part := main_recovery(results)) is not None
        and len(part)
    ]
    if not parts:
        return "Whether planted layers are found again has not been computed yet."
    table = pd.concat(parts, ignore_index=True)
    exact = table["recovered"] == "exact"
    near = table["recovered"] == "neighbour"
    n = len(table)
    missed = table[~exact]
    details = [
        f"{row.region} was planted from {row.planted_layer} and found at {row.found_layer}"
        for row in missed.itertuples()
    ]
    first = table.iloc[0]
    text = (
        f"In the simulated recording{'s' if len(parts) > 1 else ''}, {int(exact.sum())} of "
        f"{count(n, 'planted layer')} {'was' if exact.sum() == 1 else 'were'} recovered "
        f"exactly among {int(first['n_candidates'])} candidates"
    )
    if near.any():
        text += f" and {int(near.sum())} at a neighbouring layer"
    how = f"{measure_label(str(first['measure']))}, {distance_title(str(first['distance']))}"
    return f"{text} ({how})" + (f": {listed(details)}" if details else "") + _elsewhere(found) + "."


def _elsewhere(found: Sequence[Results]) -> str:
    """Say how recovery fared over every distance and measure, the unfavourable ones included."""
    tables = [table for one in found if (table := one.tables.get("recovery")) is not None]
    whole = pd.concat(tables, ignore_index=True)
    settings = whole[["distance", "measure"]].drop_duplicates()
    if len(settings) < 2:
        return ""
    recovered = whole["recovered"]
    return (
        f"; over all {len(settings)} settings of distance and measure "
        f"{int((recovered == 'exact').sum())} of {len(whole)} exactly, "
        f"{int((recovered == 'neighbour').sum())} at a neighbour"
    )


def _simulated(layout: Layout, dataset: str) -> str:
    return "simulated " if layout.study.dataset(dataset).simulated else ""


def _correction(rows: pd.DataFrame) -> str:
    """Return the correction without whose it is, which the page says elsewhere."""
    return correction(rows).split(" (", maxsplit=1)[0]

"""The five sentences that matter, made from the tables and from nothing else."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import pandas as pd

from isomorph.figures import selection
from isomorph.figures.words import correction, distance_title, measure_label
from isomorph.layout import Layout
from isomorph.report import sets
from isomorph.report.missing import Judged
from isomorph.report.numbers import ceiling_said, count, interval, listed, number, p_said, percent
from isomorph.report.tables import Results, read_results


def headline(judged: Judged) -> list[str]:
    """Return five sentences: best layer, its rivals, training, other models, planted layers.

    Parameters
    ----------
    judged : Judged
        The study. What is not computed yet, or not as the study now says, is said to be so.
    """
    found = [read_results(judged.layout, dataset) for dataset in judged.fit]
    return sentences(judged.layout, [results for results in found if results])


def sentences(layout: Layout, found: Sequence[Results]) -> list[str]:
    """Return the five sentences from results already read."""
    chosen = main_region(layout, found)
    return [
        _best_layer(layout, found, chosen),
        _rivals(layout, chosen),
        _training(layout, found, chosen),
        _other_kinds(layout, chosen),
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
    found_best = _best(layout, shown)
    if isinstance(found_best, str):
        return found_best
    best, title = found_best
    n_layers = int((shown.rows["model"] == best["model"]).sum())
    bounds = selection.ceiling(shown.rows)
    against = (
        f"its noise ceiling is undefined ({bounds})"
        if isinstance(bounds, str)
        else f"noise ceiling {ceiling_said(bounds)}"
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


def _rivals(layout: Layout, chosen: tuple[Results, selection.Shown] | None) -> str:
    """Say which layers the data cannot tell from the best, in every region of the dataset."""
    if chosen is None:
        return "Layers have not been compared with each other yet."
    results, shown = chosen
    found = _best(layout, shown)
    if isinstance(found, str):
        return found
    best, title = found
    return sets.sentence(results, str(best["model"]), title)


def _best(layout: Layout, shown: selection.Shown) -> tuple[pd.Series, str] | str:
    """Return the row of the best layer and its model's title, or that there is none."""
    families = selection.families(layout.study)
    best = selection.best_row(shown, families)
    if best is None:
        return f"No layer of any model has a number for {shown.region}."
    return best, next(f.title for f in families if best["model"] in f.instances)


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
    if rows is None or selection.rows_of(rows, shown.region).empty:
        return f"Trained and untrained networks have no comparison for {shown.region}."
    row = selection.rows_of(rows, shown.region).iloc[0]
    sure = bool(row["p_corrected"] < selection.SIGNIFICANT)
    others = [
        _difference(other) for _, other in rows[selection.places(rows) != shown.region].iterrows()
    ]
    also = f"; likewise tested, {listed(others[:2])}" if others else ""
    return (
        f"With the layer chosen on left-out stimuli, the trained network scores "
        f"{number(row['score'])} in {_simulated(layout, results.dataset)}{shown.region} and its "
        f"{count(int(row['n_seeds']), 'untrained twin')} {number(row['twin_score'])}, a difference "
        f"of {number(row['difference'])} {interval(row['interval_low'], row['interval_high'])} "
        f"that is {'' if sure else 'not '}significant ({p_said(row['p_corrected'])} after "
        f"{_correction(rows)}{_of_family(row.to_dict())}){also}."
    )


def _other_kinds(layout: Layout, chosen: tuple[Results, selection.Shown] | None) -> str:
    """Compare the network with the best model that is none, each at the layer chosen for it."""
    if chosen is None:
        return "Networks and other kinds of model have not been compared yet."
    results, shown = chosen
    groups = selection.families(layout.study)
    kinds = {family.name: family.kind for family in groups}
    if "baseline" not in kinds.values():
        return (
            "Whether another kind of model does as well is not asked: the study has networks only."
        )
    best = selection.best_row(shown, groups)
    network = next((f for f in groups if best is not None and best["model"] in f.instances), None)
    table = results.usable("differences", "difference")
    if network is None or network.kind != "trained" or table is None:
        return f"Networks and other kinds of model have no comparison for {shown.region}."
    rows = selection.matching(selection.rows_of(table, shown.region), shown)
    rivals = [
        rival
        for row in rows.to_dict("records")
        if network.name in (row["model_a"], row["model_b"])
        and kinds.get((rival := _against(row, network.name))["rival"]) == "baseline"
    ]
    if not rivals:
        return f"Networks and other kinds of model have no comparison for {shown.region}."
    top = max(rivals, key=lambda rival: float(rival["of_rival"]))
    title = next(family.title for family in groups if family.name == top["rival"])
    sure = bool(top["p_corrected"] < selection.SIGNIFICANT)
    which = "the best model that is no network" if len(rivals) > 1 else "which is no network"
    return (
        f"Against {title}, {which}, the network scores {number(top['score'])} to "
        f"{number(top['of_rival'])} in {_simulated(layout, results.dataset)}{shown.region}, layers "
        f"chosen alike: a difference of {number(top['difference'])} "
        f"{interval(top['low'], top['high'])} that is {'' if sure else 'not '}significant "
        f"({p_said(top['p_corrected'])} after {_correction(rows)}{_of_family(top)})."
    )


def _against(row: dict[Hashable, Any], network: str) -> dict[Hashable, Any]:
    """Return a difference as network less rival, whichever of the two the table has first."""
    first = row["model_a"] == network
    ends = (row["interval_low"], row["interval_high"])
    return {
        "rival": row["model_b"] if first else row["model_a"],
        "score": row["score_a"] if first else row["score_b"],
        "of_rival": row["score_b"] if first else row["score_a"],
        "difference": row["difference"] if first else -row["difference"],
        "low": ends[0] if first else -ends[1],
        "high": ends[1] if first else -ends[0],
        "p_corrected": row["p_corrected"],
        "family_size": row.get("family_size", float("nan")),
    }


def _of_family(row: Mapping[Hashable, Any]) -> str:
    """Say over how many questions p was corrected; nothing where the table does not."""
    size = row.get("family_size", float("nan"))
    return "" if pd.isna(size) else f" over {count(int(size), 'difference')}"


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
        selection.matching(selection.rows_of(table, shown.region), shown) for shown in results.shown
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
    titles = selection.titles(layout.study)
    details = [
        f"{row['region']} was planted from "
        f"{titles.get(row['planted_model'], row['planted_model'])}: {row['planted_layer']} "
        f"and found at {titles.get(row['found_model'], row['found_model'])}: {row['found_layer']}"
        for row in missed.to_dict("records")
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

"""The sentences that matter, made from the tables and from nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from isomorph.figures import main_rows
from isomorph.figures.dataset_results import DatasetResults
from isomorph.figures.main_rows import Family, MainRows
from isomorph.figures.numbers import (
    ceiling_said,
    count,
    estimate,
    listed,
    number,
    p_said,
    percent,
)
from isomorph.figures.titles import correction, distance_title, measure_label
from isomorph.report.best import confidence_set, span
from isomorph.report.contests import main_recovery
from isomorph.report.dependence import of_families
from isomorph.report.evidence import read_results
from isomorph.report.missing import Judged
from isomorph.study import Study

NOTHING_YET = (
    "No region has been compared with any model yet.",
    "Layers have not been compared with each other yet.",
    "Trained and untrained networks have not been compared yet.",
    "Networks and other models have not been compared yet.",
)


def headline(judged: Judged) -> list[str]:
    """Return five sentences: best layer, its rivals, training, other models, planted layers.

    Under measures of several families a sixth says, before the last, whether these agree.

    Parameters
    ----------
    judged : Judged
        The study. What is not computed yet, or not as the study now says, is said to be so.
    """
    found = [read_results(judged.layout, dataset) for dataset in judged.fit]
    return sentences(judged.layout.study, [results for results in found if results])


class Focus(NamedTuple):
    """The region the headline is about, with its best layer.

    Attributes
    ----------
    results : DatasetResults
    shown : MainRows
        The region.
    best : Series
        The row of its best layer.
    model : Family
        The model of that layer.
    """

    results: DatasetResults
    shown: MainRows
    best: pd.Series
    model: Family


def sentences(study: Study, found: Sequence[DatasetResults]) -> list[str]:
    """Return the sentences from results already read."""
    focus = main_region(found)
    if focus is None:
        return [*NOTHING_YET, _recovery(study, found)]
    best = _best_layer(focus, found)
    families = of_families(focus.results, focus.shown.region)
    return [best, *(say(focus) for say in (_rivals, _training, _other_models)),
            *([f"{_named(focus.results, focus.shown)}: {families}"] if families else []),
            _recovery(study, found)]  # fmt: skip


def main_region(found: Sequence[DatasetResults]) -> Focus | None:
    """Return the region the headline is about: of real data if any, with a ceiling if any."""
    rivals = [
        Focus(results, shown, best, model)
        for results in found
        for shown in results.shown
        if (best := main_rows.best_row(shown, results.families)) is not None
        and (model := results.family(best["model"]))
    ]
    return min(
        rivals,
        key=lambda one: (
            one.results.simulated, isinstance(main_rows.ceiling(one.shown.rows), str),
        ),
        default=None,
    )  # fmt: skip


def _best_layer(focus: Focus, found: Sequence[DatasetResults]) -> str:
    results, shown, best, model = focus
    n_layers = int((shown.rows["model"] == best["model"]).sum())
    bounds = main_rows.ceiling(shown.rows)
    against = (
        f"noise ceiling undefined ({bounds})"
        if isinstance(bounds, str)
        else f"noise ceiling {ceiling_said(bounds)}"
    )
    of = f"Of the {n_layers} layers of {model.title}," if n_layers > 1 else f"{model.title}:"
    where = f"{_named(results, shown)}{_among(found, results)}"
    claim = (
        f"is most similar to {where}"
        if best["p_corrected"] < main_rows.SIGNIFICANT
        else f"has the highest estimate for {where}, though not significantly above chance"
    )
    return (
        f"{of} {best['layer']} {claim}: {measure_label(shown.measure)} {estimate(best)} "
        f"({results.coverage} interval over {best['scheme']}), {against}, "
        f"{p_said(best['p_corrected'])} after {_correction(shown.rows)}."
    )


def _rivals(focus: Focus) -> str:
    """Say of every region of the dataset which layers may be the best of the main model."""
    results, model = focus.results, focus.model
    name = str(focus.best["model"])
    sets = [(one, confidence_set(results, one, name)) for one in results.shown]
    known = [(one, row) for one, row in sets if row is not None and row["n_layers"] > 1]
    if not known:
        return f"The confidence set of layers of {model.title} has not been computed."
    told = [f"{span(row)} in {one.region}" for one, row in known]
    confidence = percent(float(known[0][1]["confidence"]))
    return f"With {confidence} confidence, the best layer of {model.title} is {listed(told)}."


def _training(focus: Focus) -> str:
    results, shown = focus.results, focus.shown
    if not any(family.kind == "untrained" for family in results.families):
        return "The effect of training is not tested: the study has no untrained controls."
    table = results.table("contrasts")
    rows = main_rows.usable(main_rows.matching(table, shown), "difference") if len(table) else table
    own = main_rows.rows_of(rows, shown.region) if len(rows) else rows
    if own.empty:
        return f"Trained and untrained networks have not been compared for {shown.region}."
    row = own.to_dict("records")[0]
    others = [
        f"in {main_rows.place_of(other)} it is {estimate(other, 'difference')} "
        f"({p_said(other['p_corrected'])})"
        for other in rows[main_rows.places(rows) != shown.region].to_dict("records")
    ]
    return (
        f"With layers chosen on other stimuli, the trained network scores {number(row['score'])} "
        f"in {_named(results, shown)} and its {count(int(row['n_seeds']), 'untrained control')} "
        f"{number(row['control_score'])}, a {_difference(row, rows)}"
        f"{'; ' if others else ''}{listed(others[:2])}."
    )


def _other_models(focus: Focus) -> str:
    """Compare the network with the best model of another kind, each at the layer chosen for it."""
    results, shown, _, network = focus
    kinds = {family.name: family.kind for family in results.families}
    if "baseline" not in kinds.values():
        return "Networks are not compared with other models: the study has networks only."
    rows = results.of("differences", shown)
    rows = rows if rows.empty else main_rows.usable(rows, "difference")
    rivals = [
        seen
        for row in rows.to_dict("records")
        if network.kind == "trained" and network.name in (row["model_a"], row["model_b"])
        and kinds.get((seen := _as_first(row, network.name))["model_b"]) == "baseline"
    ]  # fmt: skip
    if not rivals:
        return f"Networks and other models have not been compared for {shown.region}."
    top = max(rivals, key=lambda rival: float(rival["score_b"]))
    which = "the best of the other models" if len(rivals) > 1 else "a model of another kind"
    return (
        f"Compared with {results.title(top['model_b'])}, {which}, the network scores "
        f"{number(top['score_a'])} against {number(top['score_b'])} in {_named(results, shown)} "
        f"with layers chosen on other stimuli, a {_difference(top, rows)}."
    )


def _as_first(row: Mapping[Any, Any], model: str) -> Mapping[Any, Any]:
    """Return a difference of two models with the one named first."""
    if row["model_a"] == model:
        return row
    return {
        **row,
        "model_a": row["model_b"], "model_b": row["model_a"],
        "score_a": row["score_b"], "score_b": row["score_a"],
        "difference": -row["difference"],
        "interval_low": -row["interval_high"], "interval_high": -row["interval_low"],
    }  # fmt: skip


def _difference(row: Mapping[Any, Any], rows: pd.DataFrame) -> str:
    """Say what a difference is, whether it is significant, and among how many it was tested."""
    sure = bool(row["p_corrected"] < main_rows.SIGNIFICANT)
    size = row.get("family_size", float("nan"))
    of_family = "" if pd.isna(size) else f" over {count(int(size), 'difference')}"
    return (
        f"difference of {estimate(row, 'difference')} that is {'' if sure else 'not '}significant "
        f"({p_said(row['p_corrected'])} after {_correction(rows)}{of_family})"
    )


def _recovery(study: Study, found: Sequence[DatasetResults]) -> str:
    if not any(spec.simulated for spec in study.datasets.values()):
        return "No layers were planted: the study has no simulated recording."
    simulated = [one for one in found if one.simulated]
    parts = [part for one in simulated if len(part := main_recovery(one))]
    if not parts:
        return "The recovery of planted layers has not been computed yet."
    table = pd.concat(parts, ignore_index=True)
    exact, near = (int((table["recovered"] == how).sum()) for how in ("exact", "neighbour"))
    title, first = simulated[0].title, table.iloc[0]
    details = [
        f"in {main_rows.place_of(row)}, {title(row['planted_model'])}: {row['planted_layer']} was "
        f"planted and {title(row['found_model'])}: {row['found_layer']} found"
        for row in table[table["recovered"] != "exact"].to_dict("records")
    ]
    how = f"{measure_label(str(first['measure']))}, {distance_title(str(first['distance']))}"
    return (
        f"In the simulated recording{'s' if len(parts) > 1 else ''}, {exact} of "
        f"{count(len(table), 'planted layer')} {'was' if exact == 1 else 'were'} recovered exactly "
        f"among {int(first['n_candidates'])} candidates"
        + (f" and {near} at a neighbouring layer" if near else "")
        + f" ({how})"
        + (f": {listed(details)}" if details else "")
        + _elsewhere(simulated)
        + "."
    )


def _elsewhere(simulated: Sequence[DatasetResults]) -> str:
    """Say how recovery fared over every distance and measure, the unfavourable ones included."""
    whole = pd.concat([one.table("recovery") for one in simulated], ignore_index=True)
    settings = whole[["distance", "measure"]].drop_duplicates()
    if len(settings) < 2:
        return ""
    recovered = whole["recovered"]
    return (
        f"; over all {len(settings)} settings of distance and measure, "
        f"{int((recovered == 'exact').sum())} of {len(whole)} exactly and "
        f"{int((recovered == 'neighbour').sum())} at a neighbouring layer"
    )


def _named(results: DatasetResults, shown: MainRows) -> str:
    return f"simulated {shown.region}" if results.simulated else shown.region


def _among(found: Sequence[DatasetResults], results: DatasetResults) -> str:
    """Say how many regions a sentence about one of them is silent on; nothing if on none."""
    regions = [len(one.shown) for one in found if one.shown]
    if sum(regions) < 2:
        return ""
    if len(regions) == 1:
        return f" (one of {regions[0]} regions)"
    return f" ({results.dataset}; one of {sum(regions)} regions in {len(regions)} datasets)"


def _correction(rows: pd.DataFrame) -> str:
    """Return the correction without its authors, whom the page names elsewhere."""
    return correction(rows).split(" (", maxsplit=1)[0]

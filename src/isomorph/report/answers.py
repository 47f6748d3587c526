"""The sentences that matter, made from the tables and from nothing else: one for every region."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from isomorph.figures import main_rows
from isomorph.figures.dataset_results import DatasetResults
from isomorph.figures.main_rows import Bounds
from isomorph.figures.titles import measure_label, within_sentence
from isomorph.numerals import (
    estimate,
    listed,
    number,
    p_said,
    percent,
)
from isomorph.report.cells import Cell
from isomorph.report.dependence import over_regions
from isomorph.report.evidence import read_results
from isomorph.report.layer_sets import best_said, confidence_set, layers_of
from isomorph.report.missing import Judged
from isomorph.report.planted import recovered
from isomorph.report.shapes import headlines
from isomorph.report.summary import Row, named, rows_of
from isomorph.report.unsure import in_short
from isomorph.saying import count

NOTHING_YET = "No region has been compared with any model yet."


def read(judged: Judged) -> list[DatasetResults]:
    """Return the results of the datasets that fit the study; the others have none yet."""
    found = [read_results(judged.layout, dataset) for dataset in judged.fit]
    return [results for results in found if results]


def sentences(found: Sequence[DatasetResults]) -> list[str]:
    """Return a sentence for every region of measured data, then what holds over all of them.

    That is whether the best model depends on the family of measures, where there are several, and
    whether layers planted in simulated data are recovered, where there are such. Regions of
    simulated data have sentences only where no data were measured. Shapes that topology found are
    told whether or not anything was compared.
    """
    measured = [row for one in found if not one.simulated for row in rows_of(one)]
    told = [one for one in found if not one.simulated]
    unsure = [said for one in told for said in in_short(one, several=len(told) > 1)]
    rows = measured or ([] if unsure else [row for one in found for row in rows_of(one)])
    several = len({row.dataset for row in rows}) > 1
    places = [
        (name, row.results, row.shown.region) for name, row in zip(named(rows), rows, strict=True)
    ]
    found_shapes = [one for results in found for one in headlines(results)]
    said = [
        *(_placed(row, several) for row in rows), *unsure, *found_shapes, over_regions(places),
        recovered(found),
    ]  # fmt: skip
    compared = rows or unsure
    return [one for one in ([] if compared else [NOTHING_YET]) + said if one]


def _placed(row: Row, several: bool) -> str:
    """Return a sentence after the name of its region, and of its dataset if there are several."""
    simulated = "simulated " if row.results.simulated else ""
    dataset = f" ({row.dataset})" if several else ""
    of_bins = f", the best of {row.n_bins} time bins" if row.n_bins > 1 else ""
    said = sentence(row)
    return f"{simulated}{row.shown.region}{of_bins}{dataset}: {said}" if said else ""


def sentence(row: Row) -> str:
    """Return what is said of a region: which layers of which model, how like, how surely.

    Empty where nothing can be said.
    """
    lead = row.leader
    said = _unscored(row) if lead is None else [_score(row, lead), *_sureness(row, lead)]
    return f"{'; '.join(said)}." if said else ""


def _score(row: Row, lead: Cell) -> str:
    """Say how like the leading model is to a region."""
    n_rivals = sum(
        one.family.kind == lead.family.kind
        and one.held_out == lead.held_out
        and not math.isnan(one.score)
        for one in row.cells.values()
    )
    kind = {"trained": "network", "untrained": "untrained network"}.get(lead.family.kind, "model")
    first = f"of {n_rivals} {kind}s, " if n_rivals > 1 else ""
    how = f"in {within_sentence(measure_label(row.shown.measure))}"
    where = (
        "on held-out stimuli" if lead.held_out else "at its best layer, chosen on the same stimuli"
    )
    verb = "scores highest, " if first else "scores "
    ceiling = f" (noise ceiling {row.ceiling.words})" if isinstance(row.ceiling, Bounds) else ""
    title = lead.family.title + ("," if "," in lead.family.title else "")
    return f"{first}{title} {verb}{score_said(lead)} {how} {where}{ceiling}"


def score_said(cell: Cell) -> str:
    """Return a score with its interval, or with the lowest and highest of its seeds."""
    ends = cell.ends.replace(")", " by seed)") or "(no interval)"
    return f"{number(cell.score)} {ends}"


def _unscored(row: Row) -> list[str]:
    """Say what is highest where no model has a score on held-out stimuli, and why none has."""
    best = main_rows.best_row(row.shown, row.results.families)
    if best is None:
        return []
    reason = next((cell.reason for cell in row.cells.values() if cell.reason), "not computed")
    return [
        f"no model has a score on held-out stimuli ({reason}); on the stimuli that chose it, "
        f"{best['layer']} of {row.results.title(best['model'])} is highest, "
        f"{within_sentence(measure_label(row.shown.measure))} {estimate(best)}"
    ]


def _sureness(row: Row, lead: Cell) -> list[str]:
    """Say which layers may be the best, and how surely the model is above chance and others."""
    said = []
    inside = confidence_set(row.tables["layers_in_set"], lead.family.instances[0])
    if inside is not None and len(lead.family.instances) == 1 and inside["n_layers"] > 1:
        layers = best_said(inside, layers_of(row.shown, lead.family.instances[0]))
        said.append(f"with {percent(float(inside['confidence']))} confidence, {layers}")
    against = [_training(lead), _rival(row, lead)]
    if lead.above_chance is False:
        said.append(f"no layer of it is significantly above chance ({p_said(lead.p)})")
    elif lead.above_chance and not against[0]:
        against[0] = f"significantly above chance ({p_said(lead.p)})"
    if told := [one for one in against if one]:
        said.append(f"it is {listed(told)}")
    return said


def _training(lead: Cell) -> str:
    """Compare a network with its untrained controls; empty where there are none."""
    if lead.training is None or not lead.above_control:
        return ""
    controls = count(int(lead.training["n_seeds"]), "untrained control")
    return f"{_compared(lead.training)} its {controls} ({_difference(lead.training)})"


def _rival(row: Row, lead: Cell) -> str:
    """Compare a model with the best other model that is no control; empty where there is none."""
    kinds = {family.name: family.kind for family in row.results.families}
    table = row.tables["differences"]
    rows = table if table.empty else main_rows.usable(table, "difference")
    rivals = [
        seen
        for one in rows.to_dict("records")
        if lead.family.name in (one["model_a"], one["model_b"])
        and kinds.get((seen := _as_first(one, lead.family.name))["model_b"]) != "untrained"
    ]  # fmt: skip
    if not rivals:
        return ""
    top = max(rivals, key=lambda rival: float(rival["score_b"]))
    which = "the best other model, " if len(rivals) > 1 else ""
    title = row.results.title(top["model_b"])
    return f"{_compared(top)} {which}{title} ({number(top['score_b'])}; {_difference(top)})"


def _compared(row: Mapping[Any, Any]) -> str:
    if not math.isfinite(float(row["p_corrected"])):
        return "compared without a test with"
    if not row["p_corrected"] < main_rows.SIGNIFICANT:
        return "not significantly different from"
    return f"significantly {'above' if row['difference'] > 0 else 'below'}"


def _difference(row: Mapping[Any, Any]) -> str:
    p = f", {p_said(row['p_corrected'])}" if math.isfinite(float(row["p_corrected"])) else ""
    return f"difference {estimate(row, 'difference')}{p}"


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

"""Areas in words: who leads in how many datasets, by how much on average, and where they differ."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pandas as pd

from isomorph.figures.dataset_results import DatasetResults
from isomorph.figures.main_rows import SIGNIFICANT
from isomorph.inference.estimated import RowStatus
from isomorph.numerals import estimate, listed, number, p_equals, p_said, percent
from isomorph.report.across import ranks_of
from isomorph.report.areas import DIFFERENCE, MODEL, TRAINING
from isomorph.report.columns import P, PageColumn, Record, Table, table_of
from isomorph.report.summary import Matrix
from isomorph.saying import count

AVERAGES = (
    PageColumn("what", ""),
    PageColumn("n_datasets", "datasets", "ready"),
    PageColumn("effects", "in each", "ready"),
    PageColumn("average", "mean, interval", "ready", reason=True),
    PageColumn("tau", "sd between datasets", "number"),
    PageColumn("i2", "I²", "percent"),
    PageColumn("predicted", "a further dataset", "interval"),
    P,
)
"""Columns of the averages of one area."""

WITH_AVERAGE = (RowStatus.OK, RowStatus.LIMITED, RowStatus.UNTESTED)


def tables(areas: pd.DataFrame, results: DatasetResults) -> list[tuple[str, Table]]:
    """Return the averages of each area under the study's main measure, under the area's name."""
    main = results.study.spec.measures[0]
    rows = areas[areas["measure"] == main] if len(areas) else areas
    return [
        (str(area), table_of([_told(row, results) for row in own.to_dict("records")], AVERAGES))
        for area, own in (rows.groupby("area", sort=False) if len(rows) else ())
    ]


def sentences(areas: pd.DataFrame, whole: Matrix, results: DatasetResults) -> list[str]:
    """Return who leads over all regions, and a sentence for each area under the main measure."""
    said = [often(whole)]
    main = results.study.spec.measures[0]
    rows = areas[areas["measure"] == main].to_dict("records") if len(areas) else []
    for area in dict.fromkeys(row["area"] for row in rows):
        said.append(_area(area, [row for row in rows if row["area"] == area], results))
    return [one for one in said if one]


def often(whole: Matrix) -> str:
    """Return how often which model scores highest, of regions that several datasets have."""
    titles = {model.name: model.title for model in whole.models}
    ranks = [one for row in whole.rows if len(one := ranks_of(row)) > 1]
    if len({row.dataset for row in whole.rows}) < 2 or not ranks:
        return ""
    first = Counter(name for one in ranks for name, rank in one.items() if rank == 1)
    (best, times), *others = first.most_common()
    parts = [f"{titles[best]} scores highest in {times}"]
    parts += [f"{titles[name]} in {times}" for name, times in others]
    return (
        f"Of {count(len(ranks), 'region')} of all datasets in which models can be set against "
        f"each other, {listed(parts)}."
    )


def _area(area: str, rows: Sequence[Record], results: DatasetResults) -> str:
    """Return what the datasets of an area say together."""
    scores = [row for row in rows if row["about"] == MODEL]
    first = {row["model_a"]: int(row["n_highest"]) for row in scores if row["n_highest"]}
    n = sum(first.values())
    if n < 2:
        why = next((row["left_out"] for row in rows if row["left_out"]), "")
        return f"{area}: fewer than two datasets can be averaged{f' ({why})' if why else ''}."
    leader = max(first, key=lambda name: first[name])
    others = [f"{results.title(one)} in {times}" for one, times in first.items() if one != leader]
    said = [f"{area}: {results.title(leader)} scores highest in {first[leader]} of {n} datasets"]
    said[0] += f", {listed(others)}" if others else ""
    about = [
        one
        for kind in (TRAINING, DIFFERENCE)
        if (one := _strongest(leader, rows, kind)) is not None
    ]
    said += [_contrast(one, leader, results) for one in about]
    return f"{'; '.join(said)}."


def _strongest(leader: str, rows: Sequence[Record], kind: str) -> Record | None:
    """Return the contrast of a model with its controls, or with its nearest rival."""
    own = [
        row
        for row in rows
        if row["about"] == kind and leader in (row["model_a"], row["model_b"])
        and row["status"] in (*WITH_AVERAGE, RowStatus.UNSURE)
    ]  # fmt: skip
    return min(own, key=lambda row: _for(leader, row)["estimate"], default=None)


def _for(leader: str, row: Record) -> dict[str, Any]:
    """Return a contrast with the leader as the first of the two."""
    if row["model_a"] == leader:
        return dict(row)
    return {
        **row, "model_a": row["model_b"], "model_b": row["model_a"], "estimate": -row["estimate"],
        "interval_low": -row["interval_high"], "interval_high": -row["interval_low"],
        "predicted_low": -row["predicted_high"], "predicted_high": -row["predicted_low"],
    }  # fmt: skip


def _contrast(row: Record, leader: str, results: DatasetResults) -> str:
    own = _for(leader, row)
    rival = "its untrained controls" if row["about"] == TRAINING else results.title(own["model_b"])
    if row["status"] == RowStatus.UNSURE:
        return (
            f"against {rival} the mean difference is {number(own['estimate'])}, without an "
            f"interval ({row['reason']})"
        )
    few = ", of which two datasets can say next to nothing" if row["n_datasets"] == 2 else ""
    return (
        f"against {rival} the mean difference over {row['n_datasets']} datasets is {estimate(own)} "
        f"of the reliable similarity ({p_said(row['p_corrected'])}){few}; {_spread(row)}"
    )


def _spread(row: Record) -> str:
    """Say whether datasets differ in a contrast by more than their errors."""
    how = f"I² = {percent(row['i2'])}, p of Q {p_equals(row['q_p'])}"
    if row["q_p"] < SIGNIFICANT:
        return f"in it the datasets differ more than their errors explain ({how})"
    return f"in it the datasets do not differ significantly more than their errors explain ({how})"


def _told(row: Record, results: DatasetResults) -> dict[str, Any]:
    """Return a row of averages as the page shows it."""
    title = results.title(row["model_a"])
    what = {
        MODEL: title,
        TRAINING: f"{title}, less its untrained controls",
        DIFFERENCE: f"{title}, less {results.title(row['model_b'])}",
    }[row["about"]]
    averaged = row["status"] in WITH_AVERAGE
    return {
        **row,
        "what": what,
        "effects": ", ".join(number(float(one)) for one in row["effects"].split("; ") if one),
        "average": estimate(row),
        "tau": math.sqrt(row["tau2"]) if averaged else math.nan,
        "status": "ok" if averaged else row["status"],
        "reason": "" if averaged else row["reason"],
    }

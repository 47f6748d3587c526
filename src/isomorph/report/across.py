"""All datasets in two tables: every model in every region, and areas averaged over datasets."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from isomorph.artefacts import read_table, write_table
from isomorph.catalogue import ordered
from isomorph.figures import main_rows
from isomorph.figures.dataset_results import DatasetResults
from isomorph.figures.main_rows import MainRows
from isomorph.inference.estimated import RowStatus
from isomorph.inference.model_scores import place_of, tests_of_two, told_apart
from isomorph.jobs import Job
from isomorph.layout import Layout
from isomorph.making import SUMMARISED, command_of, require, stamp
from isomorph.report.areas import areas_of, normaliser
from isomorph.report.cells import Cell, held_out
from isomorph.report.common_stimuli import shared
from isomorph.report.summary import Row, row_of
from isomorph.responses.times import EDGES
from isomorph.saying import count, say

COPIED = ("ceiling_lower", "ceiling_upper", "ceiling_status", "ceiling_reason", "reliability",
          "n_stimuli", "n_subjects")  # fmt: skip
"""What a row says of its region as the comparisons do."""


def run(layout: Layout) -> list[Path]:
    """Write `summary.csv` and `areas.csv` of a study.

    Returns
    -------
    list of Path

    Raises
    ------
    IsomorphError
        When tables are absent or not what the study now says, or an area names a region that a
        dataset does not have.
    """
    require(layout, "summarise")
    study = layout.study
    found = [
        DatasetResults(
            study,
            dataset,
            {kind: read_table(layout.path(kind, dataset), kind) for kind in SUMMARISED},
        )
        for dataset in study.datasets
    ]
    tables = {
        "summary": summary(found, commands(layout)),
        "areas": areas_of(study, found, shared(layout)),
    }
    signed = stamp(layout, "summarise")
    for kind, table in tables.items():
        write_table(layout.path(kind), ordered(table, kind), kind, signed)
    rows = " and ".join(f"{kind} {count(len(table), 'row')}" for kind, table in tables.items())
    say(f"summarise: {rows}")
    return [layout.path(kind) for kind in tables]


def commands(layout: Layout) -> dict[str, str]:
    """Return the command that makes the comparisons of each dataset again, and so their cells."""
    return {
        dataset: command_of(layout, Job("compare", (dataset,))) for dataset in layout.study.datasets
    }


def summary(found: Sequence[DatasetResults], commands: Mapping[str, str]) -> pd.DataFrame:
    """Return a row per region, distance, measure and model of every dataset.

    Parameters
    ----------
    found : sequence of DatasetResults
    commands : mapping of str to str
        By dataset.
    """
    rows = [row for results in found for row in _rows(results, commands[results.dataset])]
    highest, scored = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for row in rows:
        if row["first"] and not row["simulated"] and row["rank"]:
            scored[row["measure"], row["model"]] += 1
            highest[row["measure"], row["model"]] += row["rank"] == 1
    for row in rows:
        key = row["measure"], row["model"]
        row |= {"n_highest": highest[key], "n_regions": scored[key]}
        row["rank"] = row["rank"] or math.nan
        del row["first"]
    return pd.DataFrame(rows)


def _rows(results: DatasetResults, command: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of a dataset; `first` are those of the first distance of each measure."""
    comparisons = results.table("comparisons")
    spec = results.study.spec
    areas: dict[str, list[str]] = {}
    for area, members in spec.areas.items():
        for member in members:
            areas.setdefault(member, []).append(area)
    shown = {(one.region, one.distance, one.measure) for one in results.shown}
    keys = [main_rows.places(comparisons), comparisons["distance"], comparisons["measure"]]
    inside = {
        (str(place), str(distance), str(measure)): rows
        for (place, distance, measure), rows in comparisons.groupby(keys, sort=False)
    }
    firsts = first_distances(inside, spec.distances)
    for (place, distance, measure), rows in inside.items():
        usable = main_rows.usable(rows)
        told = usable if len(usable) else rows
        row = row_of(results, MainRows(place, distance, measure, told))
        first = row.shown.rows.iloc[0]
        about = {
            "dataset": results.dataset,
            "simulated": results.simulated,
            **{name: first[name] for name in ("region", *EDGES)},
            "area": "; ".join(areas.get(f"{results.dataset}/{row.region}", ())),
            "distance": distance,
            "measure": measure,
            "shown": "yes" if (place, distance, measure) in shown else "no",
            "first": firsts[place, measure] == distance,
            "command": command,
            **{name: first[name] for name in COPIED},
        }
        yield from (about | one for one in _cells(row))


def first_distances(
    known: Mapping[tuple[str, str, str], Any], distances: Sequence[str]
) -> dict[tuple[str, str], str]:
    """Return, by place and measure, the first distance of the study's that there is, or any."""
    found: dict[tuple[str, str], str] = {}
    order = {name: place for place, name in enumerate(distances)}
    for place, distance, measure in sorted(known, key=lambda one: order.get(one[1], len(order))):
        found.setdefault((place, measure), distance)
    return found


def _cells(row: Row) -> Iterator[dict[str, Any]]:
    """Yield what is said of each model in a region."""
    ranks = ranks_of(row)
    leaders = [name for name, rank in ranks.items() if rank == 1]
    tests = tests_of_two({kind: row.tables[kind] for kind in ("differences", "contrasts")})
    first = row.shown.rows.iloc[0]
    setting = (row.shown.distance, row.shown.measure)
    layers = {row["layer"]: row["in_set"] for row in row.shown.rows.to_dict("records")}
    by, _ = normaliser(row)
    for name, cell in row.cells.items():
        others = [
            told_apart(tests.get((place_of(first), setting, frozenset((name, leader)))))
            for leader in leaders
            if leader != name
        ]
        best = "yes" if name in leaders else {"yes": "no", "no": "yes"}.get("".join(others[:1]), "")
        yield {
            "model": name,
            "kind": cell.family.kind,
            "n_seeds": len(cell.family.instances),
            "held_out": "yes" if cell.held_out else "no",
            "score": cell.score,
            "score_normalised": cell.score / by,
            "rank": ranks.get(name, 0),
            "n_models": len(ranks),
            "may_be_best": best if name in ranks else "",
            "chosen_layer": cell.layer,
            "in_set": layers.get(cell.layer, "") if len(cell.family.instances) == 1 else "",
            "layers": cell.layers,
            **_precision(row, cell),
        }


def ranks_of(row: Row) -> dict[str, int]:
    """Return the place of every model that has a score, those not held out only among their like.

    Where some models of a region have a score on held-out stimuli the others have no place.
    """
    known = {name: cell for name, cell in row.cells.items() if not math.isnan(cell.score)}
    alike = any(cell.held_out for cell in known.values())
    scores = {name: cell.score for name, cell in known.items() if cell.held_out == alike}
    return {
        name: 1 + sum(other > score for other in scores.values()) for name, score in scores.items()
    }


def _precision(row: Row, cell: Cell) -> dict[str, Any]:
    """Return how sure the score of one model is; of several seeds there is no such number."""
    selected = held_out(row.tables["selection"], cell.family)
    calibrated = selected["score_calibrated"].astype(float) if len(selected) else None
    known: dict[str, Any] = {
        "score_calibrated": math.nan if calibrated is None else calibrated.mean(skipna=False),
        "n_layers": int(selected["n_layers"].iloc[0]) if len(selected) else math.nan,
        "scheme": selected["scheme"].iloc[0] if len(selected) else "",
        "status": RowStatus.UNDEFINED if math.isnan(cell.score) else RowStatus.UNSURE,
        "reason": cell.reason,
    }
    if len(cell.family.instances) > 1 and not cell.reason:
        return known | {"reason": "several seeds, whose mean is tested in contrasts"}
    if len(selected) != 1 or not math.isfinite(cell.low):
        return known
    return known | {
        "standard_error": float(selected["standard_error"].iloc[0]),
        "interval_low": cell.low,
        "interval_high": cell.high,
        "status": RowStatus.OK,
    }

"""One model in one region: its score on held-out stimuli, its layers, and how it was tested."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from isomorph.figures import main_rows
from isomorph.figures.main_rows import SURE, Family
from isomorph.inference.chosen_layers import ON_STIMULI
from isomorph.numerals import interval, number
from isomorph.report.columns import Record
from isomorph.report.layer_sets import members, spread_of_sets

COLUMNS = {
    "comparisons": ("layer", "depth", "estimate", "interval_low", "interval_high", "p_corrected",
                    "status", "reason"),
    "selection": ("chosen_on", "score", "interval_low", "interval_high", "chosen_layer", "status",
                  "reason"),
    "layers_in_set": ("n_layers", "n_in_set", "layers", "first_layer", "last_layer", "status"),
    "contrasts": ("difference", "interval_low", "interval_high", "p_corrected", "n_seeds",
                  "status"),
}  # fmt: skip
"""What is read of each table for its cells."""


@dataclass(frozen=True)
class Cell:
    """One model in one region.

    Attributes
    ----------
    family : Family
    score : float
        On stimuli that had no part in choosing the layer; of several seeds the mean. NaN where
        there is none.
    low, high : float
        Ends of its interval; of several seeds the lowest and the highest score.
    held_out : bool
        Whether that is so; otherwise the score is the highest of all layers on the same stimuli.
    layer : str
        Chosen most often; of several seeds that of the first.
    layers : str
        Which layers may be the best; empty of a model with a single one, or where it is not known.
    p : float
        Corrected, of the claim that some layer is related to the region; NaN if not tested.
    training : mapping or None
        The contrast of a trained network with its untrained controls.
    reason : str
        Why there is no score, or no interval; empty where there are both.
    """

    family: Family
    score: float
    low: float
    high: float
    held_out: bool
    layer: str
    layers: str
    p: float
    training: Record | None
    reason: str

    @property
    def ends(self) -> str:
        """Its interval, or the lowest and highest of several seeds, in words; empty without."""
        if not (math.isfinite(self.low) and math.isfinite(self.high)):
            return ""
        if len(self.family.instances) > 1:
            return f"({number(self.low)} to {number(self.high)})"
        return interval(self.low, self.high)

    @property
    def above_chance(self) -> bool | None:
        """Whether some layer is significantly above chance; None if not tested."""
        return None if math.isnan(self.p) else self.p < main_rows.SIGNIFICANT

    @property
    def above_control(self) -> str:
        """`above`, `below` or `apart from neither`; empty where training was not tested."""
        if self.training is None or not math.isfinite(float(self.training["p_corrected"])):
            return ""
        if not self.training["p_corrected"] < main_rows.SIGNIFICANT:
            return "not different"
        return "above" if self.training["difference"] > 0 else "below"


def of_models(rows: pd.DataFrame, family: Family) -> pd.DataFrame:
    """Return the rows of a model, of all its seeds."""
    return rows if rows.empty else rows[rows["model"].isin((family.name, *family.instances))]


def held_out(selection: pd.DataFrame, family: Family) -> pd.DataFrame:
    """Return a model's scores at layers chosen on other stimuli, also those without a number."""
    rows = of_models(selection, family)
    return rows if rows.empty else rows[rows["chosen_on"] == ON_STIMULI]


def by_model(rows: pd.DataFrame, columns: Sequence[str]) -> dict[str, list[Record]]:
    """Return some columns of rows as records, by model; of a table that is not there none."""
    found: dict[str, list[Record]] = {}
    if len(rows):
        for row in rows[["model", *columns]].to_dict("records"):
            found.setdefault(str(row["model"]), []).append(row)
    return found


def cell_of(records: Mapping[str, Mapping[str, list[Record]]], family: Family) -> Cell | None:
    """Return one model in one region, None where it was not compared with it.

    Parameters
    ----------
    records : mapping of str to mapping
        The region's rows of each table of `COLUMNS`, by model.
    family : Family
    """
    of = {kind: _of(records[kind], family) for kind in COLUMNS}
    compared = of["comparisons"]
    if not compared:
        return None
    usable = [row for row in compared if row["status"] in SURE and not _nan(row["estimate"])]
    chosen = [row for row in of["selection"] if row["chosen_on"] == ON_STIMULI]
    rows, value, layer = chosen, "score", "chosen_layer"
    if not chosen:
        rows, value, layer = _best(usable), "estimate", "layer"
    score, low, high, reason = _score(rows, value)
    return Cell(
        family, score, low, high,
        bool(chosen) or len({row["layer"] for row in compared}) == 1,
        _first(row[layer] for row in rows), _layers(of["layers_in_set"], usable),
        _best_p(usable), _contrast(of["contrasts"]),
        reason if rows else _first(row["reason"] for row in compared),
    )  # fmt: skip


def _of(records: Mapping[str, list[Record]], family: Family) -> list[Record]:
    names = dict.fromkeys((family.name, *family.instances))
    return [row for name in names for row in records.get(name, ())]


def _nan(value: Any) -> bool:
    return not math.isfinite(float(value))


def _best(rows: Sequence[Record]) -> list[Record]:
    """Return the row of the highest estimate of each instance."""
    best: dict[Any, Record] = {}
    for row in rows:
        if row["model"] not in best or row["estimate"] > best[row["model"]]["estimate"]:
            best[row["model"]] = row
    return list(best.values())


def _best_p(rows: Sequence[Record]) -> float:
    """Return the smallest corrected p of any layer, of several seeds the largest of these.

    NaN where some instance was not tested.
    """
    smallest: dict[Any, float] = {}
    for row in rows:
        p = float(row["p_corrected"])
        if not math.isnan(p):
            smallest[row["model"]] = min(p, smallest.get(row["model"], p))
    untested = {row["model"] for row in rows} - set(smallest)
    return math.nan if untested or not smallest else max(smallest.values())


def _score(rows: Sequence[Record], value: str) -> tuple[float, float, float, str]:
    """Return a score, its ends, and why something of these is missing."""
    nothing = math.nan
    if not rows:
        return nothing, nothing, nothing, ""
    values = [float(row[value]) for row in rows]
    lacking = [row for row in rows if row["status"] not in SURE or _nan(row[value])]
    reason = _first(row["reason"] for row in lacking)
    if not all(map(math.isfinite, values)):  # the mean of some seeds is that of other networks
        return nothing, nothing, nothing, reason
    if len(rows) > 1:
        return math.fsum(values) / len(values), min(values), max(values), reason
    low, high = (float(rows[0][f"interval_{end}"]) for end in ("low", "high"))
    return values[0], *((nothing, nothing) if lacking else (low, high)), reason


def _layers(sets: Sequence[Record], compared: Sequence[Record]) -> str:
    """Return which layers of a model may be its best; empty of a model with a single layer."""
    known = [row for row in sets if row["status"] == "ok"]
    if not known or max(int(row["n_layers"]) for row in known) == 1:
        return ""
    if len(known) > 1:
        return spread_of_sets(known)
    if known[0]["n_in_set"] == known[0]["n_layers"]:
        return f"any of {known[0]['n_layers']} layers"
    return members(known[0], [str(row["layer"]) for row in sorted(compared, key=_depth)])


def _depth(row: Record) -> int:
    return int(row["depth"])


def _contrast(rows: Sequence[Record]) -> Record | None:
    """Return a network's contrast with its untrained controls; of several the least sure."""
    usable = [row for row in rows if row["status"] in SURE and not _nan(row["difference"])]
    return max(usable, key=lambda row: _p(row["p_corrected"]), default=None)


def _p(value: Any) -> float:
    return 2.0 if math.isnan(float(value)) else float(value)


def _first(texts: Iterable[Any]) -> str:
    return next((one for one in texts if isinstance(one, str) and one), "")

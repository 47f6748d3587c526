"""What the explorer of the page draws of a dataset: its comparisons, as arrays kept in the page."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from isomorph.figures import main_rows
from isomorph.figures.dataset_results import DatasetResults
from isomorph.figures.style import colours, painted, slug
from isomorph.figures.titles import (
    correction,
    distance_title,
    family_title,
    measure_label,
    measure_title,
)
from isomorph.inference.chosen_layers import ON_STIMULI
from isomorph.measures import FAMILIES, family_of
from isomorph.report.bundle import bundle
from isomorph.report.drawings import dark
from isomorph.report.grid import SETTING, Grid, grid, with_bins
from isomorph.report.stepped import MISSING, PER_UNIT, stepped
from isomorph.responses.times import EDGES

COLUMNS = (*SETTING, "scheme", "n_stimuli", "n_subjects", "ceiling_reason")
"""What is said of a setting."""

OF_LAYERS = ("estimate", "interval_low", "interval_high", "calibrated", "chance")
OF_MODELS = {
    "score": "score", "score_low": "interval_low", "score_high": "interval_high",
    "score_calibrated": "score_calibrated", "chosen_share": "chosen_share",
}  # fmt: skip
OF_CONTRASTS = {
    "contrast": "difference", "contrast_low": "interval_low", "contrast_high": "interval_high",
}  # fmt: skip
"""What is kept of every table: the name of the array, and the column it is of."""


def bundles(found: Sequence[DatasetResults]) -> dict[str, str]:
    """Return what the page keeps for its explorer, by the id of its element."""
    return {_bundle_id(one.dataset): explored(one) for one in found if _any(one)}


def choices(found: Sequence[DatasetResults]) -> list[dict[str, Any]]:
    """Return the regions to choose from, by dataset; the page opens with the first real ones."""
    shown = [one for one in found if _any(one)]
    first = next((one for one in shown if not one.simulated), next(iter(shown), None))
    return [
        {
            "name": one.dataset,
            "title": one.study.dataset(one.dataset).title,
            "simulated": one.simulated,
            "bundle": _bundle_id(one.dataset),
            "regions": list(dict.fromkeys(one.table("comparisons")["region"])),
            "first": one is first,
        }
        for one in shown
    ]


def _any(results: DatasetResults) -> bool:
    """Tell whether some comparison has a number."""
    table = results.table("comparisons")
    return len(table) > 0 and len(main_rows.usable(table)) > 0


def _bundle_id(dataset: str) -> str:
    return f"explored-{slug(dataset)}"


def explored(results: DatasetResults) -> str:
    """Return the comparisons of a dataset as `bundle` writes them.

    Parameters
    ----------
    results : DatasetResults
        `comparisons`, and where they were written `selection` and `contrasts`.

    Returns
    -------
    str
        Arrays of shape (setting, layer) of every comparison, (setting, model) of scores on held-out
        stimuli and of training, (setting, column) of what a setting has: names as places in the
        lists of the header, its noise ceiling. Numbers are whole steps of a ten thousandth, such
        that with two digits they are printed as those of the tables; p values are exact to single
        precision.
    """
    table = with_bins(results.table("comparisons"))
    kept = _Kept(grid(results, table))
    kept.comparisons(table)
    kept.settings(table)
    if len(selection := results.table("selection")):
        kept.scores(selection[selection["chosen_on"] == ON_STIMULI])
    if len(contrasts := results.table("contrasts")):
        kept.training(contrasts)
    said = {"scales": kept.scales, "texts": list(kept.texts), "missing": MISSING}
    return bundle(_header(results, table, kept.grid) | said, kept.arrays)


class _Kept:
    """Arrays as they are filled, how to read them, and the texts that many rows share."""

    def __init__(self, axes: Grid) -> None:
        self.grid = axes
        self.arrays: dict[str, np.ndarray] = {}
        self.scales: dict[str, dict[str, int]] = {}
        self.texts = {"": 0}

    def comparisons(self, table: pd.DataFrame) -> None:
        """Keep every comparison."""
        placed = self.grid.of_layers(table)
        for name in OF_LAYERS:
            self._keep(name, placed.values(name))
        for name in ("p_corrected", "p_cluster_corrected"):
            if name in table:
                self.arrays[name] = placed.values(name).astype(np.float32)
        states = placed.rows["in_set"].map({"no": 1, "yes": 2}).fillna(0)
        self.arrays["in_set"] = placed.codes(states.astype(int), np.uint8)
        self.arrays["reason"] = placed.codes(self._codes(placed.rows["reason"]), np.uint16)

    def settings(self, table: pd.DataFrame) -> None:
        """Keep what every setting has: its names, scheme and sizes, its noise ceiling."""
        rows = table.drop_duplicates(list(SETTING), ignore_index=True)
        columns: dict[str, Any] = {name: rows[name].map(self.grid.names[name]) for name in SETTING}
        columns |= {name: self._codes(rows[name]) for name in ("scheme", "ceiling_reason")}
        columns |= {name: rows[name].fillna(0) for name in ("n_stimuli", "n_subjects")}
        self.arrays["settings"] = pd.DataFrame(columns)[list(COLUMNS)].to_numpy(np.int32)
        bounds = [_ceiling(own) for _, own in table.groupby(list(SETTING), sort=False)]
        self.arrays["ceiling"] = np.array(bounds, np.float32).reshape(-1, 3)

    def scores(self, table: pd.DataFrame) -> None:
        """Keep the scores of models on held-out stimuli, with the layer chosen most often."""
        placed = self.grid.of_models(table)
        for name, column in OF_MODELS.items():
            self._keep(name, placed.values(column))
        chosen = zip(placed.rows["model"], placed.rows["chosen_layer"], strict=True)
        layers = (self.grid.layers.get(one, MISSING) for one in chosen)
        self.arrays["chosen"] = placed.codes(layers, np.uint16, MISSING)

    def training(self, table: pd.DataFrame) -> None:
        """Keep by how much trained networks exceed their controls."""
        placed = self.grid.of_models(table)
        for name, column in OF_CONTRASTS.items():
            self._keep(name, placed.values(column))
        self.arrays["contrast_p"] = placed.values("p_corrected").astype(np.float32)

    def _keep(self, name: str, values: np.ndarray) -> None:
        self.arrays[name], low = stepped(values)
        if low is not None:
            self.scales[name] = {"low": low, "per": PER_UNIT}

    def _codes(self, texts: pd.Series) -> list[int]:
        return [self.texts.setdefault(str(one), len(self.texts)) for one in texts.fillna("")]


def _ceiling(rows: pd.DataFrame) -> tuple[float, float, float]:
    bounds = main_rows.ceiling(rows)
    if isinstance(bounds, str):
        return (np.nan, np.nan, np.nan)
    return bounds.low, bounds.high, np.nan if bounds.estimate is None else bounds.estimate


def _header(results: DatasetResults, table: pd.DataFrame, axes: Grid) -> dict[str, Any]:
    """Return what the arrays are of, in words."""
    measures = [str(name) for name in axes.names["measure"]]
    families = sorted({family_of(name) for name in measures}, key=[*FAMILIES, ""].index)
    bins = {row["bin"]: row for row in table.drop_duplicates("bin").to_dict("records")}
    return {
        "dataset": results.dataset,
        "title": results.study.dataset(results.dataset).title,
        "simulated": results.simulated,
        "coverage": results.coverage,
        "correction": correction(table),
        "regions": list(axes.names["region"]),
        "bins": [_bin(bins[words]) for words in axes.names["bin"]],
        "distances": [
            {"name": name, "title": distance_title(str(name))} for name in axes.names["distance"]
        ],
        "measures": [
            {"name": name, "title": measure_title(name), "label": measure_label(name),
             "family": family_of(name)}
            for name in measures
        ],
        "families": [{"name": name, "title": family_title(name)} for name in families],
        "groups": _groups(results),
        "models": _models(results, axes),
        "columns": list(COLUMNS),
    }  # fmt: skip


def _bin(row: dict[Hashable, Any]) -> dict[str, Any]:
    start, stop = (float(row.get(edge, np.nan)) for edge in EDGES)
    if np.isnan(start):
        return {"words": "", "start": None, "stop": None}
    return {"words": row["bin"], "start": start, "stop": stop}


def _groups(results: DatasetResults) -> list[dict[str, Any]]:
    """Return the models of the study, in the colours they have in its figures.

    `again` says that a model before has the same colour: there are more models than colours.
    """
    paint, short = colours(results.families), painted(results.families)[1]
    seen, found = set[tuple[str, str]](), []
    for family in results.families:
        colour = paint[family.name]
        found.append(
            {"name": family.name, "title": family.title, "short": short[family.instances[0]],
             "kind": family.kind, "colours": [colour, dark(colour)],
             "again": (family.kind, colour) in seen}
        )  # fmt: skip
        seen.add((family.kind, colour))
    return found


def _models(results: DatasetResults, axes: Grid) -> list[dict[str, Any]]:
    """Return the model instances, their layers in order of depth, the place of their group."""
    groups = {name: n for n, family in enumerate(results.families) for name in family.instances}
    short = painted(results.families)[1]
    layers: dict[str, list[str]] = {}
    for model, layer in axes.layers:
        layers.setdefault(model, []).append(layer)
    return [
        {"name": name, "title": results.title(name), "short": short.get(name, name),
         "group": groups.get(name, -1), "layers": layers[name]}
        for (name,) in axes.models
    ]  # fmt: skip

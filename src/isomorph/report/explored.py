"""What the explorer of the page draws of a dataset: every comparison, as arrays kept in the page."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from isomorph.figures import main_rows
from isomorph.figures.dataset_results import DatasetResults
from isomorph.figures.style import painted, slug
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
from isomorph.responses.times import EDGES
from isomorph.study.windows import in_milliseconds

PER_UNIT = 10_000
"""Values are kept in steps of a ten thousandth."""

MISSING = 65_535
"""What stands where there is no value."""

PRINTED = 100
"""Steps between two numbers that differ as they are printed, with two digits."""

SETTING = ("region", "bin", "distance", "measure")
"""What a comparison is made under; all layers and models share it."""

OF_LAYERS = ("estimate", "interval_low", "interval_high", "calibrated", "chance")
OF_MODELS = {
    "score": "score", "score_low": "interval_low", "score_high": "interval_high",
    "score_calibrated": "score_calibrated", "maximum_chance": "maximum_chance",
}  # fmt: skip
OF_CONTRASTS = {
    "contrast": "difference", "contrast_low": "interval_low", "contrast_high": "interval_high",
}  # fmt: skip


def bundles(found: Sequence[DatasetResults]) -> dict[str, str]:
    """Return what the page keeps for its explorer, by the id of its element."""
    return {bundle_id(one.dataset): explored(one) for one in found if _any(one)}


def choices(found: Sequence[DatasetResults]) -> list[dict[str, Any]]:
    """Return the regions to choose from, by dataset; the page opens with the first real ones."""
    shown = [one for one in found if _any(one)]
    first = next((one for one in shown if not one.simulated), next(iter(shown), None))
    return [
        {
            "name": one.dataset,
            "title": one.study.dataset(one.dataset).title,
            "simulated": one.simulated,
            "bundle": bundle_id(one.dataset),
            "regions": list(dict.fromkeys(one.table("comparisons")["region"])),
            "first": one is first,
        }
        for one in shown
    ]


def _any(results: DatasetResults) -> bool:
    """Tell whether some comparison has a number."""
    table = results.table("comparisons")
    return len(table) > 0 and len(main_rows.usable(table)) > 0


def bundle_id(dataset: str) -> str:
    """Return the id of the element in which a dataset is kept."""
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
    table = _with_bins(results.table("comparisons"))
    axes = _axes(results, table)
    arrays: dict[str, np.ndarray] = {}
    scales: dict[str, dict[str, int]] = {}
    texts = _Texts()

    def keep(name: str, values: np.ndarray) -> None:
        arrays[name], low = stepped(values)
        if low is not None:
            scales[name] = {"low": low, "per": PER_UNIT}

    rows, at = _placed(table, axes.settings, axes.layers, ("model", "layer"))
    for name in OF_LAYERS:
        keep(name, _spread(rows[name], at, axes.shape_of_layers))
    for name in ("p_corrected", "p_cluster_corrected"):
        if name in rows:
            arrays[name] = _spread(rows[name], at, axes.shape_of_layers).astype(np.float32)
    states = rows["in_set"].map({"no": 1, "yes": 2}).fillna(0)
    arrays["in_set"] = _codes(states, at, axes.shape_of_layers, np.uint8)
    why = rows["reason"].fillna("").map(texts.code)
    arrays["reason"] = _codes(why, at, axes.shape_of_layers, np.uint16)
    _keep_scores(results, axes, keep, arrays, texts)
    settings = table.drop_duplicates(list(SETTING), ignore_index=True)
    arrays["settings"] = _settings(settings, axes, texts)
    bounds = [_ceiling(rows) for _, rows in table.groupby(list(SETTING), sort=False)]
    arrays["ceiling"] = np.array(bounds, np.float32).reshape(-1, 3)
    return bundle(_header(results, table, axes, scales, texts), arrays)


class _Texts:
    """Texts that many rows share, by their place; the first is empty."""

    def __init__(self) -> None:
        self.known = {"": 0}

    def code(self, text: str) -> int:
        return self.known.setdefault(str(text), len(self.known))


@dataclass(frozen=True)
class _Axes:
    """Where everything has its place.

    Attributes
    ----------
    names : dict of str to dict
        For each of `SETTING`, the place of every value.
    settings : dict of tuple to int
        Settings that were computed.
    models : dict of tuple of str to int
        Model instances, in the order of the study.
    layers : dict of tuple of str to int
        (model, layer), those of a model in order of depth.
    """

    names: dict[str, dict[Hashable, int]]
    settings: dict[tuple[Any, ...], int]
    models: dict[tuple[Any, ...], int]
    layers: dict[tuple[Any, ...], int]

    @property
    def shape_of_layers(self) -> tuple[int, int]:
        return len(self.settings), len(self.layers)

    @property
    def shape_of_models(self) -> tuple[int, int]:
        return len(self.settings), len(self.models)


def _with_bins(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with its time bin in words, empty where there is none."""
    if not set(EDGES) <= set(table.columns):
        return table.assign(bin="")
    edges = zip(table[EDGES[0]].astype(float), table[EDGES[1]].astype(float), strict=True)
    words = ["" if np.isnan(start) else in_milliseconds(start, stop) for start, stop in edges]
    return table.assign(bin=words)


def _axes(results: DatasetResults, table: pd.DataFrame) -> _Axes:
    order = [name for family in results.families for name in family.instances]
    present = set(table["model"])
    models = list(dict.fromkeys([*(name for name in order if name in present), *table["model"]]))
    known = table[["model", "layer", "depth"]].drop_duplicates(["model", "layer"])
    rank = known["model"].map({name: n for n, name in enumerate(models)})
    known = known.assign(rank=rank).sort_values(["rank", "depth"], kind="stable")
    names = {name: _numbered(dict.fromkeys(table[name])) for name in SETTING}
    # The study's first distances and measures are the page's first.
    spec = results.study.spec
    for name, first in (("distance", spec.distances), ("measure", spec.measures)):
        listed = [one for one in first if one in names[name]]
        names[name] = _numbered(dict.fromkeys([*listed, *names[name]]))
    return _Axes(
        names,
        _numbered(dict.fromkeys(_tuples(table, SETTING))),
        _numbered((name,) for name in models),
        _numbered(_tuples(known, ("model", "layer"))),
    )


def _numbered(values: Any) -> dict[Any, int]:
    return {value: n for n, value in enumerate(values)}


def _tuples(table: pd.DataFrame, columns: Sequence[str]) -> list[tuple[Any, ...]]:
    return list(zip(*(table[name] for name in columns), strict=True))


Places = tuple[np.ndarray, np.ndarray]


def _placed(
    table: pd.DataFrame,
    settings: dict[tuple[Any, ...], int],
    columns: dict[tuple[Any, ...], int],
    keys: tuple[str, ...],
) -> tuple[pd.DataFrame, Places]:
    """Return the rows that have a place, and their places along both axes."""
    down = np.array([settings.get(one, -1) for one in _tuples(table, SETTING)], dtype=int)
    across = np.array([columns.get(one, -1) for one in _tuples(table, keys)], dtype=int)
    there = (down >= 0) & (across >= 0)
    return table[there], (down[there], across[there])


def _spread(values: pd.Series, at: Places, shape: tuple[int, int]) -> np.ndarray:
    whole = np.full(shape, np.nan)
    whole[at] = values.to_numpy(float)
    return whole


def _codes(values: pd.Series, at: Places, shape: tuple[int, int], kind: Any) -> np.ndarray:
    whole = np.zeros(shape, kind)
    whole[at] = values.to_numpy(int)
    return whole


def stepped(values: np.ndarray) -> tuple[np.ndarray, int | None]:
    """Return values in whole steps from the lowest, and how many steps that is from 0.

    A value in the middle between two printed ones moves by a step to the side on which it is
    printed. Where 65,534 steps do not reach from the lowest to the highest, values are returned
    in single precision with None.

    Examples
    --------
    >>> stepped(np.array([0.5, 0.125, np.nan]))
    (array([ 3751,     0, 65535], dtype=uint16), 1249)
    """
    finite = np.isfinite(values)
    if not finite.any():
        return np.full(values.shape, MISSING, np.uint16), 0
    steps = np.rint(np.where(finite, values, 0) * PER_UNIT).astype(np.int64)
    for at in np.argwhere(finite & (np.abs(steps) % PRINTED == PRINTED // 2)):
        place = tuple(at)
        printed = float(f"{values[place]:.2f}")
        steps[place] += 1 if printed > steps[place] / PER_UNIT else -1
    low = int(steps[finite].min())
    if int(steps[finite].max()) - low >= MISSING:
        return values.astype(np.float32), None
    return np.where(finite, steps - low, MISSING).astype(np.uint16), low


def _keep_scores(
    results: DatasetResults, axes: _Axes, keep: Any, arrays: dict[str, np.ndarray], texts: _Texts
) -> None:
    """Keep scores on held-out stimuli, and the effect of training."""
    shape = axes.shape_of_models
    selection = results.table("selection")
    if len(selection):
        own = _with_bins(selection[selection["chosen_on"] == ON_STIMULI])
        rows, at = _placed(own, axes.settings, axes.models, ("model",))
        for name, column in OF_MODELS.items():
            keep(name, _spread(rows[column], at, shape))
        layers = [axes.layers.get(one, -1) for one in _tuples(rows, ("model", "chosen_layer"))]
        chosen = np.full(shape, MISSING, np.uint16)
        chosen[at] = [n if n >= 0 else MISSING for n in layers]
        arrays["chosen"] = chosen
        keep("chosen_share", _spread(rows["chosen_share"], at, shape))
        why = rows["reason"].fillna("").map(texts.code)
        arrays["score_reason"] = _codes(why, at, shape, np.uint16)
    contrasts = results.table("contrasts")
    if len(contrasts):
        rows, at = _placed(_with_bins(contrasts), axes.settings, axes.models, ("model",))
        for name, column in OF_CONTRASTS.items():
            keep(name, _spread(rows[column], at, shape))
        arrays["contrast_p"] = _spread(rows["p_corrected"], at, shape).astype(np.float32)


COLUMNS = (*SETTING, "scheme", "n_stimuli", "n_subjects", "ceiling_reason", "family_size")
"""What is said of a setting."""


def _settings(rows: pd.DataFrame, axes: _Axes, texts: _Texts) -> np.ndarray:
    columns = {name: rows[name].map(axes.names[name]) for name in SETTING}
    for name in ("scheme", "ceiling_reason"):
        columns[name] = rows[name].fillna("").map(texts.code)
    for name in ("n_stimuli", "n_subjects", "family_size"):
        columns[name] = rows[name].fillna(0)
    return pd.DataFrame(columns)[list(COLUMNS)].to_numpy(np.int32)


def _ceiling(rows: pd.DataFrame) -> tuple[float, float, float]:
    bounds = main_rows.ceiling(rows)
    if isinstance(bounds, str):
        return (np.nan, np.nan, np.nan)
    return bounds.low, bounds.high, np.nan if bounds.estimate is None else bounds.estimate


def _header(
    results: DatasetResults,
    table: pd.DataFrame,
    axes: _Axes,
    scales: dict[str, dict[str, int]],
    texts: _Texts,
) -> dict[str, Any]:
    short = painted(results.families)[1]
    colours: dict[str, int] = {}
    groups = []
    for family in results.families:
        colours[family.kind] = colours.get(family.kind, 0) + 1
        groups.append({"name": family.name, "title": family.title, "kind": family.kind,
                       "short": short[family.instances[0]], "colour": colours[family.kind]})  # fmt: skip
    own = {name: n for n, family in enumerate(results.families) for name in family.instances}
    of_model: dict[str, list[str]] = {}
    for model, layer in axes.layers:
        of_model.setdefault(model, []).append(layer)
    families = {family_of(name): None for name in axes.names["measure"]}
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
            {"name": name, "title": measure_title(str(name)), "label": measure_label(str(name)),
             "family": family_of(str(name))}
            for name in axes.names["measure"]
        ],
        "families": [
            {"name": name, "title": family_title(name)}
            for name in sorted(families, key=[*FAMILIES, ""].index)
        ],
        "groups": groups,
        "models": [
            {"name": name, "title": results.title(name), "short": short.get(name, name),
             "group": own.get(name, -1), "layers": of_model[name]}
            for (name,) in axes.models
        ],
        "columns": list(COLUMNS),
        "texts": list(texts.known),
        "scales": scales,
        "missing": MISSING,
    }  # fmt: skip


def _bin(row: dict[Hashable, Any]) -> dict[str, Any]:
    start, stop = (float(row.get(edge, np.nan)) for edge in EDGES)
    if np.isnan(start):
        return {"words": "", "start": None, "stop": None}
    return {"words": row["bin"], "start": start, "stop": stop}

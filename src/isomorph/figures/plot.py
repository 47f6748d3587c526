"""A figure of whatever the library gives: `plot`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from isomorph.errors import IsomorphError, did_you_mean
from isomorph.figures.confusion import draw_confusion
from isomorph.figures.geometry import square
from isomorph.figures.main_rows import (
    SURE,
    Family,
    Kind,
    MainRows,
    held_out_scores,
    places,
    usable,
)
from isomorph.figures.matrices import MOST, draw_matrices
from isomorph.figures.overview import draw_overview
from isomorph.figures.partial import draw_partial
from isomorph.figures.partition import draw_partition
from isomorph.figures.prediction import draw_prediction
from isomorph.figures.profile import draw_profile
from isomorph.figures.timecourse import draw_timecourse
from isomorph.figures.titles import distance_title, measure_label
from isomorph.figures.weighted import draw_weighted
from isomorph.inference.members import ModelFamily
from isomorph.inference.result import Result
from isomorph.rdms.collection import distances_of, each_rdm
from isomorph.registry import Registry
from isomorph.responses.times import EDGES
from isomorph.study.windows import in_time


def plot(
    what: Any,
    *,
    region: str | None = None,
    measure: str | None = None,
    distance: str | None = None,
) -> Figure:
    """Draw a result of the library, or RDMs.

    Parameters
    ----------
    what : Result or Dataset
        What `isomorph.compare` and its like gave, or RDMs.
    region : str, optional
        One region; of comparisons its layers then stand along depth. All unless given.
        Comparisons in several time bins are drawn over time, each region in a panel.
    measure : str, optional
        One measure; the first unless given.
    distance : str, optional
        One distance. Unless given, the first of comparisons, and all of RDMs.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    IsomorphError
        When there is no such region, measure or distance, or nothing to draw.

    Examples
    --------
    >>> import numpy as np, isomorph as iso
    >>> rng = np.random.default_rng(0)
    >>> models = {"net": iso.rdm({"shallow": rng.random((9, 5)), "deep": rng.random((9, 5))})}
    >>> found = iso.compare(iso.rdm(rng.random((9, 5))), models, resamples=20, permutations=20)
    >>> type(iso.plot(found)).__name__
    'Figure'
    """
    if isinstance(what, xr.Dataset) and {"representation", "layer"} & set(what.dims):
        return _rdms(what, region, distance)
    if not isinstance(what, Result):
        raise IsomorphError(
            f"plot: {type(what).__name__} has no figure, expected what isomorph.compare or "
            "isomorph.rdm gave"
        )
    rows = what.tables[DRAWN_AS.get(what.kind, what.kind)]
    if distance is not None:
        rows = _of(rows, "distance", distance)
    rows = _of(rows, "measure", measure, first=True)
    if region is not None:
        rows = _of(rows, "region", region)
    if what.kind == "predictions":
        return _predictions(rows, what)
    if DRAWN_AS.get(what.kind, what.kind) == "comparisons":
        return _comparisons(rows, what)
    return DRAWINGS[DRAWN_AS.get(what.kind, what.kind)](rows, _families(what))


def _families(result: Result) -> list[Family]:
    """Return the models of a result; one of a single layer has no depth to stand along."""
    none = pd.DataFrame(columns=["model", "layer"])
    table = result.tables.get("comparisons", result.tables.get("predictions", none))
    layers = table.groupby("model")["layer"].nunique()
    several = set(layers.index[layers > 1])
    layered = several or set(layers.index)
    return [
        Family(one.name, one.name, _kind(one, layered), one.instances, one.control_of)
        for one in result.models
    ]


def _kind(model: ModelFamily, layered: set[str]) -> Kind:
    """Return what a model is drawn as."""
    if model.control_of:
        return "untrained"
    return "trained" if layered & set(model.instances) else "baseline"


def _of(
    rows: pd.DataFrame, column: str, wanted: str | None, *, first: bool = False
) -> pd.DataFrame:
    """Return the rows of one value of a column, of the first where none is asked for."""
    known = list(dict.fromkeys(rows[column].astype(str))) if column in rows else []
    if not known:
        raise IsomorphError("plot: there are no rows, so there is nothing to draw")
    if wanted is None:
        wanted = known[0] if first else None
    if wanted not in known:
        raise IsomorphError(f'plot: no {column} "{wanted}", {did_you_mean(str(wanted), known)}')
    return rows[rows[column] == wanted]


def _comparisons(rows: pd.DataFrame, result: Result) -> Figure:
    """Draw comparisons with the scores at layers chosen on other stimuli, where there are any."""
    families = _families(result)
    known = usable(rows)
    if known.empty:
        raise IsomorphError(f"plot: no comparison has a number: {rows['reason'].iloc[0]}")
    # Several distances in one figure would not be told apart: the first stands for itself.
    known = known[known["distance"] == known["distance"].iloc[0]]
    regions = list(dict.fromkeys(known["region"]))
    measure = str(known["measure"].iloc[0])
    if "time_start" in known and known.groupby("region")["time_start"].nunique().max() > 1:
        return draw_timecourse(known, families, label=measure_label(measure))
    shown = [
        MainRows(name, str(known["distance"].iloc[0]), measure, known[known["region"] == name])
        for name in regions
    ]
    selection = result.tables.get("selection", pd.DataFrame())
    held_out = {one.region: held_out_scores(selection, one) for one in shown}
    label = measure_label(measure)
    if len(regions) == 1:
        return draw_profile(known, families, label=label, scores=held_out[regions[0]])
    return draw_overview(shown, families, labels=[label] * len(shown), scores=held_out)


def _predictions(rows: pd.DataFrame, result: Result) -> Figure:
    """Draw the first region of some rows."""
    if not np.isfinite(rows["estimate"].astype(float)).any():
        raise IsomorphError(f"plot: nothing was predicted: {rows['reason'].iloc[0]}")
    first = rows[places(rows) == places(rows).iloc[0]]
    units = result.tables["units"]
    if len(units):
        units = units[
            (places(units) == places(first).iloc[0])
            & (units["kind"] == "chosen")
            & (units["measure"] == first["measure"].iloc[0])
        ]
    return draw_prediction(first, units, _families(result), label="held-out correlation")


def _confusion(rows: pd.DataFrame, families: Sequence[Family]) -> Figure:
    one = rows[rows["region"] == rows["region"].iloc[0]]
    return draw_confusion(one[one["distance"] == one["distance"].iloc[0]], families)


def _labelled(draw: Callable[..., Figure]) -> Callable[[pd.DataFrame, Sequence[Family]], Figure]:
    return lambda rows, families: draw(
        _any_ok(rows), families, label=measure_label(str(rows["measure"].iloc[0]))
    )


def _any_ok(rows: pd.DataFrame) -> pd.DataFrame:
    """Refuse rows of which not one can be drawn."""
    if not rows["status"].isin(SURE).any():
        raise IsomorphError(f"plot: no row has all its numbers: {rows['reason'].iloc[0]}")
    return rows


DRAWN_AS = {"selection": "comparisons", "power": "confusion"}
"""Tables that are seen in the figure of another of the same result."""

DRAWINGS: Registry[Callable[[pd.DataFrame, Sequence[Family]], Figure]] = Registry(
    "figure",
    {
        "partial": _labelled(draw_partial),
        "weighted": _labelled(draw_weighted),
        "partition": lambda rows, families: draw_partition(_any_ok(rows), families),
        "confusion": _confusion,
    },
)
"""What draws a table, by its name."""


def _rdms(data: xr.Dataset, region: str | None, distance: str | None) -> Figure:
    """Draw the RDMs of a dataset as matrices."""
    rdms, titles, known = [], [], distances_of(data)
    if distance is not None and distance not in known:
        raise IsomorphError(f'plot: no distance "{distance}", {did_you_mean(distance, known)}')
    for name in known if distance is None else [distance]:
        for told, rdm in each_rdm(data, name):
            if region is None or told.get("region") == region:
                said = [told[key] for key in ("region", "subject", "layer") if key in told]
                if EDGES[0] in told:
                    said[0] = in_time(str(said[0]), *(float(told[edge]) for edge in EDGES))
                titles.append(" · ".join(map(str, said)) + f"\n{distance_title(name)}")
                rdms.append(rdm)
    if not rdms:
        raise IsomorphError(f"plot: no RDM{f' of {region}' if region else ''} to draw")
    return draw_matrices(square(np.stack(rdms[:MOST])), titles, "dissimilarity")

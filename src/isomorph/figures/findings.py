"""What each figure finds, in one sentence: for people who do not see it.

Every function takes the rows that its figure draws.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from isomorph.figures import depth, main_rows
from isomorph.figures.main_rows import Bounds, Family, MainRows
from isomorph.figures.reliability_curves import UnitReliability
from isomorph.figures.style import short_titles
from isomorph.figures.time_map import CORRECTED
from isomorph.figures.timecourse import course_of
from isomorph.measures.tied import rankdata
from isomorph.numerals import interval, listed, number, percent
from isomorph.responses.times import EDGES
from isomorph.saying import count
from isomorph.study.windows import in_milliseconds

Row = Mapping[Any, Any]


def profile(
    points: pd.DataFrame,
    scores: pd.DataFrame,
    families: Sequence[Family],
    bounds: Bounds | str | None,
    region: str,
) -> str:
    """Say which layer of which model is highest, and where that is against ceiling and baselines.

    Parameters
    ----------
    points, scores : DataFrame
        See `isomorph.figures.depth.layer_points` and `score_points`.
    families : sequence of Family
    bounds : Bounds or str or None
        The noise ceiling, or why there is none; None where none is drawn.
    region : str
    """
    titles = short_titles(families)
    known = scores[(scores["shown"] == "held-out score") & (scores["kind"] == "trained")]
    if known.empty:
        known = points[points["kind"] == "trained"]
    if known.empty:
        known = _held_out(scores) if len(scores) else points
    top = main_rows.highest(known)
    what = "" if top["shown"] == "layer" else f", with a {top['shown']} of"
    text = (
        f"{titles[top['family']]} peaks in {region} at {top['layer']}{what} "
        f"{number(top['estimate'])}{_interval(top)}"
    )
    if bounds is not None:
        text += f", {against(float(top['estimate']), bounds)}"
    best = depth.best_baseline(scores)
    if best and top["kind"] != "baseline":
        score = float(best["estimate"])
        side = "higher" if float(top["estimate"]) > score else "not higher"
        chosen = "" if best["shown"] == "held-out score" else " at its best layer"
        name = f"{titles[best['family']]}{chosen}"
        text += f", {side} than the best baseline ({name}, {number(score)})"
    return text + "."


def _held_out(scores: pd.DataFrame) -> pd.DataFrame:
    """Return the scores on held-out stimuli; where there are none, the highest estimates."""
    known = scores[scores["shown"] == "held-out score"]
    return known if len(known) else scores


def _interval(row: Row) -> str:
    said = interval(float(row["interval_low"]), float(row["interval_high"]))
    return f" {said}" if said.startswith("[") else ""


def against(value: float, bounds: Bounds | str) -> str:
    """Say where a value is against the noise ceiling.

    Examples
    --------
    >>> against(0.28, Bounds(0.37, 0.67)), against(0.5, "one subject")
    ('below the noise ceiling of .37 to .67', 'the noise ceiling being undefined')
    """
    if isinstance(bounds, str):
        return "the noise ceiling being undefined"
    where = "below" if value < bounds.low else "above" if value > bounds.high else "within"
    return f"{where} the noise ceiling of {bounds.words}"


def rdms(left: np.ndarray, right: np.ndarray, region: str, layer: str, n: int) -> str:
    """Say how far two RDMs order the pairs of stimuli alike."""
    rank = float(np.corrcoef(rankdata(left), rankdata(right))[0, 1])
    said = f"a rank correlation of {number(rank)}" if np.isfinite(rank) else "no rank correlation"
    return f"Over the pairs of {n} stimuli the RDMs of {region} and {layer} have {said}."


def stimulus_map(table: pd.DataFrame, region: str, layer: str) -> str:
    """Say how often the nearest stimulus in each panel is of the same category.

    Parameters
    ----------
    table : DataFrame
        See `isomorph.figures.stimulus_map.stimulus_map_rows`.
    region, layer : str
    """
    shares = [_nearest_alike(table, of) for of in ("region", "layer")]
    if None in shares:
        return f"{count(len(table), 'stimulus', 'stimuli')} as points, for {region} and {layer}."
    first, second = (percent(float(str(share))) for share in shares)
    return (
        f"In the plane, the nearest neighbour is of the same category for {first} of the stimuli "
        f"in {region} and {second} in {layer}."
    )


def _nearest_alike(table: pd.DataFrame, of: str) -> float | None:
    category = table["category"].to_numpy()
    if not category.astype(bool).all():
        return None
    xy = table[[f"{of}_1", f"{of}_2"]].to_numpy(float)
    apart = np.hypot(*(xy[:, None] - xy[None]).T)
    np.fill_diagonal(apart, np.inf)
    return float((category[apart.argmin(axis=0)] == category).mean())


def overview(points: pd.DataFrame, families: Sequence[Family]) -> str:
    """Say which model is highest in each region.

    Parameters
    ----------
    points : DataFrame
        See `isomorph.figures.overview.overview_points`.
    families : sequence of Family
    """
    titles = short_titles(families)
    found: dict[str, list[str]] = {}
    for region, own in points.groupby("region", sort=False):
        mean = _held_out(own).groupby("family", sort=False)["estimate"].mean()
        best = str(mean.idxmax())
        found.setdefault(titles[best], []).append(f"{region} ({number(float(mean[best]))})")
    return "Highest: " + "; ".join(f"{name} in {listed(of)}" for name, of in found.items()) + "."


def timecourse(shown: MainRows, families: Sequence[Family]) -> str:
    """Say when which model is highest."""
    titles, found = short_titles(families), []
    for family in families:
        if shown.rows["model"].isin(family.instances).any():
            top = main_rows.highest(course_of(shown.rows, family))
            found.append((float(top["estimate"]), titles[family.name], top))
    value, name, top = max(found, key=lambda one: one[0])
    when = in_milliseconds(*(float(top[edge]) for edge in EDGES))
    return f"{name} is highest in {shown.region} at {when} after onset: {number(value)}."


def time_map(cells: pd.DataFrame, families: Sequence[Family], region: str) -> str:
    """Say where in time and layers a model is highest, and how much of its map is above chance.

    Parameters
    ----------
    cells : DataFrame
        See `isomorph.figures.time_map.map_cells`.
    families : sequence of Family
    region : str
    """
    titles, said = short_titles(families), []
    for name, own in cells.groupby("family", sort=False):
        top = main_rows.highest(own)
        when = in_milliseconds(*(float(top[edge]) for edge in EDGES))
        text = (
            f"{titles[str(name)]} is highest in {region} at {when} after onset in {top['layer']}, "
            f"{number(float(top['estimate']))}"
        )
        if own[CORRECTED].notna().any():
            sure = own[own[CORRECTED] < main_rows.SIGNIFICANT]
            text += f"; {len(sure) or 'none'} of {len(own)} cells above chance"
            if len(sure):
                span = float(sure[EDGES[0]].min()), float(sure[EDGES[1]].max())
                text += f", within {in_milliseconds(*span)}"
            text += _latencies(own)
        said.append(f"{text}.")
    return " ".join(said)


def _latencies(own: pd.DataFrame) -> str:
    """Say when the first and the last layer above chance are highest."""
    peaks = own.dropna(subset="peak_time").drop_duplicates("layer")
    if len(peaks) < 2:
        return ""
    (first, early), (last, late) = (
        (str(peaks["layer"].iloc[at]), 1000 * float(peaks["peak_time"].iloc[at])) for at in (0, -1)
    )
    return f"; {first} peaks at {early:.0f} ms and {last} at {late:.0f} ms"


def map_of(
    owners: Sequence[tuple[str, str]], squared: np.ndarray, titles: Mapping[str, str]
) -> str:
    """Say which layer is nearest to each region of a map.

    Parameters
    ----------
    owners : sequence of (str, str)
        Model instance and layer; no instance and the region.
    squared : array of shape (owner, owner)
    titles : mapping of str to str
        Of model instances.
    """
    layers = [at for at, (model, _) in enumerate(owners) if model]
    said = []
    for at, (model, region) in enumerate(owners):
        if not model and layers:
            name, layer = owners[layers[int(squared[at, layers].argmin())]]
            said.append(f"{titles.get(name, name)}: {layer} to {region}")
    return f"Nearest before the reduction to two dimensions: {listed(said)}." if said else ""


def best_by_region(
    rows: pd.DataFrame, titles: Mapping[str, str], what: str, value: str = "estimate"
) -> str:
    """Say which model is highest in each region.

    Parameters
    ----------
    rows : DataFrame
        Rows with `model` and a value.
    titles : mapping of str to str
        Of model instances.
    what : str
        Of what it is the highest.
    value : str, optional
        The column.
    """
    said = []
    for region in main_rows.regions(rows):
        own = main_rows.rows_of(rows, region)
        own = own[np.isfinite(own[value].astype(float))]
        if len(own):
            top = main_rows.highest(own, value)
            name = titles.get(str(top["model"]), str(top["model"])) or "all models"
            said.append(f"{name} in {region} ({number(float(top[value]))})")
    return f"Highest {what}: {listed(said)}." if said else f"No {what} is known."


def partition(rows: pd.DataFrame, titles: Mapping[str, str]) -> str:
    """Say what all models explain together and which explains most that no other does."""
    said = []
    for region in main_rows.regions(rows):
        own = main_rows.rows_of(rows, region)
        whole = own[own["kind"] == "total"]["variance"]
        unique = own[own["kind"] == "unique"]
        if len(whole) and len(unique):
            top = main_rows.highest(unique, "variance")
            said.append(
                f"in {region} all models explain {percent(float(whole.iloc[0]))} of the variance, "
                f"of which {percent(float(top['variance']))} is explained by "
                f"{titles.get(str(top['part']), str(top['part']))} and by no other"
            )
    text = "; ".join(said)
    return text[:1].upper() + text[1:] + "."


def models(rows: pd.DataFrame, titles: Mapping[str, str]) -> str:
    """Say which two models are most alike."""
    known = rows[rows["status"] == "ok"]
    top = main_rows.highest(known, "similarity")
    pair = listed([titles.get(str(top[end]), str(top[end])) for end in ("model_a", "model_b")])
    return f"Most alike of all models are {pair} ({number(float(top['similarity']))})."


def reliability(told: Sequence[UnitReliability]) -> str:
    """Say what the median reliability of the units of each region is."""
    each = [f"{number(float(np.median(one.units)))} in {one.region}" for one in told]
    return f"The median reliability of units is {listed(each)}."


def confusion(rows: pd.DataFrame, titles: Mapping[str, str], region: str) -> str:
    """Say how often the planted layer is found."""
    rows = rows[rows["planted_model"] != ""]
    hit = (rows["planted_model"] == rows["found_model"]) & (
        rows["planted_layer"] == rows["found_layer"]
    )
    names = rows["planted_model"].astype(str) + ": " + rows["planted_layer"].astype(str)
    share = rows["count"].astype(float) / rows["n_simulations"].astype(float)
    found = share.where(hit, 0.0).groupby(names, sort=False).sum()
    model, _, layer = str(found.index[int(found.to_numpy().argmin())]).partition(": ")
    return (
        f"In {region} the planted layer is found in {percent(float(found.mean()))} of simulations "
        f"on average, least often {titles.get(model, model)}: {layer} "
        f"({percent(float(found.min()))})."
    )


def power(rows: pd.DataFrame, region: str) -> str:
    """Say how often planted layers are found with all the data and with the least."""
    rate = rows.groupby(["n_stimuli", "n_subjects"])["recovery_exact"].mean()
    (few, people), (many, all_people) = rate.index[0], rate.index[-1]
    return (
        f"In {region} planted layers are found in {percent(float(rate.iloc[-1]))} of simulations "
        f"with {many:g} stimuli and {count(int(all_people), 'subject')}, in "
        f"{percent(float(rate.iloc[0]))} with {few:g} and {people:g}."
    )


def multiverse(winners: pd.DataFrame, titles: Mapping[str, str], region: str) -> str:
    """Say which model is highest under how many settings."""
    counts = winners["winner"].value_counts()
    first = str(counts.index[0])
    sure = int((winners["told_apart"] == "yes").sum())
    return (
        f"{titles.get(first, first)} scores highest in {region} under {counts.iloc[0]} of "
        f"{count(len(winners), 'setting')}; {sure} of the highest scores differ significantly from "
        "the second (corrected p < .05)."
    )

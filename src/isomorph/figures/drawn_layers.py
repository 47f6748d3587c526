"""Figures of the comparisons of one dataset: regions against layers, their RDMs, time and maps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from isomorph.figures import depth, findings, main_rows, time_map, timecourse
from isomorph.figures.categories import category_column
from isomorph.figures.drawable import Drawable, Drawing, facts_of
from isomorph.figures.geometry import layer_rdms, region_means
from isomorph.figures.map import draw_places, map_rows, places_of_rdms, places_of_representations
from isomorph.figures.overview import draw_overview, overview_points
from isomorph.figures.profile import draw_profile, profile_points
from isomorph.figures.rdm_pair import draw_rdm_pair, rdm_pair_rows
from isomorph.figures.stimulus_map import draw_stimulus_map, stimulus_map_rows
from isomorph.figures.titles import correction, distance_title, measure_label, measure_title
from isomorph.measures import FEATURES

FEWEST_POINTS = 6
"""Stimuli that make a map of stimuli."""


def profiles(data: Drawable) -> Iterator[Drawing]:
    """Draw the profile of every region."""
    families = data.results.families
    for shown in data.results.shown:
        bounds = main_rows.ceiling(shown.rows)
        above = (
            f"The noise ceiling is undefined: {bounds}."
            if isinstance(bounds, str)
            else "The grey band is the noise ceiling, from the lower to the upper bound."
            if bounds.estimate is None
            else f"The grey band is the {data.results.coverage} interval of the noise ceiling."
        )
        label, held_out = measure_label(shown.measure), data.results.held_out(shown)
        points, scores = profile_points(shown.rows, families, held_out)
        figure = draw_profile(shown.rows, families, label=label, scores=held_out)
        facts = facts_of(
            data, shown.rows, region=shown.region, ceiling=above, layers=_layers_told(points),
            scores=_scores_told(scores, len(depth.groups(families, set(points["model"]))) > 1),
            above=_above_chance(points, families, correction(shown.rows)),
        )  # fmt: skip
        yield Drawing(
            "profile", figure, facts, depth.drawn_rows(points, scores, shown.region),
            findings.profile(points, scores, families, bounds, shown.region), shown.region,
        )  # fmt: skip


def _layers_told(points: pd.DataFrame) -> str:
    """Say how layers are drawn, as the caption of a profile does."""
    if (points["kind"] == "baseline").all():
        return "Each layer with its interval: none of the models is a network, which has a depth."
    controls = " Dashed: untrained controls, of several seeds their mean." if (
        points["kind"] == "untrained").any() else ""  # fmt: skip
    several = points.loc[points["kind"] == "trained", "family"].nunique() > 1
    along = "along relative depth, so that networks share one axis" if several else "by name"
    return f"Left: layers {along}; full lines are trained networks.{controls}"


def _scores_told(scores: pd.DataFrame, several: bool) -> str:
    """Say what the right panel of a profile shows; nothing where there is none."""
    if scores.empty:
        return ""
    baselines = " The dotted line is the best baseline." if (
        scores["kind"] == "baseline").any() else ""  # fmt: skip
    if not (scores["shown"] == "held-out score").any():
        return f" Right: baselines at their best layer.{baselines}"
    beside = (
        "; a small open marker beside a network is its untrained control"
        if several and (scores["kind"] == "untrained").any()
        else ""
    )
    return (
        " Right, the main result: every model at the layer chosen on other stimuli and scored on "
        "those held out, of several seeds a tick for each; the grey tick is the highest estimate "
        f"on the same data, which favours models of many layers{beside}.{baselines}"
    )


def _above_chance(points: pd.DataFrame, families: Sequence[main_rows.Family], how: str) -> str:
    """Say how many layers differ from chance, which the figure does not show.

    With many layers and stimuli every p is at its floor: what tells layers apart is where their
    intervals are, so dots are filled by the confidence set instead.
    """
    networks = points[points["kind"] == "trained"]
    rows = networks if len(networks) else points
    if not len(rows) or not np.isfinite(rows["p_corrected"].astype(float)).any():
        return ""
    n, sure = len(rows), int(main_rows.significant(rows).sum())
    whose = " of trained networks" if len(networks) else ""
    told = "1 differs" if sure == 1 else f"{'all' if sure == n else sure or 'none'} differ"
    return (
        f" Of {n} layers{whose}, {told} from chance "
        f"(p\N{NO-BREAK SPACE}<\N{NO-BREAK SPACE}.05 after {how})."
    )


@dataclass(frozen=True)
class _Pair:
    """A region's mean RDM beside that of its best layer."""

    shown: main_rows.MainRows
    left: np.ndarray
    right: np.ndarray
    titles: tuple[str, str]
    facts: Mapping[str, Any]


def _best_pairs(data: Drawable) -> Iterator[_Pair]:
    """Yield the RDM of each region with that of its best layer, where both are known."""
    results, stimuli = data.results, list(data.stimuli["stimulus"])
    for shown in results.shown:
        best = main_rows.best_row(shown, results.families)
        means = region_means(data.brain, shown.distance, stimuli)
        if best is None or best["model"] not in data.models or shown.region not in means:
            continue
        layers = layer_rdms(data.models[best["model"]], shown.distance, stimuli)
        if best["layer"] not in layers:
            continue
        family = results.family(best["model"])
        trained = family is not None and family.kind == "trained"
        mean, n = means[shown.region]
        subjects = f"mean of {n} subjects" if n > 1 else "one RDM"
        title = family.title if family else best["model"]
        titles = (f"{shown.region}, {subjects}", f"{title}: {best['layer']}")
        column = category_column(data.stimuli)
        facts = facts_of(
            data, shown.rows, region=shown.region, n=len(stimuli),
            models="a trained network" if trained else "all models (none is a trained network)",
            thumbnails="; thumbnails are staggered"
            if len(data.images) and not results.simulated else "",
            order=f"in the order of their {column}, in brackets" if column
            else "in the order of the stimulus table",
            marks="as their thumbnails" if len(data.images) and not column
            else f"by {column}, in colour and form" if column else "as dots",
        )  # fmt: skip
        yield _Pair(shown, mean, layers[best["layer"]], titles, facts)


def pairs(data: Drawable) -> Iterator[Drawing]:
    """Draw the RDM of every region beside that of its best layer."""
    for one in _best_pairs(data):
        images = () if data.results.simulated else data.images  # seen beside what was measured
        figure = draw_rdm_pair(one.left, one.right, one.titles, data.stimuli, images)
        n, region = len(data.stimuli), one.shown.region
        found = findings.rdms(one.left, one.right, region, one.titles[1], n)
        rows = rdm_pair_rows(one.left, one.right, data.stimuli)
        yield Drawing("rdms", figure, one.facts, rows, found, region)


def stimulus_maps(data: Drawable) -> Iterator[Drawing]:
    """Draw the same two RDMs as maps of the stimuli."""
    if len(data.stimuli) < FEWEST_POINTS:
        return
    for one in _best_pairs(data):
        if not all(np.ptp(pairs) > 0 for pairs in (one.left, one.right)):
            continue
        pair, region = (one.left, one.right), one.shown.region
        figure = draw_stimulus_map(*pair, one.titles, data.stimuli, data.images)
        rows = stimulus_map_rows(*pair, data.stimuli)
        found = findings.stimulus_map(rows, region, one.titles[1])
        yield Drawing("stimuli", figure, one.facts, rows, found, region)


def overviews(data: Drawable) -> Iterator[Drawing]:
    """Draw every model against every region, where there are several models."""
    if not (panels := data.results.shown):
        return
    scores = {shown.region: data.results.held_out(shown) for shown in panels}
    rows = overview_points(panels, data.results.families, scores)
    if rows["family"].nunique() < 2:
        return  # one model is compared with none
    labels = [measure_label(shown.measure) for shown in panels]
    figure = draw_overview(panels, data.results.families, labels=labels, scores=scores)
    highest = (rows["shown"] != "held-out score").any()
    otherwise = (
        "; those without such a score at their best layer on the same data" if highest else ""
    )
    facts = facts_of(data, panels[0].rows, otherwise=otherwise)
    yield Drawing("overview", figure, facts, rows, findings.overview(rows, data.results.families))


def timecourses(data: Drawable) -> Iterator[Drawing]:
    """Draw regions recorded in several windows over time."""
    for shown in timecourse.courses(data.results.table("comparisons"), data.results.shown):
        clusters = (
            f" Bars below: clusters of windows with p < {main_rows.SIGNIFICANT:g} by permutation "
            "of stimuli, corrected over windows."
            if timecourse.CLUSTER in shown.rows and shown.rows[timecourse.CLUSTER].notna().any()
            else ""
        )
        label = measure_label(shown.measure)
        figure = timecourse.draw_timecourse(shown.rows, data.results.families, label=label)
        facts = facts_of(data, shown.rows, region=shown.region, clusters=clusters)
        found = findings.timecourse(shown, data.results.families)
        rows = timecourse.course_rows(shown.rows, data.results.families)
        yield Drawing("timecourse", figure, facts, rows, found, shown.region)


def time_maps(data: Drawable) -> Iterator[Drawing]:
    """Draw every time bin of a region against every layer of the models that have several."""
    families = data.results.families
    for shown in timecourse.courses(data.results.table("comparisons"), data.results.shown):
        cells = time_map.map_cells(shown.rows, families)
        if cells.empty:
            continue
        figure = time_map.draw_time_map(cells, families, label=measure_label(shown.measure))
        tested = bool(cells[time_map.CORRECTED].notna().any())
        facts = facts_of(data, shown.rows, region=shown.region, tested=_map_told(tested))
        cells.insert(0, "region", shown.region)
        found = findings.time_map(cells, families, shown.region)
        yield Drawing("time_map", figure, facts, cells, found, shown.region)


def _map_told(tested: bool) -> str:
    """Say how cells of a map of time and layers were tested."""
    if not tested:
        return "No cell was tested, for no stimuli were shuffled."
    return (
        f"Lines enclose cells with p < {main_rows.SIGNIFICANT:g} by permutation of stimuli, "
        "corrected by the largest value anywhere in the map of a model; circles: when each layer "
        "with such a cell is highest."
    )


def similarities(data: Drawable, distance: str) -> tuple[xr.Dataset, str] | None:
    """Return every similarity of a dataset and the measure its map is drawn by, if any fits.

    It is the first under which everything has similarity 1 with itself, Pearson's before others.
    """
    known = data.representations
    if known is None or known.attrs["distance"] != distance:
        return None
    itself = np.diagonal(known["similarity"].values, axis1=1, axis2=2)
    measures = known["measure"].values.astype(str)
    fit = [str(name) for name, own in zip(measures, itself, strict=True) if np.allclose(own, 1)]
    return (known, min(fit, key=lambda name: name != "pearson")) if fit else None


def maps(data: Drawable) -> Iterator[Drawing]:
    """Draw regions and layers on one map."""
    stimuli = [str(name) for name in data.brain["stimulus"].values]
    if not data.results.shown or len(stimuli) < 3:
        return
    # Where a region's main rows compare features, the map is that of the study's first RDMs.
    drawn = [one.distance for one in data.results.shown if one.distance != FEATURES]
    distance = next(iter([*drawn, *data.results.study.spec.distances]))
    families = data.results.families
    if known := similarities(data, distance):
        owners, squared = places_of_representations(*known)
        how, pooled = measure_title(known[1]), "pooled over subjects"
    else:
        layers = {name: layer_rdms(rdms, distance, stimuli) for name, rdms in data.models.items()}
        means = region_means(data.brain, distance, stimuli)
        of_regions = {name: mean for name, (mean, _) in means.items()}
        every = [*of_regions.values(), *(rdm for one in layers.values() for rdm in one.values())]
        if sum(bool(np.ptp(rdm) > 0) for rdm in every) < 3:
            return
        owners, squared = places_of_rdms(of_regions, layers)
        how, pooled = "Pearson correlation", "group means"
    facts = facts_of(data, data.results.shown[0].rows, similarity=how, pooled=pooled,
                   distance=distance_title(distance))  # fmt: skip
    figure = draw_places(owners, squared, families)
    found = findings.map_of(owners, squared, data.results.titles)
    yield Drawing("map", figure, facts, map_rows(owners, squared), found)

"""Every table of a comparison, from one analysis: what stage and library share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import Any

import pandas as pd
from numpy.typing import NDArray

from isomorph.errors import IsomorphError
from isomorph.inference.agreement import agreement
from isomorph.inference.analysis import Analysis
from isomorph.inference.comparisons import Compared, compare
from isomorph.inference.families import Hypotheses, answered
from isomorph.inference.featured import (
    NO_HALVES,
    candidates_of_features,
    lacking,
    regions_of_features,
    takes_features,
)
from isomorph.inference.gather import Candidates, Region, candidates_of, regions_of
from isomorph.inference.groups import group_count
from isomorph.inference.many_stimuli import NO_PAIRS
from isomorph.inference.on_axes import marked
from isomorph.inference.region_pairs import compare_regions
from isomorph.inference.setting import Draws
from isomorph.inference.waiting import long_wait
from isomorph.measures import FEATURES, MEASURES, Measure

APART = "a stimulus would be predicted from others of its group"


def comparison_tables(analysis: Analysis) -> tuple[dict[str, pd.DataFrame], list[str]]:
    """Compare every region with every layer, and with every other region.

    Parameters
    ----------
    analysis : Analysis

    Returns
    -------
    tables : dict of str to DataFrame
        `comparisons`, `regions`, `preferences`, `subjects`, `selection`, `layers_in_set`,
        `differences`, `contrasts`, `agreement`; p-values are corrected over their families.
    not_applicable : list of str
        Measures of distances that do not go together, or of which there is no RDM.

    Raises
    ------
    IsomorphError
        When nothing can be compared.
    """
    draws, inference = analysis.draws(), analysis.inference
    found = Compared()
    made = _of_rdms if analysis.many is None else _of_many
    pairs, not_applicable = made(analysis, draws, found)
    if not found.comparisons:
        raise IsomorphError(
            f"{analysis.dataset or 'compare'}: nothing to compare, none of "
            f"{', '.join(not_applicable)} applies"
        )
    tables = {
        "comparisons": answered(found.comparisons, inference),
        "regions": answered(pairs, inference),
        "preferences": answered(found.preferences, inference),
        "subjects": pd.concat(found.subjects, ignore_index=True),
        "selection": pd.DataFrame(found.selection),
        "layers_in_set": pd.DataFrame(found.layers_in_set),
        "differences": answered(found.differences, inference),
        "contrasts": answered(found.contrasts, inference),
    }
    owners = {name: one.name for one in analysis.families for name in one.instances}
    tables = marked(tables, analysis.along)
    return {**tables, "agreement": agreement(tables, owners)}, not_applicable


def _of_rdms(
    analysis: Analysis, draws: Draws, found: Compared
) -> tuple[list[Hypotheses], list[str]]:
    """Add what RDMs and features say; return pairs of regions, and what does not go together."""
    pairs, not_applicable = list[Hypotheses](), list[str]()
    done = set[tuple[str, str]]()
    for distance, name in asked(analysis):
        measure = MEASURES[name]
        why, _ = lacking(analysis.features, analysis.labels, measure, distance)
        why = why or _torn(analysis, measure)
        regions = [] if why else regions_asked(analysis, measure, distance)
        if not regions or not measure.accepts(distance):
            not_applicable.append(f"{name} of {distance}" + (f": {why}" if why else ""))
            continue
        analysis.said(f"{name} of {distance}")
        candidates = _candidates(analysis, measure, distance)
        setting = analysis.setting(distance, name)
        own = analysis.draws_of(draws, regions)
        if wait := long_wait(regions, candidates, measure, own):
            analysis.waits(f"{name} of {distance}: {wait}")
        compare(regions, candidates, analysis.families, own, setting, found)
        if distance != FEATURES:
            # Two names may stand for one distance of regions, which have no other between them.
            if (setting.of_brain, name) not in done:
                pairs += compare_regions(regions, draws, setting)
            done.add((setting.of_brain, name))
        elif len({region.name for region in regions}) > 1:
            not_applicable.append(f"{name} of two regions: {NO_HALVES}")
    return pairs, not_applicable


def _of_many(
    analysis: Analysis, draws: Draws, found: Compared
) -> tuple[list[Hypotheses], list[str]]:
    """Add what is found without RDMs, all measures of a distance together."""
    assert analysis.many is not None, "or there are RDMs"
    not_applicable = []
    for distance in analysis.distances:
        able = [name for name in analysis.measures if MEASURES[name].accepts(distance)]
        for name in analysis.measures:
            if name not in able:
                not_applicable.append(f"{name} of {distance}")
            elif len(analysis.many.brain) > 1:
                not_applicable.append(f"{name} of two regions under {distance}: {NO_PAIRS}")
        if not able:
            continue
        analysis.said(f"{', '.join(able)} of {distance}")
        regions, candidates, measures = analysis.many.compared(distance, able, analysis.groups)
        own = analysis.draws_of(draws, regions)
        for measure in measures:
            setting = replace(analysis.setting(distance, measure.name), measure=measure)
            compare(regions, candidates, analysis.families, own, setting, found)
    return [], not_applicable


def asked(analysis: Analysis) -> Iterator[tuple[str, str]]:
    """Yield distances and measures: RDMs of each distance, then features in place of one."""
    of_features = [name for name in analysis.measures if takes_features(MEASURES[name])]
    of_rdms = [name for name in analysis.measures if name not in of_features]
    yield from product(analysis.distances, of_rdms)
    yield from product([FEATURES], of_features)


def regions_asked(analysis: Analysis, measure: Measure, distance: str) -> list[Region]:
    """Return the regions by their RDMs of a distance, or by their features."""
    if distance == FEATURES:
        assert analysis.features is not None, "or it would be lacking"
        found = regions_of_features(analysis.features, measure)
    else:
        found = regions_of(analysis.brain, distance)
    for fact, values in _of_stimuli(analysis, measure).items():
        found = [one.told(fact, values) for one in found]
    return found


def _candidates(analysis: Analysis, measure: Measure, distance: str) -> Candidates:
    if distance == FEATURES:
        assert analysis.features is not None, "or it would be lacking"
        found = candidates_of_features(analysis.features, measure)
    else:
        found = candidates_of(analysis.models, distance)
    for fact, values in _of_stimuli(analysis, measure).items():
        found = found.told(fact, values)
    return found


def _of_stimuli(analysis: Analysis, measure: Measure) -> dict[str, NDArray[Any]]:
    """Return what a measure must know of the stimuli, by name."""
    facts: dict[str, NDArray[Any]] = {}
    if "labels" in measure.needs and analysis.labels is not None:
        facts["labels"] = analysis.labels
    if measure.holds_out and _is_grouped(analysis):
        facts["groups"] = analysis.groups
        if analysis.along is not None and analysis.along.margins is not None:
            facts["margins"] = analysis.along.margins
    return facts


def _is_grouped(analysis: Analysis) -> bool:
    return group_count(analysis.groups) < len(analysis.groups)


def _torn(analysis: Analysis, measure: Measure) -> str:
    """Return why a measure cannot be had of stimuli in groups; empty where it can."""
    return APART if measure.holds_out == "stimuli" and _is_grouped(analysis) else ""

"""Every table of a comparison, from one analysis: what stage and library share."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import pandas as pd

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
from isomorph.inference.region_pairs import compare_regions
from isomorph.inference.waiting import long_wait
from isomorph.measures import FEATURES, MEASURES, Measure
from isomorph.rdms.distances import of_layers


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
    found, pairs = Compared(), list[Hypotheses]()
    not_applicable = []
    for distance, name in asked(analysis):
        measure = MEASURES[name]
        why, _ = lacking(analysis.features, analysis.labels, measure, distance)
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
            pairs += compare_regions(regions, draws, setting)
        elif len({region.name for region in regions}) > 1:
            not_applicable.append(f"{name} of two regions: {NO_HALVES}")
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
    return {**tables, "agreement": agreement(tables, owners)}, not_applicable


def asked(analysis: Analysis) -> Iterator[tuple[str, str]]:
    """Yield distances and measures: RDMs of each distance, then features in place of one."""
    of_features = [name for name in analysis.measures if takes_features(MEASURES[name])]
    of_rdms = [name for name in analysis.measures if name not in of_features]
    yield from product(analysis.distances, of_rdms)
    yield from product([FEATURES], of_features)


def regions_asked(analysis: Analysis, measure: Measure, distance: str) -> list[Region]:
    """Return the regions by their RDMs of a distance, or by their features."""
    if distance != FEATURES:
        found = regions_of(analysis.brain, distance)
        if "labels" not in measure.needs or analysis.labels is None:
            return found
        return [one.labelled(analysis.labels) for one in found]
    assert analysis.features is not None, "or it would be lacking"
    return regions_of_features(analysis.features, measure, analysis.labels)


def _candidates(analysis: Analysis, measure: Measure, distance: str) -> Candidates:
    if distance != FEATURES:
        found = candidates_of(analysis.models, of_layers(distance))
        if "labels" not in measure.needs or analysis.labels is None:
            return found
        return found.labelled(analysis.labels)
    assert analysis.features is not None, "or it would be lacking"
    return candidates_of_features(analysis.features, measure, analysis.labels)

"""Every table of a comparison, from one analysis: what stage and library share."""

from __future__ import annotations

from itertools import product

import pandas as pd

from isomorph.errors import IsomorphError
from isomorph.inference.agreement import agreement
from isomorph.inference.analysis import Analysis
from isomorph.inference.comparisons import Compared, compare
from isomorph.inference.families import Hypotheses, answered
from isomorph.inference.gather import candidates_of, regions_of
from isomorph.inference.region_pairs import compare_regions
from isomorph.measures import MEASURES
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
    for distance, name in product(analysis.distances, analysis.measures):
        regions = regions_of(analysis.brain, distance)
        if not regions or not MEASURES[name].accepts(distance):
            not_applicable.append(f"{name} of {distance}")
            continue
        analysis.said(f"{name} of {distance}")
        candidates = candidates_of(analysis.models, of_layers(distance))
        setting = analysis.setting(distance, name)
        compare(regions, candidates, analysis.families, draws, setting, found)
        pairs += compare_regions(regions, draws, setting)
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

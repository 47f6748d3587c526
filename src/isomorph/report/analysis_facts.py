"""What the page says of the analysis: the facts that its templates put into words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isfinite
from typing import Any

from isomorph.figures.dataset_results import DatasetResults
from isomorph.figures.titles import CORRECTIONS, distance_title
from isomorph.inference.featured import of_rdms_alone
from isomorph.inference.marked_rows import BLOCKS_DRAWN
from isomorph.measures import MEASURES
from isomorph.rdms.distances import DISTANCES
from isomorph.report.described import by_family, takes_features
from isomorph.report.explained import replaced
from isomorph.study import StudySpec
from isomorph.study.pairs import both

SOURCES = {
    "fdr_bh": "Benjamini & Hochberg 1995, https://doi.org/10.1111/j.2517-6161.1995.tb02031.x",
    "fdr_by": "Benjamini & Yekutieli 2001, https://doi.org/10.1214/aos/1013699998",
    "bonferroni": "Bonferroni 1936",
    "holm": "Holm 1979",
    "max_t": "Westfall & Young 1993; Nichols & Holmes 2002, https://doi.org/10.1002/hbm.1058",
}
"""Where each correction comes from."""

FAMILIES = {
    "region": "all tests of a table in its region under the same distance and measure",
    "dataset": "all tests of a table in its dataset under the same distance and measure",
    "settings": "all tests of a table in its dataset under every distance and measure",
}
"""What is corrected together, in words."""

SIDES = {"one": "one-sided", "two": "two-sided"}


def analysis(study: StudySpec, found: Sequence[DatasetResults]) -> dict[str, Any]:
    """Return the facts of the analysis: its settings in words, and which steps were taken."""
    inference = study.inference
    measures = [MEASURES[name] for name in study.measures if name in MEASURES]
    return {
        "study": study,
        "sides": SIDES[inference.sides],
        "family": FAMILIES[inference.family],
        "correction": CORRECTIONS.get(inference.correction, inference.correction),
        "correction_source": SOURCES.get(inference.correction, "no source recorded"),
        "tables": {kind for one in found for kind, table in one.tables.items() if len(table)},
        "clusters": any(_clusters(results) for results in found),
        "families": by_family(measures),
        "features": [one.title for one in measures if takes_features(one)],
        "replaced": replaced(study.measures),
        "costly": [one.title for one in measures if one.costly],
        "shuffled_anew": [one.title for one in measures if one.shuffled_anew and one.sees_stimuli],
        "by_moments": [one.title for one in measures if one.embed is not None],
        "unshuffled": [one.title for one in measures if not one.sees_stimuli],
        "unsimulated": [one.title for one in measures if not of_rdms_alone(one)],
        "distances": [_with_source(name) for name in study.distances],
        "followed": list(_followed(found)),
        "ranges": list(_ranges(study.distances)),
    }


def _followed(found: Sequence[DatasetResults]) -> Iterator[str]:
    """Yield, of each dataset whose stimuli follow one another, what its tests did to their order.

    Rows whose scheme is over blocks of stimuli are of such; their notes say how they were tested.
    """
    for results in found:
        table = results.table("comparisons")
        if not {"scheme", "p_note"} <= set(table):
            continue
        scheme = table["scheme"].fillna("").astype(str)
        own = table[scheme.str.startswith(BLOCKS_DRAWN)]
        if own.empty:
            continue
        notes = own.loc[own["p"].notna(), "p_note"].fillna("").astype(str)
        orders = list(dict.fromkeys(note.split(";")[0] for note in notes if note))
        yield f"{results.dataset}: {', '.join(orders) if orders else 'no test'}"


def _with_source(distance: str) -> str:
    sources = (DISTANCES[one].citation for one in _each([distance]) if one in DISTANCES)
    source = "; ".join(dict.fromkeys(one for one in sources if one))
    return distance_title(distance) + (f" ({source})" if source else "")


def _each(names: Sequence[str]) -> list[str]:
    """Return distances one by one, of two both."""
    return list(dict.fromkeys(one for name in names for one in both(name)))


def _clusters(results: DatasetResults) -> bool:
    """Tell whether some region was tested in several windows."""
    table = results.tables["comparisons"]
    return "p_cluster" in table and bool(table["p_cluster"].notna().any())


def _ranges(names: Sequence[str]) -> Iterator[tuple[str, str, str, str]]:
    """Yield of each distance what it is called, its unit, between which values, and its misuse."""
    for distance in (DISTANCES[name] for name in _each(names) if name in DISTANCES):
        low, high = distance.range
        ends = f"from {low:g} to {high:g}" if isfinite(high) else f"from {low:g} upwards"
        either = "of either sign, as noise can take it below 0"
        yield distance.title, distance.units, ends if isfinite(low) else either, distance.avoid

"""Names of measures, distances and corrections as people read them."""

from __future__ import annotations

import pandas as pd

from isomorph.measures import MEASURES
from isomorph.rdms.distances import DISTANCES

CORRECTIONS = {
    "fdr_bh": "false discovery rate correction (Benjamini-Hochberg)",
    "fdr_by": "false discovery rate correction (Benjamini-Yekutieli)",
    "bonferroni": "Bonferroni correction",
    "holm": "Holm correction",
    "max_t": "correction by the largest statistic (max-T)",
}


def measure_title(name: str) -> str:
    """Return a measure's name for people; a name no registry knows stands as it is."""
    return MEASURES[name].title if name in MEASURES else name.replace("_", " ")


def measure_label(name: str) -> str:
    """Return the short name of a measure for axes and table heads."""
    return measure_title(name).split(", ")[0].removesuffix(" of RDMs")


def distance_title(name: str) -> str:
    """Return a distance's name for people."""
    return DISTANCES[name].title if name in DISTANCES else name.replace("_", " ")


def correction(rows: pd.DataFrame) -> str:
    """Return how the p values of rows were corrected, in words."""
    names = [name for name in dict.fromkeys(rows["correction"].astype(str)) if name]
    return CORRECTIONS.get(names[0], f"correction ({names[0]})") if names else "no correction"

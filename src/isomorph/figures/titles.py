"""Names of measures, distances and corrections as people read them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pandas as pd

from isomorph.measures import FAMILIES, FEATURES, MEASURES
from isomorph.rdms.distances import DISTANCES
from isomorph.study.pairs import AND, both, is_pair

CORRECTIONS = {
    "fdr_bh": "false discovery rate correction (Benjamini-Hochberg)",
    "fdr_by": "false discovery rate correction (Benjamini-Yekutieli)",
    "bonferroni": "Bonferroni correction",
    "holm": "Holm correction",
    "max_t": "correction by the largest statistic (max-T)",
}


NO_RDM = "features, no RDM"
"""What stands for a distance where representations are compared by their features."""


def measure_title(name: str) -> str:
    """Return a measure's name for people; a name no registry knows stands as it is."""
    return MEASURES[name].title if name in MEASURES else name.replace("_", " ")


def measure_label(name: str) -> str:
    """Return the short name of a measure for axes and table heads, which no other measure has.

    It is what stands before the comma in its title, where that is the name of one measure alone.
    """
    title = measure_title(name)
    head = _head(title)
    return head if _heads().get(head, {name}) == {name} else title


PEOPLE = (
    "Bures", "GULP", "Hilbert-Schmidt", "Kendall's", "Pearson", "Procrustes", "Riemannian",
    "Spearman",
)  # fmt: skip
"""First words of titles that are written with a capital wherever they stand."""


def within_sentence(title: str) -> str:
    """Return the name of a measure as it is written inside a sentence.

    Examples
    --------
    >>> within_sentence("Mutual k-nearest neighbours"), within_sentence("Kendall's tau-a")
    ('mutual k-nearest neighbours', "Kendall's tau-a")
    """
    if title.split(" ", maxsplit=1)[0] in PEOPLE:
        return title
    return title[:1].lower() + title[1:]


def _head(title: str) -> str:
    return title.split(", ", maxsplit=1)[0].removesuffix(" of RDMs")


@cache
def _heads() -> dict[str, set[str]]:
    """Return the measures whose titles begin alike, by that beginning."""
    found: dict[str, set[str]] = {}
    for name, measure in MEASURES.own.items():
        found.setdefault(_head(measure.title), set()).add(name)
    return found


def family_title(name: str) -> str:
    """Return the name of a family of measures for people; empty is that of unknown measures."""
    return FAMILIES[name].title if name in FAMILIES else name.replace("_", " ") or "other measures"


def distance_title(name: str) -> str:
    """Return a distance's name for people."""
    if name == FEATURES:
        return NO_RDM
    if is_pair(name):
        brain, model = map(distance_title, both(name))
        return f"{brain} (brain) and {model} (models)"
    return DISTANCES[name].title if name in DISTANCES else name.replace("_", " ")


def distance_label(name: str) -> str:
    """Return the name of a distance in fewer letters than its title has."""
    return NO_RDM if name == FEATURES else name.replace(AND, " ~ ").replace("_", " ")


def part_title(part: str, title: Callable[[str], str]) -> str:
    """Return what a part of the variance is explained by, its models joined by ∩.

    Parameters
    ----------
    part : str
        Names of models, as tables join them.
    title : callable
        From the name of a model to its title.
    """
    return " \N{INTERSECTION} ".join(title(name) for name in part.split(" & "))


def correction(rows: pd.DataFrame) -> str:
    """Return how the p values of rows were corrected, in words."""
    names = [name for name in dict.fromkeys(rows["correction"].astype(str)) if name]
    return CORRECTIONS.get(names[0], f"correction ({names[0]})") if names else "no correction"

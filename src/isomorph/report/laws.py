"""The dynamics of regions, on the page."""

from __future__ import annotations

from typing import Any

import pandas as pd

from isomorph.dynamics.pairs import fewest_shuffles
from isomorph.figures.dataset_results import DatasetResults
from isomorph.figures.law_words import named, seen, sentences
from isomorph.numerals import number
from isomorph.report.columns import P, PageColumn, table_of
from isomorph.report.evidence import Illustrated
from isomorph.saying import count

KINDS = ("dynamics", "dynamics_matrix")
"""Figures of the section."""

COLUMNS = (
    PageColumn("pair", "regions or layer"), PageColumn("recording"),
    PageColumn("estimate", "distance", "number", reason=True),
    PageColumn("standard_error", "standard error", "number"),
    PageColumn("shuffled", "time shuffled", "number"), PageColumn("p", kind="p"), P,
    PageColumn("rank", kind="whole"),
    PageColumn("fit_a", "predicted, first", "percent"),
    PageColumn("fit_b", "predicted, second", "percent"),
    PageColumn("n_stimuli", "stimuli", "whole"), PageColumn("n_bins", "bins", "whole"),
    PageColumn("n_units_a", "units, first", "whole"),
    PageColumn("n_units_b", "units, second", "whole"),
)  # fmt: skip

APART = {
    "angular": "the angle between two laws after the orthogonal change of coordinates that brings "
    "them nearest",
    "wasserstein": "the 2-Wasserstein distance between the eigenvalues of two laws",
}


def laws(results: Illustrated) -> dict[str, Any] | None:
    """Return sentences, a table and figures of the stage `dynamics`; None where it did not run.

    Returns
    -------
    dict or None
        `sentences`, one for each region that has a distance; `left_out`, pairs without one with
        their number by reason; `table`; `figures`; `method`, how it was computed.
    """
    table = results.table("dynamics")
    if table.empty:
        return None
    told = named(table)
    known = seen(told)
    without = told.drop(known.index)["reason"].value_counts(sort=False)
    return {
        "sentences": [*sentences(known)],
        "left_out": [f"{count(int(n), 'pair')} ({why})" for why, n in without.items()],
        "table": table_of(told, COLUMNS),
        "figures": [one for one in results.pictures if one.kind in KINDS],
        "method": method(results, told),
    }


def method(results: DatasetResults, table: pd.DataFrame) -> str:
    """Say how the dynamics of a dataset were compared, as a methods section does."""
    asked = results.study.spec.dynamics
    if asked is None:
        return ""
    errors = (
        f" Standard errors: {count(asked.resamples, 'resample')} of the stimuli."
        if asked.resamples > 1
        else ""
    )
    return (
        "Responses were averaged over the presentations of each stimulus, and a state was what "
        f"{count(asked.delays, 'consecutive time bin')} held. Of these trajectories at most "
        f"{asked.rank} principal coordinates were kept, and the linear law from the coordinates of "
        "a state to those one bin later was fitted by least squares; the "
        f"distance is {APART[asked.distance]} (dynamical similarity analysis, Ostrow et al. 2023, "
        f"https://arxiv.org/abs/2306.10168).{_of_layers(table)} Regions with fewer than "
        f"{asked.minimum_units} units were left out. {_tests(asked.shuffles, table)}{errors}"
    )


def _of_layers(table: pd.DataFrame) -> str:
    """Say how layers stand beside regions, where there are some with time."""
    if not (table["model_b"] != "").any():
        return ""
    return " Of models with time a step was taken to be one time bin of the responses."


def _tests(shuffles: int, table: pd.DataFrame) -> str:
    """Say what p is of, and where no p can be small after correction."""
    if not shuffles:
        return "Nothing was tested."
    family = int(table["family_size"].max())
    said = (
        f"For p the time bins of the second of two were shuffled {count(shuffles, 'time')}, alike "
        f"for all stimuli; p was corrected over {count(family, 'pair')} (Holm)."
    )
    if shuffles >= (needed := fewest_shuffles(family)):
        return said
    least = number(min(1.0, family / (shuffles + 1)), 3)
    return (
        f"{said} So few shuffles give no corrected p below {least}, however near two laws are; "
        f"below .05 there must be at least {needed:,} (dynamics.shuffles)."
    )

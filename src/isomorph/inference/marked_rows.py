"""What rows of tables say where stimuli follow one another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from isomorph.inference.on_axes import OnAxes
from isomorph.inference.places import ROUNDING

ASK = r"^(\d+) (?:costly )?permutations?( cannot give .*): ask for at least.*$"
"""What is said of too few draws, where no more shifts can be asked for."""

SHUFFLED = ("comparisons", "regions", "predictions")
"""Tables whose p are of shuffled stimuli."""

BLOCKS_DRAWN = "blocks of stimuli"
"""How the schemes of rows begin whose stimuli were drawn in contiguous blocks."""

TESTED = (
    ("estimate", "chance", "p", ("p_corrected", "p_map", "p_cluster", "calibrated")),
    ("maximum", "maximum_chance", "maximum_p", ("maximum_calibrated",)),
)
"""Columns of values that were set against shuffled stimuli, and of what follows from it."""

UNMOVED = (
    "not tested: no shift or exchange of the stimuli changes this value, as where one side knows "
    "nothing but how far apart two stimuli are along the axis"
)
"""Why a value that shuffles leave as it is has no p."""


def marked(tables: Mapping[str, pd.DataFrame], along: OnAxes | None) -> dict[str, pd.DataFrame]:
    """Return tables whose rows say that blocks of stimuli were drawn, and what was exchanged.

    Parameters
    ----------
    tables : mapping of str to DataFrame
    along : OnAxes or None
        Without, tables are left as they are.
    """
    if along is None:
        return dict(tables)
    found = {}
    for name, table in tables.items():
        own = table.copy()
        if "scheme" in own:
            own["scheme"] = own["scheme"].str.replace(r"^stimuli", BLOCKS_DRAWN, regex=True)
        if name in SHUFFLED and {"p", "p_note"} <= set(own):
            notes = own["p_note"].fillna("").str.replace(ASK, r"\1 shifts\2; there are no more",
                                                         regex=True)  # fmt: skip
            joined = notes.map(lambda note: f"{along.exchanged}; {note}" if note else
                               along.exchanged)  # fmt: skip
            own["p_note"] = joined.where(own["p"].notna(), own["p_note"])
        for tested in TESTED:
            own = _without_empty_tests(own, *tested)
        found[name] = own
    return found


def _without_empty_tests(
    table: pd.DataFrame, value: str, chance: str, p: str, others: Sequence[str]
) -> pd.DataFrame:
    """Return a table without the tests of values that no order of the stimuli changed.

    A geometry that knows distance along the axes alone, such as an ideal ring, is the same
    wherever it begins: a p of 1 would be that of a test that could not have come out otherwise.

    Parameters
    ----------
    table : DataFrame
    value, chance, p : str
        Columns of what was observed, of what shuffles gave on average, and of its p.
    others : sequence of str
        Columns that follow from the test too.
    """
    if not {value, chance, p} <= set(table):
        return table
    numbers = table[[value, chance, p]].astype(float)
    moved = (numbers[value] - numbers[chance]).abs() > ROUNDING
    empty = (numbers[p] >= 1.0) & ~moved & numbers[chance].notna()
    own = table.copy()
    for column in (p, *others):
        if column in own:
            own[column] = own[column].mask(empty)
    if "p_note" in own and p == "p":
        own["p_note"] = own["p_note"].mask(empty, UNMOVED)
    return own

"""What rows of tables say where stimuli follow one another."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from isomorph.inference.on_axes import OnAxes

ASK = r"^(\d+) (?:costly )?permutations?( cannot give .*): ask for at least.*$"
"""What is said of too few draws, where no more shifts can be asked for."""

SHUFFLED = ("comparisons", "regions", "predictions")
"""Tables whose p are of shuffled stimuli."""


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
            own["scheme"] = own["scheme"].str.replace(r"^stimuli", "blocks of stimuli", regex=True)
        if name in SHUFFLED and {"p", "p_note"} <= set(own):
            notes = own["p_note"].fillna("").str.replace(ASK, r"\1 shifts\2; there are no more",
                                                         regex=True)  # fmt: skip
            joined = notes.map(lambda note: f"{along.exchanged}; {note}" if note else
                               along.exchanged)  # fmt: skip
            own["p_note"] = joined.where(own["p"].notna(), own["p_note"])
        found[name] = own
    return found

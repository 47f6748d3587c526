"""What simulated recordings say: whether planted layers are recovered."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from isomorph.figures import main_rows
from isomorph.figures.dataset_results import DatasetResults
from isomorph.figures.titles import distance_title, measure_label
from isomorph.numerals import listed
from isomorph.report.contests import main_recovery
from isomorph.saying import count


def recovered(found: Sequence[DatasetResults]) -> str:
    """Return how many planted layers were found again; empty where nothing was planted."""
    simulated = [one for one in found if one.simulated]
    parts = [part for one in simulated if len(part := main_recovery(one))]
    if not parts:
        return ""
    table = pd.concat(parts, ignore_index=True)
    exact, near = (int((table["recovered"] == how).sum()) for how in ("exact", "neighbour"))
    title, first = simulated[0].title, table.iloc[0]
    details = [
        f"in {main_rows.place_of(row)}, {title(row['planted_model'])}: {row['planted_layer']} was "
        f"planted and {title(row['found_model'])}: {row['found_layer']} found"
        for row in table[table["recovered"] != "exact"].to_dict("records")
    ]
    how = f"{measure_label(str(first['measure']))}, {distance_title(str(first['distance']))}"
    return (
        f"In the simulated recording{'s' if len(parts) > 1 else ''}, {exact} of "
        f"{count(len(table), 'planted layer')} {'was' if exact == 1 else 'were'} recovered exactly "
        f"among {int(first['n_candidates'])} candidates"
        + (f" and {near} at a neighbouring layer" if near else "")
        + f" ({how})"
        + (f": {listed(details)}" if details else "")
        + _elsewhere(simulated)
        + "."
    )


def _elsewhere(simulated: Sequence[DatasetResults]) -> str:
    """Say how recovery fared over every distance and measure, the unfavourable ones included."""
    whole = pd.concat([one.table("recovery") for one in simulated], ignore_index=True)
    settings = whole[["distance", "measure"]].drop_duplicates()
    if len(settings) < 2:
        return ""
    found = whole["recovered"]
    return (
        f"; over all {len(settings)} settings of distance and measure, "
        f"{int((found == 'exact').sum())} of {len(whole)} exactly and "
        f"{int((found == 'neighbour').sum())} at a neighbouring layer"
    )

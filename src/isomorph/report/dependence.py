"""Whether the best model depends on the distance, the measure, or the family of measures."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from isomorph.figures import main_rows
from isomorph.figures.dataset_results import DatasetResults
from isomorph.figures.titles import (
    distance_title,
    family_title,
    measure_label,
    within_sentence,
)
from isomorph.numerals import listed, number

MOST_NAMED = 6
"""Measures named one by one in a sentence."""

SCORES = "the highest score on held-out stimuli"
LEVEL = f"corrected p < {number(main_rows.SIGNIFICANT)}"


def over_regions(places: Sequence[tuple[str, DatasetResults, str]]) -> str:
    """Say in which regions the model with the highest score differs between families of measures.

    Empty where no region has two families that each put some model first.

    Parameters
    ----------
    places : sequence of (str, DatasetResults, str)
        What each region is called here, and its name with its time bin in words.
    """
    winners = [(name, _winners(results, region)) for name, results, region in places]
    asked = [(region, own) for region, own in winners if own["family"].nunique() > 1]
    said = []
    for verdict, words in VERDICTS.items():
        inside = [(region, own) for region, own in asked if _verdict(own) == verdict]
        if inside:
            named = [region + ("" if verdict == "same" else _ahead(own)) for region, own in inside]
            said.append(f"{words} in {listed(named)}")
    return f"Which model scores highest {'; it '.join(said)}." if said else ""


VERDICTS = {
    "family": "differs between families of measures",
    "measure": "differs between measures, but not between their families,",
    "same": "is the same under every measure",
}
"""What can be said of the model with the highest score in a region."""


def _ahead(own: pd.DataFrame) -> str:
    """Say under how many settings the first model is significantly ahead of the second."""
    if not (own["told_apart"] != "").any():
        return ""
    sure = int((own["told_apart"] == "yes").sum())
    how_often = f"{sure or 'none'} of {len(own)}"
    return f" (the first significantly ahead of the second, {LEVEL}, under {how_often})"


def _verdict(own: pd.DataFrame) -> str:
    """Return which of `VERDICTS` holds."""
    if own["winner"].nunique() == 1:
        return "same"
    leaders = [set(names.mode()) for _, names in own.groupby("family")["winner"]]
    return "measure" if all(_first(own) in names for names in leaders) else "family"


def _first(own: pd.DataFrame) -> str:
    """Return the model that wins under most settings; of equally many that of the main setting."""
    first, main = str(own["winner"].mode().iloc[0]), str(own["winner"].iloc[0])
    counts = own["winner"].value_counts()
    return main if counts[main] == counts[first] else first


def of_settings(results: DatasetResults, region: str) -> list[str]:
    """Say whether the best model of a region depends on the setting, and how far orders agree.

    Nothing where models have scores under one setting of distance and measure alone.
    """
    own = _winners(results, region)
    if len(own) < 2:
        return []
    orders = _orders(results, region)
    return [_conclusion(results, own), *([orders] if orders else [])]


def _winners(results: DatasetResults, region: str) -> pd.DataFrame:
    winners = results.winners
    return main_rows.rows_of(winners, region) if len(winners) else winners


def _conclusion(results: DatasetResults, own: pd.DataFrame) -> str:
    n, families = len(own), own["family"].nunique()
    first = _first(own)
    of_first = own[own["winner"] == first]
    nouns = "measures" if own["measure"].is_unique else "settings of distance and measure"
    of_families = f" of {families} families" if families > 1 else ""
    share = f"{len(of_first)} of {n}" if len(of_first) < n else "both" if n == 2 else f"all {n}"
    sure = int((of_first["told_apart"] == "yes").sum())
    tested = bool((of_first["told_apart"] != "").any())
    told = f", significantly above the second ({LEVEL}) under {sure or 'none'}" if tested else ""
    said = f"{results.title(first)} has {SCORES} under {share} {nouns}{of_families}{told}"
    others = [
        _other(results, own, str(winner))
        for winner in dict.fromkeys(own["winner"])
        if winner != first
    ]
    whole = "; ".join([said, *others])
    if families < 2:
        return f"{whole[0].upper()}{whole[1:]}."
    return f"Which model scores highest {HEADS[_verdict(own)]}: {whole}."


HEADS = {
    "family": "depends on the family of measures",
    "measure": "does not depend on the family of measures, but on the measure",
    "same": "does not depend on the family of measures",
}
"""The same of one region, before the numbers."""


def _other(results: DatasetResults, own: pd.DataFrame, winner: str) -> str:
    """Say under which settings another model wins, and whether it is told apart there."""
    rows = own[own["winner"] == winner]
    names = []
    for measure, inside in rows.groupby("measure", sort=False):
        label = within_sentence(measure_label(str(measure)))
        if len(inside) < (own["measure"] == measure).sum():
            label += f" ({listed([distance_title(one) for one in inside['distance']])})"
        names.append(label)
    left = len(names) - MOST_NAMED
    shown = [*names[:MOST_NAMED], f"{left} more"] if left > 1 else names
    sure = int((rows["told_apart"] == "yes").sum())
    tested = bool((rows["told_apart"] != "").any())
    how = (
        ""
        if not tested
        else ", not significantly"
        if not sure
        else ", significantly"
        if sure == len(rows)
        else f", significantly under {sure}"
    )
    return f"{results.title(winner)} does under {listed(shown)}{how}"


def _orders(results: DatasetResults, region: str) -> str:
    """Say how far the orders of the models agree, between families or else between settings."""
    table = results.table("agreement")
    if table.empty:
        return ""
    rows = main_rows.rows_of(table[table["over"] == "models"], region)
    families = rows[(rows["compared"] == "families") & (rows["family_a"] != rows["family_b"])]
    used = families if len(families) else rows[rows["compared"] == "settings"]
    tau = used["kendall_tau_b"].astype(float).dropna()
    if tau.empty:
        return ""
    said = "Kendall's tau-b between the orders of the models"
    if len(tau) == 1:
        return f"{said} is {number(tau.iloc[0])}."
    lowest = used.loc[tau.index].iloc[int(tau.to_numpy().argmin())]
    pair = (
        f" ({listed([family_title(str(lowest[f'family_{end}'])) for end in 'ab'])})"
        if len(families)
        else ""
    )
    return (
        f"{said} is {number(tau.mean())} on average over pairs of "
        f"{'families' if len(families) else 'settings'} and {number(tau.min())} at the "
        f"lowest{pair}."
    )

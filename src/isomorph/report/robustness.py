"""How far to trust each conclusion: what simulations and other settings say of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from isomorph.figures import main_rows
from isomorph.figures.main_rows import MainRows
from isomorph.numerals import number, percent
from isomorph.report.columns import PageColumn, Table, table_of
from isomorph.report.dependence import of_settings
from isomorph.report.evidence import Illustrated

Layer = tuple[str, str]
"""Model and layer."""

PLANTED = (
    PageColumn("model", "planted"), PageColumn("planted_layer", "layer"), PageColumn("remark"),
    PageColumn("recovery_exact", "found", "percent"),
    PageColumn("recovery_neighbour", "or its neighbour", "percent"),
    PageColumn("recovery_family", "or its model", "percent"),
    PageColumn("power_zero", "above chance", "percent"),
    PageColumn("power_runner_up", "told from other models", "percent"),
    PageColumn("false_positive", "false positive", "percent"),
    PageColumn("false_winner", "false winner", "percent"),
    PageColumn("reliability", kind="ready"),
)  # fmt: skip


def robustness(results: Illustrated) -> list[dict[str, Any]]:
    """Return what is said of each region: sentences, a table, and its figures by kind."""
    told = []
    for shown in results.shown:
        power = _on_all(results, shown)
        if said := [*_recovery(results, shown, power), *of_settings(results, shown.region)]:
            kinds = ("confusion", "power", "multiverse")
            drawn = [results.picture(kind, shown.region) for kind in kinds]
            told.append(
                {
                    "name": shown.region,
                    "sentences": said,
                    "table": None if power.empty else planted_table(results, shown, power),
                    "figures": [one for one in drawn if one],
                }
            )
    return told


def planted_table(results: Illustrated, shown: MainRows, power: pd.DataFrame) -> Table:
    """Return the rates of every planted layer on all stimuli and subjects, the best one bold."""
    best = _leaders(results, shown)
    layers = zip(power["planted_model"], power["planted_layer"], strict=True)
    agreed = zip(power["reliability_simulated"], power["reliability_target"], strict=True)
    told = power.assign(
        model=power["planted_model"].map(results.title),
        remark=power["reason"],
        reliability=[f"{number(reached)} for {number(asked)}" for reached, asked in agreed],
    )
    # A planted layer with a remark has its rates all the same.
    return table_of(told.drop(columns="status"), PLANTED, [layer in best for layer in layers])


def _leaders(results: Illustrated, shown: MainRows) -> list[Layer]:
    """Return what the page calls best: the best layer of a trained network, and that of all."""
    rows = main_rows.leaders(shown, results.families)
    return [(str(row["model"]), str(row["layer"])) for row in rows]


def _on_all(results: Illustrated, shown: MainRows) -> pd.DataFrame:
    """Return a region's power on all stimuli and subjects."""
    rows = results.simulations("power", shown)
    if rows.empty:
        return rows
    sizes = rows[["n_stimuli", "n_subjects"]]
    return rows[(sizes == sizes.max()).all(axis=1)]


def _recovery(results: Illustrated, shown: MainRows, power: pd.DataFrame) -> list[str]:
    """Say whether the best layers would be found again, for what else, and what noise yields."""
    if power.empty:
        return []
    said = [
        sentence
        for best in _leaders(results, shown)
        for sentence in _found_again(results, shown, power, best)
    ]
    false = power["false_positive"].astype(float).dropna()
    if len(false):
        winners = power["false_winner"].astype(float).dropna()
        also = (
            f", and the best model differs significantly from the second (p not corrected) in "
            f"{percent(winners.mean())}"
            if len(winners)
            else ""
        )
        level = results.study.spec.inference.recovery.level
        said.append(
            "With stimuli shuffled, so that there is nothing to find, a layer reaches p "
            f"\N{LESS-THAN OR EQUAL TO} {number(level)} in {percent(false.mean())} of simulations"
            f"{also}."
        )
    if assumed := power["assumed"].iloc[0]:
        said.append(f"Assumed: {assumed}.")
    return said


def _found_again(
    results: Illustrated, shown: MainRows, power: pd.DataFrame, best: Layer
) -> list[str]:
    title = f"{results.title(best[0])}: {best[1]}"
    own = power[(power["planted_model"] == best[0]) & (power["planted_layer"] == best[1])]
    if own.empty:
        return [f"No data were simulated from {title}."]
    row = own.iloc[0]
    n, n_rivals = int(row["n_recovery"]), row["n_power_runner_up"]
    said = [
        f"If {title} were the true layer, it would have the highest estimate in "
        f"{_rate(row['recovery_exact'], n)} of {n} simulated data sets as reliable as these (by "
        f"chance: {100 / row['n_candidates']:.1f} %, one of {int(row['n_candidates'])} "
        f"candidates), it or a neighbouring layer in {percent(row['recovery_neighbour'])}, and "
        f"some layer of its model in {percent(row['recovery_family'])}"
        f"{_mistaken(results, shown, best)}."
    ]
    if np.isfinite(row["power_runner_up"]):
        said[0] += (
            " Its model would differ significantly from the best other one (p not corrected) in "
            f"{_rate(row['power_runner_up'], int(n_rivals))} of {int(n_rivals)}."
        )
    return [*said, *([f"A limit: {row['reason']}."] if row["status"] != "ok" else [])]


def _mistaken(results: Illustrated, shown: MainRows, best: Layer) -> str:
    """Say for which other layer the best one is most often taken; nothing when for none."""
    rows = results.simulations("confusion", shown)
    if rows.empty:
        return ""
    own = rows[(rows["planted_model"] == best[0]) & (rows["planted_layer"] == best[1])]
    other = own[(own["found_model"] != best[0]) | (own["found_layer"] != best[1])]
    if other.empty:
        return ""
    first = other.iloc[int(other["count"].to_numpy().argmax())]
    return (
        f"; it would most often be mistaken for {results.title(first['found_model'])}, "
        f"{first['found_layer']} ({percent(first['count'] / first['n_simulations'])})"
    )


def _rate(share: float, n: int) -> str:
    """Return a rate with its standard error, which is not 0 where all simulations agree."""
    likely = (share * n + 1) / (n + 2)
    error = 100 * np.sqrt(likely * (1 - likely) / n)
    return f"{percent(share)} (\N{PLUS-MINUS SIGN} {error:.0f})"

"""How far to trust each conclusion: what simulations and other settings say of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from isomorph.figures import selection
from isomorph.layout import Layout
from isomorph.report.numbers import count, number, percent
from isomorph.report.sections import Row, Table
from isomorph.report.tables import Results

Layer = tuple[str, str]
"""Model and layer."""


def trust(layout: Layout, results: Results) -> list[dict[str, Any]]:
    """Return what is said of each region: sentences, a table, and its figures by kind."""
    drawn = {(figure.kind, figure.region): figure for figure in results.figures}
    told = []
    for shown in results.shown:
        power = _rows(results, "power", shown)
        said = [
            *_recovery(layout, results, shown, power),
            *_agreement(layout, results, shown),
        ]
        if said:
            told.append(
                {
                    "name": shown.region,
                    "sentences": said,
                    "table": None if power.empty else planted_table(layout, shown, power),
                    "figures": [
                        drawn[kind, shown.region]
                        for kind in ("confusion", "power", "multiverse")
                        if (kind, shown.region) in drawn
                    ],
                }
            )
    return told


def planted_table(layout: Layout, shown: selection.Shown, power: pd.DataFrame) -> Table:
    """Return the rates of every planted layer on all stimuli and subjects, the best one bold."""
    titles = selection.titles(layout.study)
    best = _conclusions(layout, shown)
    rows: list[Row] = []
    for row in power.to_dict("records"):
        rates = (
            percent(float(row[name]))
            for name in ("recovery_exact", "recovery_neighbour", "recovery_family", "power_zero",
                         "power_runner_up", "false_positive", "false_winner")
        )  # fmt: skip
        title = titles.get(row["planted_model"], str(row["planted_model"]))
        reliable = f"{number(row['reliability_simulated'])} for {number(row['reliability_target'])}"
        status = "" if row["status"] == "ok" else str(row["status"])
        rows.append((title, str(row["planted_layer"]), status, *rates, reliable))
    strong = [
        (row["planted_model"], row["planted_layer"]) in best for row in power.to_dict("records")
    ]
    head = ("planted", "layer", "remark", "found", "or its neighbour", "or its model",
            "related at all", "above other models", "false relation", "false winner",
            "reliability")  # fmt: skip
    return Table(head, rows, strong, 3)


def _conclusions(layout: Layout, shown: selection.Shown) -> list[Layer]:
    """Return what the page calls best: the best layer of all, and that of a trained network."""
    best = shown.rows.iloc[int(shown.rows["estimate"].to_numpy().argmax())]
    trained = selection.best_row(shown, selection.families(layout.study))
    found = [row for row in (best, trained) if row is not None]
    return list(dict.fromkeys((str(row["model"]), str(row["layer"])) for row in found))


def _rows(results: Results, kind: str, shown: selection.Shown) -> pd.DataFrame:
    """Return a region's rows under its main setting, on all stimuli and subjects."""
    table = results.tables.get(kind)
    if table is None or table.empty:
        return pd.DataFrame()
    rows = selection.matching(selection.rows_of(table, shown.region), shown)
    rows = rows[rows["n_recovery" if kind == "power" else "n_simulations"].notna()]
    if kind == "power" and len(rows):
        whole = (rows["n_stimuli"] == rows["n_stimuli"].max()) & (
            rows["n_subjects"] == rows["n_subjects"].max()
        )
        rows = rows[whole]
    return rows


def _recovery(
    layout: Layout, results: Results, shown: selection.Shown, power: pd.DataFrame
) -> list[str]:
    """Say whether the best layers would be found again, for what else, and what noise yields."""
    if power.empty:
        return []
    said = [
        sentence
        for best in _conclusions(layout, shown)
        for sentence in _found_again(layout, results, shown, power, best)
    ]
    false = power["false_positive"].astype(float).dropna()
    if len(false):
        winners = power["false_winner"].astype(float).dropna()
        also = (
            f", and in {percent(winners.mean())} one model is significantly above the others"
            if len(winners)
            else ""
        )
        level = layout.study.spec.inference.recovery.level
        said.append(
            "With stimuli shuffled, so that nothing is there to be found, a layer is called "
            f"related at p \N{LESS-THAN OR EQUAL TO} {number(level)} in {percent(false.mean())}"
            f"{also}."
        )
    first = power.iloc[0]
    if first["assumed"]:
        said.append(f"Assumed: {first['assumed']}.")
    return said


def _found_again(
    layout: Layout,
    results: Results,
    shown: selection.Shown,
    power: pd.DataFrame,
    best: Layer,
) -> list[str]:
    title = f"{selection.titles(layout.study).get(best[0], best[0])}: {best[1]}"
    own = power[(power["planted_model"] == best[0]) & (power["planted_layer"] == best[1])]
    if own.empty:
        return [f"No data were simulated from {title}."]
    row = own.iloc[0]
    n = int(row["n_recovery"])
    said = [
        f"If {title} were the truth, data as reliable as these would show it as best in "
        f"{_rate(row['recovery_exact'], n)} of {n} simulations (one of "
        f"{int(row['n_candidates'])} candidates drawn at random: "
        f"{100 / row['n_candidates']:.1f} %), it or a neighbouring layer in "
        f"{percent(row['recovery_neighbour'])}, and some layer of its model in "
        f"{percent(row['recovery_family'])}{_mistaken(layout, results, shown, best)}."
    ]
    if np.isfinite(row["power_runner_up"]):
        said[0] += (
            " It would be significantly above the best layer of every other model in "
            f"{_rate(row['power_runner_up'], int(row['n_power_runner_up']))} of "
            f"{int(row['n_power_runner_up'])}."
        )
    if row["status"] != "ok":
        said.append(f"A limit: {row['status']}.")
    return said


def _mistaken(layout: Layout, results: Results, shown: selection.Shown, best: Layer) -> str:
    """Say for which other layer the best one is most often taken; nothing when for none."""
    rows = _rows(results, "confusion", shown)
    if rows.empty:
        return ""
    own = rows[(rows["planted_model"] == best[0]) & (rows["planted_layer"] == best[1])]
    other = own[(own["found_model"] != best[0]) | (own["found_layer"] != best[1])]
    if other.empty:
        return ""
    first = other.iloc[int(other["count"].to_numpy().argmax())]
    title = selection.titles(layout.study).get(first["found_model"], first["found_model"])
    return (
        f", and is otherwise most often taken for {title}, {first['found_layer']} "
        f"({percent(first['count'] / first['n_simulations'])})"
    )


def _agreement(layout: Layout, results: Results, shown: selection.Shown) -> list[str]:
    """Say in one sentence whether other distances and measures conclude the same."""
    table = results.tables.get("agreement")
    if table is None or table.empty:
        return []
    rows = selection.rows_of(table[table["over"] == "models"], shown.region)
    main = (shown.distance, shown.measure)
    as_first = (rows["distance_a"] == main[0]) & (rows["measure_a"] == main[1])
    as_second = (rows["distance_b"] == main[0]) & (rows["measure_b"] == main[1])
    rivals = rows[(as_first | as_second) & (rows["same_winner"] != "")]
    if rivals.empty:
        return []
    first = rivals.iloc[0]
    winner = str(first["winner_a"] if as_first[rivals.index[0]] else first["winner_b"])
    same = int((rivals["same_winner"] == "yes").sum())
    tau = rows["kendall_tau_b"].astype(float).dropna()
    orders = (
        f"; the orders of the models agree at tau-b {number(tau.mean())} on average, at "
        f"{number(tau.min())} at worst"
        if len(tau)
        else ""
    )
    return [
        f"{selection.titles(layout.study).get(winner, winner)}, the model with the highest "
        f"estimate of all, has it under {same} of "
        f"{count(len(rivals), 'other setting')} of distance and measure too{orders}."
    ]


def _rate(share: float, n: int) -> str:
    """Return a rate with its standard error, which is not 0 where all simulations agree."""
    likely = (share * n + 1) / (n + 2)
    error = 100 * np.sqrt(likely * (1 - likely) / n)
    return f"{percent(share)} (\N{PLUS-MINUS SIGN} {error:.0f})"

"""The figures about how far conclusions can be trusted: which are drawn, and what is said below."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pandas as pd
from matplotlib.figure import Figure

from isomorph.figures import selection
from isomorph.figures.confusion import draw_confusion
from isomorph.figures.multiverse import draw_multiverse, settings_of
from isomorph.figures.power import draw_power
from isomorph.figures.style import slug
from isomorph.figures.words import distance_title, measure_title

TABLES = ("confusion", "power", "agreement")
"""The tables that are read, where they are there."""

CONFUSION = (
    "Simulated data. Rows: the layer that data were simulated from, as reliable as the measured, "
    "{n} times each. Columns: the layer with the highest estimate, by the number of its row, and "
    "the other layers of the same model, in percent ({how}). Framed: found again. Last row: "
    "stimuli shuffled, {shuffled} times, so nothing is there to be found."
)
POWER = (
    "Simulated data. Top: how often the planted layer has the highest estimate of all layers. "
    "Bottom: how often it is significantly above the best layer of every other model (two-sided "
    "t-test over stimuli). Bars: standard error of the simulation ({how})."
)
MULTIVERSE = (
    "Top: the estimate of each model's best layer under every distance (lines) and measure "
    "(columns), as a share of the best model's, which is framed; seeds of a network are averaged. "
    "Bottom: Kendall's tau-b between the orders that two settings put the models in, each seed a "
    "model: 1 is the same order, 0 none in common."
)


def trust_figures(
    comparisons: pd.DataFrame,
    tables: Mapping[str, pd.DataFrame],
    panels: Sequence[selection.Shown],
    families: Sequence[selection.Family],
) -> Iterator[tuple[Figure, dict[str, str]]]:
    """Yield each region's figures with their entries in the list of figures.

    Parameters
    ----------
    comparisons : DataFrame
    tables : mapping of str to DataFrame
        By name in `TABLES`; one that is absent or empty is not drawn.
    panels : sequence of Shown
        The regions under their main distance and measure.
    families : sequence of Family
    """
    for shown in panels:
        how = f"{measure_title(shown.measure)}; {distance_title(shown.distance)}"
        confusion = _of(tables, "confusion", shown)
        if confusion is not None:
            yield (
                draw_confusion(confusion, families),
                _entry(
                    "confusion",
                    shown.region,
                    f"If a layer were the truth, would it be found in {shown.region}?",
                    CONFUSION.format(**_times(confusion), how=how),
                ),
            )
        power = _of(tables, "power", shown)
        if power is not None and len(power[["n_stimuli", "n_subjects"]].drop_duplicates()) > 1:
            yield (
                draw_power(power, families),
                _entry(
                    "power",
                    shown.region,
                    f"What fewer stimuli or subjects would have shown in {shown.region}",
                    POWER.format(how=how),
                ),
            )
        region = selection.rows_of(comparisons, shown.region)
        agreement = tables.get("agreement", pd.DataFrame())
        if len(agreement) and len(settings_of(region)) > 1:
            own = selection.rows_of(agreement, shown.region)
            yield (
                draw_multiverse(region, own, families),
                _entry(
                    "multiverse",
                    shown.region,
                    f"Would another distance or measure say the same of {shown.region}?",
                    MULTIVERSE,
                ),
            )


def _of(
    tables: Mapping[str, pd.DataFrame], kind: str, shown: selection.Shown
) -> pd.DataFrame | None:
    """Return a region's rows with numbers under its main distance and measure, None without."""
    table = tables.get(kind)
    if table is None or table.empty:
        return None
    rows = selection.matching(selection.rows_of(table, shown.region), shown)
    rows = rows[rows["n_recovery" if kind == "power" else "n_simulations"].notna()]
    return rows if len(rows) else None


def _times(confusion: pd.DataFrame) -> dict[str, int]:
    """Return how often layers were planted, and how often nothing was."""
    planted = confusion["planted_model"] != ""
    return {
        name: int(confusion.loc[rows, "n_simulations"].max()) if rows.any() else 0
        for name, rows in (("n", planted), ("shuffled", ~planted))
    }


def _entry(kind: str, region: str, title: str, caption: str) -> dict[str, str]:
    file = f"{kind}_{slug(region)}.svg"
    return {"kind": kind, "region": region, "file": file, "title": title, "caption": caption}

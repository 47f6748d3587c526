"""Tables of what is compared with each other: models, regions, planted and found layers."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from isomorph.figures import main_rows
from isomorph.figures.dataset_results import DatasetResults
from isomorph.figures.titles import distance_title, measure_label
from isomorph.inference.estimated import PLACE
from isomorph.numerals import interval
from isomorph.report.columns import INTERVAL, REGION, P, PageColumn, Table, Titled, table_of
from isomorph.saying import count

CONTRASTS = (
    REGION, PageColumn("measure", kind="measure"),
    PageColumn("chosen_layer", "layer chosen on other stimuli (how often)", "chosen", reason=True),
    PageColumn("scheme", "resampled", "scheme"), PageColumn("score", "trained", "number"),
    PageColumn("control_score", "untrained", "number"), PageColumn("difference", kind="number"),
    INTERVAL, P,
)  # fmt: skip
DIFFERENCES = (
    PageColumn("model_a", "model"), PageColumn("model_b", "against"),
    PageColumn("scheme", "resampled", "scheme", reason=True),
    PageColumn("score_a", "scores", "number"), PageColumn("score_b", "the other", "number"),
    PageColumn("difference", kind="number"), INTERVAL, P,
)  # fmt: skip
REGIONS = (
    PageColumn("regions"), PageColumn("measure", kind="measure"),
    PageColumn("scheme", "resampled", "scheme", reason=True), PageColumn("estimate", kind="number"),
    INTERVAL, P,
)  # fmt: skip
MODELS = (
    PageColumn("model_a", "model"), PageColumn("model_b", "other model"),
    PageColumn("layers", reason=True),
    PageColumn("a_to_b", "layers of the first, best matches", "number"),
    PageColumn("b_to_a", "of the other", "number"),
    PageColumn("similarity", "mean, interval", "estimate"),
)  # fmt: skip
RECOVERY = (
    REGION, PageColumn("measure", kind="measure"), PageColumn("planted"),
    PageColumn("found", reason=True), PageColumn("recovered"),
    PageColumn("rank", "rank of the planted", "ready"),
    PageColumn("planted_estimate", "estimate of the planted", "number"),
    PageColumn("found_estimate", "of the found", "number"),
)  # fmt: skip
RELIABILITY = (
    REGION, PageColumn("of"), PageColumn("reasons", "left out"),
    PageColumn("split_half", "split half, median", "number"),
    PageColumn("spearman_brown", "Spearman-Brown, median", "number"),
    PageColumn("middle", "middle half", "ready"),
)  # fmt: skip


def contrasts(results: DatasetResults) -> Titled:
    """Return trained models against their untrained controls: as shown for regions, then all."""

    def title(rows: pd.DataFrame) -> str:
        first = rows.iloc[0]
        controls = count(int(first["n_seeds"]), "untrained control")
        return f"{results.title(first['model'])}, against {controls}"

    table = results.table("contrasts")
    return _main_first(results, table, CONTRASTS, ["distance", "model"], title)


def regions(results: DatasetResults) -> Titled:
    """Return a dataset's regions against each other: as the page shows them, then all."""
    table = results.table("regions")
    if len(table):
        both = table["region_a"] + " against " + main_rows.places(table, "region_b")
        table = table.assign(region=table["region_a"], regions=both)
    return _main_first(results, table, REGIONS, ["distance"], lambda _: "")


def _main_first(
    results: DatasetResults,
    table: pd.DataFrame,
    columns: tuple[PageColumn, ...],
    keys: list[str],
    title: Callable[[pd.DataFrame], str],
) -> Titled:
    """Return the rows under which the page shows each region, then all, where those are more.

    Each a table per value of the keys, in the order of the rows as they were written.
    """
    shown = {one.region: (one.distance, one.measure) for one in results.shown}
    main, full = [], []
    groups = table.groupby(keys, sort=False) if len(table) else ()
    for (distance, *_), group in groups:
        by = [name for name in ("region", "region_b", *PLACE[1:]) if name in group]
        ordered = group.sort_values(by, kind="stable")
        places = main_rows.places(ordered)
        settings = zip(places, ordered["distance"], ordered["measure"], strict=True)
        first = ordered[[shown.get(region) == tuple(how) for region, *how in settings]]
        who, how = title(group), distance_title(str(distance))
        if len(first):
            main.append((who or how, table_of(first, columns)))
        full.append((f"{who}; {how}" if who else how, table_of(ordered, columns)))
    if sum(len(one.rows) for _, one in main) == len(table):
        return full
    return [*main, *((f"Under every measure: {name}", one) for name, one in full)]


def models_compared(results: DatasetResults) -> Titled:
    """Return every two models against each other, a table per region.

    Under the main distance and measure, each model at the layer chosen on other stimuli.
    """
    tables = []
    for shown in results.shown:
        rows = results.of("differences", shown)
        if len(rows):
            how = f"{measure_label(shown.measure)}, {distance_title(shown.distance)}"
            table = table_of(_titled(results, rows, "model_a", "model_b"), DIFFERENCES)
            tables.append((f"{shown.region}; {how}", table))
    return tables


def models_against_models(results: DatasetResults) -> Table | None:
    """Return every two models and how similar their layers are; None before it was computed."""
    table = results.table("models")
    if table.empty:
        return None
    numbers = zip(table["n_layers_a"], table["n_layers_b"], strict=True)
    layers = [f"{a:.0f} and {b:.0f}" for a, b in numbers]
    rows = _titled(results, table, "model_a", "model_b").assign(layers=layers)
    return table_of(rows, MODELS, [False] * len(rows))


def family_size(results: DatasetResults, kind: str) -> str:
    """Return "over n such questions" as p of a table is corrected; nothing where it is unknown."""
    parts = [rows for shown in results.shown if len(rows := results.of(kind, shown))]
    sizes = {
        int(n) for rows in parts if "family_size" in rows for n in rows["family_size"].dropna()
    }
    return f" over {' or '.join(map(str, sorted(sizes)))} such questions" if sizes else ""


def main_recovery(results: DatasetResults) -> pd.DataFrame:
    """Return the recovery of each region under its main measure and distance."""
    parts = [rows for shown in results.shown if len(rows := results.of("recovery", shown))]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def recovery(results: DatasetResults, table: pd.DataFrame) -> Titled:
    """Return planted layers and where they were found, a table per distance."""
    if table.empty:
        return []
    layers = {
        kind: [f"{results.title(model)}: {layer}" for model, layer in
               zip(table[f"{kind}_model"], table[f"{kind}_layer"], strict=True)]
        for kind in ("planted", "found")
    }  # fmt: skip
    ranks = zip(table["rank"], table["n_candidates"], strict=True)
    told = table.assign(**layers, rank=[f"{rank:.0f} of {n:.0f}" for rank, n in ranks])
    return [
        (distance_title(str(distance)), table_of(rows, RECOVERY, rows["recovered"] == "exact"))
        for distance, rows in told.groupby("distance", sort=False)
    ]


def reliability(results: DatasetResults) -> Table | None:
    """Return the reliability of each region: medians over units or subjects."""
    table = results.table("reliability")
    if table.empty:
        return None
    rows = []
    for region in main_rows.regions(table):
        inside = main_rows.rows_of(table, region)
        of_units = bool((inside["unit"] != "").any())
        if of_units:
            inside = inside[inside["unit"] != ""]  # rows of a whole region aside
        known = inside["spearman_brown"].astype(float).dropna()
        n = len(known) if of_units else inside["subject"].nunique()
        missing = inside[inside["spearman_brown"].isna()]["status"].value_counts()
        reasons = "; ".join(f"{times} without: {why}" for why, times in missing.items())
        rows.append(
            {
                "region": region,
                "of": count(n, "unit") if of_units
                else count(n, "subject's RDM", "subjects' RDMs"),
                "reasons": reasons or "none",
                "split_half": inside["split_half"].astype(float).median(),
                "spearman_brown": known.median(),
                "middle": interval(*known.quantile([0.25, 0.75])),
            }
        )  # fmt: skip
    return table_of(rows, RELIABILITY)


def _titled(results: DatasetResults, rows: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """Return rows with the titles of models in place of their names."""
    return rows.assign(**{name: rows[name].map(results.title) for name in columns})

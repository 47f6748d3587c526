"""What figures along depth show: layers of networks, and every model at its held-out layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from isomorph.figures.main_rows import Family, best_layers, highest
from isomorph.figures.style import short_titles, shortened

LAYER_COLUMNS = (
    "region", "model", "layer", "depth", "estimate", "interval_low", "interval_high",
    "p_corrected", "in_set", "r_lower", "r_upper",
)  # fmt: skip

LONGEST_TITLE = 30
"""Letters of the name of a model below a panel."""


def layer_points(rows: pd.DataFrame, families: Sequence[Family]) -> pd.DataFrame:
    """Return the layers that are drawn along depth: those of networks, or else those of baselines.

    Parameters
    ----------
    rows : DataFrame
        A row per model instance and layer.
    families : sequence of Family

    Returns
    -------
    DataFrame
        The rows in the order of families and of depth, with `family`, `kind` and `relative_depth`,
        0 at the first layer of a model and 1 at its last.
    """
    owner = {name: one for one in families for name in one.instances}
    known = rows[rows["model"].isin(list(owner))]
    known = known[np.isfinite(known["estimate"].astype(float))]
    kinds = known["model"].map(lambda name: owner[name].kind)
    if (kinds != "baseline").any():
        known = known[kinds != "baseline"]
    order = {name: at for at, name in enumerate(owner)}
    known = known.assign(at=known["model"].map(order)).sort_values(["at", "depth"], kind="stable")
    place = known.groupby("model", sort=False).cumcount()
    last = known.groupby("model", sort=False)["layer"].transform("size") - 1
    return known.assign(
        shown="layer",
        family=[owner[name].name for name in known["model"]],
        kind=[owner[name].kind for name in known["model"]],
        relative_depth=np.where(last > 0, place / last.clip(lower=1), 0.5),
    ).drop(columns="at")


def score_points(
    scores: pd.DataFrame,
    rows: pd.DataFrame,
    families: Sequence[Family],
    *,
    otherwise: Sequence[str] = ("baseline",),
) -> pd.DataFrame:
    """Return every model at its held-out score, or some at their best layer where none is known.

    Parameters
    ----------
    scores : DataFrame
        A row per model instance: `score`, `interval_low`, `interval_high`, `chosen_layer` and
        `maximum`, the highest estimate on the same data; may be empty.
    rows : DataFrame
        A row per model instance and layer.
    families : sequence of Family
    otherwise : sequence of str, optional
        Kinds of models that stand at their best layer when they have no held-out score.

    Returns
    -------
    DataFrame
        `shown`, "held-out score" or "highest estimate", `family`, `kind`, `model`, `layer`,
        `estimate`, `interval_low`, `interval_high` and `maximum`, in the order of families.
    """
    columns = ["shown", "family", "kind", "model", "layer", "estimate", "interval_low",
               "interval_high", "maximum"]  # fmt: skip
    found = []
    for family in families:
        own = scores[scores["model"].isin(family.instances)] if len(scores) else scores
        own = own[np.isfinite(own["score"].astype(float))] if len(own) else own
        told = {"family": family.name, "kind": family.kind}
        for row in own.to_dict("records"):
            found.append(
                {**told, "shown": "held-out score", "model": row["model"],
                 "layer": row["chosen_layer"], "estimate": row["score"],
                 "interval_low": row["interval_low"], "interval_high": row["interval_high"],
                 "maximum": row.get("maximum", np.nan)}
            )  # fmt: skip
        layers = rows[rows["model"].isin(family.instances)]
        layers = layers[np.isfinite(layers["estimate"].astype(float))]
        if len(own) or family.kind not in otherwise:
            continue
        best = best_layers(layers)
        found += [
            {
                **told,
                "shown": "highest estimate",
                "maximum": np.nan,
                **{str(k): v for k, v in row.items()},
            }
            for row in best.reindex(columns=columns[3:8]).to_dict("records")
        ]
    return pd.DataFrame(found, columns=columns)


def drawn_rows(points: pd.DataFrame, scores: pd.DataFrame, region: str = "") -> pd.DataFrame:
    """Return layers and scores as one table: the rows that a figure shows."""
    both = pd.concat([points, scores], ignore_index=True)
    if region:
        both = both.assign(region=region)
    first = ["shown", "region", "family", "kind"]
    rest = ["relative_depth", "maximum"]
    wanted = [*first, *LAYER_COLUMNS[1:4], rest[0], *LAYER_COLUMNS[4:], rest[1]]
    return both[[name for name in wanted if name in both]]


def groups(families: Sequence[Family], present: set[str]) -> list[list[Family]]:
    """Return the networks that are drawn as lines, each with its untrained controls before it."""
    lines = [f for f in families if f.kind != "baseline" and present & set(f.instances)]
    heads = {f.name for f in lines if f.kind == "trained"}
    found = []
    for family in lines:
        if family.control_of not in heads:
            controls = [f for f in lines if f.control_of == family.name and f is not family]
            found.append([*controls, family])  # the trained line is drawn last, on top
    return found


def best_baseline(scores: pd.DataFrame) -> Mapping[str, Any] | None:
    """Return the baseline with the highest score, None where there is no baseline."""
    own = scores[scores["kind"] == "baseline"]
    return highest(own) if len(own) else None


def score_names(families: Sequence[Family]) -> dict[str, str]:
    """Return what stands below each model family: its short title, of a control how it differs."""
    titles = short_titles(families)
    found = {}
    for family in families:
        head, _, tail = family.title.partition(", ")
        # "never trained" will do beside the network of the same name.
        alike = [one for one in families if one.name == family.control_of]
        same = any(one.title.split(", ")[0] == head for one in alike)
        title = tail if same and tail else titles[family.name]
        found[family.name] = shortened(title, LONGEST_TITLE)
    return found


def columns_of(scores: pd.DataFrame, families: Sequence[Family]) -> dict[str, int]:
    """Return the column in which each model stands.

    Where there are several networks, a control stands beside the network it belongs to.

    Parameters
    ----------
    scores : DataFrame
        See `score_points`.
    families : sequence of Family
    """
    present = list(dict.fromkeys(scores["family"]))
    several = len({one.name for one in families if one.kind == "trained"} & set(present)) > 1
    owner = {one.name: one.control_of for one in families}
    found: dict[str, int] = {}
    for name in present:
        network = owner.get(name)
        shared = several and network in found
        found[name] = found[str(network)] if shared else len(set(found.values()))
    return found

"""Whether a layer planted in a simulated region was found again."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from isomorph.inference.estimated import PLACE, said
from isomorph.inference.setting import columns_of_distance
from isomorph.study.archive import PlantedRegion


def recover(comparisons: pd.DataFrame, planted: Mapping[str, PlantedRegion]) -> pd.DataFrame:
    """Compare the best layer of every planted region with the layer planted in it.

    Parameters
    ----------
    comparisons : DataFrame
        The dataset's comparisons.
    planted : mapping of str to PlantedRegion
        The truth, by region.

    Returns
    -------
    DataFrame
        A row per region, distance and measure. `recovered` is `exact` when the planted layer has
        the highest estimate of all layers of all models, alone or tied, `neighbour` when a layer
        next to it in the same model has, `no` otherwise.
    """
    rows = []
    keys = ["dataset", *PLACE, "distance", "measure"]
    for values, rivals in comparisons.groupby(keys, sort=False, dropna=False):
        about = dict(zip(keys, values, strict=True))
        truth = planted.get(str(about["region"]))
        if truth is None:
            continue
        planted_here = (rivals["model"] == truth.model) & (rivals["layer"] == truth.layer)
        # Of layers that tie the planted one comes first.
        ordered = rivals.assign(is_truth=planted_here).sort_values(
            ["estimate", "is_truth"], ascending=False, ignore_index=True
        )
        found = ordered.iloc[0]
        row = {
            **about,
            **columns_of_distance(str(about["distance"])),
            "planted_model": truth.model,
            "planted_layer": truth.layer,
            "found_model": found["model"],
            "found_layer": found["layer"],
            "found_estimate": found["estimate"],
            "n_candidates": len(ordered),
        }
        if not planted_here.any():
            reason = "the planted layer has no RDM"
            rows.append({**row, "recovered": "no", **said(reason)})
            continue
        rank = int(ordered["is_truth"].to_numpy().argmax())
        own = ordered.iloc[rank]
        rows.append(
            {
                **row,
                "rank": rank + 1,
                "planted_estimate": own["estimate"],
                "interval_low": own["interval_low"],
                "interval_high": own["interval_high"],
                "recovered": _verdict(own, found, ordered),
                **said(),
            }
        )
    return pd.DataFrame(rows)


def _verdict(truth: pd.Series, found: pd.Series, rivals: pd.DataFrame) -> str:
    if truth["model"] != found["model"]:
        return "no"
    depths = sorted(rivals.loc[rivals["model"] == truth["model"], "depth"])
    apart = abs(depths.index(truth["depth"]) - depths.index(found["depth"]))
    return {0: "exact", 1: "neighbour"}.get(apart, "no")

"""Everything against everything: regions and layers of all models in one matrix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from isomorph.inference.bootstrap import Resampled
from isomorph.inference.explain.material import Material, no_estimate
from isomorph.inference.groups import group_count
from isomorph.inference.stimulus_splits import TOO_FEW
from isomorph.inference.ties import Indices
from isomorph.measures import MEASURES, Floats


def representations(material: Material, measures: Sequence[str]) -> xr.Dataset:
    """Return the similarity of every region and layer with every other.

    Regions come first, each pooled over its subjects as for the noise ceilings; brain to brain,
    brain to model and model to model are the same comparison.

    Parameters
    ----------
    material : Material
    measures : sequence of str
    """
    table = material.candidates.table
    regions = material.regions
    layers = [f"{row.model} | {row.layer}" for row in table.itertuples()]
    blank, nowhen = [""] * len(regions), [np.nan] * len(layers)
    similarity = []
    for name in measures:
        measure = MEASURES[name]
        pooled = np.array([measure.pool(region.rdms) for region in material.regions])
        everything = np.concatenate([pooled, material.candidates.rdms])
        similarity.append(measure.compare(everything, everything))
    names = np.array([*(region.label for region in regions), *layers], dtype=str)

    def column(of_regions: Sequence[object], of_layers: Sequence[object], kind: type) -> Any:
        return ("representation", np.array([*of_regions, *of_layers], dtype=kind))

    return xr.Dataset(
        {"similarity": (("measure", "representation", "representation_b"), np.array(similarity))},
        coords={
            "measure": np.array(measures, dtype=str),
            "representation": names,
            "representation_b": names,
            "region": column([one.name for one in regions], [""] * len(layers), str),
            "time_start": column([one.time_start for one in regions], nowhen, float),
            "time_stop": column([one.time_stop for one in regions], nowhen, float),
            "model": column(blank, table["model"].tolist(), str),
            "layer": column(blank, table["layer"].tolist(), str),
            "depth": column([-1] * len(regions), table["depth"].tolist(), np.int64),
        },
        attrs={
            "dataset": material.setting.dataset,
            "distance": material.setting.distance,
        },
    )


def best_matches(similarity: Floats, chosen_by: Floats) -> tuple[Floats, Floats]:
    """Return the mean similarity of layers with their best match in the other model, both ways.

    Parameters
    ----------
    similarity, chosen_by : arrays of shape (..., a, b)
        Where matches are scored, and where they are chosen.

    Returns
    -------
    a_to_b, b_to_a : (...)
    """
    for_a = chosen_by.argmax(axis=-1)[..., None]
    for_b = chosen_by.argmax(axis=-2)[..., None, :]
    return (
        np.take_along_axis(similarity, for_a, axis=-1).mean(axis=(-2, -1)),
        np.take_along_axis(similarity, for_b, axis=-2).mean(axis=(-2, -1)),
    )


def model_rows(material: Material, models: Sequence[str], name: str) -> pd.DataFrame:
    """Return how similar every two models are, each layer beside its best match.

    Matches are chosen on one half of the stimuli and scored on the other; the spread is that of
    the matches on all stimuli.

    Parameters
    ----------
    material : Material
    models : sequence of str
        Instances.
    name : str
        The measure.
    """
    measure = MEASURES[name]
    own: Mapping[str, Indices] = {m: material.layers[m] for m in models if m in material.layers}
    if len(own) < 2:
        return pd.DataFrame()
    rows_of = np.concatenate(list(own.values()))
    rdms = material.candidates.rdms[rows_of]
    ends = np.cumsum([0, *(len(layers) for layers in own.values())]).tolist()
    places = {
        model: slice(start, end) for model, start, end in zip(own, ends[:-1], ends[1:], strict=True)
    }
    whole = measure.compare(rdms, rdms)
    halves = np.array(
        [measure.compare(own, own) for own in (rdms[:, pairs] for _, pairs in material.half_pairs)]
    )
    drawn = measure.resampled(rdms, rdms, material.stimulus_draws, material.signs)
    rows: list[dict[str, Any]] = []
    for first, second in combinations(own, 2):
        a, b = places[first], places[second]
        base = {
            **{**material.setting.columns, "measure": name},
            "model_a": first,
            "model_b": second,
            "n_layers_a": len(own[first]),
            "n_layers_b": len(own[second]),
            "n_stimuli": material.n_stimuli,
        }
        alone = len(own[first]) == len(own[second]) == 1
        if not len(halves) and not alone:
            rows.append({**base, **no_estimate(TOO_FEW)})
            continue
        if alone:
            both = best_matches(whole[a, b], whole[a, b])
        else:
            scored = halves[:, a, b]
            # Halves stand in twos, each scored where the other chooses.
            chosen_by = scored.reshape(-1, 2, *scored.shape[1:])[:, ::-1].reshape(scored.shape)
            both = best_matches(scored, chosen_by)
        to_b, to_a = (float(np.mean(one)) for one in both)
        matched = whole[a, b]
        in_draws = np.mean(
            best_matches(drawn[:, a, b], np.broadcast_to(matched, drawn[:, a, b].shape)), axis=0
        )
        n_groups = group_count(material.groups)
        resampled = Resampled(in_draws[:, None], None, None, n_groups, 1)
        estimate = np.array([(to_a + to_b) / 2])
        (told,) = material.told(
            estimate, resampled, measure.range,
            halves=None if alone else np.mean(both, axis=0)[:, None],
        )  # fmt: skip
        rows.append({**base, "a_to_b": to_b, "b_to_a": to_a, "similarity": estimate[0], **told})
    # Two models being similar is not a question: there is no p.
    return pd.DataFrame(rows).drop(columns=["p", "p_note"], errors="ignore")

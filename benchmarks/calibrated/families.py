"""Many questions at once, p of two sides, and intervals at the limit: rows 6, 8 and 16."""

from __future__ import annotations

from functools import partial

import numpy as np

from calibrated.drawn import SMALL, Rng, compared, distances, few, region_of, seed_of
from calibrated.table import DataSet, Figure, World, at_most, covered, mean, share
from isomorph.inference.families import answered


def one_true_layer(rng: Rng) -> DataSet:
    """Compare ten regions with 30 layers, one of which is one region with little noise."""
    layers = distances(rng.standard_normal((30, 30, 8)))
    rdms = distances(rng.standard_normal((10, 30, 8)))
    rdms[0] = layers[0] + 0.29 * layers[0].std() * rng.standard_normal(layers.shape[1])
    regions = [region_of(one[None], f"region {at}") for at, one in enumerate(rdms)]
    found = compared(
        regions, layers, np.repeat(list("abc"), 10).tolist(), seed=seed_of(rng),
        permutations=1000, **SMALL,
    ).comparisons  # fmt: skip
    tables = {
        name: answered(found, few(permutations=1000, correction=name))
        for name in ("max_t", "fdr_bh")
    }
    corrected = {name: table["p_corrected"].to_numpy() for name, table in tables.items()}
    return {
        "estimate": tables["max_t"]["estimate"][0],
        "by_default": float(corrected["max_t"][0] <= 0.05),
        "false": float((corrected["max_t"][1:] <= 0.05).any()),
        "by_fdr": float(corrected["fdr_bh"][0] <= 0.05),
        "said": float(tables["fdr_bh"]["p_note"].str.contains("ask for at least").all()),
    }


def no_clusters(rng: Rng) -> DataSet:
    """Compare twelve bins of one area with four models that have nothing to do with it."""
    noise = rng.standard_normal((14, 1, 14, 6))
    lasting = distances(noise[:-2] + noise[1:-1] + noise[2:])  # from bin to bin, as responses do
    start = 0.02 * np.arange(12)
    bins = [
        region_of(one, "IT", time_start=start[at], time_stop=start[at] + 0.02)
        for at, one in enumerate(lasting)
    ]
    layers = distances(rng.standard_normal((12, 14, 6)))
    found = compared(
        bins, layers, np.repeat(list("abcd"), 3).tolist(), seed=seed_of(rng), permutations=199,
        **SMALL,
    ).comparisons  # fmt: skip
    table = answered(found, few())
    one = table[table["model"] == "a"]
    return {
        **{
            name: float((table[name] <= 0.05).any())
            for name in ("p_cluster", "p_cluster_corrected")
        },
        "p_map": float((one["p_map"] <= 0.05).any()),
        "p": float((one["p"] <= 0.05).any()),
    }


def two_sides(rng: Rng, measure: str) -> DataSet:
    """Compare a region with layers that have nothing to do with it, and with its opposite."""
    rdms, layers = distances(rng.standard_normal((1, 20, 8))), distances(
        rng.standard_normal((4, 20, 8)))  # fmt: skip
    opposite = rdms.max() + rdms.min() - rdms
    every = np.concatenate([layers, opposite])
    p = compared(
        rdms, every, list("aaaab"), measure, seed_of(rng), permutations=199, sides="two", **SMALL
    ).comparisons[0].rows["p"].to_numpy()  # fmt: skip
    return {"null": at_most(p[:4]), "opposite": at_most(p[4:])}


def at_the_limit(rng: Rng, noise: float) -> DataSet:
    """Compare a region with a model that is the region itself, and one with little noise."""
    truth = rng.standard_normal((30, 8))
    rdms = distances(truth)[None]
    near = distances(truth + noise * rng.standard_normal((1, 30, 8)))
    rows = compared(
        rdms, np.concatenate([rdms, near]), list("ab"), seed=seed_of(rng), permutations=0,
        correction="holm", resamples=200, selection={"resamples": 50, "repeats": 1},
    ).comparisons[0].rows  # fmt: skip
    low, high = (rows[f"interval_{end}"].to_numpy() for end in ("low", "high"))
    return {"width": high[0] - low[0], "low": low[1], "high": high[1],
            "truth": rows["estimate"][1]}  # fmt: skip


WORLDS = (
    World(
        "6", "one true layer among 300 comparisons, 1000 permutations", one_true_layer,
        (
            Figure("estimate of the true layer", mean("estimate")),
            Figure("found by default (max_t), p ≤ .05", share("by_default"), least=1, before="0"),
            Figure("any other found by default", share("false"), most=0.07),
            Figure("found by fdr_bh", share("by_fdr"), before="0"),
            Figure("fdr_bh that says it cannot", share("said"), least=1, before="0"),
        ),
        n=100,
    ),
    World(
        "8", "twelve bins and four models of noise", no_clusters,
        (
            Figure("any p_cluster ≤ .05 (of one model)", share("p_cluster"), before=".195"),
            Figure("any p_cluster_corrected ≤ .05", share("p_cluster_corrected"), most=0.07),
            Figure("any p_map ≤ .05 in the map of one model", share("p_map"), most=0.07),
            Figure("any p ≤ .05 in it, not corrected", share("p")),
        ),
        n=400,
    ),
    World(
        "16", "a model equal to the region, and one nearly so", partial(at_the_limit, noise=0.1),
        (
            Figure("width of the interval at an estimate of 1", mean("width"), most=0.001,
                   before="2"),
            Figure("interval near 1 covers", covered, least=0.92),
        ),
        n=300,
    ),
    *(
        World(
            "16", f"p of two sides, {measure}", partial(two_sides, measure=measure),
            (
                Figure("unrelated layers, p ≤ .05", share("null"), most=0.07),
                Figure("the opposite of the region, p ≤ .05", share("opposite"), least=0.95,
                       before="0"),
            ),
            n=300,
        )
        for measure in ("pearson", "cosine")
    ),
)  # fmt: skip

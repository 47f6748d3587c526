"""Many stimuli are compared without RDMs, and everything is as it would be with these."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import gmean

import isomorph as iso
from isomorph.errors import IsomorphError
from isomorph.inference import asking, many_given
from isomorph.inference.moments import signatures, signatures_of_sums
from isomorph.measures import MEASURES
from isomorph.measures.first_order import Signs
from isomorph.measures.tiled import Representation, compared

N = 120
RNG = np.random.default_rng(0)
SHARED = RNG.standard_normal((N, 5))


def features(width, noise):
    return SHARED @ RNG.standard_normal((5, width)) + noise * RNG.standard_normal((N, width))


MODELS = {
    "a": {f"layer {k}": features(20, k + 1.0) for k in range(3)},
    "b": {"first": features(15, 3.0), "last": features(15, 9.0)},
}
BRAIN = {"V1": [features(30, 4.0) for _ in range(4)], "IT": [features(40, 5.0)]}
SETTINGS = {"features": True, "resamples": 60, "permutations": 20, "selection": {"resamples": 50}}

TELLS_OF_SHUFFLES = {
    "calibrated", "p_corrected", "maximum_chance", "maximum_p", "maximum_calibrated",
    "score_calibrated",
}  # fmt: skip
"""Columns that need shuffles, or what the largest of shuffles is."""


def of_many(monkeypatch, *args, **settings):
    with monkeypatch.context() as less:
        for module in (asking, many_given):
            less.setattr(module, "MANY", 50)
        return iso.compare(*args, **{**SETTINGS, **settings})


def alike(ours, theirs, tolerance=1e-5):
    """Every number is the same; what only shuffles tell is not there."""
    keys = [one for one in ("region", "region_a", "subject", "model", "model_a", "layer", "measure")
            if one in ours]  # fmt: skip
    ours, theirs = (one.sort_values(keys).reset_index(drop=True) for one in (ours, theirs))
    assert len(ours) == len(theirs) > 0
    for name in theirs.select_dtypes("number").columns.difference(TELLS_OF_SHUFFLES):
        mine, other = ours[name].to_numpy(dtype=float), theirs[name].to_numpy(dtype=float)
        np.testing.assert_allclose(mine, other, atol=tolerance, rtol=1e-3, err_msg=name)


@pytest.mark.parametrize(
    ("measures", "distance"),
    [
        (["pearson", "rho_a"], "correlation"),
        (["cka", "whitened_cosine", "distance_correlation"], "squared_euclidean"),
        (["spearman", "cosine", "whitened_correlation"], "euclidean"),
    ],
)
def test_all_tables_are_those_of_rdms(monkeypatch, measures, distance):
    theirs = iso.compare(BRAIN, MODELS, measures, distance=distance, **SETTINGS)
    ours = of_many(monkeypatch, BRAIN, MODELS, measures, distance=distance)
    # Bins of so few pairs are coarse.
    binned = {"rho_a", "spearman"} & set(measures)
    for name in ("comparisons", "subjects", "selection", "differences", "preferences"):
        alike(ours.tables[name], theirs.tables[name], 1e-4 if binned else 1e-5)
    assert (ours.table["correction"] == "holm").all()
    assert (ours.table["p_corrected"] >= ours.table["p"]).all()
    assert ours.table["p_note"].str.contains("moments of all orders").all()
    assert ours.table["calibrated"].isna().all()
    assert ours.tables["regions"].empty


def test_p_is_that_of_the_signatures_of_rdms():
    first, second = features(20, 2.0), features(25, 4.0)
    measure = MEASURES["pearson"]
    made = [Representation(x.astype(np.float32)) for x in (first, second)]
    found = compared(made[:1], [made[1:]], [measure], Signs(np.arange(N)))["pearson"]
    rdms = [iso.rdm(x, "squared_euclidean")["squared_euclidean"].values for x in (first, second)]
    for sums, rdm in zip((found.layers[0], found.regions[0]), rdms, strict=True):
        ours = signatures_of_sums([sums])
        theirs = signatures(measure.embed(rdm.reshape(1, -1))[:, None])
        np.testing.assert_allclose(ours.squares, theirs.squares, rtol=1e-5)
        np.testing.assert_allclose(ours.two, theirs.two, rtol=1e-4)
        np.testing.assert_allclose(ours.three, theirs.three, rtol=1e-3)


def test_stimuli_are_lined_up_by_name(monkeypatch):
    names, order = [f"s{k:03d}" for k in range(N)], RNG.permutation(N)
    named = {
        model: {
            layer: pd.DataFrame(values[order], [names[at] for at in order])
            for layer, values in own.items()
        }
        for model, own in MODELS.items()
    }
    plain = of_many(monkeypatch, BRAIN, MODELS, "pearson")
    ours = of_many(monkeypatch, BRAIN, named, "pearson", stimuli=names)
    alike(ours.table, plain.table, 1e-6)
    other = {"a": {"layer 0": named["a"]["layer 0"].rename({"s000": "other"})}}
    with pytest.raises(IsomorphError, match='"other" of model "a" is not among those of stimuli'):
        of_many(monkeypatch, BRAIN, other, stimuli=names)


def test_groups_of_stimuli_are_drawn_as_one_and_nothing_is_shuffled(monkeypatch):
    table = pd.DataFrame(
        {"stimulus": [f"s{k:03d}" for k in range(N)], "scene": np.arange(N) // 4}
    )  # fmt: skip
    settings = {"stimuli": table, "keep_together": ["scene"], "distance": "correlation"}
    theirs = iso.compare(BRAIN, MODELS, "pearson", spread="jackknife", **SETTINGS, **settings)
    ours = of_many(monkeypatch, BRAIN, MODELS, "pearson", **settings)
    mine, other = ours.table.set_index(["region", "layer"]), theirs.table.set_index(
        ["region", "layer"]
    )  # fmt: skip
    other = other.loc[mine.index]
    np.testing.assert_allclose(mine["standard_error"], other["standard_error"], rtol=1e-4)
    assert (mine["n_groups"] == N // 4).all()
    assert mine["p"].isna().all()
    assert mine["reason"].str.contains("so many are not shuffled").all()


def test_features_of_activations_serve(monkeypatch):
    layers = MODELS["a"]
    ours = of_many(monkeypatch, BRAIN["IT"], {"a": layers}, "pearson").table
    assert gmean(ours["p"]) < 1e-3
    assert ours["layer"].tolist() == list(layers)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"measure": ["tau_a", "pearson"]},
            "tau_a: of 120 stimuli, more than 50, no RDMs are made",
        ),
        ({"measure": "pearson", "distance": "chebyshev"}, 'unknown distance "chebyshev"'),
        (
            {"measure": "pearson", "selection": {"kind": "cluster"}},
            "clusters of stimuli come from RDMs",
        ),
        ({"measure": "pearson", "spread": "bootstrap"}, "spread: bootstrap computes measures"),
    ],
)
def test_what_asks_for_rdms_is_refused(monkeypatch, settings, message):
    with pytest.raises(IsomorphError, match=message):
        of_many(monkeypatch, BRAIN, MODELS, **settings)

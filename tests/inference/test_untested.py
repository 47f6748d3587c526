"""Measures that do not see which stimulus is which have an estimate, an interval and no p."""

import numpy as np

import isomorph as iso
from isomorph.inference.setting import UNSEEN


def test_persistence_is_estimated_and_not_tested():
    rng = np.random.default_rng(0)
    shallow, deep = rng.standard_normal((2, 12, 9))
    models = {"net": iso.rdm({"shallow": shallow, "deep": deep}, "squared_euclidean")}
    brain = [
        iso.rdm(deep + rng.standard_normal(deep.shape), "squared_euclidean", subject=s, region=r)
        for s in "ab" for r in ("V1", "IT")
    ]  # fmt: skip
    found = iso.compare(brain, models, ["persistence", "rtd"], resamples=20, permutations=19)
    table = found.table.set_index("measure")
    own = table.loc["persistence"]
    assert (own["status"] == "untested").all()
    assert (own["reason"] == UNSEEN).all()
    assert own["p"].isna().all()
    assert own[["estimate", "interval_low", "interval_high"]].notna().all(axis=None)
    assert table.loc["rtd", "p"].notna().all()
    pairs = found.tables["regions"].set_index("measure").loc["persistence"]
    assert np.isnan(pairs["p"])

"""Measures that do not see which stimulus is which have an estimate, an interval and no p."""

import numpy as np
import pytest

import isomorph as iso
from isomorph.inference.independence import BY_MOMENTS
from isomorph.inference.setting import UNSEEN
from isomorph.measures.nearest import TOO_MANY


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


def in_hand(n_models=1):
    rng = np.random.default_rng(1)
    shallow, deep = rng.standard_normal((2, 12, 9))
    models = {
        f"net{k}": iso.rdm({"shallow": shallow, "deep": deep}, "squared_euclidean")
        for k in range(n_models)
    }
    brain = [
        iso.rdm(deep + rng.standard_normal(deep.shape), "squared_euclidean", subject=s)
        for s in "ab"
    ]
    return brain, models


@pytest.mark.parametrize(
    ("asked", "cheap", "costly"),
    [
        ({"permutations": 0, "tail": "none"}, "permutations is 0", "permutations is 0"),
        ({"permutations": 9, "costly_permutations": 0}, "", "costly_permutations is 0"),
    ],
)
def test_what_nobody_asked_to_shuffle_is_untested_and_drawn(asked, cheap, costly):
    names = ["rho_a", "procrustes", "mutual_knn(3)"]
    found = iso.compare(*in_hand(), names, resamples=20, **asked)
    rows = found.table.set_index("measure")
    # the matrices of neighbours are shuffled as RDMs are
    for name, why in zip(names, (cheap, costly, cheap), strict=True):
        own = rows.loc[name]
        assert (own["status"] == ("untested" if why else "ok")).all()
        assert (own["reason"] == (f"{why}, so nothing is shuffled" if why else "")).all()
        assert (own["p"].isna() == bool(why)).all()
        assert own[["interval_low", "interval_high"]].notna().all(axis=None)
    assert iso.plot(found) is not None


def test_what_is_known_of_all_orders_needs_no_shuffle():
    rows = iso.compare(*in_hand(), ["rho_a", "mutual_knn(3)"], resamples=20, permutations=0).table
    own = rows.set_index("measure").loc["rho_a"]
    assert (own["status"] == "ok").all()
    assert (own["p_note"] == BY_MOMENTS).all()
    assert own[["p", "p_corrected", "chance"]].notna().all(axis=None)
    assert set(own["correction"]) == {"holm"}
    assert rows.set_index("measure").loc["mutual_knn(3)", "p"].isna().all()


def test_measures_that_are_not_recovered_or_explained_are_named():
    brain, models = in_hand(2)
    few = {"simulations": 2, "tested": 0, "resamples": 10}
    found = iso.recover(brain, models, ["rho_a", "procrustes"], **few)
    assert set(found.table["measure"]) == {"rho_a"}
    why = "is computed anew for each draw, which takes too long here"
    assert found.left_out == (f"procrustes of squared_euclidean {why}",)
    with pytest.raises(iso.IsomorphError, match=f"measure: procrustes of .* {why}; take one"):
        iso.recover(brain, models, "procrustes", **few)
    few = {"splits": 2, "resamples": 10}
    found = iso.partial(brain, models, "net0", ["pearson", "procrustes"], **few)
    assert found.left_out == (f"procrustes {why}",)
    for function in (iso.partition, iso.weighted):
        with pytest.raises(iso.IsomorphError, match=f"^measure: procrustes {why}; add one of RDMs"):
            function(brain, models, "procrustes", **few)


def test_a_measure_without_a_value_says_that_first():
    """Not that nothing was shuffled, or that its resamples have no value either."""
    brain, models = in_hand()
    for asked in ({"permutations": 9}, {"permutations": 0}):
        rows = iso.compare(brain, models, "mutual_knn(11)", resamples=10, **asked).table
        assert (rows["status"] == "undefined").all()
        assert (rows["reason"] == TOO_MANY).all()
        assert rows[["estimate", "p", "interval_low", "ceiling_upper"]].isna().all(axis=None)

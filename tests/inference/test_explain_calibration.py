"""What explanations say of how sure they are holds in simulation, and where it cannot be said."""

import numpy as np
import pytest
from test_explain import (
    material_of,
    partial_table,
    partition_table,
    planted,
    squared,
    standardised,
)

from isomorph.inference.explain.matches import model_rows
from isomorph.inference.explain.material import Roles, luck_of_halvings
from isomorph.inference.explain.weighted_models import weighted_rows
from isomorph.inference.groups import draw_groups
from isomorph.inference.stimulus_splits import halved
from isomorph.measures import MEASURES
from isomorph.study.explain import Explain

BESIDE = Roles(("m",), ("c",), (("m", "c"),))


def some(rng, n, kind=10):
    return rng.standard_normal((n, kind))


def of(*features):
    """RDM of features beside each other, each counting alike."""
    return squared(np.hstack(features))


def covered(tables, column, truth=None):
    low, high = (np.array([one[f"interval_{end}"] for one in tables]) for end in ("low", "high"))
    truth = np.mean([one[column] for one in tables]) if truth is None else truth
    return ((low <= truth) & (truth <= high)).mean()


def test_partials_and_shares_cover_where_equally_good_layers_differ_in_them():
    """Half of the layers are good by what the control has, half by what it has not.

    With the layer chosen most often taken as given .80 and .56 were covered here, of 60 stimuli
    and ten layers .59 and .51.
    """
    partial, shares = [], []
    for seed in range(50):
        rng = np.random.default_rng(seed)
        held, beyond = some(rng, 40), some(rng, 40)
        brain = of(held, beyond, some(rng, 40))
        layers = [of(held if k % 2 else beyond, some(rng, 40)) for k in range(4)]
        material = material_of(brain[None], {"m": np.array(layers), "c": of(held)[None]}, seed=seed,
                               explain=Explain(resamples=80))  # fmt: skip
        partial.append(partial_table(material, BESIDE).set_index("statistic").loc["partial"])
        shares.append(partition_table(material, BESIDE).set_index("part").loc["m"])
    assert np.std([one["estimate"] for one in partial]) > 0.1
    assert covered(partial, "estimate") >= 0.88
    assert covered(shares, "variance") >= 0.88


@pytest.mark.parametrize("adds", [False, True])
def test_partials_of_equal_layers_cover_and_are_seldom_sure_of_nothing(adds):
    tables = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        shared = [some(rng, 30) for _ in range(1 + adds)]
        brain = of(*shared, some(rng, 30))
        layers = np.array([of(*shared, some(rng, 30)) for _ in range(10)])
        material = material_of(brain[None], {"m": layers, "c": of(shared[0])[None]}, seed=seed,
                               explain=Explain(resamples=80))  # fmt: skip
        tables.append(partial_table(material, BESIDE).set_index("statistic").loc["partial"])
    assert covered(tables, "estimate", 0.5 if adds else 0.0) >= 0.9
    small = np.mean([one["p"] <= 0.05 for one in tables])
    assert small > 0.9 if adds else small <= 0.1


def test_components_that_gain_nothing_are_seldom_sure_to():
    """With weights and layers taken as given p was below .05 in .14 of data sets."""
    p = []
    for seed in range(50):
        rng = np.random.default_rng(seed)
        common, own = some(rng, 30), some(rng, 30)
        brain = of(common, some(rng, 30))
        layers = np.array([of(common, 0.2 * some(rng, 30), own) for _ in range(6)])
        material = material_of(brain[None], {"m": layers}, seed=seed)
        table = weighted_rows(material, Roles(("m",), (), ()), "pearson", "squared_euclidean", rng)
        p.append(table.set_index("kind").loc["features", "p"])
    assert np.mean(np.array(p) <= 0.05) <= 0.06


def test_luck_of_halvings_is_that_of_their_mean():
    rng = np.random.default_rng(0)
    halves = rng.standard_normal((400, 10, 2)) * np.array([1.0, 3.0])
    found = np.mean([luck_of_halvings(one) for one in halves], axis=0)
    np.testing.assert_allclose(found, halves.mean(axis=1).var(axis=0), rtol=0.2)
    assert (luck_of_halvings(halves[0, :2]) == 0).all()


# ---------------------------------------------------------------- groups of stimuli


def variants(rng, n_objects, n_variants, spread=0.4):
    objects = np.repeat(some(rng, n_objects), n_variants, axis=0)
    return squared(objects + spread * rng.standard_normal(objects.shape))


def test_halves_of_resamples_share_no_group_and_hold_the_resample():
    rng = np.random.default_rng(1)
    groups = np.repeat(np.arange(12), 3)
    drawn = draw_groups(groups, 20, rng)
    found = halved(drawn, groups, rng)
    np.testing.assert_array_equal(found.sum(axis=1), drawn)
    inside = found.reshape(20, 2, 12, 3).any(axis=-1)
    assert not (inside[:, 0] & inside[:, 1]).any()


def test_shares_are_adjusted_by_shuffles_of_whole_groups():
    """12 objects in four variants: RDMs of blocks are alike by chance more than 48 stimuli tell."""
    totals, plain = [], []
    groups = np.repeat(np.arange(12), 4)
    for seed in range(25):
        rng = np.random.default_rng(seed)
        brain, one, other = (standardised(variants(rng, 12, 4)[None])[0] for _ in range(3))
        material = material_of(
            brain[None], {"m": one[None], "c": other[None]}, groups=groups, seed=seed
        )
        table = partition_table(material, BESIDE).set_index("part")
        totals.append(table.loc["all", "variance"])
        alone = material_of(brain[None], {"m": one[None], "c": other[None]}, seed=seed)
        plain.append(partition_table(alone, BESIDE).set_index("part").loc["all", "variance"])
    error = np.std(totals) / 5
    assert abs(np.mean(totals)) < 3 * error
    assert np.mean(plain) > 0.05  # all within objects are near: no discovery


def test_few_groups_cannot_tell_and_say_so():
    rng = np.random.default_rng(2)
    groups = np.repeat(np.arange(6), 6)
    rdms = np.array([variants(rng, 6, 6) for _ in range(6)])
    models = {"m": rdms[1:4], "c": rdms[4:5], "d": rdms[5:]}
    material = material_of(rdms[:1], models, groups=groups)
    roles = Roles(("m", "d"), ("c",), (("m", "c"),))
    tables = [
        partial_table(material, roles), partition_table(material, roles),
        weighted_rows(material, roles, "pearson", "squared_euclidean", rng),
        model_rows(material, roles.models, "pearson"),
    ]  # fmt: skip
    for table, value in zip(tables, ("estimate", "variance", "gain", "similarity"), strict=True):
        assert table["reason"].str.contains("6 groups of stimuli cannot tell").all()
        for column in ("standard_error", "interval_low", "p"):
            assert column not in table or table[column].isna().all()
        assert value == "variance" or np.isfinite(table[value]).all()


# ---------------------------------------------------------------- measures positive by chance


def test_where_chance_is_positive_there_is_no_p_and_the_row_says_why():
    rng = np.random.default_rng(3)
    brains, parts = planted(rng, [1.0, 0.5, 0.3])
    brains, parts = brains - brains.min(), parts - parts.min()
    material = material_of(brains, {"m": parts[:2], "c": parts[2:]})
    for table in (partial_table(material, BESIDE, "cosine"),
                  partition_table(material, BESIDE, "cosine")):  # fmt: skip
        assert table["p"].isna().all()
        assert table["p_note"].str.startswith("no p: a measure that is positive by chance").all()
    assert partial_table(material, BESIDE)["p_note"].eq("").all()


def test_layers_are_chosen_and_gains_taken_against_chance():
    """A broad RDM is nearer to any other by its cosine; the narrow one has what the brain has."""
    rng = np.random.default_rng(4)
    truth = some(rng, 40, 3)
    brain = of(truth, some(rng, 40, 3))
    layers = np.array([of(some(rng, 40, 60)), of(truth[:, :1])])
    cosine = MEASURES["cosine"]
    raw, calibrated = cosine.calibrated(brain[None], layers)
    assert raw[0].argmax() == 0
    assert calibrated[0].argmax() == 1
    material = material_of(brain[None], {"m": layers})
    roles = Roles(("m",), (), ())
    assert set(partial_table(material, roles, "cosine")["layer"]) == {"l1"}
    table = weighted_rows(material, roles, "cosine", "euclidean", rng).set_index("kind")
    assert table.loc["layers", "layer"] == "l1"
    row = table.loc["layers"]
    assert row["gain"] != pytest.approx(row["score"] - row["single"], abs=1e-3)
    assert row["interval_low"] < 0.05

"""A distance for brains and another for models: the library compares each under its own."""

import numpy as np
import pytest

import isomorph as iso
from isomorph.inference import asking, many_given
from isomorph.rdms.paired import of_brain, of_brains, of_layers

QUICK = {"resamples": 40, "permutations": 40}
RNG = np.random.default_rng(3)
SHALLOW, DEEP = RNG.standard_normal((2, 16, 30)) + RNG.uniform(0, 3, (2, 16, 1))
RESPONSES = [DEEP + RNG.standard_normal(DEEP.shape) for _ in range(3)]
LAYERS = {"shallow": SHALLOW, "deep": DEEP}
PAIR = {"brain": "correlation", "model": "euclidean"}
NAME = "correlation~euclidean"
DISTANCES = ["correlation", "euclidean"]


def of_responses(distance):
    return [iso.rdm(one, distance, subject=s) for one, s in zip(RESPONSES, "abc", strict=True)]


@pytest.fixture(scope="module")
def found():
    """Both sides have RDMs of both distances."""
    models = {"net": iso.rdm(LAYERS, DISTANCES)}
    other = [iso.rdm(SHALLOW + one, DISTANCES, subject=s, region="IT")
             for one, s in zip(RESPONSES, "abc", strict=True)]  # fmt: skip
    brain = {"V1": of_responses(DISTANCES), "IT": other}
    return iso.compare(brain, models, distance=["correlation", PAIR], **QUICK)


def test_each_side_has_its_own_distance_and_both_stand_in_every_row(found):
    expected = iso.compare(
        {"V1": [one["correlation"].values[0] for one in of_responses("correlation")]},
        {"net": {name: iso.rdm({name: x}, "euclidean")["euclidean"].values[0]
                 for name, x in LAYERS.items()}},
        distance=PAIR, **QUICK,
    ).table  # fmt: skip
    ours = found.table.query("region == 'V1' and distance == @NAME")
    np.testing.assert_allclose(ours["estimate"], expected["estimate"], atol=1e-12)
    plain = found.table.query("region == 'V1' and distance == 'correlation'")
    assert not np.allclose(ours["estimate"], plain["estimate"], atol=1e-3)
    for name, table in found.tables.items():
        if {"distance", "model"} & set(table) == {"distance", "model"} and name != "contrasts":
            rows = table[table["distance"] == NAME]
            assert len(rows), name
            assert set(rows["distance_brain"]) == {"correlation"}, name
            assert set(rows["distance_model"]) == {"euclidean"}, name
    assert set(found.agreement["distance_b"]) == {NAME}


def test_what_is_of_regions_alone_is_said_once_and_the_same(found):
    regions = found.tables["regions"]
    assert regions["distance"].tolist() == ["correlation"]
    assert "distance_model" not in regions
    ceilings = found.table.pivot_table("ceiling_upper", ["region", "layer"], "distance")
    np.testing.assert_allclose(ceilings["correlation"], ceilings[NAME])
    alone = iso.noise_ceiling(of_responses("correlation"), distance=["correlation", PAIR], **QUICK)
    assert alone.table["distance"].tolist() == ["correlation"]


@pytest.mark.parametrize("distance", [PAIR, {"brain": "crossnobis", "model": "correlation"},
                                      "crossnobis"])  # fmt: skip
def test_of_responses_and_features_each_side_is_made_what_it_is_compared_as(distance):
    repeated = DEEP + RNG.standard_normal((4, *DEEP.shape))
    ours = iso.compare(
        repeated, {"net": LAYERS}, "pearson", distance=distance, features=True, **QUICK
    ).table
    brain, model = ours["distance_brain"][0], ours["distance_model"][0]
    expected = iso.compare(
        iso.rdm(repeated, brain), {"net": iso.rdm(LAYERS, model)}, "pearson", distance=distance,
        **QUICK,
    ).table  # fmt: skip
    np.testing.assert_allclose(ours["estimate"], expected["estimate"], atol=1e-12)


def test_many_stimuli_have_no_rdms_of_two_distances_either(monkeypatch):
    asked = {"distance": PAIR, "features": True, **QUICK}
    with_rdms = iso.compare(RESPONSES, {"net": LAYERS}, "pearson", **asked).table
    for module in (asking, many_given):
        monkeypatch.setattr(module, "MANY", 10)
    without = iso.compare(RESPONSES, {"net": LAYERS}, "pearson", **asked).table
    np.testing.assert_allclose(without["estimate"], with_rdms["estimate"], atol=1e-5)
    assert set(without["distance_model"]) == {"euclidean"}


def test_explanations_and_simulations_are_of_both():
    models = {"a": iso.rdm({"shallow": SHALLOW}, "correlation"),
              "b": iso.rdm({"deep": DEEP}, "correlation")}  # fmt: skip
    brain = of_responses("euclidean")
    pair = {"brain": "euclidean", "model": "correlation"}
    rows = iso.partial(brain, models, "a", "pearson", distance=pair, resamples=20).table
    plain = iso.compare(brain, models, "pearson", distance=pair, **QUICK).table
    np.testing.assert_allclose(
        rows.query("model == 'b' and statistic == 'plain'")["estimate"],
        plain.query("model == 'b'")["estimate"], atol=1e-9,
    )  # fmt: skip
    assert set(rows["distance_model"]) == {"correlation"}
    power = iso.recover(brain, models, "pearson", distance=pair, simulations=20).tables["power"]
    assert (power["recovery_exact"] > 0.5).any()
    none = iso.recover(
        of_responses("correlation"), {"net": iso.rdm(LAYERS, "euclidean")}, "pearson",
        distance=PAIR, simulations=20,
    ).tables["power"]  # fmt: skip
    assert none["reason"].str.contains("do not say where the origin is").all()


def test_measures_of_gram_matrices_take_both_or_neither():
    models = {"net": iso.rdm(LAYERS, ["squared_euclidean", "euclidean"])}
    brain = of_responses("correlation")
    both = iso.compare(brain, models, "cka", distance="correlation ~ squared_euclidean", **QUICK)
    assert set(both.table["distance"]) == {"correlation~squared_euclidean"}
    with pytest.raises(iso.IsomorphError, match="cka takes the Gram matrix of features"):
        iso.compare(brain, models, "cka", distance=PAIR, **QUICK)


def test_a_name_stands_for_what_either_side_has():
    assert (of_brain(NAME), of_layers(NAME)) == ("correlation", "euclidean")
    assert (of_brain("crossnobis"), of_layers("crossnobis")) == ("crossnobis", "squared_euclidean")
    assert of_brains(["correlation", NAME, "euclidean"]) == ["correlation", "euclidean"]


@pytest.mark.parametrize(
    ("distance", "said"),
    [
        ({"brain": "correlation"}, "is no pair of distances, expected"),
        ({"brain": "correlation", "model": "crossnobis"}, "model: crossnobis needs repetitions"),
        ({"brain": "correlation", "model": "euclidian"}, 'did you mean "euclidean"'),
        ({"brain": "euclidean", "model": "correlation"}, "brain: has no RDM with distance euclid"),
        ([PAIR, NAME], '"correlation~euclidean" is named twice'),
        (["correlation", {"brain": "correlation", "model": "correlation"}], "is named twice"),
        ("correlation", 'to compare under two, distance={"brain": "correlation", "model": "eucli'),
        ({"brain": "crossnobis", "model": "squared_euclidean"}, "write crossnobis alone"),
    ],
)
def test_what_is_no_pair_is_refused_in_one_sentence(distance, said):
    models = {"net": iso.rdm(LAYERS, "euclidean")}
    with pytest.raises(iso.IsomorphError, match=said.replace("[", r"\[")) as told:
        iso.compare(of_responses("correlation"), models, distance=distance, **QUICK)
    assert "\n" not in str(told.value)

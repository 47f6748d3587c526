"""Geometries of variables: the distances they are named after, on any stimulus table."""

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import pdist, squareform

from isomorph import rdm
from isomorph.errors import IsomorphError
from isomorph.models import SOURCES, activations, mistakes_of
from isomorph.models.geometry import GEOMETRIES
from isomorph.study import ModelSpec

RNG = np.random.default_rng(4)
TABLE = pd.DataFrame({
    "stimulus": [f"s{place:02d}" for place in range(24)],
    "heading": np.arange(24) * 2 * np.pi / 24,
    "heading_period": 2 * np.pi,
    "phase": RNG.permutation(24) * 15.0,
    "phase_period": 360.0,
    "x": RNG.uniform(0, 1, 24),
    "x_period": np.nan,
    "y": RNG.uniform(0, 1, 24),
    "y_period": np.nan,
    "orientation": np.repeat(np.arange(12) * 15, 2),
    "elevation": np.linspace(-80, 80, 24),
    "morph": 10.0 ** RNG.permutation(24),
    "kingdom": ["animal"] * 16 + ["plant"] * 8,
    "class": ["bird"] * 8 + ["fish"] * 8 + ["tree"] * 8,
    "species": [f"k{place // 2}" for place in range(24)],
    "path": ["a/b/c"] * 8 + ["a/d"] * 8 + ["e"] * 8,
    "constant": 3.0,
    "gappy": ["1", ""] * 12,
})  # fmt: skip


def layers(name, table=TABLE, **options):
    """Features of each layer of a geometry."""
    one = GEOMETRIES[name]
    return one.features(table, one.settings.model_validate(options), "ideal")


def distances(features):
    """Euclidean distances of all pairs."""
    return squareform(pdist(features))


def apart(values, period=None):
    """How far values are apart, the short way round where they have a period."""
    away = np.abs(np.subtract.outer(np.asarray(values), np.asarray(values)))
    return away if period is None else np.minimum(away, period - away)


# ---------------------------------------------------------------- theorems


@pytest.mark.parametrize(
    ("column", "period"), [("heading", None), ("heading", 2 * np.pi), ("orientation", 180)]
)
def test_distances_of_a_ring_are_chords(column, period):
    found = layers("ring", column=column, period=period, harmonics=[1, 2, 5])
    period = period or 2 * np.pi
    angle = apart(TABLE[column].to_numpy(), period) * 2 * np.pi / period
    assert list(found) == ["ring", "harmonic2", "harmonic5"]
    for turns, features in zip((1, 2, 5), found.values(), strict=True):
        chord = np.abs(2 * np.sin(turns * angle / 2))
        np.testing.assert_allclose(distances(features), chord, atol=1e-9)


def test_a_ring_does_not_know_where_it_begins():
    turned = TABLE.assign(heading=(TABLE["heading"] + 1.234) % (2 * np.pi) - np.pi)
    for name in ("ring", "harmonic2", "harmonic3"):
        before, after = (layers("ring", one, column="heading")[name] for one in (TABLE, turned))
        np.testing.assert_allclose(distances(after), distances(before), atol=1e-9)


def test_a_torus_is_the_sum_of_its_rings():
    found = layers("torus")
    assert list(found) == ["torus", "heading", "phase"]
    parts = sum(distances(layers("ring", column=one)["ring"]) ** 2 for one in ("heading", "phase"))
    np.testing.assert_allclose(distances(found["torus"]) ** 2, parts, atol=1e-9)


def test_periods_by_name_stand_before_those_of_the_table():
    found = layers("torus", columns=["heading", "orientation"], period={"orientation": 180})
    ring = layers("ring", column="orientation", period=180)["ring"]
    np.testing.assert_array_equal(found["orientation"], ring)


@pytest.mark.parametrize(("name", "noun"), [("torus", "lattice"), ("grid", "module")])
def test_a_lattice_is_one_point_and_turns_with_its_orientation(name, noun):
    spacing, orientation = 0.4, 20.0
    options = {"columns": ["x", "y"], "spacing": [spacing], "orientation": orientation}
    layer = f"{noun} {spacing}"
    before = layers(name, **options)[layer]
    angle = np.deg2rad(orientation + 60)
    step = {"x": spacing * np.cos(angle), "y": spacing * np.sin(angle)}
    moved = TABLE.assign(**{key: TABLE[key] + by for key, by in step.items()})
    np.testing.assert_allclose(layers(name, moved, **options)[layer], before, atol=1e-9)
    turn = np.deg2rad(37.0)
    turned = TABLE.assign(
        x=np.cos(turn) * TABLE["x"] - np.sin(turn) * TABLE["y"],
        y=np.sin(turn) * TABLE["x"] + np.cos(turn) * TABLE["y"],
    )
    after = layers(name, turned, **{**options, "orientation": orientation + 37})[layer]
    np.testing.assert_allclose(distances(after), distances(before), atol=1e-6)
    assert np.abs(distances(layers(name, turned, **options)[layer]) - distances(before)).max() > 0.1


def test_a_module_of_grid_cells_fires_as_much_everywhere():
    rates = layers("grid", spacing=[0.3, 0.5])
    assert list(rates) == ["plane", "module 0.3", "module 0.5", "modules"]
    sums = rates["module 0.3"].sum(axis=1)
    np.testing.assert_allclose(sums, sums.mean(), rtol=1e-3)
    np.testing.assert_allclose(
        distances(rates["modules"]) ** 2,
        distances(rates["module 0.3"]) ** 2 + distances(rates["module 0.5"]) ** 2,
    )


def test_a_plane_and_a_line_are_as_far_as_values_are():
    plane = layers("grid")["plane"]
    np.testing.assert_allclose(distances(plane), np.hypot(apart(TABLE["x"]), apart(TABLE["y"])))
    found = layers("line", column="morph")
    assert list(found) == ["linear", "log", "ranks"]
    np.testing.assert_allclose(distances(found["linear"]), apart(TABLE["morph"]))
    # Values are powers of ten, so that steps of their logarithm and of their ranks are alike.
    np.testing.assert_allclose(distances(found["log"]), np.log(10) * distances(found["ranks"]))
    assert list(layers("line", column="elevation")) == ["linear", "ranks"]


def test_distances_of_a_sphere_are_chords():
    found = layers("sphere", columns=["phase", "elevation"])["sphere"]
    around, up = np.deg2rad(TABLE["phase"]), np.deg2rad(TABLE["elevation"])
    cosine = np.sin(up.values)[:, None] * np.sin(up.values) + (
        np.cos(up.values)[:, None] * np.cos(up.values) * np.cos(apart(around))
    )
    np.testing.assert_allclose(distances(found) ** 2, 2 - 2 * cosine, atol=1e-9)


def test_fields_tell_near_from_far_and_nothing_more():
    found = layers("place", columns=["heading", "x"], widths=[0.3, [0.2, 0.1]])
    assert list(found) == ["width 0.3", "width 0.2 0.1"]
    for features, (wide, narrow) in zip(found.values(), [(0.3, 0.3), (0.2, 0.1)], strict=True):
        squared = (apart(TABLE["heading"], 2 * np.pi) / wide) ** 2
        squared = squared + (apart(TABLE["x"]) / narrow) ** 2
        expected = 1 - np.exp(-squared / 4)
        measured = distances(features) ** 2
        measured = measured / measured.max() * expected.max()
        np.testing.assert_allclose(measured, expected, atol=0.03)
    flat = layers("place", columns=["x"], widths=[0.1])["width 0.1"]
    squared = distances(flat) ** 2
    expected = 1 - np.exp(-((apart(TABLE["x"]) / 0.1) ** 2) / 4)
    np.testing.assert_allclose(squared / squared.max(), expected / expected.max(), atol=1e-3)


def test_a_tree_counts_branches_and_is_ultrametric():
    found = layers("tree", columns=["kingdom", "class", "species"])
    assert list(found) == ["tree", "kingdom", "class", "species"]
    squared = distances(found["tree"]) ** 2
    same = [np.equal.outer(*[TABLE[one].to_numpy()] * 2) for one in ("kingdom", "class", "species")]
    np.testing.assert_allclose(squared, 2 * (3 - sum(same)), atol=1e-9)
    longest = np.maximum(squared[:, :, None], squared[None, :, :])  # by way of the middle axis
    assert (squared[:, None, :] <= longest + 1e-9).all()


def test_paths_may_end_early():
    found = layers("tree", columns=["path"])
    assert list(found) == ["tree", "level1", "level2", "level3"]
    squared = distances(found["tree"]) ** 2
    # From a/b/c down two branches and up one to a/d; down three and up one to e.
    assert (squared[0, 8], squared[0, 16], squared[8, 16]) == pytest.approx((3, 4, 3))
    columns = TABLE.assign(inner=["b"] * 8 + ["d"] * 8 + [""] * 8, innermost=["c"] * 8 + [""] * 16,
                           outer=TABLE["path"].str[:1])  # fmt: skip
    nested = layers("tree", columns, columns=["outer", "inner", "innermost"])
    np.testing.assert_array_equal(nested["tree"], found["tree"])


# ---------------------------------------------------------------- as models


def test_a_geometry_is_a_model_of_any_table():
    found = activations("geometry/ring", table=TABLE, options={"column": "heading"})
    assert found.layer.values.tolist() == ["ring", "harmonic2", "harmonic3"]
    chord = pdist(layers("ring", column="heading")["ring"], "sqeuclidean")
    measured = rdm(found, "squared_euclidean")
    values = measured["squared_euclidean"].sel(layer="ring").to_numpy().ravel()
    np.testing.assert_allclose(values / values.max(), chord / chord.max(), atol=1e-6)


def test_variables_of_the_table_need_no_options():
    assert list(layers("torus")) == ["torus", "heading", "phase"]
    one = TABLE.drop(columns=["phase", "phase_period"])
    ring = layers("ring", one)["ring"]
    np.testing.assert_array_equal(ring, layers("ring", column="heading")["ring"])
    assert list(layers("grid")) == ["plane"]
    wide = layers("place", one, widths=[0.5])
    assert list(wide) == ["width 0.5"]


def test_numbers_may_be_text_and_text_is_no_number():
    told = TABLE.astype({"orientation": str})
    as_text = layers("ring", told, column="orientation", period=180)["ring"]
    as_numbers = layers("ring", column="orientation", period=180)["ring"]
    np.testing.assert_array_equal(as_text, as_numbers)


REFUSED = [
    ("ring", {"column": "headin"}, 'options.column: the stimulus table has no "headin", did you '
     'mean "heading"'),
    ("ring", {"column": "orientation"}, "options.period: is required"),
    ("ring", {"column": "orientation", "period": 90}, "runs from 0 to 165, more than its period "
     "of 90"),
    ("ring", {}, "its variables with a period are heading, phase"),
    ("line", {}, "its variables without a period are x, y"),
    ("line", {"column": "constant"}, "constant is 3 for every stimulus"),
    ("line", {"column": "kingdom"}, 'kingdom holds "animal", which is not a number'),
    ("line", {"column": "gappy"}, 'has no finite number for 12 of 24 stimuli, "s01" for one'),
    ("torus", {"columns": ["heading"]}, "names heading, expected 2 or more"),
    ("torus", {"columns": ["heading", "orientation"]}, "options.period: is required"),
    ("torus", {"period": {"headign": 3}}, 'did you mean "heading"'),
    ("torus", {"spacing": [0.3], "period": 3}, "with spacing leave it out"),
    ("grid", {"columns": ["x", "y", "heading"]}, "expected 2"),
    ("grid", {"columns": ["x", "kingdom"]}, "which is not a number"),
    ("sphere", {"columns": ["phase", "phase"[::-1]]}, "the stimulus table has no"),
    ("sphere", {"columns": ["elevation", "phase"], "period": 360}, "phase goes beyond 90"),
    ("place", {"columns": ["x", "y"], "widths": [[1, 2, 3]]}, "gives 3, and there are 2 columns"),
    ("place", {"columns": ["x", "y"], "widths": [0.001]}, "at most 32,768 are computed"),
    ("place", {"columns": ["heading"], "widths": [1], "period": 1}, "more than its period of 1"),
    ("tree", {"columns": ["kingdm"]}, 'did you mean "kingdom"'),
    ("tree", {"columns": ["gappy", "kingdom"]}, '"s01" has no gappy'),
    ("tree", {"columns": ["constant"]}, 'constant is "3.0" for every stimulus'),
]  # fmt: skip


@pytest.mark.parametrize(("name", "options", "why"), REFUSED)
def test_what_has_no_such_geometry_is_refused_in_a_sentence(name, options, why):
    with pytest.raises(IsomorphError) as caught:
        layers(name, **options)
    assert why in str(caught.value)
    assert str(caught.value).startswith("ideal: options.")
    assert "\n" not in str(caught.value)


def test_a_period_of_the_table_must_be_one():
    for periods in (np.arange(24) + 7.0, np.where(np.arange(24) < 4, np.nan, 7.0), ["?"] * 24):
        with pytest.raises(IsomorphError, match="must be one number above 0"):
            layers("ring", TABLE.assign(heading_period=periods), column="heading")


def test_a_period_in_another_unit_is_pointed_at(capsys):
    layers("ring", column="heading", period=360)
    assert "covers 1.7% of its period of 360" in capsys.readouterr().err


@pytest.mark.parametrize(("options", "why"), [
    ({"colum": "x"}, 'options.colum: unknown key, did you mean "column"?'),
    ({"harmonics": []}, "options.harmonics"),
    ({"harmonics": [0]}, "options.harmonics.0"),
    ({"period": -1}, "options.period"),
])  # fmt: skip
def test_options_are_refused_before_anything_runs(options, why):
    mistakes = mistakes_of(ModelSpec(name="mine", source="geometry/ring", options=options))
    assert len(mistakes) == 1
    assert mistakes[0].startswith(why)


def test_seeds_and_unknown_geometries_are_refused():
    (mistake,) = mistakes_of(ModelSpec(name="mine", source="geometry/ring", seeds=[1]))
    assert mistake == "seeds: nothing in geometry/ring differs by seed; leave seeds out"
    with pytest.raises(IsomorphError, match="geometry/ring"):
        SOURCES["geometry/rings"]

import numpy as np
import pandas as pd
import pytest

from isomorph.artefacts import read_table
from isomorph.figures import selection


@pytest.fixture
def table(small):
    return read_table(small.comparisons("real"), "comparisons")


def test_families_are_trained_untrained_or_baselines(small):
    found = {family.name: family for family in selection.families(small.study)}
    assert [family.kind for family in found.values()] == ["trained", "untrained", "baseline"]
    assert found["net-untrained"].control_of == "net"
    assert len(found["net-untrained"].instances) == 3


def test_the_main_rows_follow_the_order_of_the_study(table):
    shown = selection.main(table, "alpha", ["pearson", "rho_a"], ["correlation"])
    assert (shown.measure, shown.distance) == ("pearson", "correlation")
    assert set(shown.rows["measure"]) == {"pearson"}


def test_a_measure_without_numbers_gives_way_to_the_next(table):
    table.loc[table["measure"] == "rho_a", "status"] = "undefined"
    shown = selection.main(table, "alpha", ["rho_a", "pearson"], ["euclidean", "correlation"])
    assert (shown.measure, shown.distance) == ("pearson", "correlation")
    table["status"] = "undefined"
    assert selection.main(table, "alpha", ["rho_a"], ["correlation"]) is None


def test_a_row_that_is_ok_but_not_finite_is_not_used(table):
    table.loc[0, "estimate"] = np.nan
    assert len(selection.usable(table)) == len(table) - 1


def test_the_best_layer_is_the_planted_one(small, table):
    groups = selection.families(small.study)
    for region, layer in (("alpha", "blocks.2"), ("beta", "blocks.0")):
        shown = selection.main(table, region, ["rho_a"], ["correlation"])
        best = selection.best_row(shown, groups)
        assert (best["model"], best["layer"]) == ("net", layer)
        per_model = selection.best_layers(shown.rows).set_index("model")
        assert per_model.loc["net", "layer"] == layer
        assert len(per_model) == 5


def test_without_a_trained_model_any_model_can_be_best(small, table):
    shown = selection.main(table, "alpha", ["rho_a"], ["correlation"])
    rows = shown.rows[shown.rows["model"] != "net"]
    others = selection.MainRows("alpha", "correlation", "rho_a", rows)
    best = selection.best_row(others, selection.families(small.study))
    assert best["estimate"] == rows["estimate"].max()


def test_the_ceiling_is_bounds_or_a_reason(table):
    alpha, beta = (table[table["region"] == name] for name in ("alpha", "beta"))
    assert selection.ceiling(alpha) == selection.Bounds(0.5, 0.6)
    assert selection.ceiling(beta) == "one subject"
    assert selection.ceiling(alpha.head(0)) == "not computed"
    said = alpha.assign(ceiling_reason="halves")
    assert selection.ceiling(said) == selection.Bounds(0.5, 0.6)
    one = said.assign(ceiling_lower=np.nan, ceiling_upper_low=0.55, ceiling_upper_high=0.63)
    assert selection.ceiling(one) == selection.Bounds(0.55, 0.63, 0.6)


def test_a_missing_p_is_not_significant():
    rows = pd.DataFrame({"p_corrected": [0.01, np.nan, 0.05]})
    np.testing.assert_array_equal(selection.significant(rows), [True, False, False])

import numpy as np
import pandas as pd
import pytest

from isomorph.artefacts import read_table
from isomorph.figures import main_rows


@pytest.fixture
def table(small):
    return read_table(small.comparisons("real"), "comparisons")


def test_families_are_trained_untrained_or_baselines(small):
    found = {family.name: family for family in main_rows.families(small.study)}
    assert [family.kind for family in found.values()] == ["trained", "untrained", "baseline"]
    assert found["net-untrained"].control_of == "net"
    assert len(found["net-untrained"].instances) == 3


def test_the_main_rows_follow_the_order_of_the_study(table):
    shown = main_rows.main(table, "alpha", ["pearson", "rho_a"], ["correlation"])
    assert (shown.measure, shown.distance) == ("pearson", "correlation")
    assert set(shown.rows["measure"]) == {"pearson"}


def test_a_measure_without_numbers_gives_way_to_the_next(table):
    table.loc[table["measure"] == "rho_a", "status"] = "undefined"
    shown = main_rows.main(table, "alpha", ["rho_a", "pearson"], ["euclidean", "correlation"])
    assert (shown.measure, shown.distance) == ("pearson", "correlation")
    table["status"] = "undefined"
    assert main_rows.main(table, "alpha", ["rho_a"], ["correlation"]) is None


def test_a_row_that_is_ok_but_not_finite_is_not_used(table):
    table.loc[0, "estimate"] = np.nan
    assert len(main_rows.usable(table)) == len(table) - 1


def test_the_best_layer_is_the_planted_one(small, table):
    groups = main_rows.families(small.study)
    for region, layer in (("alpha", "blocks.2"), ("beta", "blocks.0")):
        shown = main_rows.main(table, region, ["rho_a"], ["correlation"])
        best = main_rows.best_row(shown, groups)
        assert (best["model"], best["layer"]) == ("net", layer)
        per_model = main_rows.best_layers(shown.rows).set_index("model")
        assert per_model.loc["net", "layer"] == layer
        assert len(per_model) == 5


def test_without_a_trained_model_any_model_can_be_best(small, table):
    shown = main_rows.main(table, "alpha", ["rho_a"], ["correlation"])
    rows = shown.rows[shown.rows["model"] != "net"]
    others = main_rows.MainRows("alpha", "correlation", "rho_a", rows)
    best = main_rows.best_row(others, main_rows.families(small.study))
    assert best["estimate"] == rows["estimate"].max()


def test_the_ceiling_is_bounds_or_a_reason(table):
    alpha, beta = (table[table["region"] == name] for name in ("alpha", "beta"))
    assert main_rows.ceiling(alpha) == main_rows.Bounds(0.5, 0.6)
    assert main_rows.ceiling(beta) == "one subject"
    assert main_rows.ceiling(alpha.head(0)) == "not computed"
    said = alpha.assign(ceiling_reason="halves")
    assert main_rows.ceiling(said) == main_rows.Bounds(0.5, 0.6)
    one = said.assign(ceiling_lower=np.nan, ceiling_upper_low=0.55, ceiling_upper_high=0.63)
    assert main_rows.ceiling(one) == main_rows.Bounds(0.55, 0.63, 0.6)


def test_a_missing_p_is_not_significant():
    rows = pd.DataFrame({"p_corrected": [0.01, np.nan, 0.05]})
    np.testing.assert_array_equal(main_rows.significant(rows), [True, False, False])

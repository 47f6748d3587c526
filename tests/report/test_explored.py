import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from synthetic_study import write_scores
from test_bundle import opened

from isomorph.artefacts import provenance, read_table, write_table
from isomorph.numerals import number
from isomorph.report.evidence import read_results
from isomorph.report.explored import bundles, explored
from isomorph.report.grid import SETTING
from isomorph.report.stepped import MISSING, PER_UNIT, stepped


@pytest.fixture
def found(fresh):
    write_scores(fresh, "real")
    return fresh, read_results(fresh, "real")


def value(header, arrays, name, setting, column):
    """Return a number as a browser does."""
    kept, scale = arrays[name][setting, column], header["scales"].get(name)
    if scale is None:
        return kept
    return np.nan if kept == MISSING else (int(kept) + scale["low"]) / scale["per"]


def places(header, arrays):
    """Return the row of every setting and the column of every layer, by their names."""
    lists = {"region": header["regions"], "bin": [one["words"] for one in header["bins"]],
             "distance": [one["name"] for one in header["distances"]],
             "measure": [one["name"] for one in header["measures"]]}  # fmt: skip
    at = [header["columns"].index(name) for name in SETTING]
    settings = {
        tuple(lists[name][code] for name, code in zip(SETTING, row[at], strict=True)): n
        for n, row in enumerate(arrays["settings"])
    }
    layers = [(model["name"], layer) for model in header["models"] for layer in model["layers"]]
    return settings, {one: n for n, one in enumerate(layers)}


def test_every_comparison_is_kept_as_it_is_in_the_table(found):
    layout, results = found
    header, arrays = opened(explored(results))
    settings, layers = places(header, arrays)
    table = read_table(layout.comparisons("real"), "comparisons")
    assert len(table) == arrays["estimate"].size  # every place is taken
    for row in table.to_dict("records"):
        setting = settings[row["region"], "", row["distance"], row["measure"]]
        at = setting, layers[row["model"], row["layer"]]
        for name in ("estimate", "interval_low", "interval_high"):
            assert number(value(header, arrays, name, *at)) == number(row[name])
            assert value(header, arrays, name, *at) == pytest.approx(row[name], abs=2e-4)
        assert value(header, arrays, "p_corrected", *at) == pytest.approx(row["p_corrected"], 1e-6)
        low, high, _ = arrays["ceiling"][setting]
        expected = (0.5, 0.6) if row["region"] == "alpha" else (np.nan, np.nan)
        np.testing.assert_allclose((low, high), expected, rtol=1e-6)


def test_scores_are_kept_with_the_layer_that_was_chosen(found):
    layout, results = found
    header, arrays = opened(explored(results))
    settings, layers = places(header, arrays)
    models = [model["name"] for model in header["models"]]
    for row in read_table(layout.path("selection", "real"), "selection").to_dict("records"):
        setting = settings[row["region"], "", row["distance"], row["measure"]]
        model = models.index(row["model"])
        score = value(header, arrays, "score", setting, model)
        assert score == pytest.approx(row["score"], abs=2e-4)
        assert arrays["chosen"][setting, model] == layers[row["model"], row["chosen_layer"]]
    trained = value(header, arrays, "contrast", settings["alpha", "", "correlation", "rho_a"], 0)
    assert trained == pytest.approx(0.26)
    untrained = value(header, arrays, "contrast", settings["alpha", "", "correlation", "rho_a"], 1)
    assert np.isnan(untrained)


def test_what_has_no_number_says_why_and_bins_have_their_words(fresh):
    path = fresh.comparisons("real")
    table = read_table(path, "comparisons")
    first = (table["region"] == "alpha") & (table["layer"] == "stem")
    table.loc[first, ["estimate", "interval_low", "interval_high", "p_corrected"]] = np.nan
    table.loc[first, ["status", "reason"]] = ["undefined", "no pairs"]
    timed = table.assign(time_start=0.05, time_stop=0.1)
    write_table(path, timed, "comparisons", provenance("test"))
    header, arrays = opened(explored(read_results(fresh, "real")))
    settings, layers = places(header, arrays)
    setting = settings["alpha", "50 to 100 ms", "correlation", "rho_a"]
    assert np.isnan(value(header, arrays, "estimate", setting, layers["net", "stem"]))
    assert header["texts"][arrays["reason"][setting, layers["net", "stem"]]] == "no pairs"
    assert header["texts"][arrays["reason"][setting, layers["net", "head"]]] == ""
    assert header["bins"] == [{"words": "50 to 100 ms", "start": 0.05, "stop": 0.1}]


@given(some.lists(some.floats(-3, 3), min_size=1, max_size=40))
def test_numbers_in_steps_are_printed_as_they_are(values):
    kept, low = stepped(np.array(values))
    for given_, code in zip(values, kept, strict=True):
        assert number((int(code) + low) / PER_UNIT) == number(given_)


def test_values_too_far_apart_for_steps_are_kept_in_single_precision():
    values = np.array([-50.0, 1e5, np.nan])
    kept, low = stepped(values)
    assert low is None
    np.testing.assert_array_equal(kept, values.astype(np.float32))


def test_a_dataset_without_any_number_is_not_kept(fresh):
    path = fresh.comparisons("real")
    table = read_table(path, "comparisons")
    write_table(path, table.assign(estimate=np.nan), "comparisons", provenance("test"))
    assert bundles([read_results(fresh, "real")]) == {}

"""Whether the conclusion depends on the family of measures: the sentences of page and headline."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from synthetic_study import scores_of, write_study

from isomorph.report.answers import sentences
from isomorph.report.dependence import of_families, of_settings
from isomorph.report.evidence import read_results
from isomorph.report.robustness import robustness

SQUARED = "squared_euclidean"
NET = {"net": 0.5, "pixels": 0.2}
PIXELS = {"pixels": 0.6, "net": 0.3}


@pytest.fixture(scope="module")
def layout(tmp_path_factory):
    return write_study(tmp_path_factory.mktemp("dependence"), datasets=("real",))


@pytest.fixture
def told(layout):
    """From who scores what under each setting, and whether that is sure, to results."""

    def results(highest, p=None):
        def score(region, model, distance, measure):
            return highest[distance, measure].get(model, 0.1)

        tables = scores_of(layout, "real", score, list(highest))
        pairs = [
            {"dataset": "real", "region": region, "time_start": np.nan, "time_stop": np.nan,
             "distance": distance, "measure": measure, "model_a": "net", "model_b": "pixels",
             "p_corrected": (p or {}).get((distance, measure), np.nan)}
            for region in ("alpha", "beta") for distance, measure in highest
        ]  # fmt: skip
        found = read_results(layout, "real")
        more = {**tables, "differences": pd.DataFrame(pairs)} if p else tables
        return replace(found, tables={**found.tables, **more})

    return results


def test_one_winner_under_all_families_is_one_conclusion(told):
    found = told({("correlation", "rho_a"): NET, ("correlation", "pearson"): NET,
                  (SQUARED, "cka"): NET})  # fmt: skip
    assert of_families(found, "alpha") == (
        "Which model scores highest does not depend on the family of measures: under all 3 "
        "measures of 2 families Net, trained has the highest score on held-out stimuli."
    )


def test_a_family_that_another_model_leads_is_named(told):
    highest = {("correlation", "rho_a"): NET, ("correlation", "pearson"): NET,
               (SQUARED, "cka"): NET, (SQUARED, "procrustes"): PIXELS}  # fmt: skip
    sure = {("correlation", "rho_a"): 0.01, ("correlation", "pearson"): 0.2, (SQUARED, "cka"): 0.04,
            (SQUARED, "procrustes"): 0.3}  # fmt: skip
    assert of_families(told(highest, sure), "alpha") == (
        "Which model scores highest depends on the family of measures: under 3 of 4 measures of 3 "
        "families Net, trained has the highest score on held-out stimuli, significantly above the "
        "second under 2; under Procrustes similarity Pixels does, not significantly."
    )


def test_a_single_measure_of_a_family_is_no_matter_of_the_family(told):
    found = told({("correlation", "rho_a"): NET, ("correlation", "pearson"): NET,
                  ("correlation", "cosine"): PIXELS, (SQUARED, "cka"): NET})  # fmt: skip
    said = of_families(found, "alpha")
    assert said.startswith(
        "Which model scores highest does not depend on the family of measures, but on the measure: "
        "under 3 of 4 measures of 2 families"
    )
    assert said.endswith("under Cosine Pixels does.")


def test_settings_of_one_measure_are_told_apart_by_their_distance(told):
    found = told({("correlation", "rho_a"): NET, ("cosine", "rho_a"): PIXELS,
                  ("cosine", "pearson"): NET})  # fmt: skip
    assert of_families(found, "alpha") == ""
    said, orders = of_settings(found, "alpha")
    assert said == (
        "Under 2 of 3 settings of distance and measure Net, trained has the highest score on "
        "held-out stimuli; under rho-a (1 - cosine) Pixels does."
    )
    assert "on average over pairs of settings" in orders


def test_the_second_may_be_the_untrained_control(told):
    close = {"net": 0.5, "net-untrained-seed0": 0.4}
    found = told({("correlation", "rho_a"): close, ("correlation", "pearson"): close})
    # The contrasts of the study test the first of the two alone.
    assert of_settings(found, "alpha")[0] == (
        "Under both measures Net, trained has the highest score on held-out stimuli, significantly "
        "above the second under 1."
    )


def test_nothing_is_said_of_one_setting_or_one_model(told, layout):
    assert of_settings(told({("correlation", "rho_a"): NET}), "alpha") == []
    found = told({("correlation", "rho_a"): NET, (SQUARED, "cka"): NET})
    table = found.table("selection")
    alone = replace(found, tables={**found.tables, "selection": table[table["model"] == "net"]})
    assert of_settings(alone, "alpha") == []
    assert of_families(alone, "alpha") == ""
    assert of_families(read_results(layout, "real"), "alpha") == ""


def test_the_headline_has_a_sentence_more_under_several_families(told, layout):
    one = told({("correlation", "rho_a"): NET, ("correlation", "pearson"): NET})
    several = told({("correlation", "rho_a"): NET, (SQUARED, "cka"): PIXELS})
    before, after = (sentences(layout.study, [found]) for found in (one, several))
    assert len(before) == 5
    assert [line for line in after if line not in before] == [
        "alpha: Which model scores highest depends on the family of measures: under 1 of 2 "
        "measures of 2 families Net, trained has the highest score on held-out stimuli; under "
        "Centred kernel alignment, debiased Pixels does."
    ]


def test_orders_are_set_apart_by_family(told):
    found = told({("correlation", "rho_a"): NET, (SQUARED, "cka"): PIXELS,
                  (SQUARED, "procrustes"): NET})  # fmt: skip
    *_, orders = robustness(found)[0]["sentences"]
    assert "over pairs of families" in orders
    assert "at the lowest (RSA and kernels)" in orders

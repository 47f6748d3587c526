"""Whether the conclusion depends on the family of measures: the sentences of page and headline."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import yaml
from synthetic_study import scores_of, write_study

from isomorph.artefacts import provenance, read_table, write_table
from isomorph.layout import Layout
from isomorph.measures import FAMILIES, FEATURES, MEASURES
from isomorph.report.analysis_facts import analysis
from isomorph.report.answers import sentences
from isomorph.report.dependence import of_settings, over_regions
from isomorph.report.evidence import read_results
from isomorph.report.missing import judge
from isomorph.report.page import render
from isomorph.report.robustness import robustness
from isomorph.stages import figures
from isomorph.study import load_study

SQUARED = "squared_euclidean"
NET = {"net": 0.5, "pixels": 0.2}
PIXELS = {"pixels": 0.6, "net": 0.3}


@pytest.fixture(scope="module")
def layout(tmp_path_factory):
    return write_study(tmp_path_factory.mktemp("dependence"), datasets=("real",))


def over(found):
    return over_regions([("alpha", found, "alpha")])


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
             "p_corrected": (p or {}).get((distance, measure), np.nan),
             "status": "undefined", "difference": np.nan}
            for region in ("alpha", "beta") for distance, measure in highest
        ]  # fmt: skip
        found = read_results(layout, "real")
        more = {**tables, "differences": pd.DataFrame(pairs)} if p else tables
        return replace(found, tables={**found.tables, **more})

    return results


def test_one_winner_under_all_families_is_one_conclusion(told):
    found = told({("correlation", "rho_a"): NET, ("correlation", "pearson"): NET,
                  (SQUARED, "cka"): NET})  # fmt: skip
    assert of_settings(found, "alpha")[0] == (
        "Which model scores highest does not depend on the family of measures: Net, trained has "
        "the highest score on held-out stimuli under all 3 measures of 2 families."
    )


def test_a_family_that_another_model_leads_is_named(told):
    highest = {("correlation", "rho_a"): NET, ("correlation", "pearson"): NET,
               (SQUARED, "cka"): NET, (SQUARED, "procrustes"): PIXELS}  # fmt: skip
    sure = {("correlation", "rho_a"): 0.01, ("correlation", "pearson"): 0.2, (SQUARED, "cka"): 0.04,
            (SQUARED, "procrustes"): 0.3}  # fmt: skip
    assert of_settings(told(highest, sure), "alpha")[0] == (
        "Which model scores highest depends on the family of measures: Net, trained has the "
        "highest score on held-out stimuli under 3 of 4 measures of 3 families, significantly "
        "above the second (corrected p < .05) under 2; Pixels does under Procrustes "
        "similarity, not significantly."
    )


def test_a_single_measure_of_a_family_is_no_matter_of_the_family(told):
    found = told({("correlation", "rho_a"): NET, ("correlation", "pearson"): NET,
                  ("correlation", "cosine"): PIXELS, (SQUARED, "cka"): NET})  # fmt: skip
    said = of_settings(found, "alpha")[0]
    assert said.startswith(
        "Which model scores highest does not depend on the family of measures, but on the measure: "
        "Net, trained has the highest score on held-out stimuli under 3 of 4 measures of 2 families"
    )
    assert said.endswith("Pixels does under cosine.")


def test_settings_of_one_measure_are_told_apart_by_their_distance(told):
    found = told({("correlation", "rho_a"): NET, ("cosine", "rho_a"): PIXELS,
                  ("cosine", "pearson"): NET})  # fmt: skip
    assert over(found) == ""
    said, orders = of_settings(found, "alpha")
    assert said == (
        "Net, trained has the highest score on held-out stimuli under 2 of 3 settings of distance "
        "and measure; Pixels does under rho-a (1 - cosine)."
    )
    assert "on average over pairs of settings" in orders


def test_the_second_may_be_the_untrained_control(told):
    close = {"net": 0.5, "net-untrained-seed0": 0.4}
    found = told({("correlation", "rho_a"): close, ("correlation", "pearson"): close})
    # The contrasts of the study test the first of the two alone.
    assert of_settings(found, "alpha")[0] == (
        "Net, trained has the highest score on held-out stimuli under both measures, significantly "
        "above the second (corrected p < .05) under 1."
    )


def test_nothing_is_said_of_one_setting_or_one_model(told, layout):
    assert of_settings(told({("correlation", "rho_a"): NET}), "alpha") == []
    found = told({("correlation", "rho_a"): NET, (SQUARED, "cka"): NET})
    table = found.table("selection")
    alone = replace(found, tables={**found.tables, "selection": table[table["model"] == "net"]})
    assert of_settings(alone, "alpha") == []
    assert over(alone) == ""
    assert over(read_results(layout, "real")) == ""


def test_the_answers_have_a_sentence_over_all_regions_under_several_families(told):
    one = told({("correlation", "rho_a"): NET, ("correlation", "pearson"): NET})
    highest = {("correlation", "rho_a"): NET, (SQUARED, "cka"): PIXELS}
    several = told(highest, {("correlation", "rho_a"): 0.01, (SQUARED, "cka"): 0.3})
    before, after = (sentences([found]) for found in (one, several))
    assert len(before) == 2
    assert after[2:] == [
        "Which model scores highest differs between families of measures in alpha (the first "
        "significantly ahead of the second, corrected p < .05, under 1 of 2) and beta (the first "
        "significantly ahead of the second, corrected p < .05, under 1 of 2)."
    ]


def test_regions_are_told_by_whether_the_first_model_is_another(told):
    same = told({("correlation", "rho_a"): NET, (SQUARED, "cka"): NET})
    other = told({("correlation", "rho_a"): NET, (SQUARED, "cka"): PIXELS})
    places = [("V1", same, "alpha"), ("V2", other, "alpha"), ("V4", same, "beta")]
    assert over_regions(places) == (
        "Which model scores highest differs between families of measures in V2; it is the same "
        "under every measure in V1 and V4."
    )


def test_orders_are_set_apart_by_family(told):
    found = told({("correlation", "rho_a"): NET, (SQUARED, "cka"): PIXELS,
                  (SQUARED, "procrustes"): NET})  # fmt: skip
    *_, orders = robustness(found)[0]["sentences"]
    assert "over pairs of families" in orders
    assert "at the lowest (RSA and kernels)" in orders


def test_the_page_names_the_families_of_its_measures_and_what_they_ask(layout):
    page = render(judge(layout))
    assert "A family of measures: rho-a, Spearman" in page
    assert FAMILIES["rsa"].asks in page
    assert FAMILIES["kernel"].asks not in page
    assert "its features under measures that need these" not in page
    asked = ("rho_a", "cka_feature_corrected")
    spec = layout.study.spec.model_copy(update={"measures": asked})
    assert analysis(spec, [])["features"] == [MEASURES["cka_feature_corrected"].title]


def test_regions_whose_main_measure_compares_features_are_told_in_full(tmp_path):
    layout = write_study(tmp_path, datasets=("real",))
    study = yaml.safe_load(layout.study.path.read_text())
    study["measures"] = ["cka_feature_corrected", "rho_a"]
    layout.study.path.write_text(yaml.safe_dump(study))
    layout = Layout(load_study(layout.study.path), layout.root)
    for kind in ("comparisons", "contrasts", "layers_in_set"):
        table = read_table(layout.path(kind, "real"), kind)
        own = table[table["measure"] == "rho_a"]
        features = own.assign(distance=FEATURES, measure="cka_feature_corrected")
        both = pd.concat([own, features], ignore_index=True)
        write_table(layout.path(kind, "real"), both, kind, provenance("compare"))
    settings = [("correlation", "rho_a"), (FEATURES, "cka_feature_corrected")]
    for kind, table in scores_of(layout, "real", None, settings).items():
        write_table(layout.path(kind, "real"), table, kind, provenance("compare"))
    figures.run(layout, "real")
    page = render(judge(layout))
    assert "distance: features, no RDM" in page
    assert "between the features of alpha and those of each layer" in page
    assert "its features under measures that need these" in page
    assert "does not depend on the family of measures" in page
    results = read_results(layout, "real")
    assert {one.distance for one in results.shown} == {FEATURES}
    assert {one.kind for one in results.pictures} >= {"profile", "overview", "map", "multiverse"}
    best, _, families = sentences([results])
    assert best.startswith("alpha: Net, trained, scores .")
    assert "layer is" in best
    assert families.endswith("is the same under every measure in alpha and beta.")

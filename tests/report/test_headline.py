"""The sentences of a study: one for every region, exactly as sure as the tables are."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from synthetic_study import scores_of, write_study

from isomorph.numerals import interval, number
from isomorph.report.answers import sentences
from isomorph.report.evidence import read_results
from isomorph.report.unsaid import unsaid
from isomorph.report.unsure import without_interval


@pytest.fixture(scope="module")
def layout(tmp_path_factory):
    return write_study(tmp_path_factory.mktemp("told"))


@pytest.fixture(scope="module")
def real(layout):
    return read_results(layout, "real")


@pytest.fixture(scope="module")
def sim(layout):
    return read_results(layout, "sim")


@pytest.fixture(scope="module")
def scored(layout, real):
    """The results with scores on held-out stimuli."""
    return replace(real, tables={**real.tables, **scores_of(layout, "real")})


def changed(results, kind, **columns):
    """Return results with other columns of a table."""
    tables = {**results.tables, kind: results.tables[kind].assign(**columns)}
    return replace(results, tables=tables)


def without(results, *kinds):
    """Return results without some tables."""
    tables = {kind: table for kind, table in results.tables.items() if kind not in kinds}
    return replace(results, tables=tables)


def of_models(results, *names):
    """Return results in which some models alone were compared."""
    table = results.tables["comparisons"]
    found = changed(results, "comparisons")
    own = table[table["model"].isin(names)]
    return replace(found, tables={**found.tables, "comparisons": own})


def test_every_measured_region_has_a_sentence_that_says_what_the_tables_say(scored, sim):
    alpha, beta, planted = sentences([scored, sim])
    table = scored.tables["selection"]
    rows = table[(table["model"] == "net") & (table["measure"] == "rho_a")]
    for said, region in ((alpha, "alpha"), (beta, "beta")):
        row = rows[rows["region"] == region].iloc[0]
        ends = interval(row["interval_low"], row["interval_high"])
        assert said.startswith(f"{region}: Net, trained, scores {number(row['score'])} {ends} in")
        for fact in (
            "on held-out stimuli",
            "with 95 % confidence, its best layer is one of 2 of its 5 (stem to blocks.0)",
            "significantly above its 3 untrained controls (difference .26 [.18, .34], corrected p "
            "< .001)",
        ):
            assert fact in said
    assert "(noise ceiling .50 to .60)" in alpha
    assert "ceiling" not in beta
    assert "2 of 2 planted layers were recovered exactly among 16 candidates (rho-a" in planted


def test_without_held_out_scores_the_highest_layer_is_said_to_be_chosen_on_the_same(real):
    said = sentences([real])[0]
    assert "in rho-a at its best layer, chosen on the same stimuli" in said
    assert "held-out" not in said


def test_an_uncertain_difference_is_not_called_significant(real):
    unsure = changed(real, "contrasts", p_corrected=0.2)
    assert (
        "it is not significantly different from its 3 untrained controls" in sentences([unsure])[0]
    )
    below = changed(real, "contrasts", p_corrected=0.01, difference=-0.3)
    assert "it is significantly below its 3 untrained controls" in sentences([below])[0]


def test_a_contrast_without_a_number_is_not_told_but_its_reason_is(layout, real):
    found = changed(real, "contrasts", status="undefined", reason="too few stimuli")
    said = sentences([found])[0]
    assert "untrained" not in said
    assert "significantly above chance (corrected p < .001)" in said
    why = "The effect of training is not known in alpha and beta: too few stimuli."
    assert why in unsaid(layout.study, [found])


def differences(results, *rows, **columns):
    """Return results with differences of models in alpha: a, b, their scores, corrected p."""
    names = ["model_a", "model_b", "score_a", "score_b", "p_corrected"]
    table = pd.DataFrame(rows, columns=names)
    gap = table["score_a"] - table["score_b"]
    whole = {
        "dataset": "real", "region": "alpha", "time_start": np.nan, "time_stop": np.nan,
        "distance": "correlation", "measure": "rho_a", "difference": gap,
        "interval_low": gap - 0.2, "interval_high": gap + 0.1, "family_size": 6, "status": "ok",
        "reason": "", **columns,
    }  # fmt: skip
    return replace(results, tables={**results.tables, "differences": table.assign(**whole)})


def test_the_network_is_told_against_the_best_model_that_is_no_control(real):
    found = differences(
        real, ("net", "net-untrained", 0.4, 0.9, 0.5), ("net-untrained", "pixels", 0.9, 0.8, 0.5),
        ("net", "pixels", 0.4, 0.3, 0.02),
    )  # fmt: skip
    said = "and significantly above Pixels (.30; difference .10 [−.10, .20], corrected p = .020)"
    assert said in sentences([found])[0]


def test_a_difference_is_told_as_network_less_rival_whichever_comes_first(real):
    said = sentences([differences(real, ("pixels", "net", 0.5, 0.3, 0.2))])[0]
    assert "not significantly different from Pixels (.50; difference −.20 [−.30, .00]" in said


def test_a_difference_without_a_number_is_none(real):
    found = differences(
        real, ("net", "pixels", 0.4, 0.3, 0.02), status="undefined", reason="too few stimuli"
    )
    assert "Pixels" not in sentences([found])[0]


def test_a_model_that_chance_would_reach_is_said_to_be_no_better(real):
    said = sentences([changed(real, "comparisons", p_corrected=0.4)])[0]
    assert "no layer of it is significantly above chance (corrected p = .400)" in said


def test_what_was_not_tested_is_neither_called_significant_nor_not(real):
    found = real
    for kind in ("comparisons", "contrasts"):
        found = changed(found, kind, p_corrected=np.nan, status="untested")
    said = sentences([found])[0]
    assert "significant" not in said
    assert "p " not in said


@pytest.mark.parametrize(
    ("status", "score", "said"),
    [
        ("unsure", 0.3, "Net, trained, scores .30 (no interval) in rho-a on held-out"),
        ("undefined", np.nan, "no model has a score on held-out stimuli (few stimuli); on the"),
    ],
)
def test_a_score_without_an_interval_or_without_a_number(layout, scored, status, score, said):
    found = changed(
        scored, "selection", status=status, reason="few stimuli", score=score,
        interval_low=np.nan, interval_high=np.nan,
    )  # fmt: skip
    assert f"alpha: {said}" in sentences([found])[0]
    assert any("few stimuli" in one for one in unsaid(layout.study, [found]))


def test_what_was_missed_is_said(sim):
    found = changed(
        sim, "recovery", recovered=["exact", "neighbour"], found_layer=["blocks.2", "blocks.1"]
    )
    said = sentences([found])[-1]
    assert "1 of 2 planted layers was recovered exactly among 16 candidates and 1 at a" in said
    assert "in beta, Net, trained: blocks.0 was planted and Net, trained: blocks.1 found" in said


def test_settings_that_recover_less_are_counted_too(sim):
    table = sim.tables["recovery"]
    other = table.assign(distance="euclidean", recovered=["neighbour", "no"])
    both = pd.concat([table, other], ignore_index=True)
    said = sentences([replace(sim, tables={**sim.tables, "recovery": both})])[-1]
    assert "2 of 2 planted layers were recovered exactly among 16 candidates" in said
    assert "over all 2 settings of distance and measure, 2 of 4 exactly and 1 at a" in said


def test_simulated_regions_are_told_only_where_nothing_was_measured(real, sim):
    assert not [one for one in sentences([sim, real]) if "simulated alpha" in one]
    assert [one.split(":")[0] for one in sentences([sim])[:2]] == [
        "simulated alpha", "simulated beta",
    ]  # fmt: skip


def test_regions_of_several_datasets_are_told_apart(real, monkeypatch):
    monkeypatch.setattr(type(real), "simulated", False)
    said = sentences([real, replace(real, dataset="sim")])
    assert [one.split(":")[0] for one in said] == [
        "alpha (real)", "beta (real)", "alpha (sim)", "beta (sim)",
    ]  # fmt: skip


def test_a_study_of_one_network_says_what_it_cannot_say_once(layout, real):
    found = without(of_models(real, "net"), "contrasts")
    for said in sentences([found]):
        assert said.startswith(("alpha: Net, trained, scores", "beta: Net, trained, scores"))
        for word in ("not tested", "not been", "has no", "networks only"):
            assert word not in said
    assert unsaid(layout.study, [found])[:2] == [
        "The effect of training is not tested: the study has no untrained controls.",
        "Networks are not compared with other models: the study has networks only.",
    ]
    assert "The noise ceiling is undefined in beta: one subject." in unsaid(layout.study, [found])


def test_of_baselines_alone_the_best_is_told(layout, real):
    found = of_models(real, "pixels")
    assert sentences([found])[0].startswith("alpha: Pixels scores .")
    assert unsaid(layout.study, [found])[0].startswith("No trained network was compared")


def test_nothing_is_said_of_what_is_not_there(layout, real, sim):
    bare = without(real, "contrasts", "layers_in_set", "selection", "differences")
    said = sentences([bare])
    assert [one.split(":")[0] for one in said] == ["alpha", "beta"]
    assert all("confidence" not in one and "untrained" not in one for one in said)
    empty = changed(sim, "comparisons").tables["comparisons"].head(0)
    nothing = replace(sim, tables={"comparisons": empty})
    for found in ([], [nothing]):
        assert sentences(found) == ["No region has been compared with any model yet."]
    assert unsaid(layout.study, [nothing]) == [
        "Whether planted layers are found again has not been computed yet."
    ]


def test_numbers_without_an_interval_are_told_as_such(layout, real):
    own = of_models(real, "net", "pixels").tables["comparisons"]
    few = "3 groups of stimuli cannot tell how far other stimuli would move it"
    own = own[(own["region"] == "alpha") & (own["measure"] == "rho_a")].assign(
        status="unsure", reason=few, p_corrected=0.04,
        p_note="stimuli shifted along time, 40 orders",
        interval_low=np.nan, interval_high=np.nan,
    )  # fmt: skip
    found = replace(real, tables={**real.tables, "comparisons": own})
    (said,) = sentences([found])
    best = own.loc[own["estimate"].idxmax()]
    assert said.startswith(f"alpha: {best['layer']} of ")
    assert number(best["estimate"]) in said
    assert "corrected p = .040 (stimuli shifted along time, 40 orders)" in said
    assert said.endswith(f"there is no interval, as {few}.")
    untested = own.assign(p_corrected=np.nan, p_note="not tested: why")
    other = replace(real, tables={**real.tables, "comparisons": untested})
    assert ", not tested: why; there is no interval" in sentences([other])[0]
    assert without_interval(other) == {"alpha": sentences([other])[0][7:-1]}
    assert without_interval(real) == {}


def test_shapes_are_told_where_nothing_was_compared(real):
    shape = {
        "region": "alpha", "subject": "s1", "session": "", "signature": "ring", "p_corrected": 0.01,
        "n_units": 40, "n_loops": 1.0, "n_voids": np.nan, "n_shuffles": 99, "status": "ok",
        "model": "", "layer": "", "bar_loops": 1, "n_pieces": 1.0,
    }  # fmt: skip
    tables = {
        "comparisons": real.tables["comparisons"].head(0), "topology": pd.DataFrame([shape]),
        "bars": pd.DataFrame([{**shape, "dimension": 1, "length": 0.9, "bound": 0.2}]),
    }  # fmt: skip
    first, second = sentences([replace(real, tables=tables)])
    assert first == "No region has been compared with any model yet."
    assert second.startswith("alpha")
    assert "a ring (corrected p = .010)" in second

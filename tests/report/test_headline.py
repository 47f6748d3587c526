import numpy as np
import pandas as pd
import pytest
from synthetic_study import write_study

from isomorph.artefacts import provenance, read_table, write_table
from isomorph.figures.numbers import interval, number
from isomorph.report import headline
from isomorph.report.missing import judge


def change(path, kind, **columns):
    """Rewrite columns of a table in place."""
    table = read_table(path, kind).assign(**columns)
    write_table(path, table, kind, provenance("test"))


def test_the_sentences_say_what_the_tables_say(fresh):
    best, rivals, training, other, recovery = headline(judge(fresh))
    table = read_table(fresh.comparisons("real"), "comparisons")
    planted = table[
        (table["model"] == "net") & (table["measure"] == "rho_a") & (table["region"] == "alpha")
    ]
    top = planted.loc[planted["estimate"].idxmax()]
    ends = f"{number(top['estimate'])} {interval(top['interval_low'], top['interval_high'])}"
    for fact in ("5 layers of Net, trained", "blocks.2 is most similar to alpha", f"rho-a {ends}",
                 "one of 4 regions in 2 datasets", "95 % interval over stimuli and subjects",
                 "noise ceiling .50 to .60", "p < .001 after false discovery"):  # fmt: skip
        assert fact in best
    for region in ("alpha", "beta"):
        assert f"one of 2 of its 5 layers (stem to blocks.0) in {region}" in rivals
    for fact in ("scores .38 in alpha", "3 untrained controls .12", "over 2 differences",
                 "difference of .26 [.18, .34] that is significant (p < .001 after",
                 "in beta it is .26 [.18, .34] (p < .001)"):  # fmt: skip
        assert fact in training
    assert "have not been compared for alpha" in other
    assert "2 of 2 planted layers were recovered exactly among 16 candidates (rho-a" in recovery


def test_an_uncertain_difference_is_not_called_significant(fresh):
    change(fresh.contrasts("real"), "contrasts", p_corrected=0.2)
    assert "that is not significant (p = .200 after" in headline(judge(fresh))[2]


def differences(layout, *rows, **columns):
    """Write differences of pairs of models in alpha: a, b, their scores, corrected p."""
    names = ["model_a", "model_b", "score_a", "score_b", "p_corrected"]
    table = pd.DataFrame(rows, columns=names)
    gap = table["score_a"] - table["score_b"]
    told = {
        "dataset": "real", "simulated": False, "region": "alpha", "time_start": np.nan,
        "time_stop": np.nan, "distance": "correlation", "measure": "rho_a", "n_seeds_a": 1,
        "n_seeds_b": 1, "layer_a": "", "layer_b": "",
        "difference": gap, "standard_error": 0.1, "interval_low": gap - 0.2,
        "interval_high": gap + 0.1, "p": 0.01, "scheme": "stimuli", "correction": "fdr_bh",
        "family": "dataset", "family_size": 6, "p_note": "", "status": "ok", "reason": "",
        **columns,
    }  # fmt: skip
    write_table(layout.differences("real"), table.assign(**told), "differences", provenance("test"))


def test_the_network_is_told_against_the_best_model_that_is_none(fresh):
    differences(
        fresh, ("net", "net-untrained", 0.4, 0.9, 0.5), ("net-untrained", "pixels", 0.9, 0.8, 0.5),
        ("net", "pixels", 0.4, 0.3, 0.02),
    )  # fmt: skip
    said = headline(judge(fresh))[3]
    for fact in ("Compared with Pixels,", "scores .40 against .30 in alpha", "over 6 differences",
                 "difference of .10 [−.10, .20] that is significant (p = .020"):  # fmt: skip
        assert fact in said


def test_a_difference_is_told_as_network_less_rival_whichever_comes_first(fresh):
    differences(fresh, ("pixels", "net", 0.5, 0.3, 0.2))
    said = headline(judge(fresh))[3]
    assert "scores .30 against .50" in said
    assert "a difference of −.20 [−.30, .00] that is not significant" in said


def test_a_difference_without_a_number_is_none(fresh):
    differences(
        fresh, ("net", "pixels", 0.4, 0.3, 0.02), status="undefined", reason="too few stimuli"
    )
    assert "have not been compared for alpha" in headline(judge(fresh))[3]


def test_what_was_missed_is_said(fresh):
    change(
        fresh.recovery("sim"), "recovery", recovered=["exact", "neighbour"],
        found_layer=["blocks.2", "blocks.1"],
    )  # fmt: skip
    said = headline(judge(fresh))[4]
    assert "1 of 2 planted layers was recovered exactly among 16 candidates and 1 at a" in said
    assert "in beta, Net, trained: blocks.0 was planted and Net, trained: blocks.1 found" in said


def test_settings_that_recover_less_are_counted_too(fresh):
    path = fresh.recovery("sim")
    table = read_table(path, "recovery")
    other = table.assign(distance="euclidean", recovered=["neighbour", "no"])
    both = pd.concat([table, other], ignore_index=True)
    write_table(path, both, "recovery", provenance("test"))
    said = headline(judge(fresh))[4]
    assert "2 of 2 planted layers were recovered exactly among 16 candidates" in said
    assert "over all 2 settings of distance and measure, 2 of 4 exactly and 1 at a" in said


def test_a_layer_that_chance_would_reach_is_not_said_to_be_similar(fresh):
    path = fresh.comparisons("real")
    change(path, "comparisons", p_corrected=0.4)
    said = headline(judge(fresh))[0]
    assert "blocks.2 has the highest estimate for alpha" in said
    assert "not significantly above chance" in said
    assert "similar" not in said


def test_only_simulated_results_are_said_to_be_simulated(tmp_path):
    best, _, training, _, _ = headline(judge(write_study(tmp_path, datasets=("sim",))))
    assert "most similar to simulated alpha (one of 2 regions): rho-a" in best
    assert "in simulated alpha" in training


def test_a_region_with_a_ceiling_comes_before_one_without(fresh):
    table = read_table(fresh.comparisons("real"), "comparisons")
    table["ceiling_status"] = [
        "undefined" if region == "alpha" else "ok" for region in table["region"]
    ]
    write_table(
        fresh.comparisons("real"),
        table.assign(ceiling_lower=0.2, ceiling_upper=0.3),
        "comparisons",
        provenance("test"),
    )
    assert "most similar to beta" in headline(judge(fresh))[0]


@pytest.mark.parametrize("kinds", [("comparisons",), ("contrasts", "recovery")])
def test_what_is_not_there_is_said_to_be_missing(fresh, kinds):
    for dataset in ("real", "sim"):
        for kind in kinds:
            getattr(fresh, kind)(dataset).unlink(missing_ok=True)
    best, rivals, training, other, recovery = headline(judge(fresh))
    assert "not been computed" in recovery
    if "comparisons" in kinds:
        for said in (best, rivals, training, other):
            assert "compared" in said
            assert " yet." in said
    else:
        assert "have not been compared for alpha" in training


def test_tables_with_columns_and_no_rows(fresh):
    for dataset in ("real", "sim"):
        for kind in ("comparisons", "contrasts", "recovery"):
            path = getattr(fresh, kind)(dataset)
            if path.is_file():
                empty = read_table(path, kind).head(0)
                write_table(path, pd.DataFrame(empty), kind, provenance("test"))
    assert headline(judge(fresh))[0] == "No region has been compared with any model yet."

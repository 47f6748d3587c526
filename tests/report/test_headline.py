import pandas as pd
import pytest
from synthetic_study import write_study

from isomorph.artefacts import provenance, read_table, write_table
from isomorph.report import headline


def change(path, kind, **columns):
    """Rewrite columns of a table in place."""
    table = read_table(path, kind).assign(**columns)
    write_table(path, table, kind, provenance("test"))


def test_three_sentences_say_what_the_tables_say(fresh):
    best, training, recovery = headline(fresh)
    table = read_table(fresh.comparisons("real"), "comparisons")
    planted = table[
        (table["model"] == "net") & (table["measure"] == "rho_a") & (table["region"] == "alpha")
    ]
    top = planted.loc[planted["estimate"].idxmax()]
    assert best == (
        "Of the 5 layers of Net, trained, blocks.2 is most like alpha of real, one of 4 regions in "
        f"2 datasets: rho-a "
        f"{top['estimate']:.2f} [{top['interval_low']:.2f}, {top['interval_high']:.2f}] (95 % "
        "interval over stimuli and subjects), noise ceiling .50 to .60, p < .001 after false "
        "discovery rate correction."
    ).replace("0.", ".")
    assert training == (
        "With the layer chosen on left-out stimuli, the trained network scores .38 in alpha and "
        "its 3 untrained twins .12, a difference of .26 [.18, .34] that is significant (p < .001 "
        "after false discovery rate correction); likewise tested, beta gives .26 [.18, .34] "
        "(p < .001)."
    )
    assert recovery == (
        "In the simulated recording, 2 of 2 planted layers were recovered exactly among 16 "
        "candidates (rho-a, 1 - Pearson correlation)."
    )


def test_an_uncertain_difference_is_not_called_significant(fresh):
    change(fresh.contrasts("real"), "contrasts", p_corrected=0.2)
    assert "that is not significant (p = .200 after" in headline(fresh)[1]


def test_what_was_missed_is_said(fresh):
    change(
        fresh.recovery("sim"), "recovery", recovered=["exact", "neighbour"],
        found_layer=["blocks.2", "blocks.1"],
    )  # fmt: skip
    said = headline(fresh)[2]
    assert "1 of 2 planted layers was recovered exactly among 16 candidates and 1 at a" in said
    assert said.endswith(": beta was planted from blocks.0 and found at blocks.1.")


def test_settings_that_recover_less_are_counted_too(fresh):
    path = fresh.recovery("sim")
    table = read_table(path, "recovery")
    other = table.assign(distance="euclidean", recovered=["neighbour", "no"])
    both = pd.concat([table, other], ignore_index=True)
    write_table(path, both, "recovery", provenance("test"))
    assert headline(fresh)[2].endswith(
        "2 of 2 planted layers were recovered exactly among 16 candidates (rho-a, 1 - Pearson "
        "correlation); over all 2 settings of distance and measure 2 of 4 exactly, 1 at a "
        "neighbour."
    )


def test_a_layer_that_chance_would_reach_is_not_said_to_be_like_the_region(fresh):
    path = fresh.comparisons("real")
    change(path, "comparisons", p_corrected=0.4)
    assert (
        "blocks.2 has the highest number, but is not told from chance, for alpha"
        in (headline(fresh)[0])
    )


def test_only_simulated_results_are_said_to_be_simulated(tmp_path):
    best, training, _ = headline(write_study(tmp_path, datasets=("sim",)))
    assert "most like simulated alpha, one of 2 regions: rho-a" in best
    assert "in simulated alpha" in training


def test_a_region_with_a_ceiling_comes_before_one_without(fresh):
    table = read_table(fresh.comparisons("real"), "comparisons")
    table["ceiling_status"] = [
        "undefined: one subject" if region == "alpha" else "defined" for region in table["region"]
    ]
    write_table(
        fresh.comparisons("real"),
        table.assign(ceiling_lower=0.2, ceiling_upper=0.3),
        "comparisons",
        provenance("test"),
    )
    assert "most like beta" in headline(fresh)[0]


@pytest.mark.parametrize("kinds", [("comparisons",), ("contrasts", "recovery")])
def test_what_is_not_there_is_said_to_be_missing(fresh, kinds):
    for dataset in ("real", "sim"):
        for kind in kinds:
            getattr(fresh, kind)(dataset).unlink(missing_ok=True)
    best, training, recovery = headline(fresh)
    if "comparisons" in kinds:
        assert best == "No region has been compared with any model yet."
        assert training == "Trained and untrained networks have not been compared yet."
    else:
        assert training == "Trained and untrained networks have no comparison for alpha."
    assert recovery == "Whether planted layers are found again has not been computed yet."


def test_tables_with_columns_and_no_rows(fresh):
    for dataset in ("real", "sim"):
        for kind in ("comparisons", "contrasts", "recovery"):
            path = getattr(fresh, kind)(dataset)
            if path.is_file():
                empty = read_table(path, kind).head(0)
                write_table(path, pd.DataFrame(empty), kind, provenance("test"))
    assert headline(fresh)[0] == "No region has been compared with any model yet."

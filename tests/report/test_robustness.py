"""How far to trust a conclusion: the stage on a small study, its figures, the words of the page."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import yaml
from synthetic_study import with_recovery, write_scores, write_study

from isomorph.artefacts import read_provenance, read_table
from isomorph.catalogue import TABLES
from isomorph.figures.confusion import NOTHING, OTHERS, draw_confusion, matrix
from isomorph.figures.main_rows import Family
from isomorph.inference.trust.rates import CLAIMS
from isomorph.layout import Layout
from isomorph.report.evidence import read_results
from isomorph.report.missing import judge
from isomorph.report.page import render
from isomorph.report.robustness import robustness
from isomorph.stages.recover import run
from isomorph.study import load_study

KINDS = ("confusion", "power")


@pytest.fixture(scope="module")
def simulated(whole):
    return whole[0]


def tables(layout, dataset="real"):
    return {kind: read_table(getattr(layout, kind)(dataset), kind) for kind in KINDS}


def test_the_stage_writes_tables_of_every_region_measure_and_planted_model(simulated):
    found = tables(simulated)
    power = found["power"]
    assert set(power["region"]) == {"alpha", "beta"}
    assert set(power["measure"]) == {"rho_a", "pearson"}
    whole = power[(power["n_stimuli"] == 24) & (power["n_subjects"] == 2)]
    families = whole["planted_model"].str.replace("-seed.", "", regex=True)
    assert set(families) == {"net", "net-untrained", "pixels"}
    assert len(whole) == 2 * 2 * 3
    assert set(zip(power["n_stimuli"], power["n_subjects"], strict=True)) == {
        (24, 2), (12, 2), (6, 2), (24, 1),
    }  # fmt: skip
    assert (power["assumed"] == "100 units per subject, as none are published").all()
    assert power["n_candidates"].unique().tolist() == [21]
    rates = power[["recovery_exact", "recovery_neighbour", "recovery_family"]]
    assert ((rates >= 0) & (rates <= 1 + 1e-9)).all(axis=None)
    assert (rates.diff(axis=1).iloc[:, 1:] >= -1e-9).all(axis=None)
    confusion = found["confusion"]
    keys = ["region", "measure", "planted_model", "planted_layer"]
    groups = confusion.groupby(keys)
    np.testing.assert_allclose(groups["count"].sum(), groups["n_simulations"].first())
    assert read_provenance(simulated.power("real")).seed == 0


def test_the_planted_best_layers_of_the_net_are_found_again(simulated):
    power = tables(simulated)["power"]
    whole = power[(power["n_stimuli"] == 24) & (power["n_subjects"] == 2)]
    nets = whole[(whole["planted_model"] == "net") & (whole["measure"] == "rho_a")]
    assert nets.set_index("region")["planted_layer"].to_dict() == {
        "alpha": "blocks.2", "beta": "blocks.0",
    }  # fmt: skip
    assert (nets["recovery_exact"] > 0.9).all()
    off = (nets["reliability_simulated"] - nets["reliability_target"]).abs()
    assert (off < 0.1).all()


def test_the_same_study_gives_the_same_tables(simulated):
    before = {kind: getattr(simulated, kind)("real").read_bytes() for kind in KINDS}
    run(simulated, "real")
    assert {kind: getattr(simulated, kind)("real").read_bytes() for kind in KINDS} == before


def test_switched_off_it_writes_empty_tables_and_why(tmp_path):
    layout = with_recovery(write_study(tmp_path, datasets=("real",)), simulations=0)
    run(layout, "real")
    found = tables(layout)
    for kind in ("confusion", "power"):
        assert found[kind].empty
        assert set(TABLES[kind]) <= set(found[kind].columns)
    noted = read_provenance(layout.power("real")).noted
    assert noted["not_simulated"] == "inference.recovery.simulations is 0"
    assert robustness(read_results(layout, "real")) == []
    write_scores(layout, "real")
    said = robustness(read_results(layout, "real"))
    assert [(one["table"], len(one["sentences"])) for one in said] == [(None, 2)] * 2


def test_stimuli_that_stay_together_are_groups_in_simulated_data_too(tmp_path):
    layout = with_recovery(write_study(tmp_path, datasets=("real",)), simulations=3, tested=1)
    path = layout.study.path
    study = yaml.safe_load(path.read_text())
    study["inference"]["keep_together"] = ["category"]
    path.write_text(yaml.safe_dump(study))
    run(Layout(load_study(path), layout.root), "real")
    power = tables(layout)["power"]
    # Two categories are too few groups for any test.
    assert (power["n_recovery"] == 3).all()
    assert (power[[f"n_{claim}" for claim in CLAIMS]] == 0).all(axis=None)


def test_every_region_has_its_three_figures(simulated):
    drawn = {(one.kind, one.region) for one in read_results(simulated, "real").pictures}
    for region in ("alpha", "beta"):
        assert {(kind, region) for kind in ("confusion", "power", "multiverse")} <= drawn


def test_the_page_says_how_often_the_best_layer_would_be_found(simulated):
    results = read_results(simulated, "real")
    told = {one["name"]: one for one in robustness(results)}
    power = tables(simulated)["power"]
    row = power[(power["region"] == "alpha") & (power["measure"] == "rho_a")
                & (power["planted_model"] == "net")].iloc[0]  # fmt: skip
    first = told["alpha"]["sentences"][0]
    assert first.startswith("If Net, trained: blocks.2 were the true layer")
    assert f"the highest estimate in {100 * row['recovery_exact']:.0f} % (" in first
    assert "4.8 %, one of 21 candidates" in first
    assert any("stimuli shuffled" in one for one in told["alpha"]["sentences"])
    assert any(one.startswith("Assumed: 100 units") for one in told["alpha"]["sentences"])
    *_, wins, orders = told["alpha"]["sentences"]
    assert wins == (
        "Net, trained has the highest score on held-out stimuli under both measures, significantly "
        "above the second (corrected p < .05) under 1."
    )
    assert orders.startswith("Kendall's tau-b between the orders of the models is ")
    assert sum(told["alpha"]["table"].strong) == 1
    assert len(told["alpha"]["figures"]) == 3
    page = render(judge(simulated))
    assert '<details class="part region" id="real-trust">' in page
    assert "How far to trust this" in page


def test_a_limit_of_the_simulations_is_said_in_words(simulated):
    results = read_results(simulated, "real")
    limited = results.table("power").assign(status="limited", reason="subjects agree less")
    results = replace(results, tables={**results.tables, "power": limited})
    assert "A limit: subjects agree less." in robustness(results)[0]["sentences"]


def test_without_the_tables_the_page_is_silent(tmp_path):
    layout = write_study(tmp_path, datasets=("real",))
    assert robustness(read_results(layout, "real")) == []
    assert "How far to trust this" not in render(judge(layout))


# ---------------------------------------------------------------- what the figures show


FAMILIES = [
    Family("net", "Net", "trained", ("net",)),
    Family("untrained", "Untrained", "untrained", ("untrained-0", "untrained-1"), "net"),
]


def confusion(rows):
    names = ("planted_model", "planted_layer", "found_model", "found_layer", "count")
    return pd.DataFrame(rows, columns=list(names)).assign(n_simulations=10)


def test_a_confusion_matrix_adds_up_layers_that_were_not_planted_by_model():
    rows = confusion(
        [("", "shuffled", "untrained-0", "b", 10), ("net", "a", "net", "a", 6),
         ("net", "a", "net", "b", 1), ("net", "a", "untrained-0", "a", 2),
         ("net", "a", "untrained-1", "b", 1), ("untrained-1", "b", "untrained-1", "b", 10)]
    )  # fmt: skip
    planted, found, share = matrix(rows, FAMILIES)
    assert planted == [("net", "a"), ("untrained-1", "b"), ("", "shuffled")]
    assert found == [("net", "a"), ("net", OTHERS), ("untrained-1", "b"), ("untrained", OTHERS)]
    np.testing.assert_allclose(share, [[0.6, 0.1, 0.1, 0.2], [0, 0, 1, 0], [0, 0, 0, 1]])
    figure = draw_confusion(rows, FAMILIES)
    labels = [text.get_text() for text in figure.axes[0].get_yticklabels()]
    assert labels == ["Net: a\N{EM SPACE}1", "Untrained: b\N{EM SPACE}2", NOTHING]
    assert [text.get_text() for text in figure.axes[0].get_xticklabels()] == [
        "1", "other\nlayer", "2", "other\nlayer",
    ]  # fmt: skip

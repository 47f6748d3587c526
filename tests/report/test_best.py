"""The page's tables of chosen layers and of models against each other."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "figures"))

from synthetic_study import BEST, write_study

from isomorph.figures.numbers import interval, number
from isomorph.layout import Layout
from isomorph.report.best import answer, best_layers, layer_selection
from isomorph.report.contests import models_compared
from isomorph.report.evidence import read_results
from isomorph.report.missing import judge
from isomorph.report.page import render
from isomorph.stages import compare


@pytest.fixture(scope="module")
def layout(tmp_path_factory):
    written = write_study(tmp_path_factory.mktemp("chosen"), datasets=("real",))
    quick = written.study.spec.inference.model_copy(update={"resamples": 40, "permutations": 40})
    spec = written.study.spec.model_copy(update={"inference": quick})
    layout = Layout(replace(written.study, spec=spec), written.root)
    compare.run(layout, "real")
    return layout


def test_every_family_has_a_row_in_every_region(layout):
    results = read_results(layout, "real")
    assert [shown.region for shown in results.shown] == ["alpha", "beta"]
    for shown, best in zip(results.shown, BEST.values(), strict=True):
        table = layer_selection(results, shown)
        net, untrained, pixels = table.rows
        assert net[0] == "Net, trained"
        assert net[1].startswith(f"{best} (")
        assert untrained[0] == "Net, untrained (3 seeds)"
        assert pixels[-1] in ("0.00", ".00", "0")  # one layer has no choice to flatter it
        assert {len(row) for row in table.rows} == {len(table.head)}


def test_the_answer_has_the_score_on_held_out_stimuli_beside_the_highest(layout):
    results = read_results(layout, "real")
    shown = results.shown[0]
    held_out = results.tables["selection"]
    row = held_out[(held_out["region"] == "alpha") & (held_out["model"] == "net")
                   & (held_out["measure"] == "rho_a")
                   & (held_out["chosen_on"] == "other stimuli")].iloc[0]  # fmt: skip
    first, ceiling = answer(results, shown)
    assert first.startswith("Net, trained: blocks.2 has the highest value of 21 layers of all")
    assert number(row["maximum"]) in first
    assert f"the model scores {number(row['score'])} [" in first
    assert f"reaches {number(row['maximum_chance'])} in one of 20 studies." in first
    assert ceiling.startswith("The noise ceiling is .")
    table = best_layers(results, shown)
    assert table.rows[0][-2:] == (
        number(row["score"]), interval(row["interval_low"], row["interval_high"]),
    )  # fmt: skip
    assert {len(one) for one in table.rows} == {len(table.head)}


def test_every_two_models_but_controls_are_compared_on_the_page(layout):
    tables = models_compared(read_results(layout, "real"))
    for _, table in tables:
        assert [row[:2] for row in table.rows] == [
            ("Net, trained", "Pixels"),
            ("Net, untrained", "Pixels"),
        ]
    page = render(judge(layout))
    assert "Models against each other" in page
    assert "Layers chosen on some stimuli, scored on others" in page

"""The page's tables of chosen layers and of models against each other."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "figures"))

from synthetic_study import BEST, write_study

from isomorph.layout import Layout
from isomorph.numerals import interval, number
from isomorph.report import best as told
from isomorph.report.best import answer, footnote, layer_selection, models_table, told_rows
from isomorph.report.contests import models_compared
from isomorph.report.evidence import read_results
from isomorph.report.missing import judge
from isomorph.report.page import render
from isomorph.report.summary import row_of, rows_of
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
    for row, best in zip(rows_of(results), BEST.values(), strict=True):
        table = layer_selection(row)
        net, untrained, pixels = table.rows
        assert net[0] == "Net, trained"
        assert net[1].startswith(f"{best} (")
        assert untrained[0] == "Net, untrained (3 seeds)"
        assert pixels[-1] in ("0.00", ".00", "0")  # one layer has no choice to flatter it
        assert {len(row) for row in table.rows} == {len(table.head)}


def test_the_score_on_held_out_stimuli_is_the_main_number_and_the_highest_a_footnote(layout):
    results = read_results(layout, "real")
    shown = rows_of(results)[0]
    held_out = results.tables["selection"]
    row = held_out[(held_out["region"] == "alpha") & (held_out["model"] == "net")
                   & (held_out["measure"] == "rho_a")
                   & (held_out["chosen_on"] == "other stimuli")].iloc[0]  # fmt: skip
    ends = interval(row["interval_low"], row["interval_high"])
    first, ceiling = answer(shown)
    assert first.startswith(f"Net, trained, scores {number(row['score'])} {ends} in rho-a on held")
    assert "; with 95 % confidence, its best layer is " in first
    assert ceiling.startswith("The noise ceiling is .")
    below = footnote(shown)
    assert below.startswith("On the stimuli that choose it, the highest layer of Net, trained is")
    assert f"{number(row['maximum'])} [" in below
    assert f"reaches {number(row['maximum_chance'])} in one of 20 studies." in below
    table = models_table(shown)
    assert table.rows[0][3:5] == (number(row["score"]), ends)
    assert table.rows[0][-1] == number(row["maximum"])
    assert [one[2] for one in table.rows][-1] == "its only layer"
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
    assert "Scores on held-out stimuli beside the highest of all layers" in page


def test_of_many_comparisons_the_tables_tell_the_main_ones_and_of_very_many_none(
    layout, monkeypatch
):
    results = read_results(layout, "real")
    comparisons, shown = results.table("comparisons"), results.shown[0]
    own, rest = told_rows(results, shown)
    assert len(own) == (comparisons["region"] == "alpha").sum()
    assert rest == ""
    monkeypatch.setattr(told, "MOST_TOLD", len(comparisons) - 1)
    own, rest = told_rows(results, shown)
    assert set(own["measure"]) == {"rho_a"}
    assert set(own["region"]) == {"alpha"}
    assert rest.startswith("Only 1 - Pearson correlation, rho-a: of all ")
    page = render(judge(layout))
    assert "<summary>Every layer</summary>" in page
    assert rest in page
    monkeypatch.setattr(told, "MOST_TOLD", 3)
    own, rest = told_rows(results, shown)
    assert len(own) == 0
    assert rest.startswith(f"Of all {len(comparisons)} comparisons")
    assert "in <code>comparisons.csv</code>" in render(judge(layout))


def test_rows_of_a_region_are_found_and_made_once(layout):
    results = read_results(layout, "real")
    for shown in results.shown:
        for kind in ("comparisons", "selection"):
            table = results.table(kind)
            keys = ("region", "distance", "measure")
            same = [table[key] == getattr(shown, key) for key in keys]
            assert results.of(kind, shown).equals(table[same[0] & same[1] & same[2]])
        assert row_of(results, shown) is row_of(results, shown)

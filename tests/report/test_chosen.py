"""The page's tables of chosen layers and of models against each other."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "figures"))

from synthetic_study import BEST, write_study

from isomorph import inference
from isomorph.layout import Layout
from isomorph.report.chosen import layer_selection, models_compared
from isomorph.report.page import render
from isomorph.report.tables import read_results


@pytest.fixture(scope="module")
def layout(tmp_path_factory):
    written = write_study(tmp_path_factory.mktemp("chosen"), datasets=("real",))
    quick = written.study.spec.inference.model_copy(update={"resamples": 40, "permutations": 40})
    spec = written.study.spec.model_copy(update={"inference": quick})
    layout = Layout(replace(written.study, spec=spec), written.root)
    inference.run(layout, "real")
    return layout


def test_every_family_has_a_row_in_every_region(layout):
    tables = layer_selection(layout, read_results(layout, "real"))
    assert [title.split(";")[0] for title, _ in tables] == ["alpha", "beta"]
    for (_, table), best in zip(tables, BEST.values(), strict=True):
        net, untrained, pixels = table.rows
        assert net[0] == "Net, trained"
        assert net[1].startswith(f"{best} (")
        assert untrained[2].endswith("mean of 3")
        assert pixels[-1] in ("0.00", ".00", "0")  # one layer has no choice to flatter it
        assert {len(row) for row in table.rows} == {len(table.head)}


def test_every_two_models_are_told_apart_on_the_page(layout):
    tables = models_compared(layout, read_results(layout, "real"))
    for _, table in tables:
        assert [row[:2] for row in table.rows] == [
            ("Net, trained", "Net, untrained"),
            ("Net, trained", "Pixels"),
            ("Net, untrained", "Pixels"),
        ]
    page = render(layout)
    assert "Models against each other" in page
    assert "Layers chosen on some stimuli, scored on others" in page

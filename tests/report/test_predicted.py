"""What layers predict of single units, in figures and on the page."""

from dataclasses import replace

import numpy as np
import pytest
from synthetic_study import BEST, LAYERS, REGIONS, write_study

import isomorph as iso
from isomorph.artefacts import provenance, write_table
from isomorph.catalogue import ordered
from isomorph.errors import IsomorphError
from isomorph.figures.captioned import Drawable
from isomorph.layout import Layout
from isomorph.report.dataset_section import p_notes
from isomorph.report.evidence import Illustrated
from isomorph.report.predicted import predicted
from isomorph.stages.figures import read_tables
from isomorph.study.prediction import Prediction


@pytest.fixture(scope="module")
def found():
    """Predictions of two regions from the models of the synthetic study."""
    rng = np.random.default_rng(0)
    truth = {layer: rng.standard_normal((40, 6)) for layer in LAYERS}
    units = np.hstack(
        [truth[BEST[one]] @ rng.standard_normal((6, 9)) + rng.standard_normal((40, 9))
         for one in REGIONS]
    )  # fmt: skip
    models = {"net": truth, "pixels": {"pixels": rng.standard_normal((40, 5))}}
    region = np.repeat(REGIONS, 9).tolist()
    return iso.predict(
        units, models, ["ridge", "ridge_reverse"], region=region, dataset="real",
        bands=["net", "pixels"], resamples=30, permutations=39,
    )  # fmt: skip


def asking(layout):
    """The layout of the same study that asks for predictions."""
    study = layout.study
    asked = study.spec.inference.model_copy(update={"prediction": Prediction(methods=["ridge"])})
    spec = study.spec.model_copy(update={"inference": asked})
    return Layout(replace(study, spec=spec), layout.root)


@pytest.fixture(scope="module")
def results(found, tmp_path_factory):
    layout = write_study(tmp_path_factory.mktemp("predicted"), datasets=("real",))
    layout = asking(layout)
    for kind, table in found.tables.items():
        write_table(layout.path(kind, "real"), ordered(table, kind), kind, provenance(kind))
    return Illustrated(layout.study, "real", read_tables(layout, "real"))


def test_the_figure_has_layers_units_and_both_ways(found):
    figure = iso.plot(found, region="alpha")
    profile, models, units, ways = figure.axes
    rows = found.table.query("region == 'alpha' and measure == 'ridge' and kind == 'layer'")
    net = rows[rows["model"] == "net"].sort_values("depth")
    drawn = [line for line in profile.lines if len(line.get_xdata()) == len(LAYERS)]
    np.testing.assert_allclose(drawn[0].get_ydata(), net["estimate"])
    assert [text.get_text() for text in units.get_yticklabels()] == ["net", "pixels"]
    assert sum(len(one.get_offsets()) for one in units.collections) == 2 * (9 + 1)
    assert [text.get_text() for text in models.get_xticklabels()] == ["net", "pixels"]
    assert ways.get_xlabel() == "region predicted from layer"
    axis, _ = iso.plot(found, measure="ridge_reverse").axes  # it has no units
    assert axis.get_ylabel() == "held-out correlation"


def test_nothing_predicted_is_not_drawn():
    rng = np.random.default_rng(1)
    few = iso.predict(rng.random((6, 3)), {"net": {"a": rng.random((6, 3))}})
    with pytest.raises(IsomorphError, match="nothing was predicted: too few stimuli"):
        iso.plot(few)


def test_every_region_has_a_figure_that_says_what_it_shows(results):
    data = Drawable(results, None)
    drawn = [one for one in drawings_of(data) if one.kind == "prediction"]
    assert [one.region for one in drawn] == list(REGIONS)
    for one in drawn:
        assert one.title == f"What does each layer predict of {one.region}?"
        assert "5 parts of the stimuli" in one.caption
        assert "Below: every unit" in one.caption
        assert "Below, right: everything of one side" in one.caption
        assert "{" not in one.caption


def drawings_of(data):
    from isomorph.figures.drawn_analyses import predictions

    return predictions(data)


def test_the_page_has_models_layers_and_differences(results):
    told = predicted(results)
    assert told["undefined"] == ""
    titles = [title for title, _ in told["tables"]]
    assert titles[0] == "Models at the layers chosen in training"
    best = dict(told["tables"][0][1])
    assert len(best) == 2  # methods
    rows = next(iter(best.values())).rows
    assert rows[0][:3] == ("alpha", "Net, trained", "blocks.2 (100 %)")
    layers = next(iter(dict(told["tables"][1][1]).values()))
    assert len(layers.rows) == 2 * (len(LAYERS) + 1)
    assert sum(layers.strong) >= 2
    parts = next(iter(dict(told["tables"][3][1]).values()))
    assert [row[1] for row in parts.rows[:3]] == [
        "Net, trained", "Pixels", "Net, trained ∩ Pixels",
    ]  # fmt: skip
    assert parts.rows[3][2] == "total"
    contests = next(iter(dict(told["tables"][2][1]).values()))
    assert contests.rows[0][1] == "Net, trained"


def test_notes_of_chosen_layers_do_not_stand_among_those_of_the_page(results):
    assert results.table("predictions")["p_note"].str.len().max() > 0
    assert p_notes(results) == []


def test_the_page_is_silent_where_nothing_was_asked(results):
    other = Illustrated(results.study, "real", {})
    assert predicted(other) is None

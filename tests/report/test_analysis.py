"""The methods in words: only the steps that were taken, each with its source."""

import pytest

from isomorph.report.analysis import MARIS, SOURCES, analysis
from isomorph.report.glossary import glossary
from isomorph.report.tables import read_results
from isomorph.study import Inference, StudySpec


def told(study, found):
    return dict(analysis(study, found))


def test_every_step_that_was_taken_is_told_with_its_source(whole):
    layout, _ = whole
    steps = told(layout.study.spec, [read_results(layout, "real")])
    assert "Nili et al. 2014" in steps["Comparison"]
    assert "Schütt et al. 2023" in steps["Intervals"]
    assert SOURCES["max_t"] in steps["Tests"]
    assert "all that a table asks of its dataset under the same distance" in steps["Tests"]
    assert "one-sided" in steps["Tests"]
    assert "Nimon et al. 2008" in steps["What else explains it"]
    assert "partial correlations and shares use Spearman" in steps["What else explains it"]
    assert steps["Simulations"].startswith("30 data sets for the best layer of each model")
    assert "100 units and a reliability of .50 are assumed" in steps["Simulations"]


def test_steps_that_were_not_taken_are_not_told(fresh):
    steps = told(fresh.study.spec, [read_results(fresh, "real")])
    assert list(steps) == ["Distances", "Comparison", "Intervals", "Tests"]
    assert list(told(fresh.study.spec, [])) == list(steps)


def test_clusters_of_windows_are_told_where_they_were_tested(fresh):
    results = read_results(fresh, "real")
    table = results.tables["comparisons"]
    assert "Windows of time" not in told(fresh.study.spec, [results])
    table["time_start"], table["p_cluster"] = 0.1, 0.2
    assert MARIS in told(fresh.study.spec, [results])["Windows of time"]


def test_sides_and_tails_are_told(fresh):
    inference = fresh.study.spec.inference.model_copy(update={"sides": "two", "tail": "pareto"})
    spec = fresh.study.spec.model_copy(update={"inference": inference})
    text = told(spec, [])["Tests"]
    assert "two-sided" in text
    assert "Knijnenburg et al. 2009" in text
    said = dict(glossary(inference, []))
    assert said["p"].startswith("Two-sided")
    assert "generalised Pareto" in said["p"]


@pytest.mark.parametrize("name", SOURCES)
def test_every_correction_has_a_name_and_a_source(name):
    fields = {"name": "s", "title": "S", "datasets": ["d"], "models": ["m"],
              "distances": ["correlation"], "measures": ["pearson"]}  # fmt: skip
    study = StudySpec(**fields, inference=Inference(correction=name))
    text = told(study, [])["Tests"]
    assert SOURCES[name] in text
    assert name not in text
    assert "A residual" not in " ".join(told(study, []).values())

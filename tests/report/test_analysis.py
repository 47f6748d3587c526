"""The methods in words: only the steps that were taken, each with its source."""

import html
import re

import pytest

from isomorph.catalogue import CATALOGUE
from isomorph.measures import MEASURES
from isomorph.report.analysis_facts import SOURCES, analysis
from isomorph.report.evidence import read_results
from isomorph.report.page import templates
from isomorph.study import Inference, StudySpec

CLUSTERS = "Maris & Oostenveld 2007"


def told(study, found, template="analysis"):
    """The terms of a template and what is said of them."""
    text = templates().get_template(f"{template}.html.j2").render(analysis(study, found))
    terms = re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", text)
    assert text.count("<dt>") == len(terms)
    return {term: html.unescape(said) for term, said in terms}


def test_every_step_that_was_taken_is_told_with_its_source(whole):
    layout, _ = whole
    steps = told(layout.study.spec, [read_results(layout, "real")])
    assert "Nili et al. 2014" in steps["Comparison"]
    assert "Schütt et al. 2023" in steps["Intervals"]
    assert SOURCES["max_t"] in steps["Tests"]
    assert "in its dataset under the same distance and measure" in steps["Tests"]
    assert "one-sided" in steps["Tests"]
    assert "Nimon et al. 2008" in steps["What else explains it"]
    assert "Rho-a is not defined for residuals" in steps["What else explains it"]
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
    assert CLUSTERS in told(fresh.study.spec, [results])["Windows of time"]


def test_sides_and_tails_are_told(fresh):
    inference = fresh.study.spec.inference.model_copy(update={"sides": "two", "tail": "pareto"})
    spec = fresh.study.spec.model_copy(update={"inference": inference})
    text = told(spec, [])["Tests"]
    assert "two-sided" in text
    assert "Knijnenburg et al. 2009" in text
    said = told(spec, [], "glossary")["p"]
    assert said.startswith("Two-sided")
    assert "generalised Pareto" in said


def test_distances_are_told_with_units_and_ends_and_simulations_where_there_are_any(fresh):
    off = fresh.study.spec.inference.recovery.model_copy(update={"simulations": 0})
    inference = fresh.study.spec.inference.model_copy(update={"recovery": off})
    update = {"distances": ("correlation", "crossnobis", "euclidean"), "inference": inference}
    said = told(fresh.study.spec.model_copy(update=update), [], "glossary")
    assert "; from 0 to 2. When not to use it: Where the mean" in said["1 - Pearson correlation"]
    ends = [text.partition(" When not")[0].rpartition("; ")[2] for text in list(said.values())[-3:]]
    assert ends[1:] == ["of either sign, as noise can take it below 0.", "from 0 upwards."]
    avoid = re.sub(
        "`(\\w+)`", lambda one: f"<em>{one[1].replace('_', '-')}</em>", MEASURES["pearson"].avoid
    )
    assert avoid in said[MEASURES["pearson"].title]
    assert "planted and found" not in said
    assert "planted and found" in told(fresh.study.spec, [], "glossary")


@pytest.mark.parametrize("name", SOURCES)
def test_every_correction_has_a_name_and_a_source(name):
    fields = {"name": "s", "title": "S", "datasets": ["d"], "models": ["m"],
              "distances": ["correlation"], "measures": ["pearson"]}  # fmt: skip
    study = StudySpec(**fields, inference=Inference(correction=name))
    text = told(study, [])["Tests"]
    assert SOURCES[name] in text
    assert name not in text
    assert "residual" not in " ".join(told(study, []).values())


def test_what_a_number_means_is_what_the_catalogue_says_of_its_column(fresh):
    said = told(fresh.study.spec, [], "glossary")
    columns = {one.name: one.meaning for one in CATALOGUE["comparisons"].columns}
    assert said["estimate"] == columns["estimate"]
    assert columns["calibrated"] in said["chance, calibrated"]
    assert said["recovered"].startswith("<em>exact</em>: the planted layer has")


def test_what_is_shuffled_anew_simulated_and_explained_is_told_as_it_is(whole):
    layout, _ = whole
    names = ("rho_a", "procrustes", "mutual_knn", "persistence")
    spec = layout.study.spec.model_copy(update={"measures": names})
    steps = told(spec, [read_results(layout, "real")])
    procrustes, neighbours, bars = (MEASURES[name].title for name in names[1:])
    anew, none = re.findall(r"\((?:\d+|none) for (.*?), (?:computed|which)", steps["Tests"])
    assert (anew, none) == (procrustes, bars)
    said = f"{procrustes}; {neighbours}; {bars}"
    assert f"Not simulated: {said}, as these" in steps["Simulations"]
    assert f"Not asked under {said}, as these" in steps["What else explains it"]
    assert f"{said}: to first order" in steps["Intervals"]


def test_orders_of_stimuli_that_follow_one_another_are_told(fresh):
    results = read_results(fresh, "real")
    before = told(fresh.study.spec, [results])
    assert "follow one another" not in "".join(before.values())
    table = results.tables["comparisons"]
    table["scheme"], table["p"] = "blocks of stimuli", 0.02
    table["p_note"] = "stimuli shifted along time, 80 orders; exact"
    steps = told(fresh.study.spec, [results])
    assert "(real: stimuli shifted along time, 80 orders)" in steps["Tests"]
    assert "p is at least one over the number of orders" in steps["Tests"]
    assert "contiguous blocks, where they follow one another" in steps["Intervals"]
    said = told(fresh.study.spec, [results], "glossary")["p"]
    assert "counted among shifts of the whole course or exchanges of its blocks" in said
    table["p"] = float("nan")
    assert "(real: no test)" in told(fresh.study.spec, [results])["Tests"]

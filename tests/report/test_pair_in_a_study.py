"""A study that names a distance for brains and another for models, from its files to its page."""

import sys
from pathlib import Path

import pytest
import yaml
from page_data import opened

sys.path.append(str(Path(__file__).parents[1] / "workflow"))

import tiny_study

from isomorph import slices
from isomorph.artefacts import read_array, read_table
from isomorph.catalogue import tables_of_results
from isomorph.cli.opening import open_study
from isomorph.jobs import Job
from isomorph.layout import Layout
from isomorph.making import Fitting
from isomorph.rdms import distances_of
from isomorph.report.evidence import read_results
from isomorph.report.missing import judge
from isomorph.report.page import render
from isomorph.report.viewed import viewed
from isomorph.stages import (
    activations,
    compare,
    explain,
    fetch,
    rdms,
    recover,
    reliability,
    responses,
    stimuli,
)

PAIR = {"brain": "correlation", "model": "euclidean"}
NAME = "correlation~euclidean"


def study_with(folder, distances):
    file = folder / "config" / "study.yaml"
    tiny_study.write_yaml(file, {**yaml.safe_load(file.read_text()), "distances": distances})
    return Layout(open_study(file), folder)


@pytest.fixture(scope="module")
def layout(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pair")
    tiny_study.write(folder)
    tiny_study.write_rdms(folder, tiny_study.N_STIMULI)
    layout = study_with(folder, [PAIR])
    for dataset in ("small", "broken"):
        fetch.run(layout, dataset)
    stimuli.run(layout, "small")
    activations.run(layout, "small", "pixels")
    rdms.run_model(layout, "small", "pixels")
    for dataset, spec in layout.study.datasets.items():
        for subject in spec.subjects:
            responses.run(layout, dataset, subject)
        reliability.run(layout, dataset)
        rdms.run_brain(layout, dataset)
        for stage in (compare, explain, recover):
            stage.run(layout, dataset)
    return layout


def test_each_side_is_computed_under_its_own_distance_alone(layout):
    assert distances_of(read_array(layout.brain_rdms("small"), "rdms")) == ["correlation"]
    assert distances_of(read_array(layout.model_rdms("small", "pixels"), "rdms")) == ["euclidean"]


@pytest.mark.parametrize("dataset", ["small", "broken"])
def test_rdms_published_or_computed_meet_the_models_and_every_row_says_how(layout, dataset):
    said = {}
    for one in tables_of_results():
        if "distance_brain" in one.required and layout.path(one.name, dataset).is_file():
            table = read_table(layout.path(one.name, dataset), one.name)
            said |= {one.name: len(table)}
            assert set(table["distance"]) <= {NAME}
            assert set(table["distance_brain"]) <= {"correlation"}
            assert set(table["distance_model"]) <= {"euclidean"}
    assert all(said[name] for name in ("comparisons", "subjects", "selection", "power"))
    if dataset == "small":
        regions = read_table(layout.regions(dataset), "regions")
        assert set(regions["distance"]) == {"correlation"}


def test_the_page_calls_it_by_one_name_and_the_viewer_finds_both(layout):
    results = {name: read_results(layout, name) for name in layout.study.datasets}
    page = render(judge(layout))
    assert "1 - Pearson correlation (brain) and Euclidean distance, root mean square" in page
    header, arrays = opened(viewed(layout, results))
    assert header["under"] == {NAME: ["correlation", "euclidean"]}
    (held,) = header["sets"]
    assert {one["distance"] for one in held["rdms"]} == {"correlation", "euclidean"}
    assert len(arrays["scored0"]) == 3  # V1, IT and the published IT, with one layer


def test_a_pair_more_leaves_what_the_other_side_has(layout):
    more = study_with(
        layout.root, [PAIR, "correlation", {"brain": "correlation", "model": "cosine"}]
    )
    slice_of = slices.brain_rdms(more.study, "small")
    assert slice_of == slices.brain_rdms(layout.study, "small")
    assert slices.model_rdms(more.study, "small")["distances"] == [
        "euclidean", "correlation", "cosine",
    ]  # fmt: skip
    assert Fitting(more).own(Job("brain_rdms", ("small",))) == ""

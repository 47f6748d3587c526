"""The stage `topology`: rings that were put into units and pictures are found, counted and told."""

import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

sys.path.append(str(Path(__file__).parents[1] / "workflow"))

import ring_study
import tiny_study

from isomorph.artefacts import read_array, read_provenance, read_table
from isomorph.catalogue import CATALOGUE
from isomorph.cli import open_study
from isomorph.cli.command import main
from isomorph.errors import IsomorphError
from isomorph.jobs import Job, jobs
from isomorph.making import command_of, inputs_of
from isomorph.results import Results
from isomorph.runs import resources
from isomorph.runs.capacity import cost_of_topology
from isomorph.runs.sizes import sizes_of
from isomorph.stages import topology as stage
from isomorph.stages.needs import notes_of
from isomorph.stages.populations import over_time
from isomorph.study import StudyError
from isomorph.study.topology import Topology

KINDS = ("topology", "bars", "coordinates", "decoded")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    layout = ring_study.made(tmp_path_factory.mktemp("ring"))
    file = str(layout.study.path)
    asked = ["topology", "--study", file, "--root", str(layout.root), "--dataset", "small"]
    for one in (*(("--subject", name) for name in tiny_study.SUBJECTS), ("--model", "pixels"),
                ("--model", "bare"), ()):  # fmt: skip
        assert main([*asked, *one]) == 0
    return layout


def test_rings_of_units_and_of_pictures_are_found(made):
    rows = read_table(made.topology("small"), "topology").set_index(["region", "subject", "model"])
    for place in (("V1", "one", ""), ("V1", "two", ""), ("", "", "pixels")):
        row = rows.loc[place]
        assert (row["signature"], row["n_loops"], row["status"]) == ("ring", 1, "ok")
        assert row["n_samples"] == row["n_points"] == ring_study.N_STIMULI
        assert row["p"] <= 0.03
    assert (rows["family_size"].loc["V1"] == 2).all()
    assert rows.loc["V1", "one", ""]["p_corrected"] == 2 * rows.loc["V1", "one", ""]["p"]
    assert rows.loc["V1", "one", ""]["n_units"] == ring_study.N_UNITS
    bars = read_table(made.bars("small"), "bars")
    loops = bars[(bars["region"] == "V1") & (bars["subject"] == "one") & (bars["dimension"] == 1)]
    assert loops["length"].iloc[0] > 1.2 * loops["bound"].iloc[0]
    assert (loops["length"].iloc[1:] < loops["bound"].iloc[1:]).all()
    np.testing.assert_allclose(loops["length"], loops["death"] - loops["birth"])


def test_what_cannot_be_looked_at_is_a_row_with_the_reason(made):
    rows = read_table(made.topology("small"), "topology")
    left = rows[rows["status"] == "undefined"]
    assert left["reason"].tolist() == [
        "fewer than 20 units that vary", "fewer than 20 units that vary",
        "keeps no features: write features: 2000, or all, into the model's file",
    ]  # fmt: skip
    assert left["n_units"].tolist() == [ring_study.N_FEW, ring_study.N_FEW, 0]
    assert left["p"].isna().all()
    assert notes_of(made.study, "small") == ["no topology of bare, which keep no features"]


def test_tables_have_their_columns_and_say_how_they_were_made(made):
    for kind in KINDS:
        table = read_table(made.path(kind, "small"), kind)
        required = CATALOGUE[kind].required
        assert tuple(table.columns[: len(required)]) == required
    stamp = read_provenance(made.brain_topology("small", "one"))
    assert stamp.seed == made.study.spec.inference.seed
    assert stamp.settings["topology"]["shuffles"] == 99
    assert "ripser" in stamp.packages
    assert Results(made).topology["signature"].tolist().count("ring") == 3


def test_the_same_seed_gives_the_same_bars(made, capsys):
    assert main(["show", str(made.brain_topology("small", "one"))]) == 0
    assert "topology of 2 populations: " in capsys.readouterr().out
    before = read_array(made.brain_topology("small", "one"), "shapes")
    stage.run_subject(made, "small", "one")
    xr.testing.assert_equal(before, read_array(made.brain_topology("small", "one"), "shapes"))


def test_jobs_are_known_before_anything_runs_and_spread_over_subjects_and_models(tmp_path):
    ring_study.write_files(tmp_path)
    layout = ring_study.layout_of(tmp_path, **ring_study.TOPOLOGY)
    found = {str(job) for job in jobs(layout.study) if "topology" in job.stage}
    assert found == {
        "brain_topology small one", "brain_topology small two", "model_topology small pixels",
        "model_topology small bare", "topology small",
    }  # fmt: skip
    read = inputs_of(layout, Job("topology", ("small",)))
    assert {job.stage for job in read.values()} == {"brain_topology", "model_topology"}
    assert layout.topology("small") in inputs_of(layout, Job("report"))
    assert command_of(layout, Job("brain_topology", ("small", "one"))).endswith(
        "--dataset small --subject one"
    )
    plain = ring_study.layout_of(tmp_path)
    assert not any("topology" in job.stage for job in jobs(plain.study))
    with pytest.raises(IsomorphError, match="asks for no topology; write topology"):
        stage.run(plain, "small")


def test_cost_is_told_beforehand(tmp_path):
    ring_study.write_files(tmp_path)
    job = Job("brain_topology", ("small", "one"))
    need = {}
    for dimensions in (1, 2):
        asked = {**ring_study.TOPOLOGY, "dimensions": dimensions, "points": 300}
        layout = ring_study.layout_of(tmp_path, **asked)
        need[dimensions] = sizes_of(layout, job, {"small": 1000})
    loops, voids = (resources.seconds(job.stage, need[dimensions]) for dimensions in (1, 2))
    assert voids > 10 * loops
    assert resources.megabytes(job.stage, need[2]) > resources.megabytes(job.stage, need[1]) + 300
    (told,) = cost_of_topology(layout, {"small": 1000})
    assert told.startswith("topology: loops and voids of 300 points and of 99 shuffles, about ")


@pytest.mark.parametrize(
    ("topology", "said"),
    [
        ({"coefficient": 48}, "48 is no prime, and coefficients must form a field; take 47"),
        ({"minimum_units": 5}, "minimum_units 5 are fewer than the 6 components"),
        ({"of": "moments"}, "topology.of"),
        ({"of": "time"}, "are of kind arrays, which hold no spikes; add a dataset of spikes, "
         "write of: stimuli, or leave topology out"),
    ],
)  # fmt: skip
def test_settings_that_cannot_work_are_refused_when_the_study_is_opened(tmp_path, topology, said):
    ring_study.write_settings(tmp_path, **topology)
    with pytest.raises(StudyError, match=said):
        open_study(tmp_path / "config" / "study.yaml")


def test_patterns_that_match_no_region_are_refused_with_the_nearest(made):
    asked = Topology(**ring_study.TOPOLOGY, regions=("V*", "ITT"))
    with pytest.raises(IsomorphError, match=r'topology.regions.1: "ITT" .* did you mean "IT"'):
        stage._refuse_unmatched(made, "small", asked, ["V1", "IT"])


def test_ripser_that_is_not_installed_is_said_with_how_to_get_it(made, monkeypatch):
    monkeypatch.setattr("isomorph.stages.topology_asked.find_spec", lambda _: None)
    with pytest.raises(IsomorphError, match=r"needs ripser, which is not installed; .*\[topology"):
        stage.run_subject(made, "small", "one")


def test_regions_of_a_recording_are_taken_session_by_session_with_their_variables():
    rng = np.random.default_rng(1)
    session = xr.Dataset(
        {"rate": (("time", "unit"), rng.random((30, 5)).astype("float32"))},
        {"time": np.arange(30.0), "segment": ("time", np.repeat([0, 1], 15)),
         "unit": list("abcde"), "region": ("unit", ["M", "M", "S", "M", "S"]),
         "heading": ("time", np.linspace(0, 6, 30))},
        {"variables": '["heading"]'},
    )  # fmt: skip
    found = list(over_time({"day1": session, "day2": session}))
    assert [(one.keys["region"], one.keys["session"]) for one in found] == [
        ("M", "day1"), ("S", "day1"), ("M", "day2"), ("S", "day2"),
    ]  # fmt: skip
    assert found[0].rates.shape == (30, 3)
    assert found[0].variables == ("heading",)
    assert found[0].segments.tolist() == [0] * 15 + [1] * 15
    assert not found[0].permuted

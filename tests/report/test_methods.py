import json

import numpy as np
import pytest
import xarray as xr
from synthetic_study import rdm_file, write_settings

from isomorph.archives.manifest import FileRecord, write_manifest
from isomorph.artefacts import provenance, write_array, write_responses
from isomorph.layout import Layout
from isomorph.report.evidence import read_origins
from isomorph.report.methods import methods
from isomorph.report.missing import judge
from isomorph.report.page import render
from isomorph.report.settings import settings_of
from isomorph.study import load_study
from isomorph.study.bids import BidsResponses
from isomorph.study.responses import NwbResponses


def write(layout, subject, regions, stimuli, dropped, code="c0de"):
    """Write a subject's one session, with a response per stimulus named and unit."""
    data = xr.Dataset(
        {"response": (("presentation", "unit"), np.ones((len(stimuli), len(regions))))},
        {
            "stimulus": ("presentation", np.array(stimuli, dtype=object)),
            "repetition": ("presentation", np.zeros(len(stimuli), int)),
            "unit": ("unit", np.array([str(i) for i in range(len(regions))], dtype=object)),
            "region": ("unit", np.array(regions, dtype=object)),
        },
        {"session": "day", "dropped": json.dumps(dropped), "noted": json.dumps({"silent": 0})},
    )
    path = layout.responses("real", subject)
    path.parent.mkdir(parents=True, exist_ok=True)
    stamp = provenance("responses", source="an archive", code=code)
    write_responses(path, {"day": data}, {"dataset": "real", "subject": subject}, stamp)


@pytest.fixture
def bare(tmp_path):
    """A study of which nothing is computed."""
    return Layout(load_study(write_settings(tmp_path)), tmp_path)


@pytest.fixture
def recorded(bare):
    write(bare, "s1", ["alpha"] * 3 + ["beta"] * 2, ["a", "b", "a", "c"], {"units bad": 4, "x": 0})
    write(bare, "s2", ["alpha"], ["a", "b"], {"units bad": 1})
    return bare


def test_a_session_is_told_with_its_units_and_what_was_left_out(recorded):
    made = methods(recorded, "real")
    assert made.sessions.head[4:] == (
        "presentations", "stimuli", "repetitions of a stimulus", "units, alpha", "units, beta",
    )  # fmt: skip
    assert made.sessions.rows == [
        ("s1", "day", "units bad: 4", "–", "4", "3", "1 to 2", "3", "2"),
        ("s2", "day", "units bad: 1", "–", "2", "2", "1", "1", "none"),
    ]
    assert made.totals == (
        "2 sessions of 2 subjects; 6 presentations; 6 units after all criteria (alpha 4, beta 2); "
        "left out units bad: 5"
    )
    assert ("Missing regions", "beta in s2") in made.facts


def test_many_regions_share_a_column(bare):
    write(bare, "s1", [f"r{i}" for i in range(20)], ["a"], {})
    made = methods(bare, "real")
    assert made.sessions.head[7:] == ("units of 20 regions",)
    assert made.sessions.rows[0][7:] == ("20",)
    assert "r19 1, 8 more)" in made.totals


def test_published_rdms_have_no_units_to_count(bare):
    data = rdm_file(["a", "b", "c"], [{"rdm": np.arange(3.0), "region": "alpha"}])
    write_array(bare.responses("real", "s1"), data, "rdms", provenance("responses"))
    made = methods(bare, "real")
    assert made.sessions.rows == [("s1", "1", "–", "–", "–", "3", "–", "ready RDM")]
    assert made.totals == "1 session of 1 subject"


def test_settings_are_told_with_what_they_mean_and_defaults_apart():
    spec = NwbResponses.model_validate(
        {
            "kind": "nwb", "files": "*.nwb", "window": [0.05, 0.3],
            "presentations": {"stimulus": "image", "clock": 1000.0, "offset": 0},
            "regions": {"V1": ["VISp", "V1*"]}, "quality": {"snr": {"min": 2.0}},
        }
    )  # fmt: skip
    told = {one["setting"]: (one["value"], one["default"]) for one in settings_of(spec)}
    assert told == {
        "files": ("*.nwb", False), "window": ("0.05 to 0.3 s", False),
        "presentations.stimulus": ("image", False), "presentations.clock": ("1000", False),
        "presentations.onset": ("start_time", True), "presentations.name": ("{}", True),
        "presentations.offset": ("0", True), "regions": ("V1: VISp, V1*", False),
        "quality": ("snr: min 2", False), "others": ("drop", True), "rate": ("no", True),
        "region": ("location", True), "presentations.ignore_order": ("no", True),
        "uncovered": ("0.1", True),
    }  # fmt: skip


def test_of_a_list_of_choices_the_chosen_is_explained():
    spec = BidsResponses.model_validate(
        {
            "kind": "bids", "bold": "*", "events": {"files": "*"}, "estimate": "lss",
            "regions": {"kind": "whole", "file": "m.nii", "region": "V1"},
        }
    )  # fmt: skip
    meanings = {one["setting"]: one["meaning"] for one in settings_of(spec)}
    assert meanings["estimate"].startswith("each with all the others as one regressor")
    assert meanings["noise"].startswith("Normalisation by the residuals: none, by")


def test_the_page_says_how_responses_were_made(recorded):
    files = [FileRecord(f"{name}.nwb", 1500, "0" * 64) for name in "ab"]
    stamp = provenance("fetch", source="DANDI 1 0.2")
    write_manifest(recorded, "real", recorded.archive("real"), files, stamp)
    brain = rdm_file(["a", "b", "c"], [{"rdm": np.arange(3.0), "region": "alpha"}])
    write_array(recorded.brain_rdms("real"), brain, "rdms", provenance("rdms", seed=3))
    assert read_origins(recorded, "real")["rdms/brain.nc"].seed == 3
    page = render(judge(recorded))
    assert "DANDI 1 0.2 (2 files, 3,000 bytes; sha256 under Provenance)" in page
    term = "Left out of the RDMs, or noted about them"
    assert f"<dt>{term}</dt><dd>gamma | s1: no units</dd>" in page
    assert "beta in s2" in page
    assert "<td>0 to 0.2 s</td>" in page
    assert page.count("How the responses were computed") == 2


def test_responses_made_alike_share_a_provenance(recorded):
    assert "responses/s1.nc, s2.nc" in read_origins(recorded, "real")
    write(recorded, "s2", ["alpha"], ["a"], {}, code="0ther")
    origins = read_origins(recorded, "real")
    assert [origins[f"responses/{name}.nc"].code for name in ("s1", "s2")] == ["c0de", "0ther"]


def test_before_any_responses_the_settings_are_told(bare):
    made = methods(bare, "real")
    assert (made.sessions, made.totals) == (None, "")
    assert [row[:2] for row in made.settings.rows if row[0] == "window"] == [
        ("window", "0 to 0.2 s")
    ]


def test_what_was_crossed_and_halved_is_told_by_subject_where_they_differ(bare):
    rows = [
        {"rdm": np.arange(3.0), "region": "alpha", "subject": subject} for subject in ("s1", "s2")
    ]
    data = rdm_file(["a", "b", "c"], rows)
    assert "Folds and halves" not in dict(written(bare, data).facts)
    told = data.assign_coords(
        fold=("representation", ["run", "repetition"]), n_folds=("representation", [6, 4])
    )
    said = dict(written(bare, told).facts)["Folds and halves"]
    assert "crossed by cross-validated distances" in said
    assert "whole runs, because presentations of one run may share noise (6 in s1)" in said
    assert said.endswith("that repeat most stimuli (4 in s2)")
    alike = data.assign_coords(
        fold=("representation", ["run", "run"]), n_folds=("representation", [6, 8])
    )
    assert dict(written(bare, alike).facts)["Folds and halves"].endswith("share noise (6 to 8)")


def written(layout, data):
    """How the responses were made, once RDMs are written."""
    write_array(layout.brain_rdms("real"), data, "rdms", provenance("rdms"))
    return methods(layout, "real")

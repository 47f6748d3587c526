"""Topology over time: from a recording of head-direction cells to the ring and the heading."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.append(str(Path(__file__).parents[1] / "responses"))

import followed

from isomorph.artefacts import read_table
from isomorph.catalogue import CATALOGUE
from isomorph.errors import IsomorphError
from isomorph.jobs import Job, jobs
from isomorph.making import inputs_of
from isomorph.stages import population, stimuli
from isomorph.stages import topology as stage

UNITS, SECONDS = 24, 300

ASKED = {"points": 60, "dimensions": 1, "shuffles": 59, "bin": 0.2, "smoothing": 0.2}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("turning")
    (folder / "files").mkdir()
    rng = np.random.default_rng(5)
    times, heading = followed.turning(SECONDS, rng)
    tuned = followed.bumps(heading, np.arange(UNITS) / UNITS * followed.TURN)
    rates = np.hstack([tuned, np.full((len(times), UNITS), 6.0), tuned[:, :5]])
    regions = ["ADn"] * UNITS + ["PoS"] * UNITS + ["RSC"] * 5
    followed.write(folder / "files" / "s1.nwb", times, heading,
                   followed.fired(times, rates, rng), regions)  # fmt: skip
    layout = followed.study(folder, more={"topology": ASKED})
    stimuli.run(layout, "ring")
    population.run(layout, "ring", "s1")
    stage.run_subject(layout, "ring", "s1")
    stage.run(layout, "ring")
    return layout


def test_tuned_cells_are_a_ring_and_others_are_none(made):
    rows = read_table(made.topology("ring"), "topology").set_index("region")
    assert rows["signature"].to_dict() == {"ADn": "ring", "PoS": "none", "RSC": ""}
    assert rows.loc["ADn", "p_corrected"] < 0.1
    assert rows.loc["RSC", "reason"] == "fewer than 20 units that vary"
    assert rows.loc["ADn", "n_samples"] > SECONDS / ASKED["bin"] - 10
    assert rows.loc["ADn", "n_points"] == ASKED["points"]
    assert rows.loc["ADn", "no_coordinates"] == ""
    assert rows.loc["PoS", "no_coordinates"] != ""


def test_the_coordinate_is_the_heading_up_to_where_it_begins_and_which_way_it_runs(made):
    rows = read_table(made.coordinates("ring"), "coordinates")
    assert set(rows["region"]) == {"ADn"}
    assert rows["heading"].isna().mean() < 0.02
    rows = rows.dropna(subset=["circle_1", "heading"])
    circle, heading = (rows[name].to_numpy(float) for name in ("circle_1", "heading"))
    ways = [np.angle(np.mean(np.exp(1j * (circle + way * heading)))) for way in (1, -1)]
    off = [
        np.abs(np.angle(np.exp(1j * (circle + way * heading - turn))))
        for way, turn in zip((1, -1), ways, strict=True)
    ]
    error = np.degrees(min(np.median(one) for one in off))
    assert error < 12
    (told,) = read_table(made.decoded("ring"), "decoded").to_dict("records")
    assert (told["variable"], told["circle"]) == ("heading", 1)
    assert told["correlation"] > 0.9
    assert told["median_error"] < 15 < told["chance_error"]
    assert abs(told["median_error"] - error) < 5


def test_it_is_read_of_the_population_and_models_have_no_part(made):
    assert {job.stage for job in jobs(made.study) if "topology" in job.stage} == {
        "brain_topology", "topology",
    }  # fmt: skip
    read = inputs_of(made, Job("brain_topology", ("ring", "s1")))
    assert made.population("ring", "s1") in read
    with pytest.raises(IsomorphError, match=r"topology.of: time, and layers have none; write of"):
        stage.run_model(made, "ring", "angles")


def test_too_short_a_recording_is_left_out_with_the_reason(made):
    from isomorph.artefacts import read_population
    from isomorph.stages.populations import over_time
    from isomorph.study.topology import Topology

    (one, *_) = over_time(read_population(made.population("ring", "s1")))
    asked = Topology(**{**ASKED, "points": 2000})
    assert stage._lacking(one, asked) == (
        UNITS, "fewer time bins than the 2000 points that are chosen",
    )  # fmt: skip


def test_counts_are_whole_numbers_beside_empty_cells(made):
    text = made.topology("ring").read_text(encoding="utf-8")
    at = text.splitlines()[0].split(",").index("n_loops")
    cells = {line.split(",")[at] for line in text.splitlines()[1:]}
    assert cells == {"1", "0", ""}
    counts = [one.name for one in CATALOGUE["topology"].columns if one.unit == "count"]
    assert "n_units" in counts

"""How units are tuned: what is found of planted tuning, and the level of the test."""

from dataclasses import replace

import followed
import numpy as np
import pytest
import yaml

from isomorph.artefacts import read_table
from isomorph.errors import IsomorphError
from isomorph.jobs import jobs
from isomorph.layout import Layout
from isomorph.responses.rates.shifts import strung
from isomorph.responses.rates.spikes import Spikes
from isomorph.responses.rates.tuned import information, mean_vector
from isomorph.responses.rates.tuning import tuning_of
from isomorph.responses.rates.visits import visits_of
from isomorph.stages.stimuli import run as stimuli
from isomorph.stages.tuning import run as tuning
from isomorph.stimuli.variable import Track, stretches
from isomorph.stimuli.variable.bins import grid
from isomorph.study import load_study
from isomorph.study.rates import RateResponses
from isomorph.study.variable import VariableStimuli

TUNED, UNTUNED = 6, 60


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """The tuning of cells with a bump, of cells that drift alone, of one that hardly fires."""
    folder = tmp_path_factory.mktemp("tuning")
    (folder / "files").mkdir()
    rng = np.random.default_rng(3)
    times, heading = followed.turning(600, rng)
    preferred = np.arange(TUNED) / TUNED * followed.TURN
    slow = np.cumsum(rng.normal(size=(len(times), UNTUNED)), axis=0) / np.sqrt(len(times))
    drifting = 4 * np.exp(0.7 * slow)
    rates = np.hstack(
        [followed.bumps(heading, preferred, 10), drifting, np.full((len(times), 1), 0.005)]
    )
    spikes = followed.fired(times, rates, rng)
    regions = ["ADn"] * TUNED + ["PoS"] * (UNTUNED + 1)
    followed.write(folder / "files" / "s1.nwb", times, heading, spikes, regions)
    layout = followed.study(
        folder,
        responses={"smoothing": {"heading": 0.3}},
        more={"inference": {"permutations": 199, "correction": "fdr_bh"}},
    )
    stimuli(layout, "ring")
    tuning(layout, "ring")
    return read_table(layout.tuning("ring"), "tuning"), preferred


def test_planted_tuning_is_found_and_where_it_is(table):
    rows, preferred = table
    own = rows[(rows["region"] == "ADn") & (rows["unit"] != "")]
    off = np.angle(np.exp(1j * (own["preferred"].to_numpy() - preferred)))
    assert np.abs(off).max() < 0.15
    assert (own["p_corrected"] <= 0.05).all()
    assert (own["vector_length"] > 0.5).all()
    assert (own["information"] > 5 * own["information_by_chance"]).all()
    assert (own["reliability"] > 0.9).all()
    assert own["peak_rate"].between(6, 14).all()
    (region,) = rows[(rows["region"] == "ADn") & (rows["unit"] == "")].to_dict("records")
    assert (region["tuned"], region["n_units"]) == (1.0, TUNED)
    assert region["information"] == pytest.approx(own["information"].mean())


def test_rates_that_drift_are_called_tuned_at_the_level_of_the_test(table):
    rows, _ = table
    own = rows[(rows["region"] == "PoS") & rows["p"].notna()]
    assert len(own) == UNTUNED
    assert (own["p"] <= 0.05).mean() <= 0.13  # .05 and two standard errors
    assert 0.35 < own["p"].mean() < 0.65


def test_too_few_spikes_are_told_and_not_tested(table):
    rows, _ = table
    (few,) = rows[(rows["status"] == "untested")].to_dict("records")
    assert few["reason"].endswith("spikes, expected 10 or more")
    assert np.isnan([few["p"], few["tuned"]]).all()


def test_information_and_mean_vector_of_rates_by_hand():
    dwell = np.array([1.0, 1.0, 2.0, 0.0])
    one_place = np.array([8.0, 0.0, 0.0, np.nan])
    assert information(one_place, dwell) == pytest.approx(2.0)  # in a quarter of the time: 2 bits
    assert information(np.array([3.0, 3, 3, np.nan]), dwell) == pytest.approx(0)
    assert np.isnan(information(np.zeros(4), dwell))
    angles = np.arange(4) * np.pi / 2
    length, direction = mean_vector(np.array([[0.0, 5, 0, 0], [1, 1, 1, 1]]), angles)
    np.testing.assert_allclose(length, [1, 0], atol=1e-12)
    assert direction[0] == pytest.approx(np.pi / 2)
    assert np.isnan(mean_vector(np.zeros((1, 4)), angles)[0][0])


def field(rng, seconds=500):
    """The spikes of a place cell and of a cell without a field, in memory, and the bins."""
    times, heading = followed.turning(seconds, rng)
    steps = 0.03 * np.column_stack([np.cos(heading), np.sin(heading)])
    place = np.abs((np.cumsum(steps, axis=0) + 0.5) % 2 - 1)  # walls turn it back
    near = np.exp(-((place - [0.3, 0.6]) ** 2).sum(axis=1) / 0.02)
    spikes = followed.fired(
        times, np.column_stack([15 * near + 0.1, np.full(len(times), 3.0)]), rng
    )
    starts, lasts = stretches(times)
    always = np.ones(len(times), dtype=bool)
    track = Track(("x", "y"), times, place, starts, lasts, always, ("", ""), "simulated")
    moments, owner = np.concatenate(spikes), np.repeat([0, 1], [len(one) for one in spikes])
    sample = track.at(moments)
    inside = sample >= 0
    found = Spikes(track, sample[inside], moments[inside], owner[inside], np.array(["a", "b"]),
                   np.array(["CA1", "CA1"]), {})  # fmt: skip
    edges = np.linspace(0, 1 + 1e-9, 11)
    bins = grid({"x": edges, "y": edges}, {"x": None, "y": None})
    each = {name: {"series": name, "range": [0, 1], "bins": 10} for name in "xy"}
    return visits_of(found, VariableStimuli(kind="variable", files="*", variables=each), bins), bins


@pytest.mark.parametrize("smoothing", ["1 bins", {"x": "1 bins", "y": 0.1}])
def test_a_place_is_found_along_each_variable_and_along_both(smoothing):
    rng = np.random.default_rng(8)
    visits, bins = field(rng)
    settings = RateResponses(kind="rates", files="*", smoothing=smoothing)
    x, y, both = (one.rows for one in tuning_of(visits, settings, bins, 99, rng, "here"))
    assert [one["variable"].iloc[0] for one in (x, y, both)] == ["x", "y", "x × y"]
    for one in (x, y, both):
        assert one["p"].iloc[0] == pytest.approx(0.01)
        assert one["p"].iloc[1] > 0.05
    assert both["information"].iloc[0] > max(x["information"].iloc[0], y["information"].iloc[0])
    at = [float(part) for part in both["peak_at"].iloc[0].split(", ")]
    np.testing.assert_allclose(at, [0.3, 0.6], atol=0.11)
    assert x["vector_length"].isna().all()


def test_smoothing_along_what_is_no_variable_is_refused_of_tuning_too():
    visits, bins = field(np.random.default_rng(8))
    settings = RateResponses(kind="rates", files="*", smoothing={"x": "1 bins", "z": 0.1})
    with pytest.raises(IsomorphError, match=r'responses\.smoothing: no variable "z"'):
        tuning_of(visits, settings, bins, 0, np.random.default_rng(0), "here")


def test_spikes_are_shifted_within_parts_and_by_enough():
    visits, _ = field(np.random.default_rng(9), seconds=300)
    ticks = strung(visits)
    np.testing.assert_array_equal(ticks.parts, [[0, 6000]])
    exact = visits.counts.sum(axis=1)
    assert np.abs(ticks.counts() - exact).sum() <= 0.02 * exact.sum()
    # a pause of two minutes parts them where both sides are long enough
    track = visits.spikes.track
    late = (track.times > 100) * 120.0
    moved = replace(track, times=track.times + late, starts=track.starts + late)
    spikes = visits.spikes
    apart = replace(spikes, track=moved, times=spikes.times + late[spikes.sample])
    both = strung(replace(visits, spikes=apart))
    assert both.parts[:, 0].tolist() == [0, 2001]
    counts = next(iter(both.shifted(1, np.random.default_rng(0))))
    assert counts.sum() == pytest.approx(both.counts().sum())


def test_tuning_is_refused_of_what_is_no_rate(tmp_path):
    files = tmp_path / "files"
    files.mkdir()
    (files / "s1.nwb").write_bytes(b"not looked at")
    layout = followed.study(tmp_path)
    file = tmp_path / "datasets" / "ring.yaml"
    settings = yaml.safe_load(file.read_text())
    settings["responses"] = {"kind": "nwb", "files": "*", "window": [0, 1],
                             "presentations": {"stimulus": "a"}}  # fmt: skip
    file.write_text(yaml.safe_dump(settings))
    layout = Layout(load_study(tmp_path / "study.yaml"), tmp_path)
    assert not any(job.stage == "tuning" for job in jobs(layout.study))
    with pytest.raises(IsomorphError, match="responses are of kind nwb; tuning is of units whose"):
        tuning(layout, "ring")

"""How units are tuned: what is found of planted tuning, and the level of the test."""

import followed
import numpy as np
import pytest

from isomorph.artefacts import read_table
from isomorph.responses.rates.tuned import information, mean_vector
from isomorph.stages.stimuli import run as stimuli
from isomorph.stages.tuning import run as tuning

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

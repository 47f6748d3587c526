"""What the units of a subject did over time: bins within stretches, and the variables then."""

from pathlib import Path
from types import SimpleNamespace

import followed
import numpy as np
import pandas as pd
import pytest

from isomorph.artefacts import read_population
from isomorph.errors import IsomorphError
from isomorph.responses.nwb.recordings import Open
from isomorph.responses.nwb.shown_stimuli import ShownInRecording
from isomorph.responses.rates.population import population_of, smoothed, stretches_of
from isomorph.responses.rates.spikes import Spikes
from isomorph.responses.rates.while_shown import track_while_shown
from isomorph.stages.population import run as population
from isomorph.stages.stimuli import run as stimuli
from isomorph.study.axes import StimulusAxis

EPOCHS = {"wake": (0, 60.03), "sleep": (60.03, 90), "again": (90, 120)}
AWAKE = {"table": "epochs", "where": {"label": ["wake", "again"]}}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("population")
    (folder / "files").mkdir()
    rng = np.random.default_rng(1)
    times, heading = followed.turning(120, rng)
    spikes = followed.fired(times, followed.bumps(heading, np.arange(4.0)), rng)
    followed.write(folder / "files" / "s1.nwb", times, heading, spikes, epochs=EPOCHS)
    return folder, times, heading, spikes


def read(folder, topology, **more):
    layout = followed.study(
        folder, stimuli={"epochs": AWAKE, "bins": 6}, more={"topology": topology}, **more
    )
    stimuli(layout, "ring")
    population(layout, "ring", "s1")
    (data,) = read_population(layout.population("ring", "s1")).values()
    return data


def test_bins_hold_spikes_of_stretches_that_count_and_none_beyond(recorded):
    folder, times, heading, spikes = recorded
    data = read(folder, {"bin": 0.25, "smoothing": 0})
    time, segment = data["time"].values, data["segment"].values
    assert data["rate"].dtype == np.float32
    for number, (first, last) in enumerate([(0.0, 60.0), (90.0, 120.0)]):
        own = time[segment == number]
        np.testing.assert_allclose(np.diff(own), 0.25)
        assert first - 0.05 <= own[0] - 0.125 <= first + 0.05
        assert last - 0.3 <= own[-1] + 0.125 <= last + 0.05
        edges = np.append(own - 0.125, own[-1] + 0.125)
        counts = np.histogram(spikes[2], edges)[0]
        np.testing.assert_allclose(data["rate"].values[segment == number, 2], counts / 0.25)
    nearest = np.rint(time * followed.RATE).astype(int).clip(0, len(times) - 1)
    apart = np.abs(np.angle(np.exp(1j * (data["heading"].values - heading[nearest]))))
    assert apart.max() < 0.3
    assert data["region"].values.tolist() == ["ADn"] * 4


def test_smoothing_stays_within_a_stretch_and_leaves_a_constant_as_it_is():
    segment = np.repeat([0, 1], [30, 20])
    single = np.zeros((50, 2))
    single[[29, 40], [0, 1]] = 1
    found = smoothed(single, segment, 2.0)
    assert found[30:, 0].max() == 0
    assert found[:30, 1].max() == 0
    assert found[29, 0] > found[28, 0] > 0  # cut off at the end, the rest weighs the more
    np.testing.assert_allclose(smoothed(np.ones((50, 1)), segment, 2.0), 1, rtol=1e-5)
    spread = found[30:, 1] @ (np.arange(30, 50) - 40.0) ** 2
    assert spread == pytest.approx(4.0, rel=0.05)


def test_pictures_have_the_whole_recording_as_one_stretch(tmp_path, write_nwb):
    (tmp_path / "files").mkdir()
    rng = np.random.default_rng(2)
    trials = {"image": ["cat", "dog", "tree", "house"] * 10}
    spikes = [np.sort(rng.uniform(0, 41, 400)) for _ in range(3)]
    write_nwb(tmp_path / "files" / "s1.nwb", spikes, trials, {"location": ["IT"] * 3})
    shown = {"table": "trials", "stimulus": "image"}
    layout = followed.study(tmp_path, more={"topology": {"bin": 0.5}})
    file = tmp_path / "datasets" / "ring.yaml"
    settings = followed.yaml.safe_load(file.read_text())
    settings["stimuli"] = {"kind": "conditions", "files": "{subject}.nwb", "column": "image"}
    settings["responses"] = {"kind": "nwb", "files": "{subject}.nwb", "presentations": shown,
                             "window": [0.0, 0.5]}  # fmt: skip
    file.write_text(followed.yaml.safe_dump(settings))
    model = tmp_path / "models" / "angles.yaml"
    model.write_text(model.read_text().replace("heading", "stimulus"))
    layout = followed.Layout(followed.load_study(tmp_path / "study.yaml"), tmp_path)
    followed.fetch(layout, "ring")
    stimuli(layout, "ring")
    population(layout, "ring", "s1")
    (data,) = read_population(layout.population("ring", "s1")).values()
    assert set(data["segment"].values) == {0}
    assert data.sizes["time"] == pytest.approx(82, abs=1)
    assert float(data["rate"].mean()) == pytest.approx(400 / 41, rel=0.05)


def test_what_nothing_asks_for_is_not_made(recorded):
    layout = followed.study(recorded[0])
    with pytest.raises(IsomorphError, match="nothing asks for the activity over time"):
        population(layout, "ring", "s1")
    layout = followed.study(recorded[0], more={"topology": {"of": "time"}})
    with pytest.raises(IsomorphError, match='subjects: no "s9"'):
        population(layout, "ring", "s9")


def test_stretches_shorter_than_a_bin_are_refused(recorded):
    with pytest.raises(IsomorphError, match="shorter than a bin of 100 s"):
        read(recorded[0], {"bin": 100.0})


def test_the_time_of_a_film_counts_while_it_is_shown():
    """Of two showings with a pause between, the time of the film is known in both."""
    table = pd.DataFrame({"stimulus": ["f_0", "f_1", "f_2"], "time": [0.0, 0.5, 1.0]})
    onset = np.concatenate([1 + 0.5 * np.arange(3), 10 + 0.5 * np.arange(3)])
    shown = ShownInRecording(np.tile(table["stimulus"], 2), onset)
    recording = Open(SimpleNamespace(path=Path("here.nwb")), shown, table["stimulus"].to_numpy())
    axes = (StimulusAxis("time", None, "film"),)
    track = track_while_shown(recording, axes, table, (0.0, 14.0), 0.1)
    moments = np.array([0.5, 1.2, 1.7, 2.2, 5.0, 10.7])
    at = track.at(moments)
    assert track.counts[at].tolist() == [False, True, True, True, False, True]
    np.testing.assert_allclose(track.values[at[track.counts[at]], 0], [0, 0.5, 1.0, 0.5])
    starts, stops = stretches_of(track)
    np.testing.assert_allclose(starts, [1, 10], atol=0.02)
    np.testing.assert_allclose(stops, [2.5, 11.5], atol=0.03)  # the last stays as long as others
    spikes = Spikes(track, at[1:2], moments[1:2], np.array([0]), np.array(["u"]),
                    np.array(["V1"]), {})  # fmt: skip
    data = population_of(spikes, 0.5, 0)
    np.testing.assert_allclose(data["film_time"].values[:3], [0, 0.5, 1.0])
    assert data["rate"].values[:, 0].tolist() == [2.0] + [0.0] * 5

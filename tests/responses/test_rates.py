"""Rates over the bins of a variable: from an NWB recording to RDMs."""

import json

import followed
import numpy as np
import pytest
import yaml

from isomorph.artefacts import read_array, read_responses, read_table
from isomorph.errors import IsomorphError
from isomorph.rdms.collection import indexed
from isomorph.stages.datasets import names_of
from isomorph.stages.rdms import run_brain
from isomorph.stages.reliability import run as reliability
from isomorph.stages.responses import look
from isomorph.stages.stimuli import run as stimuli
from isomorph.study import load_study

N_UNITS = 12


@pytest.fixture(scope="module")
def ring(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ring")
    (folder / "files").mkdir()
    rng = np.random.default_rng(0)
    times, heading = followed.turning(400, rng)
    preferred = np.arange(N_UNITS) / N_UNITS * followed.TURN
    spikes = followed.fired(times, followed.bumps(heading, preferred), rng)
    followed.write(folder / "files" / "s1.nwb", times, heading, spikes)
    return folder, times, heading, spikes


def test_rates_are_spikes_over_time_by_bin_and_repetition(ring):
    folder, times, heading, spikes = ring
    layout = followed.made(followed.study(folder))
    (data,) = read_responses(layout.responses("ring", "s1")).values()
    # what it should be, said anew: the bin of each sample and of each spike, and blocks in turn
    bins = (heading / followed.TURN * 12).astype(int)
    block = (times // 5).astype(int) % 2
    for unit in (0, 7):
        at = np.rint(spikes[unit] * followed.RATE).astype(int).clip(0, len(times) - 1)
        for repetition in (0, 1):
            counts = np.bincount(bins[at][block[at] == repetition], minlength=12)
            dwell = np.bincount(bins[block == repetition], minlength=12) / followed.RATE
            own = data.sel(unit=data["unit"] == data["unit"][unit])
            own = own.sel(presentation=own["repetition"] == repetition)
            found = dict(zip(own["stimulus"].values, own["response"].values[:, 0], strict=True))
            for place in range(12):
                assert found[f"heading_{place:03d}"] == pytest.approx(
                    counts[place] / dwell[place], rel=0.02, abs=0.02
                )
            np.testing.assert_allclose(own["dwell"].sum(), dwell.sum(), rtol=0.01)
    assert data["response"].attrs["units"] == "spikes/s"
    assert data["run"].values.tolist() == data["repetition"].values.astype(str).tolist()
    assert dict(data.sizes) == {"presentation": 24, "unit": N_UNITS}


def test_all_that_follows_works_on_rates(ring):
    layout = followed.made(followed.study(ring[0], stimuli={"repetitions": 6, "minimum": 0.2}))
    reliability(layout, "ring")
    table = read_table(layout.reliability("ring"), "reliability")
    assert table.loc[table["unit"] != "", "split_half"].astype(float).min() > 0.9
    run_brain(layout, "ring")
    rdms = indexed(read_array(layout.brain_rdms("ring"), "rdms"))
    apart = np.abs(np.subtract.outer(np.arange(12), np.arange(12)))
    ring_like = np.minimum(apart, 12 - apart)[np.triu_indices(12, k=1)]
    for distance in ("euclidean", "crossnobis"):
        assert np.corrcoef(rdms[distance].values[0], ring_like)[0, 1] > 0.8, distance


def refused(folder, match, **settings):
    with pytest.raises(IsomorphError, match=match):
        followed.made(followed.study(folder, **settings))


def small(folder, change=lambda times: times, units=4, seconds=60.0, **more):
    """Write a minute of a recording of which the spike times are changed."""
    (folder / "files").mkdir()
    rng = np.random.default_rng(5)
    times, heading = followed.turning(seconds, rng)
    spikes = followed.fired(times, followed.bumps(heading, np.arange(float(units))), rng)
    spikes = [change(one) for one in spikes]
    followed.write(folder / "files" / "s1.nwb", times, heading, spikes, **more)
    return folder


FEW = {"bins": 6, "minimum": 0.2}


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda t: t * 1000, r"spike times last .* is the recording in milliseconds\?"),
        (lambda t: t + 5000, r"do the clocks have origins some 49\d\d.\d* s apart\?"),
        (lambda t: t[t < 20], r"spikes cover 20 of the 60 s of the variable"),
    ],
)
def test_spikes_on_another_clock_than_the_variable_are_refused(tmp_path, change, match):
    refused(small(tmp_path, change), match, stimuli=FEW)


def test_time_that_the_recording_does_not_cover_is_left_out_and_counted(tmp_path):
    layout = followed.made(
        followed.study(
            small(tmp_path, lambda t: t[t < 56]), stimuli=FEW, responses={"minimum": 0.05}
        )
    )
    (data,) = read_responses(layout.responses("ring", "s1")).values()
    assert "before the first or after the last spike" in data.attrs["dropped"]
    assert float(data["dwell"].sum()) == pytest.approx(56, abs=1.1)


def test_invalid_times_and_times_not_observed_do_not_count(tmp_path):
    seen = [np.array([[0.0, 50.0]]), np.array([[0.0, 50.0]]), np.array([[0.0, 20.0]])]
    folder = small(tmp_path, units=3, invalid=[(10.0, 15.0)], observed=seen)
    layout = followed.made(followed.study(folder, stimuli=FEW, responses={"uncovered": 0.5}))
    (data,) = read_responses(layout.responses("ring", "s1")).values()
    dropped = json.loads(data.attrs["dropped"])
    assert dropped["seconds in invalid_times"] == 5
    assert dropped["seconds outside the obs_intervals of all units"] == 10
    assert dropped["units whose obs_intervals lack some of the time"] == 1
    assert data.sizes["unit"] == 2
    assert float(data["dwell"].sum()) == pytest.approx(45, abs=0.2)


def test_units_that_are_silent_while_the_variable_counts(tmp_path):
    epochs = {"wake": (10, 50), "rest": (50, 60)}
    wake = {**FEW, "epochs": {"table": "epochs", "where": {"label": ["wake"]}}}
    folder = small(tmp_path, lambda t: t[(t < 10) | (t > 50)], epochs=epochs)
    refused(folder, "every unit is silent while the variable counts", stimuli=wake)


def test_a_variable_that_is_not_there_is_refused(tmp_path):
    place = {"series": "processing/behavior/CompassDirection/headng"}
    refused(small(tmp_path), 'did you mean "heading"', stimuli={**FEW, **place})


def test_repetitions_of_too_little_time_are_refused(tmp_path):
    folder = small(tmp_path)
    refused(
        folder,
        r"in repetition 0 no bin is visited for 30 s \(responses.minimum\)",
        stimuli=FEW,
        responses={"minimum": 30},
    )


def test_bins_visited_too_shortly_in_a_repetition_are_left_out_of_it(tmp_path):
    layout = followed.made(followed.study(small(tmp_path), stimuli=FEW, responses={"minimum": 4.0}))
    (data,) = read_responses(layout.responses("ring", "s1")).values()
    short = json.loads(data.attrs["dropped"])["bins visited too shortly in a repetition"]
    assert short > 0
    assert data.sizes["presentation"] == 12 - short
    assert data["dwell"].values.min() >= 4


def test_settings_that_do_not_fit_each_other_are_refused(tmp_path):
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "s1.nwb").write_bytes(b"not looked at")
    for settings, match in (
        ({"responses": {"smoothing": {"heding": 1.0}}}, 'no variable "heding", did you mean'),
        ({"responses": {"smoothing": "wide"}}, '"wide" is no width; write 0.2'),
        ({"responses": {"smoothing": -1.0}}, "-1 is below 0"),
    ):
        with pytest.raises(IsomorphError, match=match):
            followed.study(tmp_path, **settings)
    followed.study(tmp_path)
    file = tmp_path / "datasets" / "ring.yaml"
    settings = yaml.safe_load(file.read_text())
    settings["stimuli"] = {"kind": "folder", "files": "*.png"}
    file.write_text(yaml.safe_dump(settings))
    with pytest.raises(IsomorphError, match="rates are of the bins of a variable"):
        load_study(tmp_path / "study.yaml")


def test_a_look_refuses_what_reading_would(tmp_path):
    layout = followed.study(small(tmp_path, lambda t: t + 5000), stimuli=FEW)
    stimuli(layout, "ring")
    with pytest.raises(IsomorphError, match="do the clocks have origins"):
        look(layout, "ring", "s1", names_of(layout, "ring"))


def test_the_variable_may_stand_in_a_companion(ring, tmp_path):
    _, times, heading, spikes = ring
    files = tmp_path / "files"
    files.mkdir()
    followed.write(files / "s1_behavior.nwb", times, heading, None)
    followed.write(files / "s1_ecephys.nwb", times[:5], heading[:5] * 0, spikes)
    layout = followed.made(
        followed.study(
            tmp_path,
            stimuli={"files": "{subject}_behavior.nwb"},
            responses={"files": "{subject}_ecephys.nwb", "companion": "{subject}_behavior.nwb"},
        )
    )
    (data,) = read_responses(layout.responses("ring", "s1")).values()
    assert data.sizes["presentation"] == 24

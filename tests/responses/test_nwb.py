"""NWB recordings read back: what is counted, what is left out and said, what is refused."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from isomorph.artefacts import read_attributes, read_responses
from isomorph.errors import IsomorphError
from isomorph.layout import Layout
from isomorph.responses.nwb.recordings import session_names
from isomorph.stages.reliability import run as run_reliability
from isomorph.stages.responses import run
from isomorph.study import load_study

STIMULI = ["a", "b", "c"]
TRIALS = {"on": [1.0, 2.0, 3.0, 4.0, 5.0], "image": ["b", "a", "b", "c", "a"]}
# Spikes just after onset: unit 0 fires once per trial, unit 1 in the trials of "b" alone.
SPIKES = [[1.01, 2.01, 3.01, 4.01, 5.01], [1.02, 1.03, 3.02]]
UNITS = {"location": ["IT", "V4"]}


def read(layout: Layout, subject: str = "s1"):
    run(layout, "toy", subject)
    return read_responses(layout.responses("toy", subject))


def test_counts_and_coordinates(make_study, files, write_nwb, nwb_settings, capsys):
    write_nwb(files / "s1.nwb", SPIKES, TRIALS, {**UNITS, "unit_name": ["x", "y"]}, session_id="9")
    layout = make_study(nwb_settings, STIMULI)
    sessions = read(layout)
    assert list(sessions) == ["9"]
    data = sessions["9"]
    np.testing.assert_array_equal(data["response"], [[1, 2], [1, 0], [1, 1], [1, 0], [1, 0]])
    assert data["stimulus"].values.tolist() == TRIALS["image"]
    assert data["repetition"].values.tolist() == [0, 0, 1, 0, 1]
    assert data["onset"].values.tolist() == TRIALS["on"]
    assert data["unit"].values.tolist() == ["x", "y"]
    assert data["region"].values.tolist() == ["IT", "V4"]
    assert data["response"].attrs["units"] == "spikes"
    root = read_attributes(layout.responses("toy", "s1"))
    assert (root["dataset"], root["subject"], root["simulated"]) == ("toy", "s1", "false")
    assert "5 presentations × 2 units (IT 1, V4 1)" in capsys.readouterr().err


def test_a_silent_session_is_refused(make_study, files, write_nwb, nwb_settings):
    trials = {**TRIALS, "on": [1000.0 * onset for onset in TRIALS["on"]]}  # milliseconds
    write_nwb(files / "s1.nwb", SPIKES, trials, UNITS, session_id="9")
    layout = make_study(nwb_settings, STIMULI)
    with pytest.raises(IsomorphError) as caught:
        run(layout, "toy", "s1")
    assert (
        "s1.nwb: every unit is silent from 0 to 0.1 s after onset: spikes lie between 1.01 and "
        "5.01, onsets between 1000 and 5000; are the onsets in milliseconds (presentations.clock: "
        "1000)? both must be in seconds" in str(caught.value)
    )
    assert not layout.responses("toy", "s1").exists()


def test_repetitions_follow_onsets_not_rows(make_study, files, write_nwb, nwb_settings):
    trials = {"on": [5.0, 1.0, 3.0], "image": ["a", "a", "a"]}
    write_nwb(files / "s1.nwb", SPIKES, trials, UNITS, session_id="9")
    assert read(make_study(nwb_settings, STIMULI))["9"]["repetition"].values.tolist() == [2, 0, 1]


def test_what_is_left_out_is_counted(make_study, files, write_nwb, nwb_settings):
    trials = {
        "on": [1.0, 2.0, np.nan, 4.0, 5.0, 6.0],
        "image": ["a", "", "b", "unheard of", "c", "a"],
    }
    spikes = [[1.01], [], [1.01], [1.01], [1.01], [9.0], [1.01]]
    columns = {
        "location": ["IT", "IT", "", "IT", "IT", "IT", "IT"],
        "snr": [3.0, 3.0, 3.0, 1.0, np.nan, 3.0, 2.0],
        "quality": ["good", "good", "good", "good", "good", "fair", "noise"],
    }
    nwb_settings["quality"] = {"snr": {"min": 2.0}, "quality": {"allowed": ["good", "fair"]}}
    write_nwb(files / "s1.nwb", spikes, trials, columns, session_id="9")
    data = read(make_study(nwb_settings, [*STIMULI, "d"]))["9"]
    assert json.loads(data.attrs["dropped"]) == {
        "presentations without a stimulus": 1,
        "presentations of a stimulus that is not in the set": 1,
        "presentations without an onset": 1,
        "presentations before the first or after the last spike of all units": 0,
        "units across two regions": 0,
        "units without a region": 1,
        "units failing snr": 2,
        "units failing quality": 1,
        "units without a spike": 1,
    }
    assert json.loads(data.attrs["noted"]) == {
        "units silent in every window": 1,
        "stimuli never shown": 2,
    }
    assert data["unit"].values.tolist() == ["0", "5"]
    assert data["stimulus"].values.tolist() == ["a", "c", "a"]


def test_numeric_stimulus_column(make_study, files, write_nwb, nwb_settings):
    trials = {"on": [1.0, 2.0, 3.0], "image": [7.0, np.nan, 12.0]}
    write_nwb(files / "s1.nwb", SPIKES, trials, UNITS, session_id="9")
    data = read(make_study(nwb_settings, ["7", "12"]))["9"]
    assert data["stimulus"].values.tolist() == ["7", "12"]


def test_region_from_electrodes(make_study, files, write_nwb, nwb_settings):
    write_nwb(
        files / "s1.nwb",
        [[1.01]] * 4,
        TRIALS,
        electrodes=[[0, 1], [2], [1, 2], []],
        electrode_locations=["IT", "IT", "V4"],
        session_id="9",
    )
    data = read(make_study(nwb_settings, STIMULI))["9"]
    assert data["region"].values.tolist() == ["IT", "V4"]
    dropped = json.loads(data.attrs["dropped"])
    assert dropped["units across two regions"] == 1
    assert dropped["units without a region"] == 1


def test_two_sessions_of_one_subject(make_study, files, write_nwb, nwb_settings):
    write_nwb(files / "s1_one.nwb", SPIKES, TRIALS, UNITS)
    write_nwb(files / "s1_two.nwb", SPIKES[::-1], TRIALS, UNITS)
    sessions = read(make_study(nwb_settings, STIMULI))
    assert list(sessions) == ["s1_one", "s1_two"]
    np.testing.assert_array_equal(
        sessions["s1_one"]["response"], sessions["s1_two"]["response"][:, ::-1]
    )


def test_session_names():
    one, two = Path("x/one.nwb"), Path("x/two.nwb")
    assert session_names(["a/b", ""], [one, two]) == ["a-b", "two"]
    assert session_names(["a", "a"], [one, two]) == ["one", "two"]
    with pytest.raises(IsomorphError, match="give each session its own"):
        session_names(["a", "a"], [one, Path("y/one.nwb")])


# ------------------------------------------------------------------ bad input


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"presentations": {"table": "trails", "onset": "on", "stimulus": "image"}},
         's1.nwb: no intervals table "trails", did you mean "trials"?'),
        ({"presentations": {"onset": "stop", "stimulus": "image"}},
         's1.nwb: trials: no column "stop", did you mean "stop_time"?'),
        ({"presentations": {"onset": "on", "stimulus": "imago"}},
         's1.nwb: trials: no column "imago", did you mean "image"?'),
        ({"presentations": {"onset": "image", "stimulus": "image"}},
         "s1.nwb: trials: column \"image\" holds 'b', expected onsets in seconds"),
        ({"presentations": {"onset": "on", "stimulus": "on"}},
         's1.nwb: trials: column "on": names "1" and 4 others, none of them a stimulus of '),
        ({"region": "locations"},
         's1.nwb: units: no column "locations" that names the region'),
        ({"quality": {"snrr": {"min": 1.0}}},
         's1.nwb: units: no column "snrr", did you mean "snr"?'),
        ({"quality": {"location": {"min": 1.0}}},
         's1.nwb: units: column "location" holds text, so min and max do not apply'),
        ({"quality": {"snr": {"min": 100.0}}},
         "s1.nwb: none of the 2 units is left (2 units failing snr)"),
        ({"quality": {"spike_times": {"min": 0.0}}},
         's1.nwb: units: column "spike_times" has several values per row'),
        ({"files": "{subject}/*.nwb"}, 'no file matches "s1/*.nwb"'),
    ],
)  # fmt: skip
def test_settings_that_do_not_fit(make_study, files, write_nwb, nwb_settings, change, message):
    write_nwb(files / "s1.nwb", SPIKES, TRIALS, {**UNITS, "snr": [3.0, 4.0]})
    layout = make_study({**nwb_settings, **change}, STIMULI)
    with pytest.raises(IsomorphError, match=re.escape(message)) as caught:
        run(layout, "toy", "s1")
    assert "\n" not in str(caught.value)
    assert not layout.responses("toy", "s1").parent.exists()


@pytest.mark.parametrize(
    ("spikes", "trials", "message"),
    [
        (None, TRIALS, "s1.nwb: holds no units, expected sorted units with spike_times"),
        (SPIKES, None, 's1.nwb: no intervals table "trials", known: none'),
        ([[2.0, 1.0], [1.0]], TRIALS, "s1.nwb: the spike_times of unit 0 are not in ascending"),
        ([[1.0], [np.nan]], TRIALS, "s1.nwb: unit 1 has spike_times that are not finite"),
        (SPIKES, {"on": [1.0], "image": [""]},
         "none of the 1 presentations has both a stimulus and an onset"),
    ],
)  # fmt: skip
def test_recordings_that_cannot_be_used(
    make_study, files, write_nwb, nwb_settings, spikes, trials, message
):
    write_nwb(files / "s1.nwb", spikes, trials, UNITS if spikes else None)
    with pytest.raises(IsomorphError, match=re.escape(message)):
        run(make_study(nwb_settings, STIMULI), "toy", "s1")


def test_a_bad_unit_that_is_left_out_does_no_harm(make_study, files, write_nwb, nwb_settings):
    write_nwb(files / "s1.nwb", [[2.0, 1.0], [1.01]], TRIALS, {"location": ["", "IT"]})
    assert read(make_study(nwb_settings, STIMULI))["s1"].sizes["unit"] == 1


def test_a_bad_second_session_leaves_nothing(make_study, files, write_nwb, nwb_settings):
    write_nwb(files / "s1_a.nwb", SPIKES, TRIALS, UNITS)
    (files / "s1_b.nwb").write_bytes(b"not HDF5 at all")
    layout = make_study(nwb_settings, STIMULI)
    with pytest.raises(IsomorphError, match=r"s1_b\.nwb: cannot be read as an HDF5 file"):
        run(layout, "toy", "s1")
    assert not layout.responses("toy", "s1").parent.exists()


def test_hdf5_that_is_not_nwb(make_study, files, nwb_settings):
    import h5py

    with h5py.File(files / "s1.nwb", "w") as file:
        file["x"] = [1, 2]
    with pytest.raises(IsomorphError, match=r"s1\.nwb: (is not an NWB file|cannot be read as NWB)"):
        run(make_study(nwb_settings, STIMULI), "toy", "s1")


def test_unknown_subject(make_study, files, write_nwb, nwb_settings):
    write_nwb(files / "s1.nwb", SPIKES, TRIALS, UNITS)
    with pytest.raises(IsomorphError, match='no "s11", did you mean "s1"'):
        run(make_study(nwb_settings, STIMULI), "toy", "s11")


def test_expected_figures(make_study, files, write_nwb, nwb_settings):
    write_nwb(files / "s1.nwb", SPIKES, TRIALS, UNITS)
    right = {"presentations": {"s1": 5}, "units": {"IT": 1, "V4": 1}}
    layout = make_study(nwb_settings, STIMULI, expected=right)
    run(layout, "toy", "s1")
    run_reliability(layout, "toy")

    layout = make_study(nwb_settings, STIMULI, expected={"presentations": {"s1": 6}})
    with pytest.raises(IsomorphError, match=r"expected\.presentations\.s1 says 6, there are 5"):
        run(layout, "toy", "s1")

    layout = make_study(nwb_settings, STIMULI, expected={"units": {"IT": 3}})
    run(layout, "toy", "s1")
    with pytest.raises(IsomorphError, match=r"expected\.units\.IT says 3, there are 1"):
        run_reliability(layout, "toy")


# ------------------------------------------------------------------ real recordings

REPOSITORY = Path(__file__).parents[2]
ZHANG = REPOSITORY.parent / "shared/data/zhang_desimone_it"


@pytest.mark.skipif(not ZHANG.is_dir(), reason="needs ../shared/data/zhang_desimone_it")
def test_macaque_it(tmp_path):
    """Real spikes counted as h5py and a loop over trials count them."""
    import h5py
    import pandas as pd

    from isomorph.artefacts import provenance, read_table, write_table
    from isomorph.stages.fetch import run as fetch

    files = sorted(ZHANG.glob("*.nwb"))
    with h5py.File(files[0]) as file:
        trials = file["intervals/trials"]
        conditions = trials["stimulus_condition"].asstr()[:]
        onsets = trials["stimulus_onset"][:]
        units = file["units"]
        trains = np.split(units["spike_times"][:], units["spike_times_index"][:][:-1])
    study = load_study(REPOSITORY / "tests/examples/settings/zhang_desimone_it.yaml")
    name = study.name
    layout = Layout(study, tmp_path)
    table = pd.DataFrame({"stimulus": sorted(set(conditions)), "file": "", "sha256": ""})
    assert len(table) == study.dataset(name).expected.stimuli
    write_table(layout.stimuli(name), table, "stimuli", provenance("stimuli"))
    fetch(layout, name)
    run(layout, name, "monkeyIT")
    sessions = read_responses(layout.responses(name, "monkeyIT"))
    assert len(sessions) == len(files) == 8
    data = next(iter(sessions.values()))
    start, stop = study.dataset(name).responses.window
    plain = [
        [np.sum((train >= onset + start) & (train < onset + stop)) for train in trains]
        for onset in onsets
    ]
    np.testing.assert_array_equal(data["response"], plain)
    assert data["stimulus"].values.tolist() == conditions.tolist()
    assert all(np.all(session["region"] == "IT") for session in sessions.values())

    run_reliability(layout, name)
    reliability = read_table(layout.reliability(name), "reliability")
    units_with_value = reliability[(reliability["unit"] != "") & (reliability["status"] == "ok")]
    assert units_with_value["split_half"].median() > 0.1  # IT neurons prefer some objects


def moved(by):
    """Return spikes and trials of uneven times, later by some seconds."""
    trials = {**TRIALS, "on": [by + onset + 0.137 for onset in TRIALS["on"]]}
    return [[by + time + 0.137 for time in unit] for unit in SPIKES], trials


@pytest.mark.parametrize(("by", "refused"), [(2e5, True), (1e4, False), (1.6e9, True)])
def test_spikes_too_late_for_single_precision(
    make_study, files, write_nwb, nwb_settings, by, refused
):
    import h5py

    write_nwb(files / "s1.nwb", *moved(by), UNITS)
    with h5py.File(files / "s1.nwb", "r+") as opened:
        values = opened["units/spike_times"][()].astype(np.float32)
        attributes = dict(opened["units/spike_times"].attrs)
        del opened["units/spike_times"]
        single = opened.create_dataset("units/spike_times", data=values)
        single.attrs.update(attributes)
        opened["units/spike_times_index"].attrs["target"] = single.ref
    layout = make_study(nwb_settings, STIMULI)
    if refused:
        with pytest.raises(IsomorphError, match="spike times have single precision, which at"):
            read(layout)
    else:
        (data,) = read(layout).values()
        np.testing.assert_array_equal(data["response"].values.sum(axis=0), [5, 3])


def test_onsets_that_went_through_single_precision(make_study, files, write_nwb, nwb_settings):
    spikes, trials = moved(2e5)
    write_nwb(files / "s1.nwb", spikes, trials, UNITS)
    (data,) = read(make_study(nwb_settings, STIMULI)).values()
    np.testing.assert_array_equal(data["response"].values.sum(axis=0), [5, 3])
    trials["on"] = np.float32(trials["on"]).astype(float).tolist()
    write_nwb(files / "s1.nwb", spikes, trials, UNITS)
    with pytest.raises(IsomorphError, match=r"onsets have single precision, .* steps of 0\.0156"):
        read(make_study(nwb_settings, STIMULI))


def test_one_presentation_listed_a_moment_later(make_study, files, write_nwb, nwb_settings):
    trials = {"on": [*TRIALS["on"], 3.0004], "image": [*TRIALS["image"], "b"]}
    write_nwb(files / "s1.nwb", SPIKES, trials, UNITS)
    with pytest.raises(IsomorphError, match=r'"b" at 3\.0004 s is listed twice'):
        read(make_study(nwb_settings, STIMULI))

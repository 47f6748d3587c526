"""Units of NWB recordings: where they stand, what they must be, what is made of their spikes."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from isomorph.artefacts import read_responses
from isomorph.errors import IsomorphError
from isomorph.responses.nwb import spikes as spikes_module
from isomorph.responses.region_names import grouped
from isomorph.responses.times import times_of
from isomorph.stages.responses import run
from isomorph.study.responses import NwbResponses

sys.path.insert(0, str(Path(__file__).parents[1] / "replicas"))

from recordings import create, points_at, table

ONSETS = np.arange(1.0, 13.0)
IMAGES = ["a", "b", "c"] * 4


def write(file, units, trains, electrodes=None, onsets=ONSETS, images=IMAGES, **more):
    """Write a recording whose units are columns and spike trains, without pynwb."""
    with create(file, file.stem, "test") as nwb:
        columns = {"start_time": onsets, "stop_time": np.asarray(onsets) + 0.5, "image": images}
        table(nwb, "intervals/trials", np.arange(len(onsets)), columns, kind="TimeIntervals")
        if electrodes is not None:
            ids, locations = electrodes
            columns = {"location": np.array(locations, dtype=object), **more}
            poles = table(nwb, "general/extracellular_ephys/electrodes", ids, columns)
        table(
            nwb, "units", 100 + np.arange(len(trains)), {**units, "spike_times": trains},
            kind="Units", ragged=("spike_times", "electrodes"),
        )  # fmt: skip
        if "electrodes" in units:
            points_at(nwb["units/electrodes"], poles)


@pytest.fixture
def read(make_study, files):
    """Return a reader of one recording under some settings: its only session."""

    def read(subjects=("s1",), **settings):
        responses = {
            "kind": "nwb",
            "files": "{subject}.nwb",
            "presentations": {"stimulus": "image"},
            "window": [0.0, 0.5],
            **settings,
        }
        layout = make_study({k: v for k, v in responses.items() if v is not None}, ["a", "b", "c"])
        run(layout, "toy", subjects[0])
        return next(iter(read_responses(layout.responses("toy", "s1")).values()))

    return read


def trains(n, rate=20.0, seed=0):
    rng = np.random.default_rng(seed)
    return [np.sort(rng.uniform(0, 14, rng.poisson(14 * rate))) for _ in range(n)]


def test_units_on_electrodes_that_fail_are_left_out(files, read):
    """By the id of the electrode a unit names, or by all the rows it points at."""
    units = {"peak_channel_id": [70, 10, 30, 99]}
    poles, valid = ([10, 30, 70], ["V1", "V1", "V1"]), [True, False, True]
    write(files / "s1.nwb", units, trains(4), poles, valid_data=valid)
    good = {"valid_data": {"allowed": ["True"]}}
    data = read(electrode="peak_channel_id", quality=good)
    assert data["unit"].values.tolist() == ["100", "101"]
    assert json.loads(data.attrs["dropped"])["units failing valid_data"] == 1
    units = {"electrodes": [[0, 2], [1], np.zeros(0, int), [1, 2]]}
    write(files / "s1.nwb", units, trains(4), poles, valid_data=valid)
    data = read(quality=good)
    assert data["unit"].values.tolist() == ["100"]
    assert json.loads(data.attrs["dropped"])["units failing valid_data"] == 2
    with pytest.raises(IsomorphError, match='units: no column "valid"'):
        read(quality={"valid": {"allowed": ["True"]}})


def test_region_of_the_peak_channel(files, read):
    """A unit names its electrode by id; '' and None are outside the brain."""
    units = {"peak_channel_id": [70, 10, 30, 20, 99, 40]}
    electrodes = ([10, 20, 30, 40, 70], ["VISp", "None", "", "CA1", "VISp2/3"])
    write(files / "s1.nwb", units, trains(6), electrodes)
    data = read(
        electrode="peak_channel_id",
        regions={"VISp": ["VISp", "VISp[0-9]*"], "hippocampus": ["CA?", "DG"]},
    )
    assert data["unit"].values.tolist() == ["100", "101", "105"]
    assert data["region"].values.tolist() == ["VISp", "VISp", "hippocampus"]
    assert json.loads(data.attrs["dropped"])["units without a region"] == 3


def test_regions_of_no_group_are_left_out_and_said_or_kept(files, read):
    units = {"location": ["VISp5", "VISpm2/3", "APN", "APN", "LP", "VISp"]}
    write(files / "s1.nwb", units, trains(6))
    groups = {"VISp": ["VISp", "VISp[0-9]*"], "VISpm": ["VISpm*"]}
    data = read(regions=groups)
    assert data["region"].values.tolist() == ["VISp", "VISpm", "VISp"]
    assert json.loads(data.attrs["dropped"])["units of other regions (APN, LP)"] == 3
    data = read(regions=groups, others="keep")
    assert data["region"].values.tolist() == ["VISp", "VISpm", "APN", "APN", "LP", "VISp"]


def test_the_first_group_that_matches_holds():
    regions, left = grouped(
        np.array(["CA1", "DG", "", "ca1"]), {"CA": ["CA*"], "hippocampus": ["CA1", "DG"]}
    )
    assert regions.tolist() == ["CA", "hippocampus", "", ""]
    assert left == {"ca1": 1}
    names, left = grouped(np.array(["x", ""]), {})
    assert (names.tolist(), left) == (["x", ""], {})


def test_regions_from_a_table_beside_the_dataset(files, read, tmp_path):
    write(files / "s1.nwb", {"unit_name": ["33b", "20", "64a", "65"]}, trains(4))
    (tmp_path / "datasets").mkdir()
    (tmp_path / "datasets" / "regions.csv").write_text(
        "session,bank,area\ns1,0,V4\ns1,1,IT\nother,2,V1\nother,3,V1\n"
    )
    region = {"table": "regions.csv", "file": "session", "unit": "bank", "region": "area"}
    data = read(region={**region, "channels": 32})
    assert data["unit"].values.tolist() == ["33b", "20", "64a"]
    assert data["region"].values.tolist() == ["IT", "V4", "IT"]
    with pytest.raises(
        IsomorphError, match=r"lists none of the 4 units of s1\.nwb, .*, of bank 32"
    ):
        read(region={**region, "channels": 1})
    with pytest.raises(IsomorphError, match=r'regions\.csv: no column "banks", did you mean'):
        read(region={**region, "unit": "banks"})
    (tmp_path / "datasets" / "regions.csv").write_text("unit,region\n20,V4\n20,IT\n")
    with pytest.raises(IsomorphError, match='lists unit "20" in "V4" and in "IT"'):
        read(region={"table": "regions.csv"})


def test_several_tables_of_regions_are_refused(files, read):
    write(files / "s1.nwb", {"unit_name": ["1"]}, trains(1))
    for name in ("banks_a.csv", "banks_b.csv"):
        (files / name).write_text("unit,region\n1,IT\n")
    message = r"responses\.region\.table: .* matches 2 files, banks_a\.csv and banks_b\.csv among"
    with pytest.raises(IsomorphError, match=message):
        read(region={"table": "banks_*.csv"})


def test_quality_by_numbers_truth_and_text(files, read):
    units = {
        "location": ["V1"] * 6,
        "cutoff": [0.05, np.nan, 0.2, 0.05, 0.05, 0.1],
        "valid": [True, True, True, False, True, True],
        "quality": ["good", "good", "good", "good", "noise", "good"],
    }
    write(files / "s1.nwb", units, trains(6))
    quality = {
        "cutoff": {"max": 0.1},
        "valid": {"allowed": ["True"]},
        "quality": {"allowed": ["good"]},
    }
    data = read(quality=quality)
    assert data["unit"].values.tolist() == ["100", "105"]
    dropped = json.loads(data.attrs["dropped"])
    assert [dropped[f"units failing {name}"] for name in quality] == [2, 1, 1]


def test_planted_rates_are_recovered(files, read):
    """Rates of 10 and 40 per second after every second image, over a steady 5 before."""
    rng = np.random.default_rng(8)
    onsets = 2.0 * np.arange(400) + 2
    driven = np.where(np.arange(400) % 2, 40.0, 10.0)
    background = rng.uniform(0, 805, rng.poisson(805 * 5.0))
    evoked = np.concatenate(
        [onset + rng.uniform(0, 0.5, rng.poisson(0.5 * rate))
         for onset, rate in zip(onsets, driven, strict=True)]
    )  # fmt: skip
    images = np.where(np.arange(400) % 2, "b", "a").tolist()
    train = np.sort(np.concatenate([background, evoked]))
    write(files / "s1.nwb", {"location": ["V1"]}, [train], onsets=onsets, images=images)
    data = read(rate=True, baseline=[-1.0, 0.0])
    response = data["response"].values[:, 0]
    assert data["response"].attrs["units"] == "spikes/s"
    for image, rate in (("a", 10.0), ("b", 40.0)):
        # Poisson counts over 0.5 s, less 1 s of background: variance in (spikes/s)^2.
        error = np.sqrt((2 * (rate + 5.0) + 5.0) / 200)
        assert response[np.array(images) == image].mean() == pytest.approx(rate, abs=4 * error)
    counts = read(baseline=[-1.0, 0.0])["response"].values[:, 0]
    np.testing.assert_allclose(counts, 0.5 * response)


def test_windows_and_bins_are_time_bins(files, read):
    write(files / "s1.nwb", {"location": ["V1", "IT"]}, trains(2))
    alone = [read(window=window)["response"].values for window in ([0.0, 0.2], [0.2, 0.5])]
    data = read(window=None, windows={"late": [0.2, 0.5], "early": [0.0, 0.2]})
    assert data["region"].values.tolist() == ["V1", "IT"]
    assert data["unit"].values.tolist() == ["100", "101"]
    np.testing.assert_array_equal(data["response"], np.stack(alone, axis=2))
    np.testing.assert_allclose(times_of(data), [[0.0, 0.2], [0.2, 0.5]])

    binned = read(window=[0.0, 0.3], bins=0.1)
    assert binned["response"].dims == ("presentation", "unit", "time")
    np.testing.assert_allclose(times_of(binned), [[0.0, 0.1], [0.1, 0.2], [0.2, 0.3]])
    thirds = [read(window=[k * 0.1, (k + 1) * 0.1 if k < 2 else 0.3]) for k in range(3)]
    assert thirds[1]["response"].dims == ("presentation", "unit")
    np.testing.assert_allclose(times_of(thirds[1]), [0.1, 0.2])
    np.testing.assert_array_equal(
        binned["response"], np.stack([one["response"] for one in thirds], axis=2)
    )
    less = read(window=[0.0, 0.3], bins=0.1, baseline=[-0.2, 0.0])
    before = read(window=[-0.2, 0.0])["response"].values
    np.testing.assert_allclose(
        less["response"], binned["response"] - before[..., None] / 2, atol=1e-12
    )


def test_thirty_bins_of_two_units_are_two_units(files, read):
    write(files / "s1.nwb", {"location": ["V1", "IT"]}, trains(2))
    data = read(window=[0.0, 0.3], bins=0.01)
    assert (data.sizes["unit"], data.sizes["time"]) == (2, 30)


@pytest.mark.parametrize("block", [1, 300, 10**9])
def test_blocks_of_units_change_nothing(files, read, monkeypatch, block):
    """Units to leave out lie between those kept; reading in pieces must not shift a spike."""
    monkeypatch.setattr(spikes_module, "BLOCK", block)
    all_trains = [*trains(3), np.zeros(0), *trains(4, seed=1)]
    locations = ["V1", "", "V1", "V1", "IT", "", "V1", "IT"]
    write(files / "s1.nwb", {"location": locations}, all_trains)
    data = read()
    assert data["unit"].values.tolist() == ["100", "102", "104", "106", "107"]
    plain = [
        [np.sum((all_trains[k] >= on) & (all_trains[k] < on + 0.5)) for k in (0, 2, 4, 6, 7)]
        for on in ONSETS
    ]
    np.testing.assert_array_equal(data["response"], plain)


def test_shifting_all_times_and_permuting_trials(files, read):
    rng = np.random.default_rng(5)
    spikes = [np.sort(rng.integers(0, 14 * 64, 200)) / 64 for _ in range(3)]  # exact in binary
    write(files / "s1.nwb", {"location": ["V1"] * 3}, spikes)
    once = read()
    write(files / "s1.nwb", {"location": ["V1"] * 3}, [one + 4096 for one in spikes],
          onsets=ONSETS + 4096)  # fmt: skip
    np.testing.assert_array_equal(read()["response"], once["response"])
    order = rng.permutation(len(ONSETS))
    write(files / "s1.nwb", {"location": ["V1"] * 3}, spikes, onsets=ONSETS[order],
          images=[IMAGES[k] for k in order])  # fmt: skip
    permuted = read()
    np.testing.assert_array_equal(permuted["response"], once["response"][order])
    np.testing.assert_array_equal(permuted["repetition"], once["repetition"][order])
    assert permuted["stimulus"].values.tolist() == once["stimulus"].values[order].tolist()


# ------------------------------------------------------------------ bad input


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"electrode": "channel"}, 's1.nwb: units: no column "channel", did you mean'),
        ({"electrode": "peak_channel_id", "region": "area"},
         's1.nwb: units: no column "area" that names the region'),
        ({"electrode": "other_id"},
         'column "other_id" holds 7, and no electrode has that id; electrodes are called 10'),
        ({"regions": {"V1": ["V1"]}, "electrode": "peak_channel_id"},
         "none of the 2 units is left (2 units of other regions (IT))"),
        ({"region": {"table": "nowhere.csv"}}, 'no file matches "nowhere.csv"'),
    ],
)  # fmt: skip
def test_settings_that_do_not_fit(files, read, settings, message):
    units = {"peak_channel_id": [10, 20], "other_id": [7, 8], "peak_channel": [0, 1]}
    write(files / "s1.nwb", units, trains(2), ([10, 20], ["IT", "IT"]))
    with pytest.raises(IsomorphError, match=re.escape(message)) as caught:
        read(**settings)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"window": None}, "give window or windows, one of the two"),
        ({"windows": {"a": [0.0, 1.0]}}, "give window or windows, one of the two"),
        ({"bins": 0.3}, "cut the window [0.0, 1.0] into 3.33333 parts, expected a whole number"),
        ({"bins": 1.0}, "into 1 parts, expected a whole number, two or more"),
        ({"window": None, "windows": {"a": [0.0, 1.0]}, "bins": 0.1}, "bins: cuts one window"),
        ({"baseline": [0.0, -0.1]}, "must start before it stops"),
        ({"others": "keep"}, "others: goes with regions"),
        ({"electrode": "a", "region": {"table": "b.csv"}}, "electrode: goes with a column"),
    ],
)
def test_settings_that_contradict_themselves(change, message):
    settings = {
        "kind": "nwb", "files": "*", "presentations": {"stimulus": "image"}, "window": [0.0, 1.0],
    }  # fmt: skip
    with pytest.raises(ValidationError, match=re.escape(message)):
        NwbResponses(**{**settings, **change})

"""Ready responses: an array and two tables, and what happens when they disagree."""

from __future__ import annotations

import json
import re

import h5py
import numpy as np
import pandas as pd
import pytest
from scipy.io import savemat

from isomorph.artefacts import read_responses
from isomorph.errors import IsomorphError
from isomorph.responses.times import times_of
from isomorph.stages.responses import run

SETTINGS = {
    "kind": "arrays",
    "responses": "{subject}.npy",
    "presentations": "{subject}.csv",
    "units": "units.csv",
}
RESPONSE = np.arange(18.0).reshape(6, 3)
SHOWN = pd.DataFrame(
    {"stimulus": [*list("abaab"), ""], "session": ["d1"] * 3 + ["d2"] * 3, "run": list("111222")}
)
UNITS = pd.DataFrame({"region": ["IT", "", "V4"], "unit": ["01", "02", "03"]})


def write(files, response=RESPONSE, shown=SHOWN, units=UNITS):
    np.save(files / "s1.npy", response)
    shown.to_csv(files / "s1.csv", index=False)
    units.to_csv(files / "units.csv", index=False)


def test_sessions_regions_and_repetitions(make_study, files):
    write(files)
    layout = make_study(SETTINGS, ["a", "b"])
    run(layout, "toy", "s1")
    sessions = read_responses(layout.responses("toy", "s1"))
    assert list(sessions) == ["d1", "d2"]
    one, two = sessions.values()
    np.testing.assert_array_equal(one["response"], RESPONSE[:3, [0, 2]])
    np.testing.assert_array_equal(two["response"], RESPONSE[3:5, [0, 2]])
    assert one["repetition"].values.tolist() == [0, 0, 1]
    assert two["run"].values.tolist() == ["2", "2"]
    assert one["unit"].values.tolist() == ["01", "03"]
    dropped = json.loads(two.attrs["dropped"])
    assert dropped["presentations without a stimulus"] == 1
    assert dropped["units without a region"] == 1


def in_bins(files, response, start=("0.05", "0.1"), stop=("0.1", "0.15")):
    write(files, response)
    table = pd.DataFrame({"time_start": start, "time_stop": stop})
    table.to_csv(files / "times.csv", index=False)
    return {**SETTINGS, "times": "times.csv"}


def test_responses_may_be_in_time_bins(make_study, files):
    twice = np.stack([RESPONSE, RESPONSE + 1], axis=2)
    layout = make_study(in_bins(files, twice), ["a", "b"])
    run(layout, "toy", "s1")
    one, _ = read_responses(layout.responses("toy", "s1")).values()
    np.testing.assert_array_equal(one["response"], twice[:3, [0, 2]])
    np.testing.assert_allclose(times_of(one), [[0.05, 0.1], [0.1, 0.15]])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"start": ("0.1", "0.1"), "stop": ("0.1", "0.15")}, "must be numbers, seconds from onset"),
        ({"start": ("x", "0.1")}, "times.csv: time_start and time_stop must be numbers"),
        ({"start": ("0.05", "0.01")}, "times.csv: time_start must rise from row to row"),
        ({"start": ("0",), "stop": ("1",)}, "s1.npy: array: has 2 time bins, "),
        ({"response": RESPONSE}, "is of shape (6, 3), expected 3 axes (presentation, unit, time)"),
    ],
)
def test_time_bins_that_cannot_be(make_study, files, given, message):
    spec = in_bins(files, **{"response": np.stack([RESPONSE, RESPONSE], axis=2), **given})
    with pytest.raises(IsomorphError, match=re.escape(message)):
        run(make_study(spec, ["a", "b"]), "toy", "s1")


def test_without_optional_columns(make_study, files):
    write(files, shown=SHOWN[["stimulus"]], units=UNITS[["region"]])
    layout = make_study(SETTINGS, ["a", "b"])
    run(layout, "toy", "s1")
    sessions = read_responses(layout.responses("toy", "s1"))
    assert list(sessions) == ["1"]
    assert sessions["1"]["unit"].values.tolist() == ["0", "2"]
    assert sessions["1"]["repetition"].values.tolist() == [0, 0, 1, 2, 1]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"response": RESPONSE[:5]}, "s1.csv: has 6 rows, expected 5, the rows of s1.npy"),
        ({"response": RESPONSE[:, :2]}, "units.csv: has 3 rows, expected 2, the columns of s1.npy"),
        ({"response": RESPONSE[0]}, "array: is of shape (3,), expected 2 axes (presentation, u"),
        ({"response": np.where(RESPONSE == 5, np.nan, RESPONSE)},
         "array: holds 1 values that are not finite, the first in row 2, column 3; leave"),
        ({"response": RESPONSE.astype(str)}, "s1.npy: array: holds <U32, expected numbers"),
        ({"shown": SHOWN.rename(columns={"stimulus": "stimuli"})},
         's1.csv: no column "stimulus", did you mean "stimuli"?'),
        ({"units": UNITS.assign(region="")}, "units.csv: none of the 3 units has a region"),
        ({"units": UNITS.assign(unit="01")}, 'units.csv: two units share the name "01"'),
        ({"response": RESPONSE * (np.arange(6) < 3)[:, None]},
         "s1.csv: session d2: every response of every unit with a region is 0"),
        ({"shown": SHOWN.assign(stimulus="z")}, 'session d1: names "z" and 0 others'),
    ],
)  # fmt: skip
def test_disagreements(make_study, files, wrong, message):
    write(files, **wrong)
    layout = make_study(SETTINGS, ["a", "b"])
    with pytest.raises(IsomorphError, match=re.escape(message)):
        run(layout, "toy", "s1")
    assert not layout.responses("toy", "s1").parent.exists()


def test_damaged_array(make_study, files):
    write(files)
    (files / "s1.npy").write_bytes(b"nothing")
    with pytest.raises(IsomorphError, match=r"s1\.npy: cannot be read as an \.npy array"):
        run(make_study(SETTINGS, ["a", "b"]), "toy", "s1")


def save(file, response, **more):
    """Write responses as one kind of file, several variables where it can hold them."""
    if file.suffix == ".npz":
        np.savez(file, response=response, **more)
    elif file.suffix == ".mat":
        savemat(file, {"response": response, **more})
    else:
        with h5py.File(file, "w") as opened:
            opened["response"] = response
            for name, values in more.items():
                opened[name] = np.array(values, dtype="S")


@pytest.mark.parametrize("ending", [".npz", ".mat", ".h5"])
def test_other_files_of_arrays(make_study, files, ending):
    write(files)
    save(files / f"s1{ending}", RESPONSE)
    layout = make_study({**SETTINGS, "responses": "{subject}" + ending}, ["a", "b"])
    run(layout, "toy", "s1")
    one, _ = read_responses(layout.responses("toy", "s1")).values()
    np.testing.assert_array_equal(one["response"], RESPONSE[:3, [0, 2]])


@pytest.mark.parametrize("ending", [".npz", ".mat", ".h5"])
def test_names_in_the_file_are_compared_row_by_row(make_study, files, ending):
    write(files)
    settings = {**SETTINGS, "responses": "{subject}" + ending}
    names = ["images/a.png", "b", "a", "a", "b", "x"]
    save(files / f"s1{ending}", RESPONSE, stimulus=names)
    with pytest.raises(IsomorphError, match=r'stimulus: row 6 is of "x", in .*s1\.csv of ""; both'):
        run(make_study(settings, ["a", "b"]), "toy", "s1")
    shown = SHOWN.assign(stimulus=["a", "b.png", "a", "a", "b", "x"])
    write(files, shown=shown)
    layout = make_study(settings, ["a", "b"])
    run(layout, "toy", "s1")
    one, _ = read_responses(layout.responses("toy", "s1")).values()
    assert one["stimulus"].values.tolist() == ["a", "b", "a"]


def test_rows_of_a_table_are_not_shifted(make_study, files):
    write(files)
    (files / "s1.csv").write_text("stimulus,session,run\n" + "a,d1,1,\n" * 5 + "b,d1,1\n")
    with pytest.raises(IsomorphError, match=r"s1\.csv: line 2 has 4 cells, the header has 3"):
        run(make_study(SETTINGS, ["a", "b"]), "toy", "s1")


def test_one_file_per_role(make_study, files):
    write(files)
    with pytest.raises(IsomorphError, match="matches 3 files of the archive, expected one"):
        run(make_study({**SETTINGS, "responses": "*"}, ["a", "b"]), "toy", "s1")


def test_a_decimal_fraction_is_no_ending(make_study, files):
    shown = SHOWN.assign(stimulus=["0", "0.5", "1", "1.5", "0", "1"])
    write(files, shown=shown)
    layout = make_study(SETTINGS, ["0", "1"])
    run(layout, "toy", "s1")
    found = read_responses(layout.responses("toy", "s1")).values()
    assert [name for one in found for name in one["stimulus"].values] == ["0", "1", "0", "1"]


def test_an_accent_may_stand_apart_from_its_letter(make_study, files):
    shown = SHOWN.assign(stimulus=["e\u0301", "b", "\u00e9", "\u00e9.png", "e\u0301.wav", "b"])
    write(files, shown=shown)
    layout = make_study(SETTINGS, ["\u00e9", "b"])
    run(layout, "toy", "s1")
    found = read_responses(layout.responses("toy", "s1")).values()
    assert sum(one.sizes["presentation"] for one in found) == 6


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"session": ["a/b"] * 3 + ["a-b"] * 3}, 'session "a-b" would be called "a-b", as another'),
        ({"session": ["1"] * 3 + [""] * 3}, r"s1\.csv: line 5: session is empty, expected one in"),
        ({"run": [*"11122", ""]}, r"s1\.csv: line 7: run is empty, expected one in every row"),
    ],
)
def test_rows_without_a_session_or_run_of_their_own(make_study, files, change, said):
    write(files, shown=SHOWN.assign(**change))
    with pytest.raises(IsomorphError, match=said):
        run(make_study(SETTINGS, ["a", "b"]), "toy", "s1")


def test_an_empty_column_of_runs_is_none(make_study, files):
    write(files, shown=SHOWN.assign(run=""))
    layout = make_study(SETTINGS, ["a", "b"])
    run(layout, "toy", "s1")
    assert all("run" not in one for one in read_responses(layout.responses("toy", "s1")).values())


def test_a_region_that_is_not_a_number_is_none(make_study, files):
    write(files, units=UNITS.assign(region=["IT", "NaN", "nan"]))
    layout = make_study(SETTINGS, ["a", "b"])
    run(layout, "toy", "s1")
    (one, _) = read_responses(layout.responses("toy", "s1")).values()
    assert one["region"].values.tolist() == ["IT"]


def test_a_response_beyond_all_squares_is_refused(make_study, files):
    write(files, response=np.where(RESPONSE == 3, 1e200, RESPONSE))
    with pytest.raises(IsomorphError, match=r"toy s1 session d1: a response is 1e\+200, too large"):
        run(make_study(SETTINGS, ["a", "b"]), "toy", "s1")

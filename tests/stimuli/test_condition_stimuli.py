"""Stimuli that are conditions named in the recordings."""

import sys
from pathlib import Path

import numpy as np
import pytest

from isomorph.errors import IsomorphError
from isomorph.stages import fetch, stimuli
from isomorph.stages.datasets import images_of, read_stimuli
from pictures import read_images

sys.path.insert(0, str(Path(__file__).parents[1] / "replicas"))

from recordings import create, opened, table, typed

SPEC = {"kind": "conditions", "files": "*.nwb", "column": "condition"}


def write(file, ragged=(), **columns):
    """Write a recording that holds one table of intervals."""
    size = len(next(iter(columns.values())))
    own = {"start_time": np.arange(size) + 1.0, "stop_time": np.arange(size) + 1.5, **columns}
    with create(file, file.stem, "test") as nwb:
        table(nwb, "intervals/trials", np.arange(size), own, "TimeIntervals", ragged)


def names(layout):
    return read_stimuli(layout, "objects")["stimulus"].tolist()


def test_conditions_of_all_files_are_pooled_and_sorted(data, make):
    write(data / "1.nwb", condition=["house", "face", "house"])
    write(data / "2.nwb", condition=["tool", "face"])
    layout = make(stimuli=SPEC)
    assert names(layout) == ["face", "house", "tool"]
    table = read_stimuli(layout, "objects")
    assert (table[["file", "sha256", "duplicate_of"]] == "").all(axis=None)
    assert table[["width", "height"]].isna().all(axis=None)
    assert not (layout.stimuli("objects").parent / "images").exists()


def test_pattern_may_name_the_subjects(data, make):
    write(data / "sub-a_1.nwb", condition=["x"])
    write(data / "sub-b_1.nwb", condition=["y"])
    write(data / "sub-c_1.nwb", condition=["z"])
    layout = make(stimuli={**SPEC, "files": "sub-{subject}_*.nwb"}, subjects=["a", "b"])
    assert names(layout) == ["x", "y"]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([10.0, 9.0, -1.0, np.nan, 9.0], ["-1", "9", "10"]),
        ([3, 20, 100], ["3", "20", "100"]),
        ([0.5, 0.25, 12.0], ["0.25", "0.5", "12"]),
        (["None", "n/a", " face "], ["None", "face", "n/a"]),
        (["b", "10", "9", ""], ["9", "10", "b"]),
    ],
)
def test_values_become_text_in_the_order_of_their_value(data, make, values, expected):
    write(data / "1.nwb", condition=values)
    assert names(make(stimuli=SPEC)) == expected


def test_names_may_be_made_of_paths(data, make):
    write(data / "1.nwb", condition=["images/house.png", "images\\face.png", "images/house.png"])
    assert names(make(stimuli={**SPEC, "name": "{stem}"})) == ["face", "house"]
    assert names(make(stimuli={**SPEC, "name": "a_{stem}"})) == ["a_face", "a_house"]
    with pytest.raises(IsomorphError, match=r"stimuli\.conditions\.name|stimuli\.name: must hold"):
        make(stimuli={**SPEC, "name": "stem"})


def test_values_that_would_become_one_condition_are_refused(data, make):
    write(data / "1.nwb", condition=["old/house.png", "new/house.png"])
    with pytest.raises(
        IsomorphError, match=r'"old/house\.png" and "new/house\.png" both become "hou'
    ):
        make(stimuli={**SPEC, "name": "{stem}"})


def test_a_field_with_the_name_of_an_own_column(data, make):
    write(data / "1.nwb", condition=["x", "y"], stimulus=["1", "2"])
    layout = make(stimuli={**SPEC, "fields": ["stimulus", "condition"]})
    table = read_stimuli(layout, "objects")
    assert table["stimulus"].tolist() == table["condition"].tolist() == ["x", "y"]
    assert table["stimulus_given"].astype(str).tolist() == ["1", "2"]


def test_rows_without_a_condition_are_counted(data, make, capsys):
    write(data / "1.nwb", condition=[1.0, np.nan, 2.0, np.nan])
    make(stimuli=SPEC)
    assert "2 of 4 rows of trials name no condition" in capsys.readouterr().err


def test_labels_of_an_enumeration_are_spelt_out(data, make):
    write(data / "1.nwb", condition=np.array([1, 0, 1], dtype=np.uint8))
    with opened(data / "1.nwb") as nwb:
        codes = nwb["intervals/trials/condition"]
        labels = codes.parent.create_dataset("condition_elements", data=["face", "house"])
        typed(labels, "VectorData")
        labels.attrs["description"] = "labels"
        typed(codes, "EnumData", "hdmf-experimental")
        codes.attrs["elements"] = labels.ref
    assert names(make(stimuli=SPEC)) == ["face", "house"]


def test_constant_fields_are_kept(data, make):
    write(data / "1.nwb", condition=["b", "a", "b"], category=["x", "y", "x"], size=[2.5, 1.0, 2.5])
    spec = {**SPEC, "fields": ["category", "size"]}
    table = read_stimuli(make(stimuli=spec), "objects")
    assert table["category"].tolist() == ["y", "x"]
    assert table["size"].tolist() == [1.0, 2.5]


def test_field_that_varies_names_the_condition(data, make_layout):
    write(data / "1.nwb", condition=["b", "a"], category=["x", "y"])
    write(data / "2.nwb", condition=["b", "a"], category=["z", "y"])
    layout = make_layout(stimuli={**SPEC, "fields": ["category"]})
    fetch.run(layout, "objects")
    with pytest.raises(IsomorphError) as caught:
        stimuli.run(layout, "objects")
    message = '"category" is not constant within condition "b", it is "x" and "z"'
    assert message in str(caught.value)
    assert not layout.stimuli("objects").exists()


def test_images_of_conditions_are_refused_helpfully(data, make):
    write(data / "1.nwb", condition=["b", "a"])
    layout = make(stimuli=SPEC)
    with pytest.raises(IsomorphError, match='2 of 2 stimuli have no image, the first is "a"'):
        read_images(images_of(layout, "objects"), 8)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"table": "trial"}, '1.nwb: no intervals table "trial", did you mean "trials"?'),
        ({"column": "conditions"}, 'no column "conditions", did you mean "condition"?'),
        ({"fields": ["categroy"]}, 'no column "categroy", did you mean "category"?'),
        ({"column": "frames"}, 'column "frames" is of shape (2, 3), expected one value per row'),
        ({"column": "lists"}, 'column "lists" has several values per row'),
        ({"column": "empty"}, "there is not one stimulus"),
    ],
)
def test_mistakes_are_one_sentence(data, make, changes, message):
    write(
        data / "1.nwb",
        condition=["b", "a"],
        category=["x", "y"],
        frames=np.zeros((2, 3)),
        lists=[np.zeros(2), np.zeros(3)],
        ragged=("lists",),
        empty=np.full(2, np.nan),
    )
    with pytest.raises(IsomorphError) as caught:
        make(stimuli={**SPEC, **changes})
    assert message in str(caught.value)


def test_what_is_no_nwb_file_is_said(data, make):
    (data / "1.nwb").write_bytes(b"nothing of the kind")
    with pytest.raises(IsomorphError, match=r"1\.nwb: cannot be read as an HDF5 file"):
        make(stimuli=SPEC)


# ---------------------------------------------------------------- tables of events

EVENTS = {"kind": "conditions", "files": "**/*_events.tsv", "column": "trial_type"}


def events(file, text):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text.replace(" ", "\t"))


def test_conditions_of_bids_events(data, make, capsys):
    head = "onset duration trial_type object good\n"
    events(
        data / "sub-1" / "run-1_events.tsv", head + "0 2 face a 1\n2 2 rest n/a 1\n4 2 n/a b 1\n"
    )
    events(data / "sub-1" / "run-2_events.tsv", head + "0 2 house c 1.0\n2 2 scrambled d 0\n")
    spec = {**EVENTS, "without": ["rest"], "where": {"good": ["1"]}, "fields": ["object"]}
    table = read_stimuli(make(stimuli=spec), "objects")
    assert table["stimulus"].tolist() == ["face", "house"]
    assert table["object"].tolist() == ["a", "c"]
    said = capsys.readouterr().err
    assert "1 of 4 rows of events name no trial_type" in said
    assert "1 of 4 rows of events are left out (rest)" in said


def test_ids_that_numbers_would_merge_stay_text(data, make):
    ids = ["2766534.015976", "2766534.016", "2766534.0160", "007"]
    events(data / "1_events.tsv", "trial_type\n" + "\n".join(ids) + "\n")
    assert sorted(names(make(stimuli=EVENTS))) == sorted(ids)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"column": "trialtype"}, '1_events.tsv: no column "trialtype", did you mean "trial_type"'),
        ({"where": {"goood": ["1"]}}, 'no column "goood", did you mean "good"'),
        ({"without": ["face"]}, "there is not one stimulus"),
    ],
)
def test_mistakes_in_events_are_one_sentence(data, make, changes, message):
    events(data / "1_events.tsv", "trial_type good\nface 1\n")
    with pytest.raises(IsomorphError, match=message):
        make(stimuli={**EVENTS, **changes})


def test_what_is_no_table_of_events_is_said(data, make):
    (data / "1_events.tsv").write_bytes(b"\n")
    with pytest.raises(IsomorphError, match=r"1_events\.tsv: is empty, expected a table"):
        make(stimuli=EVENTS)


REAL = Path(__file__).parents[3] / "shared" / "data" / "zhang_desimone_it"


@pytest.mark.skipif(not REAL.is_dir(), reason="the IT recordings are not here")
def test_real_recordings(make_layout, data):
    data.rmdir()
    data.symlink_to(REAL)
    spec = {
        **SPEC,
        "column": "stimulus_condition",
        "fields": ["stimulus_name", "stimulus_position"],
    }
    layout = make_layout(stimuli=spec, expected={"stimuli": 21})
    fetch.run(layout, "objects")
    stimuli.run(layout, "objects")
    table = read_stimuli(layout, "objects")
    joined = table["stimulus_name"] + "_" + table["stimulus_position"]
    assert joined.tolist() == table["stimulus"].tolist()
    assert table["stimulus_position"].value_counts().tolist() == [7, 7, 7]


def test_one_condition_written_in_two_ways_is_told(data, make, capsys):
    write(data / "1.nwb", condition=["Face", "face", "01", "1.0", "10", "0.5"])
    assert names(make(stimuli=SPEC)) == ["0.5", "01", "1.0", "10", "Face", "face"]
    said = capsys.readouterr().err
    assert '"01" and "1.0" are two stimuli, whose names differ in case or zeros alone' in said
    assert "(so do 1 more); write both in one way" in said


def test_a_condition_in_two_unicode_forms_is_one(data, make):
    write(data / "1.nwb", condition=["\u00e9", "e\u0301", "x"])
    assert names(make(stimuli=SPEC)) == ["x", "\u00e9"]

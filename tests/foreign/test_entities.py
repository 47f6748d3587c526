"""Which files belong to one run."""

from pathlib import Path

import pytest

from isomorph.errors import IsomorphError
from isomorph.foreign.entities import (
    OF_DERIVATIVES,
    RECORDING,
    in_order,
    labels_of_runs,
    parse,
    refuse_same_recording,
)
from isomorph.foreign.inheritance import inherited, partner, sidecars

BOLD = Path("derivatives/sub-01_ses-a_task-x_run-1_space-T1w_desc-preproc_bold.nii.gz")


def test_a_name_is_taken_apart():
    name = parse("x/sub-01_ses-a_task-perception_run-07_bold_preproc.nii.gz")
    assert name.entities == {"sub": "01", "ses": "a", "task": "perception", "run": 7}
    assert (name.words, name.extension) == (("bold", "preproc"), ".nii.gz")


def test_run_1_of_a_derivative_is_run_01_of_the_raw_data():
    events = [Path(f"sub-01_ses-a_task-x_run-{run:02d}_events.tsv") for run in (1, 10, 11)]
    assert partner(BOLD, events, "events") == events[0]


def test_a_more_specific_file_is_the_partner():
    shared, own = Path("task-x_events.tsv"), Path("sub-01_ses-a_task-x_run-01_events.tsv")
    assert partner(BOLD, [shared, own], "events") == own
    assert partner(BOLD, [shared], "events") == shared


@pytest.mark.parametrize(
    ("others", "said"),
    [
        (["sub-01_ses-b_task-x_run-01_events.tsv"], "no tables of events belong to it"),
        (
            ["raw/sub-01_ses-a_task-x_run-01_events.tsv", "sub-01_ses-a_task-x_run-1_events.tsv"],
            "2 tables of events",
        ),
    ],
)
def test_no_partner_or_two_are_refused(others, said):
    with pytest.raises(IsomorphError, match=said):
        partner(BOLD, map(Path, others), "tables of events")


def test_every_entity_of_bids_makes_a_recording_or_does_not():
    """Against the schema of BIDS: one that it adds is to be thought about."""
    schema = pytest.importorskip("bidsschematools.schema").load_schema()
    known = {entity["name"] for entity in schema["objects"]["entities"].values()}
    parts = {
        "chunk", "echo", "flip", "inv", "mod", "mt", "part", "proc", "rec", "recording", "split",
        "stain", "tracksys",
    }  # fmt: skip
    assert known == {*RECORDING} | OF_DERIVATIVES | parts
    order = [schema["objects"]["entities"][name]["name"] for name in schema["rules"]["entities"]]
    assert sorted(RECORDING, key=order.index) == list(RECORDING)


STEM = "sub-01_ses-a_task-x_run-1"


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        (f"{STEM}_part-mag_bold", f"{STEM}_part-phase_bold", "differ in part, which"),
        (f"{STEM}_echo-1_bold", f"{STEM}_echo-2_bold", "differ in echo, which"),
        (f"{STEM}_echo-1_bold", f"{STEM}_desc-optcom_bold", "differ in echo and desc, which"),
        (f"{STEM}_rec-moco_bold", f"{STEM}_bold", "differ in rec, which"),
        (f"{STEM}_space-T1w_bold", f"{STEM}_space-MNI_bold", "differ in space, which"),
        (f"{STEM}_proc-sss_meg", f"{STEM}_meg", "differ in proc, which"),
        (f"{STEM}_kind-unheard_bold", f"{STEM}_kind-of_bold", "differ in kind, which"),
        (f"{STEM}_bold", f"{STEM}_bold_preproc", "is of the same run"),
        (f"raw/{STEM}_bold", f"derived/{STEM}_bold", "_bold.nii in raw; narrow"),
        ("sub-01_echo-1_bold", "sub-01_echo-2_bold", "differ in echo, which"),
        ("sub-01_run-1_bold", "sub-01_run-01_bold", "is of the same run"),
    ],
)
def test_files_of_one_run_are_refused_with_what_they_differ_in(one, other, said):
    files = [Path(f"{stem}.nii") for stem in (one, other)]
    with pytest.raises(IsomorphError, match=said) as refusal:
        refuse_same_recording(files, "responses.bold")
    assert str(refusal.value).startswith(str(files[1]))
    assert files[0].name in str(refusal.value)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        *((f"{STEM}_bold", f"{STEM.replace(*change)}_bold") for change in (
            ("run-1", "run-2"), ("ses-a", "ses-b"), ("task-x", "task-y"), ("sub-01", "sub-02"),
            ("_run-1", "_acq-long_run-1"), ("_run-1", "_dir-AP_run-1"),
        )),
        ("recording1", "recording2"),
        ("sub-01_faces_eeg", "sub-01_houses_eeg"),
        ("day1/recording", "day2/recording"),
        ("sub-01_bold", "sub-02_bold"),
    ],
)  # fmt: skip
def test_other_runs_are_not(one, other):
    files = [Path(f"{stem}.nii") for stem in (one, other)]
    refuse_same_recording(files, "responses.bold")
    assert len(set(labels_of_runs(files))) == 2


def test_labels_of_runs_say_what_tells_them_apart():
    names = ["ses-a_task-x_run-02", "ses-a_task-x_run-10"]
    assert labels_of_runs([Path(f"sub-1_{name}_bold.nii") for name in names]) == ["2", "10"]
    names += ["ses-b_task-x_run-02", "ses-b_task-y"]
    assert labels_of_runs([Path(f"sub-1_{name}_bold.nii") for name in names]) == [
        "a-x-2", "a-x-10", "b-x-2", "b-y-1",
    ]  # fmt: skip
    assert labels_of_runs([Path("day1/x.edf"), Path("day2/x.edf")]) == ["day1/x.edf", "day2/x.edf"]


def test_run_2_comes_before_run_10_and_a_run_need_not_be_a_number():
    names = ["run-10", "run-2", "run-b", "run-01"]
    found = in_order(Path(f"sub-1_task-x_{name}_bold.nii") for name in names)
    assert [file.name.split("_")[2] for file in found] == ["run-01", "run-2", "run-10", "run-b"]


@pytest.mark.parametrize(
    ("bold", "events", "found"),
    [
        # events of an echo are those of its run; of several none is taken for the combined image
        ("run-1_echo-2_bold", ["run-1_echo-1_events", "run-1_echo-2_events"], 1),
        ("run-1_desc-optcom_bold", ["run-1_echo-1_events", "run-2_echo-1_events"], 0),
        ("run-1_desc-optcom_bold", ["run-1_echo-1_events", "run-1_events"], 1),
        ("run-1_part-mag_bold", ["run-1_events", "run-1_part-phase_events"], 0),
        ("run-1_desc-optcom_bold", ["run-1_echo-1_events", "run-1_echo-2_events"], None),
        ("run-1_echo-3_bold", ["run-1_echo-1_events"], None),
        ("acq-a_run-1_bold", ["acq-b_run-1_events"], None),
    ],
)
def test_a_table_of_a_part_belongs_to_it_or_to_the_whole(bold, events, found):
    tables = [Path(f"sub-1_task-x_{name}.tsv") for name in events]
    file = Path(f"sub-1_task-x_{bold}.nii.gz")
    if found is None:
        with pytest.raises(IsomorphError, match="belong to it, expected one"):
            partner(file, tables, "tables of events")
    else:
        assert partner(file, tables, "tables of events") == tables[found]


def test_tables_are_inherited_from_folders_above_alone():
    raw = Path("sub-01/meg/sub-01_task-x_meg.fif")
    beside = Path("derivatives/a/sub-01/sub-01_task-x_channels.tsv")
    assert inherited(raw, [beside], "tables") == beside
    other = Path("derivatives/a/task-x_channels.tsv")
    assert inherited(raw, [other], "tables") is None
    top = Path("task-x_channels.tsv")
    assert inherited(raw, [other, top], "tables") == top
    assert inherited(raw, [Path("sub-01/meg/sub-01_task-x_proc-a_channels.tsv")], "tables") is None


def test_json_files_are_inherited_and_the_one_beside_counts_most():
    beside = BOLD.parent / "sub-01_ses-a_task-x_run-1_space-T1w_desc-preproc_bold.json"
    task, raw = Path("task-x_bold.json"), Path("sub-01/sub-01_ses-a_task-x_run-01_bold.json")
    others = [beside, raw, task, Path("task-y_bold.json"), Path("task-x_events.json")]
    other_space = BOLD.parent / "sub-01_ses-a_task-x_run-1_space-MNI_desc-preproc_bold.json"
    assert sidecars(BOLD, [*others, other_space]) == ([task, raw, beside], [])
    other = Path("derivatives/other/sub-01/func/sub-01_ses-a_task-x_run-1_bold.json")
    assert sidecars(BOLD, [other, task]) == ([task], [other])

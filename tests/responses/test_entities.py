"""Which files belong to one run."""

from pathlib import Path

import pytest

from isomorph.errors import IsomorphError
from isomorph.responses.entities import parse, partner, sidecars

BOLD = Path("derivatives/sub-01_ses-a_task-x_run-1_space-T1w_desc-preproc_bold.nii.gz")


def test_a_name_is_taken_apart():
    name = parse("x/sub-01_ses-a_task-perception_run-07_bold_preproc.nii.gz")
    assert name.entities == {"sub": "01", "ses": "a", "task": "perception", "run": 7}
    assert (name.suffix, name.extension) == ("bold_preproc", ".nii.gz")


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


def test_a_run_that_is_no_number_is_refused():
    with pytest.raises(IsomorphError, match="run-a is no number"):
        parse("sub-01_run-a_bold.nii.gz")


def test_json_files_are_inherited_and_the_one_beside_counts_most():
    beside = BOLD.parent / "sub-01_ses-a_task-x_run-1_space-T1w_desc-preproc_bold.json"
    task, raw = Path("task-x_bold.json"), Path("sub-01/sub-01_ses-a_task-x_run-01_bold.json")
    others = [beside, raw, task, Path("task-y_bold.json"), Path("task-x_events.json")]
    other_space = BOLD.parent / "sub-01_ses-a_task-x_run-1_space-MNI_desc-preproc_bold.json"
    assert sidecars(BOLD, [*others, other_space]) == [task, raw, beside]

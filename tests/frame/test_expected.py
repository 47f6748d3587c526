"""Expected figures: recomputed, and refused or reported where they differ."""

from types import SimpleNamespace

import pytest

from isomorph.errors import IsomorphError
from isomorph.expected import check_expected
from isomorph.study.dataset import Expected


def layout(**expected):
    spec = SimpleNamespace(expected=Expected.model_validate(expected))
    return SimpleNamespace(
        study=SimpleNamespace(dataset=lambda _: spec, dataset_files={"d": "d.yaml"})
    )


def test_what_agrees_or_is_not_expected_passes(capsys):
    expected = layout(stimuli=3, units={"IT": 5})
    check_expected(expected, "d", {"stimuli": 3, "units.IT": 5, "units.V1": 9, "bytes": 7})
    assert capsys.readouterr().err == ""


def test_every_difference_stands_in_one_sentence():
    expected = layout(stimuli=3, presentations={"one": 1234})
    with pytest.raises(IsomorphError) as caught:
        check_expected(expected, "d", {"stimuli": 4, "presentations.one": 1200})
    said = str(caught.value)
    assert "d.yaml: expected.stimuli says 3, there are 4; " in said
    assert "expected.presentations.one says 1,234, there are 1,200" in said


def test_a_mismatch_may_be_reported_instead(capsys):
    check_expected(layout(bytes=10, mismatch="report"), "d", {"bytes": 11})
    assert "expected.bytes says 10, there are 11" in capsys.readouterr().err

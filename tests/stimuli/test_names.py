"""Names that are a slip away from a stimulus, and names of other stimuli."""

from pathlib import Path

import numpy as np
import pytest

from isomorph.errors import IsomorphError
from isomorph.stimuli.names import misspelt, names_from, unknown

FILE = Path("events.tsv")


@pytest.mark.parametrize(
    ("name", "stimulus"),
    [
        ("House", "house"),
        ("house ", "house"),
        ("face_1", "face_01"),
        ("Face-01.PNG", "face_01"),
        ("face01", "face_01"),
        ("chiar", "chair"),
        ("chir", "chair"),
        ("chairr", "chair"),
        ("choir", "chair"),
        ("tre", "tree"),
        ("old-huose_3", "old-house_3"),
        ("стул", "стол"),
    ],
)
def test_a_slip_away(name, stimulus):
    assert misspelt([name], ["other", stimulus]) == {name: stimulus}


@pytest.mark.parametrize(
    ("name", "stimulus"),
    [
        ("face_12", "face_11"),
        ("face_1", "face_10"),
        ("image_0731", "image_0732"),
        ("cat", "hat"),
        ("scene12_a", "scene12_b"),
        ("shoe", "house"),
        ("left", "right"),
        ("4", "04b"),
        ("", "house"),
    ],
)
def test_another_stimulus_is_no_slip(name, stimulus):
    assert misspelt([name], [stimulus]) == {}


def test_a_slip_is_refused_only_where_the_stimulus_is_never_shown():
    names = names_from(["chair", "house", "face_01"], "stimuli.csv")
    asked = np.array(["chair", "chiar", "", "mask"])
    assert names.ids(FILE, asked).tolist() == ["chair", "", "", ""]
    names.refuse_misspelt()
    assert names.lacking() == ["chiar", "mask"]
    names.ids(FILE, np.array(["huose", "face_1"]))
    with pytest.raises(IsomorphError) as refused:
        names.refuse_misspelt()
    assert str(refused.value).startswith(
        'events.tsv: shows "huose", which is not a stimulus of stimuli.csv, and never "house", '
        'which is one, and likewise for 1 other names; did you mean "house"? If not, leave its'
    )
    assert names.afresh().lacking() == []


def test_where_nobody_knows_the_stimuli_every_name_is_one():
    names = unknown("stimuli.csv")
    asked = np.array(["chair", ""])
    assert names.ids(FILE, asked).tolist() == ["chair", ""]
    assert names.has(asked).tolist() == [True, False]
    names.refuse_misspelt()
    assert names.lacking() == []


def test_many_names_take_no_time():
    """Ten thousand names beside ten thousand stimuli: no name is compared with each."""
    names = [f"{n}_scene" for n in range(10_000)]
    assert len(misspelt(names, [f"{n}_scenes" for n in range(5_000, 15_000)])) == 5_000

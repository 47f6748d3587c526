"""Stimuli from a MATLAB struct array."""

import h5py
import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from isomorph.errors import IsomorphError
from isomorph.stages.datasets import read_stimuli

RNG = np.random.default_rng(2008)
SPEC = {
    "kind": "matlab",
    "file": "objects.mat",
    "variable": "things",
    "image": "image",
    "fields": ["category", "human"],
    "prefix": "object",
}


def struct(n=3, **fields):
    """Return a MATLAB-like struct array (1, n)."""
    columns = {
        "image": [RNG.integers(0, 256, (7, 5, 3), dtype=np.uint8) for _ in range(n)],
        "category": ["face", "house", "face"][:n],
        "human": [np.uint8(i % 2) for i in range(n)],
        **fields,
    }
    array = np.empty((1, n), dtype=[(name, object) for name in columns])
    for name, values in columns.items():
        for place, value in enumerate(values):
            array[0, place][name] = value
    return array


@pytest.fixture
def write(data):
    def save(array, **more):
        savemat(data / "objects.mat", {"things": array, **more})
        return array

    return save


def test_struct_becomes_images_and_columns(write, make):
    array = write(struct())
    layout = make(stimuli=SPEC)
    table = read_stimuli(layout, "objects")
    assert table["stimulus"].tolist() == ["object_01", "object_02", "object_03"]
    assert table["category"].tolist() == ["face", "house", "face"]
    assert table["human"].tolist() == [0, 1, 0]
    for row, element in zip(table.itertuples(), array[0], strict=True):
        image = Image.open(layout.stimuli("objects").parent / row.file)
        assert np.array_equal(np.asarray(image), element["image"])
        assert (row.width, row.height) == (5, 7)


def test_ids_have_as_many_digits_as_they_need(write, make):
    n = 101
    image = np.zeros((2, 2, 3), dtype=np.uint8)
    write(struct(n, image=[image + np.uint8(i) for i in range(n)], category=["a"] * n))
    table = read_stimuli(make(stimuli=SPEC), "objects")
    assert table["stimulus"].iloc[[0, 99, 100]].tolist() == [
        "object_001",
        "object_100",
        "object_101",
    ]


def test_columns_of_a_struct_matrix_follow_matlabs_order(write, make):
    flat = struct(4, category=list("abcd"))
    write(flat.reshape(2, 2, order="F"))
    table = read_stimuli(make(stimuli=SPEC), "objects")
    assert table["category"].tolist() == list("abcd")


def test_vectors_become_several_columns(write, make):
    write(struct(position=[np.array([i, 10.5]) for i in range(3)]))
    table = read_stimuli(make(stimuli={**SPEC, "fields": ["position"]}), "objects")
    assert table["position_1"].tolist() == [0, 1, 2]
    assert table["position_2"].tolist() == [10.5] * 3


def test_empty_text_stays_empty(write, make):
    write(struct(category=["face", "", "house"]))
    table = read_stimuli(make(stimuli=SPEC), "objects")
    assert table["category"].tolist() == ["face", "", "house"]


def test_floating_point_and_grey_images_are_understood(write, make):
    grey = RNG.integers(0, 256, (7, 5), dtype=np.uint8)
    write(struct(2, image=[grey, np.repeat(grey[:, :, None], 3, axis=2) / 255]))
    table = read_stimuli(make(stimuli=SPEC), "objects")
    assert table["sha256"].nunique() == 1
    assert table["duplicate_of"].tolist() == ["", "object_01"]


@pytest.mark.parametrize(
    ("fields", "changes", "message"),
    [
        ({}, {"variable": "thing"}, 'objects.mat: no variable "thing", did you mean "things"?'),
        ({}, {"variable": "matrix"}, "matrix is float64, not a struct array"),
        ({}, {"image": "images"}, 'things: no field "images", did you mean "image"?'),
        ({}, {"fields": ["humane"]}, 'things: no field "humane", did you mean "human"?'),
        ({}, {"fields": ["image"]}, "as many for each"),
        ({}, {"prefix": "a/b"}, 'stimuli.prefix: "a/b" cannot begin a file'),
        ({}, {"file": "object.mat"}, 'no file matches "object.mat"'),
        ({"human": [0, "one", 2]}, {}, "is text for some stimuli and numbers for others"),
        ({"human": [0, np.array([1, 2]), 2]}, {}, "has [1, 2] numbers per stimulus"),
        ({"human": [{"a": 1}] * 3}, {}, "neither text nor numbers"),
        ({"image": [np.zeros((4, 4, 2), np.uint8)] * 3}, {}, "is of shape (4, 4, 2), expected"),
        ({"image": [np.zeros((4, 4, 3), np.int16)] * 3}, {}, "holds int16, expected uint8"),
        ({"image": [np.full((4, 4, 3), 1.5)] * 3}, {}, "things(1).image: holds float64"),
        ({"image": [np.zeros((0, 0))] * 3}, {}, "is of shape (0, 0), expected"),
    ],
)
def test_mistakes_are_one_sentence(write, make, fields, changes, message):
    if changes.get("fields") == ["image"]:
        fields = {"image": [np.zeros((i + 2, 2, 3), np.uint8) for i in range(3)]}
    write(struct(**fields), matrix=np.eye(2))
    with pytest.raises(IsomorphError) as caught:
        make(stimuli={**SPEC, **changes})
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"\n", b"no matlab file at all, by any means" * 9])
def test_what_is_no_matlab_file_is_said(data, make, content):
    (data / "objects.mat").write_bytes(content)
    with pytest.raises(IsomorphError, match=r"objects\.mat: cannot be read as a MATLAB file"):
        make(stimuli=SPEC)


def test_newer_matlab_files_are_said_to_need_saving_again(data, make):
    with h5py.File(data / "objects.mat", "w", userblock_size=512) as file:
        file["things"] = np.eye(2)
    header = b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM"
    content = (data / "objects.mat").read_bytes()
    (data / "objects.mat").write_bytes(header + content[len(header) :])
    with pytest.raises(IsomorphError, match=r"it is of version 7\.3; save it again with"):
        make(stimuli=SPEC)

"""Images that look the same though their pixels differ."""

import io
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1] / "replicas"))

from images import natural_like

from isomorph.stages.datasets import read_stimuli
from isomorph.stimuli import near_duplicates as module
from isomorph.stimuli.near_duplicates import near_duplicates, thumbnail

PICTURES = natural_like(40, 64, 96, seed=3)


def near(*pictures):
    return near_duplicates(np.stack([thumbnail(one) for one in pictures])).tolist()


def recompressed(pixels):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=80, subsampling=0)
    return np.asarray(Image.open(file))


def resized(pixels):
    return np.asarray(Image.fromarray(pixels).resize((300, 200), Image.Resampling.BICUBIC))


def nudged(pixels):
    return np.where(pixels < 255, pixels + 1, pixels)


@pytest.mark.parametrize("change", [recompressed, resized, nudged])
def test_a_picture_is_known_again(change):
    assert near(PICTURES[0], PICTURES[1], change(PICTURES[0])) == [-1, -1, 0]


@pytest.mark.parametrize(
    "change",
    [
        lambda one: one[:, ::-1],  # a mirror image
        lambda one: one[:, :, ::-1],  # other colours
        lambda one: (one // 2 + 64).astype(np.uint8),  # half the contrast
        lambda one: np.roll(one, 20, axis=1),
    ],
)
def test_what_differs_on_purpose_does_not_count(change):
    assert near(PICTURES[0], change(PICTURES[0])) == [-1, -1]


def test_pictures_of_one_category_are_told_apart():
    assert set(near(*PICTURES)) == {-1}


def test_even_images_are_near_to_none():
    assert near(*(np.full((8, 8, 3), level, np.uint8) for level in (0, 1, 128))) == [-1] * 3


def test_tiles_find_what_one_piece_finds(monkeypatch):
    rng = np.random.default_rng(0)
    thumbnails = np.stack([thumbnail(one) for one in [*PICTURES, *map(nudged, PICTURES[::3])]])
    thumbnails = thumbnails[rng.permutation(len(thumbnails))]
    whole = near_duplicates(thumbnails)
    assert (whole >= 0).sum() == len(PICTURES[::3])
    monkeypatch.setattr(module, "TILE", 7)
    assert np.array_equal(near_duplicates(thumbnails), whole)


def test_the_table_names_the_first_and_exact_copies_are_said_once(data, make, capsys):
    for name, pixels in {
        "a": PICTURES[0], "b": nudged(PICTURES[0]), "c": PICTURES[0], "d": PICTURES[1],
    }.items():  # fmt: skip
        Image.fromarray(pixels).save(data / f"{name}.png")
    table = read_stimuli(make(stimuli={"kind": "folder", "files": "*.png"}), "objects")
    assert table["duplicate_of"].tolist() == ["", "", "a", ""]
    assert table["near_duplicate_of"].tolist() == ["", "a", "", ""]
    assert "1 stimuli look like another: b = a" in capsys.readouterr().err

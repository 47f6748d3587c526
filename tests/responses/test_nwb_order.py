"""An IndexSeries over images: a place is one in the order that the file states."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pytest

from isomorph.errors import IsomorphError
from isomorph.foreign.nwb import open_nwb
from isomorph.responses.nwb.shown_stimuli import read_shown
from isomorph.stimuli.names import names_from
from isomorph.study.responses import Presentations

sys.path.insert(0, str(Path(__file__).parents[1] / "replicas"))

from recordings import create, images, series

SHOWN = np.array([0, 2, 1, 0], dtype=np.uint32)
SERIES, SCENES = "stimulus/presentation/shown", "stimulus/templates/scenes"


@pytest.fixture
def read(tmp_path):
    """Return a reader of what was shown: images of a stated order, unless it is None."""

    def read(order, stimuli=None, **settings):
        file = tmp_path / "r.nwb"
        with create(file, "r", "test") as nwb:
            pictures = {
                name: np.zeros((2, 2), np.uint8) for name in sorted(order or ["im0", "im1"])
            }
            images(nwb, SCENES, pictures, order=order)
            series(nwb, SERIES, SHOWN, "IndexSeries", timestamps=np.arange(4.0), indexed=SCENES)
        ids = names_from(sorted(stimuli or order or ["im0", "im1", "im2"]), "stimuli.csv")
        with open_nwb(file) as nwb:
            return read_shown(nwb, Presentations(series=SERIES, **settings), ids).stimulus.tolist()

    return read


@pytest.mark.parametrize(
    "settings", [{}, {"names": f"{SCENES}/order_of_images"}, {"names": SCENES}]
)
def test_a_place_is_that_in_the_stated_order(read, settings):
    """Place 0 is "tree", though HDF5 lists "apple" first."""
    assert read(["tree", "mug", "apple"], **settings) == ["tree", "apple", "mug", "tree"]


@pytest.mark.parametrize("offset", [0, 1])
def test_a_name_made_of_a_place_that_belongs_to_another_is_refused(read, offset):
    message = 'presentations.name makes "im'
    with pytest.raises(IsomorphError, match=re.escape(message)) as caught:
        read(["im3", "im0", "im1"], name="im{}", offset=offset)
    assert "in order_of_images, which says what a place means, " in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_number_in_a_name_holds_where_the_study_says_so(read):
    found = read(["im1", "im0", "im2"], name="im{}", ignore_order=True)
    assert found == ["im0", "im2", "im1", "im0"]


def test_a_name_that_agrees_with_the_order_is_fine(read):
    assert read(["im1", "im2", "im3"], name="im{}", offset=1) == ["im1", "im3", "im2", "im1"]


def test_names_of_other_images_than_the_recording_s_cannot_disagree(read):
    stimuli = ["s0", "s1", "s2"]
    assert read(["tree", "mug", "apple"], stimuli, name="s{}") == ["s0", "s2", "s1", "s0"]


def test_without_a_stated_order_the_study_says_how(read):
    assert read(None, name="im{}") == ["im0", "im2", "im1", "im0"]
    with pytest.raises(IsomorphError, match="states no order_of_images, so that a place in it"):
        read(None, names=SCENES)


def test_a_place_that_is_none_is_refused(read):
    with pytest.raises(IsomorphError, match="2 is not a place in order_of_images, which lists 2"):
        read(["tree", "mug"])

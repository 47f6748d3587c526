"""A look at recordings: what the stage would refuse, without the stage."""

from __future__ import annotations

import re

import numpy as np
import pytest

from isomorph.errors import IsomorphError
from isomorph.responses.nwb.spikes import Trains
from isomorph.stages.datasets import names_of
from isomorph.stages.responses import look, run
from isomorph.stimuli.names import names_from

ONSETS = (10 + 5.0 * np.arange(20)).tolist()
TRIALS = {"on": ONSETS, "image": ["a", "b", "c", "d"] * 5}
UNITS = {"location": ["IT", "V4"], "snr": [3.0, 1.0]}
TRAINS = [np.arange(0.5, 120, 0.1), np.arange(0.7, 120, 0.3)]


@pytest.fixture
def layout(make_study, files, write_nwb, nwb_settings):
    """Return a maker of a study over one recording."""

    def make(trains=TRAINS, stimuli="abcd", **changes):
        write_nwb(files / "s1.nwb", trains, TRIALS, UNITS, session_id="9")
        return make_study({**nwb_settings, **changes}, list(stimuli))

    return make


def test_nothing_is_said_and_nothing_read_of_a_good_recording(layout, monkeypatch):
    study = layout()
    monkeypatch.setattr(Trains, "blocks", lambda *_: pytest.fail("spikes were read"))
    look(study, "toy", "s1", names_of(study, "toy"))
    assert not study.responses("toy", "s1").exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"presentations": {"table": "trails", "stimulus": "image"}}, "did you mean"),
        ({"presentations": {"onset": "on", "stimulus": "imago"}}, 'no column "imago", did you'),
        ({"region": "locatoin"}, 'no column "locatoin" that names the region'),
        ({"quality": {"snrr": {"min": 1.0}}}, 'no column "snrr", did you mean "snr"?'),
        ({"quality": {"snr": {"min": 9.0}}}, "none of the 2 units is left"),
        ({"window": [50.0, 250.0]}, "windows are in seconds: [0.05, 0.25]?"),
        ({"stimuli": "wxyz"}, "none of them a stimulus of"),
        ({"trains": [1000 * one for one in TRAINS]}, "is the recording in milliseconds?"),
        ({"window": [0.0, 24.0], "baseline": [-24.0, 0.0]}, None),
    ],
)  # fmt: skip
def test_it_refuses_what_the_stage_refuses_in_the_same_words(layout, changes, message):
    study = layout(**changes)
    if message is None:
        look(study, "toy", "s1", names_of(study, "toy"))
        return
    with pytest.raises(IsomorphError, match=re.escape(message)) as looked:
        look(study, "toy", "s1", names_of(study, "toy"))
    with pytest.raises(IsomorphError) as ran:
        run(study, "toy", "s1")
    assert str(looked.value) == str(ran.value)


def test_a_pattern_of_zarr_is_refused(layout):
    with pytest.raises(IsomorphError, match="recordings in the Zarr form, and only HDF5 is read"):
        look(layout(files="{subject}.nwb.zarr"), "toy", "s1", names_from("abcd", ""))

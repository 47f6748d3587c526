"""Readers without a study give what the stage writes, and answer mistakes in the same words."""

from __future__ import annotations

import doctest
import re
from typing import Any

import numpy as np
import pytest
import xarray as xr
from small_studies import WRITERS, pictures, stimuli_of
from test_check import dataset, run_all, write

from isomorph.artefacts import read_responses
from isomorph.errors import IsomorphError
from isomorph.responses import read
from isomorph.responses.read import read_betas, read_bids, read_epochs, read_nwb

READERS = {
    "nwb": lambda folder, **kept: read_nwb(folder / "s1.nwb", **kept),
    "traces": lambda folder, **kept: read_nwb(str(folder / "s1.nwb"), **kept),
    "rasters": lambda folder, **kept: read_nwb([folder / "s1.nwb"], **kept),
    "bids": lambda folder, **kept: read_bids(folder, "s1", **kept),
    "betas": lambda folder, **kept: read_betas(sorted(folder.glob("s1/*_beta.nii")), **kept),
    "epochs": lambda folder, **kept: read_epochs(folder / "s1/s1_task-x_eeg.vhdr", **kept),
}


def of_s1(value: Any) -> Any:
    """Return settings whose patterns count from the folder of the subject."""
    if isinstance(value, dict):
        return {key: of_s1(one) for key, one in value.items()}
    if isinstance(value, list):
        return [of_s1(one) for one in value]
    return (
        value.replace("{subject}/", "").replace("{subject}", "s1")
        if isinstance(value, str)
        else value
    )


@pytest.mark.parametrize("kind", list(READERS))
def test_a_reader_gives_what_the_stage_writes(tmp_path, kind):
    folder = tmp_path / "files"
    folder.mkdir()
    pictures(folder, stimuli_of(kind))
    settings = WRITERS[kind](folder)
    layout = write(tmp_path, {"toy": dataset(settings)})
    run_all(layout, "s1")
    (written,) = read_responses(layout.responses("toy", "s1")).values()
    kept = {key: value for key, value in settings.items() if key not in ("kind", "files")}
    kept = kept if kind == "bids" else of_s1(kept)
    found = READERS[kind](folder, stimuli=stimuli_of(kind), **kept)
    assert found.attrs["dropped"] == written.attrs["dropped"]
    xr.testing.assert_equal(found, written)
    everything = READERS[kind](folder, **kept)  # the recordings name the stimuli themselves
    np.testing.assert_array_equal(everything["response"], found["response"])


@pytest.fixture
def recording(tmp_path):
    WRITERS["nwb"](tmp_path)
    return tmp_path / "s1.nwb"


def test_keywords_of_presentations_need_no_nesting(recording):
    plain = read_nwb(recording, stimulus="image", window=(0.0, 0.1), quality={"snr": {"min": 1}})
    nested = read_nwb(
        recording,
        presentations={"table": "trials", "stimulus": "image"},
        window=(0.0, 0.1),
        quality={"snr": {"min": 1}},
    )
    xr.testing.assert_identical(plain, nested)
    assert np.unique(plain["stimulus"]).tolist() == ["cat", "dog", "house", "tree"]
    some = read_nwb(recording, stimulus="image", where={"image": ["cat"]}, window=(0.0, 0.1))
    assert np.unique(some["stimulus"]).tolist() == ["cat"]


def test_several_files_are_sessions(tmp_path, recording):
    (tmp_path / "deeper").mkdir()
    other = tmp_path / "deeper" / "s2.nwb"
    other.write_bytes((tmp_path / "s2.nwb").read_bytes())
    both = read_nwb([recording, other], stimulus="image", window=(0.0, 0.1))
    assert set(both) == {"s1", "s2"}  # both are of session 9, so that their files name them
    assert {data.attrs["session"] for data in both.values()} == {"s1", "s2"}


def counts(data):
    """Return all spikes by presentation and first unit, whatever becomes of time bins."""
    values = data["response"].values
    return values.reshape(len(values), -1).sum(axis=1)


@pytest.mark.parametrize("edges", [[0.0, 0.1, 0.2, 0.3], [0.0, 0.05, 0.3], [0.0, 0.3]])
def test_time_bins_between_edges(recording, edges):
    whole = read_nwb(recording, stimulus="image", window=(0.0, 0.3))
    binned = read_nwb(recording, stimulus="image", edges=edges)
    np.testing.assert_array_equal(counts(binned), counts(whole))
    assert binned["response"].size == whole["response"].size * (len(edges) - 1)


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"stimulas": "image"}, 'read_nwb: stimulas: unknown keyword, did you mean "stimulus"?'),
        ({"windo": (0, 1)}, 'read_nwb: windo: unknown keyword, did you mean "window"?'),
        ({"kind": "traces"}, "read_nwb: kind: unknown keyword"),
        ({}, "read_nwb: give window or windows, one of the two"),
        ({"window": (0.1, 0.0)}, "read_nwb: window: must start before it stops"),
        ({"window": (0, 1), "edges": [0, 1]}, "read_nwb: give window or edges, one of the two"),
        ({"edges": [0.2, 0.1]}, "read_nwb: edges: must be two numbers or more, ascending"),
        ({"window": (0, 0.1), "region": "locatoin"}, 'no column "locatoin" that names the region'),
        ({"window": (0, 0.1), "stimuli": "wxyz"}, "a stimulus of the stimuli given to read_nwb"),
    ],
)
def test_mistakes_are_answered_in_the_words_of_settings(recording, keywords, message):
    with pytest.raises(IsomorphError, match=re.escape(message)):
        read_nwb(recording, **{"stimulus": "image", **keywords})


def test_the_examples_run():
    assert doctest.testmod(read).failed == 0


def test_files_that_are_not_there(tmp_path):
    with pytest.raises(IsomorphError, match=r"read_nwb: .*gone\.nwb: no such file"):
        read_nwb(tmp_path / "gone.nwb", stimulus="image", window=(0, 1))
    with pytest.raises(IsomorphError, match="read_betas: files: names no file"):
        read_betas([], regions={"file": "rois.nii"})
    with pytest.raises(IsomorphError, match=r"read_bids: .*gone: no such folder"):
        read_bids(tmp_path / "gone", "1", regions={"kind": "whole", "file": "m", "region": "IT"})
    with pytest.raises(IsomorphError, match="read_bids: regions: is required"):
        read_bids(tmp_path, "1")
    mask = {"kind": "whole", "file": "mask.nii", "region": "IT"}
    with pytest.raises(IsomorphError, match=r'read_bids: no file matches ".*_bold\.nii\*"'):
        read_bids(tmp_path, "1", regions=mask)

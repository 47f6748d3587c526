"""Recordings as BIDS lays them out: in parts, in folders, with tables beside or above them."""

from __future__ import annotations

import json
import shutil

import mne
import numpy as np
import pytest
from ctf_files import write_ctf

from isomorph.archives.readiness import readiness
from isomorph.artefacts import read_attributes, read_responses
from isomorph.errors import IsomorphError
from isomorph.stages import responses

RATE, N, WINDOW = 200.0, 6000, [0.1, 0.15]
CHANNELS = [f"E{number:02}" for number in range(6)]
STIMULI = ["cat", "dog", "tree"]
SHOWN = [STIMULI[i] for i in np.random.default_rng(0).integers(0, 3, 20)]
ONSETS = 1.0 + 1.3 * np.arange(20)
EVENTS = "onset\tduration\ttrial_type\n" + "".join(
    f"{onset:.2f}\t0.2\t{name}\n" for onset, name in zip(ONSETS, SHOWN, strict=True)
)


def settings(pattern="sub-{subject}/**/*_eeg.fif", **changes):
    presentations = {"stimulus": "trial_type"} | changes.pop("presentations", {})
    return {
        "kind": "epochs",
        "files": pattern,
        "presentations": presentations,
        "windows": {"w": WINDOW},
    } | changes


def samples(seed=0, channels=CHANNELS):
    """Return noise (channel, sample), µV."""
    return 20 * np.random.default_rng(seed).normal(size=(len(channels), N))


def write_fif(file, data, channels=CHANNELS, **options):
    file.parent.mkdir(parents=True, exist_ok=True)
    raw = mne.io.RawArray(
        data * 1e-6, mne.create_info(channels, RATE, "eeg"), first_samp=700, verbose="error"
    )
    raw.save(file, verbose="error", **options)


def write_events(file, text=EVENTS):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def expected(data):
    """Return the mean of the window (epoch, channel) by a plain loop."""
    first, after = (round(edge * RATE) for edge in WINDOW)
    starts = np.rint(ONSETS * RATE).astype(int)
    return np.stack([data[:, s + first : s + after].mean(axis=1) for s in starts])


def read(layout):
    responses.run(layout, "toy", "s1")
    (session,) = read_responses(layout.responses("toy", "s1")).values()
    return session


def inputs(layout):
    said = json.loads(read_attributes(layout.responses("toy", "s1"))["provenance"])["inputs"]
    return {file.rpartition("/")[2] for file in said}


EEG = "sub-s1/eeg/sub-s1_task-x"


@pytest.mark.parametrize(
    ("recording", "table"),
    [
        (f"{EEG}_eeg.fif", f"{EEG}_events.tsv"),
        (f"{EEG}_run-1_eeg.fif", f"{EEG}_run-01_events.tsv"),
        (f"{EEG}_proc-sss_eeg.fif", f"{EEG}_events.tsv"),
        (f"{EEG}_eeg.fif", "task-x_events.tsv"),
        (f"{EEG}_run-2_eeg.fif", "sub-s1/sub-s1_task-x_events.tsv"),
        (f"{EEG}_eeg.fif", "events.tsv"),
        # of a derivative, beside the raw recording
        ("sub-s1/derived/eeg/sub-s1_task-x_proc-sss_eeg.fif", f"{EEG}_events.tsv"),
        # names that are none of BIDS
        ("sub-s1/recording1_eeg.fif", "sub-s1/recording1_events.tsv"),
    ],
)
def test_events_are_found_beside_a_recording_or_above_it(make_study, files, recording, table):
    data = samples()
    write_fif(files / recording, data)
    write_events(files / table)
    found = read(make_study(settings(), STIMULI))
    assert found["stimulus"].values.tolist() == SHOWN
    np.testing.assert_allclose(found["response"].values, expected(data), rtol=1e-4, atol=1e-3)


def test_the_table_that_says_most_of_a_recording_counts(make_study, files):
    write_fif(files / f"{EEG}_run-1_eeg.fif", samples())
    write_events(files / "task-x_events.tsv", EVENTS.replace("cat", "dog"))
    write_events(files / f"{EEG}_run-01_events.tsv")
    write_events(files / f"{EEG}_run-2_events.tsv", EVENTS.replace("cat", "dog"))
    write_events(files / "sub-s2/eeg/sub-s2_task-x_run-1_events.tsv", "onset\n1\n")
    assert read(make_study(settings(), STIMULI))["stimulus"].values.tolist() == SHOWN


def test_of_two_tables_that_fit_alike_none_is_guessed_and_one_may_be_named(make_study, files):
    write_fif(files / "sub-s1/derived/eeg/sub-s1_task-x_eeg.fif", samples())
    write_events(files / f"{EEG}_events.tsv", EVENTS.replace("cat", "dog"))
    write_events(files / "sub-s1/other/sub-s1_task-x_events.tsv")
    with pytest.raises(IsomorphError, match=r"2 tables of events \(.*expected one"):
        read(make_study(settings(), STIMULI))
    chosen = {"files": "sub-{subject}/other/*_events.tsv"}
    found = read(make_study(settings(presentations=chosen), STIMULI))
    assert found["stimulus"].values.tolist() == SHOWN


def test_channels_above_a_recording_count(make_study, files):
    write_fif(files / f"{EEG}_eeg.fif", samples())
    write_events(files / f"{EEG}_events.tsv")
    (files / "task-x_channels.tsv").write_text("name\ttype\tstatus\nE02\tEEG\tbad\n")
    layout = make_study(settings(), STIMULI)
    assert "E02 w" not in read(layout)["unit"].values
    assert inputs(layout) >= {"task-x_channels.tsv", "sub-s1_task-x_events.tsv"}


def split(files):
    """Write a recording in parts; return its samples (channel, sample) and the parts."""
    channels = [f"E{number:02}" for number in range(64)]
    data = samples(1, channels)
    file = files / f"{EEG}_meg.fif"
    write_fif(file, data, channels, split_naming="bids", split_size=1_400_000)
    write_events(files / f"{EEG}_events.tsv")
    return data, sorted(file.parent.glob("*_split-*_meg.fif"))


@pytest.mark.parametrize("naming", ["bids", "neuromag"])
def test_the_parts_of_a_recording_are_one(make_study, files, naming):
    data, parts = split(files)
    if naming == "neuromag":
        for part in parts:
            part.unlink()
        channels = [f"E{number:02}" for number in range(64)]
        write_fif(files / f"{EEG}_meg.fif", data, channels, split_size=1_400_000)
        parts = sorted((files / "sub-s1/eeg").glob("*.fif"))
    assert len(parts) > 1
    layout = make_study(settings("sub-{subject}/**/*.fif"), STIMULI)
    found = read(layout)
    assert found["stimulus"].values.tolist() == SHOWN
    np.testing.assert_allclose(found["response"].values, expected(data), rtol=1e-4, atol=1e-3)
    assert inputs(layout) >= {part.name for part in parts}


def test_a_part_whose_first_or_next_is_not_there_is_refused(make_study, files):
    _, parts = split(files)
    aside = parts[1].rename(parts[1].with_suffix(".aside"))
    with pytest.raises(IsomorphError, match=r"split-01_meg\.fif: cannot be read as a recording"):
        read(make_study(settings("sub-{subject}/**/*_meg.fif"), STIMULI))
    aside.rename(parts[1])
    parts[0].unlink()
    with pytest.raises(IsomorphError, match=r"split-02_meg\.fif: is part 2 of a recording"):
        read(make_study(settings("sub-{subject}/**/*_meg.fif"), STIMULI))


@pytest.mark.parametrize("other", ["proc-sss", "desc-clean", "recording-b", "space-x"])
def test_two_files_of_one_run_are_refused(make_study, files, other):
    for rest in ("", f"{other}_"):
        write_fif(files / f"{EEG}_run-1_{rest}eeg.fif", samples())
    write_events(files / f"{EEG}_events.tsv")
    with pytest.raises(IsomorphError, match=r"is of the same run as .* narrow responses\.files"):
        read(make_study(settings(), STIMULI))


@pytest.mark.parametrize("other", ["run-2", "acq-long", "dir-up"])
def test_entities_that_make_another_run_do(make_study, files, other):
    for rest in ("", f"_{other}"):
        write_fif(files / f"{EEG}{rest}_eeg.fif", samples())
    write_events(files / f"{EEG}_events.tsv")
    found = read(make_study(settings(), STIMULI))
    assert len(set(found["run"].values)) == 2
    assert found.sizes["presentation"] == 2 * len(SHOWN)


def test_a_folder_is_a_recording(make_study, files):
    data = samples()
    for run in (1, 2):
        write_ctf(files / f"{EEG}_run-{run}_meg.ds", run * data, CHANNELS, RATE)
        # measures of the head have a folder of their own inside
        write_ctf(files / f"{EEG}_run-{run}_meg.ds" / "hz.ds", data, CHANNELS, RATE)
    write_events(files / f"{EEG}_events.tsv")
    layout = make_study(settings("sub-{subject}/**/*_meg.ds"), STIMULI)
    (files / "cat.png").write_bytes(b"a picture")
    assert "in place" in readiness(layout, "toy")
    found = read(layout)
    assert found["run"].values.tolist() == ["1"] * 20 + ["2"] * 20
    both = np.concatenate([expected(data), expected(2 * data)])
    np.testing.assert_allclose(found["response"].values, both, rtol=1e-4, atol=1e-2)
    assert inputs(layout) >= {"sub-s1_task-x_run-2_meg.meg4", "sub-s1_task-x_run-2_meg.res4"}
    shutil.rmtree(files / f"{EEG}_run-2_meg.ds")
    with pytest.raises(IsomorphError, match=r"run-2_meg\.ds: no such file"):
        responses.run(layout, "toy", "s1")


def test_the_files_of_a_header_are_among_what_was_read(make_study, files):
    from test_epochs import write_brainvision

    file = files / f"{EEG}_eeg.vhdr"
    write_brainvision(file, samples().astype(np.float32))
    write_events(files / f"{EEG}_events.tsv")
    layout = make_study(settings("sub-{subject}/**/*_eeg.vhdr"), STIMULI)
    responses.run(layout, "toy", "s1")
    assert inputs(layout) >= {f"sub-s1_task-x_eeg.{ending}" for ending in ("vhdr", "eeg", "vmrk")}


def test_ready_epochs_are_no_recording(make_study, files):
    raw = mne.io.RawArray(samples() * 1e-6, mne.create_info(CHANNELS, RATE, "eeg"), verbose="error")
    events = np.column_stack([100 + 200 * np.arange(6), np.zeros(6, int), np.ones(6, int)])
    (files / "sub-s1/eeg").mkdir(parents=True)
    mne.Epochs(raw, events, tmin=0, tmax=0.2, baseline=None, verbose="error").save(
        files / f"{EEG}_epo.fif", verbose="error"
    )
    write_events(files / f"{EEG}_events.tsv")
    with pytest.raises(IsomorphError, match=r"cannot be read as a recording \(No raw data"):
        read(make_study(settings("sub-{subject}/**/*_epo.fif"), STIMULI))

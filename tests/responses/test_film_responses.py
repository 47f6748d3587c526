"""Responses to frames of films: plays and single frames become presentations, in every kind."""

import json

import h5py
import nibabel
import numpy as np
import pandas as pd
import pytest
from test_epochs import write_brainvision
from test_traces import SIGNAL
from test_traces import write as write_traces

from isomorph.errors import IsomorphError
from isomorph.responses.kinds import RESPONSES
from isomorph.responses.plays import shown_frames
from isomorph.responses.read import read_nwb
from isomorph.responses.subject_files import subject_files
from isomorph.stimuli.dataset_files import files_in
from isomorph.stimuli.film import list_frames
from isomorph.stimuli.film.frames_by_film import FilmFrames
from isomorph.stimuli.names import names_from
from isomorph.study import spec_from
from isomorph.study.bids import BidsResponses
from isomorph.study.epochs import EpochResponses
from isomorph.study.film import FilmRows
from isomorph.study.responses import NwbResponses, TraceResponses


def film(name="city", every=0.5, length=3.0, rate=30):
    """Return the stimuli of a film of so many seconds."""
    time = np.arange(0, length - every / 2, every)
    frame = np.rint(time * rate).astype(int)
    stimuli = np.array([f"{name}_{one:06d}" for one in frame])
    return FilmFrames(stimuli, frame, time, round(length * rate), length)


FILMS = {"city": film(), "sea": film("sea", length=2.0)}


def read(folder, kind, settings, films=FILMS, subject="s1"):
    rows = pd.DataFrame(
        [
            {
                "stimulus": stimulus, "film": name, "frame": frame, "time": time,
                "film_frames": own.count, "film_length": own.length,
            }
            for name, own in films.items()
            for stimulus, frame, time in zip(own.stimulus, own.frame, own.time, strict=True)
        ]
        or {"stimulus": ["cat"]}
    )  # fmt: skip
    names = names_from(rows["stimulus"], "films.csv", rows)
    files = subject_files(
        files_in(folder, where="test"),
        subject=subject, names=names, atlases=folder, scratch=folder,
    )  # fmt: skip
    spec = spec_from(settings, kind, "test")
    found = RESPONSES[spec.kind]
    found.look(files, spec)
    return next(iter(found.read(files, spec).sessions.values()))


def expanded(label, onset, lasts=None, **rows):
    rows = {"rows": "plays", **rows}
    return shown_frames(np.array(label), np.array(onset, float), lasts, FILMS, FilmRows(**rows),
                        "a.nwb: trials")  # fmt: skip


def test_a_play_is_a_presentation_of_each_of_its_stimuli():
    shown = expanded(["city", "grey", "sea.mp4", "city"], [10, 14, 20, 30], np.array([3, 1, 2, 3]))
    assert shown.stimulus.tolist() == [*FILMS["city"].stimulus, *FILMS["sea"].stimulus,
                                       *FILMS["city"].stimulus]  # fmt: skip
    assert shown.onset[:7] == pytest.approx([10, 10.5, 11, 11.5, 12, 12.5, 20])
    assert set(shown.lasts) == {0.5}
    assert shown.dropped["rows of something that is no film of the set"] == 1


def test_frames_between_stimuli_belong_to_the_one_before():
    value = [str(float(one)) for one in [*range(90), *range(90)]]
    onset = [*(5 + np.arange(90) / 30), *(9 + np.arange(90) / 30)]
    shown = expanded(value, onset, rows="frames", of="city")
    assert shown.stimulus.tolist() == [*FILMS["city"].stimulus] * 2
    assert shown.onset[[1, 6]] == pytest.approx([5.5, 9.0])


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ((["city"], [0], np.array([2.5])), r"played for 2\.5 s at 0 s, and the film lasts 3 s"),
        ((["City"], [0]), r'names "City" .* none of them a film .* did you mean "city"'),
        ((["sea", "citty"], [0, 5]), r'plays "citty".* did you mean "city"'),
        ((["city"], [np.nan]), "none of the 1 plays has a film and an onset"),
    ],
)
def test_plays_that_cannot_be(rows, said):
    with pytest.raises(IsomorphError, match=said):
        expanded(*rows)


@pytest.mark.parametrize(
    ("value", "onset", "rows", "said"),
    [
        (np.arange(90), np.arange(90) / 60, {}, r"0\.01667 s, 60 a second, .* 30 a second"),
        (np.arange(1, 91), np.arange(90) / 30, {}, r"shows frame 90 .* set .*film\.first: 1"),
        ([-1, 0, 1], [0, 1, 2], {}, r"shows frame -1 .* are 0 to 89, other values .* blank"),
        ([0.5, 1.5], [0, 1], {}, r"holds .*0\.5.*, expected numbers of frames"),
        ([1, 2], [0, 1 / 30], {}, "none of its 2 rows shows one of the 6 frames"),
        ([0], [0], {"of": "town"}, r'no film "town".*known: city, sea'),
    ],
)
def test_single_frames_that_cannot_be(value, onset, rows, said):
    with pytest.raises(IsomorphError, match=said):
        expanded(np.array(value).astype(str), onset, **{"rows": "frames", "of": "city", **rows})


# ------------------------------------------------------------------------------------- spikes

STARTS = [10.0, 20.0, 30.0]


def rates(unit, time):
    """Return spikes per second of a unit at a time of the film: it fires in one bin of six."""
    return 40.0 if int(time / 0.5) == unit else 4.0


def trains():
    """Return spike times of six units that answer 50 ms after what is on screen."""
    times = np.arange(0, 45, 0.001)
    found = []
    for unit in range(6):
        rate = np.full(len(times), 4.0)
        for start in STARTS:
            inside = (times >= start + 0.05) & (times < start + 3.05)
            rate[inside] = [rates(unit, one - start - 0.05) for one in times[inside] + 1e-9]
        found.append(times[np.diff(np.floor(np.cumsum(rate) * 0.001), prepend=0) > 0])
    return found


SPIKES = {
    "kind": "nwb", "files": "{subject}.nwb", "window": [0.05, 0.55], "region": {"name": "V1"},
}  # fmt: skip


def test_spikes_are_counted_from_one_stimulus_to_the_next(tmp_path, write_nwb):
    trials = {"on": STARTS, "film": ["city"] * 3}
    write_nwb(tmp_path / "s1.nwb", trains(), trials)
    shown = {"table": "trials", "onset": "on", "stimulus": "film", "film": {"rows": "plays"}}
    data = read(tmp_path, NwbResponses, {**SPIKES, "presentations": shown})
    assert data["stimulus"].values.tolist() == [*FILMS["city"].stimulus] * 3
    assert data["repetition"].values.tolist() == [0] * 6 + [1] * 6 + [2] * 6
    counts = data["response"].values.reshape(3, 6, 6)
    for play in counts:
        assert (np.argmax(play, axis=1) == np.arange(6)).all()  # unit u in bin u
    # the same plays where no column names the film, and where each frame has a row
    alone = {"table": "trials", "onset": "on", "film": {"rows": "plays", "of": "city"}}
    again = read(tmp_path, NwbResponses, {**SPIKES, "presentations": alone})
    assert (again["response"].values == data["response"].values).all()


def test_tables_of_single_frames_are_of_one_film_each(tmp_path, write_nwb):
    from pynwb import NWBHDF5IO
    from pynwb.epoch import TimeIntervals

    write_nwb(tmp_path / "s1.nwb", trains(), {"on": [0.0], "film": ["x"]})
    with NWBHDF5IO(str(tmp_path / "s1.nwb"), "a") as io:
        file = io.read()
        for name, frames, starts in (("one", 90, STARTS), ("two", 60, [36.0, 40.0])):
            rows = TimeIntervals(name=f"{name}_presentations", description=name)
            rows.add_column("frame", "frame")
            for start in starts:
                for frame in range(frames):
                    rows.add_row(start_time=start + frame / 30, stop_time=start + (frame + 1) / 30,
                                 frame=float(frame))  # fmt: skip
            file.add_time_intervals(rows)
        io.write(file)
    tables = {"one_presentations": "city", "two_presentations": "sea", "absent": "city"}
    shown = {"stimulus": "frame", "film": {"rows": "frames", "tables": tables}}
    data = read(tmp_path, NwbResponses, {**SPIKES, "presentations": shown})
    names = data["stimulus"].values.tolist()
    assert names == [*FILMS["city"].stimulus] * 3 + [*FILMS["sea"].stimulus] * 2
    counts = data["response"].values[:18].reshape(3, 6, 6)
    assert (np.argmax(counts, axis=2) == np.arange(6)).all()
    shown["film"] = {"rows": "frames", "tables": {"one_presentation": "city"}}
    with pytest.raises(IsomorphError, match=r'has none .*did you mean "one_presentations"'):
        read(tmp_path, NwbResponses, {**SPIKES, "presentations": shown})


def test_films_need_films_among_the_stimuli(tmp_path, write_nwb):
    write_nwb(tmp_path / "s1.nwb", trains(), {"on": STARTS, "film": ["city"] * 3})
    shown = {"table": "trials", "onset": "on", "stimulus": "film", "film": {"rows": "plays"}}
    with pytest.raises(IsomorphError, match="goes with stimuli of kind film"):
        read(tmp_path, NwbResponses, {**SPIKES, "presentations": shown}, films={})


def test_a_notebook_gives_the_table_of_frames(tmp_path, write_nwb):
    np.save(tmp_path / "city.npy", np.zeros((90, 4, 4), np.uint8))
    write_nwb(tmp_path / "s1.nwb", trains(), {"on": STARTS, "film": ["city"] * 3})
    given = {"onset": "on", "stimulus": "film", "film": {"rows": "plays"}, "window": (0.05, 0.55),
             "region": {"name": "V1"}}  # fmt: skip
    frames = list_frames(tmp_path / "city.npy", rate=30)
    data = read_nwb(tmp_path / "s1.nwb", stimuli=frames, **given)
    assert data["stimulus"].values.tolist() == [*FILMS["city"].stimulus] * 3
    with pytest.raises(IsomorphError, match="film: goes with stimuli of kind film"):
        read_nwb(tmp_path / "s1.nwb", **given)
    with pytest.raises(IsomorphError, match='no column "stimulus"'):
        read_nwb(tmp_path / "s1.nwb", stimuli=frames[["film"]], **given)


# ------------------------------------------------------------------- traces, epochs, volumes


def test_fluorescence_is_averaged_from_one_stimulus_to_the_next(tmp_path):
    data = np.arange(300.0)[:, None] * np.ones(2)  # 10 Hz
    write_traces(tmp_path / "s1.nwb", data, times=np.arange(300) / 10, onsets=np.array([5.0, 15.0]))
    with h5py.File(tmp_path / "s1.nwb", "a") as file:
        file["intervals/trials/stop_time"][:] = [7.0, 17.0]
    shown = {"stimulus": "image", "film": {"of": "sea"}}
    settings = {"kind": "traces", "files": "{subject}.nwb", "signal": SIGNAL,
                "presentations": shown, "window": [0.0, 0.5]}  # fmt: skip
    found = read(tmp_path, TraceResponses, settings)
    assert found["stimulus"].values.tolist() == [*FILMS["sea"].stimulus] * 2
    expected = [50 + 10 * start + 5 * bin_ + 2 for start in (0, 10) for bin_ in range(4)]
    assert found["response"].values[:, 0] == pytest.approx(np.array(expected))


def test_epochs_are_cut_at_every_stimulus(tmp_path):
    data = np.tile(np.arange(16000.0), (6, 1))
    write_brainvision(tmp_path / "sub-s1_task-film_eeg.vhdr", data)
    (tmp_path / "sub-s1_task-film_events.tsv").write_text(
        "onset\tduration\ttrial_type\n2.0\t3.0\tcity\n8.0\tn/a\tcity\n12\t0\tgrey\n"
    )
    settings = {"kind": "epochs", "files": "sub-{subject}_*.vhdr",
                "presentations": {"stimulus": "trial_type", "film": {"rows": "plays"}},
                "windows": {"bin": [0.0, 0.5]}}  # fmt: skip
    found = read(tmp_path, EpochResponses, settings)
    assert found["stimulus"].values.tolist() == [*FILMS["city"].stimulus] * 2
    steps = np.diff(found["response"].values[:6, 0])
    assert steps == pytest.approx(np.full(5, 500.0))  # samples of a ramp at 1 kHz


TR, SCANS = 1.0, 60
BOLD = {
    "kind": "bids", "bold": "sub-{subject}_*_bold.nii", "noise": "none", "scale": "none",
    "events": {"files": "*_events.tsv", "film": {"rows": "plays"}}, "drift": "none",
    "regions": {"kind": "whole", "file": "mask.nii", "region": "V1"},
}  # fmt: skip


def bold_films(folder, values, onset=4.0, duration="40"):
    """Write two runs that show one film, in which voxels have the values (scan, voxel)."""
    for run in (1, 2):
        stem = f"sub-s1_task-film_run-{run}"
        image = values.T.reshape(-1, 1, 1, len(values)).astype(np.float32)
        volumes = nibabel.Nifti1Image(image, np.eye(4))
        volumes.header.set_xyzt_units("mm", "sec")
        volumes.header["pixdim"][4] = TR
        nibabel.save(volumes, folder / f"{stem}_bold.nii")
        (folder / f"{stem}_bold.json").write_text(json.dumps({"RepetitionTime": TR}))
        (folder / f"{stem}_events.tsv").write_text(
            f"onset\tduration\ttrial_type\n{onset}\t{duration}\tcity\n"
        )
    mask = np.ones((values.shape[1], 1, 1), np.uint8)
    nibabel.save(nibabel.Nifti1Image(mask, np.eye(4)), folder / "mask.nii")


LONG = {"city": film(every=2.0, length=40.0)}


def test_bold_is_averaged_a_lag_after_what_was_on_screen(tmp_path):
    values = np.stack([np.arange(SCANS, dtype=float), np.cos(np.arange(SCANS))], axis=1)
    bold_films(tmp_path, values)
    data = read(tmp_path, BidsResponses, {**BOLD, "estimate": "shifted", "lag": 5.0}, LONG)
    assert data.sizes["presentation"] == 2 * 20
    assert data["repetition"].values.tolist() == [0] * 20 + [1] * 20  # runs repeat the film
    assert data["response"].attrs["long_name"].startswith("mean BOLD, 5 s after each stimulus")
    assert data["stimulus"].values.tolist()[:20] == LONG["city"].stimulus.tolist()
    volumes = 4 + 5 + 2 * np.arange(20)[:, None] + [0, 1]
    expected = (values - values.mean(axis=0))[volumes].mean(axis=1)
    assert data["response"].values[:20] == pytest.approx(expected, abs=1e-4)


def test_bold_is_deconvolved_under_a_penalty(tmp_path):
    from nilearn.glm.first_level import compute_regressor

    rng = np.random.default_rng(0)
    truth = rng.standard_normal((20, 8))
    scans = np.arange(SCANS) * TR
    parts = [
        compute_regressor(([4 + 2.0 * bin_], [2.0], [1.0]), "glover", scans)[0][:, 0]
        for bin_ in range(20)
    ]
    bold_films(tmp_path, np.stack(parts, axis=1) @ truth + 100)
    data = read(tmp_path, BidsResponses, {**BOLD, "estimate": "ridge", "penalty": 1e-3}, LONG)
    found = data["response"].values[:20]
    found = found - found.mean(axis=0)
    correlation = np.corrcoef(found.ravel(), (truth - truth.mean(axis=0)).ravel())[0, 1]
    assert correlation > 0.8
    plain = read(tmp_path, BidsResponses, {**BOLD, "estimate": "lsa", "noise_model": "ar1"}, LONG)
    assert np.corrcoef(plain["response"].values[:20].ravel(), truth.ravel())[0, 1] > 0.8


@pytest.mark.parametrize(
    ("own", "scans", "onset", "said"),
    [
        (film(every=0.5, length=40.0), SCANS, 4, r"volume is taken every 1 s, .* every 0\.5 s"),
        (film(every=2.0, length=42.0), SCANS, 4, r"played for 40 s at 4 s, .* lasts 42 s"),
        (film(every=1.0, length=40.0), 40, 0, r"takes 40 columns or more, .* 40 volumes"),
    ],
)
def test_bold_of_films_that_cannot_be(tmp_path, own, scans, onset, said):
    bold_films(tmp_path, np.random.default_rng(0).random((scans, 3)) + 9, onset)
    with pytest.raises(IsomorphError, match=said):
        read(tmp_path, BidsResponses, BOLD, {"city": own})

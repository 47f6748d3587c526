"""Epochs: recordings written byte by byte or by MNE-Python, values by plain computation."""

from __future__ import annotations

from fnmatch import fnmatch

import mne
import numpy as np
import pytest
from sklearn.covariance import ledoit_wolf

from isomorph.artefacts import read_responses
from isomorph.errors import IsomorphError
from isomorph.responses.epochs import cutting
from isomorph.responses.epochs.noise import Moments, normaliser, residual_moments
from isomorph.responses.epochs.recording import open_recording
from isomorph.stages import responses

RATE = 1000.0
CHANNELS = ["Fz", "Cz", "Pz", "O1", "O2", "Oz"]
STIMULI = ["cat01", "dog01", "tree01"]
ORDER = [0, 1, 2, 2, 0, 1, 1, 2, 0, 0, 2, 1]
FIRST, STEP = 500, 400


def onsets(n=12):
    """Return the sample of each presentation."""
    return FIRST + STEP * np.arange(n)


def write_brainvision(file, data):
    """Write (channel, sample) in µV as multiplexed float32, as the format's own text says."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.with_suffix(".eeg").write_bytes(data.T.astype("<f4").tobytes())
    names = "\n".join(f"Ch{i}={name},,1,µV" for i, name in enumerate(CHANNELS, 1))
    file.write_text(
        "Brain Vision Data Exchange Header File Version 1.0\n\n[Common Infos]\nCodepage=UTF-8\n"
        f"DataFile={file.stem}.eeg\nMarkerFile={file.stem}.vmrk\nDataFormat=BINARY\n"
        f"DataOrientation=MULTIPLEXED\nNumberOfChannels={len(CHANNELS)}\n"
        f"SamplingInterval={1e6 / RATE:g}\n\n[Binary Infos]\nBinaryFormat=IEEE_FLOAT_32\n\n"
        f"[Channel Infos]\n{names}\n",
        encoding="utf-8",
    )
    file.with_suffix(".vmrk").write_text(
        "Brain Vision Data Exchange Marker File, Version 1.0\n\n[Common Infos]\nCodepage=UTF-8\n"
        f"DataFile={file.stem}.eeg\n\n[Marker Infos]\nMk1=New Segment,,1,1,0,0\n"
        "Mk2=Stimulus,S  1,10,1,0\n",
        encoding="utf-8",
    )


def write_tables(file, shown=None, onset=None, status=None):
    """Write events (padded with spaces, samples for onsets) and channels beside a recording."""
    stem = file.stem.removesuffix("_eeg").removesuffix("_meg")
    shown = [STIMULI[i] for i in ORDER] if shown is None else shown
    onset = onsets(len(shown)) if onset is None else onset
    rows = [
        f"{at}\t20\tview\tstimuli\\x\\{name}.jpg   " for at, name in zip(onset, shown, strict=True)
    ]
    text = "\n".join(["onset\tduration\ttask\tstimulus_file ", *rows]) + "\n"
    file.with_name(f"{stem}_events.tsv").write_text(text)
    if status is not None:
        rows = [f"{name}\tEEG\tuV\t{status.get(name, 'good')}" for name in CHANNELS]
        table = file.with_name(f"{stem}_channels.tsv")
        table.write_text("\n".join(["name\ttype\tunits\tstatus", *rows]) + "\n")


@pytest.fixture
def recording(files):
    """Write one recording of noise, offsets and planted responses; return it (channel, sample)."""
    rng = np.random.default_rng(3)
    data = rng.normal(size=(6, 6000)) + 100 * np.arange(6)[:, None]
    data = data.astype(np.float32)
    write_brainvision(files / "s1" / "s1_task-x_eeg.vhdr", data)
    write_tables(files / "s1" / "s1_task-x_eeg.vhdr", status={})
    return data.astype(float)


def settings(**changes):
    presentations = {"stimulus": "stimulus_file", "name": "{stem}", "clock": 1000}
    return {
        "kind": "epochs",
        "files": "{subject}/*_eeg.vhdr",
        "presentations": presentations | changes.pop("presentations", {}),
        "windows": {"100-150 ms": [0.1, 0.15], "early": [0.0, 0.05]},
    } | changes


def read(layout, session="1"):
    responses.run(layout, "toy", "s1")
    return read_responses(layout.responses("toy", "s1"))[session]


def epochs_of(data, first, after, starts=None):
    """Return (epoch, channel, sample) by a plain loop."""
    starts = onsets() if starts is None else starts
    return np.stack([data[:, s + first : s + after] for s in starts])


def test_units_are_means_of_channels_in_time_bins(make_study, recording):
    data = read(make_study(settings(), STIMULI))
    assert data["stimulus"].values.tolist() == [STIMULI[i] for i in ORDER]
    assert data["repetition"].values.tolist() == [ORDER[:i].count(s) for i, s in enumerate(ORDER)]
    assert data["region"].values.tolist() == ["eeg"] * 6
    assert data["unit"].values[[0, 5]].tolist() == ["Fz", "Oz"]
    np.testing.assert_allclose(data["onset"].values, onsets() / 1000)
    assert data["time_start"].values.tolist() == [0.0, 0.1]
    assert data["time_stop"].values.tolist() == [0.05, 0.15]
    expected = np.stack(
        [epochs_of(recording, 0, 50).mean(axis=2), epochs_of(recording, 100, 150).mean(axis=2)],
        axis=2,
    )
    np.testing.assert_allclose(data["response"].values, expected, rtol=1e-6)
    assert data["response"].attrs["units"] == "µV"


def test_baseline_average_reference_and_samples(make_study, recording):
    spec = settings(
        baseline=[-0.1, 0.0], reference="average", units="samples", windows={"w": [0.1, 0.104]}
    )
    data = read(make_study(spec, STIMULI))
    epochs = epochs_of(recording, -100, 104)
    epochs = epochs - epochs.mean(axis=1, keepdims=True)
    epochs = epochs - epochs[:, :, :100].mean(axis=2, keepdims=True)
    expected = epochs[:, :, 200:204].reshape(12, -1)
    np.testing.assert_allclose(data["response"].values, expected, atol=1e-4)
    assert data["unit"].values[:5].tolist() == [
        "Fz 0.1 s", "Fz 0.101 s", "Fz 0.102 s", "Fz 0.103 s", "Cz 0.1 s",
    ]  # fmt: skip


def test_samples_of_several_windows_are_the_same_units(make_study, recording):
    windows = {"late": [0.1, 0.103], "early": [0.0, 0.003]}
    data = read(make_study(settings(units="samples", windows=windows), STIMULI))
    assert data["unit"].values[:4].tolist() == [
        "Fz sample 1", "Fz sample 2", "Fz sample 3", "Cz sample 1",
    ]  # fmt: skip
    expected = [epochs_of(recording, at, at + 3).reshape(12, -1) for at in (0, 100)]
    np.testing.assert_allclose(data["response"], np.stack(expected, axis=2), atol=1e-4)
    spec = settings(units="samples", windows={**windows, "long": [0.2, 0.21]})
    with pytest.raises(IsomorphError, match=r"samples \(early 3, late 3, long 10\)"):
        read(make_study(spec, STIMULI))


def test_small_blocks_change_nothing(make_study, recording, monkeypatch):
    spec = settings(baseline=[-0.1, 0.0])
    whole = read(make_study(spec, STIMULI))["response"].values
    monkeypatch.setattr(cutting, "BLOCK", 0.9)
    short = read(make_study(spec, STIMULI))["response"].values
    monkeypatch.setattr(cutting, "LARGEST", 1)
    single = read(make_study(spec, STIMULI))["response"].values
    np.testing.assert_allclose(short, whole, atol=1e-5)
    np.testing.assert_allclose(single, whole, atol=1e-5)


def test_the_order_of_the_table_is_not_that_of_the_onsets(make_study, recording, files):
    shuffled = np.random.default_rng(0).permutation(12)
    file = files / "s1" / "s1_task-x_eeg.vhdr"
    write_tables(file, [STIMULI[ORDER[i]] for i in shuffled], onsets()[shuffled])
    data = read(make_study(settings(), STIMULI))
    np.testing.assert_allclose(
        data["response"].values[..., 1],
        epochs_of(recording, 100, 150, onsets()[shuffled]).mean(axis=2),
        rtol=1e-6,
    )
    first = [int(np.flatnonzero(shuffled == i)[0]) for i in range(3)]  # earliest of each stimulus
    assert data["repetition"].values[first].tolist() == [0, 0, 0]


def test_bad_channels_and_epochs_that_cannot_be_are_counted(make_study, recording, files):
    file = files / "s1" / "s1_task-x_eeg.vhdr"
    onset = onsets()
    onset[0], onset[-1] = 50, 5900  # the baseline begins before the recording, the window ends late
    shown = [STIMULI[i] for i in ORDER]
    shown[5], shown[6] = "n/a", "mug07"
    write_tables(file, shown, onset, {"Cz": "bad", "O1": "BAD"})
    text = file.with_name("s1_task-x_events.tsv").read_text().splitlines()
    text[3] = text[3].replace("view", "rest")
    file.with_name("s1_task-x_events.tsv").write_text("\n".join(text))
    spec = settings(baseline=[-0.1, 0.0], presentations={"where": {"task": ["view"]}})
    data = read(make_study(spec, STIMULI))
    assert data.sizes["presentation"] == 12 - 2 - 2 - 1
    assert data["unit"].values[:4].tolist() == ["Fz", "Pz", "O2", "Oz"]
    for counted in (
        '"channels called bad": 2',
        '"events of another kind": 1',
        '"presentations of a stimulus that is not in the set": 2',
        '"epochs that reach outside the recording": 2',
    ):
        assert counted in data.attrs["dropped"]


def test_epochs_above_the_peak_to_peak_limit_are_counted(make_study, recording, files):
    loud = recording.copy()
    loud[3, onsets()[4] + 60] += 80
    write_brainvision(files / "s1" / "s1_task-x_eeg.vhdr", loud)
    data = read(make_study(settings(reject=40), STIMULI))
    assert '"epochs above the peak-to-peak limit": 1' in data.attrs["dropped"]
    rest = np.delete(onsets(), 4)
    np.testing.assert_allclose(data["onset"].values, rest / 1000)
    with pytest.raises(IsomorphError, match="in every one of the 12 epochs"):
        read(make_study(settings(reject=0.1), STIMULI))


def test_a_filter_is_that_of_the_continuous_recording(make_study, recording):
    data = read(make_study(settings(filter={"low": 1.0, "high": 40.0}), STIMULI))
    expected = mne.filter.filter_data(recording, RATE, 1.0, 40.0, verbose="error")
    np.testing.assert_allclose(
        data["response"].values[..., 1], epochs_of(expected, 100, 150).mean(axis=2), atol=1e-4
    )


def test_decimation_needs_a_filter(make_study, recording):
    spec = settings(units="samples", decimate=5, windows={"w": [0.1, 0.15]})
    with pytest.raises(
        IsomorphError, match=r"decimate leaves 200 Hz.* above 66.6667 Hz, .* 500 Hz"
    ):
        read(make_study(spec, STIMULI))
    data = read(make_study({**spec, "filter": {"high": 40.0}}, STIMULI))
    filtered = mne.filter.filter_data(recording, RATE, None, 40.0, verbose="error")
    expected = epochs_of(filtered, 100, 150)[:, :, ::5].reshape(12, -1)
    np.testing.assert_allclose(data["response"].values, expected, atol=1e-4)


def test_segments_marked_bad_are_left_out(make_study, files):
    """A FIF file whose first sample is not 0 and that carries annotations."""
    rng = np.random.default_rng(4)
    data = rng.normal(size=(6, 6000)) * 1e-6
    info = mne.create_info(CHANNELS, RATE, "eeg")
    raw = mne.io.RawArray(data, info, first_samp=700, verbose="error")
    raw.set_meas_date(0)
    raw.set_annotations(
        mne.Annotations(
            [0.7 + 1.32, 0.7 + 3], [0.1, 1], ["BAD jump", "note"], orig_time=raw.info["meas_date"]
        )
    )
    file = files / "s1" / "s1_task-x_eeg.fif"
    file.parent.mkdir()
    raw.save(file, verbose="error")
    write_tables(file)
    found = read(make_study(settings(files="{subject}/*.fif"), STIMULI))
    # onsets are 0.5, 0.9, 1.3 s and so on; only the third overlaps 1.32-1.42 s
    assert '"epochs in a segment marked bad": 1' in found.attrs["dropped"]
    kept = np.delete(onsets(), 2)
    np.testing.assert_allclose(
        found["response"].values[..., 1],
        epochs_of(data * 1e6, 100, 150, kept).mean(axis=2),
        rtol=1e-3, atol=1e-4,
    )  # fmt: skip


def test_magnetometers_are_in_femtotesla_and_kinds_do_not_mix(make_study, files):
    rng = np.random.default_rng(5)
    info = mne.create_info(["M1", "M2", "G1", "E1"], RATE, ["mag", "mag", "grad", "eeg"])
    data = rng.normal(size=(4, 6000)) * np.array([1e-13, 1e-13, 1e-12, 1e-6])[:, None]
    file = files / "s1" / "s1_task-x_meg.fif"
    file.parent.mkdir()
    mne.io.RawArray(data, info, verbose="error").save(file, verbose="error")
    write_tables(file)
    spec = settings(files="{subject}/*.fif", picks=["mag"])
    found = read(make_study(spec, STIMULI))
    assert found["response"].attrs["units"] == "fT"
    expected = epochs_of(data[:2] * 1e15, 100, 150).mean(axis=2)
    np.testing.assert_allclose(found["response"].values[..., 1], expected, rtol=1e-3, atol=1e-2)
    both = {**spec, "picks": ["mag", "grad"]}
    with pytest.raises(IsomorphError, match=r"in fT, fT/cm, which cannot stand side by side"):
        read(make_study(both, STIMULI))
    noise = {**both, "noise": {"kind": "univariate"}}
    assert read(make_study(noise, STIMULI)).sizes["unit"] == 3


def test_runs_of_a_session_follow_each_other_with_the_channels_good_in_all(make_study, files):
    rng = np.random.default_rng(6)
    runs = rng.normal(size=(2, 6, 6000)).astype(np.float32)
    for number, bad in ((1, "Cz"), (2, "Oz")):
        file = files / "s1" / f"s1_ses-b_run-0{number}_eeg.vhdr"
        write_brainvision(file, runs[number - 1])
        write_tables(file, status={bad: "bad"})
    data = read(make_study(settings(windows={"w": [0.1, 0.15]}), STIMULI), "b")
    assert data["unit"].values.tolist() == ["Fz", "Pz", "O1", "O2"]
    assert data["run"].values.tolist() == ["1"] * 12 + ["2"] * 12
    assert data["repetition"].values.max() == 7
    expected = [epochs_of(run.astype(float)[[0, 2, 3, 4]], 100, 150).mean(axis=2) for run in runs]
    np.testing.assert_allclose(
        data["response"].values, np.concatenate(expected), rtol=1e-3, atol=1e-6
    )
    assert '"channels called bad": 2' in data.attrs["dropped"]


@pytest.mark.parametrize("length", [8, 40, 4000])
def test_shrinkage_is_that_of_scikit_learn(length):
    rng = np.random.default_rng(length)
    samples = rng.normal(size=(length, 12)) @ rng.normal(size=(12, 12))
    moments = Moments(12)
    for part in np.array_split(samples, 3):
        moments.add(part)
    expected, _ = ledoit_wolf(samples, assume_centered=True)
    np.testing.assert_allclose(moments.shrunk(), expected, rtol=1e-9, atol=1e-12)


def test_noise_of_residuals_is_recovered_and_made_white():
    """Planted: 4 presentations of 500 stimuli, noise of a known covariance."""
    rng = np.random.default_rng(7)
    root = rng.normal(size=(5, 5))
    truth = root @ root.T
    signal = 10 * rng.normal(size=(500, 5, 2))
    noise = np.einsum("cd,eds->ecs", root, rng.normal(size=(2000, 5, 2)))
    stimulus = np.tile(np.arange(500), 4).astype(str)
    moments = residual_moments(np.tile(signal, (4, 1, 1)) + noise, stimulus)
    np.testing.assert_allclose(moments.covariance(), truth, atol=0.08 * np.abs(truth).max())
    white = normaliser("multivariate", moments, "")
    np.testing.assert_allclose(white @ truth @ white.T, np.eye(5), atol=0.1)
    np.testing.assert_allclose(white, white.T, atol=1e-12)
    scaled = normaliser("univariate", moments, "")
    np.testing.assert_allclose(np.diag(scaled), np.diag(truth) ** -0.5, rtol=0.1)


@pytest.mark.parametrize("of", ["baseline", "residuals"])
def test_normalised_responses_are_those_of_a_plain_computation(make_study, recording, of):
    spec = settings(
        baseline=[-0.1, 0.0], noise={"kind": "multivariate", "of": of}, windows={"w": [0.1, 0.15]}
    )
    data = read(make_study(spec, STIMULI))
    epochs = epochs_of(recording, -100, 150)
    epochs -= epochs[:, :, :100].mean(axis=2, keepdims=True)
    means = epochs[:, :, 200:].mean(axis=2)
    if of == "baseline":
        samples = np.concatenate([epoch[:, :100].T for epoch in epochs]) * np.sqrt(100 / 99)
    else:
        order = np.array(ORDER)
        samples = np.concatenate(
            [means[order == s] - means[order == s].mean(axis=0) for s in range(3)]
        ) * np.sqrt(4 / 3)
    covariance, _ = ledoit_wolf(samples, assume_centered=True)
    values, vectors = np.linalg.eigh(covariance)
    expected = means @ (vectors / np.sqrt(values)) @ vectors.T
    np.testing.assert_allclose(data["response"].values, expected, rtol=2e-3, atol=2e-3)
    assert data["response"].attrs["units"] == "standard deviations of the noise"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"picks": ["egg"]}, 'no channel is of type or name "egg", *eeg*'),
        ({"leave_out": ["Q*"]}, 'no channel is of type or name "Q*"*'),
        ({"picks": ["O*"], "leave_out": ["O?"]}, "none of the 0 channels asked for is good"),
        ({"presentations": {"clock": 1}}, "none of the 12 epochs lies inside*of 6 s*"),
        ({"presentations": {"onset": "begin"}}, 'no column "begin", *'),
        ({"presentations": {"where": {"task": ["none"]}}}, "none of the 12 events has task in*"),
        ({"windows": {"w": [0.1, 0.1004]}, "baseline": [-0.0004, -0.0001]},
         "no sample lies in the window baseline*"),
        ({"filter": {"high": 600}}, "is sampled at 1000 Hz, so responses.filter must stay below*"),
        ({"reference": "average", "picks": ["Cz"], "noise": {"kind": "univariate"}},
         "1 of 1 channels have no noise*"),
    ],
)  # fmt: skip
def test_what_cannot_be_cut_says_why(make_study, recording, changes, words):
    with pytest.raises(IsomorphError) as error:
        read(make_study(settings(**changes), STIMULI))
    assert fnmatch(str(error.value), f"*: {words}"), str(error.value)


def test_a_recording_without_events_or_that_is_none(make_study, recording, files):
    file = files / "s1" / "s1_task-x_eeg.vhdr"
    file.with_name("s1_task-x_events.tsv").unlink()
    with pytest.raises(IsomorphError, match=r"none of the 0 tables of events .* belongs to it"):
        read(make_study(settings(), STIMULI))
    file.write_text("nothing")
    with pytest.raises(IsomorphError, match="cannot be read as a recording"):
        read(make_study(settings(), STIMULI))


def test_a_hole_in_the_recording_is_refused(make_study, recording, files):
    recording[2, 3000] = np.nan
    write_brainvision(files / "s1" / "s1_task-x_eeg.vhdr", recording)
    with pytest.raises(IsomorphError, match="holds 1 values that are not finite"):
        read(make_study(settings(), STIMULI))


def write_edf(file, data):
    """Write (channel, sample) in µV as EDF: text of fixed widths, then seconds of int16."""
    n, rate = len(data), int(RATE)
    seconds = data.shape[1] // rate
    per_channel = [
        (16, CHANNELS), (80, [""] * n), (8, ["uV"] * n), (8, ["-3276.8"] * n), (8, ["3276.7"] * n),
        (8, ["-32768"] * n), (8, ["32767"] * n), (80, [""] * n), (8, [rate] * n), (32, [""] * n),
    ]  # fmt: skip
    start = [(8, "0"), (80, "X X X X"), (80, "Startdate X X X X"), (8, "01.01.20"), (8, "00.00.00"),
             (8, 256 * (n + 1)), (44, ""), (8, seconds), (8, 1), (4, n)]  # fmt: skip
    header = "".join(str(value).ljust(width) for width, value in start)
    header += "".join(str(v).ljust(width) for width, values in per_channel for v in values)
    records = np.rint(data * 10).astype("<i2").reshape(n, seconds, rate)
    file.parent.mkdir(parents=True)
    file.write_bytes(header.encode("ascii") + np.swapaxes(records, 0, 1).tobytes())


def test_edf_is_read_in_microvolt(make_study, files):
    data = 20 * np.random.default_rng(8).normal(size=(6, 6000))
    file = files / "s1" / "s1_task-x_eeg.edf"
    write_edf(file, data)
    write_tables(file)
    found = read(make_study(settings(files="{subject}/*.edf"), STIMULI))
    expected = epochs_of(np.rint(data * 10) / 10, 100, 150).mean(axis=2)
    np.testing.assert_allclose(found["response"].values[..., 1], expected, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"windows": {}}, "windows: must name at least one"),
        ({"windows": {"w": [0.2, 0.1]}}, "must start before it stops"),
        ({"decimate": 2}, "decimate: goes with units: samples"),
        ({"noise": {"kind": "univariate", "of": "baseline"}}, "noise.of: baseline needs baseline"),
        ({"filter": {}}, "give low, high or both"),
        ({"filter": {"low": 40, "high": 1}}, "low must be below high"),
        ({"presentations": {"name": "x"}}, 'must hold "{}" or "{stem}" once'),
    ],
)
def test_settings_that_contradict_themselves(make_study, changes, words):
    with pytest.raises(IsomorphError) as error:
        make_study(settings(**changes), STIMULI)
    assert words in str(error.value)


@pytest.mark.parametrize("rate", [0.0, np.inf, np.nan])
def test_a_recording_without_a_rate_is_refused(tmp_path, monkeypatch, rate):
    """MNE-Python reads some damaged headers as one."""
    file = tmp_path / "x_eeg.fif"
    raw = mne.io.RawArray(np.ones((1, 100)), mne.create_info(["Cz"], RATE, "eeg"))
    raw.save(file, verbose="error")
    with raw.info._unlock():
        raw.info["sfreq"] = rate
    monkeypatch.setattr(mne.io, "read_raw", lambda *_, **__: raw)
    with pytest.raises(
        IsomorphError, match=rf"x_eeg\.fif: says that it has {rate:g} samples per s"
    ):
        open_recording(file)


def test_samples_of_a_file_elsewhere_are_not_read(make_study, files, recording, tmp_path):
    """A header names the file of samples, which may be any of the user's."""
    header = files / "s1" / "s1_task-x_eeg.vhdr"
    private = tmp_path / "id_rsa"
    private.write_bytes(header.with_suffix(".eeg").read_bytes())
    text = header.read_text().replace("DataFile=s1_task-x_eeg.eeg", "DataFile=../../id_rsa")
    header.write_text(text)
    with pytest.raises(IsomorphError, match=r"names another file, .*id_rsa.*outside the folder"):
        responses.run(make_study(settings(), STIMULI), "toy", "s1")


@pytest.mark.parametrize("between", [0, 0.4])
def test_one_presentation_listed_twice_is_refused(make_study, recording, files, between):
    file = files / "s1" / "s1_task-x_eeg.vhdr"
    onset = [*onsets(), onsets()[3] + between]  # samples
    write_tables(file, [STIMULI[i] for i in [*ORDER, ORDER[3]]], onset)
    with pytest.raises(IsomorphError, match=r'"tree01" at 1\.7\d* s is listed twice \(1 pres'):
        read(make_study(settings(), STIMULI))


def test_an_onset_that_is_no_number_is_refused(make_study, recording, files):
    file = files / "s1" / "s1_task-x_eeg.vhdr"
    write_tables(file, onset=[*onsets()[:11].astype(str), "4,9"])
    with pytest.raises(IsomorphError, match='line 13: onset is "4,9", expected a number'):
        read(make_study(settings(), STIMULI))


@pytest.mark.parametrize("name", ["boundary", "EDGE boundary", "New Segment/", "BAD boundary"])
@pytest.mark.parametrize(("at", "left_out"), [(1000, 1), (1149, 1), (1150, 0), (900, 0)])
def test_epochs_across_a_break_are_left_out(make_study, files, name, at, left_out):
    file = files / "s1" / "s1_task-x_eeg.fif"
    file.parent.mkdir(parents=True)
    raw = mne.io.RawArray(np.ones((6, 6000)), mne.create_info(CHANNELS, RATE, "eeg"))
    # EEGLAB notes how much is gone, though nothing of it is there
    raw.set_annotations(mne.Annotations(at / RATE, 3.0 if name == "boundary" else 0.0, name))
    raw.save(file, verbose="error")
    write_tables(file, onset=[1000 - 100, *onsets()[2:]], shown=[STIMULI[i] for i in ORDER[1:]])
    spec = settings(files="{subject}/*_eeg.fif", windows={"late": [0.0, 0.25]})
    found = read(make_study(spec, STIMULI))
    assert found.sizes["presentation"] == 11 - left_out

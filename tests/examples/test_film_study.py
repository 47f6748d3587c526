"""A film from its file to comparisons: spikes on frames, networks over frames, a single play."""

import shutil

import h5py
import numpy as np
import pandas as pd
import yaml
from pynwb import NWBHDF5IO, NWBFile

from isomorph.artefacts import read_array, read_table
from isomorph.layout import Layout
from isomorph.stages import (
    activations,
    compare,
    fetch,
    rdms,
    reliability,
    responses,
    stimuli,
)
from isomorph.study import load_study

RATE, SECONDS, EVERY = 10, 12.0, 0.5
"""Frames per second, length and seconds between stimuli of the film."""


def film_and_drive():
    """Return a film (frame, row, column) of drifting gratings, and its contrasts (frame, place)."""
    rng = np.random.default_rng(5)
    time = np.arange(int(RATE * SECONDS)) / RATE
    at = np.linspace(0, 2 * np.pi, 24)
    slow = np.cumsum(rng.standard_normal((len(time), 2)), axis=0) * 0.4
    pictures = [np.sin(3 * at[None, :] + one[0]) + np.sin(2 * at[:, None] + one[1]) for one in slow]
    film = np.stack([np.rint(127.5 + 60 * one) for one in pictures]).astype(np.uint8)
    drive = film.reshape(len(film), -1)[:, rng.choice(24 * 24, 15)] / 127.5 - 1
    return film, drive


def record(file, drive, starts, seed):
    """Write a recording in which units follow places of the film, 50 ms late."""
    rng = np.random.default_rng(seed)
    nwb = NWBFile("film", file.stem, pd.Timestamp("2024-01-01", tz="UTC"))
    nwb.add_trial_column("film", "film")
    for start in starts:
        nwb.add_trial(start_time=start, stop_time=start + SECONDS, film="drift")
    step = 1 / RATE
    for unit in range(drive.shape[1]):
        rates = 12 * np.exp(1.2 * drive[:, unit])
        spikes = [
            start + 0.05 + step * frame + step * rng.random(rng.poisson(rate * step))
            for start in starts
            for frame, rate in enumerate(rates)
        ]
        rest = rng.uniform(0, starts[-1] + SECONDS + 5, 60)
        nwb.add_unit(spike_times=np.sort(np.concatenate([*spikes, rest])))
    with NWBHDF5IO(str(file), "w") as io:
        io.write(nwb)


def make(root, repository, starts, distances):
    """Make a study of one film and return its layout, its stimuli and responses made."""
    film, drive = film_and_drive()
    files = root / "files"
    files.mkdir(parents=True)
    with h5py.File(files / "drift.h5", "w") as file:
        file["frames"] = film
    for seed, subject in enumerate(("s1", "s2")):
        record(files / f"{subject}.nwb", drive, starts, seed)
    network = repository / "docs" / "how-to" / "own_network.py"
    shutil.copy(network, root / "own_network.py")
    written = {
        "clip": {
            "name": "clip", "species": "none", "citation": "none", "licence": "none",
            "subjects": ["s1", "s2"], "archive": {"kind": "local", "path": "files"},
            "stimuli": {
                "kind": "film", "file": "drift.h5", "rate": RATE, "every": EVERY,
                "clips": {"frames": 4, "spacing": 0.1},
            },
            "responses": {
                "kind": "nwb", "files": "{subject}.nwb", "region": {"name": "V1"},
                "presentations": {"stimulus": "film", "film": {"rows": "plays"}},
                "window": [0.05, 0.55],
            },
            "expected": {"stimuli": 24},
        },
        "pixels": {"name": "pixels", "title": "p", "source": "baseline/pixels",
                   "preprocessing": {"size": 12}},
        "gabor": {"name": "gabor", "title": "g", "source": "baseline/gabor",
                  "preprocessing": {"size": 32}},
        "net": {"name": "net", "title": "n", "source": "python/own_network:network",
                "layers": ["first"]},
        "study": {"name": "films", "title": "Films", "datasets": ["clip.yaml"],
                  "models": ["pixels.yaml", "gabor.yaml", "net.yaml"],
                  "distances": distances, "measures": ["spearman"],
                  "inference": {"resamples": 100, "permutations": 100}},
    }  # fmt: skip
    for name, content in written.items():
        (root / f"{name}.yaml").write_text(yaml.safe_dump(content))
    layout = Layout(load_study(root / "study.yaml"), root)
    fetch.run(layout, "clip")
    stimuli.run(layout, "clip")
    for subject in ("s1", "s2"):
        responses.run(layout, "clip", subject)
    reliability.run(layout, "clip")
    rdms.run_brain(layout, "clip")
    return layout


def test_a_film_goes_from_its_file_to_comparisons(tmp_path, repository):
    layout = make(tmp_path, repository, [5.0, 20.0, 40.0, 55.0], ["euclidean"])
    for instance, _, _ in layout.study.instances():
        activations.run(layout, "clip", instance)
        rdms.run_model(layout, "clip", instance)
    compare.run(layout, "clip")
    table = read_table(layout.comparisons("clip"), "comparisons")
    assert set(table["n_stimuli"]) == {24}
    best = table.groupby("model")["estimate"].max()
    assert set(best.index) == {"pixels", "gabor", "net"}
    assert best["pixels"] > 0.4  # units follow places of the film
    half = read_table(layout.reliability("clip"), "reliability")
    assert half["spearman_brown"].median() > 0.3


def test_frames_shown_once_have_no_repetitions_and_it_is_said(tmp_path, repository):
    layout = make(tmp_path, repository, [5.0], ["euclidean", "crossvalidated_euclidean"])
    half = read_table(layout.reliability("clip"), "reliability")
    assert half["split_half"].isna().all()
    assert half["status"].str.startswith("undefined: ").all()
    assert half["status"][0].startswith("undefined: 0 of 24 stimuli were shown more than")
    brain = read_array(layout.brain_rdms("clip"), "rdms")
    assert brain["euclidean"].notnull().all()
    assert brain["crossvalidated_euclidean"].isnull().all()
    reason = str(brain["crossvalidated_euclidean_reason"].values[0])
    assert "it needs at least two repetitions" in reason

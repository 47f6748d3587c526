"""A replica of the EEG of things that move or not: one BrainVision recording and its images.

Kept from the real one: file names, multiplexed BrainVision samples at 1 kHz, onsets in samples,
values padded with spaces, no channels table, images in folders of kind and category. Planted: from
100 to 250 ms the scalp shows the category, and weaker the single image.
"""

import json

import numpy as np
from images import natural_like
from PIL import Image

GROUP = "compared"
SUBJECTS = ["sub-01"]
FOLDERS = ["animals/cat", "movArt/boat", "nonmovNat/rock", "plant/cactus"]
PREFIX = {"animals": "animal", "movArt": "ma", "nonmovNat": "nmn", "plant": "plant"}
IMAGES, REPEATS, CHANNELS, STEP = 4, 6, 12, 250
N = len(FOLDERS) * IMAGES
RESOLUTION = 0.0488281
EXPECTED = {
    "sessions": {"sub-01": 1},
    "stimuli": N,
    "presentations": {"sub-01": N * REPEATS},
    "repetitions": {"sub-01": REPEATS},
    "units": {"eeg": CHANNELS},
}


def stimuli():
    """Return path and category of each image, below `stimuli/`.

    `natural_like` gives every fourth picture the same category.
    """
    found = []
    for place in range(N):
        folder = FOLDERS[place % len(FOLDERS)]
        kind, category = folder.split("/")
        number = place // len(FOLDERS) + 1
        found.append((f"{folder}/{PREFIX[kind]}_{category}{number:02d}.jpg", place % len(FOLDERS)))
    return found


def write(root):
    """Write the repository."""
    home = root / "ds003885" / "1.0.7"
    stem = home / "sub-01" / "eeg" / "sub-01_task-movement"
    stem.parent.mkdir(parents=True)
    (home / "dataset_description.json").write_text(
        json.dumps({"Name": "replica", "License": "CC0"})
    )
    (home / "participants.json").write_text(json.dumps({"age": {"Units": "years"}}))
    (home / "participants.tsv").write_text("participant_id\tage\nsub-01\t20\n")
    (home / "task-movement_eeg.json").write_text(json.dumps({"SamplingFrequency": 1000}))
    for (path, _), pixels in zip(stimuli(), natural_like(N, 32, 32, seed=3885), strict=True):
        file = home / "stimuli" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(file, format="JPEG", quality=95)
    rng = np.random.default_rng(3885)
    order = np.concatenate([rng.permutation(N) for _ in range(REPEATS)])
    onsets = 1000 + STEP * np.arange(len(order))
    _write_recording(stem, _potentials(rng, order, onsets), onsets)
    _write_events(stem, order, onsets)


def _potentials(rng, order, onsets):
    """Return µV (sample, channel): offsets, correlated noise, and the planted responses."""
    n_samples = int(onsets[-1]) + 1500
    mixing = np.eye(CHANNELS) + 0.5 * rng.normal(size=(CHANNELS, CHANNELS)) / np.sqrt(CHANNELS)
    noise = 6 * rng.normal(size=(n_samples, CHANNELS)) @ mixing
    kind = rng.normal(size=(len(FOLDERS), CHANNELS))[[category for _, category in stimuli()]]
    topography = 3 * kind + 1.5 * rng.normal(size=(N, CHANNELS))
    course = np.hanning(150)[:, None]
    for image, onset in zip(order, onsets, strict=True):
        noise[onset + 100 : onset + 250] += course * topography[image]
    return noise + rng.normal(scale=200, size=CHANNELS)


def _write_recording(stem, potentials, onsets):
    name = f"{stem.name}_eeg"
    samples = np.rint(potentials / RESOLUTION).astype("<i2")
    stem.with_name(f"{name}.eeg").write_bytes(samples.tobytes())
    channels = "\n".join(f"Ch{i}=E{i},,{RESOLUTION},µV" for i in range(1, CHANNELS + 1))
    header = (
        "Brain Vision Data Exchange Header File Version 1.0\n\n[Common Infos]\nCodepage=UTF-8\n"
        f"DataFile={name}.eeg\nMarkerFile={name}.vmrk\nDataFormat=BINARY\n"
        f"DataOrientation=MULTIPLEXED\nNumberOfChannels={CHANNELS}\nSamplingInterval=1000\n\n"
        f"[Binary Infos]\nBinaryFormat=INT_16\n\n[Channel Infos]\n{channels}\n"
    )
    stem.with_name(f"{name}.vhdr").write_text(header, encoding="utf-8")
    marks = [f"Mk{i}=Stimulus,S  1,{onset + 1},1,0" for i, onset in enumerate(onsets, 2)]
    markers = (
        "Brain Vision Data Exchange Marker File, Version 1.0\n\n[Common Infos]\nCodepage=UTF-8\n"
        f"DataFile={name}.eeg\n\n[Marker Infos]\n"
        + "\n".join(["Mk1=New Segment,,1,1,0,20210101120000000000", *marks])
        + "\n"
    )
    stem.with_name(f"{name}.vmrk").write_text(markers, encoding="utf-8")


def _write_events(stem, order, onsets):
    width = max(len(path) for path, _ in stimuli()) + 12
    lines = ["onset\tduration\teventnumber\tstimulus_file"]
    for number, (image, onset) in enumerate(zip(order, onsets, strict=True)):
        value = f"stimuli/{stimuli()[image][0]}".ljust(width)
        lines.append(f"{onset}\t200\t{number}\t{value}")
    lines.append(f"{onsets[-1] + STEP}\t0\t{len(order)}\tn/a".ljust(width))
    stem.with_name(f"{stem.name}_events.tsv").write_text("\n".join(lines) + "\n")
    described = {"onset": {"Description": "samples"}, "stimulus_file": {"Description": "image"}}
    stem.with_name(f"{stem.name}_events.json").write_text(json.dumps(described))

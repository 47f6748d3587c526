"""A study whose region and whose pixels are rings: a bar in many orientations."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import tiny_study
import yaml
from PIL import Image

from isomorph.layout import Layout
from isomorph.stages import activations, fetch, responses, stimuli
from isomorph.study import load_study

N_STIMULI, N_UNITS, N_FEW = 40, 24, 8

TOPOLOGY = {
    "of": "stimuli", "points": 40, "dimensions": 1, "shuffles": 99, "components": 4,
}  # fmt: skip


def write_settings(folder: Path, **topology: object) -> None:
    """Write the study's settings; without keys it asks for no topology."""
    for place in ("datasets", "models"):
        (folder / "config" / place).mkdir(parents=True, exist_ok=True)
    pixels = yaml.safe_load((tiny_study.ROOT / "config" / "models" / "pixels.yaml").read_text())
    kept = {**pixels, "features": 200}
    other = {**pixels, "name": "bare", "title": "Bare"}
    for model in (kept, other):
        tiny_study.write_yaml(folder / "config" / "models" / f"{model['name']}.yaml", model)
    asked = {**tiny_study.STUDY, "datasets": ["small"], "models": ["pixels", "bare"]}
    if topology:
        asked["topology"] = topology
    tiny_study.write_yaml(folder / "config" / "study.yaml", asked)
    file = folder / "config" / "datasets" / "small.yaml"
    tiny_study.write_yaml(file, tiny_study.SMALL)


def layout_of(folder: Path, **topology: object) -> Layout:
    """Write the study's settings and return its layout."""
    write_settings(folder, **topology)
    return Layout(load_study(folder / "config" / "study.yaml"), folder)


def write_files(folder: Path) -> None:
    """Write images of a bar at many angles, and responses of units tuned to them."""
    rng = np.random.default_rng(0)
    small = folder / "files" / "small"
    (small / "images").mkdir(parents=True)
    angle = 2 * np.pi * np.arange(N_STIMULI) / N_STIMULI
    y, x = np.mgrid[-1:1:24j, -1:1:24j]
    for number, one in enumerate(angle):
        blob = np.exp(-((x - 0.6 * np.cos(one)) ** 2 + (y - 0.6 * np.sin(one)) ** 2) / 0.2)
        Image.fromarray((255 * blob).astype(np.uint8)).convert("RGB").save(
            small / "images" / f"bar_{number:02}.png"
        )
    names = [f"bar_{number:02}" for number in range(N_STIMULI)]
    preferred = rng.uniform(0, 2 * np.pi, N_UNITS + N_FEW)
    tuning = np.exp(2 * np.cos(angle[:, None] - preferred))
    regions = ["V1"] * N_UNITS + ["IT"] * N_FEW
    for subject in tiny_study.SUBJECTS:
        noise = rng.standard_normal((3, *tuning.shape))
        np.save(small / f"{subject}.npy", (tuning + 0.3 * noise).reshape(-1, tuning.shape[1]))
        shown = pd.DataFrame({"stimulus": names * 3})
        shown.to_csv(small / f"{subject}_presentations.csv", index=False)
        pd.DataFrame({"region": regions}).to_csv(small / f"{subject}_units.csv", index=False)


def made(folder: Path) -> Layout:
    """Write the study and all that topology reads."""
    write_files(folder)
    layout = layout_of(folder, **TOPOLOGY)
    fetch.run(layout, "small")
    stimuli.run(layout, "small")
    for subject in tiny_study.SUBJECTS:
        responses.run(layout, "small", subject)
    for model in ("pixels", "bare"):
        activations.run(layout, "small", model)
    return layout

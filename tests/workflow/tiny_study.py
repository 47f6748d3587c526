"""A study small enough to run for real: twelve images, two people, one dataset that is broken."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from PIL import Image

from isomorph.artefacts import sha256

ROOT = Path(__file__).parents[2]
N_STIMULI, N_UNITS, N_REPETITIONS = 12, 8, 3
SUBJECTS = ("one", "two")

STUDY = {
    "name": "tiny",
    "title": "A tiny study",
    "datasets": ["small", "broken"],
    "models": ["pixels"],
    "distances": ["correlation"],
    "measures": ["pearson"],
    "inference": {
        "resamples": 20,
        "permutations": 20,
        "minimum_subjects": 2,
        "explain": {"resamples": 20, "splits": 2},
        "recovery": {"simulations": 5},
    },
}
COMMON = {
    "title": "Tiny",
    "citation": "Nobody, for a test.",
    "licence": "CC0-1.0",
    "species": "none",
}
SMALL = {
    **COMMON,
    "name": "small",
    "subjects": list(SUBJECTS),
    "stimuli": {"kind": "folder", "files": "images/*.png"},
    "archive": {"kind": "local", "path": "../../files/small"},
    "responses": {
        "kind": "arrays",
        "responses": "{subject}.npy",
        "presentations": "{subject}_presentations.csv",
        "units": "{subject}_units.csv",
    },
}
BROKEN = {
    **COMMON,
    "name": "broken",
    "subjects": ["one"],
    "stimuli": {"kind": "like", "dataset": "small"},
    "archive": {"kind": "local", "path": "../../files/broken"},
    "responses": {
        "kind": "rdms",
        "sources": [
            {
                "region": "IT", "file": "rdms.npy", "subjects": ["one"],
                "distance": "correlation",
            },
        ],
    },
}  # fmt: skip


def write(folder: Path) -> None:
    """Write the study, its two datasets and its model into an empty folder."""
    rng = np.random.default_rng(0)
    config = folder / "config"
    for place in ("datasets", "models"):
        (config / place).mkdir(parents=True)
    model = ROOT / "config" / "models" / "pixels.yaml"
    (config / "models" / "pixels.yaml").write_text(model.read_text(encoding="utf-8"))
    write_yaml(config / "study.yaml", STUDY)
    for dataset in (SMALL, BROKEN):
        write_yaml(config / "datasets" / f"{dataset['name']}.yaml", dataset)
        (folder / "files" / dataset["name"]).mkdir(parents=True)
    (folder / "files" / "small" / "images").mkdir()
    for number in range(N_STIMULI):
        pixels = rng.integers(0, 256, (16, 16, 3), dtype=np.uint8)
        file = folder / "files" / "small" / "images" / f"image_{number:02}.png"
        Image.fromarray(pixels).save(file)
    names = [f"image_{number:02}" for number in range(N_STIMULI)]
    tuning = rng.standard_normal((N_STIMULI, N_UNITS))
    small = folder / "files" / "small"
    for subject in SUBJECTS:
        noise = rng.standard_normal((N_REPETITIONS, N_STIMULI, N_UNITS))
        np.save(small / f"{subject}.npy", (tuning + 0.3 * noise).reshape(-1, N_UNITS))
        shown = pd.DataFrame({"stimulus": names * N_REPETITIONS})
        shown.to_csv(small / f"{subject}_presentations.csv", index=False)
        units = pd.DataFrame({"region": ["V1", "IT"] * (N_UNITS // 2)})
        units.to_csv(small / f"{subject}_units.csv", index=False)
    write_rdms(folder, N_STIMULI - 1)


def write_rdms(folder: Path, n_stimuli: int) -> None:
    """Write the RDMs of the broken dataset, which is right with as many stimuli as images."""
    rng = np.random.default_rng(1)
    half = np.triu(rng.random((n_stimuli, n_stimuli)), k=1)
    np.save(folder / "files" / "broken" / "rdms.npy", half + half.T)


def write_yaml(file: Path, content: dict) -> None:
    file.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")


def snakemake(
    folder: Path, *arguments: str, source: Path = ROOT / "src", study: str = "study", **keys: str
) -> subprocess.CompletedProcess[str]:
    """Run the workflow of the repository in a folder."""
    return subprocess.run(
        _command(folder, *arguments, study=study, **keys),
        cwd=folder, env=_environment(source), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
    )  # fmt: skip


def started(
    folder: Path,
    *arguments: str,
    source: Path = ROOT / "src",
    environment: Mapping[str, str] = os.environ,
) -> subprocess.Popen[str]:
    """Start the workflow of the repository in a folder, apart from this process."""
    # What a shell starts in the background ignores interrupts, and so would all it starts.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return subprocess.Popen(
            _command(folder, *arguments), cwd=folder, env=_environment(source, environment),
            text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    finally:
        signal.signal(signal.SIGINT, before)


def broken_off(folder: Path, after: str, by: signal.Signals) -> tuple[int, str]:
    """Start the workflow and break it off once it has said something; return status and words."""
    process = started(folder)
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if after in line:
            break
    # a terminal sends Ctrl-C to everything that runs in it, and a loss of power spares nothing
    os.killpg(process.pid, by)
    rest, _ = process.communicate(timeout=60)
    return process.returncode, "".join([*lines, rest])


def times(folder: Path) -> dict[str, int]:
    """Return when each file of the results and the data was last written."""
    return {
        str(file.relative_to(folder)): file.stat().st_mtime_ns
        for top in ("data", "results")
        for file in sorted((folder / top).rglob("*"))
        if file.is_file() and not {"logs", "benchmarks"} & set(file.parts)
    }


def contents(folder: Path) -> dict[str, str]:
    """Return the hash of each file of the results and the data."""
    return {path: sha256(folder / path) for path in times(folder)}


def settle() -> None:
    """Let a moment pass, so that a file written now is newer than one written before."""
    time.sleep(0.05)


def _command(folder: Path, *arguments: str, study: str = "study", **keys: str) -> list[str]:
    return [
        *(sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile")),
        *("--workflow-profile", str(ROOT / "profiles" / "default")),
        *("--directory", str(folder), "--cores", "2"),
        *(arguments or ()),
        *("--config", f"study=config/{study}.yaml"),
        *(f"{key}={value}" for key, value in keys.items()),
    ]


def _environment(source: Path, base: Mapping[str, str] = os.environ) -> dict[str, str]:
    return {**base, "PYTHONPATH": str(source), "OMP_NUM_THREADS": "1"}

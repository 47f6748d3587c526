"""The package as people get it: built, installed into an empty environment, run in an empty folder.

The wheel is built from the source distribution, so that both are tried. No data are fetched; what
the package needs comes from the package index.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import tempfile
import time
import venv
from pathlib import Path

ROOT = Path(__file__).parents[1]

OWN_DATA = """
import numpy as np, pandas as pd
from pathlib import Path
from PIL import Image

rng = np.random.default_rng(0)
own = Path("own")
(own / "images").mkdir(parents=True)
names = [f"image_{number:02}" for number in range(12)]
for name in names:
    Image.fromarray(rng.integers(0, 256, (16, 16, 3), dtype=np.uint8)).save(
        own / "images" / f"{name}.png"
    )
tuning = rng.standard_normal((12, 8))
for subject in ("one", "two"):
    shown = (tuning + 0.3 * rng.standard_normal((3, 12, 8))).reshape(-1, 8)
    np.save(own / f"{subject}.npy", shown)
    pd.DataFrame({"stimulus": names * 3}).to_csv(own / f"{subject}_shown.csv", index=False)
    pd.DataFrame({"region": ["V1", "IT"] * 4}).to_csv(own / f"{subject}_units.csv", index=False)
"""
STUDY = """
name: mine
title: A study of own arrays
datasets: [own.yaml]
models: [pixels, gabor]
measures: [pearson]
inference:
  resamples: 20
  permutations: 20
  minimum_subjects: 2
  explain: {resamples: 20, splits: 2}
  recovery: {simulations: 5}
"""
DATASET = """
name: own
title: Own arrays
citation: Nobody, for a test.
licence: CC0-1.0
species: none
subjects: [one, two]
stimuli: {kind: folder, files: images/*.png}
archive: {kind: local, path: own}
responses:
  kind: arrays
  responses: "{subject}.npy"
  presentations: "{subject}_shown.csv"
  units: "{subject}_units.csv"
"""


def main() -> int:
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="isomorph-package-") as folder:
        place = Path(folder)
        wheel = build(place)
        told(started, f"built {wheel.name}, {wheel.stat().st_size / 1e6:.1f} MB")
        installed = time.monotonic()
        bin_ = install(place, wheel)
        told(started, f"installed in {time.monotonic() - installed:.0f} s")
        run_own_study(place / "study", bin_)
        told(started, "a report of own data stands")
    return 0


def build(place: Path) -> Path:
    """Build the source distribution, and from it the wheel."""
    hatch = [sys.executable, "-m", "hatchling", "build", "-d", str(place), "-t"]
    run([*hatch, "sdist"], ROOT)
    (sdist,) = place.glob("*.tar.gz")
    with tarfile.open(sdist) as packed:
        packed.extractall(place, filter="data")
    run([*hatch, "wheel"], place / sdist.name.removesuffix(".tar.gz"))
    (wheel,) = place.glob("*.whl")
    return wheel


def install(place: Path, wheel: Path) -> Path:
    """Install a wheel into an empty environment; return its folder of commands."""
    venv.create(place / "venv", with_pip=True)
    bin_ = place / "venv" / "bin"
    pip = [str(bin_ / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    # compiling all of what is installed takes longer than what the study imports of it
    run([*pip, "--no-compile", "-c", str(ROOT / "constraints.txt"), str(wheel)], place)
    return bin_


def run_own_study(folder: Path, bin_: Path) -> None:
    """Try the commands in an empty folder, and bring a study of own arrays to its report."""
    folder.mkdir()
    isomorph = str(bin_ / "isomorph")
    run([isomorph, "--version"], folder)
    run([isomorph, "check", "--study", "demo"], folder)
    run([isomorph, "demo", "--dry-run"], folder)
    run([str(bin_ / "python"), "-c", OWN_DATA], folder)
    (folder / "mine.yaml").write_text(STUDY, encoding="utf-8")
    (folder / "own.yaml").write_text(DATASET, encoding="utf-8")
    run([isomorph, "check", "--study", "mine.yaml"], folder)
    run([isomorph, "run"], folder)
    report = folder / "results" / "mine" / "report.html"
    if not report.is_file():
        raise SystemExit(f"{report}: no report was written")


def run(words: list[str], folder: Path) -> None:
    """Run a command outside of the repository, with nothing of this environment in its own."""
    of_here = {"PYTHONPATH", "VIRTUAL_ENV", "MAKEFLAGS", "MAKELEVEL", "MFLAGS"}
    environment = {key: value for key, value in os.environ.items() if key not in of_here}
    subprocess.run(words, cwd=folder, env=environment, check=True)


def told(started: float, what: str) -> None:
    print(f"package: {what}, {time.monotonic() - started:.0f} s since the start", flush=True)


if __name__ == "__main__":
    sys.exit(main())

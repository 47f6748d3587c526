"""How much memory and time each stage takes, beside what the workflow asks for.

Runs every stage of a study of growing size, each as the process it is in the workflow, and prints
on stderr its peak of memory and its processor time beside what `isomorph.runs.resources` predicts.
Then, for every term of that prediction, the cost that a non-negative least-squares fit of relative
errors gives beside the one that is declared. `--measured STUDY` fits to the benchmark files that
runs of studies have left below the current folder instead.

The ratios are what is asked for over what was taken, of the job that came nearest: below 1 a job
would be killed.
"""

from __future__ import annotations

import argparse
import csv
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from graphlib import TopologicalSorter
from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from PIL import Image
from scipy.optimize import nnls

from _command import command
from isomorph.jobs import jobs
from isomorph.layout import Layout
from isomorph.making import inputs_of, words_of
from isomorph.runs import resources
from isomorph.runs.sizes import Sizes, sizes_of
from isomorph.study import load_study

SIDE = 48
UNFITTED = ("fetch",)
"""Stages whose time is that of a network connection."""


@dataclass(frozen=True)
class Case:
    """A study to run: its stimuli, what was recorded, and how much is computed."""

    stimuli: int
    subjects: int
    regions: int
    units: int
    draws: int
    simulations: int
    measures: tuple[str, ...]
    models: tuple[str, ...]


LINEAR, RANKED = ("pearson",), ("pearson", "rho_a")
FEW, MORE = ("pixels", "luminance"), ("pixels", "luminance", "spectrum", "gabor")
CASES = (
    Case(50, 2, 2, 20, 50, 5, LINEAR, FEW),
    Case(50, 6, 6, 20, 400, 5, RANKED, FEW),
    Case(150, 3, 2, 60, 200, 5, RANKED, MORE),
    Case(300, 2, 6, 20, 50, 2, RANKED, MORE),
    Case(600, 2, 3, 40, 50, 2, LINEAR, MORE),
    Case(1000, 1, 3, 40, 20, 2, RANKED, FEW),
)


@dataclass(frozen=True)
class Run:
    """One job that was run: how large it was, and what it took."""

    case: str
    stage: str
    sizes: Sizes
    megabytes: float
    seconds: float


def write(folder: Path, case: Case) -> Path:
    """Write a study of random images and responses; return its file."""
    rng = np.random.default_rng(0)
    files = folder / "files"
    (files / "images").mkdir(parents=True)
    names = [f"image_{number:05}" for number in range(case.stimuli)]
    for name in names:
        pixels = rng.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(files / "images" / f"{name}.png")
    subjects = [f"s{number}" for number in range(case.subjects)]
    n_units = case.regions * case.units
    tuning = rng.standard_normal((case.stimuli, n_units))
    for subject in subjects:
        noisy = np.tile(tuning, (2, 1)) + rng.standard_normal((2 * case.stimuli, n_units))
        np.save(files / f"{subject}.npy", noisy)
        shown = pd.DataFrame({"stimulus": names * 2})
        shown.to_csv(files / f"{subject}_presentations.csv", index=False)
        regions = [f"region{number % case.regions}" for number in range(n_units)]
        pd.DataFrame({"region": regions}).to_csv(files / f"{subject}_units.csv", index=False)
    return _write_settings(folder, case, subjects)


def _write_settings(folder: Path, case: Case, subjects: list[str]) -> Path:
    dataset = {
        "name": "random",
        "title": "Random",
        "subjects": subjects,
        "archive": {"kind": "local", "path": "../../files"},
        "stimuli": {"kind": "folder", "files": "images/*.png"},
        "responses": {
            "kind": "arrays",
            "responses": "{subject}.npy",
            "presentations": "{subject}_presentations.csv",
            "units": "{subject}_units.csv",
        },
    }
    study = {
        "name": "sizes",
        "title": "Growing sizes",
        "datasets": ["random"],
        "models": [f"baseline/{name}" for name in case.models],
        "distances": ["squared_euclidean"],
        "measures": list(case.measures),
        "inference": {
            "resamples": case.draws,
            "permutations": case.draws,
            "minimum_subjects": 2,
            "explain": {"resamples": 20, "splits": 2},
            "selection": {"resamples": 50},
            "prediction": {"methods": ["ridge"], "permutations": 3, "resamples": 20},
            "recovery": {"simulations": case.simulations, "tested": 1},
        },
    }
    config = folder / "config"
    (config / "datasets").mkdir(parents=True)
    for file, content in ((config / "datasets" / "random.yaml", dataset),
                          (config / "study.yaml", study)):  # fmt: skip
        file.write_text(yaml.safe_dump(content), encoding="utf-8")
    return config / "study.yaml"


def ran(case: Case) -> Iterator[Run]:
    """Yield every job of a case as it ends."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        file = write(folder, case)
        layout = Layout(load_study(file), folder)
        before = {job: set(inputs_of(layout, job).values()) for job in jobs(layout.study)}
        for job in TopologicalSorter(before).static_order():
            words = words_of(job, "--study", str(file), "--root", str(folder))
            megabytes, seconds = _took([sys.executable, "-m", "isomorph", *words])
            yield Run(
                f"{case.stimuli} stimuli", job.stage, sizes_of(layout, job), megabytes, seconds
            )


def _took(command: list[str]) -> tuple[float, float]:
    """Run a command and return its peak of memory in MB and its seconds of one processor."""
    single = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    process = subprocess.Popen(
        command, env={**os.environ, **single}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    assert process.stderr is not None
    said = process.stderr.read().decode()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)}:\n{said}")
    scale = 1 if sys.platform == "darwin" else 1024
    return used.ru_maxrss * scale / 1e6, used.ru_utime + used.ru_stime


def left_by(study: Path) -> Iterator[Run]:
    """Yield the jobs of a study that ran in the current folder, by their benchmark files."""
    layout = Layout(load_study(study))
    for job in jobs(layout.study):
        file = layout.benchmark(job.stage, *job.names)
        if not file.is_file():
            continue
        with open(file, encoding="utf-8", newline="") as text:
            row = list(csv.DictReader(text, delimiter="\t"))[-1]
        with_numbers = row["max_rss"] not in ("-", "NA") and float(row["cpu_time"]) > 0
        if with_numbers:
            megabytes = float(row["max_rss"]) * 2**20 / 1e6
            name = " ".join((layout.study.name, *job.names))
            yield Run(name, job.stage, sizes_of(layout, job), megabytes, float(row["cpu_time"]))


def fit(runs: list[Run], stage: str, of: str) -> list[float]:
    """Return what one of each term costs, `megabytes` or `seconds`, by relative errors.

    NaN for terms that are declared to cost nothing of it, and for those of which there is none.
    """
    taken = np.array([getattr(run, of) for run in runs])
    terms = resources.STAGES[stage]
    amounts = np.array([[term.amount(run.sizes) for term in terms] for run in runs], dtype=float)
    used = np.array([getattr(term, of) > 0 for term in terms]) & amounts.any(axis=0)
    scale = amounts[:, used].max(axis=0)
    costs, _ = nnls(amounts[:, used] / scale / taken[:, None], np.ones(len(runs)))
    fitted = np.full(len(terms), np.nan)
    fitted[used] = costs / scale
    return list(fitted)


def tell(runs: list[Run]) -> dict[str, float]:
    """Print measured beside predicted and fitted beside declared; return the smallest ratios."""
    by_stage: dict[str, list[Run]] = defaultdict(list)
    for run in runs:
        by_stage[run.stage].append(run)
    say = partial(print, file=sys.stderr)
    ratios = {}
    for stage, some in by_stage.items():
        say(f"\n{stage}")
        for run in some:
            predicted = (
                resources.megabytes(stage, run.sizes), resources.seconds(stage, run.sizes)
            )  # fmt: skip
            say(f"  {run.case:40} {run.megabytes:7.0f} MB, predicted {predicted[0]:7.0f};"
                f" {run.seconds:8.1f} s, predicted {predicted[1]:8.1f}")  # fmt: skip
        for of in ("megabytes", "seconds"):
            fitted = fit(some, stage, of)
            for term, cost in zip(resources.STAGES[stage], fitted, strict=True):
                if np.isnan(cost):
                    continue
                say(f"  {of:9} {cost:10.3g} fitted, {getattr(term, of):10.3g} declared: "
                    f"{term.words}")  # fmt: skip
        ratios[f"{stage}: memory asked for / taken"] = min(
            resources.memory(stage, run.sizes) / run.megabytes for run in some
        )
        if stage not in UNFITTED:
            ratios[f"{stage}: time asked for / taken"] = min(
                60 * resources.minutes(stage, run.sizes) / run.seconds for run in some
            )
    return ratios


def measure(cases: tuple[Case, ...]) -> list[Run]:
    found = []
    for case in cases:
        begun = time.monotonic()
        found += list(ran(case))
        print(f"{case.stimuli} stimuli: {time.monotonic() - begun:.0f} s", file=sys.stderr)
    return found


def resources_of_stages(quick: bool) -> dict[str, float]:
    return tell(measure(CASES[:2] if quick else CASES))


def main() -> None:
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--measured", action="append", type=Path, metavar="STUDY")
    options, sys.argv[1:] = parser.parse_known_args()

    def resources_of_studies(_: bool) -> dict[str, float]:
        return tell([run for study in options.measured for run in left_by(study)])

    command(__doc__, resources_of_studies if options.measured else resources_of_stages)


if __name__ == "__main__":
    main()

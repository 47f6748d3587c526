"""Small BIDS studies: a local archive, its stimuli and its one model."""

from __future__ import annotations

import importlib
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from isomorph.layout import Layout
from isomorph.stages import fetch, stimuli
from isomorph.study import load_study

ROOT = Path(__file__).parents[3]
sys.path.insert(0, str(ROOT / "tests" / "replicas"))


def replica_study(tmp_path: Path) -> Callable[..., tuple[Layout, Path]]:
    """Return a maker of the study of a replica, read from a folder instead of OpenNeuro.

    It takes the replica's name and what to change: keys of `responses`, and what to do to the
    folder of files before they are fetched.
    """

    def make(
        name: str, change: Callable[[Path], None] | None = None, **settings: Any
    ) -> tuple[Layout, Path]:
        module = importlib.import_module(name)
        module.write(tmp_path / "replica")
        dataset = yaml.safe_load((ROOT / f"config/datasets/{name}.yaml").read_text())
        files = tmp_path / "files"
        for source in dataset["archive"]["sources"]:
            (version,) = (tmp_path / "replica" / source["dataset"]).iterdir()
            shutil.copytree(version, files / source.get("into", ""), dirs_exist_ok=True)
        for also in dataset.pop("also", []):
            shutil.copytree(tmp_path / "replica" / "requested" / name, files / also["into"])
        if change:
            change(files)
        dataset |= {
            "archive": {"kind": "local", "path": str(files)},
            "subjects": module.SUBJECTS,
            "expected": {},
        }
        dataset["responses"] |= settings
        folder = tmp_path / "config" / "datasets"
        folder.mkdir(parents=True)
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(dataset))
        for table in (ROOT / "config" / "datasets").glob(f"{name}.*.csv"):
            shutil.copy(table, folder)
        model = {"name": "pixels", "title": "Pixels", "source": "baseline/pixels"}
        (tmp_path / "config" / "models").mkdir()
        (tmp_path / "config" / "models" / "pixels.yaml").write_text(yaml.safe_dump(model))
        study = {
            "name": "toy", "title": "Toy", "datasets": [name], "models": ["pixels"],
            "distances": ["crossvalidated_euclidean"],
        }  # fmt: skip
        (tmp_path / "config" / "study.yaml").write_text(yaml.safe_dump(study))
        layout = Layout(load_study(tmp_path / "config" / "study.yaml"), tmp_path)
        fetch.run(layout, name)
        stimuli.run(layout, name)
        return layout, files

    return make

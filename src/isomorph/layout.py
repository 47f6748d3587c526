"""Where every file of a study stands; the workflow and the stages ask here, nobody spells paths."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

from isomorph.catalogue import CATALOGUE
from isomorph.study import Study
from isomorph.study.archive import SimulatedArchive


class Layout:
    """The paths of one study: those of artefacts, by their names in the catalogue, and others.

    Parameters
    ----------
    study : Study
        The study.
    root : path, optional
        The folder that holds `data/` and `results/`; the current one unless given.
    """

    def __init__(self, study: Study, root: Path | str = ".") -> None:
        self.study = study
        self.root = Path(root)

    @property
    def results(self) -> Path:
        return self.root / "results" / self.study.name

    def archive(self, dataset: str) -> Path:
        """Folder of a dataset's bytes. A simulated recording is a result, not data."""
        if isinstance(self.study.dataset(dataset).archive, SimulatedArchive):
            return self.results / dataset / "archive"
        return self.root / "data" / "archive" / dataset

    def requested(self, dataset: str) -> Path:
        """Folder where the user puts the files of a dataset that only their owners give out."""
        return self.root / "data" / "requested" / dataset

    @property
    def atlases(self) -> Path:
        """Folder of brain atlases, which belong to no dataset."""
        return self.root / "data" / "atlases"

    @property
    def weights(self) -> Path:
        """Folder of the weights of networks, which belong to no study."""
        return self.root / "data" / "weights"

    @property
    def left_out(self) -> Path:
        """Which optional models the runs of the study go on without, and why."""
        return self.results / "left_out.json"

    @property
    def report(self) -> Path:
        return self.path("report")

    def path(self, artefact: str, *names: str) -> Path:
        """Return where an artefact stands.

        Parameters
        ----------
        artefact : str
            See `isomorph.catalogue.CATALOGUE`.
        *names : str
            What it is made for: the dataset, subject, model.
        """
        entry = CATALOGUE[artefact]
        parts = {"study": self.study.name, **dict(zip(entry.made_for, names, strict=True))}
        if entry.of_stimuli:
            parts["owner"] = self.study.stimulus_set(parts["dataset"])
        if "{archive}" in entry.path:
            parts["archive"] = str(self.archive(parts["dataset"]).relative_to(self.root))
        if "layer" in parts:
            parts["layer"] = re.sub(r"[^\w.-]", "-", parts["layer"])
        return self.root / entry.path.format(**parts)

    def __getattr__(self, name: str) -> Callable[..., Path]:
        """Return the function from names to the path of an artefact: `layout.responses(...)`."""
        if name not in CATALOGUE:
            raise AttributeError(f"a layout has no {name}")
        return partial(self.path, name)

    def log(self, stage: str, *names: str) -> Path:
        """What one job of a stage said."""
        return self.results.joinpath("logs", stage, *names).with_name(f"{(stage, *names)[-1]}.log")

    def benchmark(self, stage: str, *names: str) -> Path:
        """What one job of a stage cost."""
        return self.results.joinpath("benchmarks", stage, *names).with_name(
            f"{(stage, *names)[-1]}.tsv"
        )

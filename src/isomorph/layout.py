"""Where every file of a study stands; the workflow and the stages ask here, nobody spells paths."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

from isomorph import slices
from isomorph.catalogue import CATALOGUE, made_by
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
        if entry.keyed:
            parts["key"] = self.key(parts["dataset"], parts["model"])
        if "layer" in parts:
            parts["layer"] = re.sub(r"[^\w.-]", "-", parts["layer"])
        return self.root / entry.path.format(**parts)

    def key(self, dataset: str, instance: str) -> str:
        """Return the key of the activations of a model instance, the same in every study.

        It follows from the model's settings, from the files of the user's own that decide it, such
        as code and weights, and from how large the stimuli were shown. So what studies set
        otherwise stands beside the other, and what they set alike is made once.
        """
        return slices.key_of(slices.activations(self.study, dataset, instance))

    @property
    def made(self) -> tuple[Path, ...]:
        """Folders that hold nothing but what stages made."""
        return self.results, self.root / "data" / "activations"

    def __getattr__(self, name: str) -> Callable[..., Path]:
        """Return the function from names to the path of an artefact: `layout.responses(...)`."""
        if name not in CATALOGUE:
            raise AttributeError(f"a layout has no {name}")
        return partial(self.path, name)

    def log(self, stage: str, *names: str) -> Path:
        """What one job of a stage said."""
        return self._told("logs", stage, names, "log")

    def benchmark(self, stage: str, *names: str) -> Path:
        """What one job of a stage cost."""
        return self._told("benchmarks", stage, names, "tsv")

    def _told(self, kind: str, stage: str, names: tuple[str, ...], ending: str) -> Path:
        """Return where it is told of a job, under its key where what it makes has one."""
        words = [(stage, *names)[-1]]
        if any(one.keyed for one in made_by(stage)):
            words.append(self.key(*names))
        return self.results.joinpath(kind, stage, *names).with_name(f"{'-'.join(words)}.{ending}")

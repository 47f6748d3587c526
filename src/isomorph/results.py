"""What the pipeline made of a study, opened by name."""

from __future__ import annotations

import html
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import xarray as xr

from isomorph import built_in
from isomorph.artefacts import read_table
from isomorph.catalogue import CATALOGUE, TABLES, is_asked, made_by, made_for, of_stimuli
from isomorph.errors import IsomorphError, did_you_mean
from isomorph.jobs import Job, jobs
from isomorph.layout import Layout
from isomorph.left_out import as_decided
from isomorph.making import DECLARED, Fitting, command_of, outputs_of
from isomorph.rdms.collection import indexed
from isomorph.results_page import Page, shown_page
from isomorph.saved import HEAD, array_in, path_given
from isomorph.study import load_study


def open_results(folder: Path | str, study: Path | str | None = None) -> Results:
    """Open all that a study has made, by name.

    Parameters
    ----------
    folder : path
        The results of the study: `results/<name>`.
    study : path, optional
        The study's file; unless given, the one of this name in `config/` beside `results/`, beside
        `results/` itself, or among the studies that come with isomorph.

    Returns
    -------
    Results

    Raises
    ------
    IsomorphError
        When there is no such folder, or no file of the study.

    Examples
    --------
    >>> import isomorph as iso
    >>> iso.open_results("results/nothing")
    Traceback (most recent call last):
        ...
    isomorph.errors.IsomorphError: results/nothing: no such folder; has the study been run?
    """
    folder = path_given(folder, "folder")
    if not folder.is_dir():
        raise IsomorphError(f"{folder}: no such folder; has the study been run?")
    resolved = folder.resolve()
    root = resolved.parent.parent
    file = path_given(study, "study") if study is not None else _study_of(resolved)
    found = load_study(file)
    if found.name != resolved.name:
        raise IsomorphError(
            f'{file}: is the study "{found.name}", whose results stand in '
            f"results/{found.name}, not in {folder}"
        )
    return Results(as_decided(Layout(found, root)))


def _study_of(folder: Path) -> Path:
    """Return the file of the study that has the name of a folder of results."""
    root = folder.parent.parent
    config = root / "config"
    if (folder / HEAD).is_file():
        raise IsomorphError(
            f"{folder}: holds one result that isomorph.save wrote, not those of a study; open it "
            f'by isomorph.load("{folder}")'
        )
    beside = (*sorted(config.glob("*.yaml")), *sorted(root.glob("*.yaml")))
    for file in (config / f"{folder.name}.yaml", *beside, *built_in.studies().values()):
        if file.is_file() and any(
            line.split("#")[0].split(":", 1)[-1].strip(" '\"\n") == folder.name
            for line in file.read_text(encoding="utf-8", errors="replace").splitlines()
            if line.startswith("name:")
        ):
            return file
    raise IsomorphError(
        f'{config}: no file of a study called "{folder.name}", nor is one built in; name it: '
        'open_results(..., study="...")'
    )


@dataclass(frozen=True)
class Made:
    """One file of a study.

    Attributes
    ----------
    artefact : str
        Its name in `isomorph.layout.Layout`.
    job : Job
        What makes it.
    file : Path
    """

    artefact: str
    job: Job
    file: Path


class Results:
    """All that a study has made, opened by name and checked as the pipeline checks it.

    Every table is an attribute, over all datasets: `results.comparisons`. What is made for a
    dataset, and for a subject or a model, is a function of these: `results.rdms("kriegeskorte92",
    "monkey IT")`, `results.responses("planted", "s1")`. `results.explore()` opens the page.

    Parameters
    ----------
    layout : Layout
        Paths of the study.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._fitting = Fitting(layout)

    @property
    def study(self) -> Any:
        """The study, with its datasets, models and settings."""
        return self._layout.study

    @property
    def datasets(self) -> list[str]:
        """Names of the datasets."""
        return list(self._layout.study.datasets)

    @property
    def files(self) -> pd.DataFrame:
        """Every artefact of the study: its name, for what it is made, where, and whether it is."""
        rows = [
            {
                "artefact": made.artefact,
                "dataset": made.job.names[0] if made.job.names else "",
                "of": " ".join(made.job.names[1:]),
                "made": made.file.exists(),
                "file": str(made.file),
            }
            for made in self._made()
        ]
        return pd.DataFrame(rows)

    def rdms(self, dataset: str, of: str | None = None) -> xr.Dataset:
        """Return RDMs of a dataset: of all its regions, of one, or of a model's layers.

        Parameters
        ----------
        dataset : str
        of : str, optional
            A region or a model instance.

        Raises
        ------
        IsomorphError
            When there is no such region or model, or the file is not what the study now says.
        """
        instances = [name for name, _, _ in self._dataset(dataset)]
        if of in instances:
            return indexed(self.open("model_rdms", dataset, str(of)))
        brain = indexed(self.open("brain_rdms", dataset))
        if of is None:
            return brain
        regions = list(dict.fromkeys(map(str, brain["region"].values.tolist())))
        if of not in regions:
            near = did_you_mean(of, [*regions, *instances])
            raise IsomorphError(f'{dataset}: no region or model "{of}", {near}')
        return brain.isel(representation=[str(one) == of for one in brain["region"].values])

    def table(self, kind: str, dataset: str | None = None) -> pd.DataFrame:
        """Return a table of one dataset, or of all that have it.

        Parameters
        ----------
        kind : str
            Name of the table, such as `comparisons`.
        dataset : str, optional

        Raises
        ------
        IsomorphError
            When there is no such table, or it is not what the study now says.
        """
        if dataset is not None:
            table: pd.DataFrame = self.open(kind, dataset)
            return table
        found = [
            self.open(kind, name).assign(dataset=name)
            for name in self.datasets
            if self._one(kind, (name,)).file.exists()
        ]
        if not found:
            raise IsomorphError(
                f"no dataset has {kind} yet; make it: "
                f"{command_of(self._layout, self._one(kind, (self.datasets[0],)).job)}"
            )
        return pd.concat(found, ignore_index=True)

    def open(self, artefact: str, *names: str) -> Any:
        """Return what one file of the study holds.

        Parameters
        ----------
        artefact : str
            See `files`.
        *names : str
            The dataset, and the subject or model where it is made for one.

        Raises
        ------
        IsomorphError
            When there is no such artefact, it has not been made, or it is not what the study now
            says.
        """
        made = self._one(artefact, names)
        if not made.file.exists():
            raise IsomorphError(
                f"{made.file}: has not been made; make it: {command_of(self._layout, made.job)}"
            )
        if said := self._fitting.first(made.job):
            raise IsomorphError(said)
        if made.file.suffix == ".csv":
            return read_table(made.file, artefact)
        return array_in(made.file) if made.file.suffix == ".nc" else made.file

    def explore(self) -> Page:
        """Open the page of the study: in the browser, or in the notebook that this is called in.

        Returns
        -------
        Page
            A notebook shows it.

        Raises
        ------
        IsomorphError
            When the page has not been made, or is not what the study now says, with the command
            that makes it.
        """
        return shown_page(self.open("report"))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        known = dict(_artefacts())
        if name not in known:
            raise AttributeError(f"results have no {name}, {did_you_mean(name, dir(self))}")
        if name in TABLES and known[name] == ("dataset",):
            return self.table(name)
        return partial(self.open, name)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *(name for name, _ in _artefacts())})

    def __repr__(self) -> str:
        files = self.files
        made = int(files["made"].sum())
        return (
            f'results of "{self._layout.study.name}": {made} of {len(files)} artefacts made, of '
            f"{', '.join(self.datasets)}"
        )

    def _repr_html_(self) -> str:
        files = self.files
        counted = (
            files.assign(made=files["made"].astype(int))
            .pivot_table(index="artefact", columns="dataset", values="made", aggfunc="sum")
            .reindex(list(dict.fromkeys(files["artefact"])))
        )
        body = counted.to_html(border=0, na_rep="", float_format=lambda n: f"{n:.0f}")
        return f"<p>{html.escape(repr(self))}</p>{body}"

    def _dataset(self, dataset: str) -> Iterator[tuple[str, Any, int | None]]:
        self._layout.study.dataset(dataset)
        return self._layout.study.instances_for(dataset)

    def _made(self) -> Iterator[Made]:
        for job in jobs(self._layout.study):
            for name, file in outputs_of(self._layout, job).items():
                yield Made(name, job, file)

    def _one(self, artefact: str, names: tuple[str, ...]) -> Made:
        """Return the file of a name that is made for some dataset, subject or model."""
        known = dict(_artefacts())
        if artefact not in known:
            raise IsomorphError(f'no artefact "{artefact}", {did_you_mean(artefact, known)}')
        if len(names) != len(known[artefact]):
            wanted = ", ".join(known[artefact]) or "nothing"
            raise IsomorphError(
                f"{artefact}: is made for {wanted}, and was asked for with "
                f"{', '.join(names) or 'nothing'}"
            )
        return self._of(CATALOGUE[artefact].stage, artefact, names)

    def _of(self, stage: str, artefact: str, names: tuple[str, ...]) -> Made:
        study = self._layout.study
        if names:
            study.dataset(names[0])
        if not is_asked(study, stage, *names[:1]):
            raise IsomorphError(f"{artefact}: {study.path} does not ask for it")
        if of_stimuli(stage):
            names = (study.stimulus_set(names[0]), *names[1:])
        known = [job for job in jobs(study) if job.stage == stage]
        for job in known:
            if job.names == names:
                return Made(artefact, job, outputs_of(self._layout, job)[artefact])
        last = [job.names[-1] for job in known if job.names[:-1] == names[:-1]]
        what = made_for(stage)[-1]
        raise IsomorphError(
            f'{artefact} of {names[0]}: no {what} "{names[-1]}", {did_you_mean(names[-1], last)}'
        )


def _artefacts() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the name of every artefact, and for what it is made."""
    for stage in DECLARED:
        for one in made_by(stage):
            yield one.name, made_for(stage)

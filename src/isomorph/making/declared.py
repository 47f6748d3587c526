"""How each stage makes what it makes: from what, decided by which settings and which code.

Said once, as what it makes is in `isomorph.catalogue`: the workflow's rules, the provenance that
every artefact carries, and what its readers compare it with all come from both.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from isomorph import slices
from isomorph.catalogue import is_asked, made_by, made_for, of_stimuli, stage_command
from isomorph.catalogue.dynamical import models_in_time
from isomorph.digest import code_digest, files_digest
from isomorph.jobs import Job, jobs, planted_models
from isomorph.layout import Layout
from isomorph.registry import Registry
from isomorph.slices import Slice
from isomorph.study import Study
from isomorph.study.archive import (
    ArchiveSpec,
    PackageArchive,
    SimulatedArchive,
)
from isomorph.study.pinned import DandiArchive
from isomorph.study.responses import RdmResponses

Modules = tuple[str, ...]


@dataclass(frozen=True)
class Part:
    """Files of one job that another job reads.

    Attributes
    ----------
    job : Job
    files : tuple of str
        Which of its outputs; all unless given.
    subjects : tuple of str or None
        Whose files of an archive are read, beside those that all share; of everybody unless given.
    """

    job: Job
    files: tuple[str, ...] = ()
    subjects: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Declared:
    """How one stage makes what the catalogue says of it.

    Attributes
    ----------
    inputs : callable
        From a study and names to the parts of other jobs that are read.
    settings : callable
        From a study and names to the slice of the settings that decides it.
    code : callable
        From a study and names to the modules that decide it; none where the bytes of others are
        taken as they are.
    """

    inputs: Callable[..., Iterator[Part]]
    settings: Callable[..., Slice]
    code: Callable[..., Modules]


# ---------------------------------------------------------------- what is read


def _planted(study: Study, dataset: str) -> Iterator[Part]:
    """A simulated recording is computed from the layers planted in it."""
    if isinstance(study.dataset(dataset).archive, SimulatedArchive):
        yield from _stimuli(study, dataset)
        owner = study.stimulus_set(dataset)
        for model in planted_models(study, dataset):
            yield Part(Job("activations", (owner, model)))


def _shown(study: Study, dataset: str) -> Iterator[Part]:
    """Stimuli are read from what all subjects share, unless each has files of them."""
    own = "{subject}" in repr(study.dataset(dataset).stimuli)
    yield Part(Job("fetch", (dataset,)), subjects=None if own else ())


def _stimuli(study: Study, dataset: str, *_: str) -> Iterator[Part]:
    yield Part(Job("stimuli", (study.stimulus_set(dataset),)))


def _recorded(study: Study, dataset: str, subject: str) -> Iterator[Part]:
    yield Part(Job("fetch", (dataset,)), subjects=(subject,))
    yield from _stimuli(study, dataset)


def _recorded_of_all(study: Study, dataset: str) -> Iterator[Part]:
    yield Part(Job("fetch", (dataset,)))
    yield from _stimuli(study, dataset)


def _responses(study: Study, dataset: str) -> Iterator[Part]:
    for subject in study.dataset(dataset).subjects:
        yield Part(Job("responses", (dataset, subject)))


def _stimuli_and_responses(study: Study, dataset: str) -> Iterator[Part]:
    yield Part(Job("stimuli", (study.stimulus_set(dataset),)), ("stimuli",))
    yield from _responses(study, dataset)


def _activations(study: Study, dataset: str, model: str) -> Iterator[Part]:
    yield Part(Job("activations", (dataset, model)))
    yield Part(Job("stimuli", (dataset,)), ("stimuli",))


def _rdms(study: Study, dataset: str) -> Iterator[Part]:
    owner = study.stimulus_set(dataset)
    yield Part(Job("brain_rdms", (dataset,)))
    for model, _, _ in study.instances_for(dataset):
        yield Part(Job("model_rdms", (owner, model)))
    yield Part(Job("stimuli", (owner,)), ("stimuli",))


def _compared(study: Study, dataset: str) -> Iterator[Part]:
    """RDMs; for measures that compare features also what these are made from."""
    yield from _rdms(study, dataset)
    if not compares_features(study, dataset):
        return
    yield from _responses(study, dataset)
    for model, _, _ in study.instances_for(dataset):
        yield Part(Job("activations", (study.stimulus_set(dataset), model)))


def _predicted(study: Study, dataset: str) -> Iterator[Part]:
    """Responses of units, and activations, whose Gram matrices are all that is needed of layers."""
    yield from _responses(study, dataset)
    owner = study.stimulus_set(dataset)
    for model, _, _ in study.instances_for(dataset):
        yield Part(Job("activations", (owner, model)))
    yield Part(Job("stimuli", (owner,)), ("stimuli",))


def _points_of_brain(study: Study, dataset: str, subject: str) -> Iterator[Part]:
    """Activity over time, or the responses to stimuli."""
    asked = study.spec.topology
    over_time = asked is not None and asked.of == "time"
    yield Part(Job("population" if over_time else "responses", (dataset, subject)))
    yield from _stimuli(study, dataset)


def _in_time(study: Study, dataset: str) -> Iterator[Part]:
    """Responses, and activations of the models that have a time axis."""
    yield from _responses(study, dataset)
    for model in models_in_time(study, dataset):
        yield Part(Job("activations", (study.stimulus_set(dataset), model)))


def _shapes(study: Study, dataset: str) -> Iterator[Part]:
    """What was found of every subject and model."""
    owner = study.stimulus_set(dataset)
    if is_asked(study, "brain_topology", dataset):
        for subject in study.dataset(dataset).subjects:
            yield Part(Job("brain_topology", (dataset, subject)))
    if is_asked(study, "model_topology", owner):
        for model, _, _ in study.instances_for(dataset):
            yield Part(Job("model_topology", (owner, model)))


def compares_features(study: Study, dataset: str) -> bool:
    """Tell whether a measure of the study compares features, and a dataset has any."""
    from isomorph.measures import FEATURES, MEASURES

    if isinstance(study.dataset(dataset).responses, RdmResponses):
        return False
    return any(MEASURES[name].accepts(FEATURES) for name in study.spec.measures)


def _drawn(study: Study, dataset: str) -> Iterator[Part]:
    yield Part(Job("compare", (dataset,)), ("comparisons",))
    yield from _rdms(study, dataset)
    if not isinstance(study.dataset(dataset).responses, RdmResponses):
        yield from _responses(study, dataset)
    yield Part(Job("reliability", (dataset,)))
    yield Part(Job("recover", (dataset,)))
    yield Part(Job("explain", (dataset,)))
    for stage in ("predict", "tuning", "topology", "dynamics"):
        if is_asked(study, stage, dataset):
            yield Part(Job(stage, (dataset,)))


def _every_comparison(study: Study) -> Iterator[Part]:
    """Tables of comparisons of all datasets, and the images, which datasets may have in common."""
    for dataset in study.datasets:
        yield Part(Job("compare", (dataset,)), SUMMARISED)
        yield Part(Job("stimuli", (study.stimulus_set(dataset),)), ("stimuli",))


SUMMARISED = ("comparisons", "selection", "layers_in_set", "differences", "contrasts")
"""Tables of a dataset from which the summary over datasets is made."""


def _everything(study: Study) -> Iterator[Part]:
    yield Part(Job("summarise"))
    for dataset in study.datasets:
        stages = ["compare", "recover", "explain", "predict", "topology", "dynamics", "reliability",
                  "tuning", "figures", "fetch"]  # fmt: skip
        for stage in stages:
            if is_asked(study, stage, dataset):
                yield Part(Job(stage, (dataset,)))
        yield from _viewed(study, dataset)


def _viewed(study: Study, dataset: str) -> Iterator[Part]:
    """RDMs that can be looked at in the page: of several seeds the first."""
    owner = study.stimulus_set(dataset)
    first = {next(iter(model.instances)) for model in study.models.values()}
    yield Part(Job("brain_rdms", (dataset,)))
    for instance, _, _ in study.instances_for(dataset):
        if instance in first:
            yield Part(Job("model_rdms", (owner, instance)))
    yield Part(Job("stimuli", (owner,)), ("stimuli",))


# ---------------------------------------------------------------- what decides


def _code(*modules: str) -> Callable[..., Modules]:
    return lambda *_: modules


def _code_of_bytes(study: Study, dataset: str) -> Modules:
    """What comes as it is depends on no code: new code never makes old bytes wrong.

    What is simulated, laid out again on arrival, or cut out of a remote file does.
    """
    archive = study.dataset(dataset).archive
    if isinstance(archive, SimulatedArchive):
        return ("isomorph.archives.simulated",)
    return reading_modules(archive)


def reading_modules(archive: ArchiveSpec) -> Modules:
    """Return the modules that write the bytes of an archive, none where they are those of others.

    Members that are laid out as BIDS on arrival, and files of which only some objects are read,
    are written by isomorph.
    """
    if isinstance(archive, PackageArchive) and archive.arrange is not None:
        return ("isomorph.archives.labelled",)
    if isinstance(archive, DandiArchive) and archive.access == "stream":
        return ("isomorph.archives.streaming.choice", "isomorph.archives.streaming.copying")
    return ()


DECLARED: Registry[Declared] = Registry(
    "stage",
    {
        "fetch": Declared(_planted, slices.fetch, _code_of_bytes),
        "stimuli": Declared(
            _shown, slices.stimuli, _code("isomorph.stages.stimuli"),
        ),
        "responses": Declared(
            _recorded, slices.responses, _code("isomorph.stages.responses"),
        ),
        "population": Declared(
            _recorded, slices.population, _code("isomorph.stages.population"),
        ),
        "reliability": Declared(
            _responses, slices.reliability, _code("isomorph.stages.reliability"),
        ),
        "tuning": Declared(
            _recorded_of_all, slices.tuning, _code("isomorph.stages.tuning"),
        ),
        "activations": Declared(
            _stimuli, slices.activations, _code("isomorph.stages.activations"),
        ),
        "brain_rdms": Declared(
            _stimuli_and_responses, slices.brain_rdms, _code("isomorph.stages.rdms"),
        ),
        "model_rdms": Declared(
            _activations, lambda study, dataset, _: slices.model_rdms(study, dataset),
            _code("isomorph.stages.rdms"),
        ),
        "compare": Declared(
            _compared, slices.comparisons, _code("isomorph.stages.compare"),
        ),
        "explain": Declared(
            _rdms, slices.explain, _code("isomorph.stages.explain"),
        ),
        "predict": Declared(
            _predicted, slices.predictions, _code("isomorph.stages.predict"),
        ),
        "brain_topology": Declared(
            _points_of_brain, slices.brain_topology, _code("isomorph.stages.topology"),
        ),
        "model_topology": Declared(
            _activations, slices.model_topology, _code("isomorph.stages.topology"),
        ),
        "topology": Declared(
            _shapes, slices.topology, _code("isomorph.stages.topology"),
        ),
        "dynamics": Declared(
            _in_time, slices.dynamics, _code("isomorph.stages.dynamics"),
        ),
        "recover": Declared(
            _rdms, slices.recover, _code("isomorph.stages.recover"),
        ),
        "figures": Declared(
            _drawn, slices.figures, _code("isomorph.stages.figures", "isomorph.figures"),
        ),
        "summarise": Declared(
            _every_comparison, slices.summarise, _code("isomorph.report.across"),
        ),
        "report": Declared(
            _everything, slices.report, _code("isomorph.report", "isomorph.catalogue"),
        ),
    },
)  # fmt: skip
"""How every stage makes what it makes, in the order in which the data passes them."""


def job_of(study: Study, stage: str, *names: str) -> Job:
    """Return a job under the names it is known by.

    What belongs to a set of stimuli is named after the dataset that owns the set, whichever
    dataset it was asked for.
    """
    if of_stimuli(stage):
        names = (study.stimulus_set(names[0]), *names[1:])
    return Job(stage, names)


def outputs_of(layout: Layout, job: Job) -> dict[str, Path]:
    """Return the files a job writes that other jobs read, by name; those of parquet are copies."""
    return {
        one.name: layout.path(one.name, *job.names)
        for one in made_by(job.stage)
        if one.only_for is None or one.only_for(layout.study, *job.names)
    }


def written_by(layout: Layout, job: Job) -> list[Path]:
    """Return every file a job always writes, as the workflow waits for them."""
    made = [one for one in made_by(job.stage) if one.only_for is None]
    files = {one.name: layout.path(one.name, *job.names) for one in made}
    return [
        *files.values(),
        *(files[one.name].with_suffix(".parquet") for one in made if one.parquet),
    ]


def inputs_of(layout: Layout, job: Job) -> dict[Path, Job]:
    """Return the files a job reads, each with the job that makes it."""
    return {path: part.job for path, part in parts_of(layout, job).items()}


def parts_of(layout: Layout, job: Job) -> dict[Path, Part]:
    """Return the files a job reads, each with the part that it belongs to."""
    found: dict[Path, Part] = {}
    for part in DECLARED[job.stage].inputs(layout.study, *job.names):
        files = outputs_of(layout, part.job)
        found |= {files[name]: part for name in part.files or files}
    return found


def settings_of(study: Study, job: Job) -> Slice:
    """Return the slice of the settings that decides what a job makes."""
    return slices.plain(DECLARED[job.stage].settings(study, *job.names))


def code_of(*modules: str) -> str:
    """Return a digest of code and of the templates beside it, '' of no code."""
    if not modules:
        return ""
    return "-".join((code_digest(*modules), *map(files_digest, modules)))


def reading_code(archive: ArchiveSpec) -> str:
    """Return a digest of the code that writes the bytes of an archive, see `reading_modules`."""
    return code_of(*reading_modules(archive))


def words_of(job: Job, *options: str) -> list[str]:
    """Return what a job asks of isomorph: the command, and for whom.

    Parameters
    ----------
    job : Job
    *options : str
        Words that stand between the two, such as those that name the study.

    Examples
    --------
    >>> words_of(Job("brain_rdms", ("small",)))
    ['rdms', '--brain', '--dataset', 'small']
    """
    words = [*stage_command(job.stage).split(), *options]
    for argument, name in zip(made_for(job.stage), job.names, strict=True):
        words += [f"--{argument}", name]
    return words


def command_of(layout: Layout, job: Job) -> str:
    """Return the command line that makes what a job makes."""
    options = ["--study", str(layout.study.path)]
    if layout.root != Path():
        options += ["--root", str(layout.root)]
    return shlex.join(["isomorph", *words_of(job, *options)])


def maker_of(layout: Layout, path: Path) -> Job | None:
    """Return the job that makes a file, None when no stage of the study does."""
    found = (job for job in jobs(layout.study) if path in outputs_of(layout, job).values())
    return next(found, None)

# What the rules share: the study, its paths, what does not fit it, and the one line each runs.
import os
import re
import shlex
import subprocess
import sys
from itertools import zip_longest
from pathlib import Path

from snakemake.logging import logger

from isomorph import archives
from isomorph.catalogue import CATALOGUE, is_asked, made_by, made_for, of_stimuli
from isomorph.cli import open_study
from isomorph.cli.settling import MOST, made_again, settle
from isomorph.errors import IsomorphError
from isomorph.jobs import Job, patterns, simulated, stimulus_sets
from isomorph.layout import Layout
from isomorph.left_out import as_decided
from isomorph.making import DECLARED, inputs_of, words_of, written_by
from isomorph.runs import (
    alive,
    captions,
    cluster,
    command_line,
    coming,
    display,
    failures,
    resources,
    sizes,
)

try:
    command_line.refuse_storage(workflow.storage_settings.default_storage_provider)
    STUDY_FILE = command_line.study_file(config)
    REMAKES_VERSIONS = command_line.remakes_versions(config)
    STUDY = open_study(STUDY_FILE)
except IsomorphError as mistake:
    print(f"isomorph: {mistake}", file=sys.stderr)
    raise SystemExit(1) from None

# A lock of a run that was killed is none; jobs that Snakemake starts elsewhere leave it alone.
SNAKEMAKE = Path(".snakemake")
if workflow.is_main_process and (said := alive.begin(SNAKEMAKE)):
    print(said, file=sys.stderr, flush=True)

FAILED = failures.Failed()
logger.addHandler(FAILED)
PYTHON, ENDED = sys.executable, failures.ENDED

# Optional models whose weights cannot be had are left out, for every job of the run alike.
LAYOUT = Layout(STUDY)
MAKES = workflow.is_main_process and not workflow.output_settings.dryrun
if MAKES and any(model.optional for model in STUDY.models.values()):
    if not any(word.startswith(("--report", "--unlock")) for word in sys.argv):
        asked = ("-m", "isomorph", "weights", "--optional", "--study", STUDY_FILE)
        subprocess.run([PYTHON, *map(str, asked)], stdout=sys.stderr, check=False)
try:
    LAYOUT = as_decided(LAYOUT)
except IsomorphError as mistake:
    print(f"isomorph: {mistake}", file=sys.stderr)
    raise SystemExit(1) from None
STUDY = LAYOUT.study

# Calm unless Snakemake is asked for its own words: one line for each stage that runs.
ASKED = workflow.output_settings
IS_CALM = workflow.is_main_process and display.is_calm(
    ASKED.quiet or (), verbose=ASKED.verbose
)
SHOWN = display.display(LAYOUT, dry=ASKED.dryrun)
if IS_CALM:
    calm = display.Calm(
        SHOWN, lambda: workflow.executor_plugin is not None, dry=ASKED.dryrun
    )
    for handler in logger.handlers:
        if handler.name == "DefaultStreamHandler":
            handler.addFilter(calm)
    logger.addHandler(SHOWN)
    SHOWN.look()
# What a stage says is kept in its log; where the run is not calm it is seen as well.
SEEN = os.devnull if IS_CALM else "&2"

# Artefacts are judged by what they hold, not by their dates or by what Snakemake remembers.
UNFIT = {}
if workflow.is_main_process:
    UNFIT = settle(LAYOUT, versions=REMAKES_VERSIONS)
    if UNFIT:
        SHOWN.say(*made_again(UNFIT.values(), most=MOST if IS_CALM else None))


def one_of(names):
    """Return a wildcard constraint that admits these names and no other."""
    return "|".join(re.escape(name) for name in names) or "(?!)"


wildcard_constraints:
    dataset=one_of(STUDY.datasets),
    subject=one_of({name for spec in STUDY.datasets.values() for name in spec.subjects}),
    model=one_of(name for name, _, _ in STUDY.instances()),
    key="[0-9a-f]{12}",


def asked_for(stages):
    """Return the stages that the study asks for."""
    return [name for name in stages if is_asked(STUDY, name)]


def datasets_of(stage, of_simulated):
    """Return the datasets a rule may run for. Only a simulated archive stands elsewhere."""
    if of_stimuli(stage):
        return stimulus_sets(STUDY)
    chosen = set(simulated(STUDY))
    return [
        name
        for name in STUDY.datasets
        if is_asked(STUDY, stage, name)
        and (stage != "fetch" or (name in chosen) == of_simulated)
    ]


def pattern(stage, place, of_simulated=False):
    """Return what a place of the layout gives for a stage's {dataset}, {subject}, {model}, {key}."""
    names = [f"{{{name}}}" for name in made_for(stage)]
    return place(patterns(STUDY, simulated=of_simulated), Job(stage, tuple(names)))


def said_in(layout, job):
    return layout.log(job.stage, *job.names)


def timed_in(layout, job):
    return layout.benchmark(job.stage, *job.names)


def outputs(stage, of_simulated):
    """Return what a rule writes; figures are a folder, nothing else may be empty."""
    files = pattern(stage, written_by, of_simulated)
    made = [one.name for one in made_by(stage) if one.only_for is None]
    return [
        shown_in_report(
            directory(file) if stage == "figures" else ensure(file, non_empty=True),
            name,
        )
        for file, name in zip_longest(files, made, fillvalue="")
    ]


# What `snakemake --report` holds: the page, every figure and every table of a dataset, with captions.
CAPTIONS = (SNAKEMAKE / "captions").absolute()
TITLES = {}
if any(word.startswith("--report") for word in sys.argv):
    captions.write(LAYOUT, CAPTIONS)
    TITLES = captions.titles(LAYOUT)


def title_of(wildcards):
    """Return what is said of a figure in the report's list."""
    known = TITLES.get((wildcards.dataset, wildcards.figure), wildcards.figure)
    return {"result": known}


def shown_in_report(file, name):
    """Flag an output of a rule that a report shows."""
    made = CATALOGUE[name] if name else None
    if made is None or not (made.columns or name in ("figures", "report")):
        return file
    where = {"caption": str(CAPTIONS / f"{name}.rst")}
    if name == "report":
        return report(file, category="Study", labels={"result": "the page"}, **where)
    if not made.made_for:
        return report(
            file,
            category="Study",
            labels={"result": f"{name}: {made.words}"},
            **where,
        )
    where["category"] = "{dataset}"
    if name == "figures":
        return report(
            file,
            subcategory="figures",
            patterns=["{figure}.svg"],
            labels=title_of,
            **where,
        )
    return report(
        file, subcategory="tables", labels={"result": f"{name}: {made.words}"}, **where
    )


def job_for(stage, wildcards):
    """Return the job of a stage that a rule runs for these wildcards."""
    return Job(stage, tuple(wildcards[name] for name in made_for(stage)))


def read_by(stage):
    """Return the function that gives a rule's inputs: files of other jobs, and the user's own."""

    def files(wildcards):
        job = job_for(stage, wildcards)
        # What does not fit runs again, whatever its date.
        workflow.dag.forcefiles.update(
            str(file) for file in written_by(LAYOUT, job) if file in UNFIT
        )
        made = {
            file
            for maker in inputs_of(LAYOUT, job).values()
            for file in written_by(LAYOUT, maker)
        }
        return [
            *(file for file in inputs_of(LAYOUT, job) if file in made),
            *(watched(*job.names) if stage == "fetch" else ()),
        ]

    return files


def watched(dataset):
    """Return the user's own files of a dataset; what cannot be read, the job itself says why."""
    try:
        return archives.watched_files(LAYOUT, dataset)
    except IsomorphError:
        return []


def command(stage):
    """Return the function that gives what a rule asks of isomorph."""

    def words(wildcards):
        return shlex.join(words_of(job_for(stage, wildcards)))

    return words


def asked_by(stage, of):
    """Return the function that gives what a rule asks of the machine, more at another attempt.

    It is called again when the job is about to run, when what it reads tells how large it is.
    """

    def amount(wildcards, attempt):
        return of(stage, sizes.sizes_of(LAYOUT, job_for(stage, wildcards)), attempt)

    return amount


def memory_with_snakemake(stage, of_sizes, attempt):
    """Return the memory a job asks for. On a cluster what Snakemake itself takes counts as its."""
    around = cluster.AROUND if workflow.non_local_exec else 0
    return resources.memory(stage, of_sizes, attempt) + around


def begin():
    """End jobs that a killed run left, and say how much is to be fetched, before any job starts."""
    try:
        left = alive.end_orphans(SNAKEMAKE)
    except IsomorphError as mistake:
        raise WorkflowError(str(mistake)) from None
    needed = list(workflow.dag.needrun_jobs())
    fetched = [job.wildcards.dataset for job in needed if job.rule.name == "fetch"]
    for said in (left, coming.announcement(LAYOUT, sorted(fetched))):
        if said:
            SHOWN.say(said)
    if IS_CALM:
        known = [display.job_of(job.rule.name, dict(job.wildcards)) for job in needed]
        SHOWN.begin([job for job in known if job], workflow.cores or workflow.nodes)

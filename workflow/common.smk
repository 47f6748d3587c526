# What the rules share: the study, its paths, and the one line each runs.
import re
import shlex
import sys
from pathlib import Path

from snakemake.logging import logger

from isomorph import archives, jobs, slices
from isomorph.cli import open_study
from isomorph.digest import code_digest, files_digest
from isomorph.errors import IsomorphError
from isomorph.layout import Layout
from isomorph.models import opened
from isomorph.runs import alive, asked, coming, failures

try:
    STUDY_FILE = asked.study_file(config)
    STUDY = open_study(STUDY_FILE)
except IsomorphError as mistake:
    raise WorkflowError(str(mistake)) from None

# A lock of a run that was killed is none; jobs that Snakemake starts elsewhere leave it alone.
SNAKEMAKE = Path(".snakemake")
if workflow.is_main_process and (said := alive.begin(SNAKEMAKE)):
    print(said, file=sys.stderr, flush=True)

FAILED = failures.Failed()
logger.addHandler(FAILED)
LAYOUT = Layout(STUDY)
STIMULUS_SETS = jobs.stimulus_sets(STUDY)
MODELS = [name for name, _, _ in STUDY.instances()]


def one_of(names):
    """Return a wildcard constraint that admits these names and no other."""
    return "|".join(re.escape(name) for name in names) or "(?!)"


wildcard_constraints:
    dataset=one_of(STUDY.datasets),
    subject=one_of({name for spec in STUDY.datasets.values() for name in spec.subjects}),
    model=one_of(MODELS),


# Paths with {dataset}, {subject} or {model} in them. Only a simulated archive stands elsewhere.
PATTERN = jobs.patterns(STUDY)
SIMULATED = jobs.patterns(STUDY, simulated=True)


def local_files(dataset):
    """Return the user's own files of a dataset; what cannot be read, the job itself says why."""
    try:
        return archives.watched_files(LAYOUT, dataset)
    except IsomorphError:
        return []


def responses_of(dataset):
    """Return the responses of every subject of a dataset."""
    return [
        LAYOUT.responses(dataset, subject)
        for subject in STUDY.dataset(dataset).subjects
    ]


def tables_of(dataset):
    """Return every table of a dataset that a reader gets to see."""
    return [
        LAYOUT.comparisons(dataset),
        LAYOUT.subjects(dataset),
        LAYOUT.regions(dataset),
        LAYOUT.preferences(dataset),
        LAYOUT.selection(dataset),
        LAYOUT.layers_in_set(dataset),
        LAYOUT.differences(dataset),
        LAYOUT.contrasts(dataset),
        LAYOUT.recovery(dataset),
        LAYOUT.confusion(dataset),
        LAYOUT.power(dataset),
        LAYOUT.agreement(dataset),
        LAYOUT.partial(dataset),
        LAYOUT.weighted(dataset),
        LAYOUT.partition(dataset),
        LAYOUT.models(dataset),
        LAYOUT.representations(dataset),
        LAYOUT.reliability(dataset),
    ]


def models_of(dataset):
    """Return the RDMs of every model a dataset is compared with."""
    return [
        LAYOUT.model_rdms(dataset, model)
        for model, _, _ in STUDY.instances_for(dataset)
    ]


def stage(command):
    """Return the shell line of a stage: what it says goes to the screen and into its log."""
    # The study's path is filled in as the job runs: Snakemake remembers the line as it is here, and
    # two studies that share a dataset must not each find that it was made by another line.
    line = (
        f"{shlex.quote(sys.executable)} -m isomorph {command} --study {{STUDY_FILE:q}}"
    )
    ended = f"echo {shlex.quote(failures.ENDED)}${{{{PIPESTATUS[0]}}}} >> {{log:q}}"
    return (
        f"OMP_NUM_THREADS={{threads}} {line} 2>&1 | tee -i {{log:q}} >&2"
        f" || {{{{ {ended}; exit 1; }}}}"
    )


def begin():
    """End jobs that a killed run left, and say how much is to be fetched, before any job starts."""
    try:
        left = alive.end_orphans(SNAKEMAKE)
    except IsomorphError as mistake:
        raise WorkflowError(str(mistake)) from None
    fetched = [
        job.wildcards.dataset
        for job in workflow.dag.needrun_jobs()
        if job.rule.name == "fetch"
    ]
    for said in (left, coming.announcement(LAYOUT, sorted(fetched))):
        if said:
            print(said, file=sys.stderr, flush=True)

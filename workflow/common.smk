# What every rule shares: the study, its paths, and the one line each rule runs.
import re
import shlex
import sys
import time

from isomorph import jobs, slices
from isomorph.cli import open_study
from isomorph.digest import code_digest
from isomorph.errors import IsomorphError
from isomorph.layout import Layout

STUDY_FILE = config.get("study", "config/config.yaml")
try:
    STUDY = open_study(STUDY_FILE)
except IsomorphError as mistake:
    raise WorkflowError(str(mistake)) from None

LAYOUT = Layout(STUDY)
STIMULUS_SETS = jobs.stimulus_sets(STUDY)
MODELS = [name for name, _, _ in STUDY.instances()]
RECORDED = [name for name in STUDY.datasets if jobs.recorded_subjects(STUDY, name)]


def one_of(names):
    """Return a wildcard constraint that admits these names and no other."""
    return "|".join(re.escape(name) for name in names) or "(?!)"


wildcard_constraints:
    dataset=one_of(STUDY.datasets),
    subject=one_of(
        {
            subject
            for name in RECORDED
            for subject in jobs.recorded_subjects(STUDY, name)
        }
    ),
    model=one_of(MODELS),


# Paths with {dataset}, {subject} or {model} in them. Only a simulated archive stands elsewhere.
PATTERN = jobs.patterns(STUDY)
SIMULATED = jobs.patterns(STUDY, simulated=True)


def responses_of(dataset):
    """Return the responses of every recorded subject; none where only RDMs are published."""
    return [
        LAYOUT.responses(dataset, name)
        for name in jobs.recorded_subjects(STUDY, dataset)
    ]


def tables_of(dataset):
    """Return every table of a dataset that a reader gets to see."""
    reliability = [LAYOUT.reliability(dataset)] if dataset in RECORDED else []
    return [
        LAYOUT.comparisons(dataset),
        LAYOUT.regions(dataset),
        LAYOUT.contrasts(dataset),
        LAYOUT.recovery(dataset),
        *reliability,
    ]


def stage(command):
    """Return the shell line of a stage: what it says goes to the screen and into its log."""
    run = (
        shlex.join([sys.executable, "-m", "isomorph"])
        .replace("{", "{{")
        .replace("}", "}}")
    )
    study = shlex.quote(STUDY_FILE).replace("{", "{{").replace("}", "}}")
    return (
        f"OMP_NUM_THREADS={{threads}} {run} {command} --study {study}"
        " 2>&1 | tee -i {log:q} >&2"
    )


STARTED = time.time()


def mistakes_since(moment):
    """Return what the stages that failed since a moment said, one sentence each."""
    logs = sorted(path for path in (LAYOUT.results / "logs").rglob("*.log"))
    lines = [
        line.removeprefix("isomorph: ")
        for path in logs
        if path.stat().st_mtime >= moment
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines()
        if line.startswith("isomorph: ")
    ]
    return list(dict.fromkeys(lines))

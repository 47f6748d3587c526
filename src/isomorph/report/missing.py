"""Which datasets of a study have no results that fit it, and why: what their last job said."""

from __future__ import annotations

from pathlib import Path

from isomorph.jobs import Job
from isomorph.layout import Layout
from isomorph.making import Fitting
from isomorph.runs.failures import is_unfinished, job_of, said


def unfit(layout: Layout) -> dict[str, str]:
    """Return, by dataset, what of its results is not what the study now says, in a sentence."""
    fitting = Fitting(layout)
    # The figures are drawn last and from all the rest.
    found = {name: fitting.first(Job("figures", (name,))) for name in layout.study.datasets}
    return {name: said for name, said in found.items() if said}


def missing(layout: Layout) -> dict[str, str]:
    """Return the datasets without comparisons that fit the study, each with the reason."""
    wrong = unfit(layout)
    return {
        name: why(layout, name, wrong.get(name, ""))
        for name in layout.study.datasets
        if name in wrong or not layout.comparisons(name).is_file()
    }


def place(layout: Layout) -> Path:
    """Return where the report stands: beside its own place as long as a dataset is missing.

    So it is never taken for the finished one.
    """
    return layout.report.with_suffix(".partial.html") if missing(layout) else layout.report


def told(layout: Layout) -> str:
    """Say how many datasets are missing, which, and why; nothing when none is."""
    absent = missing(layout)
    if not absent:
        return ""
    n = len(layout.study.datasets)
    whose = f"{len(absent)} of {n} datasets {'is' if len(absent) == 1 else 'are'} missing"
    return f"{whose}: {'; '.join(f'{name} ({reason})' for name, reason in absent.items())}"


def why(layout: Layout, dataset: str, wrong: str = "") -> str:
    """Return the last sentence with which a job of a dataset stopped.

    A dataset that uses the stimuli of another waits for that one's jobs too.

    Parameters
    ----------
    layout : Layout
    dataset : str
    wrong : str, optional
        What is wrong with the results that stand there; it is the reason unless a job stopped
        after they were computed.
    """
    computed = layout.comparisons(dataset)
    since = computed.stat().st_mtime if wrong and computed.is_file() else 0.0
    for name in dict.fromkeys((dataset, layout.study.stimulus_set(dataset))):
        found = [
            (when, log) for log in _logs(layout, name) if (when := log.stat().st_mtime) > since
        ]
        failed = [(when, str(log), said(log)[-1]) for when, log in found if said(log)]
        if failed:
            return max(failed)[2]
        unfinished = [(when, log) for when, log in found if is_unfinished(log)]
        if unfinished:
            return f"{job_of(max(unfinished)[1])} stopped without a word, or is still at work"
    return wrong or "not computed yet"


def _logs(layout: Layout, dataset: str) -> list[Path]:
    """Return the logs of a dataset: of the stages themselves, of its subjects and its models."""
    folder = layout.results / "logs"
    return [*folder.glob(f"*/{dataset}.log"), *folder.glob(f"*/{dataset}/*.log")]

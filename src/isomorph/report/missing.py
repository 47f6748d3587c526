"""Which datasets of a study have no results, and why: what their last job said."""

from __future__ import annotations

from pathlib import Path

from isomorph.layout import Layout
from isomorph.runs.failures import is_unfinished, job_of, said


def missing(layout: Layout) -> list[str]:
    """Return the datasets without comparisons, in the order of the study."""
    return [name for name in layout.study.datasets if not layout.comparisons(name).is_file()]


def place(layout: Layout) -> Path:
    """Return where the report stands: beside its own place as long as a dataset is missing.

    So it is never taken for the finished one.
    """
    return layout.report.with_suffix(".partial.html") if missing(layout) else layout.report


def told(layout: Layout) -> str:
    """Say how many datasets are missing, which, and why; nothing when none is."""
    names = missing(layout)
    if not names:
        return ""
    n = len(layout.study.datasets)
    whose = f"{len(names)} of {n} datasets {'is' if len(names) == 1 else 'are'} missing"
    return f"{whose}: {'; '.join(f'{name} ({why(layout, name)})' for name in names)}"


def why(layout: Layout, dataset: str) -> str:
    """Return the last sentence with which a job of a dataset stopped.

    A dataset that uses the stimuli of another waits for that one's jobs too.
    """
    for name in dict.fromkeys((dataset, layout.study.stimulus_set(dataset))):
        found = [(log.stat().st_mtime, log) for log in _logs(layout, name)]
        failed = [(when, str(log), said(log)[-1]) for when, log in found if said(log)]
        if failed:
            return max(failed)[2]
        unfinished = [(when, log) for when, log in found if is_unfinished(log)]
        if unfinished:
            return f"{job_of(max(unfinished)[1])} stopped without a word, or is still at work"
    return "not computed yet"


def _logs(layout: Layout, dataset: str) -> list[Path]:
    """Return the logs of a dataset: of the stages themselves, of its subjects and its models."""
    folder = layout.results / "logs"
    return [*folder.glob(f"*/{dataset}.log"), *folder.glob(f"*/{dataset}/*.log")]

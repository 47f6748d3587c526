"""Which datasets of a study have no results, and why: what their last job said."""

from __future__ import annotations

from pathlib import Path

from isomorph.layout import Layout

MARK = "isomorph: "
"""How a line of a log begins that says why a stage stopped."""


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
        said = [
            (log.stat().st_mtime, str(log), line.removeprefix(MARK))
            for log in _logs(layout, name)
            if (line := _last(log))
        ]
        if said:
            return max(said)[2]
    return "not computed yet"


def _logs(layout: Layout, dataset: str) -> list[Path]:
    """Return the logs of a dataset: of the stages themselves, of its subjects and its models."""
    folder = layout.results / "logs"
    return [*folder.glob(f"*/{dataset}.log"), *folder.glob(f"*/{dataset}/*.log")]


def _last(log: Path) -> str:
    """Return the last line that says why a stage stopped; a log is written anew by every run."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return next((line for line in reversed(lines) if line.startswith(MARK)), "")

"""Which datasets of a study have no results that fit it, and why: what their last job said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from isomorph.jobs import Job, jobs
from isomorph.layout import Layout
from isomorph.making import Fitting
from isomorph.runs.failures import is_unfinished, job_of, said


@dataclass(frozen=True)
class Judged:
    """What a study has on the disk, compared with the study once.

    Attributes
    ----------
    fitting : Fitting
        What compared it, for whoever asks further.
    unfit : mapping of str to str
        By dataset, what of its results is not what the study now says, in a sentence.
    missing : mapping of str to str
        The datasets without comparisons that fit the study, each with the reason.
    """

    fitting: Fitting
    unfit: Mapping[str, str]
    missing: Mapping[str, str]

    @property
    def layout(self) -> Layout:
        """Paths of the study."""
        return self.fitting.layout

    @property
    def fit(self) -> list[str]:
        """The datasets whose results, as far as there are any, are what the study now says."""
        return [name for name in self.layout.study.datasets if name not in self.unfit]

    @property
    def place(self) -> Path:
        """Where the report stands: beside its own place as long as a dataset is missing.

        So it is never taken for the finished one.
        """
        report = self.layout.report
        return report.with_suffix(".partial.html") if self.missing else report

    @property
    def told(self) -> str:
        """How many datasets are missing, which, and why; nothing when none is."""
        if not self.missing:
            return ""
        n = len(self.layout.study.datasets)
        whose = f"{len(self.missing)} of {n} datasets {'is' if len(self.missing) == 1 else 'are'}"
        reasons = "; ".join(f"{name} ({reason})" for name, reason in self.missing.items())
        return f"{whose} missing: {reasons}"


def judge(layout: Layout, fitting: Fitting | None = None) -> Judged:
    """Compare what is there of a study with the study.

    Parameters
    ----------
    layout : Layout
    fitting : Fitting, optional
        One that has compared files of the study before; they are not read again.
    """
    fitting = fitting or Fitting(layout)
    fitting.look_ahead(jobs(layout.study))
    # The figures are drawn last and from all the rest.
    first = {name: fitting.first(Job("figures", (name,))) for name in layout.study.datasets}
    wrong = {name: said for name, said in first.items() if said}
    missing = {
        name: why(layout, name, wrong.get(name, ""))
        for name in layout.study.datasets
        if name in wrong or not layout.comparisons(name).is_file()
    }
    return Judged(fitting, wrong, missing)


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
            return f"{job_of(max(unfinished)[1])} stopped without a message, or is still running"
    return wrong or "not computed yet"


def _logs(layout: Layout, dataset: str) -> list[Path]:
    """Return the logs of a dataset: of the stages themselves, of its subjects and its models."""
    folder = layout.results / "logs"
    return [*folder.glob(f"*/{dataset}.log"), *folder.glob(f"*/{dataset}/*.log")]

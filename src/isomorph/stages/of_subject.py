"""The files of one subject, as stages that read recordings ask for them."""

from __future__ import annotations

from isomorph.layout import Layout
from isomorph.responses.subject_files import SubjectFiles, subject_files
from isomorph.saying import say
from isomorph.stages.datasets import files_of
from isomorph.stimuli.names import Names


def files_of_subject(
    layout: Layout, stage: str, dataset: str, subject: str, names: Names
) -> SubjectFiles:
    """Return the files of a dataset that has been fetched, asked for one subject.

    Parameters
    ----------
    layout : Layout
    stage : str
        Which says how far it has come.
    dataset, subject : str
    names : Names
        What names in recordings stand for.
    """
    return subject_files(
        files_of(layout, dataset),
        subject=subject,
        names=names,
        atlases=layout.atlases,
        scratch=layout.responses(dataset, subject).parent,
        say=lambda line: say(f"{stage} {dataset} {subject}: {line}"),
        stimuli=layout.study.dataset(layout.study.stimulus_set(dataset)).stimuli,
    )

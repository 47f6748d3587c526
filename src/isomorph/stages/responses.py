"""The responses of one subject: read, checked against what is expected, and written."""

from __future__ import annotations

from collections.abc import Mapping

import xarray as xr

from isomorph.archives.asked import refuse_absent_of
from isomorph.archives.manifest import check_unchanged, read_manifest
from isomorph.artefacts import write_array, write_responses
from isomorph.errors import IsomorphError
from isomorph.expected import check_expected
from isomorph.layout import Layout
from isomorph.making import require, stamp
from isomorph.responses.kinds import RESPONSES, ResponseKind
from isomorph.responses.sessions import fewest_repetitions, refuse_too_large
from isomorph.responses.subject_files import SubjectFiles
from isomorph.stages.datasets import names_of
from isomorph.stages.of_subject import files_of_subject
from isomorph.stimuli.names import Names


def run(layout: Layout, dataset: str, subject: str) -> None:
    """Write the responses of one subject, a group per session, or its ready RDMs.

    Parameters
    ----------
    layout : Layout
        Paths of the study.
    dataset, subject : str
        Whose responses.

    Raises
    ------
    IsomorphError
        When the subject is not the dataset's, its files are not as the dataset says, or stimuli
        and manifest are not what the study now says. Nothing is written then.
    """
    spec = layout.study.dataset(dataset)
    layout.study.refuse_stranger(dataset, subject)
    refuse_absent_of(layout, dataset, subject)
    require(layout, "responses", dataset, subject)
    kind, files = _asked(layout, dataset, subject, names_of(layout, dataset))
    found = kind.read(files, spec.responses)
    whose = {
        "dataset": dataset,
        "subject": subject,
        "simulated": str(spec.simulated).lower(),
    }
    if kind.gives == "responses":
        _check(layout, dataset, subject, found.sessions, files.names)
    hashes = check_unchanged(layout, dataset, found.files)
    source = read_manifest(layout, dataset).provenance.source
    signed = stamp(layout, "responses", dataset, subject, source=source, also=hashes)
    place = layout.responses(dataset, subject)
    if kind.gives == "responses":
        named = {name: data.assign_attrs(session=name) for name, data in found.sessions.items()}
        write_responses(place, named, whose, signed)
    else:
        (data,) = found.sessions.values()
        write_array(place, data.assign_attrs(whose), "rdms", signed)


def look(layout: Layout, dataset: str, subject: str, names: Names) -> None:
    """Look at the files of one subject before anything is made of them.

    Parameters
    ----------
    layout : Layout
        Paths of the study.
    dataset, subject : str
        Whose files.
    names : Names
        What names in them stand for.

    Raises
    ------
    IsomorphError
        As `run` would; nothing is written.
    """
    refuse_absent_of(layout, dataset, subject)
    kind, files = _asked(layout, dataset, subject, names)
    kind.look(files, layout.study.dataset(dataset).responses)


def _asked(
    layout: Layout, dataset: str, subject: str, names: Names
) -> tuple[ResponseKind, SubjectFiles]:
    """Return the kind of a dataset's responses, and the files of one subject."""
    spec = layout.study.dataset(dataset)
    kind = RESPONSES[spec.responses.kind]
    if kind.gives == "rdms" and spec.expected.presentations:
        raise IsomorphError(
            f"{layout.study.dataset_files[dataset]}: expected.presentations cannot be checked "
            "where only RDMs are published; leave it out"
        )
    return kind, files_of_subject(layout, "responses", dataset, subject, names)


def _check(
    layout: Layout,
    dataset: str,
    subject: str,
    sessions: Mapping[str, xr.Dataset],
    names: Names,
) -> None:
    """Check the sessions of one subject, also against the figures expected.

    Raises
    ------
    IsomorphError
        When a response is too large to be one; see `isomorph.expected.check_expected` too.
    """
    refuse_too_large(sessions, f"{dataset} {subject}")
    found = {
        f"sessions.{subject}": len(sessions),
        f"presentations.{subject}": sum(d.sizes["presentation"] for d in sessions.values()),
        f"repetitions.{subject}": fewest_repetitions(sessions, names.stimuli),
    }
    check_expected(layout, dataset, found)

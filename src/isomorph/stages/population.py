"""The stage `population`: what the units of a subject did over time, of which topology is asked."""

from __future__ import annotations

from isomorph.archives.asked import refuse_absent_of
from isomorph.archives.manifest import check_unchanged, read_manifest
from isomorph.artefacts import write_population
from isomorph.catalogue import is_asked
from isomorph.errors import IsomorphError
from isomorph.layout import Layout
from isomorph.making import require, stamp
from isomorph.responses.rates.subject_population import TRACKED, read_population
from isomorph.stages.datasets import names_of
from isomorph.stages.of_subject import files_of_subject


def run(layout: Layout, dataset: str, subject: str) -> None:
    """Write the activity of one subject over time, a group per session.

    Parameters
    ----------
    layout : Layout
        Paths of the study.
    dataset, subject : str
        Whose.

    Raises
    ------
    IsomorphError
        When the study does not ask for it, the dataset has no spikes, or files cannot be used or
        are not what the study now says. Nothing is written then.
    """
    study, settings = layout.study, layout.study.spec.topology
    spec = study.dataset(dataset)
    if spec.responses.kind not in TRACKED:
        raise IsomorphError(
            f"{study.dataset_files[dataset]}: responses are of kind {spec.responses.kind}; the "
            f"activity over time is read of spikes, of kind {' or '.join(TRACKED)}"
        )
    if settings is None or not is_asked(study, "population", dataset):
        raise IsomorphError(
            f"{study.path}: nothing asks for the activity over time; expected topology: "
            "{of: time}"
        )
    study.refuse_stranger(dataset, subject)
    refuse_absent_of(layout, dataset, subject)
    require(layout, "population", dataset, subject)
    files = files_of_subject(layout, "population", dataset, subject, names_of(layout, dataset))
    found = read_population(files, spec.responses, settings)
    hashes = check_unchanged(layout, dataset, found.files)
    source = read_manifest(layout, dataset).provenance.source
    signed = stamp(layout, "population", dataset, subject, source=source, also=hashes)
    named = {name: data.assign_attrs(session=name) for name, data in found.sessions.items()}
    whose = {"dataset": dataset, "subject": subject, "simulated": str(spec.simulated).lower()}
    write_population(layout.population(dataset, subject), named, whose, signed)

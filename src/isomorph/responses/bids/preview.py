"""A look at a subject's runs before anything is computed."""

from __future__ import annotations

from pathlib import Path

from isomorph.responses.bids.atlases import atlas_files, checked
from isomorph.responses.bids.confounds import read_confounds
from isomorph.responses.bids.estimates import opened, shown_in_all
from isomorph.responses.bids.events import refuse_some_impulses
from isomorph.responses.bids.regions import read_regions
from isomorph.responses.bids.subject_runs import SubjectRuns, by_session, gather
from isomorph.responses.subject_files import SubjectFiles
from isomorph.study.bids import AtlasRegions, BidsResponses


def look(files: SubjectFiles, settings: BidsResponses) -> None:
    """Open a subject's runs and refuse what `isomorph.responses.bids.read` would.

    Of volumes the headers are read, of masks, labels, events, confounds and JSON files all. An
    atlas that is not here yet is not looked at.
    """
    found = gather(files, settings)
    _look_at_regions(found, files.atlases)
    shown, lasting = [], []
    for run, bold in opened(found.runs, found.first):
        bold.refuse_cut_short()
        read_confounds(run, found.reader.confounds, settings.confounds, bold.n_scans)
        trials = found.reader.trials(run, bold.n_scans, bold.repetition, bold.start, bold.header)
        shown.append(set(trials.label[trials.known].tolist()))
        lasting.append((run.events, trials.duration))
    for lasted in by_session(lasting, found.runs, settings).values():
        for number in range(1, len(lasted) + 1):  # run by run, as they are read
            refuse_some_impulses(dict(lasted[:number]))
    files.names.refuse_misspelt()
    if settings.centre == "run":
        for own in by_session(shown, found.runs, settings).values():
            shown_in_all(own, f"{files.dataset} {files.subject}")


def _look_at_regions(found: SubjectRuns, atlases: Path) -> None:
    regions = found.reader.settings.regions
    if isinstance(regions, AtlasRegions) and not atlas_files(regions, atlases):
        checked(regions, found.source.place, found.source.bold)
    else:
        read_regions(regions, found.source)

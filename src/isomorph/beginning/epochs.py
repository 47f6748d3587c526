"""A study of EEG or MEG laid out as BIDS: windows around the onsets of a table of events."""

from __future__ import annotations

from isomorph.archives.patterns import matches
from isomorph.beginning.draft import Draft, distance_for
from isomorph.beginning.events import conditions_of, events_of
from isomorph.beginning.place import Place, shared_pattern
from isomorph.beginning.setting import Setting
from isomorph.foreign.entities import parse
from isomorph.saying import count

ENDINGS = tuple(
    f"_{what}.{end}"
    for what in ("eeg", "meg")
    for end in ("fif", "vhdr", "edf", "bdf", "set", "gdf")
)

WINDOWS = {"early": [0.05, 0.15], "middle": [0.15, 0.25], "late": [0.25, 0.4]}
"""Seconds from onset in which evoked responses to pictures have their parts."""


def recognise(place: Place) -> str:
    """Say how many recordings there are, '' for none."""
    found = place.ending(*ENDINGS)
    return count(len(found), "recording of EEG or MEG", "recordings of EEG or MEG") if found else ""


def draft(place: Place) -> Draft:
    """Look at recordings of EEG or MEG, by their names and their events.

    Raises
    ------
    IsomorphError
        When there are no events, or none of their columns names stimuli.
    """
    files = place.ending(*ENDINGS)
    tasks = sorted({str(parse(path).entities.get("task", "")) for path in files})
    task = tasks[0] or None
    files = [path for path in files if task is None or parse(path).entities.get("task") == task]
    events = events_of(place, task)
    pattern, subjects = shared_pattern(files, place.files)
    if not subjects:
        pattern, subjects = files[0], (str(parse(files[0]).entities.get("sub", "subject")),)
    tables, _ = shared_pattern(list(events.tables), place.files)
    found = conditions_of(place, events, tables or next(iter(events.tables)))
    is_meg = parse(files[0]).suffix == "meg"
    named = events.named
    shown: dict[str, object] = {"stimulus": named.column}
    if named.naming != "{}":
        shown["name"] = named.naming
    if named.blank:
        shown["blank"] = list(named.blank)
    patterns = ["**/*.tsv", "**/*.json", *(found.images.files if found.images else [])]
    return Draft(
        found=(f"{count(len(files), 'recording')} of {', '.join(subjects)}", events.said),
        decide=found.decide,
        subjects=subjects,
        files=(f"**/*_{parse(files[0]).suffix}.*",
               *(one for one in patterns if matches(one, place.files))),
        stimuli=found.stimuli,
        responses=(
            Setting("kind", "epochs"),
            Setting("files", pattern,
                    f"which task; also here: {', '.join(tasks[1:])}" if tasks[1:] else ""),
            Setting("presentations", shown, events.choose, events.said),
            *((Setting("picks", ["mag"], "types of channel: mag, grad, eeg"),) if is_meg else ()),
            Setting("baseline", [-0.1, 0], "seconds from onset whose mean is taken off"),
            Setting("windows", WINDOWS, "seconds from onset, by name; each has an RDM of its own"),
            Setting("noise", {"kind": "multivariate"}, note="in units of the noise of residuals"),
        ),
        distances=distance_for(min(named.counts.values())),
        models=found.models,
        own_models=found.own,
        tables=found.tables,
        names=found.names,
    )  # fmt: skip

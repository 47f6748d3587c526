"""How a dataset's responses were made: its settings, and what each session holds."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from pydantic import BaseModel

from isomorph.archives.manifest import read_manifest
from isomorph.artefacts import artefact_kind, read_array, read_provenance, read_responses
from isomorph.inference.on_axes import FOLLOWED
from isomorph.layout import Layout
from isomorph.numerals import NONE, listed
from isomorph.rdms.collection import notes_of, undefined_of
from isomorph.report.columns import PageColumn, Table, table_of
from isomorph.report.settings import sentence, settings_of
from isomorph.saying import count

MOST_REGIONS = 8
"""Regions that get a column each; more are words in one column."""

SETTINGS = (PageColumn("setting"), PageColumn("value"), PageColumn("meaning"))
SESSIONS: tuple[PageColumn, ...] = (
    PageColumn("subject"), PageColumn("session"), PageColumn("left out"),
    PageColumn("noted", "kept, with a note"),
    PageColumn("presentations", kind="ready"), PageColumn("stimuli", kind="ready"),
    PageColumn("repetitions", "repetitions of a stimulus", "ready"),
)  # fmt: skip

MOST_NAMES = 12
"""Files, subjects or regions named one by one in a cell."""


@dataclass(frozen=True)
class Session:
    """What one session of one subject holds.

    Attributes
    ----------
    subject, name : str
    presentations, stimuli : int or None
        None where only RDMs are published.
    repetitions : tuple of int
        Fewest and most repetitions of a stimulus that was shown; empty where not known.
    units : dict
        Units by region; 0 stands for a ready RDM, whose units are not known.
    dropped, noted : dict
        What was left out, and what was kept but is worth a word, by reason.
    runs : sequence of dict
        Of BOLD, what the file says of each run: its volumes, those left out, when they were taken.
    """

    subject: str
    name: str
    presentations: int | None
    stimuli: int | None
    repetitions: tuple[int, ...]
    units: Mapping[str, int]
    dropped: Mapping[str, int]
    noted: Mapping[str, int]
    runs: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True)
class Methods:
    """How a dataset's responses were made.

    Attributes
    ----------
    facts : list of tuple (term, meaning)
        Source, form, transform, what was left out.
    settings : Table or None
        Settings that differ from the default, each with what it means.
    defaults : str
        The settings left as they are by default.
    totals : str
        All sessions in one line; empty before any is written.
    sessions : Table or None
        A row per session.
    """

    facts: list[tuple[str, str]]
    settings: Table | None
    defaults: str
    totals: str
    sessions: Table | None


def methods(layout: Layout, dataset: str, *, written: bool = True) -> Methods:
    """Return how a dataset's responses were made, from its settings and from what was written.

    Parameters
    ----------
    layout : Layout
    dataset : str
    written : bool, optional
        Whether what was written fits the study; otherwise only settings are given.
    """
    spec = layout.study.dataset(dataset)
    subjects = spec.subjects if written else ()
    sessions = [each for subject in subjects for each in read_sessions(layout, dataset, subject)]
    rows = list(settings_of(spec.responses))
    chosen = [one for one in rows if not one["default"]]
    return Methods(
        _facts(layout, dataset, sessions, written=written),
        table_of(chosen, SETTINGS) if chosen else None,
        "; ".join(f"{one['setting']} {one['value']}" for one in rows if one["default"]),
        _totals(sessions),
        session_table(sessions) if sessions else None,
    )


def _facts(
    layout: Layout, dataset: str, sessions: Sequence[Session], *, written: bool
) -> list[tuple[str, str]]:
    spec = layout.study.dataset(dataset)
    fetched = written and layout.manifest(dataset).is_file()
    facts = [("Bytes", _bytes(layout, dataset))] if fetched else []
    facts.append(("Responses", sentence(type(spec.responses).__doc__)))
    facts.append(("Transform", spec.transform.replace("_", " ")))
    if runs := _runs(sessions):
        facts.append(("Runs", runs))
    if lacking := _lacking(sessions, _named_regions(spec.responses)):
        facts.append(("Missing regions", lacking))
    if written and (along := _along(layout, dataset)):
        facts.append(("Stimuli follow one another", along))
    if written and layout.brain_rdms(dataset).is_file():
        brain = read_array(layout.brain_rdms(dataset), "rdms")
        if folds := _folds(brain):
            facts.append(("Folds and halves", folds))
        left = undefined_of(brain) | notes_of(brain)
        told = [
            f"{', '.join(_some([what for what in left if left[what] == why]))}: {why}"
            for why in dict.fromkeys(left.values())
        ]
        if told:
            facts.append(("Left out of the RDMs, or noted about them", "; ".join(told)))
    return facts


def _along(layout: Layout, dataset: str) -> str:
    """Say which blocks, gaps and orders inference had of stimuli that follow one another."""
    file = layout.path("comparisons", dataset)
    if not file.is_file():
        return ""
    return str(read_provenance(file).noted.get(FOLLOWED, {}).get("words", ""))


FOLDS = {
    "run": "whole runs, because presentations of one run may share noise",
    "session": "whole sessions, because presentations of one session may share noise",
    "repetition": "repetitions, because no runs or sessions are known that repeat most stimuli",
}
"""What is crossed in cross-validation and divided into halves, and why."""


def _folds(data: xr.Dataset) -> str:
    """Say what cross-validation crossed and ceilings halved; '' where only RDMs are published."""
    if "fold" not in data.coords:
        return ""
    kinds, counts = data["fold"].values.astype(str), data["n_folds"].values.astype(int)
    subject = data["subject"].values.astype(str)
    told = []
    for kind in dict.fromkeys(kinds.tolist()):
        here = kinds == kind
        number = " to ".join(map(str, dict.fromkeys([counts[here].min(), counts[here].max()])))
        who = listed(_some(list(dict.fromkeys(subject[here].tolist()))))
        words = " and ".join(FOLDS[one] for one in kind.split(", "))
        told.append(f"{words} ({number}" + (f" in {who})" if not here.all() else ")"))
    use = "crossed by cross-validated distances, halved for noise ceilings and pairs of regions"
    return f"{use}: {'; '.join(told)}"


def _bytes(layout: Layout, dataset: str) -> str:
    manifest = read_manifest(layout, dataset)
    sizes = [file.size for file in manifest.files]
    source = manifest.provenance.source or manifest.archive["kind"]
    return f"{source} ({count(len(sizes), 'file')}, {sum(sizes):,} bytes; sha256 under Provenance)"


def _named_regions(responses: BaseModel) -> list[str]:
    """Return the regions the settings ask for by name, where they do."""
    asked = getattr(responses, "regions", None)
    asked = getattr(asked, "regions", getattr(asked, "named", asked))
    return list(asked) if isinstance(asked, Mapping) else []


def _runs(sessions: Sequence[Session]) -> str:
    """Say how many volumes the runs of BOLD have, when they were taken, and which were left out."""
    alike = Counter[str]()
    left: dict[str, list[str]] = {}
    for session in sessions:
        for run in session.runs:
            said = timing_of(run)
            alike[said] += 1
            if run["left_out"]:
                own = left.setdefault(session.subject, [])
                own.append(f"{run['left_out']} of run {run['run']}")
    told = _some([f"{count(n, 'run')} of {said}" for said, n in alike.items()])
    if left:
        told.append("volumes left out as not steady or censored")
    told += [f"subject {subject}: {', '.join(own)}" for subject, own in left.items()]
    return "; ".join(told)


def timing_of(run: Mapping[str, Any]) -> str:
    """Say how many volumes a run of BOLD has and when they were taken, by which file."""
    source = str(run["repetition_time_from"])
    own = source.partition(".")[0] == str(run["file"]).partition(".")[0]
    source = "its own JSON file" if own else source.rpartition("/")[2]
    return (
        f"{run['volumes']:,} volumes, one every {run['repetition_time']:g} s ({source}), each "
        f"taken {run['start_time']:g} s after its beginning"
    )


def _lacking(sessions: Sequence[Session], asked: Sequence[str]) -> str:
    """Say which regions some subjects, or all, have no unit of."""
    subjects = list(dict.fromkeys(session.subject for session in sessions))
    if not subjects:
        return ""
    found = list(dict.fromkeys(region for session in sessions for region in session.units))
    never = [name for name in asked if name not in found]
    told = [f"{listed(never)} in every subject"] if never else []
    for region in found:
        have = {session.subject for session in sessions if region in session.units}
        if without := [subject for subject in subjects if subject not in have]:
            told.append(f"{region} in {listed(_some(without))}")
    return "; ".join(_some(told))


def read_sessions(layout: Layout, dataset: str, subject: str) -> Iterator[Session]:
    """Yield what each session of a subject holds, without reading its responses; none yet: none."""
    path = layout.responses(dataset, subject)
    if not path.is_file():
        return
    if artefact_kind(path) == "rdms":
        yield from _ready(path, subject)
        return
    for name, data in read_responses(path, without=("response",)).items():
        regions, n_units = np.unique(data["region"].values.astype(str), return_counts=True)
        shown, repetitions = np.unique(data["stimulus"].values.astype(str), return_counts=True)
        yield Session(
            subject,
            name,
            data.sizes["presentation"],
            len(shown),
            (int(repetitions.min()), int(repetitions.max())),
            dict(zip(regions.tolist(), n_units.tolist(), strict=True)),
            json.loads(data.attrs.get("dropped", "{}")),
            json.loads(data.attrs.get("noted", "{}")),
            json.loads(data.attrs.get("runs", "[]")),
        )


def _ready(path: Path, subject: str) -> Iterator[Session]:
    """Yield the sessions of a file of published RDMs, of whose responses nothing is known."""
    data = read_array(path, "rdms")
    regions = data["region"].values.tolist()
    sessions = data["session"].values.tolist() if "session" in data.coords else ["1"] * len(regions)
    named = list(zip(sessions, regions, strict=True))
    n_stimuli = data.sizes["stimulus"]
    for session in dict.fromkeys(name for name, _ in named):
        units = dict.fromkeys((region for name, region in named if name == session), 0)
        yield Session(subject, session, None, n_stimuli, (), units, {}, {})


def session_table(sessions: Sequence[Session]) -> Table:
    """Return a row per session: presentations, stimuli, repetitions, units, what was left out."""
    regions = list(dict.fromkeys(region for session in sessions for region in session.units))
    columns = SESSIONS
    columns += (
        tuple(PageColumn(f"units, {region}", kind="ready") for region in regions)
        if len(regions) <= MOST_REGIONS
        else (PageColumn("units", f"units of {len(regions)} regions", "ready"),)
    )
    rows = [
        {
            **{f"units, {region}": _units(session, region) for region in regions},
            "units": _number(sum(session.units.values()) or None),
            "subject": session.subject,
            "session": session.name,
            "left out": _counted(session.dropped),
            "noted": _counted(session.noted),
            "presentations": _number(session.presentations),
            "stimuli": _number(session.stimuli),
            "repetitions": " to ".join(map(str, dict.fromkeys(session.repetitions))) or NONE,
        }
        for session in sessions
    ]
    return table_of(rows, columns)


def _units(session: Session, region: str) -> str:
    if region not in session.units:
        return "none"
    return f"{session.units[region]:,}" if session.units[region] else "ready RDM"


def _number(value: int | None) -> str:
    return NONE if value is None else f"{value:,}"


def _counted(reasons: Mapping[str, int]) -> str:
    return "; ".join(f"{reason}: {n:,}" for reason, n in reasons.items() if n) or NONE


def _totals(sessions: Sequence[Session]) -> str:
    """Return all sessions in one line: how many, presentations, units by region, left out."""
    if not sessions:
        return ""
    subjects = {session.subject for session in sessions}
    said = [f"{count(len(sessions), 'session')} of {count(len(subjects), 'subject')}"]
    if total := sum(session.presentations or 0 for session in sessions):
        said.append(f"{total:,} presentation{'s' if total > 1 else ''}")
    units = _summed(session.units for session in sessions)
    if n_units := sum(units.values()):
        each = ", ".join(_some([f"{region} {n:,}" for region, n in units.items()]))
        said.append(f"{n_units:,} units after all criteria ({each})")
    dropped = {why: n for why, n in _summed(s.dropped for s in sessions).items() if n}
    if dropped:
        said.append("left out " + _counted(dropped).replace("; ", ", "))
    return "; ".join(said)


def _summed(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total = Counter[str]()
    for one in counts:
        total.update(one)
    return total


def _some(names: Sequence[str]) -> list[str]:
    """Return the first names, and how many more there are."""
    left = len(names) - MOST_NAMES
    return [*names[:MOST_NAMES], f"{left} more"] if left > 0 else list(names)

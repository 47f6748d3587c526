"""A study of a BIDS folder: raw volumes or fMRIPrep's, events, confounds, masks."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from isomorph.archives.patterns import matches
from isomorph.beginning.bids_regions import regions_of
from isomorph.beginning.columns import Named
from isomorph.beginning.draft import Draft, distance_for
from isomorph.beginning.events import ENDING as EVENTS
from isomorph.beginning.events import conditions_of, events_of
from isomorph.beginning.place import Place, place_of
from isomorph.beginning.setting import ABSENT, Setting
from isomorph.foreign.entities import BidsName, parse
from isomorph.responses.bids.bold import open_bold
from isomorph.saying import count

VOLUMES = ("_bold.nii", "_bold.nii.gz", "_bold.dtseries.nii", "_bold.func.gii")
Entities = dict[str, str | int]


@dataclass(frozen=True)
class _Bold:
    """The runs that are taken, of all the volumes there are."""

    paths: tuple[str, ...]
    pattern: str
    entities: Entities
    others: tuple[str, ...]


def recognise(place: Place) -> str:
    """Say how many runs there are, '' for none."""
    found = [path for path in place.ending(*VOLUMES) if parse(path).entities.get("sub")]
    return f"BIDS, {count(len(found), 'file of volumes', 'files of volumes')}" if found else ""


def draft(place: Place) -> Draft:
    """Look at a BIDS folder.

    Raises
    ------
    IsomorphError
        When there are no events, or none of their columns names stimuli.
    """
    place = _with_events(place)
    bold = _bold(place)
    task = bold.entities.get("task")
    events = events_of(place, task)
    named = events.named
    subjects = tuple(sorted({str(parse(path).entities["sub"]) for path in bold.paths}))
    pattern = _pattern(list(events.tables), {"task": task} if task else {}, EVENTS)
    conditions = conditions_of(place, events, pattern)
    images = conditions.images
    regions, regions_of_files, undecided = regions_of(place, subjects[0], bold.entities)
    repetition = _repetition_time(place, bold)
    unknown = any(one.value is ABSENT for one in repetition)
    return Draft(
        root=place.folder,
        found=(f"{count(len(bold.paths), 'run')} of {', '.join(subjects)}", events.said),
        decide=(
            *((undecided,) if undecided else ()),
            *(("the seconds between volumes, repetition_time",) if unknown else ()),
            *conditions.decide,
        ),
        subjects=subjects,
        files=tuple(
            one
            for one in dict.fromkeys([
                bold.pattern.replace("{subject}", "*"), "**/*.json", "**/*.tsv",
                *regions_of_files, *(images.files if images else []),
            ])
            if matches(one, place.files)
        ),
        stimuli=conditions.stimuli,
        responses=(
            Setting("kind", "bids"),
            Setting("bold", bold.pattern,
                    f"which volumes; also here: {', '.join(bold.others)}" if bold.others else "",
                    f"{count(len(bold.paths), 'run')}"),
            Setting("events", _events(pattern, named),
                    events.choose, events.said),
            regions,
            *_confounds(place, bold),
            *repetition,
            *_noise(events.in_runs),
        ),
        distances=distance_for(events.in_runs),
        models=conditions.models,
        own_models=conditions.own,
        tables=conditions.tables,
        names=conditions.names,
    )  # fmt: skip


def _with_events(place: Place) -> Place:
    """Return the folder of the raw data for one of derivatives, which holds no events."""
    if place.beside(EVENTS) or place.only:
        return place
    for above in place.folder.absolute().parents[:3]:
        if (above / "dataset_description.json").is_file() and any(above.glob("sub-*")):
            inside = place.folder.absolute().relative_to(above).as_posix()
            raw = place_of(above)
            keep = tuple(
                path for path in raw.files
                if path.startswith(f"{inside}/") or not path.endswith(VOLUMES)
            )  # fmt: skip
            return Place(above, keep)
    return place


def _bold(place: Place) -> _Bold:
    """Return the runs of one task in one space: preprocessed before raw, volumes before others."""
    groups: dict[tuple[tuple[str, str | int], ...], list[str]] = defaultdict(list)
    for path in place.ending(*VOLUMES):
        name = parse(path)
        if "sub" in name.entities:
            groups[_kind(path, name)].append(path)

    def rank(kind: tuple[tuple[str, str | int], ...]) -> tuple[object, ...]:
        said = dict(kind)
        return (
            said.get("desc") == "preproc", str(said["end"]).startswith(".nii"),
            said.get("space") == "T1w", len(groups[kind]),
        )  # fmt: skip

    best = max(sorted(groups), key=rank)
    others = tuple(
        " ".join(f"{key} {value}" for key, value in kind if key != "end")
        or f"raw {len(paths)} files"
        for kind, paths in groups.items()
        if kind != best
    )
    entities: Entities = {key: value for key, value in best if key != "end"}
    end = str(dict(best)["end"])
    paths = tuple(groups[best])
    return _Bold(paths, _pattern(list(paths), entities, f"_bold{end}"), entities, others)


def _kind(path: str, name: BidsName) -> tuple[tuple[str, str | int], ...]:
    """Return what tells volumes of one sort from others."""
    kept = {key: name.entities[key] for key in ("task", "space", "res", "den", "desc", "part")
            if key in name.entities}  # fmt: skip
    return (*kept.items(), ("end", name.extension))


def _pattern(paths: Sequence[str], entities: Entities, end: str) -> str:
    """Return the pattern of files of a kind, with `{subject}` in it."""
    before = {path[: path.index("sub-")] for path in paths if "sub-" in path}
    top = before.pop() if len(before) == 1 else "**/"
    folders = {str(PurePosixPath(path[path.index("sub-"):]).parent) for path in paths}  # fmt: skip
    below = {folder.partition("/")[2] for folder in folders}
    inner = f"{below.pop()}/" if len(below) == 1 and "" not in below else "**/"
    flat = folders == {"."}
    said = "".join(f"{key}-{value}_*" for key, value in entities.items())
    name = f"sub-{{subject}}_*{said}".removesuffix("_*") + (f"*{end}" if said else end)
    name = name.replace("**", "*")
    return f"{top}{name}" if flat else f"{top}sub-{{subject}}/{inner}{name}"


def _events(pattern: str, named: Named) -> dict[str, object]:
    found: dict[str, object] = {"files": pattern}
    if named.column != "trial_type":
        found["stimulus"] = named.column
    if named.naming != "{}":
        found["name"] = named.naming
    if named.blank:
        found["without"] = list(named.blank)
    return found


def _confounds(place: Place, bold: _Bold) -> tuple[Setting, ...]:
    """Return what is regressed out, where fMRIPrep says what might be."""
    if bold.entities.get("desc") != "preproc" or not place.beside("_timeseries.tsv"):
        return ()
    return (
        Setting("confounds", {"strategy": ["motion", "wm_csf", "high_pass"], "motion": "basic"},
                "what is regressed out: also global_signal, compcor, scrub"),
        Setting("drift", "none", note="slow drifts are among the confounds (high_pass)"),
    )  # fmt: skip


def _repetition_time(place: Place, bold: _Bold) -> tuple[Setting, ...]:
    """Return seconds between volumes, where no JSON file says them."""
    for path in place.beside("_bold.json"):
        try:
            said = json.loads(place.at(path).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue  # what reads the runs says what is wrong with it
        if isinstance(said, dict) and {"RepetitionTime", "VolumeTiming"} & set(said):
            return ()
    said = open_bold([place.at(bold.paths[0])])
    if said.repetition is not None:
        return ()  # the file itself says it
    meaning = "seconds between volumes, which no JSON file says"
    if said.header is None:
        return (Setting("repetition_time", ABSENT, meaning + "; nor does the first run's header"),)
    return (
        Setting("repetition_time", said.header,
                meaning + "; the header of the first run does, which is often not right"),
    )  # fmt: skip


def _noise(in_runs: int) -> tuple[Setting, ...]:
    if in_runs < 2:
        return (
            Setting("per", "run", note="some stimuli stand in one run only, so that they have no "
                    "independent repetitions"),
        )  # fmt: skip
    return (
        Setting("noise", "multivariate", note=f"every stimulus stands in {in_runs} runs or more; "
                "amplitudes are divided by the noise of the residuals"),
    )  # fmt: skip

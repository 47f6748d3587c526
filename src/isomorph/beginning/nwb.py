"""A study of NWB recordings: onsets, windows, regions and images as the files have them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from isomorph.beginning.columns import (
    Named,
    groups_of,
    least_of,
    presentations,
    said_of_one,
    stimulus_columns,
)
from isomorph.beginning.draft import (
    MODELS,
    Draft,
    ModelFile,
    distance_for,
    groups_model,
    groups_wanted,
)
from isomorph.beginning.followed import stimuli_of
from isomorph.beginning.images import Images, ids_of_all, images_of
from isomorph.beginning.place import Place, shared_pattern
from isomorph.beginning.recordings import Recording, Shown, look
from isomorph.beginning.setting import Setting
from isomorph.beginning.units import quality_of, region_of
from isomorph.errors import IsomorphError
from isomorph.saying import count

MOST = 40
"""Recordings that are opened; where there are more, the others are taken to be alike."""

LATENCY = 0.05
"""Seconds from onset to the first responses of visual cortex."""

LONGEST = 0.5
"""Seconds a window lasts at most, where stimuli follow each other slowly."""


@dataclass(frozen=True)
class _Choice:
    """What of the recordings is taken, and what else might be."""

    shown: Shown
    named: Named
    others: tuple[str, ...]

    @property
    def onset(self) -> str:
        return next(iter(self.shown.onsets))

    @property
    def interval(self) -> float:
        """Seconds between onsets, the median."""
        times = np.sort(self.shown.onsets[self.onset])
        gaps = np.diff(times[np.isfinite(times)])
        return float(np.median(gaps)) if len(gaps) else np.nan


def recognise(place: Place) -> str:
    """Say how many NWB recordings there are, '' for none."""
    found = place.ending(".nwb")
    return count(len(found), "NWB recording") if found else ""


def draft(place: Place) -> Draft:
    """Look at NWB recordings.

    Raises
    ------
    IsomorphError
        When none says what was shown, or none holds spikes or fluorescence.
    """
    files = place.ending(".nwb")
    found = [look(place.at(path), path) for path in files[:MOST]]
    first = next((one for one in found if one.has_spikes or one.signals), None)
    if first is None:
        raise IsomorphError(
            f"{place.at(files[0])}: holds neither units with spike_times nor a RoiResponseSeries, "
            "so there are no responses to begin with"
        )
    if not _choices(place, first) and first.has_spikes and first.followed:
        return _of_followed(place, found, first)
    chosen = _presentations(place, found, first)
    each = [_counts(one, chosen) for one in found]
    counts = sum(each, Counter[str]())
    images = images_of(place, list(counts)) if chosen.named.known else None
    pattern, subjects = _subjects(place, found)
    stimuli, models, own, tables, decide = _stimuli(first, chosen, images, pattern, list(counts))
    said = presentations(counts.values())
    if np.isfinite(chosen.interval):
        said += f", one every {chosen.interval:.3g} s"
    recorded = (*files,) if place.only else (_everybody(pattern),)
    return Draft(
        found=(f"{count(len(files), 'recording')} of {', '.join(subjects)}", said),
        decide=decide,
        subjects=subjects,
        files=(*recorded, *(images.files if images else ())),
        stimuli=stimuli,
        responses=_responses(found, first, chosen, pattern, len(files), said),
        more=(Setting("transform", "square_root",
                      note="of counts, so that units of high rates do not dominate"),)
        if first.has_spikes else (),
        distances=distance_for(min(least_of(one) for one in each if one)),
        models=models,
        own_models=own,
        names=images.ids if images else tuple(sorted(counts)),
        tables=tables,
    )  # fmt: skip


def _presentations(place: Place, found: list[Recording], first: Recording) -> _Choice:
    """Return the table or series of what was shown that most likely names the stimuli."""
    choices = _choices(place, first)
    if not choices:
        here = ", ".join(one.place for one in first.shown) or "none"
        one = next(filter(None, (said_of_one(shown.columns) for shown in first.shown)), "")
        raise IsomorphError(
            f"{place.at(first.path)}: no table of intervals or IndexSeries says what was shown "
            f"(tables: {here}); "
            + (one or "add a column to the trials that names the stimulus of each")
        )
    most = max(sum(named.counts.values()) for _, named in choices)

    def rank(choice: tuple[Shown, Named]) -> tuple[bool, bool, bool]:
        shown, named = choice
        return (named.known > 0, shown.place == "trials" and not shown.is_series,
                sum(named.counts.values()) * 2 > most)  # fmt: skip

    shown, named = max(choices, key=rank)  # of equals the first, the likeliest column
    others = tuple(
        one.place + (f".{name.column}" if not one.is_series else "")
        for one, name in choices
        if (one, name) != (shown, named)
    )
    return _Choice(shown, named, others)


def _choices(place: Place, first: Recording) -> list[tuple[Shown, Named]]:
    """Return the tables and series of what was shown, with the columns that may name stimuli."""
    pictures = ids_of_all(place)
    return [
        (shown, named)
        for shown in first.shown
        for named in stimulus_columns(shown.columns, pictures)
        if shown.onsets
    ]


def _of_followed(place: Place, found: list[Recording], first: Recording) -> Draft:
    """Return a study of a variable that recordings follow, where they show nothing."""
    files = place.ending(".nwb")
    pattern, subjects = _subjects(place, found)
    stimuli, models, name = stimuli_of(
        first.followed, pattern, [one.place for one in first.shown if not one.is_series]
    )
    return Draft(
        found=(
            f"{count(len(files), 'recording')} of {', '.join(subjects)}",
            f"{name} over time, and no table of what was shown",
        ),
        subjects=subjects,
        files=(*files,) if place.only else (_everybody(pattern),),
        stimuli=stimuli,
        responses=(
            Setting("kind", "rates"),
            Setting("files", pattern, note=f"{count(len(files), 'recording')}, each a session"),
            region_of(found, first),
            *quality_of(found),
        ),
        distances=distance_for(2),
        models=models,
    )


def _counts(one: Recording, chosen: _Choice) -> Counter[str]:
    """Return how often a recording shows each stimulus, by what its column calls them."""
    column = chosen.named.column
    for shown in one.shown:
        if shown.place == chosen.shown.place and column in shown.columns:
            values = [value.strip() for value in shown.columns[column]]
            return Counter(value for value in values if value and value not in chosen.named.blank)
    return Counter()


def _subjects(place: Place, found: list[Recording]) -> tuple[str, tuple[str, ...]]:
    """Return the pattern of the recordings, and whom they are of."""
    own = {one.subject for one in found}
    if place.only:
        return place.only, (_plain(own.pop() or "subject"),)
    pattern, subjects = shared_pattern(place.ending(".nwb"), place.files)
    if pattern and (len(own) > 1 or len(found) == 1 or pattern.startswith("sub-")):
        return pattern, subjects
    if len(own) == 1 and (name := own.pop()):
        return "**/*.nwb", (_plain(name),)
    return (pattern, subjects) if pattern else ("**/*.nwb", ("subject",))


def _plain(name: str) -> str:
    """Return a name that may stand in a file's name."""
    return "".join(sign if sign.isalnum() or sign in "._-" else "-" for sign in name).lstrip("._-")


def _everybody(pattern: str) -> str:
    """Return a pattern with anybody for its subjects."""
    return pattern.replace("{subject}", "*")


def _responses(
    found: list[Recording], first: Recording, chosen: _Choice, pattern: str, n_files: int, said: str
) -> tuple[Setting, ...]:
    lasting = chosen.shown.lasting
    room = min([LONGEST, *(one for one in (lasting, chosen.interval) if np.isfinite(one))])
    window = [LATENCY, round(LATENCY + max(room, 0.05), 3)]
    times = [f"stimuli come every {chosen.interval:.3g} s"]
    if np.isfinite(lasting):
        times.append(f"a presentation lasts {lasting:.3g} s")
    what = "spikes are counted" if first.has_spikes else "fluorescence is averaged"
    more = (
        Setting("signal", first.signals[0],
                f"the fluorescence that counts; also there: {', '.join(first.signals[1:])}"
                if first.signals[1:] else ""),
    ) if not first.has_spikes else ()  # fmt: skip
    return (
        Setting("kind", "nwb" if first.has_spikes else "traces"),
        Setting("files", pattern, note=f"{count(n_files, 'recording')}, each of them a session"),
        *more,
        Setting("presentations", _where_shown(chosen),
                "where the recording says what was shown when; also possible: "
                + ", ".join(chosen.others[:8]) if chosen.others else "", said),
        Setting("window", window,
                f"seconds after onset in which {what}; {' and '.join(times)}, and visual cortex "
                "answers after about 0.05 s"),
        region_of(found, first),
        *quality_of(found),
    )  # fmt: skip


def _where_shown(chosen: _Choice) -> dict[str, object]:
    shown, named = chosen.shown, chosen.named
    found: dict[str, object] = {"series": shown.place} if shown.is_series else {
        "table": shown.place, "onset": chosen.onset, "stimulus": named.column,
    }  # fmt: skip
    if named.naming != "{}":
        found["name"] = named.naming
    if named.offset:
        found["offset"] = named.offset
    if named.blank:
        found["blank"] = list(named.blank)
    return found


def _stimuli(
    first: Recording, chosen: _Choice, images: Images | None, pattern: str, names: list[str]
) -> tuple[
    tuple[Setting, ...], tuple[str, ...], tuple[ModelFile, ...], dict[str, str], tuple[str, ...]
]:
    """Return the stimuli, models for them, tables to write, and what is to be decided."""
    if images is not None:
        own = (groups_model(images.groups),) if images.groups else ()
        return images.settings(), MODELS, own, {}, ()
    if first.images and chosen.shown.is_series:
        stimuli = (
            Setting("kind", "nwb"),
            Setting("files", pattern),
            Setting("images", list(first.images), note="images inside the recordings"),
        )
        return stimuli, MODELS, (), {}, ()
    shown, named = chosen.shown, chosen.named
    if shown.is_series:
        raise IsomorphError(
            f"{first.path}: {shown.place} shows images by their places, and the images are neither "
            "in the file nor beside it; put their folder beside the recording"
        )
    conditions = [
        Setting("kind", "conditions"),
        Setting("files", pattern, note="no images are here, so stimuli are named conditions; put "
                "the folder of the images beside the recordings to compare networks"),
        *([Setting("table", shown.place)] if shown.place != "trials" else []),
        Setting("column", named.column),
        *([Setting("without", list(named.blank))] if named.blank else []),
    ]  # fmt: skip
    groups = groups_of(shown.columns, named.column, named.blank)
    if groups:
        fields = Setting("fields", groups, note="what else the table says of a condition")
        return (*conditions, fields), (), (groups_model(groups),), {}, ()
    model, tables, decide = groups_wanted(sorted(names))
    described = Setting("descriptions", "{name}.stimuli.csv", decide)
    return (*conditions, described), (), (model,), tables, (decide,)

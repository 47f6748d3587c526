"""A study of ready responses: arrays, and what says of their axes what was shown and where."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath

from isomorph.archives.patterns import matches
from isomorph.beginning.array_axes import ENDINGS, ROWS, Fit, fit_of
from isomorph.beginning.columns import least_of, presentations
from isomorph.beginning.draft import MODELS, Draft, distance_for, groups_model
from isomorph.beginning.images import images_of
from isomorph.beginning.masks import (
    MOST,
    Marked,
    for_anyone,
    is_of_another,
    region_name,
    region_settings,
    regions_in,
)  # fmt: skip
from isomorph.beginning.place import Place, shared_pattern
from isomorph.beginning.setting import Setting, flow
from isomorph.beginning.tables import is_table, tables_of
from isomorph.saying import count


def recognise(place: Place) -> str:
    """Say how many arrays come with what names their rows and columns, '' for none."""
    arrays = place.ending(*ENDINGS)
    if not arrays:
        return ""
    tables = tables_of(place)
    fitting = any(fit_of(place, path, tables, strict=False) for path in arrays[:3])
    return f"{count(len(arrays), 'array file')} with images" if fitting else ""


def draft(place: Place) -> Draft:
    """Look at arrays of responses and what names their rows and columns.

    Raises
    ------
    IsomorphError
        When a file cannot be read.
    """
    tables = tables_of(place)
    found = {path: fit_of(place, path, tables, strict=True) for path in place.ending(*ENDINGS)}
    fitting = {path: fit for path, fit in found.items() if fit is not None}
    first = next(iter(fitting))
    pattern, subjects = shared_pattern(list(fitting), place.files) if len(fitting) > 1 else ("", ())
    if not subjects:
        pattern, subjects = first, (PurePosixPath(first).stem.split(".")[0],)
        fitting = {first: fitting[first]}
    else:  # what is beside a file is generalised from the file of the first subject
        first = matches(pattern.replace("{subject}", subjects[0]), fitting)[0]
    one = fitting[first]
    counts = Counter[str]()
    regions = Counter[str]()
    for fit in fitting.values():
        counts.update(fit.shown.counts)
        regions.update(fit.regions)
    images = images_of(place, list(counts))
    assert images is not None, "what was shown names images that are here"

    def own(path: str) -> str:
        return path if pattern == first else for_anyone(path, subjects[0])

    said = presentations(counts.values())
    marks: list[tuple[Setting, ...]] = (
        [(Setting("file", own(one.names[0])), Setting("variable", one.names[1]))]
        if one.names
        else []
    )
    masked: dict[str, list[Marked]] = {}
    for path in one.masks:
        if not is_of_another(path, subjects[0], subjects):
            masked[path] = regions_in(place.at(path), region_name(path, subjects[0]))
            marks += [region_settings(own(path), each) for each in masked[path]]
    if masked:
        regions = Counter(
            {each.name: each.units for several in masked.values() for each in several}
        )
    which = _which(masked)
    responses = (
        Setting("kind", "arrays"),
        Setting("responses", pattern, note=count(len(fitting), "array")),
        *((Setting("variable", one.variable),) if one.variable else ()),
        *_axes(one),
        _shown(one, own, said),
        *_runs(one, own),
        *((Setting("units", own(one.units), note=_counted(regions)),) if one.units else ()),
        *((Setting("regions", tuple(marks), which, _counted(regions)),) if marks else ()),
        *((Setting("times", own(one.times)),) if one.times else ()),
    )  # fmt: skip
    read = [pattern, own(one.shown_in), own(one.units), own(one.times)]
    read += [str(mark[0].value) for mark in marks]
    return Draft(
        found=(f"{count(len(fitting), 'array')} of {', '.join(subjects)}", said),
        subjects=subjects,
        files=tuple(dict.fromkeys(
            path.replace("{subject}", "*") for path in (*read, *images.files) if path)),
        stimuli=images.settings(),
        responses=responses,
        distances=distance_for(min(least_of(fit.shown.counts) for fit in fitting.values())),
        models=MODELS,
        own_models=(groups_model(images.groups),) if images.groups else (),
        names=images.ids,
    )  # fmt: skip


def _axes(one: Fit) -> tuple[Setting, ...]:
    """Return what the axes are, nothing where they are as usual and can be no others."""
    if one.axes[:2] == ("presentation", "unit") and not one.others:
        return ()
    others = " or ".join(flow(list(axes)) for axes in one.others)
    return (Setting("axes", list(one.axes), f"which axis is which; {others} fits as well"
                    if others else ""),)  # fmt: skip


def _shown(one: Fit, own: Callable[[str], str], said: str) -> Setting:
    """Return where it stands what each presentation showed."""
    table = own(one.shown_in)
    if table and one.shown.column == ROWS:
        return Setting("presentations", table, note=said)
    order: dict[str, object] = {"file": table} if table else {}
    if is_table(table):
        order["column"] = one.shown.column
    else:
        order["variable"] = one.shown.column
    if one.shown.places is not None:
        order["counted_from"] = one.shown.places
    elif one.shown.naming != "{}":
        order["name"] = one.shown.naming
    choose = "where it stands what each presentation showed"
    if one.shown.places is not None:
        choose += ", as places in the images in the order of their names"
    return Setting("order", order, choose, said)


def _runs(one: Fit, own: Callable[[str], str]) -> tuple[Setting, ...]:
    """Return where it stands of which run each presentation is, nothing where a table says it."""
    if not one.runs or (one.shown_in and one.shown.column == ROWS):
        return ()
    where = {"file": own(one.shown_in)} if one.shown_in else {}
    key = "column" if is_table(one.shown_in) else "variable"
    choose = "of which run each presentation is; cross-validation crosses runs"
    return (Setting("runs", {**where, key: one.runs}, choose),)


def _which(masked: Mapping[str, list[Marked]]) -> str:
    """Return what is to be chosen about the labels of volumes, '' for nothing."""
    if any(each.value is not None for several in masked.values() for each in several):
        return "what each label is called; labels that are left out are no region"
    if any(len(several) == 1 and several[0].labels > MOST for several in masked.values()):
        return "`values: [1, 2]` takes some labels; here all of them are one region"
    return ""


def _counted(regions: Counter[str]) -> str:
    return "units: " + ", ".join(f"{region} {n:,}" for region, n in sorted(regions.items())) \
        if regions else ""  # fmt: skip

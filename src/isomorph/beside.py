"""Files that a dataset's settings name: some may be the user's, beside the dataset's own YAML file.

What is not found there is looked for inside the archive by whoever reads it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from isomorph.registry import Registry
from isomorph.study import Spec, Study

Find = Callable[[Path, str], list[Path]]
"""From the folder of a dataset's file and the value of a setting to the files that it names."""

Named = Mapping[str, Find | None]
"""Settings that name files, and how these are found beside a dataset's own file; None where they
stand in the archive alone."""


def by_name(folder: Path, name: str) -> list[Path]:
    """Return the one file of a name, none where there is none; it may be absolute."""
    file = folder / name
    return [file] if name and file.is_file() else []


def by_pattern(folder: Path, pattern: str) -> list[Path]:
    """Return the files that match a glob pattern, sorted; `**` and absolute ones find none."""
    if not pattern or "**" in pattern or Path(pattern).is_absolute():
        return []
    return sorted(file for file in folder.glob(pattern) if file.is_file())


def by_stem(folder: Path, pattern: str) -> list[Path]:
    """Return the files of any recording, see `by_pattern`, `{stem}` standing for its name."""
    return by_pattern(folder, pattern.replace("{stem}", "*"))


RECORDED: Named = {"files": None, "region.table": by_name}

STORED: Named = dict.fromkeys(
    ("regions.file", "runs.file", "order.file", "order.into.file", "order.into.into.file"),
    by_pattern,
)

STIMULI: Registry[Named] = Registry(
    "kind of stimuli",
    {
        "folder": {"files": None, "table": by_name},
        "matlab": {"file": None},
        "film": {"file": None, "table": by_name},
        "conditions": {"files": None, "descriptions": by_name},
        "nwb": {"files": None, "table": by_name},
        "variable": {"files": None, **dict.fromkeys(("file", "variables.file"), by_stem)},
        "like": {},
    },
)
"""Settings that name files, by the `kind` of a dataset's stimuli."""

RESPONSES: Registry[Named] = Registry(
    "kind of responses",
    {
        "nwb": RECORDED,
        "traces": RECORDED,
        "rasters": RECORDED,
        "rates": RECORDED,
        "arrays": {
            "responses": None,
            **dict.fromkeys(("presentations", "units", "times"), by_pattern),
            **STORED,
        },
        "rdms": {"sources.file": None, "sources.order.file": by_name},
        "bids": {
            **dict.fromkeys(("bold", "events.files", "confounds.files")),
            **dict.fromkeys(
                ("regions.files", "regions.named", "regions.file", "regions.table"), by_pattern
            ),
        },
        "betas": {
            **dict.fromkeys(("files", "labels", "events.files")),
            "grayordinates": by_pattern,
            **STORED,
        },
        "epochs": dict.fromkeys(("files", "presentations.files")),
    },
)
"""The same by the `kind` of its responses."""

PARTS: Mapping[str, Registry[Named]] = {
    "stimuli": STIMULI,
    "responses": RESPONSES,
}


def values_at(value: object, key: str | Sequence[str]) -> Iterator[str]:
    """Yield the texts at a dotted key of a spec; lists and mappings on the way are looked into.

    Parameters
    ----------
    value : object
        A spec, or what is found in one.
    key : str or sequence of str
        `regions.named`, or its steps. What has no such key yields nothing.
    """
    steps = key.split(".") if isinstance(key, str) else key
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from values_at(inner, steps)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from values_at(inner, steps)
    elif steps and isinstance(value, Spec):
        yield from values_at(getattr(value, steps[0], None), steps[1:])
    elif isinstance(value, str) and not steps:
        yield value


def finder(study: Study, dataset: str, key: str) -> Find | None:
    """Return how the files of a setting are found beside a dataset's file.

    Parameters
    ----------
    study : Study
    dataset : str
        Name of the dataset.
    key : str
        Where the setting stands in the dataset's file: `responses.regions.files`.

    Returns
    -------
    callable or None
        None where its files stand in the archive alone.
    """
    part, _, rest = key.partition(".")
    kind = getattr(study.dataset(dataset), part).kind
    return PARTS[part][kind].get(rest)


def named_beside(study: Study, dataset: str, part: str, subject: str = "") -> list[Path]:
    """Return every file beside a dataset's own that one part of its settings names.

    Parameters
    ----------
    study : Study
    dataset : str
        Name of the dataset.
    part : str
        `stimuli` or `responses`.
    subject : str, optional
        Whom `{subject}` stands for.

    Returns
    -------
    list of Path
        Each once.
    """
    spec, folder = getattr(study.dataset(dataset), part), study.dataset_files[dataset].parent
    found = [
        file
        for key, find in PARTS[part][spec.kind].items()
        if find is not None
        for value in values_at(spec, key)
        for file in find(folder, value.replace("{subject}", subject))
    ]
    return list(dict.fromkeys(found))

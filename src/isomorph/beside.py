"""Files of the user's that may stand beside a dataset's own YAML file: tables, masks, labels.

What is not found there is looked for inside the archive by whoever reads it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from isomorph.study import Spec, Study

Find = Callable[[Path, str], list[Path]]
"""From the folder of a dataset's file and the value of a setting to the files that it names."""


def by_name(folder: Path, name: str) -> list[Path]:
    """Return the one file of a name, none where there is none; it may be absolute."""
    file = folder / name
    return [file] if name and file.is_file() else []


def by_pattern(folder: Path, pattern: str) -> list[Path]:
    """Return the files that match a glob pattern, sorted; `**` and absolute ones find none."""
    if not pattern or "**" in pattern or Path(pattern).is_absolute():
        return []
    return sorted(file for file in folder.glob(pattern) if file.is_file())


REGION_TABLE: Mapping[str, Find] = {"region.table": by_name}

BESIDE: Mapping[str, Mapping[str, Mapping[str, Find]]] = {
    "stimuli": {
        "folder": {"table": by_name},
        "nwb": {"table": by_name},
        "conditions": {"descriptions": by_name},
    },
    "responses": {
        "nwb": REGION_TABLE,
        "traces": REGION_TABLE,
        "rasters": REGION_TABLE,
        "rdms": {"sources.order.file": by_name},
        "bids": {
            "regions.files": by_pattern,
            "regions.named": by_pattern,
            "regions.file": by_pattern,
            "regions.table": by_pattern,
        },
    },
}
"""Settings whose files may stand there and how these are found, by part of a dataset and `kind`."""


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
    return BESIDE[part].get(kind, {}).get(rest)


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
        for key, find in BESIDE[part].get(spec.kind, {}).items()
        for value in values_at(spec, key)
        for file in find(folder, value.replace("{subject}", subject))
    ]
    return list(dict.fromkeys(found))

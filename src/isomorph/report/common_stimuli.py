"""Which datasets are no independent findings: those of the same subjects or the same images."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from isomorph.artefacts import read_table
from isomorph.layout import Layout
from isomorph.saying import count
from isomorph.study.dataset import DatasetSpec

IDENTITY = ("dandiset", "dataset", "record", "bucket", "path")
"""Settings of an archive that name whose recordings it holds, under any kind."""

Shared = Callable[[str, str], str]
"""From two datasets to why they are not independent; '' where nothing says so."""


def shared(layout: Layout) -> Shared:
    """Return the function that says what two datasets of a study have in common."""
    study = layout.study

    @cache
    def images(owner: str) -> frozenset[str]:
        file = layout.stimuli(owner)
        hashes = read_table(file, "stimuli")["sha256"] if file.is_file() else ()
        return frozenset(hashes) - {""}

    def said(one: str, other: str) -> str:
        a, b = study.dataset(one), study.dataset(other)
        owners = study.stimulus_set(one), study.stimulus_set(other)
        if other in a.overlaps or one in b.overlaps:
            return f"{one} and {other} overlap"
        if owners[0] == owners[1]:
            return f"{one} and {other} showed the same stimuli"
        if sources_of(a) & sources_of(b) and set(a.subjects) & set(b.subjects):
            return f"{one} and {other} are of the same subjects"
        if common := images(owners[0]) & images(owners[1]):
            return f"{one} and {other} have {count(len(common), 'image')} in common"
        return ""

    return said


def sources_of(dataset: DatasetSpec) -> set[tuple[str, str]]:
    """Return what names the recordings of a dataset, wherever its archive says it."""

    def named(settings: Any) -> set[tuple[str, str]]:
        if isinstance(settings, dict):
            own = {(key, str(settings[key])) for key in IDENTITY if settings.get(key)}
            return own.union(*map(named, settings.values()))
        if isinstance(settings, list | tuple):
            return set[tuple[str, str]]().union(*map(named, settings))
        return set()

    return named(dataset.archive.model_dump(mode="json"))

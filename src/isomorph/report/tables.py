"""What a dataset's stages left on disk, absent files told from empty tables."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from isomorph.archives.manifest import Manifest, read_manifest
from isomorph.artefacts import Provenance, provenance_file, read_provenance, read_table
from isomorph.errors import IsomorphError
from isomorph.figures import selection
from isomorph.layout import Layout

KINDS = (
    "comparisons", "regions", "selection", "layers_in_set", "differences", "contrasts", "recovery",
    "confusion", "power", "agreement",
    "reliability", "partial", "partition", "weighted", "models",
)  # fmt: skip


@dataclass(frozen=True)
class Figure:
    """A drawn figure and what is said below it."""

    kind: str
    region: str
    title: str
    caption: str
    path: Path


@dataclass(frozen=True)
class Results:
    """The tables and figures of one dataset.

    Attributes
    ----------
    dataset : str
    tables : dict
        Tables by kind; those not written yet are absent.
    figures : tuple of Figure
    shown : tuple of Shown
        Each region's rows under its main measure and distance.
    """

    dataset: str
    tables: dict[str, pd.DataFrame]
    figures: tuple[Figure, ...]
    shown: tuple[selection.Shown, ...]

    def usable(self, kind: str, value: str) -> pd.DataFrame | None:
        """Return the rows of a table that hold a number; None when there is no such table."""
        table = self.tables.get(kind)
        return None if table is None else selection.usable(table, value)


def read_results(layout: Layout, dataset: str) -> Results | None:
    """Return what is there of a dataset, None as long as it has no comparisons."""
    tables = {
        kind: read_table(path, kind)
        for kind in KINDS
        if (path := getattr(layout, kind)(dataset)).is_file()
    }
    if "comparisons" not in tables:
        return None
    comparisons = tables["comparisons"]
    study = layout.study.spec
    found = (
        selection.main(comparisons, region, study.measures, study.distances)
        for region in selection.regions(comparisons)
    )
    return Results(
        dataset, tables, read_figures(layout, dataset), tuple(shown for shown in found if shown)
    )


def read_figures(layout: Layout, dataset: str) -> tuple[Figure, ...]:
    """Return the figures of a dataset, none when they are not drawn yet.

    Raises
    ------
    IsomorphError
        When a listed figure is gone.
    """
    folder = layout.figures(dataset)
    listing = folder / "figures.json"
    if not listing.is_file():
        return ()
    figures = []
    for entry in json.loads(listing.read_text(encoding="utf-8")):
        path = folder / entry["file"]
        if not path.is_file():
            raise IsomorphError(
                f"{listing}: lists {entry['file']}, which is not there; draw the figures of "
                f"{dataset} again"
            )
        figures.append(
            Figure(entry["kind"], entry["region"], entry["title"], entry["caption"], path)
        )
    return tuple(figures)


def read_origins(layout: Layout, dataset: str) -> dict[str, Provenance]:
    """Return the provenance of responses, RDMs, tables and figures, by file name.

    Subjects whose responses were made alike share one, which then names all they were read from.
    """
    origins = _read_responses_origins(layout, dataset)
    if layout.brain_rdms(dataset).is_file():
        origins["rdms/brain.nc"] = read_provenance(layout.brain_rdms(dataset))
    for kind in KINDS:
        path = getattr(layout, kind)(dataset)
        if path.is_file() and provenance_file(path).is_file():
            origins[path.name] = read_provenance(path)
    if (layout.figures(dataset) / "provenance.json").is_file():
        origins["figures"] = read_provenance(layout.figures(dataset))
    return origins


def _read_responses_origins(layout: Layout, dataset: str) -> dict[str, Provenance]:
    alike: dict[str, list[tuple[str, Provenance]]] = {}
    for subject in layout.study.dataset(dataset).subjects:
        path = layout.responses(dataset, subject)
        if path.is_file():
            stamp = read_provenance(path)
            rest = replace(stamp, inputs={}, contents={}, made_for={}).to_json()
            alike.setdefault(rest, []).append((path.name, stamp))
    return {
        "responses/" + ", ".join(name for name, _ in group): replace(
            group[0][1],
            inputs={file: digest for _, one in group for file, digest in one.inputs.items()},
        )
        for group in alike.values()
    }


def read_bytes_told(layout: Layout, dataset: str) -> Manifest | None:
    """Return a dataset's manifest: which files, how large, which hashes."""
    return read_manifest(layout, dataset) if layout.manifest(dataset).is_file() else None

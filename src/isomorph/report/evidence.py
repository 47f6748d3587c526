"""What was computed and drawn of a dataset, which files hold it, and where these came from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from isomorph.artefacts import Provenance, provenance_file, read_provenance
from isomorph.catalogue import is_asked, tables_of_results
from isomorph.errors import IsomorphError
from isomorph.figures.dataset_results import DatasetResults
from isomorph.figures.style import slug
from isomorph.layout import Layout
from isomorph.stages.figures import LISTING, TABLES, read_tables


@dataclass(frozen=True)
class Picture:
    """A drawn figure and what stands below it.

    Attributes
    ----------
    kind, region, title, caption : str
    path : Path
        What the page shows.
    alt : str
        What the figure shows, for those who do not see it.
    name : str
        What no other figure of the study is called.
    files : list of (str, str)
        Kind and address, as seen from the page, of the files of the figure.
    """

    kind: str
    region: str
    title: str
    caption: str
    path: Path
    alt: str = ""
    name: str = ""
    files: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Illustrated(DatasetResults):
    """The tables of one dataset with its figures."""

    pictures: tuple[Picture, ...] = ()

    def picture(self, kind: str, region: str = "") -> Picture | None:
        """Return a figure by kind and region, None where it was not drawn."""
        found = (one for one in self.pictures if (one.kind, one.region) == (kind, region))
        return next(found, None)


def read_results(layout: Layout, dataset: str) -> Illustrated | None:
    """Return what is there of a dataset, None as long as it has no comparisons."""
    tables = read_tables(layout, dataset)
    if "comparisons" not in tables:
        return None
    return Illustrated(layout.study, dataset, tables, read_pictures(layout, dataset))


def files(layout: Layout, dataset: str) -> list[tuple[str, str, str]]:
    """Return (name, address as seen from the page, what it holds) of every table there is."""
    paths = (
        (layout.path(one.name, dataset), one.words)
        for one in tables_of_results()
        if is_asked(layout.study, one.stage)
    )
    home = layout.report.parent
    return [
        (path.name, path.relative_to(home).as_posix(), what)
        for path, what in paths
        if path.is_file()
    ]


def read_pictures(layout: Layout, dataset: str) -> tuple[Picture, ...]:
    """Return the figures of a dataset, none when they are not drawn yet.

    Raises
    ------
    IsomorphError
        When a listed figure is gone.
    """
    folder = layout.figures(dataset)
    listing = folder / LISTING
    if not listing.is_file():
        return ()
    pictures = []
    for entry in json.loads(listing.read_text(encoding="utf-8")):
        path = folder / entry["file"]
        if not path.is_file():
            raise IsomorphError(
                f"{listing}: lists {entry['file']}, which is not there; draw the figures of "
                f"{dataset} again"
            )
        title, caption = entry["title"], entry["caption"]
        pictures.append(
            Picture(
                entry["kind"],
                entry["region"],
                title,
                caption,
                path,
                entry.get("alt") or f"{title}. {caption}",
                f"{slug(dataset)}-{slug(path.stem)}",
                tuple(_forms(layout, path)),
            )
        )
    return tuple(pictures)


def _forms(layout: Layout, path: Path) -> Iterator[tuple[str, str]]:
    """Yield the files of a figure: as it is shown, as PDF, and what it shows as CSV."""
    for suffix in dict.fromkeys((path.suffix, ".pdf", ".csv")):
        if (file := path.with_suffix(suffix)).is_file():
            yield suffix[1:].upper(), file.relative_to(layout.report.parent).as_posix()


def read_origins(layout: Layout, dataset: str) -> dict[str, Provenance]:
    """Return the provenance of responses, RDMs, tables and figures, by file name.

    Subjects whose responses were made in the same way share one, which then names all files read.
    """
    origins = _read_responses_origins(layout, dataset)
    if layout.brain_rdms(dataset).is_file():
        origins["rdms/brain.nc"] = read_provenance(layout.brain_rdms(dataset))
    for kind in TABLES:
        path = layout.path(kind, dataset)
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

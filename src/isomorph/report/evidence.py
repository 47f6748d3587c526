"""What was computed and drawn of a dataset, which files hold it, and where these came from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from isomorph.artefacts import Provenance, provenance_file, read_provenance
from isomorph.catalogue import is_asked, tables_of_results
from isomorph.errors import IsomorphError
from isomorph.figures.dataset_results import DatasetResults
from isomorph.figures.style import slug
from isomorph.layout import Layout
from isomorph.stages.figures import FORMATS, LISTING, TABLES, listed, read_tables


@dataclass(frozen=True)
class Picture:
    """A drawn figure and what stands below it.

    Attributes
    ----------
    kind, region, title, caption : str
        The region is empty where the figure is not about one.
    path : Path
        Its SVG.
    alt : str
        What it finds, one sentence.
    name : str
        What no other figure of the study is called.
    files : tuple of (str, str)
        Format and address, as seen from the page, of its files: the SVG, the same as PDF, and the
        rows that it draws.
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
        if is_asked(layout.study, one.stage, dataset)
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
        When the list is damaged, or a listed figure is gone.
    """
    folder = layout.figures(dataset)
    pictures = []
    for entry in listed(layout, dataset):
        files = {kind: folder / entry[kind] for kind in FORMATS}
        for path in files.values():
            if not path.is_file():
                raise IsomorphError(
                    f"{folder / LISTING}: lists {path.name}, which is not there; draw the figures "
                    f"of {dataset} again"
                )
        home = layout.report.parent
        pictures.append(
            Picture(
                **{key: entry[key] for key in ("kind", "region", "title", "caption", "alt")},
                path=files["svg"],
                name=f"{slug(dataset)}-{slug(files['svg'].stem)}",
                files=tuple(
                    (kind.upper(), path.relative_to(home).as_posix())
                    for kind, path in files.items()
                ),
            )
        )
    return tuple(pictures)


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

"""What stages know of a dataset: its files, its stimuli, and what names in recordings stand for."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from isomorph.archives.manifest import check_unchanged, find_files, own_files, read_manifest
from isomorph.archives.patterns import matches
from isomorph.artefacts import read_table
from isomorph.errors import IsomorphError
from isomorph.layout import Layout
from isomorph.stimuli.dataset_files import DatasetFiles
from isomorph.stimuli.listed_images import Listed, list_images
from isomorph.stimuli.names import Names, names_from
from isomorph.stimuli.naming import naming


def files_of(layout: Layout, dataset: str, *, unchanged: bool = False) -> DatasetFiles:
    """Return the files of a dataset that has been fetched.

    Parameters
    ----------
    layout : Layout
    dataset : str
    unchanged : bool, optional
        Whether files are refused that are no longer those that were fetched, as they are found.
    """
    manifest = read_manifest(layout, dataset)

    def find(pattern: str, folders: tuple[str, ...] = ()) -> list[Path]:
        found = find_files(layout, dataset, pattern, folders)
        if unchanged:
            check_unchanged(layout, dataset, found)
        return found

    def listed(pattern: str) -> list[Path]:
        known = [record.path for record in own_files(layout, dataset, manifest)]
        return [manifest.root / path for path in matches(pattern, known)]

    source = layout.study.dataset_files[dataset]
    return DatasetFiles(
        dataset=dataset,
        where=str(source),
        root=manifest.root,
        find=find,
        listed=listed,
        beside=source.parent,
        subjects=tuple(layout.study.dataset(dataset).subjects),
    )


def read_stimuli(layout: Layout, dataset: str) -> pd.DataFrame:
    """Read the stimulus table of a dataset, which may be that of another.

    Parameters
    ----------
    layout : Layout
        The study's paths.
    dataset : str
        Name of the dataset.

    Returns
    -------
    DataFrame
        A row per stimulus, in stimulus order; see `isomorph.stages.stimuli.run` for the columns.

    Raises
    ------
    IsomorphError
        When the table is absent or not one of stimuli.
    """
    file = layout.stimuli(dataset)
    if not file.is_file():
        owner = layout.study.stimulus_set(dataset)
        raise IsomorphError(
            f'{file}: no such file; make the stimuli of "{owner}" first (isomorph stimuli)'
        )
    table = read_table(file, "stimuli")
    repeated = table["stimulus"][table["stimulus"].duplicated()]
    if len(repeated):
        raise IsomorphError(f'{file}: stimulus "{repeated.iloc[0]}" stands in two rows')
    return table


def images_of(layout: Layout, dataset: str) -> list[Listed]:
    """List the images of a dataset, see `isomorph.stimuli.listed_images.list_images`."""
    return list_images(read_stimuli(layout, dataset), layout.stimuli(dataset))


def names_of(layout: Layout, dataset: str) -> Names:
    """Return what the names used in the recordings of a dataset stand for.

    Images inside recordings have a table of names beside that of the stimuli; for any other kind
    of stimuli a name is the id itself, or the path the id was made of (see
    `isomorph.stimuli.naming.path_id`).

    Raises
    ------
    IsomorphError
        When the stimuli have not been made, or their table of names has gone.
    """
    file, owner = layout.stimuli(dataset), layout.study.stimulus_set(dataset)
    rows = read_stimuli(layout, dataset)
    found = names_from(rows["stimulus"], str(file), rows)
    if layout.study.dataset(owner).stimuli.kind != "nwb":
        return found
    table = layout.names(dataset)
    if not table.is_file():
        raise IsomorphError(
            f'{table}: no such file; make the stimuli of "{owner}" again (isomorph stimuli)'
        )
    root = read_manifest(layout, owner).root
    own = naming(found.stimuli.tolist(), read_table(table, "names"), root, str(table))
    return Names(own, found.stimuli, found.table, rows)

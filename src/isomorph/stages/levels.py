"""What the RDMs of a dataset are over, read from its stimulus table."""

from __future__ import annotations

import pandas as pd

from isomorph.artefacts import read_table
from isomorph.layout import Layout
from isomorph.rdms.level import Level, level_of
from isomorph.study.axes import StimulusAxis, axes_of


def read_level(layout: Layout, dataset: str) -> Level:
    """Read what a dataset's RDMs are over, see `isomorph.rdms.level.level_of`."""
    source = layout.study.dataset_files[layout.study.stimulus_set(dataset)]
    file = layout.stimuli(dataset)
    return level_of(
        read_table(file, "stimuli"), layout.study.level(dataset), where=f"{source}: level: {file}"
    )


def compared_axes(layout: Layout, dataset: str, table: pd.DataFrame) -> tuple[StimulusAxis, ...]:
    """Return the axes that what a dataset's RDMs are over follow one another along.

    Of a level, those along which it has values of its own.

    Parameters
    ----------
    layout : Layout
    dataset : str
    table : DataFrame
        Of what the RDMs are over.
    """
    study = layout.study
    axes = axes_of(study.dataset(study.stimulus_set(dataset)).stimuli)
    if study.level(dataset) is None:
        return tuple(axes)
    return tuple(axis for axis in axes if {axis.column, axis.within} - {""} <= set(table.columns))


def compared_stimuli(layout: Layout, dataset: str) -> pd.DataFrame:
    """Return the table of what a dataset's RDMs are over, a row each, in their order."""
    return read_level(layout, dataset).table

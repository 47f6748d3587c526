"""What stages of inference read and write alike."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import xarray as xr

from isomorph.artefacts import Provenance, read_array, write_table
from isomorph.catalogue import ordered
from isomorph.errors import IsomorphError
from isomorph.inference.analysis import Analysis
from isomorph.inference.members import ModelFamily, among
from isomorph.inference.on_axes import FOLLOWED
from isomorph.layout import Layout
from isomorph.rdms.collection import indexed
from isomorph.saying import say
from isomorph.stages.levels import compared_axes, compared_stimuli
from isomorph.study import Study


def analysis_of(layout: Layout, dataset: str, stage: str) -> Analysis:
    """Read what a study compares with a dataset.

    Parameters
    ----------
    layout : Layout
    dataset : str
    stage : str
        Which says what it computes next.

    Raises
    ------
    IsomorphError
        When files are absent or over different stimuli.
    """
    study = layout.study
    instances = [name for name, _, _ in study.instances_for(dataset)]
    files = [
        layout.brain_rdms(dataset),
        *(layout.model_rdms(dataset, instance) for instance in instances),
    ]
    brain, *models = (indexed(read_array(file, "rdms")) for file in files)
    _same_stimuli(files, [brain, *models])
    stimuli = compared_stimuli(layout, dataset).set_index("stimulus", drop=False)

    def tell(what: str) -> None:
        say(f"{stage}: {dataset}: {what}")

    return Analysis(
        brain,
        models,
        model_families(study, instances),
        stimuli.loc[brain["stimulus"].values.tolist()],
        study.spec.distances,
        study.spec.measures,
        study.spec.inference,
        dataset,
        study.dataset(dataset).simulated,
        str(study.path),
        said=tell,
        waits=tell,
        axes=compared_axes(layout, dataset, stimuli),
    )


def followed(analysis: Analysis) -> dict[str, Any]:
    """Return what provenance says of stimuli that follow one another: nothing of others."""
    return {} if analysis.along is None else {FOLLOWED: analysis.along.told}


def _same_stimuli(files: Sequence[Path], data: Sequence[xr.Dataset]) -> None:
    for file, other in zip(files, data, strict=True):
        if other["stimulus"].values.tolist() != data[0]["stimulus"].values.tolist():
            raise IsomorphError(
                f"{file}: its {other.sizes['stimulus']} stimuli are not the "
                f"{data[0].sizes['stimulus']} of {files[0]}, in the same order"
            )


def write_tables(
    layout: Layout,
    dataset: str,
    tables: Mapping[str, pd.DataFrame],
    signed: Provenance,
) -> None:
    """Write the tables of a dataset, the columns of their schemas first, also without a row.

    Parameters
    ----------
    layout : Layout
    dataset : str
    tables : mapping of str to DataFrame
        By kind.
    signed : Provenance
    """
    for kind, table in tables.items():
        write_table(layout.path(kind, dataset), ordered(table, kind), kind, signed)


def model_families(study: Study, compared: Collection[str]) -> list[ModelFamily]:
    """Return the families of a study's models that have compared instances."""
    families = [
        ModelFamily(
            model.name,
            tuple(model.instances),
            any(seed is not None for seed in model.instances.values()),
            model.control_of,
        )
        for model in study.models.values()
    ]
    return among(families, compared)

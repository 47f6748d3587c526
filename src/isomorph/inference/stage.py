"""The stage `compare`: tables of one dataset from its RDMs and those of the models."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import xarray as xr

from isomorph.artefacts import read_array, write_table
from isomorph.artefacts.schemas import TABLES
from isomorph.errors import IsomorphError
from isomorph.inference.comparing import Analysis, comparison_tables
from isomorph.inference.members import model_families
from isomorph.inference.recovery import recover
from isomorph.layout import Layout
from isomorph.making import require, stamp
from isomorph.rdms.collection import indexed
from isomorph.rdms.level import compared_stimuli
from isomorph.study.archive import SimulatedArchive


def run(layout: Layout, dataset: str) -> None:
    """Compare a dataset's regions with every layer, with each other, and with what was planted.

    Writes `comparisons.csv`, `subjects.csv` and `preferences.csv` (and parquet), `regions.csv`,
    `selection.csv`, `layers_in_set.csv`, `differences.csv`, `contrasts.csv`, `recovery.csv`.

    Raises
    ------
    IsomorphError
        When brain and model RDMs are not over the same stimuli or not what the study now says, or
        the study asks for what the dataset does not have.
    """
    require(layout, "compare", dataset)
    tables, not_applicable = comparison_tables(analysis_of(layout, dataset, "compare"))
    archive = layout.study.dataset(dataset).archive
    truth = archive.regions if isinstance(archive, SimulatedArchive) else {}
    tables["recovery"] = recover(tables["comparisons"], truth)
    noted = {"not_applicable": not_applicable}
    seed = layout.study.spec.inference.seed
    signed = stamp(layout, "compare", dataset, seed=seed, noted=noted)
    for kind, table in tables.items():
        path: Path = getattr(layout, kind)(dataset)
        write_table(path, ordered(table, kind), kind, signed)


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
        lambda what: print(f"{stage}: {dataset}: {what}", file=sys.stderr, flush=True),
    )


def _same_stimuli(files: Sequence[Path], data: Sequence[xr.Dataset]) -> None:
    for file, other in zip(files, data, strict=True):
        if other["stimulus"].values.tolist() != data[0]["stimulus"].values.tolist():
            raise IsomorphError(
                f"{file}: its {other.sizes['stimulus']} stimuli are not the "
                f"{data[0].sizes['stimulus']} of {files[0]}, in the same order"
            )


def ordered(table: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Put the schema's columns first; an empty table still has them."""
    return table.reindex(columns=list(dict.fromkeys([*TABLES[kind], *table.columns])))

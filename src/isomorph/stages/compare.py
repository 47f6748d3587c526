"""The stage `compare`: tables of one dataset from its RDMs and those of the models."""

from __future__ import annotations

from dataclasses import replace

from isomorph.inference.comparing import comparison_tables
from isomorph.inference.planted import recover
from isomorph.layout import Layout
from isomorph.making import require, stamp
from isomorph.stages.common import analysis_of, followed, write_tables
from isomorph.stages.features import read_features
from isomorph.stages.needs import refuse_unserved
from isomorph.study.archive import SimulatedArchive


def run(layout: Layout, dataset: str) -> None:
    """Compare a dataset's regions with every layer, with each other, and with what was planted.

    Writes `comparisons.csv`, `subjects.csv` and `preferences.csv` (and parquet), `regions.csv`,
    `selection.csv`, `layers_in_set.csv`, `differences.csv`, `contrasts.csv`, `agreement.csv`,
    `recovery.csv`.

    Raises
    ------
    IsomorphError
        When brain and model RDMs are not over the same stimuli or not what the study now says, or
        the study asks for what the dataset does not have.
    """
    require(layout, "compare", dataset)
    analysis = replace(
        analysis_of(layout, dataset, "compare"), features=read_features(layout, dataset)
    )
    refuse_unserved(layout.study, dataset, analysis)
    tables, not_applicable = comparison_tables(analysis)
    archive = layout.study.dataset(dataset).archive
    truth = archive.regions if isinstance(archive, SimulatedArchive) else {}
    tables["recovery"] = recover(tables["comparisons"], truth)
    noted = {"not_applicable": not_applicable, **followed(analysis)}
    seed = layout.study.spec.inference.seed
    signed = stamp(layout, "compare", dataset, seed=seed, noted=noted)
    write_tables(layout, dataset, tables, signed)

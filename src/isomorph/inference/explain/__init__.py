"""What else explains a likeness: controls, combinations of layers, shares of variance."""

from __future__ import annotations

from pathlib import Path

from isomorph.artefacts import write_array, write_table
from isomorph.inference.explain.alike import representations
from isomorph.inference.explain.explaining import explanation_tables
from isomorph.inference.explain.material import roles_of
from isomorph.inference.stage import analysis_of
from isomorph.layout import Layout
from isomorph.making import require, stamp


def run(layout: Layout, dataset: str) -> None:
    """Explain the likenesses of a dataset's regions and models, under its main distance.

    The main distance is the first of the study's in which the dataset has RDMs. Writes
    `partial.csv`, `weighted.csv`, `partition.csv`, `models.csv` and `representations.nc`.

    Raises
    ------
    IsomorphError
        When the dataset has no RDM under any distance of the study, or files are over different
        stimuli or not what the study now says.
    """
    require(layout, "explain", dataset)
    roles = roles_of(layout.study, dataset)
    found = explanation_tables(analysis_of(layout, dataset, "explain"), roles)
    noted = {
        "distance": found.distance,
        "measures": found.measures,
        "models": roles.models,
        "controls": roles.controls,
        "not_applicable": found.not_applicable,
    }
    seed = layout.study.spec.inference.seed
    signed = stamp(layout, "explain", dataset, seed=seed, noted=noted)
    for kind, table in found.tables.items():
        path: Path = getattr(layout, kind)(dataset)
        write_table(path, table, kind, signed)
    write_array(
        layout.representations(dataset), representations(found.material, found.measures),
        "representations", signed,
    )  # fmt: skip


__all__ = ["run"]

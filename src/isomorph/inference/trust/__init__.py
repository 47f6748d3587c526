"""How far conclusions can be trusted: model recovery, false positives, power, agreement."""

from __future__ import annotations

from isomorph.artefacts import read_table, write_table
from isomorph.inference.stage import analysis_of, ordered
from isomorph.inference.trust.agreement import agreement
from isomorph.inference.trust.recovering import planted_layers, recovery_tables
from isomorph.layout import Layout
from isomorph.making import require, stamp

OFF = "inference.recovery.simulations is 0"


def run(layout: Layout, dataset: str) -> None:
    """Simulate data like a dataset's from its candidate layers, and see which are found again.

    Writes `confusion.csv`, `power.csv` and `agreement.csv`.

    Parameters
    ----------
    layout : Layout
    dataset : str

    Raises
    ------
    IsomorphError
        When a file is missing or not what the study now says.
    """
    require(layout, "recover", dataset)
    inference = layout.study.spec.inference
    comparisons = read_table(layout.comparisons(dataset), "comparisons")
    tables = {
        **recovery_tables(analysis_of(layout, dataset, "recover")),
        "agreement": agreement(comparisons),
    }
    noted = {} if inference.recovery.simulations else {"not_simulated": OFF}
    signed = stamp(layout, "recover", dataset, seed=inference.seed, noted=noted)
    for kind, table in tables.items():
        write_table(getattr(layout, kind)(dataset), ordered(table, kind), kind, signed)


__all__ = ["agreement", "planted_layers", "run"]
